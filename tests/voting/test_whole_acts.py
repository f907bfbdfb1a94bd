"""Every act of a vote by its button, from the draft to the package: where it leads, what it says, what is kept."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from sipvote import kept
from sipvote.access import Role
from sipvote.assembly.models import Proxy
from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.voting import papers, rules
from sipvote.voting.day import PaperBatch
from sipvote.voting.models import Election
from tests.factories import (
    a_facilitator,
    a_member,
    a_scrutineer,
    a_theme,
    a_worked_on_theme,
    an_assembly,
    an_edition,
    tame_the_lot,
)
from tests.reading import letters
from tests.written import words_of

pytestmark = pytest.mark.usefixtures("database")
EVENING = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)
SIGNS = "[0-9A-HJKMNP-TV-Z]{4,5}"
CHANCE = (
    (re.compile(r"(?<=/)\d+(?=[/ ?&]|$)", re.MULTILINE), "<id>"),
    (re.compile(rf"\b{SIGNS}(-{SIGNS})+\b"), "<code>"),
    (re.compile(r"\d+(?=@)"), ""),
    (re.compile(r"(?<=· proxy )\d+|(?<=· theme )\d+"), "<id>"),
)


class Story:
    """Presses buttons, and keeps what was answered."""

    def __init__(self, app, browser_of, people) -> None:
        self.browsers = {name: browser_of(member) for name, member in people.items()}
        self.app, self.told = app, []

    def sent(self, who: str, path: str, data: dict) -> str:
        """Press a button; keep where it led and what is said there. Gives the page."""
        kept.forget_all()
        browser = self.browsers.setdefault(who, self.app.test_client())
        answer = browser.post(f"/en/2026/{path}", data=data)
        self.told.append(f"{who}: {path} → {answer.status_code} {answer.headers.get('Location', '')}".rstrip())
        if answer.mimetype != "text/html":
            self.told.append(f"    {answer.mimetype}, {answer.headers['Content-Disposition']}")
            return ""
        page = browser.get(answer.headers["Location"]).text if answer.status_code == 303 else answer.text
        lines = words_of(page).splitlines()
        if answer.status_code >= 400:
            self.told.append("    " + " · ".join(lines[:4]))
        for at, line in enumerate(lines):
            if line.startswith("[notice"):
                self.told.append("    " + " · ".join(lines[at : at + 3]))
        return page

    def act(self, who: str, path: str, /, **data) -> str:
        return self.sent(who, path, data)

    def vote(self, who: str, *answers: str, how: str = "") -> str:
        """Fill in a ballot, look it over, send it; gives the page of the receipt."""
        election = db.session.scalars(select(Election)).one()
        data = {"ballot": papers.of(election).name, **{f"q{n}": list(answer) for n, answer in enumerate(answers)}}
        self.sent(who, f"vote/{how}check", data)
        return self.sent(who, f"vote/{how}send", data)


def stamp_of(story: Story, who: str, act: str) -> str:
    page = story.browsers[who].get("/en/2026/election/").text
    return re.search(rf'/election/confirm/{act}".*?name="asked" value="([^"]+)"', page, re.S)[1]


def test_a_whole_vote_by_its_buttons(app, browser_of, written, monkeypatch):
    tame_the_lot(monkeypatch)
    with time_machine.travel(EVENING, tick=False) as clock:
        told = the_whole_vote(app, browser_of, clock)
    for chance, sign in CHANCE:
        told = chance.sub(sign, told)
    assert written.is_same("acts.txt", told)


def the_whole_vote(app, browser_of, clock) -> str:
    people = {
        "dre": a_member("Dré Maes", "brussel", Role.ORGANISER, number="3001"),
        "fien": a_member("Fien Smet", "gent", Role.ORGANISER, number="3002"),
        "desk": a_facilitator(number="3003"),
    }
    for n, name in enumerate(("eva", "fay", "gil"), start=10):
        people[name] = a_scrutineer(f"{name.capitalize()} Stone", number=f"30{n}")
    for n, name in enumerate(("ada", "bas", "cas", "dan"), start=10):
        people[name] = a_member(f"{name.capitalize()} Peeters", number=f"20{n}")
    last_year = a_worked_on_theme()
    edition = an_edition(Phase.VOTE, seats=2)
    an_assembly(edition, starts_in=0)
    for n in range(4):
        a_theme(edition, f"Theme {n}", proposer=people["ada"], admitted_at=now())
    story = Story(app, browser_of, people)
    ids = {name: member.id for name, member in people.items()}
    draft(story, ids, last_year.id)
    lists = freeze(story)
    open_it(story, lists)
    hall(story, ids, clock)
    proxies(story, people)
    close(story, clock)
    count(story, lists)
    log = db.session.execute(select(Entry.act, Entry.actor, Entry.subject).order_by(Entry.id)).all()
    story.told += ["", "The audit log:", *(f"{act} · {subject} · {actor}" for act, actor, subject in log)]
    story.told += ["", "Letters:", *sorted(f"{each.name} to {each.address}" for each in letters())]
    return "\n".join((*story.told, ""))


def draft(story: Story, ids: dict[str, int], theme: int) -> None:
    story.act("dre", "election/prepare", custody="scrutineers", rule="borda")
    story.act("dre", "election/prepare", custody="scrutineers", rule="approval", by_hand="y", most_themes="3")
    story.act("dre", "election/questions/prolong", theme=str(theme), country="", majority="simple")
    words = {
        "original": "en",
        "title_en": "Shall we?",
        "text_en": "It costs money.",
        "country": "",
        "majority": "absolute",
    }
    story.act("dre", "election/questions/action", **{**words, "title_en": ""})
    story.act("dre", "election/questions/action", **words)
    action = max(question.id for question in db.session.scalars(select(Election)).one().questions)
    story.act("dre", f"election/questions/{action}", **words, title_nl="Doen we het?")
    story.act("dre", f"election/questions/{action}/drop")
    for name in ("eva", "fay", "gil"):
        story.act("dre", f"election/scrutineers/{ids[name]}/name")
    story.act("dre", f"election/scrutineers/{ids['dre']}/name")
    story.act("eva", "election/scrutineer/decline")
    for name in ("eva", "fay", "gil"):
        story.act(name, "election/scrutineer/accept")
    story.act("dre", f"election/scrutineers/{ids['gil']}/drop")
    story.act("dre", "election/freeze")
    story.act("dre", f"election/scrutineers/{ids['gil']}/name")
    story.act("gil", "election/scrutineer/accept")
    story.act("dre", "election/freeze")
    story.act("dre", "election/unfreeze")


def freeze(story: Story) -> list[str]:
    words = re.findall(r"<li>([a-z]+)</li>", story.act("dre", "election/freeze"))
    return [" ".join(words[at : at + 20]) for at in (0, 20, 40)]


def open_it(story: Story, lists: list[str]) -> None:
    story.act("eva", "election/prove", words="wrong words")
    for name, words in zip(("eva", "fay", "gil"), lists, strict=True):
        story.act(name, "election/prove", words=words)
    story.act("eva", "election/prove", words=lists[1])
    story.act("dre", "election/open")
    story.act("dre", "election/withdraw/open", asked=stamp_of(story, "fien", "open"))
    story.act("dre", "election/open")
    story.act("dre", "election/confirm/open", asked=stamp_of(story, "fien", "open"))
    story.act("fien", "election/confirm/open", asked=stamp_of(story, "fien", "open"))


def hall(story: Story, ids: dict[str, int], clock) -> None:
    clock.shift(timedelta(minutes=5))
    story.vote("ada", "0", "0")
    story.vote("ada", ("0", "1"), "1")
    story.act("ada", "vote/receipt/mail")
    page = story.act("desk", f"vote/desk/{ids['bas']}/card")
    code = re.search(r'class="card-code code">([\w-]+)<', page)[1]
    story.act("phone", "vote/card", code="00000-00000")
    story.act("phone", "vote/card", code=code)
    story.vote("phone", "2", "1")
    story.act("phone", "vote/card", code=code)
    story.act("desk", "vote/desk/cards", who="numbers", numbers="2010 2011")
    story.act("desk", "vote/desk/cards", who="numbers", numbers="9999")
    story.act("desk", "vote/desk/cards", who="present")
    story.act("desk", f"vote/desk/{ids['cas']}/paper")
    story.act("desk", f"vote/desk/{ids['cas']}/paper/back")
    for name in ("cas", "fay"):
        story.act("desk", f"vote/desk/{ids[name]}/paper")
    story.vote("cas", "0", "0")
    page = story.act("desk", f"vote/desk/{ids['bas']}/card")
    code = re.search(r'class="card-code code">([\w-]+)<', page)[1]
    story.act("desk", "vote/desk/kiosk")
    story.act("desk", "vote/kiosk/code", code=code)
    story.vote("desk", "3", "0")
    story.act("desk", "vote/kiosk/done")
    story.act("dre", "election/pause", reason="")
    story.act("dre", "election/pause", reason="No sound")
    story.vote("dan", "0", "0")
    story.act("dre", "election/resume")


def proxies(story: Story, people) -> None:
    dan = {"number": people["dan"].number, "name": people["dan"].name}
    story.act("gil", "assembly/proxy/check", **{**dan, "name": "Somebody"})
    story.act("gil", "assembly/proxy/check", **dan)
    for end in ("decline", "take-back"):
        story.act("gil", "assembly/proxy/give", **dan)
        newest = db.session.scalars(select(Proxy.id).order_by(Proxy.id.desc())).first()
        story.act("dan" if end == "decline" else "gil", f"assembly/proxy/{newest}/{end}")
    story.act("gil", "assembly/proxy/give", **dan)
    newest = db.session.scalars(select(Proxy.id).order_by(Proxy.id.desc())).first()
    story.act("dan", f"assembly/proxy/{newest}/accept")
    story.vote("dan", "2", "0", how=f"for/{newest}/")
    story.act("dan", f"vote/for/{newest}/receipt/mail")
    both = {"giver": people["eva"].number, "holder": people["dan"].number}
    story.act("dre", "assembly/proxies/check", **both)
    story.act("dre", "assembly/proxies/enter", **both)
    newest = db.session.scalars(select(Proxy.id).order_by(Proxy.id.desc())).first()
    story.act("dre", f"assembly/proxies/{newest}/end", reason="")
    story.act("dre", f"assembly/proxies/{newest}/end", reason="Not signed")


def close(story: Story, clock) -> None:
    until = db.session.scalars(select(Election.closes_at)).one() + timedelta(hours=5)
    story.act("dre", "election/extend", until=f"{until:%Y-%m-%dT%H:%M}", reason="The hall is full.")
    story.act("fien", "election/confirm/extend", asked=stamp_of(story, "fien", "extend"))
    clock.shift(timedelta(minutes=20))
    story.act("dre", "election/close", reason="")
    story.act("dre", "election/close", reason="All have voted.")
    story.act("fien", "election/confirm/close", asked=stamp_of(story, "fien", "close"))


def count(story: Story, lists: list[str]) -> None:
    story.act("eva", "vote/papers/", name="Urn", papers="3")
    story.act("eva", "vote/papers/", name="Urn", papers="2")
    pile = db.session.scalars(select(PaperBatch.id)).one()
    for name, theme in (("eva", "0"), ("fay", "1")):
        story.act(name, f"vote/papers/{pile}/finish")
        story.act(name, f"vote/papers/{pile}/add", q0=[theme], q1="0", times="3")
        story.act(name, f"vote/papers/{pile}/add", q0=[theme], q1="0", times="2")
        story.act(name, f"vote/papers/{pile}/finish")
    for name in ("eva", "fay"):
        story.act(name, f"vote/papers/{pile}/lines/0/remove")
        story.act(name, f"vote/papers/{pile}/add", q0=["2"], q1="0", times="2")
        story.act(name, f"vote/papers/{pile}/finish")
    story.act("eva", f"vote/papers/{pile}/remove")
    story.act("eva", "election/count", first=lists[0], second="wrong")
    story.act("eva", "election/count", first=lists[0], second=lists[2])
    story.act("dre", "election/settle/0", draw="12", how="")
    story.act("dre", "election/settle/0", draw="416225", how="Six dice, thrown by Eva.")
    story.act("dre", "election/publish")
    story.act("eva", "election/package")
    assert rules.of_edition(db.session.scalars(select(Election)).one().edition).published_at

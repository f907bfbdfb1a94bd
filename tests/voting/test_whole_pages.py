"""What every page about a vote says, from the draft to the result, to each who may read it; word by word."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from sipvote import kept
from sipvote.access import Role
from sipvote.assembly.models import Way
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.voting import ceremony, counting, freezing, hours, paper_ballots, papers, result, slides
from sipvote.voting import rules as voting
from sipvote.voting.models import Custody
from tests.factories import (
    a_card,
    a_facilitator,
    a_member,
    a_paper,
    a_presence,
    a_proxy,
    a_scrutineer,
    a_theme,
    a_worked_on_theme,
    an_assembly,
    an_edition,
    some_answers,
    some_questions,
    some_scrutineers,
)
from tests.written import words_of

pytestmark = pytest.mark.usefixtures("database")
EVENING = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)
# What is another number in each run: ids, word lists, codes.
CHANCE = (
    (re.compile(r"/\d+(?=[/ ?]|$)"), "/<id>"), (re.compile(r"(?<==)\d+(?=[ >])"), "<n>"),
    (re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}(?:[- ][0-9A-HJKMNP-TV-Z]{4})+\b"), "<code>"),
)  # fmt: skip
EVERYBODY = ("vote", "vote/board", "vote/results", "vote/recount", "screen")
SLIDES = ("welcome", "check-in", "vote", "count")
YEARLESS = (
    "vote", "vote/ballot", "vote/board", "vote/results", "vote/results.json", "vote/recount", "vote/trackers.txt",
    "vote/checkpoints.jsonl", "vote/card", "screen", "screen.json", "election/", "election/prepare", "election/count",
    "vote/desk/", "vote/desk/cards", "vote/desk/paper", "assembly/proxies/", "assembly/proxy", "minutes",
)  # fmt: skip
OFFICIALS = ("election/", "vote/desk/", "vote/papers/", "assembly/proxies/")


@pytest.fixture
def clock(database) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(EVENING, tick=False) as clock:
        yield clock


class Tour:
    """Reads the same pages again and again, and gives what they say."""

    def __init__(self, client, browser_of, people) -> None:
        self.visitors = {"anybody": client, "stranger": client} | {
            name: browser_of(member) for name, member in people.items()
        }

    def pages(self, name: str) -> tuple[str, ...]:
        if name == "stranger":
            return ()
        own = ("vote/ballot", "vote/receipt", "assembly/proxy") if name == "voter" else ()
        return EVERYBODY + (OFFICIALS if name in ("organiser", "scrutineer", "facilitator") else own)

    def __call__(self, *slides: str, **more: list[str]) -> str:
        """`more` are further pages that a visitor opens."""
        told, seen = [], {}
        more["anybody"] = [f"screen?slide={slide}" for slide in slides]
        for name, browser in self.visitors.items():
            for page in (*self.pages(name), *more.get(name, ())):
                kept.forget_all()
                answer = browser.get(f"/en/2026/{page}", follow_redirects=True)
                lines = words_of(answer.text).splitlines()
                if "name=q0" in "".join(lines):  # a ballot: its themes stand in another order for each voter
                    lines.sort()
                first, before = seen.setdefault(page, (name, lines))
                is_same = first != name and before == lines
                kept_by = answer.headers.get("Cache-Control", "")
                told.append(f"\n===== {name}: {page} → {answer.status_code} {kept_by}".rstrip())
                told += [f"as for {first}"] if is_same else lines
        text = "\n".join((*told, ""))
        for chance, sign in CHANCE:
            text = chance.sub(sign, text)
        return text


def test_a_vote_from_its_draft_to_its_result(clock, client, browser_of, written):
    voters = [a_member(f"Voter {n:02d}", number=f"{2000 + n}") for n in range(14)]
    last_year = a_worked_on_theme()
    edition = an_edition(Phase.VOTE, seats=2)
    assembly = an_assembly(edition, starts_in=0, follow_url="https://video.example.org/a")
    for n in range(4):
        a_theme(edition, f"Theme {n}", proposer=voters[0], admitted_at=now())
    people = {
        "organiser": a_member("Dré Maes", "brussel", Role.ORGANISER, number="3001"),
        "scrutineer": a_scrutineer("Eva Stone", number="3002"),
        "facilitator": a_facilitator(number="3003"),
        "voter": voters[0],
    }
    a_member("Fien Smet", "gent", Role.ORGANISER, number="3004")
    others = [a_scrutineer(name, number=number) for name, number in (("Fred Wood", "3005"), ("Gil Rock", "3006"))]
    tour = Tour(client, browser_of, people)
    assert written.is_same("pages-0-nothing.txt", tour(*SLIDES))
    assert {tour.visitors["organiser"].get(f"/en/1999/{page}").status_code for page in YEARLESS} == {404}
    election = voting.prepare(edition, Custody.SCRUTINEERS, None)
    some_questions(election, last_year, country=None)
    some_scrutineers(election, people["scrutineer"], others[0])
    drafted = [f"election/questions/{question.id}" for question in election.questions]
    forms = ["election/questions/prolong", "election/questions/action", *drafted]
    assert written.is_same("pages-1-draft.txt", tour(organiser=forms))
    some_scrutineers(election, others[1])
    lists = freezing.freeze(election, None)
    assert written.is_same("pages-2-frozen.txt", tour())
    ceremony.prove(election, lists, None)
    a_presence(assembly, voters[1])
    a_presence(assembly, voters[2], Way.REMOTE)
    proxy = a_proxy(voters[13], voters[0])
    hours.open_(election, None)
    db.session.commit()
    clock.shift(timedelta(minutes=5))
    a_card(election, voters[1])
    a_paper(election, voters[11], voters[12])
    for n, themes in enumerate([(0, 1)] * 5 + [(0, 2)] * 5 + [()]):
        some_answers(election, voters[n], themes, (0,) if n < 6 else (1,), (0,) if n < 9 else ())
    some_answers(election, proxy, (3,), (0,), (0,))
    served = [f"vote/desk/{voters[n].id}" for n in (1, 11)]
    desk = ["vote/desk/?q=Voter+0", "vote/desk/?q=nobody", *served, "vote/desk/cards", "vote/desk/paper"]
    hands = [f"election/{act}" for act in ("close", "extend", "pause", "count", "settle/0", "prove")]
    givers = ["assembly/proxies/new", f"assembly/proxies/{proxy.id}/end", *hands]
    own = [f"vote/for/{proxy.id}/ballot", f"vote/for/{proxy.id}/receipt", "vote/check", "vote/send"]
    open_ones = {"organiser": givers, "facilitator": desk, "scrutineer": ["election/prove"], "voter": own}
    cards = ("vote/card", "vote/card/7F3K92QAM4", "vote/kiosk")
    open_ones["stranger"] = [*cards, "vote/board?code=wrong", "vote/board?code=7F3K-92QA-M4TD", "vote/board?page=9"]
    assert written.is_same("pages-3-open.txt", tour(*SLIDES, **open_ones))
    hours.pause(election, "No sound", None)
    assert written.is_same("pages-4-paused.txt", tour())
    hours.resume(election, None)
    clock.shift(timedelta(minutes=30))
    hours.close(election, None, "All have voted.")
    pile = paper_ballots.make_pile(election, "A", 2, None, None)
    for reader in (people["scrutineer"], others[0]):
        paper_ballots.add(election, pile, 2, ((0,), (0,), (1,)), reader.id)
        paper_ballots.finish(election, pile, reader.id)
    closed = {"scrutineer": ["election/count", f"vote/papers/{pile.id}"], "organiser": ["election/review"]}
    assert written.is_same("pages-5-closed.txt", tour(**closed))
    counting.count(election, lists[:2], None)
    counted = {"scrutineer": ["election/review"], "organiser": ["election/review", "election/settle/0"]}
    assert written.is_same("pages-6-counted.txt", tour(**counted))
    result.publish(election, None)
    told = slides.of_result(result.outcomes(election, papers.of(election)))
    assert written.is_same("pages-7-published.txt", tour(*(slide.name for slide in told)))

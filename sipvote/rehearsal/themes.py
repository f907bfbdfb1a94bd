"""Themes: members propose and support them; organisers admit, translate, decline and prolong."""

import random
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..editions.models import Phase
from . import year as years
from .browser import Broken
from .person import Person, together
from .play import Play

REASON = "The offices pour it already: look in the kitchen, and bring your own cup."
SUPPORTS_EACH = 2
Words = dict[str, str]  # title, question, why, change


@dataclass
class Proposal:
    """A theme, in the languages that it is to have; `original` is the one its proposer writes in."""

    original: str
    texts: dict[str, Words]
    id: int = 0
    proposer: Person | None = field(default=None, repr=False)
    supporters: int = 1

    def title(self, language: str) -> str:
        """The title as a page in that language shows it."""
        return self.texts.get(language, self.texts[self.original])["title"]


def real(key: str) -> Proposal:
    """One of the real themes, with the demonstration's words in three languages."""
    told = tomllib.loads((Path(__file__).parent.parent / "demo" / "themes.toml").read_text(encoding="utf-8"))
    return Proposal("fr", told[key])


def invented() -> tuple[list[Proposal], Proposal, Proposal]:
    """Themes of our own: for the ballot, one to be declined, and one that is not elected in 2019."""
    told = tomllib.loads((Path(__file__).parent / "proposals.toml").read_text(encoding="utf-8"))

    def made(language: str, title: str) -> Proposal:
        return Proposal(language, {language: {"title": title, **told["words"][language]}})

    return [made(*each) for each in told["ballot"]], made(*told["declined"]), made(*told["lost"])


# --- What members do --------------------------------------------------------------------------------


def propose(play: Play, year: int, proposals: Sequence[Proposal]) -> None:
    """Each is proposed by a member, all at the same time."""
    people = play.some(len(proposals))
    together(lambda pair: _propose(*pair, year), list(zip(people, proposals, strict=True)), play.size.threads)


def _propose(person: Person, proposal: Proposal, year: int) -> None:
    page = person.sign_in()
    page = person.go(f"/{year}/themes/new")
    words = proposal.texts[proposal.original]
    page = person.browser.submit(page.form("/themes/new"), {"language": proposal.original, **words})
    page = person.browser.submit(page.form("/themes/propose"))
    found = re.search(r"/themes/(\d+)$", page.url)
    if not found or page.title != words["title"]:
        raise Broken(f"“{words['title']}” was not proposed: {page.url} {page.text[:300]}")
    proposal.id, proposal.proposer = int(found[1]), person


def support(play: Play, year: int, proposals: Sequence[Proposal]) -> None:
    """Members support some themes each, so that every theme gets the supporters that it needs; one takes it back."""
    people, dealt = play.some(play.size.supporters), list(proposals)
    random.Random(year).shuffle(dealt)
    turns = []
    for number, person in enumerate(people):
        mine = [dealt[(number * SUPPORTS_EACH + n) % len(dealt)] for n in range(SUPPORTS_EACH)]
        for proposal in mine:
            proposal.supporters += 1
        turns.append((person, mine))
    together(lambda turn: _support(*turn, year), turns, play.size.threads)
    person, mine = turns[0]
    page = person.go(f"/{year}/themes/{mine[0].id}")
    page = person.browser.submit(page.form("/take-back"))
    mine[0].supporters -= 1
    play.report.promise("a member takes their support back", page.has_form("/support"), page.text[:200])


def _support(person: Person, proposals: Sequence[Proposal], year: int) -> None:
    person.sign_in()
    for proposal in proposals:
        page = person.go(f"/{year}/themes/{proposal.id}")
        form = page.form("/support")
        page = person.browser.submit(form)
        if not page.has_form("/take-back"):
            raise Broken(f"{person.name} does not support {proposal.id}: {page.text[:200]}")
        person.browser.submit(form)  # a double click: once is what is counted
    person.leave()


# --- What organisers do -----------------------------------------------------------------------------


def check_support(play: Play, year: int, proposals: Sequence[Proposal]) -> None:
    """The numbers of supporters on the desk are those that supported."""
    page = play.organiser.go(f"/{year}/themes/review")
    wrong = [p.title("en") for p in proposals if not re.search(_row(p), page.text)]
    total = sum(p.supporters for p in proposals)
    play.report.promise(
        f"{total:,} supports of {len(proposals)} themes are counted, double clicks once", not wrong, wrong
    )
    play.report.figure("supports of themes", total)


def _row(proposal: Proposal) -> str:
    """A line of the desk: the title, who proposed it, how many support it."""
    name = proposal.proposer.name if proposal.proposer else ""
    return rf"{re.escape(proposal.title('en'))} {re.escape(name)} {proposal.supporters}\b"


def admit(play: Play, year: int, proposals: Sequence[Proposal]) -> None:
    """Put themes on the ballot; their proposers get a mail."""
    for proposal in proposals:
        page = play.organiser.go(f"/{year}/themes/review")
        page = play.organiser.browser.submit(page.form(f"/{proposal.id}/admit"))
        if f"“{proposal.title('en')}” is on the ballot." not in page.text:
            raise Broken(f"“{proposal.title('en')}” is not on the ballot: {page.text[:300]}")
    for proposal in proposals:
        if proposal.proposer:
            proposal.proposer.await_letter(re.escape(f"/{proposal.proposer.language}/{year}/themes/{proposal.id}"))
    play.report.promise(
        f"{len(proposals)} themes are admitted to the ballot, and their proposers hear it by mail", True
    )


def translate(play: Play, year: int, proposals: Sequence[Proposal]) -> None:
    """Write the texts that are missing."""
    for proposal in proposals:
        for language in proposal.texts.keys() - {proposal.original}:
            page = play.organiser.go(f"/{year}/themes/{proposal.id}")
            page = play.organiser.browser.get(page.link(f"/texts/{language}"))
            form = page.form(f"/texts/{language}")
            page = play.organiser.browser.submit(form, dict(proposal.texts[language]))
            if "is saved." not in page.text:
                raise Broken(f"the text in {language} is not saved: {page.text[:300]}")


def decline(play: Play, year: int, proposal: Proposal) -> None:
    """Decline a theme; its proposer reads the reason in a mail."""
    page = play.organiser.go(f"/{year}/themes/review")
    page = play.organiser.browser.get(page.link(f"/{proposal.id}/decline"))
    page = play.organiser.browser.submit(page.form("/decline"), {"reason": REASON})
    letter = proposal.proposer.await_letter(re.escape(REASON)) if proposal.proposer else None
    play.report.promise("a declined theme's proposer gets the reason by mail", letter, page.text[:200])


def prolong(play: Play, year: int, proposal: Proposal, country: str) -> Proposal:
    """Let a theme of last year go on, for everybody or in one country; gives it as it is this year."""
    page = play.organiser.go(f"/{year}/themes/review/prolong")
    page = play.organiser.browser.submit(page.form(f"/prolong/{proposal.id}"), {"country": country})
    said = f"“{proposal.title('en')}” goes on in"
    where = "in one country" if country else "for everybody"
    play.report.promise(f"“{proposal.title('en')}” is prolonged {where}", said in page.text, page.text[:300])
    page = play.organiser.go(f"/{year}/themes")
    address = page.link(r"/themes/\d+", proposal.title("en"))
    return Proposal(proposal.original, proposal.texts, int(address.rpartition("/")[2]))


# --- The year until the ballot ----------------------------------------------------------------------


def gather(play: Play, year: int, admitted: Sequence[Proposal], declined: Proposal) -> None:
    """From the first proposal to the ballot of 2020–21."""
    everything = [*admitted, declined]
    random.Random(year).shuffle(everything)  # the ballot's order is that of proposing, not that of the profile
    propose(play, year, everything)
    play.report.promise(
        f"{len(everything)} themes are proposed by members", len({p.id for p in everything}) == len(everything)
    )
    translate(play, year, everything)
    support(play, year, everything)
    check_support(play, year, everything)
    years.move(play, year, Phase.REVIEW)
    decline(play, year, declined)
    admit(play, year, admitted)
    play.report.figure("themes proposed", len(everything))
    play.report.figure("themes on the ballot", len(admitted))

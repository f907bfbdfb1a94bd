"""Voting: each member signs in by mail and goes from the ballot to the receipt, some of them not straight."""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from .browser import Broken, Page
from .person import Person, together
from .play import Ballot, Play
from .report import say
from .themes import Proposal

RECEIPT = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4} [0-9A-HJKMNP-TV-Z]{4} [0-9A-HJKMNP-TV-Z]{4}\b")
TOLD_AT = 500  # as often as so many have voted


class Way(StrEnum):
    """How somebody votes."""

    STRAIGHT = "straight on"
    CHANGED = "changed their vote"
    TWICE = "sent it twice"
    BACK = "went back to change"


@dataclass
class Voter:
    """A member with the ballot that must be in the box at the end."""

    person: Person
    ballot: Ballot
    way: Way
    code: str = ""
    replaced: list[str] = field(default_factory=list)


def way_of(number: int) -> Way:
    """One voter in twenty changes, one sends twice, one goes back."""
    return {3: Way.CHANGED, 8: Way.TWICE, 13: Way.BACK}.get(number % 20, Way.STRAIGHT)


def vote(voter: Voter, year: int, options: Sequence[Proposal]) -> None:
    """Sign in, choose, check, send, and keep the code on the receipt."""
    person = voter.person
    page = person.sign_in(f"/{year}/vote/ballot")
    if voter.way == Way.CHANGED:
        other = tuple(option for option in range(len(options)) if option not in voter.ballot)[:2]
        voter.replaced.append(_code(_send(person, _check(person, page, other, options))))
        page = person.go(f"/{year}/vote/ballot")
    if voter.way == Way.BACK:
        page = _go_back(person, page, options)
    page = _check(person, page, voter.ballot, options)
    receipt = _send(person, page)
    if voter.way == Way.TWICE:
        # Which of the two envelopes is in the box is the server's to say: the last receipt page names it.
        first, receipt = _code(receipt), _send(person, page)
        voter.replaced += [first] if _code(receipt) != first else []
    voter.code = _code(receipt)
    person.leave()


def _check(person: Person, page: Page, ballot: Ballot, options: Sequence[Proposal]) -> Page:
    titles = [options[option].title(person.language) for option in ballot] or ["blank"]
    page = person.browser.submit(page.form("/vote/check"), {"q0": titles})
    if any(title not in page.text for title in titles if ballot):
        raise Broken(f"the check page does not show the choice: {page.text[:400]}")
    return page


def _go_back(person: Person, page: Page, options: Sequence[Proposal]) -> Page:
    """Choose the first theme, look, and go back; the tick must still be there."""
    page = _check(person, page, (0,), options)
    page = person.browser.submit(page.form("/vote/send"), press="/vote/ballot")
    ticked = [c.label for c in page.form("/vote/check").controls if c.name == "q0" and c.is_on]
    if len(ticked) != 1 or not ticked[0].startswith(options[0].title(person.language)):
        raise Broken(f"going back lost what was ticked: {ticked}")
    return page


def _send(person: Person, page: Page) -> Page:
    return person.browser.submit(page.form("/vote/send"))


def _code(receipt: Page) -> str:
    found = RECEIPT.search(receipt.text)
    if not found or not receipt.url.endswith("/vote/receipt"):
        raise Broken(f"there is no receipt on {receipt.url}: {receipt.text[:400]}")
    return found[0].replace(" ", "")


def replay(play: Play, year: int, ballots: Sequence[Ballot], options: Sequence[Proposal]) -> list[Voter]:
    """Let one member vote for every ballot."""
    people = play.some(len(ballots))
    pairs = enumerate(zip(people, ballots, strict=True))
    voters = [Voter(person, ballot, way_of(number)) for number, (person, ballot) in pairs]
    tell = _progress(len(voters), time.monotonic())
    together(lambda voter: vote(voter, year, options), voters, play.size.threads, tell)
    return voters


def _progress(total: int, began: float) -> Callable[[int], None]:
    def tell(done: int) -> None:
        if done % TOLD_AT == 0:
            say(f"    {done:,} of {total:,} have voted · {done / (time.monotonic() - began):.1f} a second")

    return tell

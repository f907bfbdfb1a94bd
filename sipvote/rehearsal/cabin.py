"""Voting at the assembly: coming in by personal link, a ballot of several questions, for oneself and for another."""

import re

from .ballots import RECEIPT
from .browser import Broken, Page
from .cast import Answers, Part, otherwise
from .person import Person
from .play import NEXT
from .themes import Proposal

BLANK = "blank"
LINK = re.compile(rf"https://[^/\s]+(/\S+/{NEXT}/assembly/link/[^\s<>]+)")


def enter(person: Person) -> Page:
    """Come in with the personal link of the convocation: a page that asks, a button, the ballot or the vote."""
    letter = next((each for each in person.letters() if LINK.search(each.text)), None)
    found = LINK.search(letter.text) if letter else None
    if found is None:
        raise Broken(f"{person.name} got no personal link")
    page = person.browser.get(found[1])
    if page.has_form("/assembly/link/[^/]+"):  # who came in with it before is led on at once
        page = person.browser.submit(page.form("/assembly/link/[^/]+"))
    if not page.url.endswith((f"/{NEXT}/vote", f"/{NEXT}/vote/ballot")):
        raise Broken(f"the link of {person.name} leads to {page.url}: {page.text[:300]}")
    return page


def check(person: Person, page: Page, answers: Answers, options: list[Proposal], asks_french: bool) -> Page:
    """Fill in the ballot, and see on the next page what was chosen."""
    form = page.form("/vote/(for/[0-9]+/)?check")
    questions = {control.name for control in form.controls if control.name.startswith("q")}
    if ("q1" in questions) != asks_french:
        raise Broken(f"{person.name} is asked {sorted(questions)}, on {page.url}")
    titles = [options[option].title(person.language) for option in answers[0]]
    given = {f"q{n}": str(answer[0]) if answer else BLANK for n, answer in enumerate(answers) if f"q{n}" in questions}
    page = person.browser.submit(form, {**given, "q0": titles or BLANK})
    if any(title not in page.text for title in titles):
        raise Broken(f"the check page does not show the choice: {page.text[:400]}")
    return page


def send(person: Person, page: Page) -> str:
    """Press the last button; gives the code of the receipt."""
    return code_on(person.browser.submit(page.form("/vote/(for/[0-9]+/)?send")))


def code_on(receipt: Page) -> str:
    """The code on a receipt."""
    found = RECEIPT.search(receipt.text)
    if not found or not receipt.url.endswith("/receipt"):
        raise Broken(f"there is no receipt on {receipt.url}: {receipt.text[:400]}")
    return found[0].replace(" ", "")


def vote(part: Part, page: Page, options: list[Proposal], answers: Answers | None = None) -> None:
    """Vote on a ballot that lies there; keep the code."""
    chosen = answers or part.answers
    if chosen is None:
        raise Broken(f"{part.person.name} has nothing to vote")
    part.code = send(part.person, check(part.person, page, chosen, options, part.is_french))


def ballot(person: Person, expect: int = 200) -> Page:
    """One's own ballot."""
    return person.go(f"/{NEXT}/vote/ballot", expect)


def vote_by_link(part: Part, options: list[Proposal]) -> None:
    """Come in by the link, vote, and perhaps vote again; the telephone is put away."""
    enter(part.person)
    if part.changes:
        vote(part, ballot(part.person), options, otherwise(part))
    vote(part, ballot(part.person), options)
    part.person.leave()


def vote_for(giver: Part, options: list[Proposal]) -> None:
    """A holder casts the ballot of a giver: a second ballot, headed with the giver's name."""
    if giver.holder is None or giver.answers is None:
        raise Broken(f"nobody votes for {giver.person.name}")
    holder = giver.holder.person
    page = holder.go(f"/{NEXT}/vote/for/{giver.proxy}/ballot")
    if giver.person.name not in page.title:
        raise Broken(f"the ballot does not say for whom it is: {page.title}")
    giver.code = send(holder, check(holder, page, giver.answers, options, giver.is_french))

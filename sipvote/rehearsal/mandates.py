"""Proxies: given and accepted on the pages, one too many, and two that come to nothing."""

import re

from . import cabin
from .browser import Broken, Page
from .cast import Part
from .person import together
from .planning import PER_HOLDER, Day
from .play import NEXT

PROXIES = f"/{NEXT}/assembly/proxy"


def give_and_accept(day: Day) -> None:
    """Every giver asks a holder, who says yes; a third one finds no place."""
    cast, threads = day.cast, day.play.size.threads
    for number, giver in enumerate(cast.givers):
        giver.holder = cast.holders[number % len(cast.holders)]
    people = [*cast.givers, *cast.holders]
    together(lambda part: cabin.enter(part.person), people, threads)
    together(_give, cast.givers, threads)
    accepted = together(_accept, cast.holders, threads)
    n = len(cast.givers)
    text = f"{n} members give a proxy, and {len(cast.holders)} hold {PER_HOLDER} each"
    day.play.report.promise(text, sum(accepted) == n, accepted)
    _one_too_many(day)


def _ask(part: Part, holder: Part) -> Page:
    page = part.person.go(PROXIES)
    given = {"number": holder.person.number, "name": holder.person.name}
    return part.person.browser.submit(page.form("/proxy/check"), given)


def _give(giver: Part) -> None:
    if giver.holder is None:
        raise Broken(f"{giver.person.name} knows nobody to give a proxy to")
    page = _ask(giver, giver.holder)
    page = giver.person.browser.submit(page.form("/proxy/give"))
    if giver.holder.person.name not in page.text:
        raise Broken(f"the proxy is not given: {page.text[:300]}")
    giver.proxy = int(page.form("/proxy/[0-9]+/take-back").action.split("/")[-2])


def _accept(holder: Part) -> int:
    """Accept every proxy that was offered; gives how many ballots for others lie there then."""
    page = holder.person.go(PROXIES)
    while page.has_form("/accept"):
        page = holder.person.browser.submit(page.form("/accept"))
    return len(page.links("/vote/for/[0-9]+/ballot")) or len(re.findall(r"/proxy/[0-9]+/decline", page.html))


def _one_too_many(day: Day) -> None:
    spare, holder = day.cast.spare[0], day.cast.holders[0]
    cabin.enter(spare.person)
    page = _ask(spare, holder)
    refused = page.has_form("/proxy/check") and not page.has_form("/proxy/give") and holder.person.name in page.text
    day.play.report.promise("a third proxy to one holder is refused, and says why", refused, page.text[:400])


def find_ballots(day: Day) -> None:
    """While the vote is open each holder finds a ballot for each giver who has not come."""
    came, found = day.cast.givers[1], set()
    for holder in day.cast.holders:
        page = holder.person.go(PROXIES)
        found |= {int(address.split("/")[-2]) for address in page.links("/vote/for/[0-9]+/ballot")}
    expected = {giver.proxy for giver in day.cast.givers if giver is not came}
    text = f"{len(expected)} second ballots lie there for the holders, each for one giver"
    day.play.report.promise(text, found == expected, f"{found} instead of {expected}")


def cast_ballots(day: Day) -> None:
    """Holders vote for their givers. The first giver's vote is sent too, and then they vote themselves."""
    cast = day.cast
    late, came, *absent = cast.givers
    cabin.vote_for(late, day.options)
    before = late.code

    def all_of(holder: Part) -> None:
        for giver in absent:
            if giver.holder is holder:
                cabin.vote_for(giver, day.options)

    together(all_of, cast.holders, day.play.size.threads)
    cabin.vote(late, cabin.ballot(late.person), day.options)
    found = _codes(day, late.code), _codes(day, before)
    text = "a giver votes after all: their own vote takes the place of the holder's"
    day.play.report.promise(text, found == ("It is in the box.", "It was replaced by a later vote."), found)
    refusals = {late: "has voted. That vote counts", came: "is at the assembly and votes there"}
    told = []
    for giver, words in refusals.items():
        person = giver.holder.person if giver.holder else giver.person
        page = person.browser.get(f"/en/{NEXT}/vote/for/{giver.proxy}/ballot", 409)
        told.append(f"{giver.person.name} {words}" in page.text)
    day.play.report.promise("their holders can no longer vote for who voted or came", all(told), told)


def _codes(day: Day, code: str) -> str:
    page = day.play.organiser.go(f"/{NEXT}/vote/board?code={code}")
    said = ("It is in the box.", "It was replaced by a later vote.", "It is not here.")
    return next((words for words in said if words in page.text), page.text[:200])

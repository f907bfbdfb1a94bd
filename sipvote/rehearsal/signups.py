"""Signing up: everybody at once, in two tabs, at the hours of another group, from abroad; and giving up a place."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .browser import Broken, Browser, Form, Page
from .groups import Group
from .person import Person, Row, together
from .play import YEAR, Play

AT_ONCE = 48  # threads
PLENTY = 20  # for every one who is wanted: then they come from the group's own cities
GIVE_UP = 2  # per group
RACERS = 6
MEETINGS = 5


@dataclass
class Attempt:
    """Somebody before the last button of a sign-up, in one tab of their browser."""

    person: Person
    group: Group
    tab: Browser
    form: Form


# --- Everybody at once ------------------------------------------------------------------------------


def fill(play: Play, groups: Sequence[Group]) -> None:
    """Everybody signs in, ticks the dates, reads the promise; then all press the last button at the same time."""
    people = [(person, group) for group in groups for person in _crowd(play, group)]
    attempts = together(lambda pair: _approach(*pair), people, play.size.threads)
    for attempt, page in zip(attempts, together(_press, attempts, AT_ONCE), strict=True):
        attempt.group.note(attempt.person, place_on(page))
    places = play.size.places * len(groups)
    over = [g.name for g in groups if len(g.seated) != g.places]
    text = f"{len(people)} members sign up at once for {places} places: every place is taken, none twice"
    play.report.promise(text, not over, over)
    gaps = [g.name for g in groups if sorted(g.told.values()) != list(range(1, len(g.waiting) + 1))]
    play.report.promise("each number on a waiting list is told to one person, without gaps", not gaps, gaps)
    play.report.figure("sign-ups for workgroups, all at once", len(people))
    _check_letters(play, groups)


def _crowd(play: Play, group: Group) -> list[Person]:
    """More people than places: from the group's cities when there are plenty, else from wherever they may join."""

    def may_join(row: Row) -> bool:
        return group.country in ("", row["country"])

    def near(row: Row) -> bool:
        return may_join(row) and row["city"] in group.cities

    wanted = play.size.crowd
    return play.some(wanted, near if sum(map(near, play.rows)) > wanted * PLENTY else may_join)


def _approach(person: Person, group: Group) -> Attempt:
    page = person.sign_in(f"/{YEAR}/groups/{group.id}/join")
    return Attempt(person, group, person.browser, promise(person.browser, page))


def promise(tab: Browser, page: Page) -> Form:
    """From the page with the dates to the last button; four dates of five do not lead there."""
    form = page.form("/join/check")
    dates = list(form.choices("date"))
    page = tab.submit(form, {"date": dates[:-1]})
    if len(dates) != MEETINGS or page.has_form(r"/groups/\d+/join"):
        raise Broken("somebody could sign up for some of the meetings")
    page = tab.submit(page.form("/join/check"), {"date": dates})
    return page.form(r"/groups/\d+/join")


def _press(attempt: Attempt) -> Page:
    return attempt.tab.submit(attempt.form)


def place_on(page: Page) -> int:
    """What the last page says: 0 for a place, else the number on the waiting list."""
    if not page.url.endswith("/joined"):
        raise Broken(f"nobody is signed up on {page.url}: {page.text[:300]}")
    if page.links(r"/calendar\.ics"):
        return 0
    said = re.search(r'class="notice-title">[^<]*?(\d+)', page.html)
    if not said:
        raise Broken(f"there is neither a place nor a number: {page.text[:300]}")
    return int(said[1])


def _check_letters(play: Play, groups: Sequence[Group]) -> None:
    """Who has a place got the five dates for their calendar; who waits got their number."""
    wrong = []
    for group in groups:
        for person in group.seated:
            calendar = person.await_letter(group.address).calendar
            wrong += [] if _has(calendar, "REQUEST") else [person.name]
        for person in group.waiting:
            letter = person.await_letter(group.address)
            said = re.search(rf"\b{group.told[person.number]}\b", letter.subject)
            wrong += [] if said and not letter.calendar else [person.name]
    text = "everybody gets a mail: five dates for the calendar, or the number on the waiting list"
    play.report.promise(text, not wrong, wrong)


def _has(calendar: str, method: str) -> bool:
    return calendar.count("BEGIN:VEVENT") == MEETINGS and f"METHOD:{method}" in calendar


# --- Who must not get in ----------------------------------------------------------------------------


def refuse_clash(play: Play, one: Group, other: Group) -> None:
    """Two groups at the same hours: who is in one reads on the page of the other why not."""
    page = one.seated[0].go(f"/en/{YEAR}/groups/{other.id}")
    names = [group.theme.title("en") for group in (one, other)]
    told = "You cannot be in two places at once" in page.text and all(f"“{name} (" in page.text for name in names)
    text = "a clash with another group is refused, and names both"
    play.report.promise(text, told and not page.links("/join"), page.text)


def race_in_two_tabs(play: Play, one: Group, other: Group) -> None:
    """Members stand before the last button of both groups, and press both at once: one of the two takes them."""
    racers = play.some(RACERS)
    attempts = [attempt for racer in racers for attempt in _in_two_tabs(racer, one, other)]
    pages = together(_press, attempts, AT_ONCE)
    wrong = []
    for number, racer in enumerate(racers):
        got = [n for n in (2 * number, 2 * number + 1) if pages[n].url.endswith("/joined")]
        wrong += [] if len(got) == 1 else [racer.name]
        for n in got:
            attempts[n].group.note(racer, place_on(pages[n]))
    text = f"{RACERS} members press for both groups in two tabs at once: each is in one of them"
    play.report.promise(text, not wrong, wrong)


def _in_two_tabs(racer: Person, *groups: Group) -> list[Attempt]:
    racer.sign_in()
    attempts = []
    for group in groups:
        page = racer.go(f"/{YEAR}/groups/{group.id}/join")
        attempts.append(Attempt(racer, group, racer.browser.tab(), promise(racer.browser, page)))
    return attempts


def refuse_abroad(play: Play, group: Group) -> None:
    """A theme that goes on in France only is not for members in Belgium."""
    person = play.some(1, lambda row: row["country"] == "BE", "en")[0]
    page = person.sign_in(f"/{YEAR}/groups/{group.id}/join")
    refused = "for members in France" in page.text and not page.has_form("/join.*")
    play.report.promise("a member in Belgium is refused for a theme that goes on in France only", refused, page.text)


# --- Giving up --------------------------------------------------------------------------------------


def give_up(play: Play, groups: Sequence[Group]) -> None:
    """In each group two give up their place and the last on the list leaves it, all at once.

    The places are kept for the first two who wait: one confirms every date, the other says no, and so the third
    has a place to confirm.
    """
    for group in groups:
        group.waiting.sort(key=lambda person: group.told[person.number])
    leaving = [(person, group) for group in groups for person in [*group.seated[-GIVE_UP:], group.waiting[-1]]]
    before = {person.number: len(person.letters()) for group in groups for person in [*group.seated, *group.waiting]}
    together(lambda pair: _leave(*pair), leaving, AT_ONCE)
    gone = [person for group in groups for person in group.seated[-GIVE_UP:]]
    wrong = [p.name for p in gone if not _has(p.await_letter("/groups/", before[p.number]).calendar, "CANCEL")]
    text = f"{len(leaving)} withdraw at once; calendars of who had a place lose its dates"
    play.report.promise(text, not wrong, wrong)
    play.report.figure("withdrawals", len(leaving))
    offered = [(group.waiting[n], group, before) for group in groups for n in range(GIVE_UP)]
    together(lambda each: _answer_offer(*each), offered, AT_ONCE)
    thirds = [(group.waiting[GIVE_UP], group, before) for group in groups]
    together(lambda each: _answer_offer(*each), thirds, AT_ONCE)
    _check_confirmed(play, groups)


def _answer_offer(person: Person, group: Group, before: dict[str, int]) -> None:
    """The mail about the place leads to the page where each date is confirmed; the second in line says no."""
    person.await_letter(rf"/{YEAR}/groups/{group.id}/confirm\b", before[person.number])
    page = person.go(f"/{YEAR}/groups/{group.id}/confirm")
    if person is group.waiting[1]:
        page = person.browser.submit(page.form("/decline"))
        if page.has_form("/withdraw"):
            raise Broken(f"{person.name} said no, and is still in {group.name}")
        return
    form = page.form("/confirm")
    dates = list(form.choices("date"))
    page = person.browser.submit(form, {"date": dates[:-1]})
    if len(dates) != MEETINGS or not page.has_form("/confirm"):
        raise Broken("a place could be confirmed for some of the meetings")
    page = person.browser.submit(page.form("/confirm"), {"date": dates})
    if not page.url.endswith("/joined"):
        raise Broken(f"{person.name} has confirmed, and is not in {group.name}: {page.text[:300]}")


def _check_confirmed(play: Play, groups: Sequence[Group]) -> None:
    """Who confirmed has the dates for their calendar; who said no is out, and nobody else has moved."""
    wrong = []
    for group in groups:
        first, _second, third = group.waiting[: GIVE_UP + 1]
        group.seated = [*group.seated[:-GIVE_UP], first, third]
        group.waiting = group.waiting[GIVE_UP + 1 : -1]
        for person in (first, third):
            letter = person.await_letter("You have a place|Je hebt een plaats|Vous avez une place")
            wrong += [] if _has(letter.calendar, "REQUEST") else [person.name]
    text = "freed places are kept for the first who wait; each confirms every date, or says no and it passes on"
    play.report.promise(text, not wrong, wrong)


def _leave(person: Person, group: Group) -> None:
    page = person.go(f"/{YEAR}/groups/{group.id}")
    page = person.browser.submit(page.form("/withdraw"))
    if page.has_form("/withdraw"):
        raise Broken(f"{person.name} is still in {group.name}")

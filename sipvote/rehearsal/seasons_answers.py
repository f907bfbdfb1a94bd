"""What somebody does about a letter: confirm a place or not, answer about a date that moved, approve minutes."""

import re
from collections.abc import Sequence
from datetime import datetime

from .browser import Broken, Page
from .seasons_cast import MOVED, Circle, Company, Player, Temper
from .seasons_letters import Read, dates_in, group_id
from .seasons_setting import PASSED_ON_FOR, given_for

CANNOT = 0.05  # of the meetings, after the reminder a week before


def react(company: Company, player: Player, letter: Read) -> None:
    """Read a letter and act by the temper."""
    text = letter.letter.text
    acts = {
        "given": _given, "offered": _offered, "confirm": _reminded, "lapsed": _lapsed, "moved": _moved,
        "reminder": _reminder, "minutes": _minutes, "place": _placed,
    }  # fmt: skip
    if f"/{company.year}/" in text and letter.kind in acts:
        acts[letter.kind](company, player, letter)
        player.person.leave()


def _circle(company: Company, letter: Read, ending: str) -> Circle:
    found = group_id(letter.letter.text, ending)
    if found is None:
        raise Broken(f"a letter leads nowhere: {letter.letter.subject}: {letter.letter.text[:300]}")
    return company.circle(found)


# --- A place that is kept ---------------------------------------------------------------------------


def _given(company: Company, player: Player, letter: Read) -> None:
    """The letter after the assignment; the places are noted before anybody acts."""
    circle = _circle(company, letter, "/confirm")
    if player.given is None:
        player.given = circle
        circle.keep(player, company.season.now + given_for(company.year))
    if player.temper == Temper.DECLINES:
        _decline(company, player, circle)
    elif player.temper not in (Temper.LATE, Temper.SILENT):
        _confirm(company, player, circle)


def note_offers(company: Company, letters: Sequence[tuple[Player, Read]]) -> None:
    """Note the places that became free and are kept, before anybody acts: the first on the waiting list have them.

    Somebody who took a place at the same hours a moment ago has a letter too, but no offer any more.
    """
    offers: dict[Circle, list[Player]] = {}
    for player, letter in letters:
        if letter.kind == "offered" and f"/{company.year}/" in letter.letter.text:
            circle = _circle(company, letter, "/confirm")
            if player in circle.queue:
                offers.setdefault(circle, []).append(player)
            elif not any(player in other.seated and other.overlaps(circle) for other in company.held):
                company.wrong_turns.append(f"{player.name} does not wait for {circle.name}")
    for circle, players in offers.items():
        first = circle.queue[: len(players)]
        if set(first) != set(players):
            names = [player.name for player in players], [player.name for player in first]
            company.wrong_turns.append(f"{circle.name}: {names[0]} instead of {names[1]}")
        circle.queue = [player for player in circle.queue if player not in players]
        for player in players:
            circle.keep(player, company.season.now + PASSED_ON_FOR)
        company.passed_on += [(player, circle) for player in players]


def _offered(company: Company, player: Player, letter: Read) -> None:
    """A place became free: whoever has one already, or thinks better of it, says no."""
    circle = _circle(company, letter, "/confirm")
    if player not in circle.offered:
        return
    has_place = any(player in other.seated for other in company.held)
    if has_place or player.temper == Temper.DECLINES:
        _decline(company, player, circle)
    elif player.temper not in (Temper.LATE, Temper.SILENT):
        _confirm(company, player, circle)


def _reminded(company: Company, player: Player, letter: Read) -> None:
    circle = _circle(company, letter, "/confirm")
    if player.temper == Temper.LATE and player in circle.offered:
        _confirm(company, player, circle)


def _confirm(company: Company, player: Player, circle: Circle) -> None:
    """Each date with its box; four of five are not enough."""
    page = player.person.arrive(f"{circle.at}/confirm")
    if not page.has_form("/confirm"):
        _decline(company, player, circle)
        return
    form = page.form("/confirm")
    dates = list(form.choices("date"))
    if player.chance(circle.id, "first four").random() < 0.1:
        page = player.person.browser.submit(form, {"date": dates[:-1]})
        if not page.has_form("/confirm"):
            raise Broken(f"{player.name} could confirm some of the dates of {circle.name}")
        form = page.form("/confirm")
    page = player.person.browser.submit(form, {"date": dates})
    if not page.url.endswith("/joined") or len(dates) != len(_ahead(company, circle)):
        raise Broken(f"{player.name} has confirmed, and is not in {circle.name}: {page.text[:300]}")
    _take_seat(company, player, circle)


def _ahead(company: Company, circle: Circle) -> list[datetime]:
    return [date for date in circle.dates if date > company.season.now]


def _take_seat(company: Company, player: Player, circle: Circle) -> None:
    """Note a place; who has one waits for no other group at the same hours."""
    circle.offered.remove(player)
    circle.seated.append(player)
    for other in company.held:
        if other is not circle and circle.overlaps(other):
            for standing in (other.offered, other.queue):
                if player in standing:
                    standing.remove(player)


def _decline(company: Company, player: Player, circle: Circle) -> None:
    page = player.person.arrive(f"{circle.at}/confirm")
    page = player.person.browser.submit(page.form("/decline"))
    if page.has_form("/withdraw"):
        raise Broken(f"{player.name} said no, and is still in {circle.name}")
    circle.offered.remove(player)
    company.declined.append((player, circle))
    note_gone(player, circle)


def _lapsed(company: Company, player: Player, letter: Read) -> None:
    """The place passed on, as nothing was said; the letter tells it."""
    circle = _circle(company, letter, r"\b")
    if player not in circle.offered:
        raise Broken(f"{player.name} is told that a place in {circle.name} lapsed that was not kept for them")
    circle.offered.remove(player)
    company.lapsed.append((player, circle))
    note_gone(player, circle)


def note_gone(player: Player, circle: Circle) -> None:
    """Note that somebody is out of a group: no letter about it may come any more."""
    player.gone[circle] = len(player.person.letters())


def _placed(company: Company, player: Player, letter: Read) -> None:
    """With a place come the dates for the calendar: those that there are, and those that there must be."""
    circle = _circle(company, letter, r"\b")
    player.calendars.append((dates_in(letter.letter.calendar), _ahead(company, circle)))


# --- In the group -----------------------------------------------------------------------------------


def _moved(company: Company, player: Player, letter: Read) -> None:
    """The calendar follows. Most can come on the new date, some cannot, some say nothing."""
    found = re.search(r"/groups/(\d+)/dates", letter.letter.text)
    if not found:
        return
    circle = company.circle(int(found[1]))
    player.calendars.append((dates_in(letter.letter.calendar), [circle.dates[MOVED]]))
    said = player.chance(circle.id, "moved").random()
    if said > 0.9 or player not in circle.seated:
        return
    page = player.person.arrive(f"{circle.at}/dates")
    form = page.form("/dates")
    keys = {c.name for c in form.controls if c.kind == "radio"}
    player.person.browser.submit(form, dict.fromkeys(keys, "no" if said > 0.7 else "yes"))
    if said > 0.7:
        circle.excused |= {(player, circle.meetings.index(int(key.partition("-")[0]))) for key in keys}


def _reminder(company: Company, player: Player, letter: Read) -> None:
    """A week before, some find that they cannot come, and say so with the link in the letter."""
    found = re.search(r"/groups/(\d+)/cannot-come/(\d+)", letter.letter.text)
    if not found:
        raise Broken(f"a reminder without its link: {letter.letter.text[:300]}")
    circle, meeting = company.circle(int(found[1])), int(found[2])
    player.reminded[meeting, _date_of(circle, meeting, company)] += 1
    number = circle.meetings.index(meeting)
    is_early = (circle.dates[number] - company.season.now).days >= 3
    if is_early and player.chance(circle.id, number, "cannot").random() < CANNOT:
        page = player.person.arrive(f"{circle.at}/cannot-come/{meeting}")
        page = player.person.browser.submit(page.form(r"/cannot-come/\d+"))
        if not _is_back(page, circle):
            raise Broken(f"{player.name} cannot say that they cannot come: {page.text[:300]}")
        circle.excused.add((player, number))


def _date_of(circle: Circle, meeting: int, company: Company) -> str:
    date = circle.dates[circle.meetings.index(meeting)]
    return f"{'week' if (date - company.season.now).days >= 3 else 'day'} {date}"


def _is_back(page: Page, circle: Circle) -> bool:
    return page.url.endswith(circle.at)


def _minutes(company: Company, player: Player, letter: Read) -> None:
    found = re.search(r"/groups/(\d+)/inside/minutes/(\d+)", letter.letter.text)
    if found:
        page = player.person.arrive(f"/{company.year}/groups/{found[1]}/inside/minutes/{found[2]}")
        player.person.browser.submit(page.form("/approve"))
        company.approved.append(player)

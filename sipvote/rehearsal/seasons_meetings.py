"""From the first meeting to the fifth sheet: who comes, a date that moves, minutes, people who leave or move away."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from . import signups
from .browser import Broken, Form, Page, words_of
from .seasons_answers import note_gone
from .seasons_cast import MEETINGS, MOVED, Circle, Company, Player, Temper
from .seasons_days import pass_days, read_letters
from .seasons_letters import all_of

BEGUN = timedelta(minutes=5)
COMES = 0.9
WORDS = "We agreed on three subjects, and on who reads what for the next time."


def find_meetings(company: Company) -> None:
    """Each facilitator's page leads to the five meetings of the group."""
    wrong = []
    for circle in company.held:
        page = circle.leader.arrive(circle.desk)
        found = [re.search(r"/meetings/(\d+)/agenda", link) for link in page.links(r"/meetings/\d+/agenda")]
        circle.meetings = [int(each[1]) for each in found if each]
        wrong += [] if len(circle.meetings) == MEETINGS else [f"{circle.name}: {len(circle.meetings)}"]
        circle.leader.leave()
    company.report.promise(f"each of the {len(company.held)} groups has five meetings", not wrong, wrong)


@dataclass
class Agenda:
    """What is still to happen: meetings, by their group and number, and what follows from some of them."""

    company: Company
    meetings: set[tuple[Circle, int]]
    others: list[tuple[datetime, Callable[[], None]]] = field(default_factory=list)

    def later(self, after: timedelta, act: Callable[[], None]) -> None:
        """Let something happen some time from now."""
        self.others.append((self.company.season.now + after, act))

    def go_on(self) -> tuple[Circle, int] | None:
        """Let time pass until the next meeting, and give it; or until something else, and do that."""
        meeting = min(self.meetings, key=lambda m: (m[0].dates[m[1]], m[0].id), default=None)
        other = min(self.others, key=lambda o: o[0], default=None)
        if meeting and (other is None or meeting[0].dates[meeting[1]] + BEGUN <= other[0]):
            self.meetings.remove(meeting)
            pass_days(self.company, meeting[0].dates[meeting[1]] + BEGUN)
            return meeting
        if other:
            self.others.remove(other)
            pass_days(self.company, other[0])
            other[1]()
        return None


def hold(company: Company) -> None:
    """All meetings of all groups, in order of time."""
    agenda = Agenda(company, {(circle, number) for circle in company.held for number in range(MEETINGS)})
    meets = sorted(company.held, key=lambda circle: -len(circle.seated))
    moves, writes = meets[0], meets[1]
    while agenda.meetings or agenda.others:
        if (meeting := agenda.go_on()) is None:
            continue
        circle, number = meeting
        _take_attendance(company, circle, number)
        if circle is moves and number == MOVED - 1:
            _move(agenda, circle)
        if circle is writes and number == 0:
            _write_minutes(agenda, circle)
        if number in (0, 2) and circle in meets[2:4]:
            _give_up(company, circle)
    pass_days(company, company.season.now + timedelta(days=1))


# --- Attendance -------------------------------------------------------------------------------------


def _take_attendance(company: Company, circle: Circle, number: int) -> None:
    """A tap for everybody with a place; the first is tapped wrong, and then right."""
    here = f"{circle.desk}/meetings/{circle.meetings[number]}/attendance"
    page, browser = circle.leader.arrive(here), circle.leader.browser
    taps = circle.tapped[number] = {}
    for nth, player in enumerate(list(circle.seated)):
        excused = (player, number) in circle.excused
        taps[player] = came = not excused and player.chance(circle.id, number, "comes").random() < COMES
        form = _row(page, player)
        if nth == 0:
            page = browser.submit(form, {"came": "no" if came else "yes"})
            form = _row(page, player)
        page = browser.submit(form, {"came": "yes" if came else "no"})
    circle.leader.leave()


def _row(page: Page, player: Player) -> Form:
    for source in re.findall(r"<li id=\"p\d+\".*?</li>", page.html, re.S):
        if f"<strong>{player.name}</strong>" in source or words_of(source).startswith(player.name):
            return Form(source[source.index("<form") :], page.url)
    raise Broken(f"{page.url}: {player.name} is not on the sheet: {page.text[:300]}")


# --- A date that moves ------------------------------------------------------------------------------


def _move(agenda: Agenda, circle: Circle) -> None:
    """The facilitator sees what a new date asks of everybody, then moves the meeting; everybody is asked again."""
    company, meeting, before = agenda.company, circle.meetings[MOVED], circle.dates[MOVED]
    date = before + timedelta(days=1)
    here = f"{circle.desk}/move/{meeting}"
    page = circle.leader.arrive(here)
    form = next(form for form in page.forms if not form.is_post and "start" in {c.name for c in form.controls})
    page = circle.leader.browser.submit(form, {"start": f"{date:%Y-%m-%dT%H:%M}"})
    numbers = [int(n) for n in re.findall(r"(?:then|cannot|can|said) · (\d+)", page.text)]
    form = next(form for form in page.forms if form.is_post and form.action.endswith(str(meeting)))
    counted = sum(numbers)
    page = circle.leader.browser.submit(form)
    company.report.promise(
        f"a facilitator sees what the {len(circle.seated)} say to another date before it moves",
        "has moved to" in page.text and counted >= len(circle.seated), f"{numbers} {page.text[:300]}",
    )  # fmt: skip
    circle.dates[MOVED] = date
    circle.excused -= {(player, MOVED) for player in circle.seated}
    asked = list(circle.seated)
    circle.leader.leave()
    agenda.later(timedelta(days=4), lambda: _check_answers(company, circle, asked))


def _check_answers(company: Company, circle: Circle, asked: list[Player]) -> None:
    page = circle.leader.arrive(f"{circle.desk}/answers")
    told = page.text.partition("Late joiners")[0]
    no = [player for player in asked if (player, MOVED) in circle.excused]
    silent = [player for player in asked if player.chance(circle.id, "moved").random() > 0.9]
    wrong = [player.name for player in [*no, *silent] if player.name not in told]
    once_more = [p.name for p in asked if (p in silent) != any(r.kind == "unanswered" for r in all_of(p, company.year))]
    text = f"of {len(asked)} asked again {len(no)} cannot and {len(silent)} say nothing, who are asked once more"
    company.report.promise(text, not wrong and not once_more, (wrong, once_more))
    circle.leader.leave()


# --- Minutes ----------------------------------------------------------------------------------------


def _write_minutes(agenda: Agenda, circle: Circle) -> None:
    """A secretary is named and writes in the evening; those who were there approve."""
    company = agenda.company
    present = [player for player, came in circle.tapped[0].items() if came]
    secretary, here = present[0], f"{circle.at}/inside/minutes/{circle.meetings[0]}"
    page = circle.leader.arrive(circle.desk)
    circle.leader.browser.submit(page.form("/secretary"), {"member": secretary.name})

    def write() -> None:
        page = secretary.person.arrive(f"{here}/write")
        page = secretary.person.browser.submit(page.form("/write"), {"words": WORDS})
        secretary.person.browser.submit(page.form("/submit"))
        secretary.person.leave()
        agenda.later(timedelta(days=2), look)

    def look() -> None:
        page = circle.leader.arrive(here)
        missing = {player.name for player in present} - {player.name for player in [*company.approved, secretary]}
        text = f"the secretary writes the minutes, and the {len(present)} who were there approve them"
        company.report.promise(text, "Approved" in page.text and not missing, (missing, page.text[:300]))
        circle.leader.leave()

    agenda.later(timedelta(hours=6), write)


# --- Leaving ----------------------------------------------------------------------------------------


def _give_up(company: Company, circle: Circle) -> None:
    """Somebody can come no longer; before the second meeting the place passes on, later it stays free."""
    if len(circle.seated) > 2:
        withdraw(company, circle.seated[-1], circle)


def withdraw(company: Company, player: Player, circle: Circle) -> None:
    """Give a place back, on the page of the group."""
    player.person.arrive(f"/{company.year}/groups/wishes/")
    page = player.person.go(circle.at)
    page = player.person.browser.submit(page.form("/withdraw"))
    if page.has_form("/withdraw"):
        raise Broken(f"{player.name} is still in {circle.name}")
    circle.seated.remove(player)
    circle.excused -= {(player, number) for number in range(MEETINGS) if number not in circle.tapped}
    company.withdrawn.append((player, circle))
    company.season.work()
    note_gone(player, circle)
    player.person.leave()


def move_away(company: Company) -> None:
    """A few move to another city: they withdraw, and sign up directly in another group, or on its waiting list."""
    told = Counter[str]()
    movers = [(p, c) for c in company.held for p in c.seated if p.temper == Temper.MOVES]
    for player, circle in movers:
        others = [c for c in company.held if c is not circle and player.may_join(c)]
        stands = [c for c in company.held if c is not circle and player in (*c.seated, *c.offered, *c.queue)]
        free = [c for c in others if c not in stands and not any(c.overlaps(other) for other in stands)]
        if free:
            withdraw(company, player, circle)
            read_letters(company)
            told[_sign_up(company, player, min(free, key=lambda c: (not _has_room(c), len(c.queue))))] += 1
            read_letters(company)
    text = f"{told.total()} of {len(movers)} who move away leave their group and sign up for another one"
    said = f"{told['place']} have a place at once, {told['waiting']} the last number on the waiting list"
    company.report.promise(f"{text}: {said}", told.total() and not told["wrong"], told)
    company.report.figure(f"who moved to another group in {company.year}", told.total())
    pass_days(company, company.season.now + timedelta(days=5))


def _sign_up(company: Company, player: Player, circle: Circle) -> str:
    """Sign up directly, by each date with its box: a place when there is room, else the end of the waiting list."""
    player.person.arrive(f"/{company.year}/groups/wishes/")
    page = player.person.go(f"{circle.at}/join")
    number = signups.place_on(player.person.browser.submit(signups.promise(player.person.browser, page)))
    expected = 0 if _has_room(circle) else 1 + len(circle.queue)
    (circle.queue if number else circle.seated).append(player)
    player.gone.pop(circle, None)
    player.person.leave()
    return "wrong" if number != expected else "waiting" if number else "place"


def _has_room(circle: Circle) -> bool:
    return len(circle.seated) + len(circle.offered) < circle.places and not circle.queue

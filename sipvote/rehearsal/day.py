"""The assembly of 2021–22, from the convocation to the minutes, in the order of the day."""

import json
import re
import time
from collections.abc import Callable

from . import cabin, cast, convocation, hall, mandates, planning, record, urn, vote
from .cast import Part, Way
from .person import together
from .planning import INCIDENT, LONGER, PAUSED, Day
from .play import NEXT, Play
from .themes import Proposal


def prepare(play: Play, prolonged: Proposal) -> Day:
    """Themes, the plan of the assembly, the ballot, the convocation to everybody, proxies."""
    options = planning.gather_themes(play)
    parts = cast.choose(play)
    day = Day(play, parts, options, prolonged, cast.count(parts, len(options)))
    planning.plan(day)
    planning.draft(day)
    planning.freeze(day)
    day.called = convocation.convoke(play)
    mandates.give_and_accept(day)
    return day


def hold(day: Day) -> None:
    """The day itself, until the vote is closed."""
    planning.let_the_day_come(day)
    planning.open_(day)
    day.desks = hall.staff(day.play)
    hall.check_in(day)
    _quorum_before(day)
    began = time.monotonic()
    _vote_elsewhere(day)
    _quorum_after(day)
    _open_assembly(day)
    mandates.find_ballots(day)
    mandates.cast_ballots(day)
    waits = _vote_in_hall(day)
    hall.hand_out_papers(day)
    _home_again(day)
    _stand_still(day, waits)
    _extend(day)
    _note_incident(day)
    _look_at_screen(day)
    day.play.report.figure("seconds of voting at the assembly", round(time.monotonic() - began, 1))
    n = hall.requests_of(day.cast, day.desks)
    day.play.report.promise(f"{n:,} requests came from one address in the hall, and none was turned away", True)
    vote.close(day.play, NEXT)


def count(day: Day) -> None:
    """Papers, box, tie, lot, result, recount; the assembly is closed, and its minutes are read."""
    urn.read_papers(day)
    urn.open_box(day)
    urn.check_result(day)
    urn.check_goes_on(day)
    urn.recount(day)
    organiser = day.play.organiser
    page = organiser.go(f"/{NEXT}/assembly/desk/")
    page = organiser.browser.submit(page.form("/assembly/desk/close"))
    day.play.report.promise("the assembly is closed", "The assembly is closed." in page.text, page.text[:200])
    record.check(day)


# --- The quorum -------------------------------------------------------------------------------------


def _followers(day: Day) -> list[Part]:
    return [part for part in day.cast.remote if part.follows]


def _represented(day: Day) -> int:
    """Givers of proxies whose holders are there: all but who came themselves."""
    return len(day.cast.givers) - 1


def _quorum_before(day: Day) -> None:
    found, n = hall.here(day), len(day.cast.hall)
    there = n + _represented(day)
    expected = {"hall": n, "remote": 0, "proxies": _represented(day), "votes": 0, "counted": there}
    right = found == expected | {"needed": day.needed, "reached": 0}
    text = f"the quorum is not reached yet: {there:,} count, {day.needed:,} are needed"
    day.play.report.promise(text, right, found)


def _vote_elsewhere(day: Day) -> None:
    """Everybody elsewhere votes by the link in their letter; some check in first, some change their vote."""

    def act(part: Part) -> None:
        if part.follows:
            cabin.enter(part.person)
            hall.follow(part)
        cabin.vote_by_link(part, day.options)

    began, size = time.monotonic(), day.play.size
    together(act, day.cast.remote, size.threads)
    n, took = len(day.cast.remote), time.monotonic() - began
    changed = sum(part.changes for part in day.cast.remote)
    text = f"{n:,} members vote from elsewhere by their personal link, {changed} of them twice"
    day.play.report.promise(text, True)
    day.play.report.figure("votes a second by personal link", round((n + changed) / took, 1))


def _quorum_after(day: Day) -> None:
    follow = len(_followers(day))
    parts = {"hall": len(day.cast.hall), "remote": follow, "proxies": _represented(day)}
    parts["votes"] = len(day.cast.remote) - follow
    expected = {**parts, "counted": sum(parts.values()), "needed": day.needed}
    found = hall.here(day)
    text = f"the quorum is reached: {expected['counted']:,} count, each once, in four ways"
    day.play.report.promise(text, found == expected | {"reached": 1}, f"{found} instead of {expected}")
    until = time.monotonic() + 10
    while (told := hall.presence(day)) != expected and time.monotonic() < until:
        time.sleep(0.5)
    day.play.report.promise("phones are told the same numbers", told == expected, told)


def _open_assembly(day: Day) -> None:
    page = day.play.organiser.go(f"/{NEXT}/assembly/desk/")
    page = day.play.organiser.browser.submit(page.form("/assembly/desk/open"))
    day.play.report.promise("the chair opens the assembly", "The assembly is open." in page.text, page.text[:200])


# --- The vote in the hall ---------------------------------------------------------------------------


def _vote_in_hall(day: Day) -> Part:
    """Phones, cards and the kiosk at the same time; gives the one member who is slow."""
    codes = hall.give_cards(day)
    *phones, slow = [part for part in day.cast.hall if part.way == Way.LINK]
    acts: list[Callable[[], object]] = [lambda: hall.vote_at_kiosk(day, codes)]
    acts += [lambda part=part: cabin.vote_by_link(part, day.options) for part in phones]  # type: ignore[misc]
    cards = day.cast.of(Way.CARD)
    acts += [lambda part=part: hall.vote_by_card(part, codes[part], day) for part in cards]  # type: ignore[misc]
    together(lambda act: act(), acts, day.play.size.threads)
    n = len(phones) + len(cards)
    day.play.report.promise(f"{n} members vote on their phones in the hall, {len(cards)} of them with a card", True)
    page = cards[-1].person.go(f"/{NEXT}/vote/card")
    page = cards[-1].person.browser.submit(page.form("/vote/card"), {"code": codes[cards[-1]]})
    day.play.report.promise("a card works once", page.has_form("/vote/card"), page.text[:300])
    return slow


def _home_again(day: Day) -> None:
    """Who voted in the hall with a card tries it once more from home: that vote stands."""
    voter = next(part.person for part in day.cast.of(Way.CARD) if part.person.email)
    row = next(row for row in day.play.rows if row["number"] == voter.number)
    home = day.play.person(row, "en")
    cabin.enter(home)
    page = home.go(f"/{NEXT}/vote/ballot", 409)
    text = "who voted in the hall with a card cannot vote from home after that"
    day.play.report.promise(text, "You voted in the hall, and that vote counts." in page.text, page.text[:300])


def _stand_still(day: Day, slow: Part) -> None:
    """A pause: a vote that is sent meanwhile is refused, and what was chosen stays on the screen."""
    organiser, person = day.play.organiser, slow.person
    cabin.enter(person)
    if slow.answers is None:
        return
    ready = cabin.check(person, cabin.ballot(person), slow.answers, day.options, slow.is_french)
    page = organiser.go(f"/{NEXT}/election/pause")
    page = organiser.browser.submit(page.form("/election/pause"), {"reason": PAUSED})
    day.play.report.promise("the vote is paused by one organiser", "Voting is paused." in page.text, page.text[:200])
    kept = person.browser.submit(ready.form("/vote/send"))
    said = PAUSED in kept.text and kept.has_form("/vote/check") and not kept.url.endswith("/receipt")
    ticked = {control.name for control in kept.form("/vote/check").controls if control.is_on} if said else set()
    text = "a vote that is sent during the pause is refused with the reason, and the choice is kept"
    day.play.report.promise(text, said and "q0" in ticked, kept.text[:300])
    page = organiser.go(f"/{NEXT}/election/")
    page = organiser.browser.submit(page.form("/election/resume"))
    page = person.browser.submit(kept.form("/vote/check"))
    slow.code = cabin.send(person, page)
    day.play.report.promise("voting goes on, and it is sent with one button more", slow.code)


def _extend(day: Day) -> None:
    organiser = day.play.organiser
    page = organiser.go(f"/{NEXT}/election/extend")
    organiser.browser.submit(page.form("/election/extend"), {"reason": LONGER})
    page = vote.confirm(day.play, NEXT, "extend")
    public = day.cast.spare[0].person.browser.get(f"/en/{NEXT}/vote")
    told = "The vote was extended until" in public.text and LONGER in public.text and PAUSED in public.text
    text = "two organisers extend the vote, and everybody reads why"
    day.play.report.promise(text, "The vote is extended." in page.text and told, public.text[:400])


def _note_incident(day: Day) -> None:
    organiser = day.play.organiser
    page = organiser.go(f"/{NEXT}/assembly/desk/incidents")
    page = organiser.browser.submit(page.form("/assembly/desk/incidents"), {"text": INCIDENT})
    text = "the incident is noted for the minutes"
    day.play.report.promise(text, "The incident is noted." in page.text, page.text[:200])


def _look_at_screen(day: Day) -> None:
    """The screen in the hall: the same turnout, and nothing of what was voted."""
    time.sleep(2)  # it keeps its numbers for a moment
    told = json.loads(day.play.organiser.browser.get(f"/{NEXT}/screen.json").html)
    voted = day.tally.ballots + sum(part.is_spoilt for part in day.cast.everybody)
    facts = (told["state"], told["votes"], told["roll"])
    expected = ("open", voted, len(day.play.rows))
    day.play.report.promise(f"the screen tells that {voted:,} have voted", facts == expected, told)
    names = " ".join(told)
    day.play.report.promise(
        "and nothing of what they chose", not re.search("theme|option|approv|yes|answer", names), names
    )

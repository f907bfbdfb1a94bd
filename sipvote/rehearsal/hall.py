"""The hall: three desks that check in at once, cards, phones, a kiosk, papers; all of it behind one address."""

import json
import re

from . import cabin
from .browser import Broken
from .cast import HALL, Cast, Part, Way, in_threes
from .person import Person, together
from .planning import Day
from .play import NEXT, Play

DESKS = ("everywhere 1", "everywhere 2", "brussel")
TWICE = 10  # one in so many is checked in twice
SINGLY = 2  # cards that are given one by one; the others are printed together
CARD = re.compile(r'<section class="voting-card".*?</section>', re.S)
AT_ONCE = 200  # cards on one page


def staff(play: Play) -> list[Person]:
    """Three people at three desks, each with a tablet of the hall."""
    people = []
    for name in DESKS:
        number = play.facilitators[name].number
        desk = play.person(next(row for row in play.rows if row["number"] == number), "en")
        desk.browser.come_from(HALL)
        desk.sign_in(f"/{NEXT}/assembly/check-in/")
        people.append(desk)
    return people


# --- Checking in ------------------------------------------------------------------------------------


def check_in(day: Day) -> None:
    """Everybody in the hall, at three desks at once; some are checked in twice, at another desk."""
    queues = list(zip(day.desks, in_threes(day.cast.hall), strict=True))
    together(lambda queue: _serve(*queue), queues, len(queues))
    again = day.cast.hall[::TWICE]
    said = [_again(day.desks[number % len(day.desks)], part) for number, part in enumerate(again)]
    n = len(day.cast.hall)
    day.play.report.promise(f"{n} members are checked in at {len(queues)} desks at once", here(day)["hall"] == n)
    day.play.report.promise(f"{len(again)} of them twice, which is once", all(said), said)
    came = day.cast.givers[1]
    mailed = came.holder.person.await_letter(re.escape(came.person.name), 2) if came.holder else None
    day.play.report.promise("who gave a proxy and came: the proxy ends, and its holder hears it by mail", mailed)


def _serve(desk: Person, queue: list[Part]) -> None:
    for part in queue:
        _check_in(desk, part)


def _check_in(desk: Person, part: Part) -> None:
    page = desk.go(f"/{NEXT}/assembly/check-in/?q={part.person.number}")
    form = page.form("/check-in/[0-9]+")
    part.member = int(form.action.rpartition("/")[2])
    page = desk.browser.submit(form)
    if f"{part.person.name} ({part.person.number}) is checked in." not in page.text:
        raise Broken(f"{part.person.name} is not checked in: {page.text[:300]}")


def _again(desk: Person, part: Part) -> bool:
    """The button as another desk had it on its screen a moment ago."""
    page = desk.go(f"/{NEXT}/assembly/check-in/?q={part.person.number}")
    left = page.form(f"/check-in/{part.member}/left")
    twice = type(left)(left.source.replace("/left", ""), left.page)
    return f"{part.person.name} is checked in since" in desk.browser.submit(twice).text


def follow(part: Part) -> None:
    """Check in from elsewhere."""
    page = part.person.go(f"/{NEXT}/assembly")
    page = part.person.browser.submit(page.form("/assembly/follow"))
    if not page.has_form("/assembly/leave"):
        raise Broken(f"{part.person.name} does not follow: {page.text[:300]}")


def here(day: Day) -> dict[str, int]:
    """The numbers on the organisers' desk, which are those of this moment."""
    page = day.play.organiser.go(f"/{NEXT}/assembly/desk/")
    found = re.findall(r'data-live="(\w+)">([\d,]+)<', page.html)
    return {name: int(number.replace(",", "")) for name, number in found} | {
        "reached": int("The quorum is reached." in page.text)
    }


def presence(day: Day) -> dict[str, int]:
    """The same numbers as phones ask for them, at most two seconds old."""
    told = json.loads(day.play.organiser.browser.get(f"/en/{NEXT}/assembly/presence.json").html)
    return {name: int(str(value).replace(",", "")) for name, value in told.items() if name not in ("says", "reached")}


# --- Cards ------------------------------------------------------------------------------------------


def give_cards(day: Day) -> dict[Part, str]:
    """Some one by one, the others printed together; gives the codes, as they stand on the cards."""
    parts, desk = day.cast.of(Way.CARD, Way.KIOSK), day.desks[0]
    codes: dict[Part, str] = {}
    for part in parts[:SINGLY]:
        page = desk.go(f"/{NEXT}/vote/desk/{part.member}")
        page = desk.browser.submit(page.form(f"/vote/desk/{part.member}/card"))
        codes |= _read(page.html, [part])
    together_ = parts[SINGLY : SINGLY + AT_ONCE]
    page = desk.go(f"/{NEXT}/vote/desk/cards")
    numbers = " ".join(part.person.number for part in together_)
    page = desk.browser.submit(page.form("/vote/desk/cards"), {"who": "numbers", "numbers": numbers})
    codes |= _read(page.html, together_)
    day.cards = list(codes.values())
    day.play.report.promise(
        f"{len(parts)} cards are given, each with a code of its own", len(set(day.cards)) == len(parts)
    )
    return codes


def _read(html: str, parts: list[Part]) -> dict[Part, str]:
    found = {}
    for card in CARD.findall(html):
        code = re.search(r'card-code code">([0-9A-Z]{5}-[0-9A-Z]{5})<', card)
        number = re.search(r"</strong> · (\S+)</p>", card)
        if code and number:
            found[number[1]] = code[1]
    return {part: found[part.person.number] for part in parts}


def vote_by_card(part: Part, code: str, day: Day) -> None:
    """On one's own phone: the code as somebody types it who is in no mood for capitals."""
    page = part.person.go(f"/{NEXT}/vote/card")
    page = part.person.browser.submit(page.form("/vote/card"), {"code": code.replace("-", " ").lower()})
    cabin.vote(part, page, day.options)
    part.person.leave()


def vote_at_kiosk(day: Day, codes: dict[Part, str]) -> None:
    """One tablet, one voter after the other; nothing of the one is there for the next."""
    tablet = day.play.person(_row(day.play, "lyon"), "en")
    tablet.browser.come_from(HALL)
    page = tablet.sign_in(f"/{NEXT}/vote/desk/kiosk")
    start = tablet.browser.submit(page.form("/vote/desk/kiosk"))
    left = []
    for part in day.cast.of(Way.KIOSK):
        page = tablet.browser.get(start.link(f"/{part.person.language}/{NEXT}/vote/kiosk/code"))
        page = tablet.browser.submit(page.form("/vote/kiosk/code"), {"code": codes[part]})
        tablet.language = part.person.language
        voter = Part(tablet, part.way, answers=part.answers)
        page = cabin.check(tablet, page, part.answers or ((), (), ()), day.options, part.is_french)
        receipt = tablet.browser.submit(page.form("/vote/send"))
        voter.code = part.code = cabin.code_on(receipt)
        start = tablet.browser.submit(receipt.form("/vote/kiosk/done"))
        after = [start, tablet.go(f"/{NEXT}/vote/receipt"), tablet.go(f"/{NEXT}/vote/ballot"), tablet.go("/me")]
        known = (part.person.name, part.person.number, part.code[:4])
        left += [
            page.url for page in after if not page.url.endswith("/vote/kiosk") or any(w in page.text for w in known)
        ]
    n = len(day.cast.of(Way.KIOSK))
    day.play.report.promise(f"{n} members vote at the kiosk, and nothing is left of any of them", not left, left)


def _row(play: Play, city: str) -> dict[str, str]:
    return next(row for row in play.rows if row["number"] == play.facilitators[city].number)


# --- Papers -----------------------------------------------------------------------------------------


def hand_out_papers(day: Day) -> None:
    """The first of them has voted before: that vote is taken out of the box."""
    parts, desk = day.cast.of(Way.PAPER), day.desks[1]
    cabin.enter(parts[0].person)
    cabin.vote(parts[0], cabin.ballot(parts[0].person), day.options)
    for part in parts:
        page = desk.go(f"/{NEXT}/vote/desk/{part.member}")
        page = desk.browser.submit(page.form(f"/vote/desk/{part.member}/paper"))
        if f"Give {part.person.name} a ballot on paper." not in page.text:
            raise Broken(f"{part.person.name} gets no paper: {page.text[:300]}")
    page = parts[0].person.browser.get(f"/en/{NEXT}/vote/ballot", 409)
    board = day.play.organiser.go(f"/{NEXT}/vote/board?code={parts[0].code}")
    gone = "You took a ballot on paper." in page.text and "It is in the box." not in board.text
    text = f"{len(parts)} members take a ballot on paper; the vote that one had sent is out of the box"
    day.play.report.promise(text, gone, board.text[:300])
    parts[0].code = ""


def requests_of(cast: Cast, desks: list[Person]) -> int:
    """How many requests came from the hall."""
    return sum(part.person.browser.requests for part in cast.hall) + sum(desk.browser.requests for desk in desks)

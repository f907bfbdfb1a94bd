"""The minutes: every number in them is held against what was sent, and every reason against what was said."""

import io
import re
from collections import Counter
from functools import cached_property
from zipfile import BadZipFile, ZipFile

from . import urn
from .browser import Page, words_of
from .cast import TIED, Decided, Way
from .planning import ACTION, AGENDA, CHAIR, INCIDENT, LONGER, PAUSED, PER_HOLDER, PLACE, SECRETARY, Day
from .play import NEXT
from .vote import FINISHED

Rows = list[list[str]]


class Minutes:
    """The minutes as a page: its words, its tables by their captions, its proofs by their names."""

    def __init__(self, page: Page) -> None:
        self.page, self.text = page, page.text

    @cached_property
    def tables(self) -> list[tuple[str, Rows]]:
        found = re.findall(r"<caption>(.*?)</caption>.*?<tbody>(.*?)</tbody>", self.page.html, re.S)
        return [(words_of(caption), [_cells(row) for row in _rows(body)]) for caption, body in found]

    @cached_property
    def proofs(self) -> dict[str, str]:
        found = re.findall(r"<dt>(.*?)</dt><dd><code>(.*?)</code></dd>", self.page.html, re.S)
        return {words_of(name): words_of(value) for name, value in found}

    def table(self, caption: str, nth: int = 0) -> Rows:
        """The rows of a table; the n-th where several have that caption. None at all when there is no such table."""
        same = [rows for said, rows in self.tables if said.startswith(caption)]
        return same[nth] if nth < len(same) else []

    def numbers(self, caption: str, nth: int = 0) -> dict[str, str]:
        """A table of two columns or more as {first: second}."""
        return {row[0]: row[1] for row in self.table(caption, nth)}


def _rows(body: str) -> list[str]:
    return re.findall(r"<tr>(.*?)</tr>", body, re.S)


def _cells(row: str) -> list[str]:
    return [words_of(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)]


def check(day: Day) -> None:
    """Read the minutes as their organiser, line by line; then take the files."""
    page = day.play.organiser.go(f"/{NEXT}/minutes?language=en&annex=1")
    minutes = Minutes(page)
    report = day.play.report
    lines = {
        "who was called, and the agenda": _called(day, minutes),
        "who was there": _presence(day, minutes),
        "proxies": _proxies(day, minutes),
        "the quorum at the opening": _quorum(day, minutes),
        "the vote, channel by channel": _channels(day, minutes),
        "the pause, the extension and the closing, with their reasons": _announcements(minutes),
        "the votes for the themes, the tie and its lot": _themes(day, minutes),
        "yes and no": _decided(day, minutes),
        "the incident, what was spoilt, and the proofs": _proofs(day, minutes),
    }
    for name, wrong in lines.items():
        report.promise(f"the minutes are right about {name}", not wrong, wrong)
    report.promise("they are no draft any more", "Draft." not in minutes.text, minutes.text[:200])
    _files(day)


def _lacking(minutes: Minutes, *sentences: str) -> list[str]:
    return [sentence for sentence in sentences if sentence not in minutes.text]


def _wrong(found: object, expected: object) -> list[str]:
    return [] if found == expected else [f"{found} instead of {expected}"]


def _called(day: Day, minutes: Minutes) -> list[str]:
    unreachable = sum(1 for row in day.play.rows if not row["email"])
    scrutineers = [person.name for person in day.play.scrutineers]
    return _lacking(
        minutes, f"{day.called:,} letters left.", f"{unreachable:,} members have no e-mail address.", PLACE, CHAIR,
        SECRETARY, "The convocation was sent by e-mail from", *AGENDA["en"], *scrutineers,
    )  # fmt: skip


def _presence(day: Day, minutes: Minutes) -> list[str]:
    hall, remote = len(day.cast.hall), sum(part.follows for part in day.cast.remote)
    there = [f"{n:,}" for n in (hall, remote, hall + remote)]
    rows = minutes.table("Members who took part")
    wrong = _wrong([row[1:] for row in rows], [there] * 3)
    listed = minutes.table(f"{hall + remote:,} members took part")
    people = {part.person.number: part for part in day.cast.everybody if part.in_hall or part.follows}
    wrong += _wrong({row[1] for row in listed}, set(people))
    ways = Counter(row[2] for row in listed)
    wrong += _wrong((ways["in the hall"], ways["from elsewhere"]), (hall, remote))
    held = sum(row[5].count("(") for row in listed)
    return wrong + _wrong(held, len(day.cast.givers) - 1)


def _proxies(day: Day, minutes: Minutes) -> list[str]:
    given = len(day.cast.givers)
    used = len(day.cast.of(Way.PROXY))
    expected = {
        "Given": given, "Accepted": given, "Ended because the giver took part": 1, "Ballots cast under a proxy": used,
    }  # fmt: skip
    wrong = _wrong(minutes.numbers("What became of the proxies"), {name: f"{n:,}" for name, n in expected.items()})
    came = day.cast.givers[1]
    held = Counter(giver.holder for giver in day.cast.givers if giver is not came)
    many = sorted(Counter(held.values()).items())
    rows = minutes.table("Proxies that stand, by holder")
    wrong += _wrong(rows, [[f"{n:,}", f"{members:,}"] for n, members in many])
    return wrong + _lacking(minutes, f"A member may hold {PER_HOLDER} proxies at most.")


def _quorum(day: Day, minutes: Minutes) -> list[str]:
    follow = sum(part.follows for part in day.cast.remote)
    parts = [len(day.cast.hall), follow, len(day.cast.givers) - 1, len(day.cast.remote) - follow]
    rows = minutes.table("At the opening, on")
    wrong = _wrong([row[1:] for row in rows], [[f"{n:,}", "yes"] for n in parts])
    return wrong + _lacking(
        minutes, f"The quorum is {day.needed:,} members.", f"{sum(parts):,} members counted. The quorum was reached."
    )


def _channels(day: Day, minutes: Minutes) -> list[str]:
    counts = [len(day.cast.of(*ways)) for ways in ((Way.LINK,), (Way.CARD, Way.KIOSK), (Way.PROXY,), (Way.PAPER,))]
    names = ("From elsewhere", "In the hall, with a voting card", "Under a proxy", "On paper", "Together")
    voted, roll = sum(counts), len(day.play.rows)
    expected = {name: f"{n:,}" for name, n in zip(names, [*counts, voted], strict=True)}
    wrong = _wrong(minutes.numbers("How members voted"), expected)
    told = f"{roll:,} members stand on the electoral roll. {voted:,} of them have voted ({voted / roll:.1%})."
    return wrong + _lacking(minutes, told.replace(".0%", "%"))


def _announcements(minutes: Minutes) -> list[str]:
    rows = [(row[1], row[3]) for row in minutes.table("Announcements while the vote ran")]
    expected = [
        ("The vote was paused", PAUSED), ("The vote went on", ""), ("The vote was extended", LONGER),
        ("The vote was closed early", FINISHED),
    ]  # fmt: skip
    return _wrong(rows, expected)


def _themes(day: Day, minutes: Minutes) -> list[str]:
    tally, won = day.tally, urn.winners(day)
    rows = {row[0]: (row[1], row[2]) for row in minutes.table("Votes for each theme")}
    states = {True: "elected by lot", False: "elected"}
    expected = {
        option.title("en"): (f"{n:,}", states[number in TIED] if number in won else "not elected")
        for number, (option, n) in enumerate(zip(day.options, tally.approvals, strict=True))
    }
    lucky = next(number for number in won if number in TIED)
    wrong = _wrong(rows, expected)
    wrong += [day.options[o].title("en") for o in TIED if urn.mark(day, o) not in minutes.page.html]
    return wrong + _lacking(
        minutes, f"{tally.ballots:,} ballots were counted. {tally.blank:,} of them were blank.",
        f"A lot decided. Drawn: {day.draw}. It chose: {day.options[lucky].title('en')}.", urn.HOW,
    )  # fmt: skip


def _decided(day: Day, minutes: Minutes) -> list[str]:
    wrong = []
    for nth, decided in enumerate((day.tally.prolong, day.tally.action)):
        wrong += _wrong(list(minutes.numbers("Answers", nth).values()), _three(decided))
    goes_on = f"Shall we go on with “{day.prolonged.title('en')}” for another year?"
    adopted, refused = minutes.text.find("The proposal is adopted."), minutes.text.find("The proposal is not adopted.")
    if not 0 < adopted < refused:
        wrong.append(f"adopted at {adopted}, not adopted at {refused}")
    return wrong + _lacking(minutes, goes_on, ACTION["en"])


def _three(decided: Decided) -> list[str]:
    return [f"{n:,}" for n in (decided.yes, decided.no, decided.blank)]


def _proofs(day: Day, minutes: Minutes) -> list[str]:
    wrong = _wrong([row[2] for row in minutes.table("Incidents that were noted")], [INCIDENT])
    point, key = day.seal
    wrong += _wrong(minutes.proofs.get("Hash of the final checkpoint of the board"), point)
    wrong += _wrong(minutes.proofs.get("Key that signs the board"), key)
    return wrong + _lacking(minutes, "1 ballot was spoilt.")


# --- The files --------------------------------------------------------------------------------------


def _files(day: Day) -> None:
    """As PDF, as a file for a word processor, and as a page of its own; also in another language."""
    asked = {kind: f"/{NEXT}/minutes.{kind}?language=fr&annex=1" for kind in ("pdf", "docx", "html")}
    got = {kind: day.play.organiser.go(path).content for kind, path in asked.items()}
    right = got["pdf"].startswith(b"%PDF-") and b"%%EOF" in got["pdf"][-64:]
    text = f"the minutes are a PDF ({len(got['pdf']) // 1024:,} KB), a DOCX and a page, in French too"
    try:
        with ZipFile(io.BytesIO(got["docx"])) as opened:
            right = right and opened.testzip() is None and PLACE in opened.read("word/document.xml").decode()
    except BadZipFile:
        right = False
    right = right and '<html lang="fr">' in got["html"].decode()
    day.play.report.promise(text, right, {kind: content[:60] for kind, content in got.items()})

"""Reading a list that comes in: each row as clean cells, with everything that is wrong with it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from flask_babel import gettext as _
from flask_babel.speaklater import LazyString
from sqlalchemy import select

from .. import spreadsheets
from ..db import db
from ..decisions.models import Outcome
from ..editions.models import Edition
from ..i18n import LANGUAGES, in_all_languages
from ..members.models import COUNTRIES
from ..recommendations.models import LargeTheme
from ..themes.models import Theme, ThemeText
from . import sheet, words
from .models import Status
from .sheet import Cells, clean
from .statuses import today

FIRST_YEAR = 2015
# Words that lists of before this service use for the same columns.
ALIASES = {
    "jaar": "year", "année": "year", "nummer": "number", "nr": "number", "numéro": "number", "thema": "theme",
    "thématique": "theme", "groot thema": "large_theme", "grand thème": "large_theme", "werkgroep": "workgroup",
    "groupe de travail": "workgroup", "land": "country", "pays": "country", "taal": "original", "langue": "original",
    "titel": "title", "titre": "title", "tekst": "text", "texte": "text", "waarom": "why", "pourquoi": "why",
    "voor wie": "for_whom", "pour qui": "for_whom", "beslissing": "outcome", "décision": "outcome",
    "beslist op": "decided_on", "décidé le": "decided_on", "redenen": "reasons", "motifs": "reasons",
    "verantwoordelijke": "answers_for", "responsable": "answers_for", "statut": "status", "sinds": "since",
    "depuis": "since", "uitgesteld tot": "postponed_until", "reporté jusqu'au": "postponed_until", "reden": "reason",
    "raison": "reason", "herhaalt": "repeats", "répète": "repeats",
}  # fmt: skip
# A column without its language is in that of the row's original.
UNSAID = {word: f"{word}_" for word in (*sheet.WORDS, *sheet.SAID)}
KNOWN = frozenset({*sheet.COLUMNS, *UNSAID, "line", "fault"})
LONGEST = {"theme": 120, "workgroup": 200, "answers_for": 120, "reason": 2000,
           **{f"title_{c}": 160 for c in LANGUAGES}, **{f"for_whom_{c}": 300 for c in LANGUAGES}}  # fmt: skip
LONGEST_TEXT = 20_000


@dataclass
class Given:
    """A row of the file: what it says, cleaned, and what is wrong with it. `raw` is as it came."""

    row: int
    raw: Cells
    cells: Cells = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        return f"{self.cells.get('year', '')}/{self.cells.get('number', '')}"


@dataclass
class Table:
    """What a file says. `unknown` are headings that mean nothing here; `fault` is why it cannot be read at all."""

    rows: list[Given] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    fault: str = ""


@dataclass(frozen=True)
class Lookups:
    """What words in cells mean; asked once for a file."""

    large_themes: Mapping[str, str]  # any name, small: the English one
    themes: Mapping[tuple[int, str], str]  # year and any title, small: the original one
    statuses: Mapping[str, str]
    outcomes: Mapping[str, str]


def read(content: bytes) -> Table:
    """Read a CSV or XLSX file. Changes nothing."""
    try:
        rows = spreadsheets.read(content)
    except spreadsheets.Unreadable as unreadable:
        return Table(fault=_at(unreadable.row, unreadable.why))
    if not rows:
        return Table(fault=_("The file is empty."))
    headings = [_heading(cell) for cell in rows[0][1]]
    if missing := [column for column in ("year", "number") if column not in headings]:
        return Table(fault=_("These columns are missing: %(names)s. The first line must name them.",
                             names=", ".join(missing)))  # fmt: skip
    if twice := sorted({heading for heading in headings if heading and headings.count(heading) > 1}):
        return Table(fault=_("These columns stand there twice: %(names)s.", names=", ".join(twice)))
    if len(rows) == 1:
        return Table(fault=_("The file has headings but no recommendations."))
    lookups, seen = _lookups(), dict[str, int]()
    table = Table([], headings, [heading for heading in headings if heading and heading not in KNOWN])
    for row, cells in rows[1:]:
        given = _given(row, headings, cells, lookups)
        if given.label in seen and not given.faults:
            given.faults.append(_("“%(label)s” stands already in line %(line)d.",
                                  label=given.label, line=seen[given.label]))  # fmt: skip
        seen.setdefault(given.label, row)
        table.rows.append(given)
    return table


def _at(row: int, why: str) -> str:
    return _("Line %(line)d: %(why)s", line=row, why=why) if row else why


def _heading(cell: str) -> str:
    name = " ".join(cell.replace("’", "'").lower().split())
    return ALIASES.get(name, name.replace(" ", "_") if name.replace(" ", "_") in KNOWN else name)


def _lookups() -> Lookups:
    large = {}
    for theme in db.session.scalars(select(LargeTheme)):
        for name in (theme.name_en, theme.name_nl, theme.name_fr):
            large[name.casefold()] = clean(theme.name_en)
    titles = select(Edition.year, Theme.id, ThemeText.title, ThemeText.language, Theme.original)
    asked = titles.join(Theme, Theme.edition_id == Edition.id).join(ThemeText).where(Theme.withdrawn_at.is_(None))
    found = db.session.execute(asked).all()
    first = {id: clean(title) for _year, id, title, code, original in found if code == original}
    themes = {
        (year, clean(title).casefold()): first.get(id, clean(title)) for year, id, title, _code, _original in found
    }
    return Lookups(large, themes, _meanings(words.STATUSES), _meanings(words.OUTCOMES))


def _meanings(named: Mapping[Status, LazyString] | Mapping[Outcome, LazyString]) -> dict[str, str]:
    """{how it is written, in any language: its code}."""
    found = {}
    for each, name in named.items():
        for said in (*in_all_languages(lambda name=name: name).values(), each.value, each.value.replace("_", " ")):  # type: ignore[misc]
            found[said.casefold()] = each.value
    return found


def _given(row: int, headings: Sequence[str], cells: Sequence[str], lookups: Lookups) -> Given:
    padded = [*cells, *[""] * (len(headings) - len(cells))]
    raw = {heading: cell for heading, cell in zip(headings, padded, strict=False) if heading}
    given = Given(row, raw)
    if len(cells) > len(headings) and any(cell.strip() for cell in cells[len(headings) :]):
        given.faults.append(_("This line has more cells than there are headings."))
    clean_ones = {heading: clean(cell).replace("\0", "") for heading, cell in raw.items() if heading in KNOWN}
    given.cells = _in_their_language(clean_ones, given.faults)
    _check_numbers(given)
    _check_words(given, lookups)
    _check_days(given)
    for column, text in given.cells.items():
        most = LONGEST.get(column, LONGEST_TEXT)
        if len(text) > most:
            given.faults.append(_("“%(name)s” is longer than %(most)d characters.", name=column, most=most))
    return given


def _in_their_language(cells: Cells, faults: list[str]) -> Cells:
    """Columns without a language get that of the row's original."""
    code = cells.get("original", "").lower()
    if code and code not in LANGUAGES:
        faults.append(_one_of("original", list(LANGUAGES), code))
    if "original" in cells:
        cells["original"] = code
    unsaid = [column for column in UNSAID if cells.get(column)]
    if unsaid and code not in LANGUAGES and not faults:
        faults.append(_("Say in “original” in which language “%(name)s” is: nl, fr or en.", name=unsaid[0]))
    found = {column: text for column, text in cells.items() if column not in UNSAID}
    for column in unsaid:
        if code in LANGUAGES:
            found[f"{column}_{code}"] = cells[column]
    return {column: text for column, text in found.items() if column not in (*sheet.COMPUTED, "line", "fault")}


def _one_of(column: str, allowed: Sequence[str], said: str) -> str:
    return _("“%(name)s” must be one of %(allowed)s, not “%(value)s”.",
             name=column, allowed=", ".join(allowed), value=said[:40])  # fmt: skip


def _check_numbers(given: Given) -> None:
    """The two numbers that say which recommendation it is."""
    last = today().year
    for column, first, most in (("year", FIRST_YEAR, last), ("number", 1, 100_000)):
        text = given.cells.get(column, "")
        if column == "year":
            text = text.replace("–", "-").split("-")[0].strip()  # 2019-20 is the edition of 2019
        if not (text.isascii() and text.isdigit() and len(text) < 8 and first <= int(text) <= most):
            given.faults.append(_("“%(name)s” must be a whole number from %(first)d to %(last)d.",
                                  name=column, first=first, last=most))  # fmt: skip
        else:
            given.cells[column] = str(int(text))


def _check_words(given: Given, lookups: Lookups) -> None:
    """Words that must be known become their codes."""
    statuses, outcomes = [s.value for s in Status], [o.value for o in Outcome]
    countries = {code.casefold(): code for code in COUNTRIES}
    codes = {code: code for code in LANGUAGES}
    for column, meanings, allowed in (
        ("status", lookups.statuses, statuses),
        ("outcome", lookups.outcomes, outcomes),
        ("country", countries, COUNTRIES),
        ("reason_language", codes, list(LANGUAGES)),
    ):
        said = given.cells.get(column, "")
        if said and said.casefold() not in meanings:
            given.faults.append(_one_of(column, allowed, said))
        elif said:
            given.cells[column] = meanings[said.casefold()]
    _check_names(given, lookups)


def _check_names(given: Given, lookups: Lookups) -> None:
    """Names of themes and large themes, in any language, become those that a list that goes out has."""
    cells = given.cells
    if name := cells.get("large_theme"):
        if name.casefold() in lookups.large_themes:
            cells["large_theme"] = lookups.large_themes[name.casefold()]
        else:
            why = _("There is no large theme “%(name)s”. Add it first, or leave the cell empty.", name=name[:80])
            given.faults.append(why)
    if (theme := cells.get("theme")) and not given.faults:
        cells["theme"] = lookups.themes.get((int(cells["year"]), theme.casefold()), theme)
    if repeats := cells.get("repeats"):
        if as_month := re.fullmatch(r"(\d{4})-(\d\d)-01", repeats):  # what a spreadsheet makes of 2015/3
            repeats = f"{as_month[1]}/{int(as_month[2])}"
        cells["repeats"] = "/".join(part.strip() for part in repeats.split("/"))


def _check_days(given: Given) -> None:
    for column in sheet.DAYS & given.cells.keys():
        text = given.cells[column]
        if not text:
            continue
        day = _day(text)
        if day is None:
            given.faults.append(_("“%(name)s” is not a date: write 2026-11-21 or 21/11/2026.", name=column))
        else:
            given.cells[column] = day.isoformat()
            if column in ("since", "decided_on") and day > today():
                given.faults.append(_("“%(name)s” lies in the future.", name=column))


def _day(text: str) -> date | None:
    """Read 2026-11-21, with or without a time, or 21/11/2026."""
    for pattern in ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y"):
        try:
            found = datetime.strptime(text, pattern).date()  # noqa: DTZ007  (a day, not a moment)
        except ValueError:
            continue
        return found if found.year >= 1900 else None
    return None

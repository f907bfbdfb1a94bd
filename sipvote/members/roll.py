"""The roll of members: reading the CSV file, comparing it with the members we have, applying it whole.

Reading is strict and complete: every line is looked at, every fault is told with its line number,
and a roll with a fault changes nothing. Comparing gives what is new, what changed and who is leaving,
so that an organiser sees the consequences before they happen.
"""

import csv
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _
from sqlalchemy import insert, select, update

from .. import audit, spreadsheets
from ..db import db, now
from ..errors import Refused
from ..i18n import LANGUAGES
from .models import COUNTRIES, City, Member, Profile, RollUpload

COLUMNS = ("number", "name", "email", "language", "country", "city", "profile", "joined", "left")
# Words that the administration's own exports use for the same columns and profiles.
ALIASES = {
    "e-mail": "email", "mail": "email", "nummer": "number", "numéro": "number", "numero": "number", "naam": "name",
    "nom": "name", "taal": "language", "langue": "language", "land": "country", "pays": "country", "stad": "city",
    "ville": "city", "office": "city", "kantoor": "city", "bureau": "city", "profiel": "profile", "profil": "profile",
    "lid sinds": "joined", "toegetreden": "joined", "entrée": "joined", "vertrokken": "left", "sortie": "left",
}  # fmt: skip
_PLAIN = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*@[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*\.[a-z]{2,}")
LONGEST = {"number": 20, "name": 120, "email": 254}
FAULTS_SHOWN = 200
MOST_LINES = 100_000
MOST_FAULTS = 1000


@dataclass(frozen=True)
class Fault:
    """What is wrong in a line of the file; line 1 holds the headings, 0 means the file as a whole."""

    line: int
    text: str


@dataclass
class Roll:
    """A roll as read: one dict of clean values per member, and everything that is wrong with it."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


@dataclass
class Comparison:
    """What applying a roll would do. `changed` pairs a member id with the new values of what differs."""

    new: list[dict[str, Any]]
    changed: list[tuple[int, dict[str, Any]]]
    leaving: list[tuple[int, str, str]]
    same: int


# --- Reading --------------------------------------------------------------------------------------


def read(content: bytes) -> Roll:
    """Read an XLSX file, or CSV (UTF-8 or Windows' encoding; comma, semicolon or tab). Changes nothing."""
    roll = Roll()
    cities = _city_names()
    seen: dict[str, dict[str, int]] = {"number": {}, "email": {}}
    try:
        for line, raw in _lines(_rows(content)):
            values, faults = _values(raw, cities)
            faults += _repeated(values, line, seen)
            roll.faults += [Fault(line, fault) for fault in faults]
            roll.rows.append(values)
            if len(roll.faults) >= MOST_FAULTS:
                raise _Unreadable(line, _("So many lines are wrong that reading stopped here. Mend these first."))
    except _Unreadable as unreadable:
        roll.faults.append(unreadable.fault)
    if not roll.rows and not roll.faults:
        roll.faults.append(Fault(0, _("The file has headings but no members.")))
    return roll


class _Unreadable(Exception):
    def __init__(self, line: int, text: str) -> None:
        self.fault = Fault(line, text)


def _rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of each line that is not empty, the headings first."""
    try:
        yield from spreadsheets.read(content, MOST_LINES) if content.startswith(b"PK") else _of_csv(content)
    except spreadsheets.Unreadable as unreadable:
        raise _Unreadable(unreadable.row, unreadable.why) from None


def _of_csv(content: bytes) -> Iterator[tuple[int, list[str]]]:
    if not content.strip():
        raise _Unreadable(0, _("The file is empty."))
    lines = spreadsheets.lines(content)
    first = next(lines, "")
    reader = csv.reader(chain([first], lines), delimiter=spreadsheets.separator_of(first), strict=True)
    try:
        for cells in reader:
            if reader.line_num > MOST_LINES or len(cells) > spreadsheets.MOST_COLUMNS:
                raise spreadsheets.too_large(reader.line_num, MOST_LINES)
            if reader.line_num == 1 or any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error:
        raise _Unreadable(reader.line_num, _("This line cannot be read: look for a quotation mark too many.")) from None


def _lines(rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line number, {column: text}) for each line under the headings."""
    headings = [_column(cell) for cell in next(rows, (1, []))[1]]
    if missing := [c for c in COLUMNS if c not in headings]:
        listed = ", ".join(missing)
        raise _Unreadable(1, _("These columns are missing: %(names)s. The first line must name them.", names=listed))
    for line, cells in rows:
        if len(cells) > len(headings):
            raise _Unreadable(line, _("This line has more cells than there are headings."))
        yield line, dict(zip(headings, (c.strip() for c in cells), strict=False))


def _column(heading: str) -> str:
    name = heading.strip().lower()
    return ALIASES.get(name, name)


def _city_names() -> dict[str, City]:
    names = {}
    for city in db.session.scalars(select(City)):
        for name in (city.slug, city.name_nl, city.name_fr, city.name_en):
            names[name.lower()] = city
    return names


def _values(raw: dict[str, str], cities: dict[str, City]) -> tuple[dict[str, Any], list[str]]:
    """Clean one line; give its values and the sentences about what is wrong."""
    get = {column: raw.get(column, "") for column in COLUMNS}
    faults = [_("“%(name)s” is empty.", name=c) for c in ("number", "name", "joined") if not get[c]]
    faults += [
        _("“%(name)s” is longer than %(most)d characters.", name=c, most=most)
        for c, most in LONGEST.items()
        if len(get[c]) > most
    ]
    city = cities.get(get["city"].lower())
    if city is None:
        faults.append(_("The city “%(city)s” is not one of the offices.", city=get["city"][:60]))
    for column, allowed in (("language", list(LANGUAGES)), ("country", list(COUNTRIES)), ("profile", list(Profile))):
        get[column] = get[column].upper() if column == "country" else get[column].lower()
        if get[column] not in allowed:
            faults.append(
                _("“%(name)s” must be one of %(allowed)s, not “%(value)s”.",
                  name=column, allowed=", ".join(allowed), value=get[column][:40])
            )  # fmt: skip
    values: dict[str, Any] = {c: get[c] for c in ("number", "name", "language", "country", "profile")}
    values["city_id"] = city.id if city else None
    values["email"] = _email(get["email"], faults)
    values["joined"], values["left"] = (_date(get[c], c, faults) for c in ("joined", "left"))
    if values["joined"] and values["left"] and values["left"] < values["joined"]:
        faults.append(_("The day of leaving is before the day of joining."))
    return values, faults


def _email(text: str, faults: list[str]) -> str | None:
    """The address in its kept form. Members without one are fine: they vote in the hall."""
    if not text:
        return None
    address = text.lower()
    # email-validator costs 30 µs; plain addresses need only a look (30,000 rows in seconds).
    if _PLAIN.fullmatch(address):
        return address
    try:
        return validate_email(text, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        faults.append(_("“%(value)s” is not an e-mail address.", value=text[:80]))
        return None


def _date(text: str, column: str, faults: list[str]) -> date | None:
    """Read 2026-11-21 or 21/11/2026."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    for pattern in ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y"):
        try:
            return datetime.strptime(text, pattern).date()  # noqa: DTZ007  (a day, not a moment)
        except ValueError:
            continue
    faults.append(_("“%(name)s” is not a date: write 2026-11-21 or 21/11/2026.", name=column))
    return None


def _repeated(values: dict[str, Any], line: int, seen: dict[str, dict[str, int]]) -> list[str]:
    faults = []
    for column, lines in seen.items():
        value = values[column]
        if value and value in lines:
            faults.append(
                _("“%(value)s” stands already in line %(line)d; each member needs their own.",
                  value=value, line=lines[value])
            )  # fmt: skip
        elif value:
            lines[value] = line
    return faults


# --- Comparing and applying -----------------------------------------------------------------------

KEPT = ("name", "email", "language", "country", "city_id", "profile", "joined", "left")


def compare(roll: Roll) -> Comparison:
    """Say what applying the roll would do; who does not stand in it any more is leaving today."""
    table = Member.__table__
    known = {row.number: row for row in db.session.execute(select(table)).mappings()}
    new, changed, same = [], [], 0
    for values in roll.rows:
        old = known.pop(values["number"], None)
        if old is None:
            new.append(values)
        elif differing := {c: values[c] for c in KEPT if old[c] != values[c]}:
            changed.append((old["id"], differing))
        else:
            same += 1
    leaving = [(row["id"], row["number"], row["name"]) for row in known.values() if row["left"] is None]
    return Comparison(new, changed, leaving, same)


def stamp(kept: RollUpload, what: Comparison) -> str:
    """What names a file and whom it would let in and out: who confirms importing it confirms this and nothing else.

    What members change themselves meanwhile, as the language of their mails, is not in it.
    """
    who = sorted(row["number"] for row in what.new), sorted(number for _id, number, _name in what.leaving)
    return hashlib.sha256(kept.content + json.dumps(who).encode()).hexdigest()


def differences(what: Comparison) -> list[tuple[str, str, list[str]]]:
    """Number, name and columns that change, of as many changed members as are shown."""
    shown = dict(what.changed[:FAULTS_SHOWN])
    known = select(Member.id, Member.number, Member.name).where(Member.id.in_(shown)).order_by(Member.name, Member.id)
    return [
        (number, name, ["city" if column == "city_id" else column for column in shown[i]])
        for i, number, name in db.session.execute(known)
    ]


def keep(filename: str, content: bytes, by: int) -> RollUpload:
    """Keep a roll that was sent, until its preview is applied or thrown away."""
    kept = RollUpload(uploaded_at=now(), uploaded_by_id=by, filename=filename[:200], content=content)
    db.session.add(kept)
    audit.record("upload roll", "members", by)
    return kept


def discard(kept: RollUpload, by: int) -> None:
    """Throw a roll away that was sent; nothing has changed."""
    db.session.delete(kept)
    audit.record("discard roll", "members", by)


def apply(roll: Roll, by: int | None) -> Comparison:
    """Make the members equal to the roll, all or nothing, in the caller's transaction; raises Refused on any fault."""
    if roll.faults:
        raise Refused(_("The file has faults, so nothing was changed. Mend them and send it again."))
    what = compare(roll)
    # Addresses can move from one member to another: clear them first, or UNIQUE stops half-way.
    moved = [{"key": i, "email": None} for i, values in what.changed if "email" in values]
    _update_all(moved, ("email",))
    if what.leaving:
        _update_all([{"key": i, "left": now().date(), "email": None} for i, _n, _m in what.leaving], ("left", "email"))
    for columns in {tuple(sorted(values)) for _i, values in what.changed}:
        same_shape = [{"key": i, **v} for i, v in what.changed if tuple(sorted(v)) == columns]
        _update_all(same_shape, columns)
    if what.new:
        db.session.execute(insert(Member), what.new)
    audit.record("import roll", "members", by, new=len(what.new), changed=len(what.changed), leaving=len(what.leaving))
    return what


def _update_all(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    if not rows:
        return
    db.session.execute(
        update(Member), [{"id": row["key"], **{c: row[c] for c in columns}} for row in rows]
    )  # bulk update by primary key

"""What a list that comes in would change: every row compared with what stands here, before anything happens.

An empty cell leaves a title, a decision or a status as it is; other empty cells empty what stands there. What was
written or decided here is not changed by a list: only its status, its large theme and what it repeats.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

from flask_babel import gettext as _
from sqlalchemy import func, select

from ..db import db, now
from ..decisions.models import Outcome
from ..i18n import LANGUAGES
from ..members.models import Member
from ..recommendations.models import Recommendation
from . import sheet
from .duplicates import LABEL
from .reading import Given, Table
from .rows import Decided
from .sheet import Cells, Entry
from .statuses import today

SHOWN = 200
# What a list may change of a recommendation that was written here.
FREE = frozenset({"large_theme", "repeats", *sheet.STATUS})
# An empty cell in these leaves things as they are.
LEAVES = frozenset({"original", "outcome", "decided_on", "status", "since", "reason", "reason_language",
                    *(f"title_{code}" for code in LANGUAGES)})  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """A cell that would change."""

    column: str
    before: str
    after: str


@dataclass
class Planned:
    """A row that can be applied: of which recommendation (None: a new one), and what would change."""

    given: Given
    entry: Entry | None
    changes: list[Difference] = field(default_factory=list)
    line: Cells = field(default_factory=dict)  # how far it is, whole, where that gets a new line
    owner_id: int | None = None  # the member who answers for it, where the list gives a number or an address

    @property
    def columns(self) -> set[str]:
        return {change.column for change in self.changes}

    @property
    def is_new(self) -> bool:
        return self.entry is None

    @property
    def cells(self) -> Cells:
        """The whole row as it would be."""
        before = self.entry.cells if self.entry else dict.fromkeys(sheet.COLUMNS, "")
        return {**before, **{change.column: change.after for change in self.changes}}

    @property
    def title(self) -> str:
        cells = self.cells
        return next(
            (cells[f"title_{code}"] for code in (cells["original"], *LANGUAGES) if cells.get(f"title_{code}")), ""
        )


@dataclass
class Plan:
    """What applying a list would do."""

    new: list[Planned] = field(default_factory=list)
    changed: list[Planned] = field(default_factory=list)
    same: list[Planned] = field(default_factory=list)
    faulty: list[Given] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """What differs when the list or what stands here has changed since somebody looked."""
        said = [[p.given.row, p.entry and p.entry.id, [[c.column, c.before, c.after] for c in p.changes]]
                for p in (*self.new, *self.changed)]  # fmt: skip
        return sha256(json.dumps(said).encode()).hexdigest()


def compare(table: Table, reason: str) -> Plan:
    """Say what applying the table would do; `reason` is for changed statuses whose row gives none."""
    here, owners = _standing_here(table.rows), _owners(table.rows)
    plan = Plan()
    planned: list[Planned] = []
    for given in table.rows:
        one = Planned(given, here.get(given.label))
        if owner := owners.get(given.cells.get("answers_for", "").casefold()):
            one.owner_id, given.cells["answers_for"] = owner
        if not given.faults:
            _plan(one, reason)
        planned.append(one)
    _check_repeats(planned)
    for one in planned:
        if one.given.faults:
            plan.faulty.append(one.given)
        elif one.entry is None:
            plan.new.append(one)
        elif one.changes:
            plan.changed.append(one)
        else:
            plan.same.append(one)
    return plan


def _standing_here(rows: Iterable[Given]) -> dict[str, Entry]:
    """{"2017/12": what stands here} of the recommendations that the rows are about."""
    wanted = {given.label: given for given in rows if not given.faults}
    asked = select(Recommendation.id, Recommendation.year, Recommendation.number, Recommendation.withdrawn_at)
    years = {int(given.cells["year"]) for given in wanted.values()}
    ids = []
    for id, year, number, withdrawn_at in db.session.execute(asked.where(Recommendation.year.in_(years))):
        if given := wanted.get(f"{year}/{number}"):
            ids.append(id)
            if withdrawn_at:
                given.faults.append(_("This recommendation was withdrawn."))
    return {f"{entry.cells['year']}/{entry.cells['number']}": entry for entry in sheet.entries(ids)}


def _owners(rows: Iterable[Given]) -> dict[str, tuple[int, str]]:
    """{what a cell says, small: the member's id and name}, where it is a member's number or address."""
    said = {given.cells.get("answers_for", "").casefold() for given in rows} - {""}
    found: dict[str, tuple[int, str]] = {}
    for key in (Member.number, Member.email):
        asked = select(key, Member.id, Member.name).where(func.lower(key).in_(said))
        found |= {str(text).casefold(): (id, name) for text, id, name in db.session.execute(asked)}
    return found


def _plan(one: Planned, reason: str) -> None:
    given, entry = one.given, one.entry
    before = entry.cells if entry else dict.fromkeys(sheet.COLUMNS, "")
    cells = _meant(given.cells, before)
    if entry is None:
        cells["original"] = cells.get("original") or next((c for c in LANGUAGES if cells.get(f"title_{c}")), "")
    others = [column for column in sheet.COLUMNS if column not in sheet.STATUS]
    one.changes = _differences(others, before, cells)
    _check_texts(one)
    if one.columns & set(sheet.DECISION):
        _check_decision(one)
    if not given.faults:
        one.changes += _status_changes(one, cells, reason)
    if entry and entry.is_written_here and (fixed := sorted(one.columns - FREE)):
        given.faults.append(_("This recommendation was written here. A list cannot change its %(names)s.",
                              names=", ".join(fixed)))  # fmt: skip


def _meant(cells: Cells, before: Cells) -> Cells:
    """The cells that say something: without those that are empty and leave things as they are."""
    meant = {column: text for column, text in cells.items() if text or column not in LEAVES}
    leaves = {
        f"{word}_{code}"
        for code in LANGUAGES
        for word in ("text", "why", "for_whom")
        if not (meant.get(f"title_{code}") or before[f"title_{code}"])
    }
    if not (meant.get("outcome") or before["outcome"]):
        leaves |= set(sheet.DECISION)
    for column in leaves:
        if not meant.get(column):
            meant.pop(column, None)
    return _with_until(meant, before)


def _with_until(meant: Cells, before: Cells) -> Cells:
    """Lists of before this service have one day for "postponed until": it is the decision's too."""
    outcome = meant.get("outcome")
    if outcome == Outcome.POSTPONED and not before["outcome"]:
        meant["decision_until"] = meant.get("decision_until") or meant.get("postponed_until", "")
    elif outcome and outcome != Outcome.POSTPONED:
        meant.setdefault("decision_until", "")
    return meant


def _differences(columns: Iterable[str], before: Mapping[str, str], after: Mapping[str, str]) -> list[Difference]:
    return [
        Difference(column, before[column], after[column])
        for column in columns
        if column in after and after[column] != before[column]
    ]


def _check_texts(one: Planned) -> None:
    cells, faults = one.cells, one.given.faults
    if not any(cells[f"title_{code}"] for code in LANGUAGES):
        faults.append(_("A recommendation needs a title in one language."))
        return
    for code in LANGUAGES:
        if any(cells[f"{word}_{code}"] for word in sheet.WORDS) and not cells[f"title_{code}"]:
            faults.append(_("There is a text in “%(code)s”, but no title.", code=code))
    if not cells[f"title_{cells['original']}"]:
        faults.append(_("“original” says “%(code)s”, but there is no title in that language.", code=cells["original"]))


def _check_decision(one: Planned) -> None:
    cells, faults = one.cells, one.given.faults
    if one.entry and not one.entry.may_correct:
        faults.append(_("The board decided on this here. A list cannot change the decision."))
    elif not cells["outcome"]:
        faults.append(_("The decision is not given: fill in “outcome”."))
    elif not cells["decided_on"]:
        faults.append(_("Say in “decided_on” when the board decided."))
    elif cells["decision_until"] and cells["outcome"] != Outcome.POSTPONED:
        faults.append(_("“%(name)s” is only for what is postponed.", name="decision_until"))


def _status_changes(one: Planned, cells: Cells, reason: str) -> list[Difference]:
    """What of the status would change, once the decision stands as the list says; and what is wrong with it."""
    before = _status_before(one)
    said = {column: cells[column] for column in sheet.STATUS if column in cells}
    if not said.get("status"):
        return []
    if said["status"] != "postponed":
        said["postponed_until"] = ""
    columns = {change.column for change in _differences(sheet.STATUS, before, said)}
    if not columns or (columns == {"reason_language"} and not before["reason"]):
        return []
    if "status" in columns and not said.get("since"):
        one.given.faults.append(_("Say in “since” from which day it has this status."))
        return []
    after = {**before, **said}
    if not said.get("reason") and ("status" in columns or not before["reason"]):
        after["reason"] = reason
    after["reason_language"] = said.get("reason_language") or one.cells["original"]
    _check_status(one, before, after)
    one.line = {column: after[column] for column in sheet.STATUS}
    return _differences(sheet.STATUS, before, after)


def _check_status(one: Planned, before: Cells, after: Cells) -> None:
    faults = one.given.faults
    if after["since"] < f"{one.given.cells['year']}-01-01":
        faults.append(_("“since” lies before the year of the recommendation."))
    elif before["since"] and after["since"] < before["since"]:
        faults.append(_("“since” lies before the last change, of %(day)s. Correct that on its own page.",
                        day=before["since"]))  # fmt: skip
    if not after["reason"]:
        faults.append(_("Say in “reason” why the status changed."))


def _status_before(one: Planned) -> Cells:
    """How far it would be with the decision that the list gives, and nothing else."""
    lines = one.entry.lines if one.entry else []
    decision = one.entry.decision if one.entry else None
    cells = one.cells
    if one.columns & {"outcome", "decided_on", "decision_until"} and cells["outcome"] and cells["decided_on"]:
        until = date.fromisoformat(cells["decision_until"]) if cells["decision_until"] else None
        on = date.fromisoformat(cells["decided_on"])
        decision = Decided(now(), 0, on, Outcome(cells["outcome"]), until) if on <= today() else None
    reasons = {line.id: (cells["reason"], cells["reason_language"]) for line in lines}
    return sheet.status_cells(lines, decision, reasons)


def _check_repeats(planned: Iterable[Planned]) -> None:
    """What is repeated must be there, or come with the list, and be earlier."""
    coming = {one.given.label for one in planned if not one.given.faults}
    wanted = {c.after: one for one in planned for c in one.changes if c.column == "repeats" and c.after}
    years = {int(found[1]) for label in wanted if (found := LABEL.fullmatch(label))}
    asked = select(Recommendation.year, Recommendation.number).where(Recommendation.year.in_(years))
    there = {f"{y}/{n}" for y, n in db.session.execute(asked.where(Recommendation.withdrawn_at.is_(None)))}
    # The earlier ones first: what repeats a row that is faulty is faulty itself.
    for one in sorted((one for one in planned if not one.given.faults), key=_place):
        for change in one.changes:
            if change.column != "repeats" or not change.after:
                continue
            found = LABEL.fullmatch(change.after)
            if not found or change.after not in there | coming:
                one.given.faults.append(_("“repeats”: there is no recommendation %(label)s.", label=change.after[:20]))
            elif (int(found[1]), int(found[2])) >= _place(one):
                one.given.faults.append(_("“repeats” must be an earlier recommendation."))
        if one.given.faults:
            coming.discard(one.given.label)


def _place(one: Planned) -> tuple[int, int]:
    return int(one.given.cells["year"]), int(one.given.cells["number"])

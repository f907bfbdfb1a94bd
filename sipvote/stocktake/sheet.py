"""The one format in which the whole list goes out to a spreadsheet and comes back: a row for each recommendation.

The names of the columns are English codes and stay the same. Names of themes, groups and large themes stand in one
language whoever asks, so that a list that comes back is compared with what went out.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import aliased, lazyload

from ..db import db
from ..decisions.models import Decision, DecisionText, Outcome
from ..i18n import LANGUAGES, in_language
from ..members.models import Member
from ..recommendations.models import LargeTheme, Recommendation, RecommendationText
from ..themes.models import Theme, ThemeText
from .models import StatusChange
from .rows import Change, Decided, by_decision, changes_of, group_names, standing, timeline
from .statuses import today

WORDS = ("title", "text", "why", "for_whom")
SAID = ("reasons", "amended")
TEXTS = tuple(f"{word}_{code}" for code in LANGUAGES for word in WORDS)
SAYINGS = tuple(f"{word}_{code}" for code in LANGUAGES for word in SAID)
PLACE = ("theme", "large_theme", "workgroup", "country", "original")
DECISION = ("outcome", "decided_on", "decision_until", *SAYINGS, "answers_for", "due")
STATUS = ("status", "since", "postponed_until", "reason", "reason_language")
# Computed, to read and to check: not read when a list comes back.
COMPUTED = ("done_on", "address")
COLUMNS = ("year", "number", *PLACE, *TEXTS, *DECISION, *STATUS, "repeats", *COMPUTED)
DAYS = frozenset({"decided_on", "decision_until", "due", "since", "postponed_until", "done_on"})
NUMBERS = frozenset({"year", "number"})
AT_ONCE = 1000

Cells = dict[str, str]


class Entry(NamedTuple):
    """A recommendation as its row says it, with what a list that comes back must know."""

    id: int
    cells: Cells
    is_written_here: bool
    may_correct: bool  # its decision came with a list, or there is none: no board decided it here
    lines: list[Change]
    decision: Decided | None


def clean(text: str) -> str:
    """A text as it is compared: one kind of line break, nothing around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def entries(ids: Sequence[int]) -> Iterator[Entry]:
    """The rows of these recommendations in their order; seven queries for each thousand."""
    themes = original_titles()
    with in_language("en"):
        groups = group_names()
    for start in range(0, len(ids), AT_ONCE):
        yield from _entries(ids[start : start + AT_ONCE], themes, groups)


def original_titles() -> dict[int, str]:
    """The titles of themes in the language that each was written in first."""
    used = select(Recommendation.theme_id).where(Recommendation.theme_id.is_not(None))
    asked = select(ThemeText.theme_id, ThemeText.title).join(Theme).where(ThemeText.language == Theme.original)
    return {id: title for id, title in db.session.execute(asked.where(Theme.id.in_(used)))}  # noqa: C416


def _entries(ids: Sequence[int], themes: dict[int, str], groups: dict[int, str]) -> list[Entry]:
    earlier, of = aliased(Recommendation), Recommendation
    columns: tuple[Any, ...] = (of.id, of.year, of.number, of.theme_id, of.theme_name, of.group_name, of.country,
                                of.original, of.draft_id)  # fmt: skip
    asked = select(*columns, LargeTheme.name_en, earlier.year.label("its_year"), earlier.number.label("its_number"))
    asked = asked.outerjoin(LargeTheme, LargeTheme.id == of.large_theme_id)
    asked = asked.outerjoin(earlier, earlier.id == of.repeats_id).where(of.id.in_(ids))
    texts, decided = _texts(ids), _decided(ids)
    lines = changes_of(today(), None, StatusChange.recommendation_id.in_(ids))
    reasons = _reasons(lines)
    found = {}
    for row in db.session.execute(asked):
        cells = dict.fromkeys(COLUMNS, "")
        named = {"theme": themes.get(row.theme_id) or row.theme_name, "large_theme": row.name_en or "",
                 "workgroup": groups.get(row.id) or row.group_name}  # fmt: skip
        cells |= {"year": str(row.year), "number": str(row.number), "country": row.country or "",
                  "original": row.original, "repeats": f"{row.its_year}/{row.its_number}" if row.its_year else "",
                  **{column: clean(name) for column, name in named.items()}}  # fmt: skip
        decision, said = decided.get(row.id, (None, {}))
        changes = lines.get(row.id, [])
        cells |= texts.get(row.id, {}) | said | status_cells(changes, decision, reasons)
        may_correct = row.draft_id is None and (decision is None or said["drafted"] == said["published"])
        for computed in ("drafted", "published"):
            cells.pop(computed, None)
        found[row.id] = Entry(row.id, cells, row.draft_id is not None, may_correct, changes, decision)
    return [found[id] for id in ids if id in found]


def _texts(ids: Sequence[int]) -> dict[int, Cells]:
    of = RecommendationText
    asked = select(of.recommendation_id, of.language, of.title, of.text, of.why, of.for_whom)
    found: dict[int, Cells] = {}
    for id, code, *said in db.session.execute(asked.where(of.recommendation_id.in_(ids), of.replaced_at.is_(None))):
        cells = found.setdefault(id, {})
        cells |= {f"{word}_{code}": clean(str(text)) for word, text in zip(WORDS, said, strict=True)}
    return found


def _decided(ids: Sequence[int]) -> dict[int, tuple[Decided, Cells]]:
    """The decision that counts on each, with its cells."""
    of = Decision
    asked = select(of, Member.name).outerjoin(Member, Member.id == of.owner_id).where(of.recommendation_id.in_(ids))
    asked = asked.where(of.published_at.is_not(None)).options(lazyload(of.texts)).order_by(of.published_at, of.id)
    last = {decision.recommendation_id: (decision, owner) for decision, owner in db.session.execute(asked)}
    said: dict[int, Cells] = {}
    words = select(DecisionText.decision_id, DecisionText.language, DecisionText.reasons, DecisionText.amended)
    wanted = words.where(DecisionText.decision_id.in_([decision.id for decision, _owner in last.values()]))
    for id, code, reasons, amended in db.session.execute(wanted):
        said.setdefault(id, {}).update({f"reasons_{code}": clean(reasons), f"amended_{code}": clean(amended)})
    return {id: (_as_decided(each), _decision_cells(each, owner) | said.get(each.id, {}))
            for id, (each, owner) in last.items()}  # fmt: skip


def _as_decided(of: Decision) -> Decided:
    assert of.published_at is not None  # noqa: S101
    assert of.decided_on is not None  # noqa: S101
    return Decided(of.published_at, of.id, of.decided_on, of.outcome, of.postponed_until)


def _decision_cells(of: Decision, owner: str | None) -> Cells:
    return {
        "outcome": of.outcome.value, "decided_on": iso(of.decided_on), "decision_until": iso(of.postponed_until),
        "answers_for": clean(owner or of.owner_name), "due": iso(of.due), "drafted": str(of.drafted_at),
        "published": str(of.published_at),
    }  # fmt: skip


def _reasons(lines: dict[int, list[Change]]) -> dict[int, tuple[str, str]]:
    """{id of a last line: its reason and the language of it}."""
    last = [timeline(changes)[-1].id for changes in lines.values()]
    asked = select(StatusChange.id, StatusChange.reason, StatusChange.language).where(StatusChange.id.in_(last))
    return {id: (clean(reason), code) for id, reason, code in db.session.execute(asked)}


def status_cells(changes: list[Change], decision: Decided | None, reasons: dict[int, tuple[str, str]]) -> Cells:
    """How far it is: by the last line, with its own day; or by the decision, and then nobody gave a reason."""
    lines = timeline(changes)
    last = lines[-1] if lines else None
    stands = standing(changes, decision)
    derived = by_decision(last, decision)
    since = derived.since if derived else last.since if last else None
    reason, code = reasons.get(last.id, ("", "")) if last and not derived else ("", "")
    return {
        "status": stands.status.value, "since": iso(since), "postponed_until": iso(stands.postponed_until),
        "reason": reason, "reason_language": code, "done_on": iso(stands.done_on),
    }  # fmt: skip


def iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def typed(cells: Cells) -> list[Any]:
    """The row with numbers and days as what they are, for a spreadsheet."""
    return [_typed(column, cells[column]) for column in COLUMNS]


def _typed(column: str, text: str) -> Any:
    if not text:
        return ""
    if column in NUMBERS:
        return int(text)
    return date.fromisoformat(text) if column in DAYS else text


def as_json(cells: Cells) -> dict[str, Any]:
    """The same as a nested thing."""
    texts = {code: {word: cells[f"{word}_{code}"] for word in WORDS} for code in LANGUAGES if cells[f"title_{code}"]}
    decision = {column: cells[column] or None for column in ("outcome", "decided_on", "decision_until", "due")}
    reasons = {code: cells[f"reasons_{code}"] for code in LANGUAGES if cells[f"reasons_{code}"]}
    amended = {code: cells[f"amended_{code}"] for code in LANGUAGES if cells[f"amended_{code}"]}
    decision |= {"reasons": reasons, "amended": amended, "answers_for": cells["answers_for"]}  # type: ignore[dict-item]
    plain = {column: cells[column] or None for column in (*PLACE, *STATUS, "done_on", "repeats", "address")}
    here = Outcome(cells["outcome"]) if cells["outcome"] else None
    numbers = {"year": int(cells["year"]), "number": int(cells["number"])}
    return {**numbers, **plain, "texts": texts, "decision": decision if here else None}

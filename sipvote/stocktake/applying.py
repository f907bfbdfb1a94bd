"""Applying a list that came in: everything in the caller's transaction, or nothing."""

from collections.abc import Iterable
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy import select, update

from .. import audit
from ..db import db, now
from ..decisions.models import Decision, DecisionText, Outcome
from ..editions.models import Edition
from ..errors import Refused
from ..i18n import LANGUAGES
from ..recommendations.models import LargeTheme, Recommendation, RecommendationText
from ..themes.models import Theme, ThemeText
from . import sheet
from .importing import Plan, Planned
from .models import ListUpload, Status, StatusChange
from .sheet import Cells


def keep(filename: str, content: bytes, reason: str, by: int) -> ListUpload:
    """Keep a list that was sent, until its preview is applied or thrown away."""
    kept = ListUpload(uploaded_at=now(), uploaded_by_id=by, filename=filename[:200], content=content, reason=reason)
    db.session.add(kept)
    audit.record("upload list", "stocktake", by)
    return kept


def discard(kept: ListUpload, by: int) -> None:
    """Throw a list away that was sent; nothing has changed."""
    db.session.delete(kept)
    audit.record("discard list", "stocktake", by)


def why_not_apply(plan: Plan, seen: str) -> str | None:
    """Why this plan cannot be applied; `seen` is the digest of the plan that the organiser looked at."""
    if not (plan.new or plan.changed):
        return _("There is nothing to change.")
    if plan.digest != seen:
        return _("Something has changed here since you looked. Look at the preview again.")
    return None


def apply(plan: Plan, seen: str, by: int, filename: str) -> int:
    """Do what the plan says; gives how many recommendations are new or changed. Raises Refused."""
    if why := why_not_apply(plan, seen):
        raise Refused(why)
    rows, moment = [*plan.new, *plan.changed], now()
    known = _Known()
    here = _recommendations(rows, moment)
    for one in rows:
        _place(one, here[one.given.label], known)
    db.session.flush()
    _write_texts(rows, here, by, moment)
    _decide(rows, here, by, moment)
    for one in rows:
        if one.line:
            db.session.add(_line(here[one.given.label].id, one.line, by, moment))
    _repeat(rows, here)
    db.session.flush()
    facts = {"new": len(plan.new), "changed": len(plan.changed), "left_out": len(plan.faulty), "file": filename[:100]}
    audit.record("import list", "stocktake", by, **facts)
    return len(rows)


class _Known:
    """What names in cells mean."""

    def __init__(self) -> None:
        self.large = {sheet.clean(theme.name_en): theme.id for theme in db.session.scalars(select(LargeTheme))}
        asked = select(Edition.year, ThemeText.title, Theme.id).join(Theme, Theme.edition_id == Edition.id)
        asked = asked.join(ThemeText).where(ThemeText.language == Theme.original, Theme.withdrawn_at.is_(None))
        self.themes = {(year, sheet.clean(title)): id for year, title, id in db.session.execute(asked)}


def _recommendations(rows: Iterable[Planned], moment: datetime) -> dict[str, Recommendation]:
    """{"2017/12": the recommendation}, the new ones made."""
    ids = [one.entry.id for one in rows if one.entry]
    known = {r.id: r for r in db.session.scalars(select(Recommendation).where(Recommendation.id.in_(ids)))}
    found = {}
    for one in rows:
        if one.entry:
            found[one.given.label] = known[one.entry.id]
            continue
        cells = one.cells
        made = Recommendation(
            year=int(one.given.cells["year"]), number=int(one.given.cells["number"]), original=cells["original"],
            created_at=moment,
        )  # fmt: skip
        db.session.add(made)
        found[one.given.label] = made
    return found


def _place(one: Planned, recommendation: Recommendation, known: _Known) -> None:
    """Where it belongs: theme, large theme, workgroup, country, the language it was written in."""
    cells, columns = one.cells, one.columns
    if "theme" in columns:
        recommendation.theme_id = known.themes.get((recommendation.year, cells["theme"]))
        recommendation.theme_name = cells["theme"]
    if "large_theme" in columns:
        recommendation.large_theme_id = known.large[cells["large_theme"]] if cells["large_theme"] else None
    if "workgroup" in columns:
        recommendation.group_name = cells["workgroup"]
    if "country" in columns:
        recommendation.country = cells["country"] or None
    if "original" in columns:
        recommendation.original = cells["original"]


def _write_texts(rows: Iterable[Planned], here: dict[str, Recommendation], by: int, moment: datetime) -> None:
    """A changed text is a new version; the old one stays, replaced."""
    wanted = [
        (here[one.given.label].id, code, one.cells)
        for one in rows
        for code in LANGUAGES
        if one.columns & {f"{word}_{code}" for word in sheet.WORDS}
    ]
    of = RecommendationText
    ids = {id for id, _code, _cells in wanted}
    asked = select(of.recommendation_id, of.language, of.version, of.id).where(of.recommendation_id.in_(ids))
    last = {(id, code): (version, text_id) for id, code, version, text_id in
            db.session.execute(asked.order_by(of.version))}  # fmt: skip
    old = [last[id, code][1] for id, code, _cells in wanted if (id, code) in last]
    stands = update(of).where(of.id.in_(old), of.replaced_at.is_(None)).values(replaced_at=moment)
    db.session.execute(stands, execution_options={"synchronize_session": False})
    for id, code, cells in wanted:
        said = {word: cells[f"{word}_{code}"] for word in sheet.WORDS}
        version = last[id, code][0] + 1 if (id, code) in last else 1
        db.session.add(
            of(recommendation_id=id, language=code, version=version, written_at=moment, author_id=by, **said)
        )


def _decide(rows: Iterable[Planned], here: dict[str, Recommendation], by: int, moment: datetime) -> None:
    """A new decision, or a corrected one beside the old: it is drafted and published in one moment."""
    decided = [one for one in rows if one.columns & set(sheet.DECISION)]
    kept = _kept_owners([one for one in decided if "answers_for" not in one.columns])
    for one in decided:
        cells = one.cells
        owner, name = kept.get(one.given.label, (one.owner_id, cells["answers_for"]))
        made = Decision(
            recommendation_id=here[one.given.label].id, outcome=Outcome(cells["outcome"]), original=cells["original"],
            decided_on=_day(cells["decided_on"]), postponed_until=_day(cells["decision_until"]), due=_day(cells["due"]),
            owner_id=owner, owner_name=name, drafted_at=moment, drafted_by_id=by, published_at=moment,
        )  # fmt: skip
        for code in LANGUAGES:
            said = {word: cells[f"{word}_{code}"] for word in sheet.SAID}
            if any(said.values()) or code == cells["original"]:
                made.texts.append(DecisionText(language=code, written_at=moment, **said))
        db.session.add(made)


def _kept_owners(rows: Iterable[Planned]) -> dict[str, tuple[int | None, str]]:
    """Who answers for it by the decision that is corrected, where the list does not change that."""
    ids = {one.entry.decision.id: one.given.label for one in rows if one.entry and one.entry.decision}
    asked = select(Decision.id, Decision.owner_id, Decision.owner_name).where(Decision.id.in_(ids))
    return {ids[id]: (owner, name) for id, owner, name in db.session.execute(asked)}


def _line(id: int, cells: Cells, by: int, moment: datetime) -> StatusChange:
    return StatusChange(
        recommendation_id=id, status=Status(cells["status"]), since=date.fromisoformat(cells["since"]),
        postponed_until=_day(cells["postponed_until"]), reason=cells["reason"], language=cells["reason_language"],
        noted_at=moment, author_id=by,
    )  # fmt: skip


def _repeat(rows: Iterable[Planned], here: dict[str, Recommendation]) -> None:
    changed = [one for one in rows if "repeats" in one.columns]
    years = {int(one.cells["repeats"].split("/")[0]) for one in changed if one.cells["repeats"]}
    asked = select(Recommendation.year, Recommendation.number, Recommendation.id)
    found = db.session.execute(asked.where(Recommendation.year.in_(years), Recommendation.number.is_not(None)))
    ids = {f"{year}/{number}": id for year, number, id in found}
    for one in changed:
        here[one.given.label].repeats_id = ids[one.cells["repeats"]] if one.cells["repeats"] else None


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None

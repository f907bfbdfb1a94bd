"""The rules of statuses: who may say how far a recommendation is, and what a new line must hold.

Nothing is overwritten: a change and a correction are both a new line. Who may: organisers, and whoever answers for
the recommendation by its latest published decision.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import Select, func, insert, select
from sqlalchemy.orm import selectinload

from .. import audit
from ..db import db, now
from ..decisions.models import Decision, Outcome
from ..errors import Refused
from ..i18n import ZONE
from ..recommendations.models import Recommendation
from .models import Status, StatusChange
from .rows import Standing, changes_of, decisions_of, standing

LONGEST_REASON = 2000


@dataclass(frozen=True)
class Said:
    """What somebody says of how far a recommendation is."""

    status: Status
    since: date
    reason: str
    language: str
    postponed_until: date | None = None


def today() -> date:
    """The day it is in Brussels and Paris."""
    return now().astimezone(ZONE).date()


def current(ids: Iterable[int]) -> dict[int, Standing]:
    """How far each of these recommendations is today; two queries however many there are."""
    wanted = list(ids)
    lines = changes_of(today(), None, StatusChange.recommendation_id.in_(wanted))
    decisions = decisions_of(today(), None, Decision.recommendation_id.in_(wanted))
    return {id: standing(lines.get(id, []), decisions.get(id)) for id in wanted}


def done() -> Select[int]:
    """The ids of the recommendations whose last line says that they are done, and that were not postponed since."""
    of = StatusChange
    latest = func.row_number().over(
        partition_by=of.recommendation_id, order_by=(of.since.desc(), of.noted_at.desc(), of.id.desc())
    )
    asked = select(of.recommendation_id, of.status, of.since, latest.label("place"))
    lines = asked.where(of.since <= today()).subquery()
    since = select(Decision.id).where(
        Decision.recommendation_id == lines.c.recommendation_id, Decision.published_at.is_not(None),
        Decision.outcome == Outcome.POSTPONED, Decision.decided_on > lines.c.since,
    )  # fmt: skip
    is_done = (lines.c.place == 1, lines.c.status == Status.DONE)
    return select(lines.c.recommendation_id).where(*is_done, ~since.exists())


def history(recommendation: Recommendation) -> list[tuple[StatusChange, bool]]:
    """Every line that was ever noted, the youngest first; with whether a later line corrected it."""
    of = StatusChange
    asked = select(of).where(of.recommendation_id == recommendation.id).options(selectinload(of.author))
    found: list[tuple[StatusChange, bool]] = []
    seen: set[date] = set()
    for line in db.session.scalars(asked.order_by(of.since.desc(), of.noted_at.desc(), of.id.desc())):
        found.append((line, line.since in seen))
        seen.add(line.since)
    return found


def owner_of(recommendation: Recommendation) -> int | None:
    """The member who answers for it by its latest published decision."""
    asked = select(Decision.owner_id).where(Decision.recommendation_id == recommendation.id)
    published = asked.where(Decision.published_at.is_not(None))
    return db.session.scalar(published.order_by(Decision.published_at.desc(), Decision.id.desc()).limit(1))


def answered_for_by(member_id: int) -> list[Recommendation]:
    """What a member answers for, by the latest published decision on each; the oldest first."""
    published = Decision.published_at.is_not(None)
    order = (Decision.published_at.desc(), Decision.id.desc())
    ranked = select(
        Decision.recommendation_id, Decision.owner_id,
        func.row_number().over(partition_by=Decision.recommendation_id, order_by=order).label("place"),
    ).where(published)  # fmt: skip
    last = ranked.subquery()
    mine = select(last.c.recommendation_id).where(last.c.place == 1, last.c.owner_id == member_id)
    asked = select(Recommendation).where(Recommendation.id.in_(mine), Recommendation.withdrawn_at.is_(None))
    return list(db.session.scalars(asked.order_by(Recommendation.year, Recommendation.number)))


def why_not_keep(recommendation: Recommendation, member_id: int | None, keeps: bool) -> str | None:
    """Why this member cannot say how far it is; `keeps` is whether they keep the stocktake, as organisers do."""
    if recommendation.withdrawn_at or recommendation.number is None:
        return _("Only a recommendation that was handed to the board has a status.")
    if keeps:
        return None
    if member_id is None or owner_of(recommendation) != member_id:
        return _("Only organisers, and whoever answers for this recommendation, can say how far it is.")
    return None


def why_not_say(year: int, said: Said) -> str | None:
    """Why nobody can say this of a recommendation of that year."""
    if said.since > today():
        return _("The day lies in the future. Say what holds now.")
    if said.since < date(year, 1, 1):
        return _("The recommendation is of %(year)s: the day cannot be before that year.", year=str(year))
    if not said.reason.strip():
        return _("Say why, in a sentence or two: everybody can read it.")
    if len(said.reason) > LONGEST_REASON:
        return _("A reason has at most %(n)d characters.", n=LONGEST_REASON)
    if said.status == Status.POSTPONED and said.postponed_until is None:
        return _("Say until when it is postponed.")
    if said.postponed_until and said.postponed_until <= said.since:
        return _("It is postponed until a day after the day on which it was postponed.")
    return None


def change(recommendation: Recommendation, said: Said, by: int, keeps: bool) -> StatusChange:
    """Note how far a recommendation is; raises Refused."""
    why = why_not_keep(recommendation, by, keeps) or why_not_say(recommendation.year, said)
    if why:
        raise Refused(why)
    line = StatusChange(recommendation_id=recommendation.id, noted_at=now(), author_id=by, **_columns(said))
    db.session.add(line)
    db.session.flush()
    if keeps:
        audit.record("change status", f"recommendation {recommendation.id}", by, status=said.status.value)
    return line


def why_not_change_many(recommendations: Sequence[Recommendation], said: Said) -> str | None:
    """Why this cannot be said of all of them."""
    if not recommendations:
        return _("Choose at least one recommendation.")
    youngest = max(recommendation.year for recommendation in recommendations)
    return why_not_say(youngest, said)


def would_change(recommendations: Sequence[Recommendation], said: Said) -> list[Recommendation]:
    """Those among them that have another status than what is said."""
    now_are = current(recommendation.id for recommendation in recommendations)
    new = (said.status, said.postponed_until)
    return [r for r in recommendations if (now_are[r.id].status, now_are[r.id].postponed_until) != new]


def change_many(recommendations: Sequence[Recommendation], said: Said, by: int) -> int:
    """Say the same of many at once, of those of which it is new; gives their number. Raises Refused."""
    if why := why_not_change_many(recommendations, said):
        raise Refused(why)
    changed = would_change(recommendations, said)
    if not changed:
        raise Refused(_("All of them have this status already. Nothing has changed."))
    columns = {"noted_at": now(), "author_id": by, **_columns(said)}
    db.session.execute(insert(StatusChange), [{"recommendation_id": r.id, **columns} for r in changed])
    labels = [f"{r.year}/{r.number}" for r in changed]
    audit.record("change statuses", "stocktake", by, status=said.status.value, changed=len(changed), labels=labels)
    return len(changed)


def _columns(said: Said) -> dict[str, object]:
    until = said.postponed_until if said.status == Status.POSTPONED else None
    return {"status": said.status, "since": said.since, "postponed_until": until, "language": said.language,
            "reason": said.reason.strip()}  # fmt: skip

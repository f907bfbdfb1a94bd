"""Publishing: after its meeting the board publishes what it decided, together and once.

What is published is what stood on the page: a seal over the drafts says so. The database publishes each once, also
when two people press at the same moment.
"""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import func, select, update
from sqlalchemy.orm import joinedload, selectinload

from .. import audit
from ..db import db, now
from ..errors import Refused
from ..i18n import day
from ..members import four_eyes
from ..recommendations.models import Recommendation
from . import finding, following, rules, telling
from .models import Decision, Outcome

AT_ONCE = 64  # decisions that are looked at and published together: more than an edition ever had
MOST_SHOWN = 10  # incomplete ones that are named with what each lacks; the page of their year names them all


@dataclass(frozen=True)
class Waiting:
    """A draft, and what it still needs; nothing, when it can be published."""

    decision: Decision
    missing: Sequence[str]


@dataclass(frozen=True)
class Preview:
    """The first drafts, as many as are published at once, and the seal over those that are complete."""

    ready: Sequence[Decision]
    incomplete: Sequence[Waiting]
    seal: str
    how_many: "HowMany"


class HowMany(NamedTuple):
    """Of all drafts so many are complete, and so many are not."""

    ready: int
    incomplete: int


def _drafts() -> Any:
    """Every draft of what the board received, in the order of the numbers."""
    asked = joinedload(Decision.recommendation)
    loaded = asked.joinedload(Recommendation.theme), joinedload(Decision.owner), selectinload(Decision.follow_ups)
    wanted = select(Decision).join(Decision.recommendation).options(*loaded)
    mine = wanted.where(Decision.published_at.is_(None), Recommendation.withdrawn_at.is_(None))
    return mine.order_by(Recommendation.year, Recommendation.number).execution_options(populate_existing=True)


def preview() -> Preview:
    """What would be published now."""
    complete = rules.is_complete()
    ready = db.session.scalars(_drafts().where(complete).limit(AT_ONCE)).all()
    others = db.session.scalars(_drafts().where(~complete).limit(MOST_SHOWN)).all()
    return Preview(ready, [Waiting(each, rules.missing(each)) for each in others], seal_of(ready), how_many())


def how_many() -> HowMany:
    """How many drafts there are; one query, which reads none of them."""
    count = func.count()
    asked = select(count, count.filter(rules.is_complete())).select_from(Decision).join(Decision.recommendation)
    drafts = asked.where(Decision.published_at.is_(None), Recommendation.withdrawn_at.is_(None))
    drafted, ready = db.session.execute(drafts).one()
    return HowMany(ready, drafted - ready)


def seal_of(decisions: Collection[Decision]) -> str:
    """A hash over the drafts as they are at this moment."""
    said = [
        [d.id, d.drafted_at.isoformat(), [[t.language, t.written_at.isoformat()] for t in d.texts],
         [following.seen_of(each) for each in d.follow_ups]]
        for d in sorted(decisions, key=lambda d: d.id)
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def why_not_on(decisions: Collection[Decision], on: date) -> str | None:
    """The sentence why the board cannot have met on that day, or None."""
    if on > finding.today():
        return _("The board decides before it publishes. Give the day on which it met.")
    for decision in decisions:
        facts = {"number": decision.recommendation.label}
        before = _last_before(decision)
        if before and before > on:
            text = _("The board decided on %(number)s on %(day)s already. Give a later day.", day=day(before), **facts)
        elif decision.postponed_until and decision.postponed_until <= on:
            text = _("%(number)s is postponed until a day that is not after the meeting.", **facts)
        elif decision.due and decision.due < on:
            text = _("The due date of %(number)s lies before the meeting.", **facts)
        else:
            continue
        return text
    return None


def _last_before(decision: Decision) -> date | None:
    published = select(func.max(Decision.decided_on)).where(Decision.published_at.is_not(None))
    return db.session.scalar(published.where(Decision.recommendation_id == decision.recommendation_id))


def publish(chosen: Collection[int], seal: str, on: date, by: int | None) -> Sequence[Decision]:
    """Publish these drafts (ids) as decided on a day, and tell those whom they concern. Raises Refused.

    1 take the drafts, so that nobody changes them; 2 compare with what was looked at; 3 compare and set; 4 put
    questions on the next ballot; 5 write the letters; 6 note it.
    """
    locked = select(Decision.id).where(Decision.published_at.is_(None)).order_by(Decision.id).with_for_update()
    db.session.execute(locked)
    decisions = looked_at(chosen, seal, on)
    _set(decisions, on)
    for decision in decisions:
        following.ask_all(decision, by)
    told = telling.tell(decisions)
    _note(decisions, on, told, by)
    return decisions


def looked_at(chosen: Collection[int], seal: str, on: date) -> Sequence[Decision]:
    """The drafts that somebody chose, if they can be published as they were looked at. Raises Refused."""
    if not chosen:
        raise Refused(_("Choose at least one decision to publish."))
    found = preview()
    if seal != found.seal:
        raise Refused(_("Something changed since you looked: somebody wrote, or published. Look at it again."))
    decisions = [decision for decision in found.ready if decision.id in chosen]
    if len(decisions) != len(set(chosen)):
        raise Refused(_("One of these decisions is not complete, or was published already. Look at it again."))
    if why := why_not_on(decisions, on):
        raise Refused(why)
    return decisions


def _set(decisions: Sequence[Decision], on: date) -> None:
    """Compare and set: of two presses, one publishes and the other is too late."""
    once = update(Decision).where(Decision.id.in_([d.id for d in decisions]), Decision.published_at.is_(None))
    done = db.session.execute(
        once.values(published_at=now(), decided_on=on).execution_options(synchronize_session=False)
    )
    if done.rowcount != len(decisions):  # type: ignore[attr-defined]
        raise Refused(_("Somebody published these decisions a moment ago."))
    for decision in decisions:
        db.session.refresh(decision, ["published_at", "decided_on"])


def _note(decisions: Sequence[Decision], on: date, told: int, by: int | None) -> None:
    counts = {outcome.value: sum(d.outcome == outcome for d in decisions) for outcome in Outcome}
    numbers = [d.recommendation.label for d in decisions]
    years = sorted({d.recommendation.year for d in decisions})
    which = f"decisions {years[0]}" if len(years) == 1 else "decisions"
    audit.record("publish decisions", which, by, on=on.isoformat(), numbers=numbers, told=told, **counts)


def _publish_asked(facts: dict[str, Any], by: int) -> None:
    publish(facts["chosen"], facts["seal"], date.fromisoformat(facts["on"]), by)


def _about_asked(facts: dict[str, Any]) -> str:
    return ngettext("%(num)d decision", "%(num)d decisions", len(facts["chosen"]))


four_eyes.register(
    "publish decisions", _l("Publish decisions"), "decisions.decide", _publish_asked, _about_asked,
    where=lambda _facts: ("board.publish", {}),
)  # fmt: skip

"""Where organisers choose the dates of each group: the best sets, who would drop out, and their own set by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..access import requires
from ..db import db
from ..editions.views import asked_edition
from ..errors import Refused, see_other
from . import choosing, planning
from .choosing import Choice
from .exports import MODE_NAMES
from .models import Mode
from .planning import Plan
from .pledges import Pledge
from .views import asked_group

desk = Blueprint("planning_desk", __name__, url_prefix="/<int:year>/groups/dates")
SHOWN = 6  # the best set and five runners-up
MOST_APART = 60


@dataclass(frozen=True)
class Missing:
    """Somebody who cannot come to all dates, and the slots that they miss."""

    pledge: Pledge
    rank: int
    slots: Sequence[int]


@desk.get("/")
@requires("workgroups.plan")
def index(year: int) -> str:
    edition = asked_edition(year)
    return render_template(
        "planning_desk/index.html", edition=edition, rows=choosing.overview(edition), modes=MODE_NAMES,
        why_not=choosing.why_not_by_wishes(edition),
    )  # fmt: skip


@desk.get("/<int:group_id>")
@requires("workgroups.plan")
def group(year: int, group_id: int) -> str:
    """The best sets, and what one of them means for everybody: the one in the address, the chosen one, or the best."""
    group = asked_group(year, group_id)
    choice = choosing.choice(group, _apart())
    ranked = planning.ranking(choice.problem, SHOWN) if choice.people else []
    looked = _by_hand(choice) or choice.chosen or next(iter(ranked), None)
    return render_template(
        "planning_desk/group.html", edition=group.edition, group=group, choice=choice, ranked=ranked, looked=looked,
        by_hand=_by_hand(choice) is not None, missing=_missing(choice, looked), counts=_counts(choice),
        why_not=choosing.why_not_choose(group), why_none=choosing.why_no_plan(choice), modes=MODE_NAMES,
        faults=[(b.rule, choosing.sentence(choice, b)) for b in looked.breaches] if looked else [],
        firm=choosing.FIRM, marks=choosing.marks(choice),
    )  # fmt: skip


@desk.post("/<int:group_id>")
@requires("workgroups.plan")
def take(year: int, group_id: int) -> Any:
    group, mode = asked_group(year, group_id), _mode(request.form.get("mode"))
    if mode is None:
        raise Refused(_("Choose how the group meets."))
    plan = choosing.take(group, request.form.getlist("slot", type=int), mode, current_user.member_id, _apart())
    db.session.commit()
    can, drop = len(plan.come), len(plan.miss_one) + len(plan.drop_out)
    said = _("The dates of %(group)s are chosen.", group=group)
    flash(said + " " + _("%(can)s can come to all, %(drop)s cannot.", can=can, drop=drop), "ok")
    return see_other(url_for(".group", year=year, group_id=group_id))


def _apart() -> int | None:
    """The days between meetings that the organiser tries; None is what the edition says."""
    tried = request.values.get("apart", type=int)
    return tried if tried is not None and 0 <= tried <= MOST_APART else None


def _mode(word: str | None) -> Mode | None:
    return Mode(word) if word in list(Mode) else None


def _by_hand(choice: Choice) -> Plan | None:
    """The set in the address. A mode alone is a set without any date."""
    mode = _mode(request.args.get("mode"))
    if mode is None:
        return None
    return planning.look_at(choice.problem, choice.numbers(request.args.getlist("slot", type=int)), mode)


def _missing(choice: Choice, plan: Plan | None) -> list[Missing]:
    """Who cannot come to all dates of a set: those who miss one, then those who miss more."""
    if plan is None:
        return []
    people = [person for person, _slot in plan.miss_one] + list(plan.drop_out)
    return [Missing(choice.people[p], choice.ranks[p], choice.missed(plan, p)) for p in people]


def _counts(choice: Choice) -> list[dict[Mode, int]]:
    """For each slot how many people could come, by the way the group meets."""
    return [
        {mode: sum(person.when(mode) >> slot & 1 for person in choice.problem.people) for mode in Mode}
        for slot in range(len(choice.candidates))
    ]

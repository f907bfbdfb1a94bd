"""What facilitators see: their groups, who comes, totals per city, lists to download and to print."""

from collections.abc import Sequence

from flask import Blueprint, Response, abort, render_template
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from ..access import Role, Visitor, requires
from ..db import db
from ..editions.models import Edition
from ..editions.views import asked_edition
from ..exports import csv_file, xlsx_file
from ..i18n import LANGUAGES, alphabetical
from ..members.models import City
from . import coming, counts, rules, waiting
from .exports import MODE_NAMES, PROFILE_NAMES, SIGNUP_COLUMNS
from .models import Signup, Workgroup
from .views import asked_group

facilitate = Blueprint("facilitate", __name__, url_prefix="/<int:year>/facilitate")
FILES = {"csv": csv_file, "xlsx": xlsx_file}


def may_see(visitor: Visitor, group: Workgroup) -> bool:
    """Organisers see every group; facilitators their own and those of the cities their role is limited to."""
    if Role.ORGANISER in visitor.roles or rules.leads(visitor.member_id, group):
        return True
    return not visitor.cities or any(c.id in visitor.cities for c in group.cities)


def seen(visitor: Visitor, edition: Edition) -> list[Workgroup]:
    """The groups of an edition that the visitor may see."""
    return [g for g in counts.groups_in(edition) if may_see(visitor, g)]


def _asked(year: int, group_id: int) -> Workgroup:
    group = asked_group(year, group_id)
    if not may_see(current_user, group):
        abort(404)
    return group


@facilitate.get("/")
@requires("workgroups.facilitate")
def index(year: int) -> str:
    edition = asked_edition(year)
    groups = seen(current_user, edition)
    numbers = counts.numbers_of(groups)
    mine = [g for g in groups if rules.leads(current_user.member_id, g)]
    return render_template(
        "facilitate/index.html", edition=edition, mine=mine, others=[g for g in groups if g not in mine],
        numbers=numbers, cities=_by_city(groups, numbers), is_facilitator=Role.FACILITATOR in current_user.roles,
    )  # fmt: skip


def _by_city(
    groups: Sequence[Workgroup], numbers: dict[int, counts.Numbers]
) -> list[tuple[City | None, counts.Numbers]]:
    """Totals per city; a group that cities share counts in each, one without a city is online."""
    cities = {c.id: c for g in groups for c in g.cities}
    rows: list[tuple[City | None, counts.Numbers]] = [
        (city, counts.total(numbers[g.id] for g in groups if city in g.cities))
        for city in sorted(cities.values(), key=lambda c: alphabetical(c.name))
    ]
    online = [numbers[g.id] for g in groups if not g.cities]
    return [*rows, (None, counts.total(online))] if online else rows


@facilitate.get("/<int:group_id>")
@requires("workgroups.facilitate")
def group(year: int, group_id: int) -> str:
    group = _asked(year, group_id)
    return render_template(
        "facilitate/group.html", edition=group.edition, group=group, coming=_coming(group), languages_of=LANGUAGES,
        waiting=rules.waiting_list(group), modes=MODE_NAMES, profiles=PROFILE_NAMES,
        offered=coming.offered(group), order=waiting.explain(group.edition),
    )  # fmt: skip


def _coming(group: Workgroup) -> list[Signup]:
    return [s for s in _signups([group]) if s.has_place]


def _signups(groups: Sequence[Workgroup]) -> Sequence[Signup]:
    """Sign-ups that stand: those with a place by name, then the waiting list in its order."""
    standing = (
        select(Signup)
        .join(Signup.member)
        .where(Signup.workgroup_id.in_([g.id for g in groups]), Signup.withdrawn_at.is_(None))
        .options(selectinload(Signup.member), selectinload(Signup.workgroup).selectinload(Workgroup.theme))
    )
    found = db.session.scalars(standing).all()
    place = {g.id: n for n, g in enumerate(groups)}
    queued = {id: n for queue in waiting.queues(groups).values() for n, id in enumerate(queue)}
    return sorted(found, key=lambda s: (place[s.workgroup_id], s.is_waiting, queued.get(s.id, 0), s.member.name, s.id))


@facilitate.get("/<int:group_id>.<kind>")
@requires("workgroups.facilitate")
def group_list(year: int, group_id: int, kind: str) -> Response:
    return _file(kind, f"sipvote-{year}-group-{group_id}", [_asked(year, group_id)])


@facilitate.get("/city/<slug>.<kind>")
@requires("workgroups.facilitate")
def city_list(year: int, slug: str, kind: str) -> Response:
    """Everybody in the groups of a city that the visitor may see; "online" for groups without a city."""
    groups = [g for g in seen(current_user, asked_edition(year)) if slug in ({c.slug for c in g.cities} or {"online"})]
    if not groups:
        abort(404)
    return _file(kind, f"sipvote-{year}-{slug}", groups)


def _file(kind: str, name: str, groups: Sequence[Workgroup]) -> Response:
    if kind not in FILES:
        abort(404)
    return FILES[kind](name, SIGNUP_COLUMNS, _signups(groups))

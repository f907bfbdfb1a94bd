"""What facilitators see: their groups, the page of one group before a meeting, a city, lists to download."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, abort, render_template
from flask_babel import gettext as _
from flask_login import current_user

from ..access import Role, requires
from ..editions.views import asked_edition
from ..exports import csv_file, xlsx_file
from ..i18n import LANGUAGES, alphabetical
from ..members.models import City
from . import (
    attending,
    city_figures,
    coming,
    counts,
    group_mail,
    insiders,
    minutes,
    news,
    papers,
    rules,
    steps,
    waiting,
)
from .exports import MODE_NAMES, PROFILE_NAMES, signup_columns
from .insiders import may_see, seen
from .models import Meeting, Signup, Workgroup
from .views import asked_group

facilitate = Blueprint("facilitate", __name__, url_prefix="/<int:year>/facilitate")
FILES = {"csv": csv_file, "xlsx": xlsx_file}


def asked_to_see(year: int, group_id: int) -> Workgroup:
    """The group in the address, for whoever may see it; else 404."""
    group = asked_group(year, group_id)
    if not may_see(current_user, group):
        abort(404)
    return group


def asked_to_run(year: int, group_id: int) -> Workgroup:
    """The group in the address, for whoever leads it and for organisers; else 404."""
    group = asked_group(year, group_id)
    if not insiders.may_run(current_user, group):
        abort(404)
    return group


def asked_meeting(group: Workgroup, meeting_id: int) -> Meeting:
    """The meeting in the address, when it is one of the group's; else 404."""
    return next((m for m in group.meetings if m.id == meeting_id), None) or abort(404)


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
    """What a facilitator needs on a phone before a meeting; who does not lead the group sees who comes, no more."""
    group = asked_to_see(year, group_id)
    runs, upcoming = insiders.may_run(current_user, group), group.next_meeting
    return render_template(
        "facilitate/group.html", edition=group.edition, group=group, languages_of=LANGUAGES, runs=runs,
        upcoming=upcoming, waiting=rules.waiting_list(group), modes=MODE_NAMES, profiles=PROFILE_NAMES,
        sheet=attending.sheet(upcoming) if upcoming else None, seated=_seated(group),
        offered=coming.offered(group), order=waiting.explain(group.edition), **(_life(group) if runs else {}),
    )  # fmt: skip


def _seated(group: Workgroup) -> list[Signup]:
    return [s for s in insiders.signups_of([group]) if not s.is_waiting]


def _life(group: Workgroup) -> dict[str, Any]:
    """What is for those alone who run the group."""
    written, files, agreed = minutes.of_group(group), papers.files_of(group), steps.steps_of(group)
    return {
        "written": written, "files": files, "steps": agreed, "people": insiders.people_in(group),
        "news": news.since_last_time(group, written, files, agreed), "absences": attending.absences(group),
        "sent": group_mail.sent_to(group), "kept": city_figures.kept([group]), "is_overdue": steps.is_overdue,
    }  # fmt: skip


@facilitate.get("/<int:group_id>.<kind>")
@requires("workgroups.facilitate")
def group_list(year: int, group_id: int, kind: str) -> Response:
    return _file(kind, f"sipvote-{year}-group-{group_id}", [asked_to_see(year, group_id)])


@facilitate.get("/city/<slug>.<kind>")
@requires("workgroups.facilitate")
def city_list(year: int, slug: str, kind: str) -> Response:
    """Everybody in the groups of a city that the visitor may see; "online" for groups without a city."""
    return _file(kind, f"sipvote-{year}-{slug}", _groups_of_city(year, slug))


@facilitate.get("/city/<slug>")
@requires("workgroups.facilitate")
def city(year: int, slug: str) -> str:
    """The groups of a city in figures."""
    groups = _groups_of_city(year, slug)
    numbers, kept = counts.numbers_of(groups), city_figures.kept(groups)
    name = next((c.name for g in groups for c in g.cities if c.slug == slug), _("Online"))
    return render_template(
        "facilitate/city.html", edition=groups[0].edition, slug=slug, name=name, groups=groups, numbers=numbers,
        run={g.id for g in groups if insiders.may_run(current_user, g)},
        total=counts.total(numbers.values()), by_number=city_figures.by_number(groups, kept),
        kept={g.id: city_figures.of_group(g, kept) for g in groups}, over_time=city_figures.over_time(groups),
    )  # fmt: skip


def _groups_of_city(year: int, slug: str) -> list[Workgroup]:
    groups = [g for g in seen(current_user, asked_edition(year)) if slug in ({c.slug for c in g.cities} or {"online"})]
    return groups or abort(404)


def _file(kind: str, name: str, groups: Sequence[Workgroup]) -> Response:
    if kind not in FILES:
        abort(404)
    run = {g.id for g in groups if insiders.may_run(current_user, g)}
    return FILES[kind](name, signup_columns(groups, run), insiders.signups_of(groups))

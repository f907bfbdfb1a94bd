"""Workgroups for members: which there are, signing up in three pages, withdrawing, the calendar."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from ..access import may, public
from ..db import db
from ..editions.models import Edition
from ..editions.rules import allows, when_allowed
from ..editions.views import asked_edition
from ..errors import Refused, see_other
from ..exports import ics_file
from ..i18n import LANGUAGES
from ..members.models import Member
from ..themes import rules as themes
from . import coming, counts, rules, slots, waiting, ways, wished
from .exports import MODE_NAMES
from .models import Meeting, Signup, Workgroup
from .seats import ahead

workgroups = Blueprint("workgroups", __name__, url_prefix="/<int:year>/groups")


def asked_group(year: int, group_id: int) -> Workgroup:
    """The group in the address, or 404; the page's year line is about its edition."""
    edition = asked_edition(year)
    group = db.get_or_404(Workgroup, group_id)
    if group.edition_id != edition.id:
        abort(404)
    return group


def _visitor() -> Member | None:
    return db.session.get(Member, current_user.member_id) if current_user.is_authenticated else None


@workgroups.get("/")
@public
def index(year: int) -> str:
    edition = asked_edition(year)
    groups, me = counts.groups_in(edition), _visitor()
    mine = {s.workgroup_id: s for s, _next in rules.groups_of(me.id)} if me else {}
    first = [g for g in groups if g.id in mine or (me and rules.leads(me.id, g))]
    wanted = {name: request.args.get(name, "") for name in ("theme", "city", "language")}
    shown = [g for g in groups if _fits(g, wanted)]
    return render_template(
        "workgroups/index.html", edition=edition, themes=themes.of_the_year(edition), groups=groups, mine=mine,
        first=first, shown=shown, wanted=wanted, cities=_cities(groups), languages_of=LANGUAGES,
        numbers=counts.numbers_of(groups), sign_up_span=when_allowed(edition, "sign_up"), modes=MODE_NAMES,
        takes_wishes=ways.takes_wishes(edition), wishes_are_open=ways.wishes_are_open(edition),
    )  # fmt: skip


def _cities(groups: Sequence[Workgroup]) -> list[Any]:
    found = {c.id: c for g in groups for c in g.cities}
    return sorted(found.values(), key=lambda c: c.name)


def _fits(group: Workgroup, wanted: dict[str, str]) -> bool:
    """Whether a group is among what was asked for; an unknown word asks for nothing that exists."""
    place = wanted["city"] in {c.slug for c in group.cities} or (wanted["city"] == "online" and not group.cities)
    return (
        wanted["theme"] in ("", str(group.theme_id))
        and (not wanted["city"] or place)
        and (not wanted["language"] or wanted["language"] in group.spoken)
    )


@workgroups.get("/<int:group_id>")
@public
def show(year: int, group_id: int) -> str:
    group, me = asked_group(year, group_id), _visitor()
    signup = rules.signup_of(me.id, group) if me else None
    why_not = rules.why_not_sign_up(me, group) if me else rules.why_not_open(group)
    leads = bool(me and rules.leads(me.id, group))
    return render_template(
        "workgroups/show.html", edition=group.edition, group=group, signup=_standing(signup), leads=leads,
        numbers=counts.numbers_of([group])[group.id], why_not=why_not, modes=MODE_NAMES, languages_of=LANGUAGES,
        position=rules.position(signup) if signup else None, sees_link=_sees_link(signup, leads),
        otherwise=_otherwise(group.edition) if why_not else [], order=waiting.explain(group.edition),
        mine=coming.dates_of(signup) if signup and signup.has_place else [], clashes=_clashes(me, group, signup),
        **_wishing(me, group),
        alternatives=_with_numbers(rules.alternatives(me, group, [])) if why_not and not signup else {},
    )  # fmt: skip


def _wishing(me: Member | None, group: Workgroup) -> dict[str, Any]:
    """While members wish: the dates that are proposed, and the group's rank on the visitor's own list."""
    takes_wishes = ways.takes_wishes(group.edition)
    if not ways.wishes_are_open(group.edition):
        return {"can_wish": False, "wished_rank": None, "proposed": [], "takes_wishes": takes_wishes}
    mine = wished.list_of(me.id, group.edition) if me else None
    ranks = [w.rank for w in mine.wishes if w.workgroup_id == group.id] if mine and not mine.withdrawn_at else []
    return {
        "can_wish": True, "takes_wishes": takes_wishes, "wished_rank": ranks[0] if ranks else None,
        "proposed": [] if group.cancelled_at else slots.candidates_of([group]),
    }  # fmt: skip


def _clashes(me: Member | None, group: Workgroup, signup: Signup | None) -> list[Any]:
    """What else there is at the hours of a group that a member has not joined yet, one by one."""
    return rules.clashes(me, group) if me and not _standing(signup) and not rules.leads(me.id, group) else []


def _standing(signup: Signup | None) -> Signup | None:
    return signup if signup and signup.withdrawn_at is None else None


def _sees_link(signup: Signup | None, leads: bool) -> bool:
    """The link for the video call is for the people in the group, and for organisers."""
    return bool(leads or (signup and signup.has_place) or may("workgroups.plan"))


@workgroups.get("/<int:group_id>/join")
def join(year: int, group_id: int) -> Any:
    """First page: what it costs, and each date with a box of its own."""
    group = asked_group(year, group_id)
    return _why_not_page(group) or _dates_page(group, [])


@workgroups.get("/<int:group_id>/join/check")
def check(year: int, group_id: int) -> Any:
    """Second page, when every date was confirmed; else the first again, with the other ways to take part.

    What was ticked stands in the address, so that going back, reloading and another language lose nothing.
    """
    group = asked_group(year, group_id)
    if answer := _why_not_page(group):
        return answer
    if missing := rules.missing(group, request.args.getlist("date")):
        return _dates_page(group, missing)
    numbers = counts.numbers_of([group])[group.id]
    return render_template(
        "workgroups/check.html", edition=group.edition, group=group, numbers=numbers, dates=ahead(group)
    )


@workgroups.post("/<int:group_id>/join")
def sign_up(year: int, group_id: int) -> Any:
    group = asked_group(year, group_id)
    rules.sign_up(db.session.get_one(Member, current_user.member_id), group, request.form.getlist("date"))
    db.session.commit()
    return see_other(url_for(".joined", year=year, group_id=group_id))


@workgroups.get("/<int:group_id>/joined")
def joined(year: int, group_id: int) -> Any:
    """Third page: done, and what comes next."""
    group = asked_group(year, group_id)
    signup = _standing(rules.signup_of(current_user.member_id, group))
    if signup is None:
        return see_other(url_for(".show", year=year, group_id=group_id))
    if signup.is_offered:
        return see_other(url_for(".confirm", year=year, group_id=group_id))
    return render_template(
        "workgroups/joined.html", edition=group.edition, group=group, position=rules.position(signup),
        dates=ahead(group), order=waiting.explain(group.edition),
    )  # fmt: skip


@workgroups.post("/<int:group_id>/withdraw")
def withdraw(year: int, group_id: int) -> Any:
    group = asked_group(year, group_id)
    signup = rules.signup_of(current_user.member_id, group)
    if signup is None:
        abort(404)
    rules.withdraw(signup)
    db.session.commit()
    flash(_("You are no longer in this group. Thank you for telling us."), "ok")
    return see_other(url_for(".show", year=year, group_id=group_id))


@workgroups.get("/<int:group_id>/calendar.ics")
def calendar(year: int, group_id: int) -> Any:
    group = asked_group(year, group_id)
    signup = rules.signup_of(current_user.member_id, group)
    if not (signup and signup.has_place) and not rules.leads(current_user.member_id, group):
        raise Refused(_("The calendar file is for people who have a place in the group."))
    from . import calendars  # here: its library is large, and few web processes ever need it

    return ics_file(f"sipvote-{year}-{group.id}", calendars.download(group.meetings))


def _why_not_page(group: Workgroup) -> BaseResponse | None:
    """Where somebody goes who cannot sign up: the group's page says why; the last page if they did so already."""
    me = db.session.get_one(Member, current_user.member_id)
    if _standing(rules.signup_of(me.id, group)):
        return see_other(url_for(".joined", year=group.edition.year, group_id=group.id))
    if rules.why_not_sign_up(me, group):
        return see_other(url_for(".show", year=group.edition.year, group_id=group.id))
    return None


def _dates_page(group: Workgroup, missing: list[Meeting]) -> str:
    me = db.session.get_one(Member, current_user.member_id)
    return render_template(
        "workgroups/join.html", edition=group.edition, group=group, missing=missing, dates=ahead(group),
        clashes=rules.clashes(me, group),
        ticked=request.args.getlist("date"), numbers=counts.numbers_of([group])[group.id],
        otherwise=_otherwise(group.edition) if missing else [], modes=MODE_NAMES, languages_of=LANGUAGES,
        alternatives=_with_numbers(rules.alternatives(me, group, missing)) if missing else {},
    )  # fmt: skip


def _with_numbers(groups: Sequence[Workgroup]) -> dict[Workgroup, counts.Numbers]:
    numbers = counts.numbers_of(groups)
    return {g: numbers[g.id] for g in groups}


def _otherwise(edition: Edition) -> list[dict[str, str]]:
    """Ways to take part without this group that are open now."""
    can_support, can_vote = allows(edition, "support"), allows(edition, "vote")
    ways = [
        ("themes.index", _("Read, propose and support themes") if can_support else _("Read the themes")),
        *([("voting.index", _("Vote on the themes"))] if can_vote else []),
        ("workgroups.index", _("Look at all groups")),
    ]
    return [{"url": url_for(page, year=edition.year), "label": label} for page, label in ways]

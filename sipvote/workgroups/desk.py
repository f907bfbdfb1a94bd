"""What organisers do with groups: overview, make, change, call off."""

from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from ..access import requires
from ..db import db, now
from ..editions.models import Edition
from ..editions.rules import why_not_now
from ..editions.views import asked_edition
from ..errors import see_other
from ..themes import rules as themes
from . import counts, forming, moving, pool, slots, ways, wished
from .forms import ProposalForm, data_of, form_for, typed
from .models import Workgroup
from .views import asked_group

desk = Blueprint("workgroups_desk", __name__, url_prefix="/<int:year>/groups/plan")


@desk.get("/")
@requires("workgroups.plan")
def index(year: int) -> str:
    edition = asked_edition(year)
    groups = counts.groups_in(edition)
    numbers, proposed = counts.numbers_of(groups), slots.counts_of(groups)
    of = {theme: [g for g in groups if g.theme_id == theme.id] for theme in themes.of_the_year(edition)}
    by_theme = [(theme, found, counts.total(numbers[g.id] for g in found)) for theme, found in of.items()]
    about = pool.warnings(edition, groups)
    return render_template(
        "workgroups_desk/index.html", edition=edition, by_theme=by_theme, numbers=numbers,
        warnings={g.id: warnings(g, numbers[g.id], proposed[g.id]) + about[g.id] for g in groups}, proposed=proposed,
        why_not=why_not_now(edition, "form_groups"),
        wished=wished.wishes_per_group(edition) if ways.takes_wishes(edition) else None,
    )  # fmt: skip


def warnings(group: Workgroup, numbers: counts.Numbers, proposed: int) -> list[str]:
    """What organisers should look at."""
    found = []
    if not any(f.is_member_on(now().date()) for f in group.facilitators):
        found.append(_("no facilitator"))
    if group.cities and group.mode != "online" and not group.venue:
        found.append(_("no address yet"))
    if not group.meetings:
        return [*found, *_about_slots(group, proposed)]
    if not group.is_over and numbers.taken < group.minimum:
        found.append(_("fewer than %(least)s people", least=group.minimum))
    return found


def _about_slots(group: Workgroup, proposed: int) -> list[str]:
    """Without dates to choose from nobody can wish the group; with as many as it needs there is nothing to choose."""
    if not proposed:
        return [_("no dates to choose from")]
    return [_("hardly any dates to choose from")] if proposed <= group.edition.meetings else []


@desk.route("/new", methods=["GET", "POST"])
@requires("workgroups.plan")
def new(year: int) -> Any:
    """First the date of the first meeting (by GET), then everything, with the other dates proposed.

    While members wish, groups have no dates yet, and so there is one page.
    """
    edition = asked_edition(year)
    data: dict[str, Any] = {"hours": edition.meeting_hours, "mode": "on_site", "languages": []}
    data["theme"] = request.args.get("theme", type=int)
    if request.method == "GET" and forming.meetings_of(edition, None):
        asked = ProposalForm(request.args if "first" in request.args else None)
        if "first" not in request.args or not _fits_year(edition, asked):
            why_not = why_not_now(edition, "form_groups")
            return render_template("workgroups_desk/first.html", edition=edition, form=asked, why_not=why_not)
        starts = forming.proposal(asked.first.moment, asked.every.data or 1, edition.meetings)
        data |= {f"meeting_{n}": typed(start) for n, start in enumerate(starts, start=1)}
    return _form_page(edition, None, data)


def _fits_year(edition: Edition, asked: ProposalForm) -> bool:
    """Whether the first meeting is well written and can be on that day, before five dates are made of it."""
    if not asked.validate():
        return False
    if why := forming.why_not_first(edition, asked.first.moment):
        asked.first.errors = [why]
    return why is None


@desk.route("/<int:group_id>", methods=["GET", "POST"])
@requires("workgroups.plan")
def change(year: int, group_id: int) -> Any:
    group = asked_group(year, group_id)
    return _form_page(group.edition, group, data_of(group))


def _form_page(edition: Edition, group: Workgroup | None, data: dict[str, Any]) -> Any:
    """The form of a group; a fault in the plan stands beside the field that it is about."""
    choices = themes.of_the_year(edition), forming.all_cities(), forming.facilitators()
    form = form_for(forming.meetings_of(edition, group), *choices, data=data)
    form.name_facilitators({f.member.id: f.label for f in pool.of_edition(edition, choices[2])})
    if form.validate_on_submit():
        plan = form.plan(*choices, group)
        if fault := forming.why_not_plan(edition, plan, group):
            form[fault[0]].errors = [*form[fault[0]].errors, fault[1]]
        else:
            return _ask_first(group, plan) or _save(edition, group, plan)
    numbers = counts.numbers_of([group])[group.id] if group else None
    return render_template(
        "workgroups_desk/form.html", edition=edition, group=group, form=form, numbers=numbers,
        why_not=why_not_now(edition, "form_groups"), why_not_cancel=forming.why_not_cancel(group) if group else None,
    )  # fmt: skip


def _ask_first(group: Workgroup | None, plan: forming.Plan) -> str | None:
    """When meetings get other dates: the page that shows what this asks of everybody, until just that was seen."""
    new = moving.new_spans(group, plan.spans) if group else []
    seen = ",".join(f"{span.starts_at:%Y%m%d%H%M}-{span.ends_at:%H%M}" for span in new)
    if group is None or not new or request.form.get("seen") == seen:
        return None
    sent = [(name, value) for name, value in request.form.items(multi=True) if name not in ("csrf_token", "seen")]
    return render_template(
        "workgroups_desk/moves.html", edition=group.edition, group=group, sent=sent, seen=seen,
        consequences=moving.consequences(group, new),
    )  # fmt: skip


def _save(edition: Edition, group: Workgroup | None, plan: forming.Plan) -> Any:
    if group is None:
        made = forming.form(edition, plan, current_user.member_id)
        db.session.commit()
        flash(_("The group %(group)s is made.", group=made), "ok")
        if not made.meetings:
            return see_other(url_for("slots.index", year=edition.year, group_id=made.id))
    else:
        moves = forming.change(group, plan, current_user.member_id)
        db.session.commit()
        said = ngettext("%(num)d meeting moved.", "%(num)d meetings moved.", len(moves)) if moves else ""
        flash(_("The group %(group)s is saved.", group=group) + " " + said, "ok")
    return see_other(url_for(".index", year=edition.year))


@desk.post("/<int:group_id>/cancel")
@requires("workgroups.plan")
def cancel(year: int, group_id: int) -> Any:
    group = asked_group(year, group_id)
    forming.cancel(group, current_user.member_id)
    db.session.commit()
    flash(_("The group %(group)s is cancelled. Everybody gets a mail.", group=group), "ok")
    return see_other(url_for(".index", year=year))

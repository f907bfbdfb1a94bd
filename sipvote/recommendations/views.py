"""Drafts on the web: the list of a year, one draft, beginning one, its order, publishing it.

Writing stands in write_views.py, versions and joining in version_views.py and joining_views.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ..access import may, own_id, public
from ..db import db
from ..editions import rules as editions
from ..editions.views import asked_edition
from ..errors import Refused, see_other
from ..i18n import ZONE, names
from ..workgroups.inside import asked_inside
from . import adopting, hearing, joining, notes, publishing, translating, writers, writing
from . import drafts as finding
from .forms import UntilForm
from .models import Draft, Recommendation
from .writers import Writer

drafts = Blueprint("drafts", __name__, url_prefix="/<int:year>/drafts")
STATE_NAMES = {
    "writing": (_l("Being written"), ""),
    "open": (_l("Open for remarks"), "now"),
    "closed": (_l("Remarks closed"), "info"),
    "adopted": (_l("Adopted"), "ok"),
}


def visitor() -> Writer:
    """Whoever asks, as they stand in the groups."""
    return writers.known(own_id(), may("recommendations.organise"))


def asked_draft(year: int, draft_id: int) -> Draft:
    """The draft in the address, whoever asks; 404 when the edition has no such draft."""
    edition = asked_edition(year)
    draft = db.session.get(Draft, draft_id)
    if draft is None or draft.edition_id != edition.id:
        abort(404)
    return draft


def readable_draft(year: int, draft_id: int, who: Writer) -> Draft:
    """The same, for whoever may read it; for others it is not there."""
    draft = asked_draft(year, draft_id)
    return draft if who.sees(draft) else abort(404)


def asked_recommendation(draft: Draft, recommendation_id: int) -> Recommendation:
    """The recommendation in the address, when it stands in the draft; else 404."""
    found = db.session.get(Recommendation, recommendation_id)
    return found if found is not None and found.draft_id == draft.id else abort(404)


def back_to(draft: Draft, part: str = "") -> Any:
    """To the draft's page, or to a part of it."""
    return see_other(url_for("drafts.show", year=draft.edition.year, draft_id=draft.id) + (f"#{part}" if part else ""))


@contextmanager
def about_question(draft: Draft) -> Iterator[None]:
    """Say so when what is done within makes void what groups were asked about the text, or had adopted."""
    before = adopting.bound(draft)
    yield
    if before and (void := [group for group in before if group not in adopting.bound(draft)]):
        why = _("The text has changed, so what the group %(places)s said about it counts no more. "
                "Put the question again.", places=names(group.place for group in void))  # fmt: skip
        flash(why, "warn")


# --- Reading ----------------------------------------------------------------------------------------


@drafts.get("")
@public
def index(year: int) -> str:
    edition, who = asked_edition(year), visitor()
    found = finding.of_edition(edition, who)
    return render_template(
        "drafts/index.html", edition=edition, drafts=found, states=STATE_NAMES, state=finding.state,
        standing=finding.standing, places=finding.places, mine={d.id for d in found if who.is_in(d)},
        why_not_now=editions.why_not_now(edition, "write"),
    )  # fmt: skip


@drafts.get("/<int:draft_id>")
@public
def show(year: int, draft_id: int) -> Any:
    who = visitor()
    draft = asked_draft(year, draft_id)
    if not who.sees(draft):
        return redirect(url_for("members.sign_in", next=_here(draft))) if who.member_id is None else abort(404)
    return render_template(
        "drafts/show.html", edition=draft.edition, draft=draft, who=who, states=STATE_NAMES, state=finding.state(draft),
        standing=_with_groups(finding.standing(draft)), withdrawn=finding.withdrawn(draft) if who.is_in(draft) else [],
        places=finding.places(draft), is_older=translating.is_older,
        asking=joining.requests_to([draft.id]) if who.leads(draft) else [],
        why_not_write=writing.why_not_write(draft, who), why_not_arrange=writing.why_not_arrange(draft, who),
        why_not_publish=publishing.why_not_publish(draft, who), why_not_extend=publishing.why_not_extend(draft, who),
        why_not_take_back=publishing.why_not_take_back(draft, who),
        notes=notes.notes_of(draft), counts=hearing.counts_of(draft), no_counts=hearing.Counts(),
        bound=adopting.bound(draft) if who.is_in(draft) and not draft.adopted_at else [],
    )  # fmt: skip


def _here(draft: Draft) -> str:
    return url_for(".show", year=draft.edition.year, draft_id=draft.id)


def _with_groups(recommendations: list[Recommendation]) -> list[Recommendation]:
    """The same, with the groups of all of them read at once."""
    finding.read_groups(recommendations)
    return recommendations


# --- Beginning --------------------------------------------------------------------------------------


@drafts.get("/of/<int:group_id>")
def of_group(year: int, group_id: int) -> Any:
    """From a group's own pages: to its draft, or to the button that begins it."""
    group, who = asked_inside(year, group_id), visitor()
    if draft := finding.of_group(group):
        return redirect(_here(draft))
    return render_template(
        "drafts/begin.html", edition=group.edition, group=group, why_not=finding.why_not_begin(group, who),
        others=[d for d in joining.others(group) if joining.why_not_ask(group, d, who) is None],
        asked=joining.request_of(group), places=finding.places,
    )  # fmt: skip


@drafts.post("/of/<int:group_id>/begin")
def begin(year: int, group_id: int) -> Any:
    draft = finding.begin(asked_inside(year, group_id), visitor())
    db.session.commit()
    return back_to(draft)


# --- Order and withdrawing --------------------------------------------------------------------------


@drafts.post("/<int:draft_id>/<int:recommendation_id>/up")
def up(year: int, draft_id: int, recommendation_id: int) -> Any:
    return _move(year, draft_id, recommendation_id, up=True)


@drafts.post("/<int:draft_id>/<int:recommendation_id>/down")
def down(year: int, draft_id: int, recommendation_id: int) -> Any:
    return _move(year, draft_id, recommendation_id, up=False)


def _move(year: int, draft_id: int, recommendation_id: int, up: bool) -> Any:
    who = visitor()
    draft = readable_draft(year, draft_id, who)
    recommendation = asked_recommendation(draft, recommendation_id)
    with about_question(draft):
        writing.move(recommendation, who, up)
    db.session.commit()
    return back_to(draft, f"r{recommendation_id}")


@drafts.post("/<int:draft_id>/<int:recommendation_id>/withdraw")
def withdraw(year: int, draft_id: int, recommendation_id: int) -> Any:
    who = visitor()
    draft = readable_draft(year, draft_id, who)
    with about_question(draft):
        writing.withdraw(asked_recommendation(draft, recommendation_id), who)
    db.session.commit()
    flash(_("The recommendation is withdrawn. It stands below the others, and can come back."), "ok")
    return back_to(draft, "withdrawn")


@drafts.post("/<int:draft_id>/<int:recommendation_id>/bring-back")
def bring_back(year: int, draft_id: int, recommendation_id: int) -> Any:
    who = visitor()
    draft = readable_draft(year, draft_id, who)
    with about_question(draft):
        writing.bring_back(asked_recommendation(draft, recommendation_id), who)
    db.session.commit()
    flash(_("The recommendation is back, as the last one."), "ok")
    return back_to(draft, f"r{recommendation_id}")


# --- Publishing -------------------------------------------------------------------------------------


@drafts.route("/<int:draft_id>/publish", methods=["GET", "POST"])
def publish(year: int, draft_id: int) -> Any:
    who = visitor()
    draft = readable_draft(year, draft_id, who)
    if why := publishing.why_not_publish(draft, who):
        raise Refused(why)
    form = UntilForm(until=publishing.usual_end(draft).astimezone(ZONE).date())
    if form.validate_on_submit():
        try:
            publishing.publish(draft, who, form.moment())
            db.session.commit()
        except Refused as refused:
            db.session.rollback()
            form.until.errors = [refused.why]
        else:
            flash(_("The draft is published. The people of the group get a mail."), "ok")
            return back_to(draft)
    return render_template(
        "drafts/publish.html", edition=draft.edition, draft=draft, form=form, places=finding.places(draft),
        untranslated=translating.gaps([draft]).missing,
    )  # fmt: skip


@drafts.route("/<int:draft_id>/extend", methods=["GET", "POST"])
def extend(year: int, draft_id: int) -> Any:
    who = visitor()
    draft = readable_draft(year, draft_id, who)
    if why := publishing.why_not_extend(draft, who):
        raise Refused(why)
    form = UntilForm()
    if form.validate_on_submit():
        try:
            publishing.extend(draft, who, form.moment())
            db.session.commit()
        except Refused as refused:
            db.session.rollback()
            form.until.errors = [refused.why]
        else:
            flash(_("Members have more time for remarks."), "ok")
            return back_to(draft)
    return render_template(
        "drafts/extend.html", edition=draft.edition, draft=draft, form=form, places=finding.places(draft)
    )


@drafts.post("/<int:draft_id>/take-back")
def take_back(year: int, draft_id: int) -> Any:
    who = visitor()
    draft = readable_draft(year, draft_id, who)
    publishing.take_back(draft, who)
    db.session.commit()
    flash(_("The draft is the group’s own again."), "ok")
    return back_to(draft)

"""What members answer: a place that is kept for them, a date that moved, and "I cannot come"."""

from typing import Any

from flask import abort, flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..db import db
from ..errors import see_other
from . import coming, offers, rules
from .engagements import Engagement
from .exports import MODE_NAMES
from .models import Meeting, Signup
from .seats import ahead
from .views import asked_group, workgroups


def _mine(year: int, group_id: int) -> Signup:
    """One's own sign-up for the group in the address, or 404."""
    signup = rules.signup_of(current_user.member_id, asked_group(year, group_id))
    if signup is None:
        abort(404)
    return signup


def _page(signup: Signup) -> str:
    return url_for(".show", year=signup.workgroup.edition.year, group_id=signup.workgroup_id)


# --- A place that is kept for me ----------------------------------------------------------------------


@workgroups.route("/<int:group_id>/confirm", methods=["GET", "POST"])
def confirm(year: int, group_id: int) -> Any:
    """Each date to come with a box of its own, and what else there is at that time."""
    signup = _mine(year, group_id)
    if signup.has_place:
        return see_other(url_for(".joined", year=year, group_id=group_id))
    ticked = request.form.getlist("date")
    is_sent = request.method == "POST"
    if is_sent and not offers.missing(signup.workgroup, ticked):
        offers.accept(signup, ticked)
        db.session.commit()
        return see_other(url_for(".joined", year=year, group_id=group_id))
    missing = offers.missing(signup.workgroup, ticked) if is_sent else []
    return render_template(
        "workgroups/confirm.html", edition=signup.workgroup.edition, group=signup.workgroup, signup=signup,
        dates=ahead(signup.workgroup), ticked=ticked, missing=missing, why_not=offers.why_not_accept(signup),
        clashes=_by_meeting(offers.clashes(signup)), was_given=offers.was_given(signup), modes=MODE_NAMES,
    )  # fmt: skip


def _by_meeting(clashes: list[tuple[Meeting, Engagement]]) -> dict[Meeting, list[Engagement]]:
    found: dict[Meeting, list[Engagement]] = {}
    for meeting, engagement in clashes:
        found.setdefault(meeting, []).append(engagement)
    return found


@workgroups.post("/<int:group_id>/decline")
def decline(year: int, group_id: int) -> Any:
    signup = _mine(year, group_id)
    offers.decline(signup)
    db.session.commit()
    flash(_("Thank you. The place goes to the next person."), "ok")
    return see_other(_page(signup))


# --- Whether I come -----------------------------------------------------------------------------------


def _meeting_of(signup: Signup, meeting_id: int) -> Meeting:
    meeting = next((m for m in signup.workgroup.meetings if m.id == meeting_id), None)
    if meeting is None:
        abort(404)
    return meeting


@workgroups.route("/<int:group_id>/cannot-come/<int:meeting_id>", methods=["GET", "POST"])
def cannot_come(year: int, group_id: int, meeting_id: int) -> Any:
    """One button, and what it means; a mail leads here, so nothing happens by opening it."""
    signup = _mine(year, group_id)
    meeting = _meeting_of(signup, meeting_id)
    if request.method == "POST":
        coming.excuse(signup, meeting)
        db.session.commit()
        flash(_("Thank you for telling us. The group sees that you cannot come."), "ok")
        return see_other(_page(signup))
    date = next(d for d in coming.dates_of(signup) if d.meeting is meeting)
    return render_template(
        "workgroups/cannot_come.html", edition=signup.workgroup.edition, group=signup.workgroup, meeting=meeting,
        date=date, why_not=coming.why_not_answer(signup, meeting), missed=coming.others_missed(signup, meeting),
    )  # fmt: skip


@workgroups.post("/<int:group_id>/can-come/<int:meeting_id>")
def can_come(year: int, group_id: int, meeting_id: int) -> Any:
    signup = _mine(year, group_id)
    coming.take_back(signup, _meeting_of(signup, meeting_id))
    db.session.commit()
    flash(_("Good: the group counts on you again."), "ok")
    return see_other(_page(signup))


@workgroups.route("/<int:group_id>/dates", methods=["GET", "POST"])
def answer(year: int, group_id: int) -> Any:
    """The dates that moved, each with a yes and a no."""
    signup = _mine(year, group_id)
    asked = [d.meeting for d in coming.dates_of(signup) if d.answer == coming.Answer.NONE and not d.has_begun]
    if not signup.has_place or not asked:
        return see_other(_page(signup))
    chosen = {key: request.form.get(key) for key in request.form if key != "csrf_token"}
    if request.method == "POST" and all(chosen.get(m.key) in ("yes", "no") for m in asked):
        coming.answer(signup, {key: said == "yes" for key, said in chosen.items()})
        db.session.commit()
        flash(_("Thank you. Your answer is noted."), "ok")
        return see_other(_page(signup))
    return render_template(
        "workgroups/answer.html", edition=signup.workgroup.edition, group=signup.workgroup, asked=asked,
        chosen=chosen, is_sent=request.method == "POST", clashes=_by_meeting(offers.clashes(signup)),
    )  # fmt: skip

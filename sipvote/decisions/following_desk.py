"""The board's pages, continued: what a decision starts, changes to it, and what came of it."""

from collections.abc import Callable
from typing import Any

from flask import abort, flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from ..access import checks_own_token, requires
from ..db import db
from ..errors import Refused, see_other
from ..i18n import language
from . import finding, following
from .desk import PER_PAGE, board
from .forms import EndForm, FollowUpForm
from .models import Decision, FollowUp
from .views import words

ROOM = "/follow-ups/<int:follow_up_id>"
SHOWS = {"": _l("Goes on"), "late": _l("Late"), "to_ask": _l("Questions to ask"), "ended": _l("Has ended")}


def _asked(follow_up_id: int) -> FollowUp:
    found = db.session.get(FollowUp, follow_up_id)
    if found is None:
        abort(404)
    return found


def _shown(decision: Decision) -> Any:
    return see_other(url_for(".show", recommendation_id=decision.recommendation_id))


def _send(form: Any, act: Callable[[], Any]) -> bool:
    """Whether the form was sent and the act done; else the form says why not."""
    if not form.validate_on_submit():
        return False
    try:
        act()
        db.session.commit()
    except Refused as refused:
        db.session.rollback()
        form.show(refused)
        return False
    return True


@board.get("/follow-ups")
@requires("decisions.decide")
def started() -> str:
    """What decisions of all years started: what goes on, what is late, what has ended."""
    show = request.args.get("show", "") if request.args.get("show") in finding.FOLLOW_UPS else ""
    page = db.paginate(finding.follow_ups(show), per_page=PER_PAGE, max_per_page=PER_PAGE)
    return render_template(
        "board/follow_ups.html", page=page, show=show, shows=SHOWS, counts=finding.how_many_follow_ups(),
        answers=following.answers(page.items), why_not_ask=following.why_not_ask,
        ballots=following.ballots(), **words(),
    )  # fmt: skip


@board.route("/decisions/<int:decision_id>/start", methods=["GET", "POST"])
@requires("decisions.decide")
@checks_own_token
def start(decision_id: int) -> Any:
    """Start a project, a test project or a question."""
    decision = db.session.get(Decision, decision_id)
    if decision is None:
        abort(404)
    if why := following.why_not_start(decision):
        raise Refused(why)
    form = FollowUpForm(data={"language": language()})
    if _send(form, lambda: following.start(decision, form.started(), current_user.member_id)):
        flash(_("It is noted."), "ok")
        return _shown(decision)
    return render_template("board/follow_up.html", form=form, decision=decision, follow_up=None, **words())


@board.route(ROOM, methods=["GET", "POST"])
@requires("decisions.decide")
@checks_own_token
def change(follow_up_id: int) -> Any:
    follow_up = _asked(follow_up_id)
    if why := following.why_not_change(follow_up):
        raise Refused(why)
    kept = {name: getattr(follow_up, name) for name in following.FACTS} | {"seen": following.seen_of(follow_up)}
    form = FollowUpForm(data=kept)
    if _send(form, lambda: following.change(follow_up, form.started(), form.seen.data or "", current_user.member_id)):
        flash(_("The change is saved."), "ok")
        return _shown(follow_up.decision)
    form.seen.data = following.seen_of(follow_up)
    return render_template(
        "board/follow_up.html", form=form, decision=follow_up.decision, follow_up=follow_up, **words()
    )


@board.route(f"{ROOM}/end", methods=["GET", "POST"])
@requires("decisions.decide")
@checks_own_token
def end(follow_up_id: int) -> Any:
    """Say what came of it."""
    follow_up = _asked(follow_up_id)
    if why := following.why_not_end(follow_up):
        raise Refused(why)
    form = EndForm(data={"outcome": follow_up.outcome, "seen": following.seen_of(follow_up)})
    said = form.outcome.data or ""
    if _send(form, lambda: following.end(follow_up, said, form.seen.data or "", current_user.member_id)):
        flash(_("What came of it is noted."), "ok")
        return _shown(follow_up.decision)
    form.seen.data = following.seen_of(follow_up)
    return render_template("board/end.html", form=form, follow_up=follow_up, **words())


@board.post(f"{ROOM}/open-again")
@requires("decisions.decide")
def reopen(follow_up_id: int) -> Any:
    follow_up = _asked(follow_up_id)
    following.reopen(follow_up, current_user.member_id)
    db.session.commit()
    flash(_("It goes on."), "ok")
    return _shown(follow_up.decision)


@board.post(f"{ROOM}/ask")
@requires("decisions.decide")
def ask(follow_up_id: int) -> Any:
    """Put a question on the draft of the next ballot."""
    follow_up = _asked(follow_up_id)
    following.ask(follow_up, current_user.member_id)
    db.session.commit()
    flash(_("The question is on the draft of the next ballot."), "ok")
    return _shown(follow_up.decision)


@board.post(f"{ROOM}/drop")
@requires("decisions.decide")
def drop(follow_up_id: int) -> Any:
    follow_up = db.session.get(FollowUp, follow_up_id)
    if follow_up is None:  # a second click finds nothing left to take away
        return see_other(url_for(".index"))
    decision = follow_up.decision
    following.drop(follow_up, current_user.member_id)
    db.session.commit()
    flash(_("It is taken away again."), "ok")
    return _shown(decision)

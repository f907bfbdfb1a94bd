"""Remarks on a published draft: read by everybody, sent by members, answered by the group."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..access import checks_own_token, own_id, public, stopped_at_the_door
from ..db import db, now
from ..editions.views import asked_edition
from ..errors import Refused, see_other
from ..i18n import language
from . import hearing, moderating, notes, remarks
from .hearing import Eyes
from .hearing_forms import AnswerForm, ReasonForm, RemarkForm
from .hearing_models import Remark
from .models import Draft, Recommendation

remarks_room = Blueprint("remarks", __name__, url_prefix="/<int:year>/drafts/<int:draft_id>/remarks")
PER_PAGE = 20
ONE = "/r/<int:remark_id>"


def asked_draft(year: int, draft_id: int) -> Draft:
    """The draft in the address, published: else it is not there for anybody."""
    edition = asked_edition(year)
    draft = db.session.get(Draft, draft_id)
    if draft is None or draft.edition_id != edition.id or not draft.published_at or draft.published_at > now():
        abort(404)
    return draft


def asked_recommendation(draft: Draft, recommendation_id: int) -> Recommendation:
    """The recommendation in the address, when it is one of the draft's; else 404."""
    return hearing.recommendation_of(draft, recommendation_id) or abort(404)


def _asked(year: int, draft_id: int, remark_id: int) -> Remark:
    draft = asked_draft(year, draft_id)
    remark = db.session.get(Remark, remark_id)
    return remark if remark is not None and remark.draft_id == draft.id else abort(404)


def eyes() -> Eyes:
    return Eyes(own_id(), own_id() is not None and current_user.may("recommendations.organise"))


def _about(draft: Draft) -> dict[str, Any]:
    """What every page about remarks needs: the draft, who looks, and what they may."""
    belongs = own_id() is not None and remarks.belongs(current_user, draft)
    return {
        "draft": draft, "title_of_draft": remarks.title_of(draft), "edition": draft.edition, "eyes": eyes(),
        "me": own_id(), "belongs": belongs, "answerable": _answerable,
        "why_not_now": remarks.why_not_now(draft),
    }  # fmt: skip


def _on_page(threads: Sequence[hearing.Thread]) -> dict[str, Any]:
    """What the visitor did with the remarks shown, and may do with their own, without asking for each."""
    shown = [remark for thread in threads for remark in (thread.first, *thread.replies)]
    replied = {remark.parent_id for remark in shown}
    mine = [remark for remark in shown if own_id() is not None and remark.member_id == own_id()]
    changeable = {r.id for r in mine if remarks.why_not_change(r, own_id(), r.id in replied) is None}
    return {"threads": threads, "changeable": changeable, "reported": hearing.reported_among(shown, own_id())}


def _answerable(remark: Remark) -> bool:
    """Whether the page offers the group to answer; the rule itself looks closer."""
    may_change = remark.draft.adopted_at is None or remark.answered_at is None
    return remark.parent_id is None and not (remark.withdrawn_at or remark.hidden_at) and may_change


def _to(remark: Remark) -> Any:
    """To the remark, within its thread."""
    year = remark.draft.edition.year
    page = url_for("remarks.thread", year=year, draft_id=remark.draft_id, remark_id=remark.id)
    return see_other(f"{page}#r{remark.id}")


def _list_url(draft: Draft, about_id: int | None) -> str:
    """The list on one recommendation, or on the whole."""
    if about_id is None:
        return url_for("remarks.whole", year=draft.edition.year, draft_id=draft.id)
    return url_for("remarks.about", year=draft.edition.year, draft_id=draft.id, recommendation_id=about_id)


# --- Reading ----------------------------------------------------------------------------------------


@remarks_room.get("")
@public
def index(year: int, draft_id: int) -> str:
    """All remarks on the draft, and the way to those on each recommendation."""
    return _list(asked_draft(year, draft_id), None)


@remarks_room.get("/whole")
@public
def whole(year: int, draft_id: int) -> str:
    return _list(asked_draft(year, draft_id), "whole")


@remarks_room.get("/<int:recommendation_id>")
@public
def about(year: int, draft_id: int, recommendation_id: int) -> str:
    draft = asked_draft(year, draft_id)
    return _list(draft, asked_recommendation(draft, recommendation_id))


def _list(draft: Draft, about: Recommendation | str | None) -> str:
    show = request.args.get("show", "") if request.args.get("show") in hearing.SHOWS else ""
    firsts = hearing.firsts(draft, about, show, eyes())
    page = db.paginate(firsts, per_page=PER_PAGE, max_per_page=PER_PAGE)
    threads = hearing.threads(page.items, eyes())
    counts, key = hearing.counts_of(draft), about.id if isinstance(about, Recommendation) else None
    count = hearing.total(counts) if about is None else counts.get(key, hearing.Counts())
    return render_template(
        "remarks/index.html", **_about(draft), about=about, show=show, shows=hearing.SHOWS, page=page,
        **_on_page(threads), counts=counts, count=count, no_counts=hearing.Counts(), notes=notes.notes_of(draft),
        recommendations=draft.recommendations, form=RemarkForm(formdata=None, language=language()),
    )  # fmt: skip


@remarks_room.get(ONE)
@public
def thread(year: int, draft_id: int, remark_id: int) -> str:
    """One thread, the page that letters lead to."""
    remark = _asked(year, draft_id, remark_id)
    found = hearing.thread_of(remark, eyes())
    shown = [found.first, *found.replies]
    if remark not in shown or not any(eyes().may_read(one) or one.answered_at for one in shown):
        abort(410, _("This remark is gone."))
    return render_template(
        "remarks/thread.html", **_about(remark.draft), **_on_page([found]), about=remark.recommendation or "whole"
    )  # fmt: skip


# --- Sending: open to strangers, so that whoever was signed out while writing gets the text back ----


@remarks_room.route("/whole/write", methods=["GET", "POST"])
@public
@checks_own_token
def write_on_whole(year: int, draft_id: int) -> Any:
    return _write(asked_draft(year, draft_id), None)


@remarks_room.route("/<int:recommendation_id>/write", methods=["GET", "POST"])
@public
@checks_own_token
def write(year: int, draft_id: int, recommendation_id: int) -> Any:
    draft = asked_draft(year, draft_id)
    return _write(draft, asked_recommendation(draft, recommendation_id))


def _write(draft: Draft, about: Recommendation | None) -> Any:
    form = RemarkForm(language=language())
    if stopped := stopped_at_the_door(form, remarks.why_not_write(draft, about, own_id())):
        return stopped
    if form.validate_on_submit() and not form.form_errors:
        try:
            sent = remarks.write(draft, about, own_id(), form.language.data, form.words.data or "")
            db.session.commit()
        except Refused as refused:
            form.refuse(refused.why)
        else:
            flash(_("Your remark is sent. The group answers it before it adopts its text."), "ok")
            return see_other(f"{_list_url(draft, about.id if about else None)}#r{sent.id}")
    return render_template("remarks/write.html", **_about(draft), about=about or "whole", form=form, to=None)


@remarks_room.route(f"{ONE}/reply", methods=["GET", "POST"])
@public
@checks_own_token
def reply(year: int, draft_id: int, remark_id: int) -> Any:
    remark = _asked(year, draft_id, remark_id)
    form = RemarkForm(language=language())
    form.words.label.text = _("Your reply")
    if stopped := stopped_at_the_door(form, remarks.why_not_reply(remark, own_id())):
        return stopped
    if form.validate_on_submit() and not form.form_errors:
        try:
            sent = remarks.reply(remark, own_id(), form.language.data, form.words.data or "")
            db.session.commit()
        except Refused as refused:
            form.refuse(refused.why)
        else:
            flash(_("Your reply is sent."), "ok")
            return _to(sent)
    about = remark.recommendation or "whole"
    return render_template("remarks/write.html", **_about(remark.draft), about=about, form=form, to=remark)


# --- One's own remark -------------------------------------------------------------------------------


@remarks_room.route(f"{ONE}/change", methods=["GET", "POST"])
@checks_own_token
def change(year: int, draft_id: int, remark_id: int) -> Any:
    remark = _asked(year, draft_id, remark_id)
    form = RemarkForm(words=remark.text, language=remark.language)
    if request.method == "GET" and (why := remarks.why_not_change(remark, own_id())):
        raise Refused(why)
    if form.validate_on_submit():
        try:
            remarks.change(remark, own_id(), form.language.data, form.words.data or "")
            db.session.commit()
        except Refused as refused:
            form.refuse(refused.why)
        else:
            flash(_("Your remark is changed."), "ok")
            return _to(remark)
    about = remark.recommendation or "whole"
    return render_template("remarks/change.html", **_about(remark.draft), about=about, form=form, remark=remark)


@remarks_room.post(f"{ONE}/withdraw")
def withdraw(year: int, draft_id: int, remark_id: int) -> Any:
    remark = _asked(year, draft_id, remark_id)
    remarks.withdraw(remark, own_id())
    db.session.commit()
    flash(_("Your remark is withdrawn. Replies to it stay."), "ok")
    return see_other(_list_url(remark.draft, remark.recommendation_id))


@remarks_room.route(f"{ONE}/report", methods=["GET", "POST"])
@checks_own_token
def report(year: int, draft_id: int, remark_id: int) -> Any:
    remark, form = _asked(year, draft_id, remark_id), ReasonForm()
    if request.method == "GET" and (why := moderating.why_not_report(remark, own_id())):
        raise Refused(why)
    if form.validate_on_submit():
        try:
            moderating.report(remark, current_user.member_id, form.reason.data or "")
            db.session.commit()
        except Refused as refused:
            form.refuse(refused.why)
        else:
            flash(_("Thank you. The organisers look at this remark."), "ok")
            return _to(remark)
    return render_template("remarks/report.html", **_about(remark.draft), form=form, remark=remark)


# --- The group's answer -----------------------------------------------------------------------------


@remarks_room.route(f"{ONE}/answer", methods=["GET", "POST"])
@checks_own_token
def answer(year: int, draft_id: int, remark_id: int) -> Any:
    remark = _asked(year, draft_id, remark_id)
    kept = {"words": remark.answer, "taken_up": "yes" if remark.taken_up else "no"} if remark.answered_at else {}
    form = AnswerForm(seen=remarks.seen_of(remark), language=remark.answer_language or language(), **kept)
    if request.method == "GET" and (why := remarks.why_not_answer(remark, current_user)):
        raise Refused(why)
    if form.validate_on_submit():
        said = form.taken_up.data == "yes", form.words.data or "", form.language.data
        try:
            remarks.answer(remark, current_user, *said, form.seen.data or "")
            db.session.commit()
        except remarks.Overtaken as overtaken:
            form.refuse(overtaken.why)
            form.seen.data = remarks.seen_of(remark)
        except Refused as refused:
            form.refuse(refused.why)
        else:
            flash(_("The answer stands below the remark, and its author gets a mail."), "ok")
            return _to(remark)
    return render_template(
        "remarks/answer.html", **_about(remark.draft), about=remark.recommendation or "whole", form=form,
        remark=remark,
    )  # fmt: skip

"""Adopting a draft at a meeting of the group, with one tap each; and the minority notes beside it."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..access import checks_own_token, own_id, public, requires
from ..db import db
from ..editions.views import asked_edition
from ..errors import Refused, see_other
from ..i18n import language
from ..workgroups import insiders
from . import adopting, hearing, notes, remarks, wording
from .hearing_forms import NoteForm
from .hearing_models import Adoption, MinorityNote
from .models import Draft, Recommendation
from .remarks_views import asked_recommendation

adoption = Blueprint("adoption", __name__, url_prefix="/<int:year>/drafts/<int:draft_id>/adoption")
ASKED = "/asked/<int:adoption_id>"


def asked_draft(year: int, draft_id: int, inside: bool = True) -> Draft:
    """The draft in the address, for the people in its groups and organisers; `inside=False`: once it is published."""
    edition = asked_edition(year)
    draft = db.session.get(Draft, draft_id)
    if draft is None or draft.edition_id != edition.id:
        abort(404)
    belongs = own_id() is not None and remarks.belongs(current_user, draft)
    return draft if belongs or (not inside and draft.published_at) else abort(404)


def _asked(year: int, draft_id: int, adoption_id: int) -> Adoption:
    draft = asked_draft(year, draft_id)
    found = db.session.get(Adoption, adoption_id)
    return found if found is not None and found.draft_id == draft.id else abort(404)


def _said(word: str) -> bool | None:
    return adopting.ANSWERS[word] if word in adopting.ANSWERS else abort(404)


def _back(year: int, draft_id: int, part: str = "") -> Any:
    return see_other(url_for("adoption.show", year=year, draft_id=draft_id) + (f"#{part}" if part else ""))


@adoption.get("")
@public
def show(year: int, draft_id: int) -> str:
    """Numbers are for everybody once the draft is published; names and acts for the people in its groups."""
    draft = asked_draft(year, draft_id, inside=False)
    mine, standings = own_id(), adopting.standings(draft)
    belongs = mine is not None and remarks.belongs(current_user, draft)
    return render_template(
        "adoption/show.html", edition=draft.edition, draft=draft, title_of_draft=remarks.title_of(draft),
        standings=standings, belongs=belongs, me=mine, notes=notes.notes_of(draft), digest=wording.digest_of(draft),
        recommendations=[r for r in draft.recommendations if not r.withdrawn_at],
        why_not_reopen=adopting.why_not_reopen(draft),
        **(_for_insiders(draft, standings, mine) if mine is not None and belongs else {}),
    )  # fmt: skip


def _for_insiders(draft: Draft, standings: Sequence[adopting.Standing], mine: int) -> dict[str, Any]:
    """What the visitor may do in each group, and what stands in the way."""
    groups = [standing.group for standing in standings]
    return {
        "unanswered": hearing.unanswered(draft), "why_not_note": notes.why_not_write(draft, None, mine),
        "writes": {g.id: insiders.may_write(mine, g) for g in groups},
        "why_not_open": {g.id: adopting.why_not_open(draft, g, mine) for g in groups},
        "meetings": {g.id: adopting.meetings_for(g) for g in groups},
    }  # fmt: skip


@adoption.post("/<int:group_id>/open")
def open_(year: int, draft_id: int, group_id: int) -> Any:
    draft = asked_draft(year, draft_id)
    group = next((g for g in draft.groups if g.id == group_id), None) or abort(404)
    chosen = request.form.get("meeting", type=int)
    meeting = next((m for m in group.meetings if m.id == chosen), None)
    adopting.open_(draft, group, meeting, current_user.member_id)
    db.session.commit()
    flash(_("The question is put. Everybody who was present gets a mail, and answers with one tap."), "ok")
    return _back(year, draft_id, f"g{group_id}")


@adoption.post(f"{ASKED}/<said>")
def answer(year: int, draft_id: int, adoption_id: int, said: str) -> Any:
    """One tap: agree, do not agree, abstain."""
    asked = _asked(year, draft_id, adoption_id)
    adopting.answer(asked, current_user.member_id, _said(said))
    db.session.commit()
    flash(_("Your answer is kept. You can change it until the question is closed."), "ok")
    return _back(year, draft_id, f"g{asked.workgroup_id}")


@adoption.post(f"{ASKED}/for/<int:member_id>/<said>")
def enter(year: int, draft_id: int, adoption_id: int, member_id: int, said: str) -> Any:
    """The facilitator or the secretary, for somebody without a phone."""
    asked = _asked(year, draft_id, adoption_id)
    adopting.answer(asked, member_id, _said(said), by=current_user.member_id)
    db.session.commit()
    return _back(year, draft_id, f"p{member_id}")


@adoption.post(f"{ASKED}/close")
def close(year: int, draft_id: int, adoption_id: int) -> Any:
    asked = _asked(year, draft_id, adoption_id)
    is_adopted = adopting.close(asked, current_user.member_id)
    db.session.commit()
    if is_adopted:
        flash(_("The group has adopted the text."), "ok")
    else:
        flash(_("The group has not adopted the text. Change it, and ask again."), "warn")
    return _back(year, draft_id, f"g{asked.workgroup_id}")


@adoption.post(f"{ASKED}/take-back")
def take_back(year: int, draft_id: int, adoption_id: int) -> Any:
    asked = _asked(year, draft_id, adoption_id)
    adopting.take_back(asked, current_user.member_id)
    db.session.commit()
    flash(_("The question is taken back. Its answers do not count."), "ok")
    return _back(year, draft_id, f"g{asked.workgroup_id}")


@adoption.post("/reopen")
@requires("recommendations.organise")
def reopen(year: int, draft_id: int) -> Any:
    adopting.reopen(asked_draft(year, draft_id), current_user.member_id)
    db.session.commit()
    flash(
        _("The text is open again. The people of its groups get a mail: they can change it, and adopt it anew."), "ok"
    )
    return _back(year, draft_id)


# --- Minority notes ---------------------------------------------------------------------------------


@adoption.route("/note", methods=["GET", "POST"])
@checks_own_token
def note_on_whole(year: int, draft_id: int) -> Any:
    return _note(asked_draft(year, draft_id), None)


@adoption.route("/note/<int:recommendation_id>", methods=["GET", "POST"])
@checks_own_token
def note(year: int, draft_id: int, recommendation_id: int) -> Any:
    draft = asked_draft(year, draft_id)
    return _note(draft, asked_recommendation(draft, recommendation_id))


def _note(draft: Draft, about: Recommendation | None) -> Any:
    mine = notes.own(draft, about, current_user.member_id)
    form = NoteForm(words=mine.text if mine else "", language=mine.language if mine else language())
    if request.method == "GET" and (why := notes.why_not_write(draft, about, current_user.member_id)):
        raise Refused(why)
    if form.validate_on_submit():
        try:
            notes.write(draft, about, current_user.member_id, form.language.data, form.words.data or "")
            db.session.commit()
        except Refused as refused:
            form.refuse(refused.why)
        else:
            flash(_("Your note stands beside the text, under your name."), "ok")
            return _back(draft.edition.year, draft.id, "notes")
    return render_template(
        "adoption/note.html", edition=draft.edition, draft=draft, title_of_draft=remarks.title_of(draft),
        about=about or "whole", form=form, mine=mine,
    )  # fmt: skip


@adoption.post("/notes/<int:note_id>/withdraw")
def withdraw_note(year: int, draft_id: int, note_id: int) -> Any:
    draft = asked_draft(year, draft_id)
    found = db.session.get(MinorityNote, note_id)
    if found is None or found.draft_id != draft.id:
        abort(404)
    notes.withdraw(found, current_user.member_id)
    db.session.commit()
    flash(_("Your note is withdrawn."), "ok")
    return _back(year, draft_id, "notes")

"""Pages that belong to no room: today, about, health."""

import json
from typing import Any

from flask import Blueprint, current_app, flash, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import text

from . import mail, today
from .access import public
from .assembly import links, proxies
from .db import db
from .editions import rules as editions
from .errors import see_other
from .members.forms import ROLE_NAMES, LanguageForm
from .members.models import Member
from .recommendations import drafts, writers
from .recommendations import hearing as remarks
from .recommendations.views import STATE_NAMES
from .retention import headings, own_data
from .stocktake import statuses
from .themes import rules as themes
from .threads import mine
from .voting import keys
from .voting import rules as voting
from .workgroups import coming, feed, wished
from .workgroups import rules as workgroups

pages = Blueprint("pages", __name__)


@pages.get("/")
@public
def home() -> str:
    return render_template("pages/home.html", cards=today.cards(editions.current()))


@pages.get("/help")
@public
def help() -> str:
    return render_template("pages/help.html")


@pages.get("/privacy")
@public
def privacy() -> str:
    return render_template("pages/privacy.html")


@pages.get("/secret-vote")
@public
def secrecy() -> str:
    """How a vote stays secret, how the count is checked, and what neither protects against."""
    return render_template("pages/secrecy.html", signing_key=keys.public_signing_key())


@pages.get("/accessibility")
@public
def accessibility() -> str:
    return render_template("pages/accessibility.html")


@pages.get("/health")
@public
def health() -> Any:
    """Whether the service can do its work: 200 and {"ok": true} when the database answers."""
    db.session.execute(text("select 1"))
    return {"ok": True, "mode": current_app.config["MODE"]}


def current_member() -> Member:
    """The member who is signed in, whole."""
    return db.session.get_one(Member, current_user.member_id)


@pages.get("/me")
def me() -> str:
    """What concerns the member who is signed in: groups, votes (that, never what), themes, language."""
    member, calendar = current_member(), feed.of(current_user.member_id)
    return render_template(
        "pages/me.html", member=member, form=LanguageForm(obj=member), signups=workgroups.groups_of(member.id),
        unanswered=dict(coming.unanswered(member.id)), excused=coming.excused(member.id),
        feed_url=mail.link("feed.file", member.language, key=calendar.key) if calendar else None,
        votes=voting.votes_of(member.id), proxies=proxies.all_of(member.id), proposed=themes.proposed_by(member.id),
        supported=themes.supported_by(member.id), role_names=ROLE_NAMES, wishes=wished.lists_of(member.id),
        personal_links=links.standing(member.id), remarks=remarks.of_member(member.id),
        threads=mine.of_member(member.id), drafts=drafts.of_member(writers.known(member.id)),
        draft_state=drafts.state, draft_states=STATE_NAMES, answers_for=len(statuses.answered_for_by(member.id)),
    )  # fmt: skip


@pages.post("/me/language")
def my_language() -> Any:
    form = LanguageForm()
    if form.validate_on_submit():
        current_member().language = form.language.data
        db.session.commit()
        flash(_("Your mails now come in this language."), "ok")
    return see_other(url_for("pages.me"))


@pages.get("/me/data")
def my_data_page() -> str:
    """The same to read, to print or to save."""
    return render_template("pages/my_data.html", facts=own_data.of(current_member()), heading=headings.heading)


@pages.get("/me/data.json")
def my_data() -> Any:
    """Everything that is kept about the member, as one file for programs."""
    facts = own_data.of(current_member())
    answer = current_app.response_class(json.dumps(facts, default=str, ensure_ascii=False, indent=2))
    answer.mimetype = "application/json"
    answer.headers.set("Content-Disposition", "attachment", filename="sipvote.json")
    return answer

"""Pages that belong to no room: today, about, health."""

from typing import Any

from flask import Blueprint, current_app, render_template
from sqlalchemy import select, text

from . import audit
from .access import public, requires
from .db import db
from .members.models import Member

pages = Blueprint("pages", __name__)


@pages.get("/")
@public
def home() -> str:
    return render_template("pages/home.html")


@pages.get("/help")
@public
def help() -> str:
    return render_template("pages/help.html")


@pages.get("/privacy")
@public
def privacy() -> str:
    return render_template("pages/privacy.html")


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


@pages.get("/audit")
@requires("audit.read")
def audit_log() -> str:
    """What officials did, the newest first."""
    page = db.paginate(select(audit.Entry).order_by(audit.Entry.id.desc()), per_page=50, max_per_page=50)
    people = {m.id: m.name for m in db.session.scalars(select(Member).where(Member.id.in_(e.member_id for e in page)))}
    return render_template("pages/audit_log.html", page=page, people=people)


@pages.get("/me")
def me() -> str:
    """What concerns the member who is signed in."""
    return render_template("pages/me.html", member=current_member(), form=LanguageForm(obj=current_member()))


@pages.post("/me/language")
def my_language() -> Any:
    form = LanguageForm()
    if form.validate_on_submit():
        current_member().language = form.language.data
        db.session.commit()
        flash(_("Your mails now come in this language."), "ok")
    return see_other(url_for("pages.me"))

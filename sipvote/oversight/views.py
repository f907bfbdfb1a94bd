"""The log for who may read it, as a page and as files; its heads for everybody."""

from datetime import date
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _
from sqlalchemy import select

from .. import acts, audit
from ..access import public, requires
from ..db import db
from ..exports import csv_file, text_file
from . import heads, reading
from .models import Head

oversight = Blueprint("oversight", __name__, url_prefix="/audit")
PER_PAGE = 50


@oversight.get("")
@requires("audit.read")
def log() -> str:
    """What officials did, the newest first."""
    page = db.paginate(reading.found(**_asked()), per_page=PER_PAGE, max_per_page=PER_PAGE)
    names = reading.names_in(page.items)
    told = [(entry, reading.sentence(entry, names), reading.details(entry)) for entry in page.items]
    return render_template(
        "oversight/log.html", page=page, told=told, asked=_asked(), acts=sorted(acts.ACTS.items(), key=_by_name),
        last=heads.last(),
    )  # fmt: skip


def _by_name(act: tuple[str, Any]) -> str:
    return str(act[1])


def _asked() -> dict[str, Any]:
    """What the page's filters ask for; what makes no sense asks for nothing."""
    try:
        day = date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        day = None
    act = request.args.get("act", "")
    return {"who": request.args.get("who", "").strip()[:100], "act": act if act in acts.ACTS else "", "day": day}


@oversight.get("/log.csv")
@requires("audit.read")
def as_csv() -> Response:
    """The lines that were looked for, for a spreadsheet."""
    entries = db.session.scalars(reading.found(**_asked())).all()
    names = reading.names_in(entries)
    columns = [
        (_("Line"), lambda e: e.id),
        (_("When"), lambda e: e.at),
        (_("Number"), lambda e: e.actor),
        (_("What"), lambda e: reading.sentence(e, names)),
        (_("Details"), lambda e: "; ".join(": ".join(detail) for detail in reading.details(e))),
        (_("Hash"), lambda e: e.hash),
    ]
    return csv_file("audit", columns, entries)


@oversight.get("/log.jsonl")
@requires("audit.read")
def as_lines() -> Response:
    """The whole chain, as the verifier reads it."""
    return text_file("audit.jsonl", "application/jsonl", audit.lines())


@oversight.get("/heads")
@public
def published() -> str:
    """The heads of all days that are over, the newest first."""
    page = db.paginate(select(Head).order_by(Head.day.desc()), per_page=PER_PAGE, max_per_page=PER_PAGE)
    return render_template("oversight/published.html", page=page)


@oversight.get("/heads.jsonl")
@public
def heads_file() -> Response:
    return text_file("heads.jsonl", "application/jsonl", (head.exported() for head in heads.published()))

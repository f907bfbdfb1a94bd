"""The letters of the demonstration, on a page: no mail ever leaves, so this is where people read theirs."""

import re
from typing import Any

from flask import Blueprint, Response, abort, render_template, request
from flask_login import current_user
from markupsafe import Markup, escape
from sqlalchemy import select

from ..access import public
from ..db import db
from ..mail import Letter

demo_mails = Blueprint("demo_mails", __name__, url_prefix="/demo/mails")
PER_PAGE = 25
# Addresses on this machine, whatever the port was when the letter was written; nothing else becomes a link.
OWN_ADDRESS = re.compile(r"https?://(?:127\.0\.0\.1|localhost)(?::\d+)?(/[^\s<>\"]*)")


@demo_mails.get("")
@public
def index() -> str:
    wanted = request.args.get("q", "").strip()[:254]
    mine = bool(request.args.get("mine")) and current_user.is_authenticated
    letters = select(Letter).order_by(Letter.queued_at.desc(), Letter.id.desc())
    if wanted:
        letters = letters.where(Letter.address.icontains(wanted, autoescape=True))
    if mine:
        letters = letters.where(Letter.member_id == current_user.member_id)
    page = db.paginate(letters, per_page=PER_PAGE, max_per_page=PER_PAGE)
    return render_template("demo_mails/index.html", page=page, wanted=wanted, mine=mine)


@demo_mails.get("/<int:letter_id>")
@public
def letter(letter_id: int) -> str:
    found = db.get_or_404(Letter, letter_id)
    return render_template("demo_mails/letter.html", letter=found, body=with_links(found.body))


@demo_mails.get("/<int:letter_id>/sipvote.ics")
@public
def calendar(letter_id: int) -> Any:
    found = db.get_or_404(Letter, letter_id)
    if not found.calendar:
        abort(404)
    answer = Response(found.calendar, content_type=f"text/calendar; charset=utf-8; method={found.calendar_method}")
    answer.headers["Content-Disposition"] = "attachment; filename=sipvote.ics"
    return answer


def with_links(text: str) -> Markup:
    """The text, escaped, with its addresses of this very site as links that stay on the visitor's host."""
    parts, at = [], 0
    for found in OWN_ADDRESS.finditer(text):
        address, path = found[0].rstrip(".,;:!?)"), found[1].rstrip(".,;:!?)")
        parts += [escape(text[at : found.start()]), Markup('<a href="{}">{}</a>').format(path, address)]
        at = found.start() + len(address)
    return Markup("").join([*parts, escape(text[at:])])

"""The personal calendar feed: its address on one's own page, and the file that calendars fetch."""

from hashlib import sha256
from typing import Any

from flask import Blueprint, Response, abort, flash, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..access import public
from ..db import db
from ..errors import see_other
from ..i18n import in_language
from . import feed as feeds

feed = Blueprint("feed", __name__)


@feed.get("/calendar/<key>.ics")
@public
def file(key: str) -> Response:
    """The calendar, for whoever knows its address; a calendar that has it already gets 304."""
    found = feeds.named(key)
    if found is None:
        abort(404)
    from . import calendars  # here: its library is large, and few web processes ever need it

    with in_language(found.member.language):
        text = calendars.feed(feeds.meetings(found.member_id), feeds.assemblies(), found.made_at)
    answer = Response(text, content_type="text/calendar; charset=utf-8")
    answer.headers["Cache-Control"] = "private, max-age=900"
    answer.set_etag(sha256(text.encode()).hexdigest()[:32])
    answer.make_conditional(request)
    return answer


@feed.post("/me/calendar")
def make() -> Any:
    is_new = feeds.of(current_user.member_id) is None
    feeds.make(current_user.member_id)
    db.session.commit()
    flash(
        _("Your calendar has an address now.") if is_new else _("Here is the new address. The old one stopped."), "ok"
    )
    return see_other(url_for("pages.me") + "#calendar")

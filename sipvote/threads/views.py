"""The page of a thread: from a theme to what came of it."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, g, render_template
from flask_babel import gettext as _

from ..access import public
from ..db import db
from ..themes.models import Theme
from . import stations, words


class Once:
    """Says each thing once, and again from memory: forty recommendations share a few states and days."""

    def __init__(self) -> None:
        self._said: dict[tuple[Any, ...], Any] = {}

    def __call__(self, say: Callable[..., Any], *about: Any) -> Any:
        key = (getattr(say, "name", say), *about)
        if key not in self._said:
            self._said[key] = say(*about)
        return self._said[key]


threads = Blueprint("threads", __name__, url_prefix="/threads")


@threads.get("/<int:theme_id>")
@public
def show(theme_id: int) -> str:
    """The whole thread, whichever of its themes is asked for; that one gives the title."""
    parts = stations.thread_of(theme_id)
    asked = next((part.theme for part in parts if part.theme.id == theme_id), None)
    if asked is None:
        theme = db.session.get(Theme, theme_id)
        abort(410 if theme else 404, _("The member who proposed this theme has withdrawn it.") if theme else None)
    g.edition = asked.edition
    return render_template("threads/show.html", theme=asked, parts=parts, words=words, once=Once())

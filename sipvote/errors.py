"""What happens when something cannot be done: one exception for rules, one page for every error."""

import logging
from typing import Any

from flask import Flask, Response, flash, g, redirect, render_template, request
from flask.globals import request_ctx
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import Forbidden, HTTPException, SecurityError
from werkzeug.wrappers import Response as BaseResponse

from .logs import request_id

__all__ = ["Forbidden", "Refused", "init_app"]
log = logging.getLogger(__name__)


class Refused(Exception):
    """A rule says no. `why` is a whole sentence in the visitor's language, with what to do."""

    def __init__(self, why: Any) -> None:
        super().__init__(str(why))
        self.why = str(why)


def _page(code: int, title: str, text: str) -> tuple[str, int]:
    # Then the page asks nothing of the database; nor of the routes, when the host was not ours.
    g.broken = code >= 500 or request_ctx.url_adapter is None
    name = request_id() if code >= 500 else ""
    return render_template("error.html", code=code, title=title, text=text, bare=g.broken, request_id=name), code


def _texts(error: HTTPException) -> tuple[str, str]:
    """Give the title and the sentence for an HTTP error."""
    texts = {
        400: (_("We could not read that"), _("Go back, reload the page and try again.")),
        403: (_("This page is not for you"), _("Sign in with another account, or go to the first page.")),
        404: (_("We cannot find this page"), _("Check the address, or start again from the first page.")),
        405: (_("We cannot find this page"), _("Check the address, or start again from the first page.")),
        409: (_("This is not possible now"), _("Reload the page to see how things stand.")),
        410: (_("This page is gone"), _("Start again from the first page.")),
        413: (_("This file is too large"), _("Send a file of at most 20 MB.")),
        429: (_("That was too often"), _("Wait a few minutes and try again.")),
        503: (_("One moment, please"), _("It is very busy. Nothing is lost. Try again in a minute.")),
    }
    title, text = texts.get(error.code or 500, (_("Something went wrong"), _("Try again in a few minutes.")))
    # Our own sentences win over the general one; Werkzeug's English defaults do not.
    own = error.description if error.description != type(error).description else None
    if isinstance(error, SecurityError):  # it would repeat the host that somebody made up
        own = None
    return title, str(own or text)


def _on_http_error(error: HTTPException) -> Any:
    if error.code is not None and error.code < 400:
        return error
    title, text = _texts(error)
    return _page(error.code or 500, title, text)


def _on_refused(error: Refused) -> Any:
    """Tell why on the page where the button stood; without such a page, on a page of its own."""
    back = own_path(request.referrer)
    if request.method == "POST" and back:
        flash(error.why, "bad")
        return redirect(back, code=303)
    return _page(409, _("This is not possible now"), error.why)


def _on_csrf(error: CSRFError) -> Any:
    text = _("This page was open for too long, or in two windows. Go back, reload it and send it again.")
    return _page(400, _("Please send it again"), text)


def _on_database(error: OperationalError) -> Any:
    # Disk full, database restarting: nothing was committed, so "try again" is the truth.
    log.error("database: %s", type(error.orig).__name__)
    return _page(503, _("One moment, please"), _("It is very busy. Nothing is lost. Try again in a minute."))


def _on_fault(error: Exception) -> Any:
    # The type and the place are logged, never the message: it may hold what somebody typed.
    log.error("fault in %s: %s", request.endpoint, type(error).__name__, exc_info=_trace_only(error))
    return _page(500, _("Something went wrong"), _("It is our fault, and it is noted. Try again in a few minutes."))


def _trace_only(error: Exception) -> Any:
    bare = type(error).__new__(type(error)) if type(error).__module__ == "builtins" else Exception()
    return (type(bare), bare, error.__traceback__)


def this_page() -> str:
    """The path of the page being asked for, with language and query: where to come back to."""
    return request.script_root + request.full_path.rstrip("?")


def own_path(address: str | None) -> str | None:
    """Give the path of an address on this very host, or None: redirects never leave the site."""
    if not address or "\\" in address or any(ord(c) < 32 for c in address):
        return None
    path = address.removeprefix(request.host_url.rstrip("/")) if address.startswith("http") else address
    return path if path.startswith("/") and not path.startswith("//") else None


def init_app(app: Flask) -> None:
    """Register a page for every error."""
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(CSRFError, _on_csrf)
    app.register_error_handler(Refused, _on_refused)
    app.register_error_handler(OperationalError, _on_database)
    if not app.testing:
        app.register_error_handler(Exception, _on_fault)


def see_other(url: str) -> BaseResponse | Response:
    """Redirect after a POST (303), so that reloading never sends twice."""
    return redirect(url, code=303)

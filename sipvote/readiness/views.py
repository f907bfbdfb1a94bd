"""Pages about the service itself: how it stands, its numbers for Prometheus, and whom to tell of a hole in it."""

import hmac
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, abort, current_app, render_template, request
from flask_babel import gettext as _

from .. import metrics
from ..access import public, requires
from ..db import now
from . import running, standing
from .facts import Facts

service = Blueprint("service", __name__)
SECURITY_TXT_LASTS = timedelta(days=180)


@service.get("/health/service")
@requires("service.watch")
def health() -> str:
    """What `check --deploy` says, for organisers."""
    facts, found = standing()
    return render_template("service/health.html", findings=found, facts=facts, lines=_lines(facts))


def _lines(facts: Facts) -> list[tuple[str, Any]]:
    """What is good to know beside: (name, moment or None)."""
    return [(_("The worker was last alive"), running.last_beat(facts)), (_("Last backup"), facts.backup)]


@service.get("/metrics")
@public
def numbers() -> Response:
    """For Prometheus, which shows its token; for nobody else there is such a page."""
    token = current_app.config["METRICS_TOKEN"]
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(shown.encode(), token.encode()):
        abort(404)
    return Response(metrics.shown(), content_type="text/plain; version=0.0.4; charset=utf-8")


@service.get("/.well-known/security.txt")
@public
def security_txt() -> Response:
    """Whom to tell, as RFC 9116 has it."""
    lines = {
        "Contact": f"mailto:{current_app.config['CONTACT']}",
        "Expires": (now() + SECURITY_TXT_LASTS).strftime("%Y-%m-%dT00:00:00Z"),
        "Preferred-Languages": "nl, fr, en",
        "Canonical": f"{current_app.config['BASE_URL']}/.well-known/security.txt",
        "Policy": f"{current_app.config['BASE_URL']}/en/security",
    }
    text = "".join(f"{name}: {value}\n" for name, value in lines.items())
    return Response(text, content_type="text/plain; charset=utf-8")


@service.get("/security")
@public
def disclosure() -> str:
    return render_template("service/disclosure.html")

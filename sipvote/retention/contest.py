"""How long a vote may be contested: a setting of the installation, which a lawyer must check."""

from datetime import timedelta

from flask import current_app


def period() -> timedelta:
    """What proves a vote is kept so long after its publication."""
    return timedelta(days=current_app.config["CONTEST_DAYS"])

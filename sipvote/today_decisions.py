"""What the board can do today about its decisions, and what members can read of them."""

from collections.abc import Iterator
from datetime import timedelta

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from .access import may
from .db import now
from .decisions import finding, publishing
from .i18n import day
from .today_card import Card

# How long the first page tells that decisions were published.
NEWS = timedelta(days=60)


def cards() -> Iterator[Card]:
    """For everybody: decisions that were published lately, of whatever year."""
    latest = finding.latest()
    if latest is None or latest.published_at is None or latest.published_at < now() - NEWS:
        return
    text = _("Published on %(day)s: what it decided on each recommendation, and why.", day=day(latest.published_at))
    url = url_for("decisions.index", year=latest.recommendation.year)
    yield Card(_("The board has decided"), text, url, _("Read the decisions"))


def for_the_board() -> Iterator[Card]:
    """Decisions to draft, to publish, and late ones."""
    if not may("decisions.decide"):
        return
    years = finding.progress()
    waiting, drafted = sum(y.waiting for y in years), sum(y.drafted for y in years)
    if waiting > drafted:
        text = _("%(drafted)s of %(all)s drafted.", drafted=drafted, all=waiting)
        yield Card(_("Draft the board’s decisions"), text, url_for("board.index"), _("To the board’s page"))
    ready = publishing.how_many().ready if drafted else 0
    if ready:
        text = ngettext("%(num)d draft is complete.", "%(num)d drafts are complete.", ready)
        yield Card(_("Publish the board’s decisions"), text, url_for("board.publish"), _("Look at all, and publish"))
    if late := finding.how_many_late():
        text = ngettext("%(num)d decision is past its due date.", "%(num)d decisions are past their due date.", late)
        yield Card(_("Late decisions"), text, url_for("board.decided", late=1), _("See what is late"))

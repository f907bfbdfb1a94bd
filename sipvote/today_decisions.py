"""What the board can do today about its decisions, what members can read of them, and what came of it all."""

from collections.abc import Iterator
from datetime import timedelta

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from .access import may
from .db import now
from .decisions import finding, publishing
from .editions.models import Edition, Phase
from .i18n import day
from .recommendations import bundling
from .stocktake import statuses
from .stocktake.answering import ENDS
from .today_card import Card

# How long the first page tells that decisions were published.
NEWS = timedelta(days=60)


def cards(edition: Edition) -> Iterator[Card]:
    """For everybody: what is with the board, what it decided lately, and how far everything is."""
    yield from _to_answer_for()
    latest = finding.latest()
    is_of_this_year = latest is not None and latest.recommendation.year == edition.year
    if edition.phase == Phase.DECISIONS and not is_of_this_year:
        yield from _with_the_board(edition)
    if latest and latest.published_at and (is_of_this_year or latest.published_at >= now() - NEWS):
        text = _("Published on %(day)s: what it decided on each recommendation, and why.", day=day(latest.published_at))
        url = url_for("decisions.index", year=latest.recommendation.year)
        yield Card(_("The board has decided"), text, url, _("Read the decisions"), is_of_this_year)
    if edition.phase == Phase.STOCKTAKE:
        text = _("How far each recommendation is, with figures since 2015.")
        yield Card(_("What came of the recommendations?"), text, url_for("stocktake.index"), _("To the stocktake"))


def _with_the_board(edition: Edition) -> Iterator[Card]:
    """Between the bundle and the decisions: what the board has before it."""
    bundle = bundling.of_edition(edition)
    if bundle and bundle.submitted_at:
        text = _("The recommendations of the workgroups are submitted. The board decides, then publishes why.")
        url = url_for("bundle.index", year=edition.year)
        yield Card(_("The board has the recommendations"), text, url, _("Read what it received"))


def _to_answer_for() -> Iterator[Card]:
    """For who answers for recommendations that are not finished."""
    mine = statuses.answered_for_by(current_user.member_id) if current_user.is_authenticated else []
    standing = statuses.current(r.id for r in mine) if mine else {}
    left = sum(standing[r.id].status not in ENDS for r in mine)
    if left:
        text = ngettext("You answer for %(num)d recommendation that is not finished.",
                        "You answer for %(num)d recommendations that are not finished.", left)  # fmt: skip
        yield Card(_("Say how far it is"), text, url_for("recommendations.mine"), _("To what I answer for"))


def to_submit(edition: Edition) -> Iterator[Card]:
    """For organisers: texts that are adopted, and not with the board yet."""
    is_time = edition.phase in (Phase.RECOMMENDATIONS, Phase.DECISIONS)
    if is_time and may("recommendations.organise") and bundling.why_not_submit(edition) is None:
        text = _("Groups have adopted their texts. Read them through in one document, then submit it.")
        url = url_for("bundle.index", year=edition.year)
        yield Card(_("Submit the recommendations to the board"), text, url, _("To the bundle"))


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

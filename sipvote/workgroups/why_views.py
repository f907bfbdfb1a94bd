"""Why this group: what came of a member's wishes, and how the lot put them where they are."""

from typing import Any

from flask import Blueprint, render_template
from flask_login import current_user

from ..editions.models import Edition
from ..editions.views import asked_edition
from ..voting import lot
from . import placing, reasons, telling, ways
from .models import Signup
from .rules import groups_of, signup_of

why = Blueprint("why", __name__, url_prefix="/<int:year>/groups/wishes")


@why.get("/why")
def show(year: int) -> Any:
    """Only once everybody is told, and only one's own."""
    edition = asked_edition(year)
    frozen = ways.assignment_of(edition)
    mine = next(iter(telling.lists_of(edition, current_user.member_id)), None)
    is_told = frozen is not None and frozen.told_at is not None
    if frozen is None or not is_told or mine is None or mine.why is None:
        return render_template("why/none.html", edition=edition, is_told=is_told)
    came, number = telling.came_of(mine), current_user.member_id
    signup = signup_of(number, mine.given) if mine.given else None
    return render_template(
        "why/show.html", edition=edition, frozen=frozen, mine=mine, came=came, signup=signup, number=number,
        reason=reasons.why_none(came, mine.why), now_in=_now_in(edition, number),
        text=lot.text(frozen.wishes_hash, frozen.draw or "", number), mark=placing.mark(frozen, number),
        numbers=telling.wished([c.into or c.group for c in came]), turn=placing.turn(frozen, number),
    )  # fmt: skip


def _now_in(edition: Edition, member_id: int) -> list[Signup]:
    """The groups of the edition in which the member has, is offered or waits for a place now."""
    return [signup for signup, _next in groups_of(member_id) if signup.workgroup.edition_id == edition.id]

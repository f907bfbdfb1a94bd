"""Where organisers give everybody a group: freeze the wishes, draw the lot, look at the outcome, mend it, tell it."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..access import requires
from ..db import db
from ..editions.models import Edition
from ..editions.views import asked_edition
from ..errors import Refused, see_other
from ..exports import csv_file, xlsx_file
from . import choosing, merging, placing, telling, ways
from .assignment import TooFew
from .exports import MODE_NAMES, OUTCOME_COLUMNS, PROFILE_NAMES
from .models import Mode
from .placing import Outcome
from .pledges import Book
from .views import asked_group

desk = Blueprint("assignment_desk", __name__, url_prefix="/<int:year>/groups/assignment")
FILES = {"csv": csv_file, "xlsx": xlsx_file}


@dataclass(frozen=True)
class Look:
    """The outcome that is looked at; before the draw there is none. `faults` say why minima cannot be kept."""

    outcome: Outcome | None
    keep: bool
    faults: list[str]


def _look(edition: Edition, book: Book) -> Look:
    """What is asked for in the address: with `keep`, every group reaches its minimum, if that is possible."""
    frozen, keep = ways.assignment_of(edition), "keep" in request.values
    if frozen is None or frozen.draw is None:
        return Look(None, False, [])
    try:
        return Look(placing.outcome(edition, keep, book), keep, [])
    except TooFew as fault:
        return Look(placing.outcome(edition, book=book), False, placing.too_few(book, fault))


@desk.get("/")
@requires("workgroups.plan")
def index(year: int) -> str:
    """The four steps; after the draw the outcome, group by group."""
    edition = asked_edition(year)
    book, frozen = Book(edition), ways.assignment_of(edition)
    is_told = frozen is not None and frozen.told_at is not None
    look = Look(None, False, []) if is_told else _look(edition, book)
    is_checked = placing.is_unchanged(edition) if "check" in request.args and frozen else None
    return render_template(
        "assignment_desk/index.html", edition=edition, frozen=frozen, look=look, outcome=look.outcome, book=book,
        groups=choosing.in_order(book.open_groups), is_told=is_told, is_checked=is_checked, modes=MODE_NAMES,
        pledged=placing.pledged(edition), why_not=choosing.why_not_by_wishes(edition),
        small=merging.proposals(book, look.outcome) if frozen and not is_told else [],
        closed=merging.closed(book) if frozen else [], why_not_freeze=placing.why_not_freeze(edition),
        why_not_unfreeze=placing.why_not_unfreeze(edition),
    )  # fmt: skip


@desk.post("/freeze")
@requires("workgroups.plan")
def freeze(year: int) -> Any:
    edition = asked_edition(year)
    placing.freeze(edition, "mixes" in request.form, current_user.member_id)
    db.session.commit()
    flash(_("The wishes are frozen. Publish the hash before you draw the lot."), "ok")
    return _back(edition)


@desk.post("/unfreeze")
@requires("workgroups.plan")
def unfreeze(year: int) -> Any:
    edition = asked_edition(year)
    placing.unfreeze(edition, current_user.member_id)
    db.session.commit()
    flash(_("The wishes are no longer frozen."), "ok")
    return _back(edition)


@desk.post("/draw")
@requires("workgroups.plan")
def draw(year: int) -> Any:
    edition = asked_edition(year)
    placing.draw(edition, request.form.get("draw", ""), current_user.member_id)
    db.session.commit()
    flash(_("The lot is drawn. Here is what comes out."), "ok")
    return _back(edition)


@desk.get("/<int:group_id>")
@requires("workgroups.plan")
def group(year: int, group_id: int) -> str:
    """Who gets a place in a group, by which wish, and who could come but has none."""
    group = asked_group(year, group_id)
    book = Book(group.edition)
    look = _look_untold(group.edition, book)
    if look.outcome is None:
        raise Refused(_("The lot is not drawn yet."))
    return render_template(
        "assignment_desk/group.html", edition=group.edition, group=group, look=look, modes=MODE_NAMES,
        profiles=PROFILE_NAMES, ways=merging.other_ways(book, group),
        given=look.outcome.given(group), left_out=look.outcome.left_out(group),
    )  # fmt: skip


def _look_untold(edition: Edition, book: Book) -> Look:
    """The outcome, as long as it is one: afterwards the pages of the groups say who is in them."""
    if ways.is_told(edition):
        raise Refused(_("Everybody has been told their group, so this cannot be changed here any more."))
    return _look(edition, book)


@desk.post("/<int:group_id>/merge")
@requires("workgroups.plan")
def merge(year: int, group_id: int) -> Any:
    group = asked_group(year, group_id)
    target = asked_group(year, request.form.get("into", 0, type=int))
    merging.merge(group, target, current_user.member_id)
    db.session.commit()
    flash(_("The wishes for %(group)s count for %(target)s now.", group=group, target=target), "ok")
    return _back(group.edition)


@desk.post("/<int:group_id>/mode")
@requires("workgroups.plan")
def mode(year: int, group_id: int) -> Any:
    group, word = asked_group(year, group_id), request.form.get("mode")
    if word not in list(Mode):
        raise Refused(_("Choose how the group meets."))
    merging.meet(group, Mode(word), current_user.member_id)
    db.session.commit()
    flash(_("%(group)s meets in another way now: %(mode)s.", group=group, mode=MODE_NAMES[group.mode]), "ok")
    return _back(group.edition)


@desk.post("/<int:group_id>/close")
@requires("workgroups.plan")
def close(year: int, group_id: int) -> Any:
    group = asked_group(year, group_id)
    merging.close(group, current_user.member_id)
    db.session.commit()
    flash(_("%(group)s is not held. The other wishes of its people count.", group=group), "ok")
    return _back(group.edition)


@desk.post("/<int:group_id>/reopen")
@requires("workgroups.plan")
def reopen(year: int, group_id: int) -> Any:
    group = asked_group(year, group_id)
    merging.reopen(group, current_user.member_id)
    db.session.commit()
    flash(_("%(group)s is open again.", group=group), "ok")
    return _back(group.edition)


@desk.route("/tell", methods=["GET", "POST"])
@requires("workgroups.plan")
def tell(year: int) -> Any:
    """First the numbers of what will happen, then, on a press, it happens."""
    edition = asked_edition(year)
    if request.method == "POST":
        seal, keep = request.form.get("seal", ""), "keep" in request.form
        found = telling.tell(edition, seal, keep, current_user.member_id)
        db.session.commit()
        flash(_("Everybody gets a letter now. %(placed)s people have a group.", placed=found.placed), "ok")
        return _back(edition)
    if why := telling.why_not_tell(edition):
        raise Refused(why)
    book = Book(edition)
    look = _look(edition, book)
    no_dates = [g for g in choosing.in_order(book.open_groups) if not g.meetings]
    return render_template("assignment_desk/tell.html", edition=edition, look=look, no_dates=no_dates)


@desk.get("/outcome.<any(csv, xlsx):kind>")
@requires("workgroups.plan")
def outcome(year: int, kind: str) -> Response:
    """Everybody whose list counts, with their group, as it was told or as it is now."""
    edition = asked_edition(year)
    name = f"sipvote-{year}-assignment"
    if ways.is_told(edition):
        return FILES[kind](name, OUTCOME_COLUMNS, telling.told(edition))
    book = Book(edition)
    look = _look(edition, book)
    if look.outcome is None:
        abort(404)
    return FILES[kind](name, OUTCOME_COLUMNS, telling.lines(look.outcome))


def _back(edition: Edition) -> Any:
    """The desk again, with what was looked at."""
    return see_other(url_for(".index", year=edition.year, keep=1 if "keep" in request.form else None))

"""What organisers do with remarks: look at the latest and at the reported, hide with a reason, show again."""

from collections import defaultdict
from collections.abc import Iterable

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload, selectinload

from .. import audit
from ..db import db, now
from ..editions.models import Edition
from ..errors import Refused
from . import remark_letters as letters
from .hearing import STANDS
from .hearing_models import Remark, RemarkReport
from .models import Draft

LONGEST_REASON = 300
SHOWS = {"": _l("The latest"), "reported": _l("Reported"), "unanswered": _l("Not answered yet"), "hidden": _l("Hidden")}
OPEN_REPORT = select(RemarkReport.remark_id).where(
    RemarkReport.remark_id == Remark.id, RemarkReport.settled_at.is_(None)
).exists()  # fmt: skip
WANTED: dict[str, tuple[ColumnElement[bool], ...]] = {
    "": (Remark.withdrawn_at.is_(None),),
    "reported": (OPEN_REPORT, Remark.withdrawn_at.is_(None), Remark.hidden_at.is_(None)),
    # Of texts that the group can still change.
    "unanswered": (*STANDS, Remark.parent_id.is_(None), Remark.answered_at.is_(None), Draft.adopted_at.is_(None)),
    "hidden": (Remark.hidden_at.is_not(None), Remark.withdrawn_at.is_(None)),
}


def latest(edition: Edition, show: str = "") -> Select[Remark]:
    """The remarks on all drafts of an edition, the newest first, with replies."""
    wanted = select(Remark).join(Remark.draft).where(Draft.edition_id == edition.id, *WANTED[show])
    people = joinedload(Remark.member), selectinload(Remark.recommendation)
    about = selectinload(Remark.draft).selectinload(Draft.theme)
    return wanted.options(*people, about).order_by(Remark.written_at.desc(), Remark.id.desc())


def how_many(edition: Edition) -> dict[str, int]:
    """The number beside each filter."""
    every = select(func.count()).select_from(Remark).join(Remark.draft).where(Draft.edition_id == edition.id)
    return {show: db.session.scalar(every.where(*which)) or 0 for show, which in WANTED.items()}


def reports_of(remarks: Iterable[Remark]) -> dict[int, list[RemarkReport]]:
    """What members asked the organisers to look at, and they have not settled, by the remark."""
    ids = [remark.id for remark in remarks]
    found = select(RemarkReport).where(RemarkReport.remark_id.in_(ids), RemarkReport.settled_at.is_(None))
    by_remark: dict[int, list[RemarkReport]] = defaultdict(list)
    for report in db.session.scalars(found.options(joinedload(RemarkReport.member)).order_by(RemarkReport.reported_at)):
        by_remark[report.remark_id].append(report)
    return by_remark


# --- Reporting --------------------------------------------------------------------------------------


def why_not_report(remark: Remark, member_id: int | None) -> str | None:
    """The sentence why a member cannot report a remark, or None."""
    if member_id is None:
        return _("Sign in to report a remark.")
    if remark.withdrawn_at or remark.hidden_at:
        return _("This remark is gone already.")
    if remark.member_id == member_id:
        return _("This is your own remark. You can withdraw it.")
    if db.session.get(RemarkReport, (remark.id, member_id)):
        return _("You reported this remark already. The organisers look at it.")
    return None


def report(remark: Remark, member_id: int, reason: str) -> None:
    """Ask the organisers to look at a remark; each member once. Raises Refused."""
    if why := why_not_report(remark, member_id):
        raise Refused(why)
    reason = _checked(reason)
    try:
        with db.session.begin_nested():
            made = RemarkReport(remark_id=remark.id, member_id=member_id, reason=reason, reported_at=now())
            db.session.add(made)
    except IntegrityError:
        raise Refused(_("You reported this remark already. The organisers look at it.")) from None


def _checked(reason: str) -> str:
    reason = " ".join(reason.replace("\0", "").split())
    if not reason:
        raise Refused(_("Write the reason."))
    if len(reason) > LONGEST_REASON:
        raise Refused(_("Write at most %(n)s characters.", n=LONGEST_REASON))
    return reason


# --- Deciding ---------------------------------------------------------------------------------------


def why_not_hide(remark: Remark) -> str | None:
    """The sentence why organisers cannot hide a remark, or None."""
    if remark.withdrawn_at:
        return _("This remark was withdrawn.")
    return _("This remark is hidden already.") if remark.hidden_at else None


def hide(remark: Remark, reason: str, by: int) -> None:
    """Take a remark out of everybody's sight but its author's, who is told why. Raises Refused."""
    _hold(remark)
    if why := why_not_hide(remark):
        raise Refused(why)
    remark.hidden_at, remark.hidden_reason, remark.hidden_by_id = now(), _checked(reason), by
    _settle(remark, by)
    letters.hidden(remark)
    audit.record("hide remark", f"remark {remark.id}", by, reason=remark.hidden_reason)


def show_again(remark: Remark, by: int) -> None:
    """Let everybody read a hidden remark again, and tell its author. Raises Refused."""
    _hold(remark)
    if remark.hidden_at is None:
        raise Refused(_("This remark is not hidden."))
    remark.hidden_at = remark.hidden_reason = remark.hidden_by_id = None
    letters.shown_again(remark)
    audit.record("show remark again", f"remark {remark.id}", by)


def leave(remark: Remark, by: int) -> None:
    """Decide that a reported remark stays. Twice is once."""
    if _settle(remark, by):
        audit.record("leave reported remark", f"remark {remark.id}", by)


def _settle(remark: Remark, by: int) -> int:
    open_ones = update(RemarkReport).where(RemarkReport.remark_id == remark.id, RemarkReport.settled_at.is_(None))
    settled = db.session.execute(open_ones.values(settled_at=now(), settled_by_id=by))
    return int(settled.rowcount)  # type: ignore[attr-defined]


def _hold(remark: Remark) -> None:
    db.session.flush()
    db.session.refresh(remark, with_for_update={"of": Remark})

"""The minutes of a group's meeting: notes by the secretary, submitted, approved by those who were present.

An answer counts when it was given after the words were last changed: so a change after submission asks again,
and no answer is ever thrown away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from ..db import db, now
from ..errors import Refused
from ..i18n import day
from ..members.models import Member
from . import group_letters as letters
from . import insiders
from .life_models import Minutes, MinutesAnswer
from .models import Attendance, Meeting, Signup, Workgroup

SILENCE_APPROVES_AFTER = timedelta(days=14)
LONGEST = 50_000


class Overtaken(Refused):
    """Somebody else wrote since this page was opened: what they wrote stands, and nothing of either is lost."""


@dataclass(frozen=True)
class Standing:
    """How submitted minutes stand: who was present, and what they say of the words as they are now."""

    present: Sequence[Member]
    approved: Sequence[Member]
    remarks: Sequence[MinutesAnswer]
    older_remarks: Sequence[MinutesAnswer]
    closes_at: datetime

    @property
    def is_approved(self) -> bool:
        """All who were present approved, or nobody objected for two weeks."""
        if self.remarks:
            return False
        return len(self.approved) == len(self.present) or now() >= self.closes_at

    @property
    def sentence(self) -> str:
        facts = {"n": len(self.approved), "all": len(self.present)}
        if self.is_approved and facts["n"] < facts["all"]:
            return _(
                "Approved: %(n)s of %(all)s who were present said so, and nobody objected within two weeks.", **facts
            )
        said = _("Approved by %(n)s of %(all)s who were present.", **facts)
        if self.remarks:
            said += " " + ngettext("%(num)d asks for a change.", "%(num)d ask for a change.", len(self.remarks))
        elif not self.is_approved:
            said += " " + _("Without a remark they count as approved on %(day)s.", day=day(self.closes_at))
        return said


# --- Reading ----------------------------------------------------------------------------------------


def of_meeting(meeting: Meeting) -> Minutes | None:
    """The minutes of a meeting as they stand."""
    wanted = select(Minutes).where(Minutes.meeting_id == meeting.id)
    return db.session.scalar(wanted.execution_options(populate_existing=True))


def of_group(group: Workgroup) -> dict[int, Minutes]:
    """The minutes of all meetings of a group, by the meeting."""
    wanted = select(Minutes).where(Minutes.meeting_id.in_([m.id for m in group.meetings]))
    return {found.meeting_id: found for found in db.session.scalars(wanted)}


def present_at(meeting: Meeting, guests: bool = False) -> Sequence[Member]:
    """Who came, by name: members with a place, who approve the minutes; with `guests` also those who only wait."""
    came = (
        select(Member)
        .join(Signup, Signup.member_id == Member.id)
        .join(Attendance, Attendance.signup_id == Signup.id)
        .where(Attendance.meeting_id == meeting.id, Attendance.came.is_(True))
        .order_by(Member.name, Member.id)
    )
    if not guests:
        came = came.where(Signup.seat.is_not(None), Signup.confirm_by.is_(None))
    return db.session.scalars(came).all()


def standing(minutes: Minutes) -> Standing | None:
    """How the minutes stand; None before they are submitted."""
    if minutes.submitted_at is None:
        return None
    said = select(MinutesAnswer).where(MinutesAnswer.meeting_id == minutes.meeting_id)
    answers = db.session.scalars(said.options(selectinload(MinutesAnswer.member)).order_by(MinutesAnswer.answered_at))
    present = present_at(minutes.meeting)
    here = {m.id for m in present}
    found = [a for a in answers if a.member_id in here]
    now_said = [a for a in found if a.answered_at >= minutes.written_at]
    return Standing(
        present=present,
        approved=[a.member for a in now_said if a.remark is None],
        remarks=[a for a in now_said if a.remark is not None],
        older_remarks=[a for a in found if a.answered_at < minutes.written_at and a.remark is not None],
        closes_at=max(minutes.submitted_at, minutes.written_at) + SILENCE_APPROVES_AFTER,
    )


# --- Writing ----------------------------------------------------------------------------------------


def why_not_write(meeting: Meeting, member_id: int) -> str | None:
    """The sentence why somebody cannot write these minutes, or None."""
    if not insiders.may_write(member_id, meeting.workgroup):
        return _("The group’s secretary and its facilitators write the minutes.")
    if meeting.workgroup.cancelled_at:
        return _("This group was cancelled.")
    return None


def write(meeting: Meeting, text: str, seen: str, by: int) -> Minutes:
    """Keep the words. `seen` is the `written_at` (ISO) of what the writer had before them, "" for nothing yet.

    The same words again change nothing, so a save whose answer was lost is safe to send again. Raises Refused, and
    Overtaken when somebody else wrote meanwhile.
    """
    if why := why_not_write(meeting, by):
        raise Refused(why)
    text = text.replace("\r\n", "\n").replace("\0", "").strip()  # PostgreSQL keeps no NUL
    if len(text) > LONGEST:
        raise Refused(_("Write at most %(n)s characters.", n=LONGEST))
    minutes = of_meeting(meeting)
    if minutes is None:
        return _begin(meeting, text, by)
    if minutes.text == text:
        return minutes
    if seen != minutes.written_at.isoformat():
        raise _overtaken(minutes)
    as_seen = update(Minutes).where(Minutes.meeting_id == meeting.id, Minutes.written_at == minutes.written_at)
    kept = db.session.execute(as_seen.values(text=text, author_id=by, written_at=now()))
    if not kept.rowcount:  # type: ignore[attr-defined]
        raise _overtaken(_there(meeting))
    _ask_again(_there(meeting))
    return _there(meeting)


def _begin(meeting: Meeting, text: str, by: int) -> Minutes:
    try:
        with db.session.begin_nested():
            db.session.add(Minutes(meeting_id=meeting.id, text=text, author_id=by, written_at=now()))
    except IntegrityError:
        raise _overtaken(_there(meeting)) from None
    return _there(meeting)


def _there(meeting: Meeting) -> Minutes:
    minutes = of_meeting(meeting)
    if minutes is None:
        raise Refused(_("These minutes are gone. Reload the page."))
    return minutes


def _locked(meeting: Meeting) -> Minutes:
    """The minutes, which nobody changes before this transaction ends: an answer is about the words that were read."""
    db.session.execute(select(Minutes.meeting_id).where(Minutes.meeting_id == meeting.id).with_for_update())
    return _there(meeting)


def _overtaken(minutes: Minutes) -> Overtaken:
    who = minutes.author.name if minutes.author else _("Somebody")
    return Overtaken(
        _("%(name)s wrote in these minutes while this page was open. Nothing is lost: both texts are below.", name=who)
    )


def _ask_again(minutes: Minutes) -> None:
    """After a change of what was submitted: whoever had answered is asked anew."""
    if minutes.submitted_at is None:
        return
    for answer in minutes.answers:
        if answer.member_id != minutes.author_id:
            letters.minutes_to_approve(minutes.meeting, answer.member, again=True)
    _approve_by_author(minutes)


def why_not_submit(meeting: Meeting, member_id: int) -> str | None:
    """The sentence why the minutes cannot be submitted, or None."""
    if why := why_not_write(meeting, member_id):
        return why
    minutes = of_meeting(meeting)
    if minutes is None or not minutes.text:
        return _("There are no minutes yet. Write them first.")
    if minutes.submitted_at:
        return _("These minutes were submitted already.")
    if not present_at(meeting):
        return _("Nobody is marked as present. Take the attendance first: those who were there approve the minutes.")
    return None


def submit(meeting: Meeting, by: int) -> None:
    """Ask everybody who was present to approve; whoever submits agrees. Raises Refused."""
    if why := why_not_submit(meeting, by):
        raise Refused(why)
    minutes = _there(meeting)
    minutes.submitted_at = now()
    minutes.author_id = by
    db.session.flush()
    for member in present_at(meeting):
        if member.id != by:
            letters.minutes_to_approve(meeting, member, again=False)
    _approve_by_author(_there(meeting))


def _approve_by_author(minutes: Minutes) -> None:
    """Nobody need approve their own words."""
    if minutes.author_id in {m.id for m in present_at(minutes.meeting)}:
        _note(minutes, minutes.author_id, None)


# --- Answering --------------------------------------------------------------------------------------


def why_not_answer(meeting: Meeting, member_id: int) -> str | None:
    """The sentence why somebody cannot approve the minutes, or None."""
    minutes = of_meeting(meeting)
    if minutes is None or minutes.submitted_at is None:
        return _("These minutes are not finished yet. You get a mail when you can approve them.")
    if member_id not in {m.id for m in present_at(meeting)}:
        return _("Those who were at the meeting approve its minutes.")
    return None


def to_approve(member_id: int) -> Sequence[Meeting]:
    """The meetings whose submitted minutes somebody who was there has not answered since they were last changed."""
    answered = MinutesAnswer.answered_at >= Minutes.written_at
    here = (MinutesAnswer.meeting_id == Minutes.meeting_id) & (MinutesAnswer.member_id == member_id)
    waiting = (
        select(Meeting)
        .join(Minutes, Minutes.meeting_id == Meeting.id)
        .join(Attendance, Attendance.meeting_id == Meeting.id)
        .join(Signup, Signup.id == Attendance.signup_id)
        .where(Signup.member_id == member_id, Signup.seat.is_not(None), Attendance.came.is_(True))
        .where(
            Minutes.submitted_at.is_not(None),
            Signup.confirm_by.is_(None),
            ~select(MinutesAnswer).where(here, answered).exists(),
        )
        .order_by(Meeting.starts_at)
    )
    return db.session.scalars(waiting).all()


def answer(meeting: Meeting, member: Member, remark: str | None, seen: str) -> None:
    """Approve (no remark), or say what should change; the last answer counts. Raises Refused.

    `seen` is the `written_at` of the words that were read: nobody approves what they have not seen.
    """
    if why := why_not_answer(meeting, member.id):
        raise Refused(why)
    minutes = _locked(meeting)
    if seen != minutes.written_at.isoformat():
        raise Refused(_("The minutes were changed while you read them. Read them again, then answer."))
    if remark is not None:
        remark = remark.replace("\0", "").strip()
        if not remark:
            raise Refused(_("Write what should change."))
        if len(remark) > LONGEST:
            raise Refused(_("Write at most %(n)s characters.", n=LONGEST))
        letters.minutes_remark(minutes, member, remark)
    _note(minutes, member.id, remark)


def _note(minutes: Minutes, member_id: int, remark: str | None) -> None:
    found = db.session.get(MinutesAnswer, (minutes.meeting_id, member_id))
    if found is None:
        found = MinutesAnswer(meeting_id=minutes.meeting_id, member_id=member_id)
        db.session.add(found)
    found.answered_at, found.remark = now(), remark
    db.session.flush()

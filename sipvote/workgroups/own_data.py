"""What this room keeps about one member, for the file in which members read what is kept about them."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, selectinload

from ..db import db
from ..mail import Letter
from ..members.models import Member
from . import coming, feed, telling, wished
from .life_models import FacilitatorProfile, GroupFile, Minutes, MinutesAnswer, NextStep
from .models import Attendance, Meeting, Signup, Workgroup, workgroup_secretary
from .wish_models import Candidate, WishList


def of(member: Member) -> dict[str, Any]:
    """Everything, also of groups that were left or cancelled: names of facts to plain values."""
    calendar = feed.of(member.id)
    return {
        "workgroups": [_signup(s) for s in _signups(member.id)],
        "meetings that I cannot come to": [m.starts_at for m in coming.excused(member.id).values()],
        "calendar address since": calendar.made_at if calendar else None,
        "wishes": [_wishes(each) for each in wished.lists_of(member.id)],
        "minutes": _minutes(member.id),
        "next steps": [
            {"group": str(s.workgroup), "what": s.what, "due": s.due, "agreed": s.agreed_at, "done": s.done_at}
            for s in _theirs(NextStep, NextStep.member_id, member.id)
        ],
        "files": [
            {"group": str(f.workgroup), "name": f.name, "bytes": f.size, "uploaded": f.uploaded_at}
            for f in _theirs(GroupFile, GroupFile.uploaded_by_id, member.id)
        ],
        "letters to groups": _letters(member.id),
        "as a facilitator": _facilitator(member.id),
    }


def _theirs(table: Any, column: InstrumentedAttribute[Any], member_id: int) -> Any:
    return db.session.scalars(select(table).where(column == member_id).order_by(table.id)).all()


# --- Groups and meetings --------------------------------------------------------------------------------


def _signups(member_id: int) -> Any:
    mine = select(Signup).where(Signup.member_id == member_id).order_by(Signup.signed_up_at, Signup.id)
    came = selectinload(Signup.attendances).selectinload(Attendance.meeting)
    return db.session.scalars(mine.options(came, selectinload(Signup.workgroup).selectinload(Workgroup.theme))).all()


def _signup(signup: Signup) -> dict[str, Any]:
    group = signup.workgroup
    rows = sorted(signup.attendances, key=lambda a: a.meeting.starts_at)
    return {
        "edition": str(group.edition), "theme": str(group.theme), "group": str(group),
        "signed up": signup.signed_up_at, "seat": signup.seat, "place since": signup.seated_at,
        "confirm by": signup.confirm_by, "withdrawn": signup.withdrawn_at, "cancelled": group.cancelled_at,
        "access needs": signup.access_needs, "meetings": [_attendance(a) for a in rows],
    }  # fmt: skip


def _attendance(row: Attendance) -> dict[str, Any]:
    """What was answered before the meeting, and what was noted at it: null where nobody noted anything."""
    said = {"confirmed": row.confirmed_at, "said that I cannot come": row.excused_at}
    return {"at": row.meeting.starts_at, **said, "came": row.came, "noted": row.marked_at}


def _wishes(wishes: WishList) -> dict[str, Any]:
    is_told = wishes.why is not None
    return {
        "edition": str(wishes.edition),
        "groups, the dearest first": [str(w.workgroup) for w in wishes.wishes],
        "could come": [{"at": a.slot.starts_at, "how": a.way} for a in wishes.availability],
        "access needs": wishes.access_needs,
        "begun": wishes.begun_at,
        "changed": wishes.changed_at,
        "promised": wishes.pledged_at,
        "withdrawn": wishes.withdrawn_at,
        "given": str(wishes.given) if wishes.given else None,
        "what came of each": [f"{c.group}: {c.words}" for c in telling.came_of(wishes)] if is_told else [],
    }


# --- What they wrote ------------------------------------------------------------------------------------


def _minutes(member_id: int) -> dict[str, Any]:
    answers = select(MinutesAnswer, Meeting).join(Meeting, Meeting.id == MinutesAnswer.meeting_id)
    answers = answers.where(MinutesAnswer.member_id == member_id).order_by(Meeting.starts_at)
    written = select(Minutes, Meeting).join(Minutes.meeting).where(Minutes.author_id == member_id)
    secretary = select(Workgroup).join(workgroup_secretary).where(workgroup_secretary.c.member_id == member_id)
    return {
        "secretary of": [str(g) for g in db.session.scalars(secretary.order_by(Workgroup.id))],
        "answers": [
            {"group": str(m.workgroup), "meeting": m.starts_at, "answered": a.answered_at,
             "approved": a.remark is None, "remark": a.remark}
            for a, m in db.session.execute(answers)
        ],
        "written": [
            {"group": str(m.workgroup), "meeting": m.starts_at, "last written": n.written_at,
             "submitted": n.submitted_at, "text": n.text}
            for n, m in db.session.execute(written.order_by(Meeting.starts_at))
        ],
    }  # fmt: skip


def _letters(member_id: int) -> list[dict[str, Any]]:
    """The letters that they sent to groups, as the outbox keeps them: a copy went to whoever wrote."""
    sent = select(Letter).where(Letter.member_id == member_id, Letter.name == "to_group_copy").order_by(Letter.id)
    return [{"subject": c.subject, "at": c.queued_at, "text": c.body} for c in db.session.scalars(sent)]


def _facilitator(member_id: int) -> dict[str, Any] | None:
    """The groups that they lead, the dates that they proposed, and what organisers noted of them; None if nothing."""
    profile = db.session.get(FacilitatorProfile, member_id)
    led = select(Workgroup).where(Workgroup.facilitators.any(Member.id == member_id)).order_by(Workgroup.id)
    proposed = select(Candidate).where(Candidate.proposed_by_id == member_id)
    dates = sorted((c.slot.starts_at, str(c.workgroup)) for c in db.session.scalars(proposed))
    facts = {
        "groups": [str(g) for g in db.session.scalars(led)],
        "dates proposed": [{"at": at, "group": group} for at, group in dates],
        "profile": profile and {
            "languages": profile.languages.split(), "trained on": profile.trained_on, "training": profile.training,
            "groups at most": profile.most_groups,
        },
    }  # fmt: skip
    return facts if any(facts.values()) else None

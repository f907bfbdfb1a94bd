"""Adopting the text: the members who are present at a meeting of the group say whether they agree.

It is not a secret ballot: the group sees who said what. The question is about the text with one hash. When the text
changes meanwhile, the question is void, and it is put again. A draft of several groups is adopted once each of them has
adopted the same text.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload, selectinload

from .. import audit
from ..db import db, now
from ..errors import Refused
from ..i18n import ZONE, moment
from ..members.models import Member
from ..workgroups import insiders, minutes
from ..workgroups.models import Attendance, Meeting, Signup, Workgroup
from . import hearing
from . import remark_letters as letters
from .hearing_models import Adoption, AdoptionAnswer
from .models import Draft
from .wording import canonical, digest_of, is_bundled

ANSWERS: dict[str, bool | None] = {"agree": True, "disagree": False, "abstain": None}


@dataclass(frozen=True)
class Tally:
    """How many said what; `silent` were present and said nothing."""

    agree: int
    disagree: int
    abstain: int
    silent: int

    @property
    def is_adopted(self) -> bool:
        """More agree than do not, and at least one does."""
        return self.agree > self.disagree


@dataclass(frozen=True)
class Standing:
    """Where one group of a draft is: the question that goes on, the last one that was answered, and its tally."""

    group: Workgroup
    asked: Adoption | None
    last: Adoption | None
    present: Sequence[Member]
    answers: dict[int, AdoptionAnswer]
    tally: Tally | None
    digest: str

    @property
    def is_void(self) -> bool:
        """Whether the text changed since the question was put."""
        return self.asked is not None and self.asked.digest != self.digest

    @property
    def has_adopted(self) -> bool:
        """Whether the group has adopted the text as it is now."""
        return self.last is not None and bool(self.last.is_adopted) and self.last.digest == self.digest

    @property
    def adopted_another(self) -> bool:
        """Whether the group has adopted a text that has changed since."""
        return self.last is not None and bool(self.last.is_adopted) and self.last.digest != self.digest


# --- How it stands ----------------------------------------------------------------------------------


def standings(draft: Draft) -> list[Standing]:
    """Where each group of the draft is."""
    digest, asked, last = digest_of(draft), {}, {}
    wanted = select(Adoption).where(Adoption.draft_id == draft.id, Adoption.reopened_at.is_(None))
    loaded = wanted.options(selectinload(Adoption.answers).joinedload(AdoptionAnswer.member))
    fresh = loaded.options(joinedload(Adoption.meeting)).execution_options(populate_existing=True)
    for adoption in db.session.scalars(fresh.order_by(Adoption.id)):
        if adoption.closed_at is None:
            asked[adoption.workgroup_id] = adoption
        elif adoption.is_adopted is not None:
            last[adoption.workgroup_id] = adoption
    groups = [group for group in draft.groups if not group.cancelled_at]
    return [_standing(group, asked.get(group.id), last.get(group.id), digest) for group in groups]


def _standing(group: Workgroup, asked: Adoption | None, last: Adoption | None, digest: str) -> Standing:
    shown = asked or last
    present = present_for(shown) if shown else []
    answers = {a.member_id: a for a in shown.answers} if shown else {}
    if asked:  # who turned out not to have been there does not count
        here = {member.id for member in present}
        answers = {member_id: a for member_id, a in answers.items() if member_id in here}
    return Standing(group, asked, last, present, answers, _count(present, answers) if shown else None, digest)


def bound(draft: Draft) -> list[Workgroup]:
    """The groups that are asked about the text as it is now, or have adopted it: another word makes that void."""
    goes_on = Adoption.closed_at.is_(None) | Adoption.is_adopted.is_(True)
    about = Adoption.draft_id == draft.id, Adoption.digest == digest_of(draft), Adoption.reopened_at.is_(None)
    ids = set(db.session.scalars(select(Adoption.workgroup_id).where(*about, goes_on)))
    return [group for group in draft.groups if group.id in ids]


def present_for(adoption: Adoption) -> Sequence[Member]:
    """Who may answer: those with a place who were marked as present at the meeting."""
    return minutes.present_at(adoption.meeting) if adoption.meeting else []


def _count(present: Sequence[Member], answers: dict[int, AdoptionAnswer]) -> Tally:
    said = [a.agrees for a in answers.values()]
    silent = sum(member.id not in answers for member in present)
    return Tally(said.count(True), said.count(False), said.count(None), silent)


def meetings_for(group: Workgroup) -> list[Meeting]:
    """The meetings of today and before at which somebody with a place was marked as present, the latest first."""
    seated = Signup.seat.is_not(None), Signup.confirm_by.is_(None)
    came = select(Attendance.meeting_id).join(Signup, Signup.id == Attendance.signup_id).where(
        Signup.workgroup_id == group.id, Attendance.came.is_(True), *seated
    )  # fmt: skip
    attended, today = set(db.session.scalars(came)), now().astimezone(ZONE).date()
    found = [m for m in group.meetings if m.id in attended and m.starts_at.astimezone(ZONE).date() <= today]
    return found[::-1]


# --- Putting the question ---------------------------------------------------------------------------


def why_not_open(draft: Draft, group: Workgroup, member_id: int) -> str | None:
    """The sentence why the group cannot be asked now, or None. Every draft is published for remarks first."""
    if not insiders.may_write(member_id, group):
        return _("The group’s facilitators and its secretary put the question.")
    if group.cancelled_at or group not in draft.groups:
        return _("This group does not write in this draft.")
    if draft.adopted_at:
        return _("This text is adopted.")
    return _why_not_ready(draft) or _why_no_meeting(group)


def _why_not_ready(draft: Draft) -> str | None:
    """Remarks are closed and answered, and there is a text."""
    if draft.published_at is None or draft.remarks_until is None:
        return _("Publish the draft for remarks first. The group adopts it once they are answered.")
    if now() < draft.remarks_until:
        return _("Members can send remarks until %(moment)s. Ask the group after that.",
                 moment=moment(draft.remarks_until))  # fmt: skip
    if canonical(draft) == "[]":
        return _("There is no recommendation in this draft.")
    if waiting := len(hearing.unanswered(draft)):
        return ngettext(
            "%(num)d remark still waits for an answer. Answer it first.",
            "%(num)d remarks still wait for an answer. Answer them first.", waiting,
        )  # fmt: skip
    return None


def _why_no_meeting(group: Workgroup) -> str | None:
    if meetings_for(group):
        return None
    return _("Take the attendance of a meeting first: those who are marked as present say whether they agree.")


def open_(draft: Draft, group: Workgroup, meeting: Meeting | None, member_id: int) -> Adoption:
    """Ask those who were present at a meeting; each gets a mail. A void question of the group ends. Raises Refused."""
    _hold(draft)
    if why := why_not_open(draft, group, member_id):
        raise Refused(why)
    if meeting is None or meeting not in meetings_for(group):
        raise Refused(_("Choose a meeting of the group at which somebody was marked as present."))
    standing = next(s for s in standings(draft) if s.group.id == group.id)
    if standing.has_adopted:
        raise Refused(_("The group has adopted this text already."))
    if standing.asked and standing.is_void:
        _end(standing.asked, None)
    adoption = Adoption(draft_id=draft.id, workgroup_id=group.id, meeting_id=meeting.id, digest=standing.digest,
                        opened_at=now(), opened_by_id=member_id)  # fmt: skip
    try:
        with db.session.begin_nested():
            db.session.add(adoption)
    except IntegrityError:
        raise Refused(_("The group is being asked already.")) from None
    letters.asked_to_adopt(adoption, present_for(adoption))
    audit.record("open adoption", f"workgroup {group.id}", member_id, digest=adoption.digest)
    return adoption


def _hold(draft: Draft) -> None:
    """Read a draft as it is now; whoever adopts, closes or opens it again at the same moment waits for our commit."""
    db.session.flush()
    db.session.refresh(draft, with_for_update={"of": Draft})


# --- Answering --------------------------------------------------------------------------------------


def why_not_answer(adoption: Adoption, member_id: int) -> str | None:
    """The sentence why somebody cannot say whether they agree, or None."""
    if adoption.closed_at:
        return _("This question is closed.")
    if member_id not in {m.id for m in present_for(adoption)}:
        return _("Those answer who have a place and are marked as present at the meeting.")
    if digest_of(adoption.draft) != adoption.digest:
        return _why_void()
    return None


def _why_void() -> str:
    return _("The text has changed since the question was put, so these answers count no more. Ask the group again.")


def answer(adoption: Adoption, member_id: int, agrees: bool | None, by: int | None = None) -> None:
    """Agree (True), do not agree (False) or abstain (None); the last answer counts. Raises Refused.

    `by` is the facilitator or secretary who enters it for somebody without a phone; never over one's own answer.
    """
    _hold(adoption.draft)
    db.session.refresh(adoption)
    if by is not None and not insiders.may_write(by, adoption.workgroup):
        raise Refused(_("The group’s facilitators and its secretary can enter an answer for somebody."))
    if why := why_not_answer(adoption, member_id):
        raise Refused(why)
    found = db.session.get(AdoptionAnswer, (adoption.id, member_id), populate_existing=True)
    if found is None:
        found = AdoptionAnswer(adoption_id=adoption.id, member_id=member_id)
        db.session.add(found)
    elif by is not None and found.entered_by_id is None and by != member_id:
        raise Refused(_("%(name)s has answered on their own phone. Only they can change it.", name=found.member.name))
    found.agrees, found.answered_at, found.entered_by_id = agrees, now(), by if by != member_id else None
    db.session.flush()


# --- Closing ----------------------------------------------------------------------------------------


def why_not_close(adoption: Adoption, member_id: int) -> str | None:
    """The sentence why somebody cannot close the question, or None."""
    if not insiders.may_write(member_id, adoption.workgroup):
        return _("The group’s facilitators and its secretary close the question.")
    if adoption.closed_at:
        return _("This question is closed.")
    return _why_void() if digest_of(adoption.draft) != adoption.digest else None


def close(adoption: Adoption, member_id: int) -> bool:
    """Count, and say whether the group adopted the text; the last of its groups adopts the draft. Raises Refused."""
    draft = adoption.draft
    _hold(draft)
    db.session.refresh(adoption)
    if why := why_not_close(adoption, member_id):
        raise Refused(why)
    standing = next(s for s in standings(draft) if s.group.id == adoption.workgroup_id)
    tally = standing.tally or Tally(0, 0, 0, 0)
    for said in [a for a in adoption.answers if a.member_id not in standing.answers]:
        adoption.answers.remove(said)
    _end(adoption, tally.is_adopted)
    if all(s.has_adopted for s in standings(draft)):
        draft.adopted_at = now()
    audit.record(
        "close adoption", f"workgroup {adoption.workgroup_id}", member_id, digest=adoption.digest,
        adopted=tally.is_adopted, agree=tally.agree, disagree=tally.disagree, abstain=tally.abstain,
    )  # fmt: skip
    return tally.is_adopted


def take_back(adoption: Adoption, member_id: int) -> None:
    """End a question without a result: it was put too early, or it is void. Raises Refused."""
    _hold(adoption.draft)
    if not insiders.may_write(member_id, adoption.workgroup):
        raise Refused(_("The group’s facilitators and its secretary close the question."))
    _end(adoption, None)
    audit.record("take adoption back", f"workgroup {adoption.workgroup_id}", member_id)


def _end(adoption: Adoption, is_adopted: bool | None) -> None:
    """Compare and set: of two who close at the same moment one is too late."""
    open_one = update(Adoption).where(Adoption.id == adoption.id, Adoption.closed_at.is_(None))
    ended = db.session.execute(open_one.values(closed_at=now(), is_adopted=is_adopted))
    if not ended.rowcount:  # type: ignore[attr-defined]
        raise Refused(_("This question is closed."))
    db.session.refresh(adoption)


def why_not_reopen(draft: Draft) -> str | None:
    """The sentence why organisers cannot open an adopted text again, or None."""
    if draft.adopted_at is None:
        return _("This text is not adopted.")
    return _("The text was submitted to the board, so it no longer changes.") if is_bundled(draft) else None


def reopen(draft: Draft, by: int) -> None:
    """Let the groups change an adopted text; they are told, and asked again. Raises Refused."""
    _hold(draft)
    if why := why_not_reopen(draft):
        raise Refused(why)
    digest = digest_of(draft)
    answered = update(Adoption).where(Adoption.draft_id == draft.id, Adoption.reopened_at.is_(None))
    db.session.execute(answered.where(Adoption.closed_at.is_not(None)).values(reopened_at=now()))
    standing = [group for group in draft.groups if not group.cancelled_at]
    letters.reopened(draft, [member for group in standing for member in insiders.people_in(group)])
    draft.adopted_at = None
    audit.record("reopen adoption", f"draft {draft.id}", by, digest=digest)


# --- A member's own ---------------------------------------------------------------------------------


def answers_of(member_id: int) -> Sequence[AdoptionAnswer]:
    """What a member said of texts, in order of time."""
    theirs = select(AdoptionAnswer).where(AdoptionAnswer.member_id == member_id)
    about = selectinload(AdoptionAnswer.adoption).selectinload(Adoption.draft).selectinload(Draft.theme)
    return db.session.scalars(theirs.options(about).order_by(AdoptionAnswer.answered_at)).all()


def to_answer(member_id: int) -> list[Adoption]:
    """The questions that wait for somebody's answer, and are not void."""
    mine = select(AdoptionAnswer).where(
        AdoptionAnswer.adoption_id == Adoption.id, AdoptionAnswer.member_id == member_id
    )
    waiting = (
        select(Adoption)
        .join(Attendance, Attendance.meeting_id == Adoption.meeting_id)
        .join(Signup, Signup.id == Attendance.signup_id)
        .where(Adoption.closed_at.is_(None), Signup.member_id == member_id, Attendance.came.is_(True))
        .where(Signup.seat.is_not(None), Signup.confirm_by.is_(None), ~mine.exists())
        .order_by(Adoption.id)
    )
    return [a for a in db.session.scalars(waiting) if digest_of(a.draft) == a.digest]

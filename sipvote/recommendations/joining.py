"""Groups of one theme that write in one draft: one asks, the other accepts; leaving again until it is published.

Each recommendation keeps the groups that wrote it, and each version the group it was written for.
"""

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from .. import audit, mail
from ..db import db, now
from ..errors import Refused
from ..workgroups import insiders
from ..workgroups.models import Workgroup
from . import drafts, writing
from .models import Draft, Recommendation, draft_workgroup
from .writers import Writer, heads_of
from .writing_models import JoiningRequest, UnsavedText

# --- Finding ----------------------------------------------------------------------------------------


def others(group: Workgroup) -> Sequence[Draft]:
    """The drafts of other groups of its theme and year that it could join."""
    mine = select(draft_workgroup.c.draft_id).where(draft_workgroup.c.workgroup_id == group.id)
    wanted = select(Draft).where(
        Draft.edition_id == group.edition_id, Draft.theme_id == group.theme_id, Draft.id.not_in(mine),
        Draft.published_at.is_(None), Draft.adopted_at.is_(None),
    )  # fmt: skip
    return db.session.scalars(wanted.order_by(Draft.id)).all()


def could_come(draft: Draft) -> list[Workgroup]:
    """The groups of its theme that an organiser could let write in it."""
    same = select(Workgroup).where(Workgroup.edition_id == draft.edition_id, Workgroup.theme_id == draft.theme_id)
    there = db.session.scalars(same.where(Workgroup.cancelled_at.is_(None)).order_by(Workgroup.id))
    return [group for group in there if why_not_join(group, draft) is None]


def request_of(group: Workgroup) -> JoiningRequest | None:
    """What a group asked, and nobody answered yet."""
    return db.session.get(JoiningRequest, group.id, populate_existing=True)


def requests_to(draft_ids: Sequence[int]) -> Sequence[JoiningRequest]:
    """The groups that ask to join these drafts, the first to ask first."""
    wanted = select(JoiningRequest).where(JoiningRequest.draft_id.in_(draft_ids))
    found = wanted.options(selectinload(JoiningRequest.workgroup), selectinload(JoiningRequest.asked_by))
    return db.session.scalars(found.order_by(JoiningRequest.asked_at, JoiningRequest.workgroup_id)).all()


# --- Asking -----------------------------------------------------------------------------------------


def why_not_join(group: Workgroup, draft: Draft) -> str | None:
    """Why these cannot write together, whoever asks; or None."""
    if (group.theme_id, group.edition_id) != (draft.theme_id, draft.edition_id):
        return _("Only groups of one theme write together.")
    if group.cancelled_at:
        return _("This group was cancelled.")
    if group in draft.groups:
        return _("This group writes in this draft already.")
    mine = drafts.of_group(group)
    if draft.published_at or (mine and mine.published_at):
        return _("A draft that is published stays as it is. Take it back first, then join.")
    return writing.why_settled(draft) or (writing.why_settled(mine) if mine else None)


def why_not_ask(group: Workgroup, draft: Draft, who: Writer) -> str | None:
    """The facilitators and the secretary of a group ask for it."""
    if not who.decides_for(group):
        return _("The group’s facilitators and its secretary do this.")
    return why_not_join(group, draft)


def ask(group: Workgroup, draft: Draft, who: Writer) -> None:
    """Ask to write in another group's draft; its facilitators and secretary get a mail. A second request replaces it.

    Raises Refused.
    """
    if why := why_not_ask(group, draft, who):
        raise Refused(why)
    there = request_of(group)
    if there and there.draft_id == draft.id:
        return
    db.session.execute(delete(JoiningRequest).where(JoiningRequest.workgroup_id == group.id))
    asked = JoiningRequest(workgroup_id=group.id, draft_id=draft.id, asked_at=now(), asked_by_id=who.member_id)
    try:
        with db.session.begin_nested():
            db.session.add(asked)
    except IntegrityError:
        raise Refused(_("Somebody of your group asked at the same moment. Look at the page again.")) from None
    for member in {m.id: m for own in draft.groups for m in heads_of(own)}.values():
        if member.id != who.member_id:
            mail.queue("joining_asked", member, draft=draft, group=group)


def take_back(group: Workgroup, who: Writer) -> None:
    """Ask no longer. Twice is once. Raises Refused."""
    if not who.decides_for(group):
        raise Refused(_("The group’s facilitators and its secretary do this."))
    db.session.execute(delete(JoiningRequest).where(JoiningRequest.workgroup_id == group.id))


def decline(group: Workgroup, draft: Draft, who: Writer) -> None:
    """Say no to a group that asked; its facilitators and secretary get a mail. Twice is once. Raises Refused."""
    if not who.leads(draft):
        raise Refused(_("The group’s facilitators and its secretary do this."))
    there = request_of(group)
    if there is None or there.draft_id != draft.id:
        return
    db.session.delete(there)
    db.session.flush()
    _tell(group, draft, who, joined=False)


# --- Joining and leaving ----------------------------------------------------------------------------


def why_not_accept(group: Workgroup, draft: Draft, who: Writer) -> str | None:
    """A group is let in by those of the draft when it asked; an organiser may join groups that did not ask."""
    if not who.leads(draft):
        return _("The group’s facilitators and its secretary do this.")
    there = request_of(group)
    if not who.organises and (there is None or there.draft_id != draft.id):
        return _("This group did not ask to join, or asks no longer.")
    return why_not_join(group, draft)


def accept(group: Workgroup, draft: Draft, who: Writer) -> None:
    """Let a group write in the draft: what it wrote comes after what stands. Twice is once. Raises Refused."""
    before = drafts.of_group(group)
    # In one order, so that two who join each other do not wait for ever.
    for each in sorted(filter(None, (before, draft)), key=lambda d: d.id):
        drafts.hold(each)
    if group in draft.groups and who.leads(draft):
        return
    if why := why_not_accept(group, draft, who):
        raise Refused(why)
    _come(group, before, draft)
    db.session.execute(delete(JoiningRequest).where(JoiningRequest.workgroup_id == group.id))
    audit.record("join drafts", f"draft {draft.id}", who.member_id, workgroup=group.id)
    db.session.refresh(draft)
    _tell(group, draft, who, joined=True)


def _come(group: Workgroup, before: Draft | None, draft: Draft) -> None:
    """The group moves into the draft with what it alone wrote; a draft that nobody writes in any more goes."""
    if before is None:
        _write_in(group, draft)
        return
    alone = before.groups == [group]
    takes = [r for r in before.recommendations if alone or r.groups == [group]]
    _take(takes, group, before, draft)
    db.session.execute(delete(draft_workgroup).where(draft_workgroup.c.workgroup_id == group.id))
    _write_in(group, draft)
    if alone:
        for asked in requests_to([before.id]):  # who asked the group that moved, now asks both
            asked.draft_id = draft.id
        db.session.flush()
        db.session.expire(before)
        db.session.delete(before)
        db.session.flush()


def _write_in(group: Workgroup, draft: Draft) -> None:
    draft.groups.append(group)
    try:
        with db.session.begin_nested():
            db.session.flush()
    except IntegrityError:
        raise Refused(_("This group began to write elsewhere at the same moment. Look at the page again.")) from None


def _take(takes: Sequence[Recommendation], group: Workgroup, before: Draft, draft: Draft) -> None:
    """Move recommendations to another draft, after those that stand, with what was not saved yet."""
    place = len(drafts.standing(draft))
    for each in takes:
        if each.withdrawn_at is None:
            place += 1
            each.position = place
        each.draft_id = draft.id
    there = select(UnsavedText.member_id).where(UnsavedText.draft_id == draft.id)
    new = UnsavedText.recommendation_id.is_(None) & UnsavedText.member_id.not_in(there.scalar_subquery())
    theirs = new & UnsavedText.member_id.in_([m.id for m in insiders.people_in(group)])
    moving = UnsavedText.recommendation_id.in_([r.id for r in takes]) | theirs
    moved = update(UnsavedText).where(UnsavedText.draft_id == before.id, moving).values(draft_id=draft.id)
    db.session.execute(moved.execution_options(synchronize_session=False))
    db.session.flush()
    for each in takes:
        db.session.expire(each, ["draft"])
    for changed in (before, draft):
        db.session.expire(changed, ["recommendations"])
    for position, each in enumerate(drafts.standing(before), start=1):
        each.position = position


def why_not_leave(group: Workgroup, draft: Draft, who: Writer) -> str | None:
    """A group leaves a draft of several until it is published."""
    if not who.decides_for(group):
        return _("The group’s facilitators and its secretary do this.")
    if group not in draft.groups or len(draft.groups) < 2:
        return _("This group writes alone.")
    if draft.published_at:
        return _("A draft that is published stays as it is. Take it back first, then join.")
    return writing.why_settled(draft)


def leave(group: Workgroup, draft: Draft, who: Writer) -> Draft:
    """Give a group a draft of its own again, with what it alone wrote; the rest stays. Raises Refused."""
    drafts.hold(draft)
    if why := why_not_leave(group, draft, who):
        raise Refused(why)
    takes = [r for r in draft.recommendations if r.groups == [group]]
    draft.groups.remove(group)
    db.session.flush()
    own = drafts.make(group)
    if own is None:
        raise Refused(_("Reload the page and try again."))
    _take(takes, group, draft, own)
    audit.record("leave draft", f"draft {draft.id}", who.member_id, workgroup=group.id)
    return own


def _tell(group: Workgroup, draft: Draft, who: Writer, joined: bool) -> None:
    for member in heads_of(group):
        if member.id != who.member_id:
            mail.queue("joining_answered", member, draft=draft, group=group, joined=joined)

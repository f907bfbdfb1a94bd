"""What members wish: up to three groups by rank, when they could come, and the promise to come to every meeting.

Each step is kept as one goes; only a pledged list counts. Whoever changes a list first locks the member, so that
a double click, or a page that saves by itself while a button is pressed, never mixes two lists.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from ..db import db, now
from ..editions.models import Edition, SignUpWay
from ..editions.rules import Fault
from ..errors import Refused
from ..i18n import ZONE, moment
from ..mail import Letter
from ..members.models import Member
from . import counts, slots, ways, wish_letters, wished
from .models import Signup, Workgroup
from .wish_models import MOST_WISHES, Availability, Coming, Wish, WishList

REMIND_BEFORE = timedelta(days=2)


# --- Why not ----------------------------------------------------------------------------------------


def why_not_wish(member: Member, edition: Edition) -> str | None:
    """The sentence why the member cannot wish now, or change what they wish; or None."""
    if not ways.is_by_wishes(edition) or edition.wishes_until is None:
        return _("In this edition you sign up for a group directly.")
    if now() < edition.signup_at:
        return _("You can wish groups from %(moment)s.", moment=moment(edition.signup_at))
    if now() >= edition.wishes_until:
        return _("Wishes could be given until %(moment)s.", moment=moment(edition.wishes_until))
    if not member.is_member_on(now().astimezone(ZONE).date()):
        return _("Only members can wish a group.")
    return None


def why_not_pledge(wishes: WishList) -> str | None:
    """The sentence why a list cannot count, or None."""
    if not wishes.wishes:
        return _("Choose at least one group.")
    standing = [fit for fit in wished.fits(wishes) if fit.wish.workgroup.cancelled_at is None]
    if not standing:
        return _("The groups that you wish were cancelled. Choose again.")
    if not any(fit.is_possible for fit in standing):
        return _("None of your wishes could be kept with these dates. Look whether you can come on more of them.")
    return None


# --- Wishing, step by step --------------------------------------------------------------------------


def choose(member: Member, edition: Edition, group_ids: Sequence[int]) -> WishList:
    """Keep which groups the member wishes, the dearest first. Raises Refused."""
    mine = _begin(member, edition)
    if not group_ids:
        raise Refused(_("Choose at least one group."))
    if len(set(group_ids)) < len(group_ids):
        raise Refused(_("You chose one group twice. Choose each group once."))
    if len(group_ids) > MOST_WISHES:
        raise Refused(ngettext("Choose at most %(num)d group.", "Choose at most %(num)d groups.", MOST_WISHES))
    found = {choice.group.id: choice for choice in wished.choices(member, edition)}
    for group_id in group_ids:
        if group_id not in found:
            raise Refused(_("One of these groups is not there any more. Choose again."))
        if why := found[group_id].why_not:
            raise Refused(f"{found[group_id].group}: {why}")
    if [w.workgroup_id for w in mine.wishes] != list(group_ids):
        mine.wishes = []
        db.session.flush()  # before the new ones: a group may have been wished at another rank
        mine.wishes = [Wish(rank=n, workgroup=found[id].group) for n, id in enumerate(group_ids, start=1)]
    return _touch(mine)


def tick(member: Member, edition: Edition, could: Mapping[int, Coming]) -> WishList:
    """Keep when and how the member could come; a slot of their groups that is not in `could` they cannot make."""
    mine = _begin(member, edition)
    asked = {c.slot_id for c in slots.candidates_of(wished.standing_groups(mine))}
    kept = {a.slot_id: a for a in mine.availability}
    for slot_id in asked:
        way, there = could.get(slot_id), kept.get(slot_id)
        if way is None and there is not None:
            mine.availability.remove(there)
        elif way is not None and there is None:
            mine.availability.append(Availability(slot_id=slot_id, way=way))
        elif way is not None and there is not None:
            there.way = way
    return _touch(mine)


def tell_needs(member: Member, edition: Edition, needs: str) -> WishList:
    """Keep what the member needs to take part, as they wish to tell it."""
    mine = _begin(member, edition)
    mine.access_needs = needs
    return _touch(mine)


def _begin(member: Member, edition: Edition) -> WishList:
    """The member's list, locked and as it is now; a new one when there is none. Raises Refused."""
    _lock(member)
    if why := why_not_wish(member, edition):
        raise Refused(why)
    mine = wished.list_of(member.id, edition)
    if mine is None:
        try:
            with db.session.begin_nested():
                mine = WishList(edition=edition, member=member, begun_at=now(), changed_at=now())
                db.session.add(mine)
        except IntegrityError:
            raise Refused(_("You opened this page twice at the same time. Reload it.")) from None
    if mine.withdrawn_at:  # whoever begins again, begins with a draft
        mine.withdrawn_at = mine.pledged_at = None
    return mine


def _lock(member: Member) -> None:
    db.session.execute(select(Member.id).where(Member.id == member.id).with_for_update(key_share=True))


def _touch(mine: WishList) -> WishList:
    """Note the change. A promise stays as long as the list can count."""
    mine.changed_at = now()
    db.session.flush()
    if mine.pledged_at and why_not_pledge(mine):
        mine.pledged_at = None
    return mine


def pledge(member: Member, edition: Edition) -> WishList:
    """Promise to come to every meeting: from now on the list counts. A second time changes nothing. Raises Refused."""
    mine = _begin(member, edition)
    if mine.counts:
        return mine
    if why := why_not_pledge(mine):
        raise Refused(why)
    asked = {c.slot_id for c in slots.candidates_of(wished.standing_groups(mine))}
    mine.availability = [a for a in mine.availability if a.slot_id in asked]
    mine.pledged_at = mine.changed_at = now()
    db.session.flush()
    wish_letters.wishes_in(mine, wished.fits(mine))
    return mine


def withdraw(member: Member, edition: Edition) -> None:
    """Take the wishes back; until the deadline this can be undone. Raises Refused."""
    mine = _standing(member, edition)
    if mine.withdrawn_at is None:
        mine.withdrawn_at = mine.changed_at = now()


def undo_withdrawal(member: Member, edition: Edition) -> None:
    """Wish again what was withdrawn, as it was: a promise is a promise again. Raises Refused."""
    mine = _standing(member, edition)
    mine.withdrawn_at, mine.changed_at = None, now()
    db.session.flush()
    if mine.pledged_at and why_not_pledge(mine):
        mine.pledged_at = None


def _standing(member: Member, edition: Edition) -> WishList:
    """The member's list, locked, while it can still be changed. Raises Refused."""
    _lock(member)
    if why := why_not_wish(member, edition):
        raise Refused(why)
    mine = wished.list_of(member.id, edition)
    if mine is None:
        raise Refused(_("You have not wished a group yet."))
    return mine


# --- What the editions' room asks, and the worker does ----------------------------------------------


def why_not_settings(edition: Edition, settings: Mapping[str, Any]) -> Fault | None:
    """The setting of an edition that can no longer change, with a sentence; or None."""
    way = settings.get("sign_up_way", edition.sign_up_way)
    if way != edition.sign_up_way:
        if _somebody_came(edition):
            return "sign_up_way", _("Somebody signed up or wished already, so this cannot change any more.")
        if any(bool(g.meetings) == (way == SignUpWay.WISHES) for g in counts.groups_in(edition)):
            return "sign_up_way", _("There are groups already, made for the other way. Cancel them first.")
    until = settings.get("wishes_until", edition.wishes_until)
    if until != edition.wishes_until and ways.assignment_of(edition):
        return "wishes_until", _("The wishes are frozen, so their deadline cannot change any more.")
    return None


def _somebody_came(edition: Edition) -> bool:
    signed_up = select(Signup.id).join(Signup.workgroup).where(Workgroup.edition_id == edition.id)
    wished = select(WishList.id).where(WishList.edition_id == edition.id)
    return any(db.session.scalar(asked.limit(1)) for asked in (signed_up, wished))


def remind() -> int:
    """Write once, two days before the deadline, to those who began to wish and did not promise; run by the worker."""
    began = (
        select(WishList)
        .join(WishList.edition)
        .where(Edition.sign_up_way == SignUpWay.WISHES, Edition.signup_at <= now())
        .where(Edition.wishes_until > now(), Edition.wishes_until <= now() + REMIND_BEFORE)
        .where(WishList.pledged_at.is_(None), WishList.withdrawn_at.is_(None))
        .options(selectinload(WishList.member), selectinload(WishList.edition))
        .order_by(WishList.id)
    )
    written = set(db.session.scalars(select(Letter.key).where(Letter.name == "wishes_reminder")))
    return sum(
        wish_letters.reminder(mine) for mine in db.session.scalars(began) if wish_letters.key_of(mine) not in written
    )


def forget_needs() -> None:
    """Delete what people told about access once the groups of their edition have met; run by the worker."""
    over = select(Edition.id).where(Edition.recommendations_at <= now())
    groups = select(Workgroup.id).where(Workgroup.edition_id.in_(over))
    for table, where in ((WishList, WishList.edition_id.in_(over)), (Signup, Signup.workgroup_id.in_(groups))):
        forget = update(table).where(where, table.access_needs != "").values(access_needs="")
        db.session.execute(forget, execution_options={"synchronize_session": False})

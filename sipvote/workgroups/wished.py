"""What is wished: a member's list, the groups to choose from, and how a wish goes together with when one can come."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import case, func, select
from sqlalchemy.orm import selectinload

from ..db import db
from ..editions.models import Edition
from ..i18n import ZONE
from ..members.models import Member
from . import counts, planning, rules, slots, ways
from .models import Workgroup
from .wish_models import FITS, Availability, Candidate, Coming, Wish, WishList


def list_of(member_id: int, edition: Edition) -> WishList | None:
    """What a member wishes in an edition as it is now, also a draft and a list that was withdrawn."""
    mine = select(WishList).where(WishList.edition_id == edition.id, WishList.member_id == member_id)
    whole = selectinload(WishList.wishes).selectinload(Wish.workgroup).selectinload(Workgroup.theme)
    mine = mine.options(whole, selectinload(WishList.availability))
    return db.session.scalar(mine.execution_options(populate_existing=True))


def lists_of(member_id: int) -> Sequence[WishList]:
    """Everything that a member ever wished, the newest edition first."""
    mine = select(WishList).where(WishList.member_id == member_id).order_by(WishList.edition_id.desc())
    whole = selectinload(WishList.wishes).selectinload(Wish.workgroup).selectinload(Workgroup.theme)
    when = selectinload(WishList.availability).selectinload(Availability.slot)
    return db.session.scalars(mine.options(whole, when)).all()


def wishes_per_group(edition: Edition) -> dict[int, tuple[int, int]]:
    """How many lists that count name each group first, and at all, by the group's id."""
    counted = (
        select(Wish.workgroup_id, func.sum(case((Wish.rank == 1, 1), else_=0)), func.count())
        .join(Wish.wish_list)
        .where(WishList.edition_id == edition.id, WishList.pledged_at.is_not(None), WishList.withdrawn_at.is_(None))
        .group_by(Wish.workgroup_id)
    )
    return {group: (first, named) for group, first, named in db.session.execute(counted)}


def standing_groups(wishes: WishList) -> list[Workgroup]:
    """The groups on a list that were not cancelled, the dearest first."""
    return [w.workgroup for w in wishes.wishes if w.workgroup.cancelled_at is None]


def wishers_of(group: Workgroup) -> Sequence[Member]:
    """Everybody whose list names the group, also a draft; not those who withdrew theirs."""
    named = select(Member).join(WishList).join(Wish)
    return db.session.scalars(named.where(Wish.workgroup_id == group.id, WishList.withdrawn_at.is_(None))).all()


@dataclass(frozen=True)
class Choice:
    """A group that could be wished, with how many dates are proposed for it; or why not."""

    group: Workgroup
    dates: int
    why_not: str | None


def choices(member: Member, edition: Edition) -> list[Choice]:
    """Every group of the edition, and why the member cannot wish it."""
    groups = counts.groups_in(edition)
    dates = slots.counts_of(groups)
    return [Choice(g, dates[g.id], _why_not_group(member, g, dates[g.id])) for g in groups]


def _why_not_group(member: Member, group: Workgroup, dates: int) -> str | None:
    if why := ways.why_not_from_here(member, group):
        return why
    if rules.leads(member.id, group):
        return _("You lead this group, so you cannot also wish it.")
    return None if dates else _("No dates are proposed for it yet.")


@dataclass(frozen=True)
class Fit:
    """How a wish goes together with when the member can come.

    Of `dates` proposed for the group the member could make `can`; with enough days between, `most` of these.
    """

    wish: Wish
    dates: int
    can: int
    most: int

    @property
    def wanted(self) -> int:
        """How many meetings the group will have."""
        return self.wish.wish_list.edition.meetings

    @property
    def is_possible(self) -> bool:
        """Whether the group could have all its meetings on dates that the member can make."""
        return self.most >= self.wanted

    @property
    def why_not(self) -> str | None:
        """The sentence why this wish cannot be kept, or None."""
        if self.is_possible:
            return None
        if not self.can:
            why = _("You could come on none of its dates.")
        elif self.can < self.wanted:
            why = ngettext(
                "The group meets %(wanted)s times, and you could come on %(num)d date.",
                "The group meets %(wanted)s times, and you could come on %(num)d dates.",
                self.can, wanted=self.wanted,
            )  # fmt: skip
        else:
            why = _(
                "Meetings lie at least %(days)s days apart, all in one way of meeting. "
                "From your dates at most %(most)s of %(wanted)s meetings can be made.",
                days=self.wish.wish_list.edition.days_apart, most=self.most, wanted=self.wanted,
            )  # fmt: skip
        return why + " " + _("So this wish cannot be kept.")


def fits(wishes: WishList) -> list[Fit]:
    """How each wish goes together with when the member can come, in the order of the wishes."""
    way = {a.slot_id: a.way for a in wishes.availability}
    proposed = defaultdict(list)
    for candidate in slots.candidates_of([w.workgroup for w in wishes.wishes]):
        proposed[candidate.workgroup_id].append(candidate)
    return [_fit(wish, proposed[wish.workgroup_id], way) for wish in wishes.wishes]


def _fit(wish: Wish, proposed: Sequence[Candidate], way: Mapping[int, Coming]) -> Fit:
    edition = wish.wish_list.edition
    could = [
        planning.Slot(_local(c.slot.starts_at), _local(c.slot.ends_at), slots.modes_of(c) & FITS[way[c.slot_id]])
        for c in proposed
        if c.slot_id in way
    ]
    could = [slot for slot in could if slot.modes]
    most = planning.most_meetings(planning.Problem(could, [], edition.meetings, edition.days_apart))
    return Fit(wish, len(proposed), len(could), most)


def _local(at: datetime) -> datetime:
    return at.astimezone(ZONE).replace(tzinfo=None)

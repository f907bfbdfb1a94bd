"""Everybody's wishes, read at once: who wishes which group, and when they could come.

A list counts once it is pledged and not withdrawn, while its owner is a member. A wish for a group that was merged
counts for the group that it was merged into, with its rank; twice in one list only the better rank counts.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256

from sqlalchemy import ColumnElement, String, select, type_coerce
from sqlalchemy.orm import selectinload

from ..db import db, now
from ..editions.models import Edition
from ..members.models import Member
from ..themes.models import Theme
from .models import Workgroup
from .planning import Mode
from .wish_models import FITS, Availability, Candidate, Coming, Slot, Wish, WishList

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Pledge:
    """A list that counts. `wishes` are group ids as they were written, the dearest first.

    `ways` are the ways in which they could come, by slot id, for the slots that a Book was asked about.
    """

    list_id: int
    member_id: int
    number: str
    name: str
    traits: tuple[str, str, str]  # profile, language, country
    wishes: tuple[int, ...]
    ways: dict[int, Coming]

    def can_come(self, slots: Iterable[int | None], mode: Mode) -> bool:
        """Whether they ticked all these slots in a way that fits the mode; None is a date nobody was asked about."""
        return all(slot in self.ways and mode in FITS[self.ways[slot]] for slot in slots)


class Book:
    """The groups of an edition and the lists that count, read in a fixed number of queries."""

    def __init__(self, edition: Edition, wishing: int | None = None) -> None:
        """With `wishing`, only the lists that wish this group, or one that was merged into it."""
        self.edition = edition
        self.groups = {g.id: g for g in _groups(edition)}
        self.into = {id: self._target(id) for id in self.groups}
        self.slot_of = _slots(edition)
        meant = None if wishing is None else {id for id, target in self.into.items() if target == wishing}
        self.pledges = _pledges(edition, meant, self._asked(wishing))

    def _asked(self, wishing: int | None) -> set[int]:
        """The slots at which it matters who can come: those of one group, or those at which groups meet."""
        if wishing is not None:
            return set(db.session.scalars(select(Candidate.slot_id).where(Candidate.workgroup_id == wishing)))
        return {slot for slots in self._slots.values() for slot in slots if slot is not None}

    def _target(self, id: int) -> int | None:
        """The group for which a wish counts now; None when there is none any more."""
        group: Workgroup | None = self.groups[id]
        while group is not None and group.merged_into_id is not None:
            group = self.groups.get(group.merged_into_id)
        return group.id if group is not None and group.cancelled_at is None else None

    @property
    def open_groups(self) -> list[Workgroup]:
        """The groups that were not cancelled."""
        return [g for g in self.groups.values() if g.cancelled_at is None]

    def slots(self, group: Workgroup) -> list[int | None]:
        """The slots of a group's meetings; None for a meeting at another time than any slot."""
        return [self.slot_of.get((m.starts_at, m.ends_at)) for m in group.meetings]

    def suits(self, pledge: Pledge, group: Workgroup, mode: Mode | None = None) -> bool:
        """Whether somebody could come to all meetings of a group (if it met in another mode)."""
        return bool(group.meetings) and pledge.can_come(self._slots[group.id], mode or group.mode)

    @cached_property
    def _slots(self) -> dict[int, list[int | None]]:
        return {id: self.slots(group) for id, group in self.groups.items()}

    def wishing(self, group: Workgroup) -> list[Pledge]:
        """The lists in which a group is wished, itself or by way of one that was merged into it."""
        return [pledge for pledge, _rank in self.ranked(group)]

    def ranked(self, group: Workgroup) -> list[tuple[Pledge, int]]:
        """The same, each with the place at which the group is wished, from 1."""
        return self._ranked.get(group.id, [])

    @cached_property
    def _ranked(self) -> dict[int, list[tuple[Pledge, int]]]:
        found = defaultdict(list)
        for pledge in self.pledges:
            targets = [self.into.get(id) for id in pledge.wishes]
            for id in dict.fromkeys(targets):
                if id is not None:
                    found[id].append((pledge, 1 + targets.index(id)))
        return dict(found)

    @cached_property
    def led(self) -> dict[int, list[Workgroup]]:
        """The groups that somebody leads, by member id."""
        found = defaultdict(list)
        for group in self.open_groups:
            for person in group.facilitators:
                found[person.id].append(group)
        return dict(found)


def _groups(edition: Edition) -> Sequence[Workgroup]:
    all_ = select(Workgroup).where(Workgroup.edition_id == edition.id).order_by(Workgroup.id)
    return db.session.scalars(all_.options(selectinload(Workgroup.theme).selectinload(Theme.texts))).all()


def _slots(edition: Edition) -> dict[Span, int]:
    found = select(Slot.id, Slot.starts_at, Slot.ends_at).where(Slot.edition_id == edition.id)
    return {(start, end): id for id, start, end in db.session.execute(found)}


def counting(edition: Edition) -> ColumnElement[bool]:
    """The lists that were pledged and not withdrawn, also of people who left meanwhile."""
    return (
        (WishList.edition_id == edition.id) & WishList.pledged_at.is_not(None) & WishList.withdrawn_at.is_(None)
    )  # fmt: skip


def _pledges(edition: Edition, groups: Collection[int] | None, slots: Collection[int]) -> list[Pledge]:
    stands = counting(edition) & (Member.left.is_(None) | (Member.left > now().date()))
    if groups is not None:
        stands &= WishList.id.in_(select(Wish.wish_list_id).where(Wish.workgroup_id.in_(groups)))
    facts = Member.number, Member.name, Member.profile, Member.language, Member.country
    lists = select(WishList.id, WishList.member_id, *facts).join(WishList.member).where(stands)
    ids = select(WishList.id).join(WishList.member).where(stands)
    wishes, ways = _wishes(ids), _ways(ids, slots)
    return [
        Pledge(id, member_id, number, name, (str(profile), language, country), tuple(wishes[id]), ways[id])
        for id, member_id, number, name, profile, language, country in db.session.execute(lists.order_by(Member.id))
    ]


def _wishes(lists: object) -> defaultdict[int, list[int]]:
    found = defaultdict(list)
    written = select(Wish.wish_list_id, Wish.workgroup_id).where(Wish.wish_list_id.in_(lists)).order_by(Wish.rank)  # type: ignore[arg-type]
    for id, group in db.session.execute(written):
        found[id].append(group)
    return found


def _ways(lists: object, slots: Collection[int] | None = None) -> defaultdict[int, dict[int, Coming]]:
    found: defaultdict[int, dict[int, Coming]] = defaultdict(dict)
    words = {str(way): way for way in Coming}
    way = type_coerce(Availability.way, String)  # there may be 100,000 of them: read as they are stored
    ticked = select(Availability.wish_list_id, Availability.slot_id, way)
    if slots is not None:
        ticked = ticked.where(Availability.slot_id.in_(slots))
    for id, slot, word in db.session.execute(ticked.where(Availability.wish_list_id.in_(lists))):  # type: ignore[arg-type]
        found[id][slot] = words[word]
    return found


# --- What is hashed ---------------------------------------------------------------------------------


def canonical(edition: Edition) -> str:
    """All lists that were pledged and not withdrawn, as one text: the same lists always give the same text.

    JSON without spaces, keys in alphabetical order: `edition`, its year; `lists`, for each list, by member id,
    [member id, [group ids, the dearest first], [[slot id, way], …]], by slot id; `slots`, each slot of the edition
    as [id, start, end] in UTC, by id.
    """
    ids = select(WishList.id).where(counting(edition))
    owners = select(WishList.member_id, WishList.id).where(counting(edition))
    wishes, ways = _wishes(ids), _ways(ids)
    lists = [
        [member, wishes[id], sorted([slot, str(way)] for slot, way in ways[id].items())]
        for member, id in sorted((member, id) for member, id in db.session.execute(owners))
    ]
    slots = sorted([id, _utc(start), _utc(end)] for (start, end), id in _slots(edition).items())
    facts = {"edition": edition.year, "lists": lists, "slots": slots}
    return json.dumps(facts, separators=(",", ":"), sort_keys=True)


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def fingerprint(edition: Edition) -> str:
    """The SHA-256 of the canonical text, in hexadecimal."""
    return sha256(canonical(edition).encode()).hexdigest()

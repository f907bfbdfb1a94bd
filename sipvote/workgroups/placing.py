"""From wishes to places: the wishes are frozen, a lot is drawn in public, and the assignment is computed live.

The wishes are frozen as a hash (pledges.canonical says of what). The mark of a member in the lot is the SHA-256 of
that hash, what was drawn, and the member's id: so nobody could know it before, and everybody can work it out after.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from hashlib import sha256

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from .. import audit
from ..db import db, now
from ..editions.models import Edition
from ..errors import Refused
from ..i18n import names
from ..voting import lot
from . import assignment, choosing, pledges, ways
from .assignment import TooFew, Why
from .models import Signup, Workgroup
from .pledges import Book, Pledge
from .wish_models import Assignment, WishList


class Bar(StrEnum):
    """What keeps a wish out of the assignment."""

    CLOSED = "closed"  # the group was closed
    NO_DATES = "no dates"  # the group has no dates (yet)
    DATES = "dates"  # they did not tick all its dates, in a way that fits
    LEADS = "leads"  # they lead it, or lead another group at the same time


@dataclass(frozen=True)
class Wished:
    """A wish as it counts now: at which rank, written for which group, for which group it counts, what bars it."""

    rank: int
    written_id: int
    group_id: int | None
    bar: Bar | None


@dataclass(frozen=True)
class Person:
    """Somebody in the outcome: with a group or without, and why."""

    pledge: Pledge
    wishes: Sequence[Wished]
    group_id: int | None
    why: Why

    @property
    def rank(self) -> int | None:
        """Which of their wishes they have, from 1."""
        return next((w.rank for w in self.wishes if w.group_id == self.group_id), None) if self.group_id else None

    def rank_of(self, group: Workgroup) -> int:
        """At which place they wish a group that they could come to, from 1."""
        return next(w.rank for w in self.wishes if w.group_id == group.id)

    @property
    def possible(self) -> list[int]:
        """The groups that they wish and could come to."""
        return [w.group_id for w in self.wishes if w.bar is None and w.group_id is not None]

    @property
    def obstacle(self) -> str:
        """Why somebody without a group has none: 'full', else 'dates', else 'closed'."""
        if self.possible:
            return "full"
        return "dates" if any(w.bar != Bar.CLOSED for w in self.wishes) else "closed"


@dataclass(frozen=True)
class Outcome:
    """What the wishes, the dates and the lot give now. `below` are groups that miss their minimum."""

    book: Book
    people: Sequence[Person]
    below: Sequence[Workgroup]

    def given(self, group: Workgroup) -> list[Person]:
        """Who is given a place in a group."""
        return self._given.get(group.id, [])

    @cached_property
    def _given(self) -> dict[int, list[Person]]:
        found: dict[int, list[Person]] = {}
        for person in self.people:
            if person.group_id is not None:
                found.setdefault(person.group_id, []).append(person)
        return found

    def left_out(self, group: Workgroup) -> list[Person]:
        """Who could come to all dates of a group that they wish, and has no place at all."""
        return [p for p in self.people if p.group_id is None and group.id in p.possible]

    def with_rank(self, rank: int | None) -> int:
        """How many people have their wish of this rank; None: no place."""
        return sum(person.rank == rank for person in self.people)

    def without(self, obstacle: str) -> int:
        """How many people have no place for this reason."""
        return sum(person.group_id is None and person.obstacle == obstacle for person in self.people)

    @property
    def placed(self) -> int:
        return sum(person.group_id is not None for person in self.people)

    @property
    def seal(self) -> str:
        """The hash of who is given which group and why: whoever confirms it confirms what they saw."""
        text = ",".join(f"{p.pledge.member_id}:{p.group_id}:{p.why}" for p in self.people)
        return sha256(text.encode()).hexdigest()


# --- Freezing and drawing -----------------------------------------------------------------------------


def pledged(edition: Edition) -> int:
    """How many lists count."""
    return db.session.scalar(select(func.count()).where(pledges.counting(edition))) or 0


def why_not_freeze(edition: Edition) -> str | None:
    """The sentence why the wishes cannot be frozen now, or None."""
    if why := choosing.why_not_by_wishes(edition):
        return why
    if ways.assignment_of(edition):
        return _("The wishes are frozen already.")
    return None if pledged(edition) else _("Nobody has pledged a list of wishes.")


def freeze(edition: Edition, mixes: bool, by: int | None) -> Assignment:
    """Keep the hash of all lists, so that nobody can change one without its being seen. Raises Refused."""
    if why := why_not_freeze(edition):
        raise Refused(why)
    found = pledges.fingerprint(edition)
    frozen = Assignment(edition_id=edition.id, frozen_at=now(), wishes_hash=found, mixes=mixes)
    try:
        with db.session.begin_nested():
            db.session.add(frozen)
    except IntegrityError:
        raise Refused(_("The wishes are frozen already.")) from None
    audit.record("freeze wishes", f"edition {edition.year}", by, hash=found, lists=pledged(edition), mixes=mixes)
    return frozen


def why_not_unfreeze(edition: Edition) -> str | None:
    """The sentence why the freezing cannot be taken back, or None."""
    frozen = ways.assignment_of(edition)
    if frozen is None or frozen.draw is not None:
        return _("The lot is drawn, so the wishes stay frozen.")
    # Closing can be undone while the wishes are frozen; a group closed before another freezing would stay closed.
    since = Workgroup.edition_id == edition.id, Workgroup.cancelled_at >= frozen.frozen_at
    if db.session.scalar(select(func.count()).select_from(Workgroup).where(*since)):
        return _("Groups were closed or merged since. Undo that before you take the freezing back.")
    return None


def unfreeze(edition: Edition, by: int | None) -> None:
    """Take the freezing back, as long as no lot is drawn, and no group closed. Raises Refused."""
    if why := why_not_unfreeze(edition):
        raise Refused(why)
    mine = delete(Assignment).where(Assignment.edition_id == edition.id, Assignment.draw.is_(None))
    if not db.session.scalars(mine.returning(Assignment.edition_id)).all():
        raise Refused(_("The lot is drawn, so the wishes stay frozen."))
    audit.record("unfreeze wishes", f"edition {edition.year}", by)


def is_unchanged(edition: Edition) -> bool:
    """Whether the lists still have the hash that they were frozen with."""
    frozen = ways.assignment_of(edition)
    return frozen is not None and frozen.wishes_hash == pledges.fingerprint(edition)


def draw(edition: Edition, typed: str, by: int | None) -> None:
    """Enter what was drawn in public, once for all. Raises Refused."""
    if ways.assignment_of(edition) is None:
        raise Refused(_("Freeze the wishes first."))
    digits = lot.plain(typed)
    if digits is None:
        raise Refused(_("Give what was drawn as 6 to 40 digits, for example six dice."))
    if not is_unchanged(edition):
        raise Refused(_("The wishes are not the ones that were frozen. Take the freezing back, and freeze them again."))
    once = update(Assignment).where(Assignment.edition_id == edition.id, Assignment.draw.is_(None))
    done = db.session.scalars(once.values(draw=digits, drawn_at=now()).returning(Assignment.edition_id)).all()
    if not done:
        raise Refused(_("The lot was drawn already."))
    audit.record("draw lot of groups", f"edition {edition.year}", by, draw=digits)


def mark(frozen: Assignment, member_id: int) -> str:
    """The mark of a member in the lot; the smallest comes first. Only once it is drawn."""
    if frozen.draw is None:
        raise Refused(_("The lot is not drawn yet."))
    return lot.mark(frozen.wishes_hash, frozen.draw, member_id)


def turn(frozen: Assignment, member_id: int) -> tuple[int, int]:
    """The place of a member in the lot, from 1, and how many took part in it."""
    took_part = select(WishList.member_id).where(pledges.counting(frozen.edition))
    marks = sorted(mark(frozen, id) for id in db.session.scalars(took_part))
    return 1 + marks.index(mark(frozen, member_id)), len(marks)


# --- The outcome --------------------------------------------------------------------------------------


def outcome(edition: Edition, keep: bool = False, book: Book | None = None) -> Outcome:
    """The assignment as wishes, dates and groups are now. Raises Refused before the draw.

    With `keep` every group reaches its minimum, or TooFew is raised.
    """
    frozen = ways.assignment_of(edition)
    if frozen is None or frozen.draw is None:
        raise Refused(_("The lot is not drawn yet."))
    book = book or Book(edition)
    groups = [g for g in book.open_groups if g.meetings]
    number = {g.id: n for n, g in enumerate(groups)}
    wished = [wishes_of(book, pledge) for pledge in book.pledges]
    lists = [[number[w.group_id] for w in mine if w.bar is None and w.group_id] for mine in wished]
    found = assignment.assign(
        _sizes(groups),
        lists,
        lot=[mark(frozen, pledge.member_id) for pledge in book.pledges],
        traits=[pledge.traits for pledge in book.pledges] if frozen.mixes else None,
        keep=keep,
    )
    people = [
        Person(pledge, mine, None if given is None else groups[given].id, why)
        for pledge, mine, given, why in zip(book.pledges, wished, found.groups, found.why, strict=True)
    ]
    return Outcome(book, people, [groups[n] for n in found.below])


def _sizes(groups: Sequence[Workgroup]) -> list[assignment.Group]:
    """Places and minimum of each group, but for the places that somebody has already."""
    seated = select(Signup.workgroup_id, func.count(Signup.seat)).where(Signup.workgroup_id.in_([g.id for g in groups]))
    taken = {id: count for id, count in db.session.execute(seated.group_by(Signup.workgroup_id))}  # noqa: C416
    free = {g.id: max(g.places - taken.get(g.id, 0), 0) for g in groups}
    needed = {g.id: max(g.minimum - taken.get(g.id, 0), 0) for g in groups}
    return [assignment.Group(free[g.id], min(free[g.id], needed[g.id])) for g in groups]


def wishes_of(book: Book, pledge: Pledge) -> list[Wished]:
    """Somebody's wishes as they count now. Of two that count for one group only the better rank stays."""
    found: list[Wished] = []
    for rank, written in enumerate(pledge.wishes, start=1):
        target = book.into.get(written)
        if target is None or target not in {w.group_id for w in found}:
            found.append(Wished(rank, written, target, _bar(book, pledge, target)))
    return found


def _bar(book: Book, pledge: Pledge, target: int | None) -> Bar | None:
    if target is None:
        return Bar.CLOSED
    group = book.groups[target]
    if not group.meetings:
        return Bar.NO_DATES
    led = book.led.get(pledge.member_id, [])
    if group in led or any(a.overlaps(b) for other in led for a in other.meetings for b in group.meetings):
        return Bar.LEADS
    return None if book.suits(pledge, group) else Bar.DATES


def too_few(book: Book, fault: TooFew) -> list[str]:
    """Why the minima cannot be kept, a sentence for each shortage."""
    groups = [g for g in book.open_groups if g.meetings]
    return [
        ngettext(
            "%(groups)s needs %(needed)d people, but only %(wishing)d could come.",
            "%(groups)s need %(needed)d people together, but only %(wishing)d could come.",
            len(shortage.groups),
            groups=names(groups[n] for n in shortage.groups),
            needed=shortage.needed,
            wishing=shortage.wishing,
        )
        for shortage in fault.shortages
    ]

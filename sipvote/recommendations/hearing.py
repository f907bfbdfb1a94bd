"""Finding remarks: a list for the whole draft and for each recommendation, threads, counts, a member's own.

Who looks (`me`) sees their own remark also when it is hidden; organisers see every hidden one.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from ..db import db
from .hearing_models import Remark, RemarkReport
from .models import Draft, Recommendation

# Which threads of a list: all, or by what the group says of the first remark.
SHOWS = {"": _l("All"), "unanswered": _l("Not answered yet"), "taken": _l("Taken up"), "not_taken": _l("Not taken up")}
STANDS = (Remark.withdrawn_at.is_(None), Remark.hidden_at.is_(None))
WANTED: dict[str, tuple[ColumnElement[bool], ...]] = {
    "": (),
    "unanswered": (Remark.answered_at.is_(None), *STANDS),
    "taken": (Remark.taken_up.is_(True), Remark.hidden_at.is_(None)),
    "not_taken": (Remark.taken_up.is_(False), Remark.hidden_at.is_(None)),
}
MINE_SHOWN = 20


@dataclass(frozen=True)
class Eyes:
    """Whose eyes a list is for: a member's or nobody's; organisers see what is hidden."""

    me: int | None = None
    sees_hidden: bool = False

    def may_read(self, remark: Remark) -> bool:
        """Whether its words may be shown."""
        if remark.withdrawn_at:
            return False
        return remark.hidden_at is None or self.sees_hidden or (self.me is not None and remark.member_id == self.me)


@dataclass(frozen=True)
class Counts:
    """How many remarks (with replies) stand, how many threads, and what the group said of these."""

    remarks: int = 0
    threads: int = 0
    unanswered: int = 0
    taken: int = 0
    not_taken: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    def of(self, show: str) -> int:
        """The number beside a filter."""
        return int(getattr(self, show or "threads"))


@dataclass
class Thread:
    """The first remark and its replies, each after what it replies to."""

    first: Remark
    replies: list[Remark] = field(default_factory=list)


# --- Lists ------------------------------------------------------------------------------------------


def recommendation_of(draft: Draft, recommendation_id: int) -> Recommendation | None:
    """One of the draft's recommendations, also a withdrawn one."""
    found = db.session.get(Recommendation, recommendation_id)
    return found if found is not None and found.draft_id == draft.id else None


def counts_of(draft: Draft) -> dict[int | None, Counts]:
    """For each recommendation that has remarks, and None for the draft as a whole."""
    first = Remark.parent_id.is_(None)

    def number(*which: ColumnElement[bool]) -> ColumnElement[int]:
        return func.sum(case((and_(*which), 1), else_=0))

    rows = select(
        Remark.recommendation_id, number(*STANDS), number(first, *STANDS),
        *(number(first, *WANTED[show]) for show in ("unanswered", "taken", "not_taken")),
    ).where(Remark.draft_id == draft.id).group_by(Remark.recommendation_id)  # fmt: skip
    return {about: Counts(*numbers) for about, *numbers in db.session.execute(rows)}


def total(counts: dict[int | None, Counts]) -> Counts:
    """The draft and its recommendations together."""
    return sum(counts.values(), Counts())


def firsts(draft: Draft, about: Recommendation | str | None, show: str, eyes: Eyes) -> Select[Remark]:
    """The first remarks of threads, the newest above: of one recommendation, of "whole", or all (None).

    One that nobody may read any more stays as long as there is an answer, or a reply.
    """
    reply = aliased(Remark)
    has_reply = select(reply.id).where(reply.parent_id == Remark.id).exists()
    shown = [and_(*STANDS), Remark.answered_at.is_not(None), has_reply]
    if eyes.sees_hidden:
        shown.append(Remark.hidden_at.is_not(None))
    elif eyes.me is not None:
        shown.append((Remark.member_id == eyes.me) & Remark.hidden_at.is_not(None))
    wanted = select(Remark).where(Remark.draft_id == draft.id, Remark.parent_id.is_(None), or_(*shown), *WANTED[show])
    if isinstance(about, Recommendation):
        wanted = wanted.where(Remark.recommendation_id == about.id)
    elif about is not None:
        wanted = wanted.where(Remark.recommendation_id.is_(None))
    return _with_people(wanted.order_by(Remark.written_at.desc(), Remark.id.desc()))


def _with_people(remarks: Select[Remark]) -> Select[Remark]:
    return remarks.options(joinedload(Remark.member), joinedload(Remark.answered_by))


def threads(first_ones: Sequence[Remark], eyes: Eyes) -> list[Thread]:
    """With the replies of all depths, in one query; what is gone stays only above what is there."""
    below = select(Remark.id, Remark.parent_id.label("first_id"))
    tree = below.where(Remark.parent_id.in_([r.id for r in first_ones])).cte("tree", recursive=True)
    tree = tree.union_all(select(Remark.id, tree.c.first_id).join(tree, Remark.parent_id == tree.c.id))
    found = _with_people(select(Remark).join(tree, tree.c.id == Remark.id)).order_by(Remark.written_at, Remark.id)
    children: dict[int | None, list[Remark]] = defaultdict(list)
    for remark in db.session.scalars(found):
        children[remark.parent_id].append(remark)
    return [Thread(first, _below(first, children, eyes)) for first in first_ones]


def _below(remark: Remark, children: dict[int | None, list[Remark]], eyes: Eyes) -> list[Remark]:
    """In reading order, without recursion: nobody may make a page fail by replying a thousand times."""
    order, waiting = [], list(reversed(children[remark.id]))
    while waiting:
        one = waiting.pop()
        order.append(one)
        waiting.extend(reversed(children[one.id]))
    needed: set[int | None] = set()
    for one in reversed(order):
        if eyes.may_read(one) or one.id in needed:
            needed.add(one.id)
            needed.add(one.parent_id)
    return [one for one in order if one.id in needed]


def thread_of(remark: Remark, eyes: Eyes) -> Thread:
    """The whole thread that a remark belongs to."""
    up = select(Remark.id, Remark.parent_id).where(Remark.id == remark.id).cte("up", recursive=True)
    up = up.union_all(select(Remark.id, Remark.parent_id).join(up, Remark.id == up.c.parent_id))
    first = db.session.scalars(
        _with_people(select(Remark).join(up, up.c.id == Remark.id)).where(Remark.parent_id.is_(None))
    ).one()
    return threads([first], eyes)[0]


def unanswered(draft: Draft) -> Sequence[Remark]:
    """The remarks that still wait for the group's answer, the oldest first."""
    wanted = select(Remark).where(Remark.draft_id == draft.id, Remark.parent_id.is_(None), *WANTED["unanswered"])
    return db.session.scalars(_with_people(wanted).order_by(Remark.written_at, Remark.id)).all()


def reported_among(remarks: Iterable[Remark], me: int | None) -> set[int]:
    """Which of these a member has reported."""
    if me is None:
        return set()
    ids = [remark.id for remark in remarks]
    theirs = select(RemarkReport.remark_id).where(RemarkReport.member_id == me, RemarkReport.remark_id.in_(ids))
    return set(db.session.scalars(theirs))


# --- A member's own ---------------------------------------------------------------------------------


def of_member(member_id: int, most: int | None = MINE_SHOWN) -> Sequence[Remark]:
    """What a member said in any year, the newest first; also what is withdrawn or hidden."""
    theirs = select(Remark).where(Remark.member_id == member_id).order_by(Remark.written_at.desc(), Remark.id.desc())
    draft = selectinload(Remark.draft)
    about = draft.selectinload(Draft.theme), draft.selectinload(Draft.edition), selectinload(Remark.recommendation)
    return db.session.scalars(theirs.options(*about).limit(most)).all()


def reported_by(member_id: int) -> Sequence[RemarkReport]:
    """What a member asked the organisers to look at, in order of time."""
    theirs = select(RemarkReport).where(RemarkReport.member_id == member_id)
    return db.session.scalars(theirs.order_by(RemarkReport.reported_at)).all()

"""What came of somebody's wishes, in words: for the letter, and for the page on which a member reads it later."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from .assignment import Why
from .models import Workgroup
from .placing import Bar, Person

WORDS: dict[str, LazyString] = {
    "given": _l("You were given a place in this group."),
    "lower": _l("You have a group that you wish more."),
    "none": _l("No place was left for you in this group."),
    Bar.DATES: _l("You could not come to all its dates, or not in the way in which it meets."),
    Bar.NO_DATES: _l("No dates could be found for this group."),
    Bar.CLOSED: _l("This group is not held, because too few people could come."),
    Bar.LEADS: _l("You lead this group, or another one at the same time."),
}
# Why there was no place in a better wish: one reason for the whole list.
REASONS: dict[str, LazyString] = {
    Why.FULL: _l("A place for you there would have cost somebody else a place, or others more than it gives you."),
    Why.NEEDED: _l("There was room, but without you the group that you have would be too small to be held."),
    Why.LOT: _l("Others could have had that place just as well. The lot that was drawn in public put them before you."),
    Why.MIXED: _l("You were exchanged with somebody who wished both groups too, so that both are more mixed."),
}
# How a wish's bar is kept in wish_list.why, after the reason: one letter for each rank.
LETTERS = {None: "-", Bar.DATES: "d", Bar.NO_DATES: "n", Bar.CLOSED: "c", Bar.LEADS: "l"}
SAME = "="  # counts for the same group as a better wish


@dataclass(frozen=True)
class Came:
    """What came of one wish: `group` as it was written, the one `into` which it was merged, and a word of WORDS."""

    rank: int
    group: Workgroup
    into: Workgroup | None
    what: str

    @property
    def words(self) -> LazyString:
        return WORDS[self.what]


@dataclass(frozen=True)
class Line:
    """Somebody in the list of the outcome. `words` say what came of each wish that they wish more than their group."""

    number: str
    name: str
    language: str
    profile: str
    wishes: Sequence[Workgroup]
    group: Workgroup | None
    rank: int | None
    words: Sequence[LazyString]


def written(person: Person) -> str:
    """The reason as wish_list.why keeps it: the word of Why, and what barred each wish ("full:d-c").

    Dates move later, and groups are cancelled: what was true when everybody was told must stay readable.
    """
    bars = {wish.rank: LETTERS[wish.bar] for wish in person.wishes}
    ranks = range(1, len(person.pledge.wishes) + 1)
    return f"{person.why}:{''.join(bars.get(rank, SAME) for rank in ranks)}"


def of(wishes: Sequence[Workgroup], given: Workgroup | None, why: str) -> list[Came]:
    """What came of each wish, in order, from what wish_list keeps."""
    _word, _colon, bars = why.partition(":")
    found: list[Came] = []
    has_place = False
    for rank, (group, letter) in enumerate(zip(wishes, bars, strict=False), start=1):
        into = _end(group)
        is_given = given is not None and (into or group).id == given.id and not has_place
        what = "given" if is_given else "lower" if has_place else _barred(letter) or "none"
        has_place = has_place or is_given
        if letter != SAME:
            found.append(Came(rank, group, into, what))
    return found


def _barred(letter: str) -> str | None:
    return next((str(bar) for bar, sign in LETTERS.items() if bar and sign == letter), None)


def why_none(came: Sequence[Came], why: str) -> LazyString | None:
    """Why there was no place in the better wishes; None when it is not a matter of places."""
    word = why.partition(":")[0]
    return REASONS.get(word) if any(c.what == "none" for c in came) else None


def _end(group: Workgroup) -> Workgroup | None:
    """The group that a merged one is part of now; None for a group that was not merged."""
    into = group.merged_into
    while into is not None and into.merged_into is not None:
        into = into.merged_into
    return into

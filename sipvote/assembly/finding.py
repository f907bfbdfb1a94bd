"""Finding members at the desks in the hall: by a part of the name, by number, or by what a scanner typed."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, and_, or_, select

from ..db import db
from ..i18n import alphabetical
from ..members.models import Member
from ..members.rules import members_today
from .models import Assembly
from .presence import member_of

SHOWN = 20
SHORTEST = 2
# Letters that may carry an accent, and signs that are written in several ways: any letter will do at first.
LOOSE = frozenset("aceinouy'’")


# Every accented letter of Europe's languages, without its accent; one kind of apostrophe and hyphen.
_PLAIN = {n: alphabetical(chr(n)) for n in range(0xC0, 0x180)} | {ord("’"): "'", ord("-"): " "}


def plain(text: str) -> str:
    """A name as it is compared, the same way for tens of thousands of them in no time."""
    return text.translate(_PLAIN).casefold()


def members_for(assembly: Assembly | None, typed: str) -> Sequence[Member]:
    """Present members whom the words in the search box may mean, one more than are shown at most.

    A number is exact. Of a name every word must be found, in any order; accents and capitals do not matter.
    """
    if assembly and (scanned := _scanned(assembly, typed)):
        return [scanned]
    exact = db.session.scalar(members_today(select(Member).where(Member.number == typed.strip())))
    if exact:
        return [exact]
    words = plain(typed).split()
    if len("".join(words)) < SHORTEST:
        return []
    ids = _found(words)
    found = {m.id: m for m in db.session.scalars(select(Member).where(Member.id.in_(ids)))}
    return [found[i] for i in ids]


def _scanned(assembly: Assembly, typed: str) -> Member | None:
    """The member whose code a hand scanner typed: the address in the QR code, or its end."""
    return member_of(assembly, urlsplit(typed.strip()).path.rpartition("/")[2]) if "." in typed else None


def _found(words: Sequence[str]) -> list[int]:
    # No database folds accents by itself: it chooses loosely, and what it chose is compared here.
    columns = select(Member.id, Member.name, Member.number)
    rows = db.session.execute(members_today(columns.where(and_(*(_like(word) for word in words)))))
    fitting = [(plain(name), i) for i, name, number in rows if all(_is_meant(word, name, number) for word in words)]
    # First those of whom a name begins like that.
    fitting.sort(key=lambda known: (not all(f" {word}" in f" {known[0]}" for word in words), known))
    return [i for _name, i in fitting[: SHOWN + 1]]


def _like(word: str) -> ColumnElement[bool]:
    pattern = "".join("_" if c in LOOSE else f"/{c}" if c in "%_/" else c for c in word)
    return or_(Member.name.ilike(f"%{pattern}%", escape="/"), Member.number.startswith(word, autoescape=True))


def _is_meant(word: str, name: str, number: str) -> bool:
    return word in plain(name) or number.startswith(word)

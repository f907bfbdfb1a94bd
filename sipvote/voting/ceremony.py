"""The key ceremony: the word lists that open the ballot box, and the proof that their holders kept them.

Of each list its mark is kept (seal.mark). So each holder proves alone to have kept theirs, and no two lists
come together on the server before the vote is closed.
"""

from collections.abc import Sequence
from itertools import combinations

from flask_babel import gettext as _
from sqlalchemy import delete, select
from sqlalchemy.orm import joinedload

from .. import audit
from ..db import db, now
from ..errors import Refused
from . import keys, scrutineers, seal
from .checkpoints import name_of
from .day import KeyList
from .models import Custody, Election
from .rules import hold


def seed_of(election: Election, lists: Sequence[str]) -> bytes:
    """The seed that opens the box, from two word lists or from where the server keeps it.

    Raises seal.WrongWords when the lists are not right, and Refused when the server's own is not.
    """
    if election.custody == Custody.SCRUTINEERS:
        seed = seal.join(lists)
        if seal.public_key(seed) != election.public_key:
            raise seal.WrongWords("different", "These word lists are not those of this election.")
        return seed
    kept = keys.unlock(election.kept_seed) if election.kept_seed else None
    if kept is None:
        raise Refused(_("The key that the server kept cannot be read: its secret key (SIPVOTE_SECRET_KEY) changed."))
    return kept


def why_not_prove(election: Election) -> str | None:
    """The trial opening belongs between freezing and opening, and to scrutineers."""
    if election.custody != Custody.SCRUTINEERS:
        return _("The server keeps the key of this vote. There are no word lists to try.")
    if not election.frozen_at:
        return _("The ballot is not frozen yet, so there are no word lists.")
    return _("The vote has been opened already.") if election.opened_at else None


def prove(election: Election, lists: Sequence[str], by: int | None) -> None:
    """Try several lists, one after the other, as if each holder had come with theirs. Raises seal.WrongWords."""
    for words in lists:
        prove_list(election, words, by)


def prove_list(election: Election, words: str, by: int | None) -> KeyList:
    """A holder types one list back, and so proves to have kept it; gives which one it is. Raises seal.WrongWords."""
    hold(election)
    if why := why_not_prove(election) or scrutineers.why_not_watch(election, by):
        raise Refused(why)
    mark, rows = seal.mark(words), key_lists(election)
    kept = next((row for row in rows if row.mark == mark), None)
    if kept is None:
        raise seal.WrongWords("different", "This is none of the lists of this election.")
    if by and scrutineers.are_named(election) and (why := _why_not_theirs(rows, kept, by)):
        raise Refused(why)
    kept.proved_at, kept.proved_by_id = now(), by
    if election.proved_at is None and all(row.proved_at for row in rows):
        election.proved_at = now()
    audit.record("prove key", name_of(election), by, list=kept.number)
    return kept


def _why_not_theirs(rows: Sequence[KeyList], kept: KeyList, by: int) -> str | None:
    """Each list has a holder of its own: nobody proves two, and no two prove the same."""
    theirs = next((row for row in rows if row.proved_by_id == by), None)
    if theirs and theirs is not kept:
        return _("You have proved list %(n)d already. Each list has a holder of its own.", n=theirs.number)
    if kept.proved_by and kept.proved_by_id != by:
        return _("%(name)s has proved list %(n)d already. Type your own.", name=kept.proved_by.name, n=kept.number)
    return None


# --- The lists --------------------------------------------------------------------------------------


def key_lists(election: Election) -> Sequence[KeyList]:
    """The word lists of an election by number: who proved to have kept each, and when."""
    rows = select(KeyList).where(KeyList.election_id == election.id).options(joinedload(KeyList.proved_by))
    return db.session.scalars(rows.order_by(KeyList.number).execution_options(populate_existing=True)).all()


def write_lists(election: Election, seed: bytes) -> list[str]:
    """Split the seed into the scrutineers' three lists, keep the mark of each, and give them to be shown once."""
    lists = seal.split(seed)
    if any(seal.join(pair) != seed for pair in combinations(lists, seal.NEEDED)):
        raise RuntimeError("Two word lists did not give the key back.")
    for number, words in enumerate(lists, start=1):
        db.session.add(KeyList(election_id=election.id, number=number, mark=seal.mark(words)))
    return lists


def forget_lists(election: Election) -> None:
    """What was frozen is a draft again: its lists prove nothing any more."""
    db.session.execute(delete(KeyList).where(KeyList.election_id == election.id))

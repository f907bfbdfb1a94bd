"""The key ceremony: the word lists that open the ballot box, and the proof that their holders kept them."""

from collections.abc import Sequence

from flask_babel import gettext as _

from .. import audit
from ..db import now
from ..errors import Refused
from . import keys, seal
from .checkpoints import name_of
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
    """Try the word lists: two of them, typed back, must give the key of this election. Raises seal.WrongWords."""
    hold(election)
    if why := why_not_prove(election):
        raise Refused(why)
    seed_of(election, lists)
    election.proved_at = now()
    audit.record("prove key", name_of(election), by)

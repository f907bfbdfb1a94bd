"""Minority notes: what somebody in the group wants the board to read beside the adopted text, under their name."""

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from ..db import db, now
from ..errors import Refused
from ..workgroups import insiders
from . import drafts
from .hearing_models import MinorityNote
from .models import Draft, Recommendation
from .wording import is_bundled

LONGEST = 2000


def notes_of(draft: Draft) -> dict[int | None, list[MinorityNote]]:
    """The notes that stand, for each recommendation, and None for the draft as a whole; in order of time."""
    standing = select(MinorityNote).where(MinorityNote.draft_id == draft.id, MinorityNote.withdrawn_at.is_(None))
    found: dict[int | None, list[MinorityNote]] = {}
    ordered = standing.options(joinedload(MinorityNote.member)).order_by(MinorityNote.written_at, MinorityNote.id)
    for note in db.session.scalars(ordered):
        found.setdefault(note.recommendation_id, []).append(note)
    return found


def own(draft: Draft, about: Recommendation | None, member_id: int) -> MinorityNote | None:
    """A member's note on the draft or on one recommendation, also a withdrawn one."""
    theirs = select(MinorityNote).where(MinorityNote.draft_id == draft.id, MinorityNote.member_id == member_id)
    here = theirs.where(MinorityNote.recommendation_id.is_not_distinct_from(about.id if about else None))
    return db.session.scalar(here.execution_options(populate_existing=True))


def of_member(member_id: int) -> Sequence[MinorityNote]:
    """Every note of a member, in order of time."""
    theirs = select(MinorityNote).where(MinorityNote.member_id == member_id)
    return db.session.scalars(theirs.order_by(MinorityNote.written_at, MinorityNote.id)).all()


def has_place(draft: Draft, member_id: int) -> bool:
    """Whether a member has a place in one of the draft's groups."""
    return any(insiders.has_place(member_id, group) for group in draft.groups)


def why_not_write(draft: Draft, about: Recommendation | None, member_id: int) -> str | None:
    """The sentence why somebody cannot write a minority note, or None."""
    if not has_place(draft, member_id):
        return _("Minority notes are for people who have a place in the group.")
    if about is not None and (about.draft_id != draft.id or about.withdrawn_at):
        return _("The group has withdrawn this recommendation.")
    return _why_not_now(draft)


def _why_not_now(draft: Draft) -> str | None:
    if draft.published_at is None:
        return _("The text is not published yet. Write in it together first.")
    return _("The text was submitted to the board, so notes no longer change.") if is_bundled(draft) else None


def write(draft: Draft, about: Recommendation | None, member_id: int, language: str, text: str) -> MinorityNote:
    """Write one's note, or write it anew; one for each recommendation and one for the whole. Raises Refused."""
    drafts.hold(draft)  # who clicks twice waits here for the first click, and both for whoever submits the bundle
    if why := why_not_write(draft, about, member_id):
        raise Refused(why)
    text = text.replace("\r\n", "\n").replace("\0", "").strip()
    if not text:
        raise Refused(_("Write your note first."))
    if len(text) > LONGEST:
        raise Refused(_("Write at most %(n)s characters.", n=LONGEST))
    note = own(draft, about, member_id)
    if note is None:
        note = MinorityNote(draft_id=draft.id, recommendation_id=about.id if about else None, member_id=member_id)
    elif (note.text, note.language, note.withdrawn_at) == (text, language, None):
        return note
    note.language, note.text, note.written_at, note.withdrawn_at = language, text, now(), None
    try:
        with db.session.begin_nested():
            db.session.add(note)
    except IntegrityError:
        raise Refused(_("You sent this note twice at the same moment. Reload the page.")) from None
    return note


def why_not_withdraw(note: MinorityNote, member_id: int) -> str | None:
    """The sentence why somebody cannot take a note back, or None."""
    if note.member_id != member_id:
        return _("Only the member who wrote this note can withdraw it.")
    if note.withdrawn_at:
        return _("This note is withdrawn already.")
    return _("The text was submitted to the board, so notes no longer change.") if is_bundled(note.draft) else None


def withdraw(note: MinorityNote, member_id: int) -> None:
    """Take a note back. Raises Refused."""
    drafts.hold(note.draft)
    db.session.refresh(note)
    if why := why_not_withdraw(note, member_id):
        raise Refused(why)
    note.withdrawn_at = now()

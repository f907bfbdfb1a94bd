"""What members say of a published draft, and what the group answers: taken up, or why not.

A remark is about the whole draft or about one recommendation; a reply is a remark on a remark. The group answers the
first of a thread. Lists and counts stand in hearing.py, what organisers do in moderating.py.
"""

from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import select, update

from ..access import Visitor
from ..db import db, now
from ..errors import Refused
from ..i18n import clock, moment, names
from ..members.models import Member
from ..workgroups import insiders
from . import remark_letters as letters
from .hearing_models import Remark
from .models import Draft, Recommendation

LONGEST = 2000
CHANGEABLE = timedelta(minutes=15)
# Enough for whoever reads a draft with a pencil; too few to bury the remarks of others.
MOST_AN_HOUR = 20
HOUR = timedelta(hours=1)


class Overtaken(Refused):
    """Somebody else of the group answered since this page was opened: what they wrote stands."""


def title_of(draft: Draft) -> str:
    """'Guidance (Gent and Liège)': the theme, and where its groups meet."""
    return f"{draft.theme} ({names(dict.fromkeys(group.place for group in draft.groups))})"


def belongs(visitor: Visitor, draft: Draft) -> bool:
    """Whether the visitor is in one of the draft's groups, leads one, or organises."""
    return any(insiders.is_inside(visitor, group) for group in draft.groups)


# --- Writing ----------------------------------------------------------------------------------------


def why_not_now(draft: Draft) -> str | None:
    """The sentence why nobody can send remarks on the draft now, or None."""
    if draft.published_at is None or draft.remarks_until is None or now() < draft.published_at:
        return _("This draft is not published yet. You can send remarks once it is.")
    if now() >= draft.remarks_until:
        return _("You could send remarks until %(moment)s.", moment=moment(draft.remarks_until))
    return None


def why_not_write(draft: Draft, about: Recommendation | None, member_id: int | None) -> str | None:
    """The sentence why a member cannot send a remark on the draft or on one recommendation, or None."""
    if why := why_not_now(draft):
        return why
    if about is not None and (about.draft_id != draft.id or about.withdrawn_at):
        return _("The group has withdrawn this recommendation.")
    return _("Sign in to send a remark.") if member_id is None else None


def why_not_reply(remark: Remark, member_id: int | None) -> str | None:
    """The sentence why a member cannot reply to a remark, or None."""
    if why := why_not_write(remark.draft, remark.recommendation, member_id):
        return why
    return _("This remark is gone, so you cannot reply to it.") if remark.withdrawn_at or remark.hidden_at else None


def write(draft: Draft, about: Recommendation | None, member_id: int | None, language: str, text: str) -> Remark:
    """Send a remark; the same one sent twice is one. Raises Refused."""
    if (why := why_not_write(draft, about, member_id)) or member_id is None:
        raise Refused(why)
    return _put(Remark(draft_id=draft.id, recommendation_id=about.id if about else None), member_id, language, text)


def reply(remark: Remark, member_id: int | None, language: str, text: str) -> Remark:
    """Reply to a remark; the same reply sent twice is one. Raises Refused."""
    db.session.flush()
    db.session.refresh(remark, with_for_update={"key_share": True, "of": Remark})
    if (why := why_not_reply(remark, member_id)) or member_id is None:
        raise Refused(why)
    made = Remark(draft_id=remark.draft_id, recommendation_id=remark.recommendation_id, parent_id=remark.id)
    return _put(made, member_id, language, text)


def _put(made: Remark, member_id: int, language: str, text: str) -> Remark:
    text = _checked(text)
    # Two clicks at once: the second waits here until the first is in the database.
    db.session.execute(select(Member.id).where(Member.id == member_id).with_for_update(key_share=True))
    if same := _same(made, member_id, text):
        return same
    if why := _why_too_often(member_id):
        raise Refused(why)
    made.member_id, made.language, made.text, made.written_at = member_id, language, text, now()
    db.session.add(made)
    db.session.flush()
    return made


def _checked(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\0", "").strip()  # PostgreSQL keeps no NUL
    if not text:
        raise Refused(_("Write your remark first."))
    if len(text) > LONGEST:
        raise Refused(_("Write at most %(n)s characters.", n=LONGEST))
    return text


def _same(made: Remark, member_id: int, text: str) -> Remark | None:
    """The member's own remark at the same place in the same words; what organisers have hidden does not come back."""
    theirs = select(Remark).where(Remark.draft_id == made.draft_id, Remark.member_id == member_id, Remark.text == text)
    here = theirs.where(
        Remark.recommendation_id.is_not_distinct_from(made.recommendation_id),
        Remark.parent_id.is_not_distinct_from(made.parent_id),
        Remark.withdrawn_at.is_(None),
    )
    return db.session.scalars(here).first()


def _why_too_often(member_id: int) -> str | None:
    theirs = select(Remark.written_at).where(Remark.member_id == member_id, Remark.written_at > now() - HOUR)
    last = db.session.scalars(theirs.order_by(Remark.written_at.desc()).limit(MOST_AN_HOUR)).all()
    if len(last) < MOST_AN_HOUR:
        return None
    return _(
        "You sent %(n)s remarks within an hour. You can send the next one at %(time)s.",
        n=MOST_AN_HOUR, time=clock(last[-1] + HOUR + timedelta(minutes=1)),
    )  # fmt: skip


# --- Changing one's mind ----------------------------------------------------------------------------


def why_not_change(remark: Remark, member_id: int | None, has_replies: bool | None = None) -> str | None:
    """Authors mend their words for a quarter of an hour; afterwards as long as nobody has replied or answered.

    Who knows already whether there are replies says so; else the database is asked.
    """
    if why := _why_not_theirs(remark, member_id):
        return why
    if remark.hidden_at:
        return _("The organisers hid this remark, so it no longer changes.")
    if remark.answered_at:
        return _("The group has answered this remark, so it no longer changes. You can withdraw it.")
    if now() < remark.written_at + CHANGEABLE:
        return None
    if bool(remark.replies) if has_replies is None else has_replies:
        return _("Somebody has replied to this remark, so it no longer changes. You can withdraw it.")
    return why_not_now(remark.draft)


def change(remark: Remark, member_id: int | None, language: str, text: str) -> None:
    """Put other words in one's own remark. Raises Refused."""
    _hold(remark)
    if why := why_not_change(remark, member_id):
        raise Refused(why)
    text = _checked(text)
    if (remark.text, remark.language) != (text, language):
        remark.text, remark.language, remark.changed_at = text, language, now()


def why_not_withdraw(remark: Remark, member_id: int | None) -> str | None:
    """Whoever wrote a remark may always take it back."""
    return _why_not_theirs(remark, member_id)


def withdraw(remark: Remark, member_id: int | None) -> None:
    """Take a remark back; replies to it stay. Raises Refused."""
    _hold(remark)
    if why := why_not_withdraw(remark, member_id):
        raise Refused(why)
    remark.withdrawn_at = now()


def _why_not_theirs(remark: Remark, member_id: int | None) -> str | None:
    if member_id is None or remark.member_id != member_id:
        return _("Only the member who wrote this remark can do that.")
    return _("This remark is withdrawn already.") if remark.withdrawn_at else None


def _hold(remark: Remark) -> None:
    """Read a remark as it is now; whoever acts on it at the same moment waits for our commit."""
    db.session.flush()
    db.session.refresh(remark, with_for_update={"of": Remark})


# --- Answering --------------------------------------------------------------------------------------


def why_not_answer(remark: Remark, visitor: Visitor) -> str | None:
    """The sentence why somebody cannot answer a remark for the group, or None.

    Answers change until the text is adopted; one that is still missing then (it was hidden before) may be written.
    """
    if not belongs(visitor, remark.draft):
        return _("The group answers: its facilitators, its secretary, and everybody with a place.")
    if remark.parent_id:
        return _("The group answers the first remark of a thread. Below it everybody can reply.")
    if remark.withdrawn_at:
        return _("This remark was withdrawn.")
    if remark.hidden_at:
        return _("The organisers hid this remark, so it needs no answer.")
    if remark.draft.adopted_at and remark.answered_at:
        return _("The text is adopted, so answers no longer change.")
    return None


def seen_of(remark: Remark) -> str:
    """What a form about a remark carries, so that nobody writes over an answer that they have not seen."""
    return remark.answered_at.isoformat() if remark.answered_at else ""


def answer(remark: Remark, visitor: Visitor, taken_up: bool, words: str, language: str, seen: str) -> None:
    """Say for the group that a remark is taken up or not, and why. The author gets a mail. Raises Refused, Overtaken.

    `seen` is `seen_of` the remark when the page was opened. The same answer sent twice is one.
    """
    db.session.flush()
    db.session.refresh(remark.draft)
    db.session.refresh(remark)
    if why := why_not_answer(remark, visitor):
        raise Refused(why)
    words = words.replace("\r\n", "\n").replace("\0", "").strip()
    if not words:
        raise Refused(_("Write why: what changed in the text, or why not."))
    if len(words) > LONGEST:
        raise Refused(_("Write at most %(n)s characters.", n=LONGEST))
    if (remark.taken_up, remark.answer, remark.answer_language) == (taken_up, words, language):
        return
    before = remark.answered_at, remark.taken_up
    if seen != seen_of(remark) or not _stands_as_seen(remark, before[0], visitor, taken_up, words, language):
        db.session.refresh(remark)
        if why := why_not_answer(remark, visitor):
            raise Refused(why)
        who = remark.answered_by.name if remark.answered_by else _("Somebody")
        raise Overtaken(
            _("%(name)s answered while this page was open. Their answer stands below; yours is still here.", name=who)
        )
    db.session.refresh(remark)
    if before[0] is None or before[1] != taken_up:
        letters.answered(remark, again=before[0] is not None)


def _stands_as_seen(
    remark: Remark, before: datetime | None, visitor: Visitor, taken_up: bool, words: str, language: str
) -> bool:
    """Compare and set: True when nobody answered, withdrew or hid it since."""
    same = Remark.id == remark.id, Remark.answered_at.is_not_distinct_from(before)
    stands = Remark.withdrawn_at.is_(None), Remark.hidden_at.is_(None)
    put = update(Remark).where(*same, *stands).values(
        answered_at=now(), answered_by_id=visitor.member_id, taken_up=taken_up, answer=words, answer_language=language
    )  # fmt: skip
    return bool(db.session.execute(put.execution_options(synchronize_session=False)).rowcount)  # type: ignore[attr-defined]

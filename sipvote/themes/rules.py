"""What members do with themes: propose, mend, withdraw, support. What organisers do stands in review.py."""

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from ..db import db, now
from ..editions import rules as editions
from ..editions.models import Edition
from ..errors import Refused
from ..i18n import language_name
from ..members.models import Member
from . import finding
from .models import Support, Theme, ThemeText

# Enough for whoever has much to say, too few to bury the proposals of others.
MOST_PROPOSALS = 5
# What a theme says in one language: title, question, why, change. All but the title are Markdown.
Words = dict[str, str]

STATE_NAMES = {
    "proposed": _l("Proposal"),
    "admitted": _l("On the ballot"),
    "declined": _l("Declined"),
    "elected": _l("Elected"),
    "prolonged": _l("Prolonged"),
    "withdrawn": _l("Withdrawn"),
}

# --- What the year works on -----------------------------------------------------------------------


def _of(edition: Edition) -> Select[Theme]:
    present = select(Theme).where(Theme.edition_id == edition.id, Theme.withdrawn_at.is_(None))
    return present.order_by(Theme.proposed_at, Theme.id)


def on_ballot(edition: Edition) -> Sequence[Theme]:
    """The themes that were admitted to the edition's ballot, in the order they were proposed."""
    return db.session.scalars(_of(edition).where(Theme.admitted_at.is_not(None))).all()


def of_the_year(edition: Edition) -> Sequence[Theme]:
    """The themes that the edition works on: elected ones, then prolonged ones."""
    chosen = _of(edition).where(Theme.elected_at.is_not(None) | Theme.prolonged_from_id.is_not(None))
    return sorted(db.session.scalars(chosen), key=lambda theme: theme.is_prolonged)


def going_on(edition: Edition) -> int:
    """How many themes of the last edition go on in this one."""
    rows = select(func.count()).where(Theme.edition_id == edition.id, Theme.prolonged_from_id.is_not(None))
    return db.session.scalar(rows) or 0


def is_counted(edition: Edition) -> bool:
    """Whether the vote about the themes has a published result."""
    elected = _of(edition).where(Theme.elected_at.is_not(None)).with_only_columns(Theme.id).limit(1)
    return db.session.scalar(elected) is not None


def proposed_by(member_id: int) -> Sequence[Theme]:
    """The themes that a member proposed in any edition, the newest first."""
    theirs = select(Theme).where(Theme.proposer_id == member_id, Theme.withdrawn_at.is_(None))
    newest = theirs.order_by(Theme.proposed_at.desc(), Theme.id.desc())
    return db.session.scalars(newest.options(joinedload(Theme.edition))).all()


def supported_by(member_id: int) -> Sequence[Theme]:
    """The themes of others that a member supports, in any edition, the latest support first."""
    theirs = select(Theme).join(Support, Support.theme_id == Theme.id).where(Support.member_id == member_id)
    others = theirs.where(Theme.withdrawn_at.is_(None), Theme.proposer_id.is_distinct_from(member_id))
    newest = others.order_by(Support.supported_at.desc(), Theme.id.desc())
    return db.session.scalars(newest.options(joinedload(Theme.edition))).all()


# --- Proposing ------------------------------------------------------------------------------------


def why_not_propose(edition: Edition, member_id: int | None) -> str | None:
    """Every member may propose while the phase allows it, up to a number of proposals."""
    return _why_no_proposals(edition, member_id) or _why_too_many(edition, member_id)


def _why_no_proposals(edition: Edition, member_id: int | None) -> str | None:
    if why := editions.why_not_now(edition, "propose"):
        return why
    return _("Sign in to propose a theme.") if member_id is None else None


def _why_too_many(edition: Edition, member_id: int | None) -> str | None:
    """A withdrawn proposal does not count, so it makes room for another."""
    theirs = _of(edition).where(Theme.proposer_id == member_id).with_only_columns(Theme.id).limit(MOST_PROPOSALS)
    if len(db.session.scalars(theirs).all()) < MOST_PROPOSALS:
        return None
    return _(
        "You proposed %(number)d themes this year. That is the most that one member can propose. To propose"
        " another theme, withdraw one first.",
        number=MOST_PROPOSALS,
    )


def _hold_member(member_id: int | None) -> None:
    """Two clicks at once: the second waits here until the first is in the database."""
    db.session.execute(select(Member.id).where(Member.id == member_id).with_for_update(key_share=True))


def propose(edition: Edition, member_id: int | None, language: str, words: Words) -> Theme:
    """Propose a theme; its proposer is its first supporter. Raises Refused.

    The same proposal sent twice is one proposal: the first is given. A second one with the same
    title but another text is refused, so that neither text is lost.
    """
    why = _why_no_proposals(edition, member_id)
    if why or member_id is None:
        raise Refused(why)
    _hold_member(member_id)
    if same := finding.own_text_called(edition, member_id, words["title"]):
        if all(getattr(same, name) == said for name, said in words.items()):
            return same.theme
        raise Refused(_("You proposed a theme with this title already. Change that proposal, or choose another title."))
    if why := _why_too_many(edition, member_id):
        raise Refused(why)
    theme = Theme(edition_id=edition.id, proposer_id=member_id, original=language, proposed_at=now())
    theme.texts.append(ThemeText(language=language, written_at=now(), **words))
    db.session.add(theme)
    db.session.flush()
    _add_support(theme, member_id)
    return theme


def why_not_edit(theme: Theme, member_id: int | None) -> str | None:
    """Proposers mend their text until the organisers have decided about it."""
    if member_id is None or theme.proposer_id != member_id:
        return _("Only the member who proposed this theme can change it.")
    return _why_settled(theme) or editions.why_not_now(theme.edition, "propose")


def edit(theme: Theme, member_id: int | None, language: str, words: Words, seen: str | None) -> None:
    """Change the words of one's own proposal, and the language that they are in. Raises Refused.

    `seen` is the moment at which the text was written that the member had before them.
    """
    hold(theme)
    if why := why_not_edit(theme, member_id):
        raise Refused(why)
    text = theme.original_text
    refuse_unseen(text, seen)
    if language != text.language and theme.text_in(language):
        raise Refused(
            _("There is a text in %(language)s already. Choose another language.", language=language_name(language))
        )
    is_same = language == text.language and all(getattr(text, name) == said for name, said in words.items())
    text.language = theme.original = language
    if not is_same:
        put(text, words)


def why_not_withdraw(theme: Theme, member_id: int | None) -> str | None:
    """Proposers take their proposal back until it is decided about; while the ballot is made, not after."""
    if member_id is None or theme.proposer_id != member_id:
        return _("Only the member who proposed this theme can withdraw it.")
    return _why_settled(theme) or editions.why_not_now(theme.edition, "review")


def withdraw(theme: Theme, member_id: int | None) -> None:
    """Take a proposal back; it is then seen by its proposer only. Twice is once. Raises Refused."""
    hold(theme)
    if why := why_not_withdraw(theme, member_id):
        raise Refused(why)
    theme.withdrawn_at = theme.withdrawn_at or now()


def why_not_restore(theme: Theme, member_id: int | None) -> str | None:
    """A withdrawn proposal comes back as long as it could be withdrawn, and as one more may be proposed."""
    if why := why_not_withdraw(theme, member_id):
        return why
    return _why_too_many(theme.edition, member_id) if theme.withdrawn_at else None


def restore(theme: Theme, member_id: int | None) -> None:
    """Propose a withdrawn theme again, with the supporters it had. Twice is once. Raises Refused."""
    _hold_member(member_id)
    hold(theme)
    if why := why_not_restore(theme, member_id):
        raise Refused(why)
    theme.withdrawn_at = None


def _why_settled(theme: Theme) -> str | None:
    if theme.admitted_at:
        return _("This theme is on the ballot: its text no longer changes. Write to the organisers if it must.")
    return _("The organisers declined this theme.") if theme.declined_at else None


# --- Supporting -----------------------------------------------------------------------------------


def why_not_support(theme: Theme, member_id: int | None) -> str | None:
    """Every member may support any number of open proposals, each once."""
    if why := editions.why_not_now(theme.edition, "support"):
        return why
    if theme.is_prolonged:
        return _("This theme goes on without a vote. It needs no supporters.")
    if theme.withdrawn_at or theme.declined_at:
        return _("This proposal is closed.")
    return _("Sign in to support this theme.") if member_id is None else None


def support(theme: Theme, member_id: int | None) -> None:
    """Support a theme. Twice is once. Raises Refused."""
    if why := why_not_support(theme, member_id):
        raise Refused(why)
    _add_support(theme, member_id)


def _add_support(theme: Theme, member_id: int | None) -> None:
    given = {"theme_id": theme.id, "member_id": member_id, "supported_at": now()}
    try:
        with db.session.begin_nested():
            db.session.execute(insert(Support).values(given))
    except IntegrityError:
        pass  # supported already, perhaps a moment ago in another window: that is what was wished


def why_not_take_back(theme: Theme, member_id: int | None) -> str | None:
    """Support is taken back while supporting is possible; proposers withdraw their proposal instead."""
    if member_id is not None and theme.proposer_id == member_id:
        return _("You proposed this theme, so you support it.")
    return editions.why_not_now(theme.edition, "support")


def take_back_support(theme: Theme, member_id: int | None) -> None:
    """Support a theme no longer. Twice is once. Raises Refused."""
    if why := why_not_take_back(theme, member_id):
        raise Refused(why)
    db.session.execute(delete(Support).where(Support.theme_id == theme.id, Support.member_id == member_id))


# --- Shared with review.py ------------------------------------------------------------------------


def hold(theme: Theme) -> None:
    """Read a theme and its texts as they are now; whoever acts on it at the same moment waits for our commit."""
    db.session.refresh(theme, with_for_update={"key_share": True, "of": Theme})


def refuse_unseen(text: ThemeText | None, seen: str | None) -> None:
    """Nobody writes over words that they have not seen."""
    if (text.written_at.isoformat() if text else "") != (seen or ""):
        raise Refused(
            _("Somebody changed this text while you wrote. Yours is still here. Send it again to replace the other.")
        )


def put(text: ThemeText, words: Words) -> None:
    """Set a text's words and the moment they were written."""
    text.written_at = now()
    for name, said in words.items():
        setattr(text, name, said)
    db.session.flush()

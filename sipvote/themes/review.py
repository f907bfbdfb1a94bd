"""What organisers do with themes: admit to the ballot, decline, translate, prolong."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from .. import audit, mail
from ..db import db, now
from ..editions import rules as editions
from ..editions.models import Edition
from ..errors import Refused
from ..members.models import COUNTRIES
from . import finding, rules
from .models import Theme, ThemeText
from .rules import Words, of_the_year, put, refuse_unseen

# --- The ballot ----------------------------------------------------------------------------------


def why_not_now(edition: Edition) -> str | None:
    """Why nothing about the ballot can change now, or None."""
    if why := editions.why_not_now(edition, "review"):
        return why
    if edition.themes_frozen_at:
        return _(
            "The ballot is frozen, so its themes and texts stay as they are. Unfreeze it first if they must change."
        )
    return None


def _hold(theme: Theme) -> None:
    """Hold a theme, and its ballot as it is: who freezes it waits for our commit, or is seen to have frozen it."""
    rules.hold(theme)
    db.session.refresh(theme.edition, with_for_update={"read": True})


def why_not_review(theme: Theme) -> str | None:
    """Organisers decide about proposals while the ballot is made. Prolonged themes are not voted on."""
    if why := why_not_now(theme.edition):
        return why
    if theme.is_prolonged:
        return _("A prolonged theme is not voted on.")
    return _("This proposal was withdrawn.") if theme.withdrawn_at else None


def admit(theme: Theme, by: int) -> None:
    """Put a theme on the ballot and tell its proposer. Twice is once. Raises Refused."""
    _hold(theme)
    if why := why_not_review(theme):
        raise Refused(why)
    if theme.declined_at:
        raise Refused(_("This theme was declined. Undo that first."))
    if theme.admitted_at:
        return
    theme.admitted_at = now()
    _record("admit theme", theme, by, supporters=finding.supporters([theme])[theme.id])
    if theme.proposer:
        mail.queue("theme_admitted", theme.proposer, key=f"theme_admitted {theme.id}", theme=theme)


def take_from_ballot(theme: Theme, by: int) -> None:
    """Make an admitted theme a proposal again. Twice is once. Raises Refused."""
    _hold(theme)
    if why := why_not_review(theme):
        raise Refused(why)
    if theme.admitted_at:
        theme.admitted_at = None
        _record("take theme from ballot", theme, by)


def why_not_decline(theme: Theme) -> str | None:
    """A theme on the ballot is taken from it first."""
    if why := why_not_review(theme):
        return why
    return _("This theme is on the ballot. Take it from the ballot first.") if theme.admitted_at else None


def decline(theme: Theme, reason: str, by: int) -> None:
    """Decline a proposal and mail its proposer the reason. Twice is once. Raises Refused."""
    _hold(theme)
    if why := why_not_decline(theme):
        raise Refused(why)
    if theme.declined_at:
        return
    theme.declined_at, theme.decline_reason = now(), reason
    _record("decline theme", theme, by, reason=reason)
    if theme.proposer:
        mail.queue("theme_declined", theme.proposer, theme=theme, reason=reason)


def undecline(theme: Theme, by: int) -> None:
    """Open a declined proposal again. Twice is once. Raises Refused."""
    _hold(theme)
    if why := why_not_review(theme):
        raise Refused(why)
    if theme.declined_at:
        theme.declined_at, theme.decline_reason = None, None
        _record("undo decline of theme", theme, by)


def why_not_write(theme: Theme) -> str | None:
    """Organisers translate and mend texts while the ballot is made."""
    return why_not_now(theme.edition)


def write(theme: Theme, language: str, words: Words, seen: str | None, by: int) -> None:
    """Write or mend a theme's text in one language. Raises Refused.

    `seen` is the moment at which the text was written that the organiser had before them, if any.
    """
    _hold(theme)
    if why := why_not_write(theme):
        raise Refused(why)
    text = theme.text_in(language)
    refuse_unseen(text, seen)
    changed = [name for name in words if text and getattr(text, name) != words[name]]
    if text is None:
        text = ThemeText(language=language)
        theme.texts.append(text)
    put(text, words)
    _record("write theme text", theme, by, language=language, changed=changed)


# --- Prolonging -----------------------------------------------------------------------------------


def why_not_prolong(edition: Edition) -> str | None:
    """Themes of the last edition are prolonged while the ballot is made."""
    return editions.why_not_now(edition, "review")


def to_prolong(edition: Edition) -> list[tuple[Theme, Theme | None]]:
    """The themes that the last edition worked on, each with the theme it goes on as, if it does."""
    last = editions.before(edition)
    if last is None:
        return []
    prolonged = {t.prolonged_from_id: t for t in of_the_year(edition) if t.is_prolonged}
    return [(theme, prolonged.get(theme.id)) for theme in of_the_year(last)]


def prolong(edition: Edition, theme: Theme, country: str | None, by: int) -> Theme:
    """Let a theme of the last edition go on in this one, for everybody (None) or in one country. Raises Refused."""
    if why := why_not_prolong(edition):
        raise Refused(why)
    if theme not in [t for t, _goes_on in to_prolong(edition)]:
        raise Refused(_("Only a theme that the last edition worked on can be prolonged."))
    if country not in (None, *COUNTRIES):
        raise Refused(_("Choose for whom the theme goes on."))
    return prolong_as_voted(edition, theme, country, by)


def prolong_as_voted(edition: Edition, theme: Theme, country: str | None, by: int | None) -> Theme:
    """Let a theme go on because the members voted for it, whatever the phase. Raises Refused when it does already."""
    made = Theme(
        edition_id=edition.id, original=theme.original, proposed_at=now(), prolonged_from_id=theme.id,
        prolonged_country=country,
    )  # fmt: skip
    for t in theme.texts:
        words = {"title": t.title, "question": t.question, "why": t.why, "change": t.change}
        made.texts.append(ThemeText(language=t.language, written_at=now(), **words))
    try:
        with db.session.begin_nested():
            db.session.add(made)
    except IntegrityError:
        raise Refused(_("This theme is prolonged already.")) from None
    _record("prolong theme", made, by, country=country, prolonged_from=theme.id)
    return made


def undo_prolong(theme: Theme, by: int) -> None:
    """Prolong a theme no longer. Raises Refused."""
    if why := why_not_prolong(theme.edition):
        raise Refused(why)
    if not theme.is_prolonged:
        raise Refused(_("This theme is not a prolonged one."))
    _record("undo prolonging of theme", theme, by)
    try:
        with db.session.begin_nested():
            db.session.delete(theme)
    except IntegrityError:
        raise Refused(_("There are workgroups for this theme, so it stays.")) from None


def _record(act: str, theme: Theme, by: int | None, **facts: Any) -> None:
    audit.record(act, f"theme {theme.id}", by, title=theme.original_text.title, **facts)

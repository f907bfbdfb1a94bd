"""How themes are found: the list with its filters, the search, titles that look alike, who supports what."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import joinedload

from ..db import db
from ..editions.models import Edition
from ..i18n import LANGUAGES
from .models import Support, Theme, ThemeText

LOOK_ALIKES = 5
# How many letters of a word must be the same: "gender" and "genders", "membre" and "membres".
STEM = 5

_supporters = select(func.count()).where(Support.theme_id == Theme.id).correlate(Theme).scalar_subquery()
_texts = select(func.count()).where(ThemeText.theme_id == Theme.id).correlate(Theme).scalar_subquery()
# Elected and prolonged themes first, then the ballot, then what else was proposed, then what was declined.
GROUPS = ("elected", "prolonged", "admitted", "proposed", "declined")
_group = case(
    (Theme.elected_at.is_not(None), 0), (Theme.prolonged_from_id.is_not(None), 1), (Theme.admitted_at.is_not(None), 2),
    (Theme.declined_at.is_(None), 3), else_=4,
)  # fmt: skip
_undecided = (Theme.admitted_at.is_(None), Theme.declined_at.is_(None), Theme.prolonged_from_id.is_(None))


def listing(
    edition: Edition, member_id: int | None = None, search: str = "", show: str = "", sort: str = ""
) -> Select[Theme]:
    """Give the edition's themes, but for the withdrawn ones.

    `show`: "mine", "supported" (by the member), "needing" (supporters), "reached" (the number needed), "open"
    (undecided), "admitted", "declined", "untranslated" (on the ballot or prolonged, a language missing); else all.
    `sort`: "newest", "most" (supporters), else by group and in the order they were proposed.
    """
    themes = select(Theme).where(Theme.edition_id == edition.id, Theme.withdrawn_at.is_(None))
    if search.strip():
        themes = themes.where(Theme.id.in_(_matching(edition, search)))
    supported = select(Support.theme_id).where(Support.member_id == member_id)
    shown = {
        "mine": (Theme.proposer_id == member_id,),
        "supported": (Theme.id.in_(supported),),
        "needing": (*_undecided, _supporters < edition.supporters_needed),
        "reached": (*_undecided, _supporters >= edition.supporters_needed),
        "open": _undecided,
        "admitted": (Theme.admitted_at.is_not(None),),
        "declined": (Theme.declined_at.is_not(None),),
        "untranslated": (
            Theme.admitted_at.is_not(None) | Theme.prolonged_from_id.is_not(None),
            _texts < len(LANGUAGES),
        ),
    }
    orders = {
        "newest": (Theme.proposed_at.desc(), Theme.id.desc()),
        "most": (_supporters.desc(), Theme.proposed_at, Theme.id),
    }
    order = orders.get(sort, (_group, Theme.proposed_at, Theme.id))
    return themes.where(*shown.get(show, ())).order_by(*order).options(joinedload(Theme.proposer))


def how_many(edition: Edition, *shows: str) -> dict[str, int]:
    """The length of each of these listings."""
    counts = {}
    for show in shows:
        ids = listing(edition, show=show).with_only_columns(Theme.id).order_by(None)
        counts[show] = db.session.scalar(select(func.count()).select_from(ids.subquery())) or 0
    return counts


def supporters(themes: Iterable[Theme]) -> dict[int, int]:
    """How many members support each theme, by its id."""
    ids = [theme.id for theme in themes]
    rows = select(Support.theme_id, func.count()).where(Support.theme_id.in_(ids)).group_by(Support.theme_id)
    return {**dict.fromkeys(ids, 0), **{row[0]: row[1] for row in db.session.execute(rows)}}


def supported_among(themes: Iterable[Theme], member_id: int | None) -> set[int]:
    """The ids of those among these themes that a member supports."""
    ids = [theme.id for theme in themes]
    return set(
        db.session.scalars(select(Support.theme_id).where(Support.theme_id.in_(ids), Support.member_id == member_id))
    )


# --- Words ----------------------------------------------------------------------------------------


def fold(text: str) -> str:
    """Letters as they are compared: small, without accents, both databases alike."""
    bare = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe"))
    return "".join(c for c in bare if not unicodedata.combining(c))


def _plain(title: str) -> str:
    return " ".join(fold(title).split())


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", fold(text))


def _rows(edition: Edition) -> Sequence[tuple[int, str, str]]:
    """(theme id, title, question) of every text of the edition's themes; a few hundred short rows."""
    rows = select(ThemeText.theme_id, ThemeText.title, ThemeText.question).join(Theme)
    there = rows.where(Theme.edition_id == edition.id, Theme.withdrawn_at.is_(None))
    return [(row[0], row[1], row[2]) for row in db.session.execute(there)]


def _matching(edition: Edition, search: str) -> list[int]:
    """The ids of the themes whose title and question, in one of the languages, hold every word of the search."""
    wanted = fold(search).split()
    return [
        theme_id for theme_id, title, question in _rows(edition)
        if all(word in fold(f"{title} {question}") for word in wanted)
    ]  # fmt: skip


def own_text_called(edition: Edition, member_id: int, title: str) -> ThemeText | None:
    """The text with this title among a member's own proposals of the edition."""
    own = select(ThemeText).join(Theme).where(Theme.edition_id == edition.id, Theme.proposer_id == member_id)
    texts = db.session.scalars(own.where(Theme.withdrawn_at.is_(None)).order_by(Theme.id))
    return next((text for text in texts if _plain(text.title) == _plain(title)), None)


def likeness(one: str, other: str) -> float:
    """How alike two titles are, from 0 to 1: the part of the shorter one's words that the other has too.

    Only longer words count, by their first letters; short ones ("and", "van", "les") when there are no others.
    """
    first, second = _stems(one), _stems(other)
    shorter = min(len(first), len(second))
    return len(first & second) / shorter if shorter else 0.0


def _stems(title: str) -> set[str]:
    words = _words(title)
    return {word[:STEM] for word in words if len(word) > 3} or set(words)


def look_alikes(edition: Edition, title: str) -> list[Theme]:
    """The edition's themes with more than half of their words in common with a title, the most alike first."""
    found: dict[int, float] = {}
    for theme_id, theirs, _question in _rows(edition):
        alike = likeness(title, theirs)
        if alike > 0.5:
            found[theme_id] = max(alike, found.get(theme_id, 0))
    best = sorted(found, key=lambda theme_id: (-found[theme_id], theme_id))[:LOOK_ALIKES]
    themes = {t.id: t for t in db.session.scalars(select(Theme).where(Theme.id.in_(best)))}
    return [themes[theme_id] for theme_id in best]

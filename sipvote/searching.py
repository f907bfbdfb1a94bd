"""Full-text search in three languages, with one interface on SQLite and PostgreSQL. Knows no room.

A room says which words of which thing are found (finds.py keeps them in step); the database keeps an index of them.
Both databases are asked the same: they hold stems that are spelled with a to z (stems.py), and what is a hit and which
comes first is worked out with functions that both have. So both give the same hits in the same order.

    found = search('"fair fees" theatre', kinds=["recommendation"], language="fr", page=2)
    found.total, found.pages; for hit in found.hits: hit.kind, hit.thing_id, hit.title, hit.excerpt

A list with filters of its own asks only which of its things hold the words, and sorts them itself:

    ids = matching(words, "recommendation")        # a SELECT of ids; None when there is no word to look for
    listing = listing.where(Recommendation.id.in_(ids)) if ids is not None else listing

Every word must be there, in any order and in one language; endings do not matter, and a word of three letters or more
finds what begins with it. Words within quotes stand together. Nothing else has a meaning: no sign makes a search fail.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any

from markupsafe import Markup, escape
from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Text,
    UniqueConstraint,
    and_,
    case,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy import column as a_column
from sqlalchemy import table as a_table
from sqlalchemy.orm import Mapped, mapped_column

from . import stems
from .db import Base, db
from .i18n import LANGUAGES
from .i18n import language as page_language

PER_PAGE = 20
LONGEST_SEARCH = 400  # characters; what follows is not looked for
MOST_WORDS = 10
PREFIX_FROM = 3  # letters: a shorter word is found only whole
EXCERPT = 220  # characters
# Texts that are compared with each other: of a word that stands in more, those that were written last.
MOST_RANKED = 400
_QUOTED = re.compile(r"[\"“”„«»]([^\"“”„«»]*)[\"“”„«»]")
_sqlite_index = a_table("search_index", a_column("rowid"), a_column("search_index"))


class SearchText(Base):
    """The words of one thing in one language: a theme, a recommendation, a decision. Only what is public is here.

    `words` are what the index holds: the stems of title and body, each between spaces, with a bar between the two.
    """

    __tablename__ = "search_text"
    __table_args__ = (UniqueConstraint("kind", "thing_id", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    thing_id: Mapped[int]
    language: Mapped[str] = mapped_column(String(2), index=True)
    title: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)


# What ranks a hit: long texts would take long to count, and say no more of what they are about.
_head = func.substr(SearchText.words, 1, 600)

# --- What is asked ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Form:
    """One way in which a word may stand in the index: whole, or as a beginning."""

    stem: str
    is_whole: bool

    @property
    def piece(self) -> str:
        """What to look for in `words`."""
        return f" {self.stem} " if self.is_whole else f" {self.stem}"

    def fits(self, stem: str) -> bool:
        return stem == self.stem if self.is_whole else stem.startswith(self.stem)


@dataclass(frozen=True)
class Asked:
    """A search as it is asked of the texts in one language: each word in its forms, and the phrases as stems."""

    language: str
    words: tuple[tuple[Form, ...], ...]
    phrases: tuple[str, ...]

    def fits(self, stem: str) -> bool:
        """Whether a word of a text is one of those that are looked for."""
        return any(form.fits(stem) for forms in self.words for form in forms)


def ask(text: str, language: str) -> Asked | None:
    """Read a search as a question to the texts in a language; None when no word is in it."""
    text = text[:LONGEST_SEARCH]
    phrases = [[word.folded for word in stems.words(quoted)] for quoted in _QUOTED.findall(text)]
    loose = [word.folded for word in stems.words(_QUOTED.sub(" ", text))]
    telling = [word for word in loose if word not in stems.COMMON[language]]
    quoted = [word for phrase in phrases for word in phrase]
    wanted = telling or ([] if quoted else loose)
    forms = [_forms(word, language) for word in dict.fromkeys(wanted)]
    forms += [(Form(stems.stem(word, language), True),) for word in dict.fromkeys(quoted)]
    if not forms:
        return None
    together = (" ".join(stems.stem(word, language) for word in phrase) for phrase in phrases if len(phrase) > 1)
    return Asked(language, tuple(forms[:MOST_WORDS]), tuple(together))


def _forms(word: str, language: str) -> tuple[Form, ...]:
    stem = stems.stem(word, language)
    if len(word) < PREFIX_FROM:
        return (Form(word, True),)
    if word.startswith(stem) and len(stem) >= PREFIX_FROM:
        return (Form(stem, False),)
    return Form(stem, True), Form(word, False)


def _all_asked(text: str, language: str | None) -> list[Asked]:
    return [asked for code in ([language] if language else LANGUAGES) if (asked := ask(text, code))]


# --- The question to the database -------------------------------------------------------------------


def _each(questions: list[Asked]) -> list[ColumnElement[bool]]:
    """The rows that hold the words of the question in their language; what is the same in several is asked once."""
    alike: dict[tuple[Any, ...], list[Asked]] = defaultdict(list)
    for asked in questions:
        alike[asked.words, asked.phrases].append(asked)
    parts = []
    for same in alike.values():
        codes = [asked.language for asked in same]
        only = [] if len(codes) == len(LANGUAGES) else [SearchText.language.in_(codes)]
        parts.append(and_(*only, _holds(same[0])))
    return parts


def _holds(asked: Asked) -> ColumnElement[bool]:
    """The rows that hold the words: found by the index, phrases then read."""
    if db.engine.dialect.name == "sqlite":
        words = " AND ".join(
            "(" + " OR ".join(f'"{f.stem}"' + ("" if f.is_whole else "*") for f in forms) + ")" for forms in asked.words
        )
        rows = select(_sqlite_index.c.rowid).where(_sqlite_index.c.search_index.op("MATCH")(words))
        found: ColumnElement[bool] = SearchText.id.in_(rows)
    else:
        words = " & ".join(
            "(" + " | ".join(f.stem + ("" if f.is_whole else ":*") for f in forms) + ")" for forms in asked.words
        )
        simple: ColumnElement[str] = literal_column("'simple'")  # as the index was made: a parameter would not use it
        found = func.to_tsvector(simple, SearchText.words).op("@@")(func.to_tsquery(simple, words))
    phrases = [SearchText.words.like(f"% {phrase} %") for phrase in asked.phrases]
    return and_(found, *phrases)


def _in_title(asked: Asked) -> ColumnElement[int]:
    """How many of the words stand in the title, which ends at the bar."""
    forms = [or_(*(_head.like(f"%{form.piece}%|%") for form in forms)) for forms in asked.words]
    return _sum(case((there, 1), else_=0) for there in forms)


def _times(asked: Asked) -> ColumnElement[int]:
    """How often the words stand in the title and at the beginning of the body."""
    pieces = {form.piece for forms in asked.words for form in forms}
    length = func.length(_head)
    return _sum((length - func.length(func.replace(_head, piece, ""))) / len(piece) for piece in sorted(pieces))


def _sum(parts: Iterator[Any]) -> Any:
    total: Any = 0
    for part in parts:
        total = part + total
    return total


def _ranked(questions: list[Asked], kinds: Collection[str] | None) -> Any:
    """Every thing that is found, once: in the page's language where that one holds the words too."""
    of_language = [SearchText.language == asked.language for asked in questions]
    in_title = case(*zip(of_language, map(_in_title, questions), strict=True), else_=0).label("in_title")
    times = case(*zip(of_language, map(_times, questions), strict=True), else_=0).label("times")
    is_foreign = case((SearchText.language == page_language(), 0), else_=1)
    first = func.row_number().over(
        partition_by=(SearchText.kind, SearchText.thing_id), order_by=(is_foreign, in_title.desc(), SearchText.language)
    )
    rows = select(SearchText.id, SearchText.kind, SearchText.thing_id, in_title, times, first.label("place"),
                  func.count().over().label("texts"))  # fmt: skip
    return rows.where(SearchText.id.in_(_newest(questions, kinds))).subquery()


def _newest(questions: list[Asked], kinds: Collection[str] | None) -> Select[int]:
    """The ids of the texts that are compared; each part stops early, which one with an "or" could not."""
    found = select(SearchText.id).where(SearchText.kind.in_(kinds)) if kinds else select(SearchText.id)
    last = found.order_by(SearchText.id.desc()).limit(MOST_RANKED)
    every = union_all(*(last.where(part).subquery().select() for part in _each(questions))).subquery()
    return select(every.c.id).order_by(every.c.id.desc()).limit(MOST_RANKED).subquery().select()


def matching(words: str, kind: str, language: str | None = None) -> Select[int] | None:
    """The ids of the things of a kind that hold the words in one of the languages; None when there are no words."""
    questions = _all_asked(words, language)
    if not questions:
        return None
    return select(SearchText.thing_id).distinct().where(SearchText.kind == kind, or_(*_each(questions)))


# --- What is found ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hit:
    """One thing that was found. Title and excerpt are safe HTML with the words marked."""

    kind: str
    thing_id: int
    language: str
    title: Markup
    excerpt: Markup


@dataclass(frozen=True)
class Found:
    """A page of hits. `asked` is False when there was no word to look for.

    `is_cut`: the words stand in more texts than are compared; `total` is of the newest ones.
    """

    hits: list[Hit]
    total: int
    page: int
    asked: bool = True
    is_cut: bool = False

    @property
    def pages(self) -> int:
        return ceil(self.total / PER_PAGE)


def search(words: str, kinds: Collection[str] | None = None, language: str | None = None, page: int = 1) -> Found:
    """Give a page of what holds the words: hits in the title first, then where they stand most often.

    `kinds` are names that rooms registered (None: all), `language` is one of LANGUAGES (None: all). It takes one
    query, whatever is typed, and never fails; a page beyond the last is empty.
    """
    questions = _all_asked(words, language)
    if not questions:
        return Found([], 0, 1, asked=False)
    ranked = _ranked(questions, kinds)
    once = select(ranked).where(ranked.c.place == 1).add_columns(func.count().over().label("total"))
    order = (ranked.c.in_title.desc(), ranked.c.times.desc(), ranked.c.kind.desc(), ranked.c.thing_id.desc())
    top = once.order_by(*order).limit(PER_PAGE).offset(PER_PAGE * (page - 1)).subquery()
    ordered = (top.c.in_title.desc(), top.c.times.desc(), top.c.kind.desc(), top.c.thing_id.desc())
    rows = select(SearchText, top.c.total, top.c.texts).join(top, top.c.id == SearchText.id).order_by(*ordered)
    found = db.session.execute(rows).all()
    by_language = {asked.language: asked for asked in questions}
    hits = [_hit(row, by_language[row.language]) for row, *_ in found]
    is_cut = bool(found) and found[0][2] >= MOST_RANKED
    return Found(hits, found[0][1] if found else 0, page, is_cut=is_cut)


def _hit(row: SearchText, asked: Asked) -> Hit:
    body = excerpt(row.body, asked)
    return Hit(row.kind, row.thing_id, row.language, marked(row.title, asked), body)


def _places(text: str, asked: Asked) -> list[tuple[int, int]]:
    """Where the words that are looked for stand in a text."""
    found = stems.words(text)
    return [(w.start, w.end) for w in found if asked.fits(stems.stem(w.folded, asked.language))]


def marked(text: str, asked: Asked) -> Markup:
    """A text as safe HTML, with the words that are looked for marked."""
    made, at = Markup(), 0
    for start, end in _places(text, asked):
        made += escape(text[at:start]) + Markup("<mark>") + escape(text[start:end]) + Markup("</mark>")
        at = end
    return made + escape(text[at:])


def excerpt(body: str, asked: Asked) -> Markup:
    """A piece of a text around the first word that is looked for, as safe HTML; its beginning when none is there."""
    text = " ".join(body.split())
    places = _places(text, asked)
    begin = max(0, places[0][0] - EXCERPT // 3) if places else 0
    begin = text.find(" ", begin, begin + 40) + 1 if begin else 0  # at the beginning of a word, where one is near
    end = begin + EXCERPT
    end = max(text.rfind(" ", begin, end), begin + EXCERPT // 2) if end < len(text) else len(text)
    piece = marked(text[begin:end], asked)
    return Markup("{}{}{}").format("… " if begin else "", piece, " …" if end < len(text) else "")

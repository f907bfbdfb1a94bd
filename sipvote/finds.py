"""What is found: rooms say which words of which things, and the index is kept in step with them. Knows no room.

    finds("theme", Theme, texts, {Theme: ("id", None), ThemeText: ("theme_id", None)})

From then on every change of a Theme or a ThemeText that is committed, by objects or by a statement of the session,
asks `texts` again for the themes that it concerns, and writes the answer in the same transaction. What `texts` leaves
out is not found: so it gives only what everybody may read.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from sqlalchemy import Select, delete, event, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction

from . import stems
from .db import db
from .searching import SearchText

AT_ONCE = 500
LONGEST_BODY = 200_000  # characters
MOST_WORDS = 16_000  # the positions in a text that PostgreSQL tells apart
_TOUCHED = "touched things that are found"
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)\s]*\)")
_SIGNS = re.compile(r"^[ \t]*(?:[-*+>]|#{1,6}|\d+[.)])[ \t]+|\*{1,3}|_{2,3}|~~|`+", re.M)


# Of a table whose changes matter: its attribute, and the things whose it is; None when it holds their ids.
Part = tuple[str, Callable[[Collection[int]], Select[Any]] | None]


class Text(NamedTuple):
    """The words of one thing in one language; the body may be Markdown."""

    thing_id: int
    language: str
    title: str
    body: str


@dataclass(frozen=True)
class _Kind:
    name: str
    model: Any
    texts: Callable[[Collection[int]], Iterable[Text]]
    parts: Mapping[type, Part]


@dataclass
class _Touched:
    """What a transaction has changed: values of the attribute of a part, and kinds to which a statement added."""

    values: dict[tuple[str, type], set[int]] = field(default_factory=lambda: defaultdict(set))
    grown: set[str] = field(default_factory=set)
    whole: set[str] = field(default_factory=set)


_kinds: dict[str, _Kind] = {}


def finds(
    kind: str, model: Any, texts: Callable[[Collection[int]], Iterable[Text]], parts: Mapping[type, Part]
) -> None:
    """Let things of a model be found. `texts(ids)` gives the words of those among them that are public.

    `parts` are the tables whose changes matter.
    """
    _kinds[kind] = _Kind(kind, model, texts, parts)


def kinds() -> list[str]:
    """The names of what can be found."""
    return list(_kinds)


def rebuild(*names: str) -> int:
    """Make the index anew, of these kinds or of all, after work past the session; gives how many texts it holds."""
    for name in names or kinds():
        kind = _kinds[name]
        _hold([name])
        gone = ~exists().where(kind.model.id == SearchText.thing_id)
        db.session.execute(delete(SearchText).where(SearchText.kind == name, gone))
        _refresh(kind, db.session.scalars(select(kind.model.id).order_by(kind.model.id)).all())
    wanted = select(func.count()).select_from(SearchText).where(SearchText.kind.in_(names or kinds()))
    return db.session.scalar(wanted) or 0


# --- Noting what changes ----------------------------------------------------------------------------


def _touched(session: Session) -> _Touched:
    found: _Touched = session.info.setdefault(_TOUCHED, _Touched())
    return found


def _concerned(part: type) -> Iterator[tuple[_Kind, str]]:
    """The kinds that a table matters to, each with the attribute of the table."""
    for kind in _kinds.values():
        if part in kind.parts:
            yield kind, kind.parts[part][0]


@event.listens_for(Session, "after_flush")
def _note_objects(session: Session, _context: UOWTransaction) -> None:
    for thing in (*session.new, *session.dirty, *session.deleted):
        for kind, attribute in _concerned(type(thing)):
            value = getattr(thing, attribute)
            if value is not None:
                _touched(session).values[kind.name, type(thing)].add(value)


@event.listens_for(Session, "do_orm_execute")
def _note_statements(state: ORMExecuteState) -> None:
    """UPDATE and DELETE name whom they concern before they run; INSERT is looked after at the commit."""
    if state.is_select or state.bind_mapper is None or not (state.is_update or state.is_delete or state.is_insert):
        return
    part, statement = state.bind_mapper.class_, cast(Any, state.statement)
    for kind, attribute in _concerned(part):
        touched = _touched(state.session)
        if state.is_insert:
            touched.grown.add(kind.name)
            given: Any = state.parameters or statement.compile().params
            rows = given if isinstance(given, list) else [given]
            touched.values[kind.name, part] |= {row[attribute] for row in rows if row.get(attribute) is not None}
        elif (where := getattr(statement, "whereclause", None)) is None:
            touched.whole.add(kind.name)
        else:
            ids = select(getattr(part, attribute)).where(where)
            touched.values[kind.name, part] |= set(state.session.scalars(ids)) - {None}


@event.listens_for(Session, "before_commit")
def _keep_in_step(session: Session) -> None:
    if session.in_nested_transaction() or not _kinds:
        return
    session.flush()
    touched: _Touched | None = session.info.pop(_TOUCHED, None)
    if touched is None:
        return
    names = {name for name, _part in touched.values} | touched.grown | touched.whole
    _hold(names)
    for name in sorted(names):
        kind = _kinds[name]
        _refresh(kind, sorted(_things(kind, touched)))


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(_TOUCHED, None)


# --- Keeping in step --------------------------------------------------------------------------------


def _hold(names: Iterable[str]) -> None:
    """One after the other: who reads what another is about to commit would write the index back to what was."""
    if db.engine.dialect.name == "postgresql":
        for name in sorted(names):
            db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"sipvote finds {name}"))))


def _things(kind: _Kind, touched: _Touched) -> set[int]:
    """The ids of the things of a kind that changed."""
    if kind.name in touched.whole:
        return set(db.session.scalars(select(kind.model.id)))
    ids: set[int] = set()
    for part, (_attribute, whose) in kind.parts.items():
        values = touched.values.get((kind.name, part), set())
        if values:
            ids |= values if whose is None else set(db.session.scalars(whose(values)))
    if kind.name in touched.grown:
        known = (SearchText.kind == kind.name) & (SearchText.thing_id == kind.model.id)
        ids |= set(db.session.scalars(select(kind.model.id).where(~exists().where(known))))
    return ids


def _refresh(kind: _Kind, ids: Sequence[int]) -> None:
    """Write what is found of these things, and nothing else of them."""
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        wanted = {(text.thing_id, text.language): text for text in kind.texts(some)}
        columns = (SearchText.id, SearchText.thing_id, SearchText.language, SearchText.title, SearchText.body)
        there = select(*columns).where(SearchText.kind == kind.name, SearchText.thing_id.in_(some))
        rows = db.session.execute(there).all()
        gone = [row.id for row in rows if (row.thing_id, row.language) not in wanted]
        if gone:
            db.session.execute(delete(SearchText).where(SearchText.id.in_(gone)))
        same = {(row.thing_id, row.language): (row.title, row.body) for row in rows}
        made = [_row(kind.name, text) for text in wanted.values()]
        _write([row for row in made if same.get((row["thing_id"], row["language"])) != (row["title"], row["body"])])


def _write(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    added = insert(SearchText)
    anew = {name: added.excluded[name] for name in ("title", "body", "words")}
    said = added.on_conflict_do_update(index_elements=["kind", "thing_id", "language"], set_=anew)
    db.session.execute(said, rows)


def _row(kind: str, text: Text) -> dict[str, Any]:
    title, body = text.title.replace("\0", "")[:300], plain(text.body)[:LONGEST_BODY]
    words = " | ".join(_stems(part, text.language) for part in (title, body))
    return {"kind": kind, "thing_id": text.thing_id, "language": text.language, "title": title, "body": body,
            "words": f" {words} "}  # fmt: skip


def _stems(text: str, language: str) -> str:
    found = [stems.stem(word.folded, language) for word in stems.words(text)]
    return " ".join(found[:MOST_WORDS])


def plain(text: str) -> str:
    """Markdown as the words that are read: without its signs, and links without their addresses."""
    return _SIGNS.sub("", _LINK.sub(r"\1", text.replace("\0", ""))).strip()

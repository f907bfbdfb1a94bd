"""Questions that every request asks: compiled once for each database, and handed to the driver itself."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Dialect, Select
from sqlalchemy.exc import OperationalError

from .db import by_driver, db

Convert = Callable[[Any], Any]


class _Compiled(NamedTuple):
    """The statement in a driver's spelling, and how values go in and come out."""

    text: str
    order: list[str] | None  # of the values, where they have no names
    going_in: dict[str, Convert]
    coming_out: list[Convert]


class Prepared:
    """A statement that only reads. It needs a connection of its own, and never waits for a writer."""

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, facts: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Ask; `facts` are the values of the statement's parameters. Raises OperationalError.

        When the database was restarted, all old connections are given up, and it is asked again, once.
        """
        try:
            return self._ask(facts)
        except OperationalError as fault:
            if not fault.connection_invalidated:
                raise
            db.engine.dispose()
            return self._ask(facts)

    def _ask(self, facts: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        dialect = db.engine.dialect
        known = self._compiled.get(dialect.name) or self._compile(dialect)
        named = {name: known.going_in[name](value) for name, value in facts.items()}
        values: Any = named if known.order is None else [named[name] for name in known.order]
        with by_driver(alone=True) as driver:
            found = driver.execute(known.text, values).fetchall()
        return [tuple(read(value) for read, value in zip(known.coming_out, row, strict=True)) for row in found]

    def _compile(self, dialect: Dialect) -> _Compiled:
        made: Any = self._statement.compile(dialect=dialect)
        types = {name: bind.type.dialect_impl(dialect) for name, bind in made.binds.items()}
        columns = [column.type.dialect_impl(dialect) for column in self._statement.selected_columns]
        known = _Compiled(
            str(made),
            made.positiontup,
            {name: kind.bind_processor(dialect) or _as_it_is for name, kind in types.items()},
            [kind.result_processor(dialect, None) or _as_it_is for kind in columns],
        )
        self._compiled[dialect.name] = known
        return known


def _as_it_is(value: Any) -> Any:
    return value

"""Pages of a list that is in memory already, and of one that the database counts as it reads. Knows no room."""

from collections.abc import Sequence
from typing import Any

from flask import abort, request
from flask_sqlalchemy.pagination import Pagination
from sqlalchemy import Select, func

from .db import db


class ListPage(Pagination):
    """A page of a list; macros/ui.html has the pager for it."""

    @classmethod
    def asked(cls, found: Sequence[Any], per_page: int) -> "ListPage":
        """The page that ?page= asks for; 404 when there is no such page."""
        _check_page()
        return cls(found=found, per_page=per_page, max_per_page=per_page)

    def _query_items(self) -> list[Any]:
        found: Sequence[Any] = self._query_args["found"]
        return list(found[self._query_offset : self._query_offset + self.per_page])

    def _query_count(self) -> int:
        return len(self._query_args["found"])


class CountedPage(Pagination):
    """A page of a select of one column that is dear to ask: one question gives its rows, and how many there are."""

    @classmethod
    def asked(cls, found: Select[Any], per_page: int) -> "CountedPage":
        """The page that ?page= asks for; 404 when there is no such page."""
        _check_page()
        return cls(found=found, per_page=per_page, max_per_page=per_page)

    def _query_items(self) -> list[Any]:
        found: Select[Any] = self._query_args["found"]
        asked = found.add_columns(func.count().over()).limit(self.per_page).offset(self._query_offset)
        rows = db.session.execute(asked).all()
        self._counted = rows[0][1] if rows else 0
        return [row[0] for row in rows]

    def _query_count(self) -> int:
        return int(self._counted)


def _check_page() -> None:
    """No list has so many pages that their number would be too large for the database."""
    if len(request.args.get("page", "")) > 6:
        abort(404)

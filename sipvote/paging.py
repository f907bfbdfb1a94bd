"""Pages of a list that is in memory already. Knows no room."""

from collections.abc import Sequence
from typing import Any

from flask import abort, request
from flask_sqlalchemy.pagination import Pagination


class ListPage(Pagination):
    """A page of a list; macros/ui.html has the pager for it."""

    @classmethod
    def asked(cls, found: Sequence[Any], per_page: int) -> "ListPage":
        """The page that ?page= asks for; 404 when there is no such page."""
        if len(request.args.get("page", "")) > 6:
            abort(404)
        return cls(found=found, per_page=per_page, max_per_page=per_page)

    def _query_items(self) -> list[Any]:
        found: Sequence[Any] = self._query_args["found"]
        return list(found[self._query_offset : self._query_offset + self.per_page])

    def _query_count(self) -> int:
        return len(self._query_args["found"])

"""The page for searching: one field, what was found, filters by kind and language."""

from typing import Any

from flask import Blueprint, abort, render_template, request
from flask_sqlalchemy.pagination import Pagination

from .. import searching
from ..access import public
from ..i18n import LANGUAGES
from . import places

search = Blueprint("search", __name__)


class HitPages(Pagination):
    """The pages of what was found, for the pager."""

    def _query_items(self) -> list[Any]:
        found: searching.Found = self._query_args["found"]
        return found.hits

    def _query_count(self) -> int:
        found: searching.Found = self._query_args["found"]
        return found.total


def _asked_page() -> int:
    asked = request.args.get("page", "1")
    if not (asked.isascii() and asked.isdigit() and 0 < len(asked) <= 6):
        abort(404)
    return int(asked) or abort(404)


@search.get("/search")
@public
def index() -> str:
    words = request.args.get("q", "").replace("\0", "")[: searching.LONGEST_SEARCH]
    kind = request.args.get("kind", "") if request.args.get("kind") in places.KIND_NAMES else ""
    code = request.args.get("language", "") if request.args.get("language") in LANGUAGES else ""
    page = _asked_page()
    found = searching.search(words, [kind] if kind else None, code or None, page)
    pages = HitPages(page=page, per_page=searching.PER_PAGE, found=found)
    return render_template(
        "search/index.html", words=words, kind=kind, code=code, found=found, page=pages,
        hits=places.of_hits(found.hits), kinds=places.KIND_NAMES, one_of=places.ONE_OF_KIND, all_languages=LANGUAGES,
    )  # fmt: skip

"""Figures for the board and the organisers: how full, how balanced, who keeps coming; never who."""

from flask import Blueprint, Response, abort, render_template

from ..access import requires
from ..editions.views import asked_edition
from ..exports import csv_file, xlsx_book
from . import sheets
from .commitment import PEOPLE_AT_LEAST
from .hiding import SHOWN_FROM
from .picture import picture
from .wish_figures import RANKS

figures = Blueprint("figures", __name__, url_prefix="/<int:year>/figures")


@figures.get("/")
@requires("figures.see")
def index(year: int) -> str:
    seen = picture(asked_edition(year))
    return render_template(
        "figures/index.html", edition=seen.edition, seen=seen, tables=sheets.tables(seen), ranks=RANKS,
        stayed=sheets.stayed_lines(seen), least=SHOWN_FROM, least_together=PEOPLE_AT_LEAST,
    )  # fmt: skip


@figures.get("/<what>.csv")
@requires("figures.see")
def table(year: int, what: str) -> Response:
    asked = sheets.tables(picture(asked_edition(year))).get(what) or abort(404)
    return csv_file(f"sipvote-{year}-{what}", asked.columns, asked.rows)


@figures.get("/all.xlsx")
@requires("figures.see")
def book(year: int) -> Response:
    """Every table, one sheet each."""
    made = sheets.tables(picture(asked_edition(year))) or abort(404)
    return xlsx_book(f"sipvote-{year}-figures", [(t.title, t.columns, t.rows) for t in made.values()])

"""What the board decided, for everybody: drafts never come here."""

from typing import Any

from flask import Blueprint, abort, render_template
from flask_babel import gettext as _

from .. import exports
from ..access import public
from ..editions import rules as editions
from ..editions.models import Edition
from ..editions.views import asked_edition
from ..recommendations import differences
from . import finding, following
from .exports import COLUMNS
from .finding import Matter
from .following import KIND_NAMES
from .models import Outcome
from .rules import OUTCOME_NAMES

decisions = Blueprint("decisions", __name__)
# How an outcome looks beside its word.
KINDS = {Outcome.ACCEPTED: "ok", Outcome.AMENDED: "ok", Outcome.REJECTED: "bad", Outcome.POSTPONED: "warn"}


def asked_year(year: int, drafts: bool = False) -> tuple[Edition | None, list[Matter]]:
    """The edition and the matters of the year in the address; 404 when there is neither."""
    edition = asked_edition(year) if editions.of_year(year) else None
    found = finding.of_year(year, drafts)
    if edition is None and not found:
        abort(404)
    return edition, found


decisions.add_app_template_global(differences.difference)


def words() -> dict[str, Any]:
    """The names that every page of this room needs."""
    return {"names": OUTCOME_NAMES, "kinds": KINDS, "kind_names": KIND_NAMES, "today": finding.today()}


@decisions.get("/<int:year>/decisions")
@public
def index(year: int) -> str:
    edition, found = asked_year(year)
    published = [matter for matter in found if matter.decision]
    counts = {outcome: sum(m.decision.outcome == outcome for m in published if m.decision) for outcome in Outcome}
    return render_template(
        "decisions/index.html", asked_year=year, year_edition=edition, matters=found, published=published,
        themes=finding.by_theme(published), undecided=[m for m in found if not m.decision], counts=counts,
        answers=following.of_decisions([d for m in found for d in m.published]), label=label_of(year),
        other_years=[(other, label_of(other)) for other in finding.years() if other != year], **words(),
    )  # fmt: skip


@decisions.get("/<int:year>/decisions.<any(csv,xlsx):kind>")
@public
def download(year: int, kind: str) -> Any:
    """Every recommendation that the board received, with what it published."""
    _edition, found = asked_year(year)
    write, name = exports.csv_file if kind == "csv" else exports.xlsx_file, _("decisions")
    return write(f"{name}-{year}", COLUMNS, found)


def label_of(year: int) -> str:
    """'2026–27', also for years without an edition."""
    return f"{year}–{(year + 1) % 100:02}"

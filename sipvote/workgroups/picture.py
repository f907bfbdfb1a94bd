"""All that the figures of an edition tell, read in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..editions.models import Edition
from . import counts, fullness, turnout, ways, wish_figures, years
from .balance import Balance, balance
from .models import Workgroup


@dataclass(frozen=True)
class Picture:
    """One edition in figures. `wished` is there while members wish, and None otherwise."""

    edition: Edition
    groups: dict[int, Workgroup]
    total: counts.Numbers
    themes: Sequence[fullness.Line]
    cities: Sequence[fullness.Line]
    weeks: Sequence[fullness.Weeks]
    balance: Balance
    kept: turnout.Kept
    years: Sequence[years.Year]
    wished: wish_figures.Wished | None


def picture(edition: Edition) -> Picture:
    """Look at everything once."""
    groups = counts.groups_in(edition)
    numbers = counts.numbers_of(groups)
    compared, rows = years.compared(edition)
    return Picture(
        edition=edition,
        groups={g.id: g for g in groups},
        total=counts.total(numbers.values()),
        themes=fullness.by_theme(edition, groups, numbers),
        cities=fullness.by_city(groups, numbers),
        weeks=fullness.over_time(edition),
        balance=balance(edition),
        kept=turnout.kept(groups, rows),
        years=compared,
        wished=wish_figures.wished(edition, groups) if ways.takes_wishes(edition) else None,
    )

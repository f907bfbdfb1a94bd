"""How full are the groups? By theme and by city where they meet, and sign-ups from week to week."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, select

from ..db import db
from ..editions.models import Edition, SignUpWay
from ..i18n import ZONE, alphabetical
from ..themes import rules as themes
from . import counts
from .models import Signup, Workgroup
from .wish_models import WishList

MOST_WEEKS = 12  # as many lines as one looks at; a longer time is told in steps of two, four … weeks


@dataclass(frozen=True)
class Line:
    """A theme or a city, with the numbers of its groups; `id` is None for groups that meet online."""

    id: int | None
    label: str
    numbers: counts.Numbers


def by_theme(edition: Edition, groups: Sequence[Workgroup], numbers: dict[int, counts.Numbers]) -> list[Line]:
    """Each theme of the year, also one without a group."""
    return [
        Line(theme.id, str(theme), counts.total(numbers[g.id] for g in groups if g.theme_id == theme.id))
        for theme in themes.of_the_year(edition)
    ]


def by_city(groups: Sequence[Workgroup], numbers: dict[int, counts.Numbers]) -> list[Line]:
    """Each city where groups meet; a group that cities share counts in each."""
    cities = sorted({c.id: c for g in groups for c in g.cities}.values(), key=lambda c: alphabetical(c.name))
    lines = [Line(c.id, c.name, counts.total(numbers[g.id] for g in groups if c in g.cities)) for c in cities]
    online = [numbers[g.id] for g in groups if not g.cities]
    return [*lines, Line(None, _("Online"), counts.total(online))] if online else lines


# --- From week to week ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Weeks:
    """Some weeks from a Monday on: who signed up, who withdrew, and how many stood at their end."""

    monday: date
    came: int
    went: int
    standing: int


def over_time(edition: Edition) -> list[Weeks]:
    """Sign-ups from the first to the last; where members wish, pledged wishes."""
    moments = db.session.execute(_wishes(edition) if edition.sign_up_way == SignUpWay.WISHES else _signups(edition))
    return weeks_of([(came, went) for came, went in moments])


def _signups(edition: Edition) -> Select[Any, Any]:
    standing = Workgroup.edition_id == edition.id, Workgroup.cancelled_at.is_(None)
    return select(Signup.signed_up_at, Signup.withdrawn_at).join(Workgroup).where(*standing)


def _wishes(edition: Edition) -> Select[Any, Any]:
    pledged = WishList.edition_id == edition.id, WishList.pledged_at.is_not(None)
    return select(WishList.pledged_at, WishList.withdrawn_at).where(*pledged)


def weeks_of(moments: Sequence[tuple[datetime, datetime | None]]) -> list[Weeks]:
    """Count comings and goings by weeks that begin on Monday, in so few steps that all can be seen.

    Weeks in which nothing changed are left out.
    """
    came = Counter(_monday(at) for at, _gone in moments)
    went = Counter(_monday(gone) for _at, gone in moments if gone)
    step = 1
    while len(_steps({*came, *went}, step)) > MOST_WEEKS:
        step *= 2
    lines, standing = [], 0
    for monday in _steps({*came, *went}, step):
        these = [monday + timedelta(weeks=n) for n in range(step)]
        new, gone = sum(came[week] for week in these), sum(went[week] for week in these)
        standing += new - gone
        lines.append(Weeks(monday, new, gone, standing))
    return lines


def _steps(mondays: set[date], step: int) -> list[date]:
    """The Mondays on which steps of some weeks begin, counted from the first."""
    length = timedelta(weeks=step)
    return sorted({min(mondays) + (monday - min(mondays)) // length * length for monday in mondays})


def _monday(moment: datetime) -> date:
    day = moment.astimezone(ZONE).date()
    return day - timedelta(days=day.weekday())

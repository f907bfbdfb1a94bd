"""What members wish, before they are told their groups: how many, and by rank, without names."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from ..db import db
from ..editions.models import Edition
from .hiding import covered_within
from .models import Workgroup
from .wish_models import MOST_WISHES, Wish, WishList

RANKS = tuple(range(1, MOST_WISHES + 1))


@dataclass(frozen=True)
class Wished:
    """Lists that were begun and not taken back, those with a pledge; and wishes by rank, None when not shown."""

    begun: int
    pledged: int
    withdrawn: int
    themes: dict[int, dict[int, int | None]]
    groups: dict[int, dict[int, int | None]]


def wished(edition: Edition, groups: Sequence[Workgroup]) -> Wished:
    """Count the lists, and the wishes of those that are pledged: {group or theme: {rank: how many}}."""
    stands = WishList.withdrawn_at.is_(None)
    begun, pledged, withdrawn = db.session.execute(
        select(
            func.count().filter(stands),
            func.count().filter(stands, WishList.pledged_at.is_not(None)),
            func.count().filter(~stands),
        ).where(WishList.edition_id == edition.id)
    ).one()
    return Wished(begun, pledged, withdrawn, *_shown(_by_rank(edition), groups))


def _by_rank(edition: Edition) -> dict[int, dict[int, int]]:
    counted = (
        select(Wish.workgroup_id, Wish.rank, func.count())
        .join(WishList, WishList.id == Wish.wish_list_id)
        .where(WishList.edition_id == edition.id, WishList.pledged_at.is_not(None), WishList.withdrawn_at.is_(None))
        .group_by(Wish.workgroup_id, Wish.rank)
    )
    found: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for group, rank, people in db.session.execute(counted):
        found[group][rank] = people
    return found


Shown = dict[int, dict[int, int | None]]


def _shown(counts: dict[int, dict[int, int]], groups: Sequence[Workgroup]) -> tuple[Shown, Shown]:
    """By theme and by group; what is small is hidden for each rank by itself, as no sum over ranks is shown."""
    by_theme: Shown = {g.theme_id: {} for g in groups}
    by_group: Shown = {g.id: {} for g in groups}
    for rank in RANKS:
        parts: dict[int, dict[int, int]] = {theme: {} for theme in by_theme}
        for group in groups:
            parts[group.theme_id][group.id] = counts[group.id][rank]
        no_themes, no_groups = covered_within(parts)
        for theme, mine in parts.items():
            by_theme[theme][rank] = None if theme in no_themes else sum(mine.values())
            for group_id, people in mine.items():
                by_group[group_id][rank] = None if group_id in no_groups else people
    return by_theme, by_group

"""The rules of large themes: added, renamed and merged by organisers; recommendations are put under one of them."""

from collections.abc import Mapping, Sequence

from flask_babel import gettext as _
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from .. import audit
from ..db import db
from ..errors import Refused
from ..i18n import LANGUAGES
from ..recommendations.models import LargeTheme, Recommendation

LONGEST = 120


def listing() -> list[tuple[LargeTheme, int]]:
    """Every large theme with the number of its recommendations, in the order of their names."""
    count = func.count(Recommendation.id)
    under = (Recommendation.large_theme_id == LargeTheme.id) & Recommendation.number.is_not(None)
    asked = select(LargeTheme, count).outerjoin(Recommendation, under & Recommendation.withdrawn_at.is_(None))
    found = [(theme, number) for theme, number in db.session.execute(asked.group_by(LargeTheme.id))]
    return sorted(found, key=lambda pair: str(pair[0]).casefold())


def add(names: Mapping[str, str], by: int) -> LargeTheme:
    """Make a large theme, with its name in each language; raises Refused."""
    theme = LargeTheme(**_columns(names))
    _write(theme)
    audit.record("add large theme", f"large_theme {theme.id}", by, name=theme.name_en)
    return theme


def rename(theme: LargeTheme, names: Mapping[str, str], by: int) -> None:
    """Call it otherwise, in all languages; raises Refused."""
    before = theme.name_en
    for column, name in _columns(names).items():
        setattr(theme, column, name)
    _write(theme)
    audit.record("rename large theme", f"large_theme {theme.id}", by, before=before, name=theme.name_en)


def why_not_merge(theme: LargeTheme, into: LargeTheme | None) -> str | None:
    """Why a large theme cannot go up in another one."""
    if into is None:
        return _("Choose the large theme that it goes up in.")
    if into.id == theme.id:
        return _("A large theme cannot go up in itself. Choose another one.")
    return None


def merge(theme: LargeTheme, into: LargeTheme | None, by: int) -> LargeTheme:
    """Put all recommendations of a large theme under another one, and drop it; raises Refused."""
    if why := why_not_merge(theme, into):
        raise Refused(why)
    assert into is not None  # noqa: S101
    moved = select(func.count()).where(Recommendation.large_theme_id == theme.id)
    facts = {"into": into.id, "name": theme.name_en, "recommendations": db.session.scalar(moved) or 0}
    mine = update(Recommendation).where(Recommendation.large_theme_id == theme.id)
    db.session.execute(mine.values(large_theme_id=into.id))
    audit.record("merge large theme", f"large_theme {theme.id}", by, **facts)
    db.session.delete(theme)
    db.session.flush()
    return into


def remove(theme: LargeTheme, by: int) -> None:
    """Drop a large theme that no recommendation stands under; raises Refused."""
    if db.session.scalar(select(Recommendation.id).where(Recommendation.large_theme_id == theme.id).limit(1)):
        raise Refused(_("Recommendations stand under this large theme. Merge it into another one instead."))
    audit.record("remove large theme", f"large_theme {theme.id}", by, name=theme.name_en)
    db.session.delete(theme)
    db.session.flush()


def put(recommendations: Sequence[Recommendation], theme: LargeTheme | None, by: int) -> int:
    """Put recommendations under a large theme, or under none; gives how many stood elsewhere. Raises Refused."""
    if not recommendations:
        raise Refused(_("Choose at least one recommendation."))
    wanted = theme.id if theme else None
    moved = [r for r in recommendations if r.large_theme_id != wanted]
    if not moved:
        raise Refused(_("All of them stand there already. Nothing has changed."))
    for recommendation in moved:
        recommendation.large_theme_id = wanted
    labels = [f"{r.year}/{r.number}" for r in moved]
    audit.record("put under large theme", f"large_theme {wanted}" if wanted else "stocktake", by, labels=labels)
    return len(moved)


def _columns(names: Mapping[str, str]) -> dict[str, str]:
    clean = {code: " ".join(names.get(code, "").split()) for code in LANGUAGES}
    if not all(clean.values()):
        raise Refused(_("A large theme needs a name in each language."))
    if any(len(name) > LONGEST for name in clean.values()):
        raise Refused(_("A name has at most %(n)d characters.", n=LONGEST))
    return {f"name_{code}": name for code, name in clean.items()}


def _write(theme: LargeTheme) -> None:
    try:
        with db.session.begin_nested():
            db.session.add(theme)
    except IntegrityError:
        raise Refused(_("There is a large theme with this English name already.")) from None

"""Drafts: which there are, and beginning one. Writing stands in writing.py, publishing in publishing.py."""

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload, selectinload

from ..db import db, now
from ..editions import rules as editions
from ..editions.models import Edition
from ..errors import Refused
from ..i18n import names
from ..workgroups.models import Workgroup
from .models import Draft, Recommendation, draft_workgroup
from .writers import Writer

# --- Finding ----------------------------------------------------------------------------------------


def of_group(group: Workgroup) -> Draft | None:
    """The draft that a group writes in, alone or with others."""
    wanted = select(Draft).join(draft_workgroup, draft_workgroup.c.draft_id == Draft.id)
    return db.session.scalar(wanted.where(draft_workgroup.c.workgroup_id == group.id))


def _whole() -> Select[Draft]:
    """Drafts with all that a page tells of them."""
    return select(Draft).options(
        joinedload(Draft.theme),
        selectinload(Draft.groups).joinedload(Workgroup.theme),
        selectinload(Draft.recommendations).selectinload(Recommendation.texts),
    )


def of_edition(edition: Edition, who: Writer) -> list[Draft]:
    """The drafts of an edition that somebody may read: those open for remarks first, the next to close on top."""
    found = db.session.scalars(_whole().where(Draft.edition_id == edition.id)).all()

    def order(draft: Draft) -> tuple[bool, bool, float, int]:
        until = draft.remarks_until.timestamp() if draft.remarks_until else 0.0
        return not is_open(draft), draft.published_at is None, until, draft.id

    return sorted((d for d in found if who.sees(d)), key=order)


def open_for_remarks(edition: Edition) -> Sequence[Draft]:
    """The drafts that members can make remarks on now, the next to close first."""
    wanted = select(Draft).where(Draft.edition_id == edition.id, Draft.remarks_until > now())
    return db.session.scalars(wanted.where(Draft.adopted_at.is_(None)).order_by(Draft.remarks_until, Draft.id)).all()


def of_writer(edition: Edition, who: Writer) -> Sequence[tuple[Workgroup, Draft | None]]:
    """The groups of an edition that somebody is in, each with its draft if it has begun one."""
    rows = (
        select(Workgroup, Draft)
        .outerjoin(draft_workgroup, draft_workgroup.c.workgroup_id == Workgroup.id)
        .outerjoin(Draft, Draft.id == draft_workgroup.c.draft_id)
        .where(Workgroup.edition_id == edition.id, Workgroup.id.in_(who.inside), Workgroup.cancelled_at.is_(None))
        .order_by(Workgroup.id)
    )
    return [(group, draft) for group, draft in db.session.execute(rows)]


def of_member(who: Writer) -> Sequence[Draft]:
    """The drafts of all groups that somebody is in, the latest edition first."""
    mine = select(draft_workgroup.c.draft_id).where(draft_workgroup.c.workgroup_id.in_(who.inside))
    found = _whole().where(Draft.id.in_(mine)).order_by(Draft.edition_id.desc(), Draft.id)
    return db.session.scalars(found).unique().all()


def standing(draft: Draft) -> list[Recommendation]:
    """Its recommendations in order, without the withdrawn ones."""
    return [r for r in draft.recommendations if r.withdrawn_at is None]


def read_groups(recommendations: Sequence[Recommendation]) -> None:
    """Read the groups of all of them at once, for a page that names them."""
    wanted = select(Recommendation).where(Recommendation.id.in_([r.id for r in recommendations]))
    db.session.scalars(wanted.options(selectinload(Recommendation.groups).joinedload(Workgroup.theme))).all()


def withdrawn(draft: Draft) -> list[Recommendation]:
    """Those that were withdrawn, and may come back."""
    return [r for r in draft.recommendations if r.withdrawn_at is not None]


def is_open(draft: Draft) -> bool:
    """Whether members can make remarks now."""
    return draft.adopted_at is None and draft.remarks_until is not None and now() < draft.remarks_until


def state(draft: Draft) -> str:
    """'adopted', 'open' for remarks, 'closed' for remarks, or 'writing'."""
    if draft.adopted_at:
        return "adopted"
    if draft.published_at is None:
        return "writing"
    return "open" if is_open(draft) else "closed"


def places(draft: Draft) -> str:
    """'Gent and Liège': where its groups meet, by which one tells drafts of one theme apart."""
    return names(group.place for group in draft.groups)


def hold(draft: Draft) -> None:
    """Whoever acts on the same draft at this moment waits for our commit; then they see it as it is. Raises Refused."""
    if db.session.scalar(select(Draft.id).where(Draft.id == draft.id).with_for_update()) is None:
        raise Refused(_("This draft was joined with another at this moment. Look at the drafts again."))
    db.session.refresh(draft)


# --- Beginning --------------------------------------------------------------------------------------


def why_not_begin(group: Workgroup, who: Writer) -> str | None:
    """Anybody in the group begins its draft, from when the groups meet."""
    if group.id not in who.inside:
        return _("The people in the group write its recommendations.")
    if group.cancelled_at:
        return _("This group was cancelled.")
    return editions.why_not_now(group.edition, "write")


def begin(group: Workgroup, who: Writer) -> Draft:
    """Begin the draft of a group; a second tap gives the one that is there. Raises Refused."""
    if there := of_group(group):
        return there
    if why := why_not_begin(group, who):
        raise Refused(why)
    return make(group) or _there(group)


def make(group: Workgroup) -> Draft | None:
    """An empty draft of a group; None when somebody made one at the same moment."""
    draft = Draft(edition_id=group.edition_id, theme_id=group.theme_id, created_at=now(), groups=[group])
    try:
        with db.session.begin_nested():
            db.session.add(draft)
    except IntegrityError:
        return None
    return draft


def _there(group: Workgroup) -> Draft:
    there = of_group(group)
    if there is None:
        raise Refused(_("Reload the page and try again."))
    return there

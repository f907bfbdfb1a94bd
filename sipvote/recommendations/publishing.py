"""Publishing a draft for remarks until a day, giving more time, taking it back while nobody has remarked."""

from datetime import datetime, time, timedelta

from flask_babel import gettext as _
from sqlalchemy import select

from .. import audit, mail
from ..db import db, now
from ..editions.models import Phase
from ..errors import Refused
from ..i18n import ZONE, moment
from ..workgroups import insiders
from . import drafts, writing
from .hearing_models import Remark
from .models import Draft
from .writers import Writer

SHORTEST = timedelta(days=3)  # members need time to read
USUAL = timedelta(weeks=3)
LONGEST = timedelta(days=92)


def end_of(day: datetime) -> datetime:
    """The last minute of that day in Brussels."""
    return datetime.combine(day.astimezone(ZONE).date(), time(23, 59), ZONE)


def usual_end(draft: Draft) -> datetime:
    """Three weeks, or half of the time until the board decides when that is sooner."""
    half = (draft.edition.begins(Phase.DECISIONS) - now()) / 2
    return end_of(now() + (min(half, USUAL) if half >= SHORTEST else USUAL))


# --- Publishing -------------------------------------------------------------------------------------


def why_not_publish(draft: Draft, who: Writer) -> str | None:
    """Facilitators and the secretary publish a draft in which something stands."""
    if why := writing.why_not_arrange(draft, who):
        return why
    if draft.published_at:
        return _("This draft is published already.")
    return None if drafts.standing(draft) else _("Write a recommendation first.")


def publish(draft: Draft, who: Writer, until: datetime) -> None:
    """Let everybody read it, and remark until a moment; the people in its groups get a mail. Raises Refused."""
    drafts.hold(draft)
    if why := why_not_publish(draft, who) or _why_not_until(until):
        raise Refused(why)
    draft.published_at, draft.remarks_until = now(), until
    audit.record("publish draft", f"draft {draft.id}", who.member_id, until=until.isoformat())
    for member in {m.id: m for group in draft.groups for m in insiders.people_in(group)}.values():
        key = f"draft_published {draft.id} {draft.published_at:%Y%m%d%H%M%S} {member.id}"
        mail.queue("draft_published", member, key=key, draft=draft, until=until)
    db.session.flush()


def _why_not_until(until: datetime) -> str | None:
    if until < now() + SHORTEST:
        return _("Give members three days at least: choose %(day)s or later.", day=moment(end_of(now() + SHORTEST)))
    if until > now() + LONGEST:
        return _("Remarks are open for three months at most.")
    return None


# --- More time --------------------------------------------------------------------------------------


def why_not_extend(draft: Draft, who: Writer) -> str | None:
    """More time may be given until the text is adopted, also after the last day."""
    if why := writing.why_not_arrange(draft, who):
        return why
    return None if draft.published_at else _("This draft is not published yet.")


def extend(draft: Draft, who: Writer, until: datetime) -> None:
    """Give members more time for remarks, never less. Raises Refused."""
    drafts.hold(draft)
    if why := why_not_extend(draft, who):
        raise Refused(why)
    if draft.remarks_until and until <= max(draft.remarks_until, now()):
        raise Refused(_("Choose a later day: nobody’s time becomes shorter."))
    if until > now() + LONGEST:
        raise Refused(_("Remarks are open for three months at most."))
    draft.remarks_until = until
    audit.record("extend remarks", f"draft {draft.id}", who.member_id, until=until.isoformat())
    db.session.flush()


# --- Taking back ------------------------------------------------------------------------------------


def why_not_take_back(draft: Draft, who: Writer) -> str | None:
    """What members made remarks on stays published."""
    if why := why_not_extend(draft, who):
        return why
    remarks = select(Remark.id).where(Remark.draft_id == draft.id, Remark.withdrawn_at.is_(None))
    if db.session.scalar(remarks.limit(1)) is not None:
        return _("Members made remarks on this draft, so it stays published.")
    return None


def take_back(draft: Draft, who: Writer) -> None:
    """Make a draft the group's own again. Twice is once. Raises Refused."""
    drafts.hold(draft)
    if draft.published_at is None and who.leads(draft):
        return
    if why := why_not_take_back(draft, who):
        raise Refused(why)
    draft.published_at = draft.remarks_until = None
    audit.record("take draft back", f"draft {draft.id}", who.member_id)
    db.session.flush()

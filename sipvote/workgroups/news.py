"""What is new in a group since its last meeting: a list of sentences for the facilitator."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from ..db import db, now
from ..i18n import names
from ..members.models import Member
from .life_models import GroupFile, Minutes, NextStep
from .models import Signup, Workgroup

BEFORE_THE_FIRST = timedelta(days=7)


def last_time(group: Workgroup) -> datetime:
    """When the last meeting ended; a week ago, when there was none."""
    return max((m.ends_at for m in group.meetings if m.ends_at <= now()), default=now() - BEFORE_THE_FIRST)


def since_last_time(
    group: Workgroup, written: Mapping[int, Minutes], files: Sequence[GroupFile], steps: Sequence[NextStep]
) -> list[str]:
    """Who came and went, and what was written, brought and done."""
    since, said = last_time(group), []
    joined, left = _came_and_went(group, since)
    if joined:
        said.append(_("New in the group: %(names)s.", names=names(joined)))
    if left:
        said.append(_("%(names)s withdrew.", names=names(left)))
    if count := sum(m.submitted_at is not None and m.submitted_at > since for m in written.values()):
        said.append(ngettext("The minutes of %(num)d meeting were submitted.",
                             "The minutes of %(num)d meetings were submitted.", count))  # fmt: skip
    if fresh := [f.name for f in files if f.uploaded_at > since]:
        text = ngettext("%(num)d new file: %(names)s.", "%(num)d new files: %(names)s.", len(fresh), names=names(fresh))
        said.append(text)
    if count := sum(s.done_at is not None and s.done_at > since for s in steps):
        said.append(ngettext("%(num)d step is done.", "%(num)d steps are done.", count))
    return said


def _came_and_went(group: Workgroup, since: datetime) -> tuple[list[str], list[str]]:
    recent = (Signup.seated_at > since) | (Signup.withdrawn_at > since)
    wanted = select(Signup, Member.name).join(Signup.member).where(Signup.workgroup_id == group.id, recent)
    found = db.session.execute(wanted.order_by(Member.name)).all()
    return [n for s, n in found if s.withdrawn_at is None], [n for s, n in found if s.withdrawn_at]

"""Who is there: checking in at the desk, by the code that is shown in the hall, or from elsewhere.

The primary key of a presence is "once each", so several desks may check the same member in at the same moment.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from flask import current_app
from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from .. import audit
from ..db import db, now
from ..errors import Refused
from ..i18n import moment
from ..members.models import Member
from . import proxies
from .models import Assembly, HallTry, Presence, Proxy, Way
from .rules import hold, name_of

# The desks begin long before the assembly does; who follows from elsewhere needs no queue.
DOORS_OPEN = timedelta(hours=4)
FOLLOWING_BEGINS = timedelta(hours=1)
# An assembly that nobody closes is over some time after its announced end.
OVER_AFTER = timedelta(hours=12)
CODE_LASTS = timedelta(minutes=5)
TRIES_AT_MOST = 10
TRIES_WITHIN = timedelta(minutes=10)


class Arrival(NamedTuple):
    """What checking in led to; `was_there`: somebody else, or another click, was first.

    `ended` is the proxy that the member had given: who is there votes themselves.
    """

    presence: Presence
    was_there: bool
    ended: Proxy | None = None


# --- May one check in? ------------------------------------------------------------------------------


def why_not_now(assembly: Assembly) -> str | None:
    """Members check in from some hours before the assembly until it is closed."""
    doors = assembly.starts_at - DOORS_OPEN
    if assembly.closed_at:
        return _("The assembly was closed on %(moment)s.", moment=moment(assembly.closed_at))
    if assembly.opened_at is None and now() < doors:
        return _("Members can be checked in from %(moment)s.", moment=moment(doors))
    if now() >= assembly.ends_at + OVER_AFTER:
        return _("The assembly is over.")
    return None


def why_not_follow(assembly: Assembly) -> str | None:
    """From elsewhere one takes part where there is an address to follow, shortly before it begins."""
    if why := why_not_now(assembly):
        return why
    if not assembly.follow_url:
        return _("This assembly cannot be followed from elsewhere. Come to the hall.")
    begins = assembly.starts_at - FOLLOWING_BEGINS
    if assembly.opened_at is None and now() < begins:
        return _("You can check in from elsewhere from %(moment)s.", moment=moment(begins))
    return None


def why_not_check_in(assembly: Assembly, member: Member, way: Way) -> str | None:
    """Why this member cannot be checked in now, or None."""
    if why := why_not_follow(assembly) if way == Way.REMOTE else why_not_now(assembly):
        return why
    if not member.is_member_on(now().date()):
        return _("%(name)s is not a member today.", name=member.name)
    return None


# --- Checking in ------------------------------------------------------------------------------------


def check_in(assembly: Assembly, member: Member, way: Way, by: int | None) -> Arrival:
    """A member takes part from now on; `by` is who of the desk saw to it, None when they did it themselves.

    Twice is once. Who comes back, or comes to the hall after having followed from elsewhere, is there anew;
    who is in the hall stays there until somebody says that they left. Raises Refused.
    """
    hold(assembly, to_change=False)
    if why := why_not_check_in(assembly, member, way):
        raise Refused(why)
    arrival = _again(assembly, member, way, by) or _first(assembly, member, way, by)
    # What follows from being there: for every way of checking in.
    db.session.execute(delete(HallTry).where(HallTry.assembly_id == assembly.id, HallTry.member_id == member.id))
    ended = proxies.end_for(assembly, member.id)
    if by is not None and not arrival.was_there:
        audit.record("check in", f"member {member.number}", by, assembly=name_of(assembly), way=way)
    return arrival._replace(ended=ended)


def _first(assembly: Assembly, member: Member, way: Way, by: int | None) -> Arrival:
    arrived = Presence(
        assembly_id=assembly.id, member_id=member.id, way=way, arrived_at=now(), left_at=None, checked_in_by_id=by
    )
    try:
        with db.session.begin_nested():
            db.session.add(arrived)
    except IntegrityError:  # another desk was faster
        if arrival := _again(assembly, member, way, by):
            return arrival
        raise Refused(_("Somebody else has just taken this back. Look again.")) from None
    return Arrival(arrived, was_there=False)


def _again(assembly: Assembly, member: Member, way: Way, by: int | None) -> Arrival | None:
    """Somebody who is known already: there, gone, or elsewhere."""
    known = select(Presence).where(Presence.assembly_id == assembly.id, Presence.member_id == member.id)
    found = db.session.scalar(known.with_for_update(of=Presence).execution_options(populate_existing=True))
    if found is None:
        return None
    if found.left_at is None and (found.way == way or found.way == Way.HALL):
        return Arrival(found, was_there=True)
    found.way, found.arrived_at, found.left_at, found.checked_in_by_id = way, now(), None, by
    db.session.flush()
    return Arrival(found, was_there=False)


def leave(assembly: Assembly, member: Member, by: int | None = None) -> None:
    """A member goes home before the end, or the desk saw it. Said twice, the first time counts. Raises Refused."""
    hold(assembly, to_change=False)
    if why := why_not_now(assembly):
        raise Refused(why)
    there = (Presence.assembly_id == assembly.id, Presence.member_id == member.id, Presence.left_at.is_(None))
    gone = db.session.execute(update(Presence).where(*there).values(left_at=now()))
    if by is not None and gone.rowcount:  # type: ignore[attr-defined]
        audit.record("check out", f"member {member.number}", by, assembly=name_of(assembly))


def take_back(assembly: Assembly, member: Member, by: int | None) -> bool:
    """Undo a check-in that was a mistake: as if it had never been, but for the audit log. Raises Refused.

    Gives False when somebody else took it back already.
    """
    hold(assembly, to_change=False)
    if why := why_not_now(assembly):
        raise Refused(why)
    mine = (Presence.assembly_id == assembly.id, Presence.member_id == member.id)
    taken = db.session.execute(delete(Presence).where(*mine).returning(Presence.way)).scalar()
    if taken is None:
        return False
    audit.record("take back presence", f"member {member.number}", by, assembly=name_of(assembly), way=taken)
    return True


# --- Who is there -----------------------------------------------------------------------------------


def of_member(assembly: Assembly, member_id: int) -> Presence | None:
    """Whether, how and since when a member takes part."""
    return db.session.get(Presence, (assembly.id, member_id))


def of_members(assembly: Assembly, ids: Sequence[int]) -> dict[int, Presence]:
    """The presences of some members, in one query."""
    some = select(Presence).where(Presence.assembly_id == assembly.id, Presence.member_id.in_(ids))
    return {p.member_id: p for p in db.session.scalars(some)}


def of_whom(member_id: int) -> Sequence[tuple[Presence, Assembly]]:
    """Every assembly that a member took part in, the newest first."""
    mine = select(Presence, Assembly).join(Assembly, Assembly.id == Presence.assembly_id)
    newest = mine.where(Presence.member_id == member_id).order_by(Assembly.starts_at.desc())
    return [(p, a) for p, a in db.session.execute(newest.options(joinedload(Assembly.edition)))]


# --- The code in the hall ---------------------------------------------------------------------------


def hall_code(assembly: Assembly, moment: datetime) -> str:
    """The six digits that are shown in the hall at a moment: others every five minutes."""
    turn = int(moment.timestamp()) // int(CODE_LASTS.total_seconds())
    mark = hmac.digest(assembly.hall_secret, f"hall {turn}".encode(), "sha256")
    return f"{int.from_bytes(mark[:8]) % 10**6:06}"


def is_hall_code(assembly: Assembly, typed: str) -> bool:
    """Whether these are the digits of now, or those before: who reads slowly is in time."""
    digits = "".join(c for c in typed if c.isdigit())
    shown = (hall_code(assembly, at) for at in (now(), now() - CODE_LASTS))
    return any(hmac.compare_digest(digits.encode(), code.encode()) for code in shown)


def check_in_by_code(assembly: Assembly, member: Member, typed: str) -> Arrival:
    """Check in with the code that is shown in the hall. Raises Refused; the caller commits all the same.

    The try is counted before the code is looked at: of any number of guesses at once, ten are.
    """
    if why := why_not_check_in(assembly, member, Way.HALL):
        raise Refused(why)
    if not _may_try(assembly, member):
        raise Refused(_("You tried ten codes. Wait ten minutes, or go to the check-in desk."))
    if not is_hall_code(assembly, typed):
        raise Refused(_("This is not the code that is shown now. Look at the screen: it changes every five minutes."))
    return check_in(assembly, member, Way.HALL, None)


def _may_try(assembly: Assembly, member: Member) -> bool:
    """Count one try more; False when there were ten within ten minutes."""
    mine = (HallTry.assembly_id == assembly.id, HallTry.member_id == member.id)
    long_ago = now() - TRIES_WITHIN
    db.session.execute(update(HallTry).where(*mine, HallTry.since <= long_ago).values(since=now(), tries=0))
    counts = update(HallTry).where(*mine, HallTry.tries < TRIES_AT_MOST).values(tries=HallTry.tries + 1)
    if db.session.execute(counts).rowcount == 1:  # type: ignore[attr-defined]
        return True
    try:
        with db.session.begin_nested():
            db.session.add(HallTry(assembly_id=assembly.id, member_id=member.id, since=now(), tries=1))
    except IntegrityError:
        # There is a row: of another tab, which may just have made it, or of ten tries.
        return bool(db.session.execute(counts).rowcount == 1)  # type: ignore[attr-defined]
    return True


# --- A member's own code ----------------------------------------------------------------------------


def _signs(assembly: Assembly) -> URLSafeSerializer:
    # Of this assembly only: a code of last year checks nobody in.
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=f"check-in at assembly {assembly.id}")


def token_of(assembly: Assembly, member: Member) -> str:
    """What stands in a member's QR code: their number, signed. It is kept nowhere."""
    return str(_signs(assembly).dumps(member.number))


def address_of(assembly: Assembly, member: Member) -> str:
    """The address in a member's QR code, in no language: whoever scans it reads their own."""
    scheme, _sign, host = current_app.config["BASE_URL"].partition("://")
    adapter = current_app.url_map.bind(host, url_scheme=scheme)
    values = {"year": assembly.edition.year, "token": token_of(assembly, member)}
    return adapter.build("checkin.scanned", values, force_external=True)


def member_of(assembly: Assembly, token: str) -> Member | None:
    """The member whose code was scanned; None when the code is not ours, or of another assembly."""
    try:
        signed = _signs(assembly).loads(token)
    except BadData:
        return None
    return db.session.scalar(select(Member).where(Member.number == signed))

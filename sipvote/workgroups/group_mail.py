"""Letters from a facilitator to the group. A key of the form keeps a letter from leaving twice."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select

from .. import audit
from ..db import db
from ..errors import Refused
from ..mail import Letter, has_key
from ..members.models import Member
from . import group_letters as letters
from . import insiders, rules
from .models import Signup, Workgroup

LONGEST = 10_000
COPY = "copy"  # in place of the member's number: the letter that the sender gets


@dataclass(frozen=True)
class Sent:
    """A letter that the group got."""

    at: datetime
    subject: str
    to: int


def addressees(group: Workgroup, also: Collection[str]) -> tuple[list[Member], list[Member]]:
    """Who gets a letter, and who would but has no address: everybody with a place; also 'offered' and 'waiting'."""
    found = [s.member for s in insiders.signups_of([group]) if _is_meant(s, also)]
    return [m for m in found if m.email], [m for m in found if not m.email]


def _is_meant(signup: Signup, also: Collection[str]) -> bool:
    if signup.is_waiting:
        return "waiting" in also
    return not signup.is_offered or "offered" in also


def why_not_write(group: Workgroup, member: Member) -> str | None:
    """The sentence why somebody cannot write to the group, or None."""
    if not member.email:
        return _("You have no e-mail address on the roll, so nobody could answer you. Ask the organisers to add it.")
    if not addressees(group, {"offered", "waiting"})[0]:
        return _("Nobody with an e-mail address has signed up for this group yet.")
    return None


def send(group: Workgroup, sender: Member, key: str, words: tuple[str, str], also: Collection[str]) -> int:
    """Send (subject, text) to the group, and a copy to the sender; give to how many. A second time sends nothing.

    Raises Refused.
    """
    if why := why_not_write(group, sender):
        raise Refused(why)
    rules.lock(None, group)
    name = f"to_group {group.id}-{key}"
    if db.session.scalar(select(Letter.id).where(Letter.key == f"{name} {COPY}")):
        return 0
    people, _without = addressees(group, also)
    if not people:
        raise Refused(_("Nobody would get this letter. Choose who gets it."))
    letters.copy_to_sender(group, sender, words, f"{name} {COPY}", len(people))
    for member in people:
        letters.to_group(group, member, sender, words, f"{name} {member.id}")
    audit.record("write to group", f"workgroup {group.id}", sender.id, to=len(people))
    return len(people)


def sent_to(group: Workgroup) -> Sequence[Sent]:
    """The letters that the group got, the newest first, as the outbox remembers them."""
    ours = has_key(f"to_group {group.id}-")
    found: dict[str, list[tuple[datetime, str]]] = {}
    wanted = select(Letter.key, Letter.queued_at, Letter.subject).where(ours, Letter.name == "to_group")
    for key, at, subject in db.session.execute(wanted.order_by(Letter.id)):
        found.setdefault(str(key).rpartition(" ")[0], []).append((at, subject))
    sent = [Sent(copies[0][0], copies[0][1], len(copies)) for copies in found.values()]
    return sorted(sent, key=lambda letter: letter.at, reverse=True)

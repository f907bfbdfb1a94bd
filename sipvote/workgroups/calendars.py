"""Calendar files: a group's meetings as iCalendar (RFC 5545), as invitations and as a download.

Each meeting keeps its UID for ever and its SEQUENCE grows when it is moved, so that a calendar changes
the entry it has instead of adding a second one (RFC 5546, 2.1.5; at the same SEQUENCE the newer DTSTAMP wins).
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from email.utils import parseaddr
from functools import cache
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext as _
from icalendar import Calendar, Event, Timezone, vCalAddress, vText

from .. import mail
from ..assembly.models import Assembly
from ..db import now
from ..i18n import ZONE, language
from ..members.models import Member
from .models import Meeting


def invitation(meetings: Iterable[Meeting], member: Member) -> tuple[str, str]:
    """A REQUEST to the member for each meeting: (text, method), as mail.queue wants it."""
    return _calendar(meetings, "REQUEST", member), "REQUEST"


def cancellation(meetings: Iterable[Meeting], member: Member) -> tuple[str, str]:
    """A CANCEL that takes the meetings out of the member's calendar."""
    return _calendar(meetings, "CANCEL", member), "CANCEL"


def download(meetings: Iterable[Meeting]) -> str:
    """The meetings as a file to import."""
    return _calendar(meetings, "PUBLISH", None)


def feed(meetings: Sequence[Meeting], assemblies: Sequence[Assembly], stamp: datetime) -> str:
    """All of a member's meetings and the assemblies, to subscribe to; the same text as long as nothing changes."""
    calendar = _begun("PUBLISH")
    calendar.add("x-wr-calname", "Smart in Progress")
    calendar.add("refresh-interval", timedelta(hours=6), parameters={"VALUE": "DURATION"})
    for meeting in meetings:
        event = _event(meeting, "CANCEL" if meeting.workgroup.cancelled_at else "PUBLISH", None)
        _stamp(event, stamp)
        calendar.add_component(event)
    for assembly in assemblies:
        calendar.add_component(_of_assembly(assembly, stamp))
    return calendar.to_ical().decode()


def _calendar(meetings: Iterable[Meeting], method: str, member: Member | None) -> str:
    calendar = _begun(method)
    for meeting in meetings:
        calendar.add_component(_event(meeting, method, member))
    return calendar.to_ical().decode()


def _begun(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//sipvote//workgroups//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(_zone())
    return calendar


def _stamp(event: Event, stamp: datetime) -> None:
    """Say when the entry was written: in a feed always the same moment, so that its text only changes with it."""
    event.pop("dtstamp", None)
    event.add("dtstamp", stamp)


def _of_assembly(assembly: Assembly, stamp: datetime) -> Event:
    event = Event()
    event.add("uid", f"assembly-{assembly.id}@{_host()}")
    event.add("dtstart", assembly.starts_at.astimezone(ZONE))
    event.add("dtend", assembly.ends_at.astimezone(ZONE))
    event.add("summary", _("General assembly"))
    event.add("location", assembly.place)
    event.add("status", "CONFIRMED")
    event.add("url", mail.link("assembly.index", language(), year=assembly.edition.year))
    _stamp(event, stamp)
    return event


def _host() -> str | None:
    return urlsplit(current_app.config["BASE_URL"]).hostname


@cache
def _zone() -> Timezone:
    """What our hour is, summer and winter. Working it out takes longer than all the rest, so it is done once."""
    return Timezone.from_tzid(str(ZONE), first_date=date(2000, 1, 1))


def _event(meeting: Meeting, method: str, member: Member | None) -> Event:
    group, event = meeting.workgroup, Event()
    event.add("uid", f"meeting-{meeting.id}@{_host()}")
    event.add("sequence", meeting.sequence)
    event.add("dtstamp", now())
    event.add("dtstart", meeting.starts_at.astimezone(ZONE))
    event.add("dtend", meeting.ends_at.astimezone(ZONE))
    event.add("summary", _("Workgroup: %(group)s", group=group))
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    page = mail.link("workgroups.show", language(), year=group.edition.year, group_id=group.id)
    event.add("url", page)
    event.add("description", "\n".join(line for line in (group.video_url, page) if line))
    if group.venue or group.video_url:
        event.add("location", group.venue or group.video_url)
    _name, sender = parseaddr(current_app.config["MAIL_DEFAULT_SENDER"])
    event.add("organizer", _person(sender, "Smart in Progress"))
    if member is not None and member.email:
        event.add("attendee", _person(member.email, member.name, partstat="ACCEPTED", role="REQ-PARTICIPANT"))
    return event


def _person(address: str, name: str, **parameters: str) -> vCalAddress:
    person = vCalAddress(f"mailto:{address}")
    person.params["CN"] = vText(name)
    for key, value in parameters.items():
        person.params[key.upper()] = vText(value)
    return person

"""The assembly as a calendar file (RFC 5545): a download, with the same UID whenever it is moved."""

from datetime import date
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext as _
from icalendar import Calendar, Event, Timezone

from .. import mail
from ..db import now
from ..i18n import ZONE, language
from .models import Assembly


def download(assembly: Assembly) -> str:
    """The assembly as a file to import; without the address to follow it, which is for members."""
    calendar = Calendar()
    calendar.add("prodid", "-//sipvote//assembly//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(Timezone.from_tzid(str(ZONE), first_date=date(assembly.starts_at.year, 1, 1)))
    calendar.add_component(_event(assembly))
    return calendar.to_ical().decode()


def _event(assembly: Assembly) -> Event:
    event = Event()
    host = urlsplit(current_app.config["BASE_URL"]).hostname
    event.add("uid", f"assembly-{assembly.id}@{host}")
    event.add("dtstamp", now())
    event.add("dtstart", assembly.starts_at.astimezone(ZONE))
    event.add("dtend", assembly.ends_at.astimezone(ZONE))
    event.add("summary", _("General assembly %(label)s", label=assembly.edition.label))
    event.add("location", assembly.place)
    page = mail.link("assembly.index", language(), year=assembly.edition.year)
    event.add("url", page)
    event.add("description", page)
    return event

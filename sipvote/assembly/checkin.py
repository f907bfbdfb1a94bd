"""The check-in desk: find a member, one tap, next. Several desks work at once, on phones and laptops."""

from typing import Any

from flask import Blueprint, Response, abort, flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..access import may, public, requires
from ..db import db
from ..editions.views import asked_edition
from ..errors import see_other
from ..exports import csv_file, xlsx_file
from ..i18n import clock
from ..members.models import Member
from . import finding, presence, quorum, rules
from .exports import PRESENCE_COLUMNS, WAY_NAMES, listed, rows_of
from .models import Assembly, Presence, Way
from .views import asked_assembly

checkin = Blueprint("checkin", __name__, url_prefix="/<int:year>/assembly/check-in")
FILES = {"csv": csv_file, "xlsx": xlsx_file}
PER_PAGE = 50
BLANK_ROWS = 40


@checkin.get("/")
@requires("assembly.check_in")
def index(year: int) -> str:
    """The search box and what it found; without a search, who was just dealt with (`last`)."""
    edition = asked_edition(year)
    assembly = rules.of_edition(edition)
    if assembly is None:
        return render_template("checkin/index.html", assembly=None)
    sought = request.args.get("q", "").strip()[:300]
    last = request.args.get("last", type=int)
    if sought:
        return _desk(assembly, sought, list(finding.members_for(assembly, sought)))
    member = db.session.get(Member, last) if last and last < 2**31 else None
    return _desk(assembly, "", [member] if member else [])


def _desk(assembly: Assembly, sought: str, found: list[Member]) -> str:
    shown = found[: finding.SHOWN]
    presences = presence.of_members(assembly, [m.id for m in shown])
    return render_template(
        "checkin/index.html", assembly=assembly, sought=sought, found=shown, presences=presences, ways=WAY_NAMES,
        has_more=len(found) > len(shown), standing=quorum.standing(assembly), why_not=presence.why_not_now(assembly),
        shortest=finding.SHORTEST,
    )  # fmt: skip


@checkin.get("/m/<token>")
@public
def scanned(year: int, token: str) -> Any:
    """Where a member's QR code leads: for an official of the desk to that member, for anybody else to what it is."""
    assembly = asked_assembly(year)
    member = presence.member_of(assembly, token)
    if not may("assembly.check_in"):
        return render_template("checkin/for_the_desk.html", assembly=assembly)
    if member is None:
        flash(_("This QR code is not one of this assembly. Look the member up by name."), "bad")
    return _desk(assembly, "", [member] if member else [])


# --- One tap ----------------------------------------------------------------------------------------


def _asked_member(member_id: int) -> Member:
    return db.get_or_404(Member, member_id)


def _next(year: int, member: Member) -> Any:
    """Ready for the next one; who was just dealt with stays in view, to take it back."""
    return see_other(url_for(".index", year=year, last=member.id))


@checkin.post("/<int:member_id>")
@requires("assembly.check_in")
def check_in(year: int, member_id: int) -> Any:
    assembly, member = asked_assembly(year), _asked_member(member_id)
    arrival = presence.check_in(assembly, member, Way.HALL, current_user.member_id)
    db.session.commit()
    if arrival.was_there:
        flash(_first_was(arrival.presence), "warn")
    else:
        flash(_("%(name)s (%(number)s) is checked in.", name=member.name, number=member.number), "ok")
    if arrival.ended:
        flash(_("Their proxy to %(name)s has ended: they vote themselves.", name=arrival.ended.holder.name), "info")
    return _next(year, member)


def _first_was(known: Presence) -> str:
    """Who was first, and when: two desks, or two taps."""
    facts = {"name": known.member.name, "time": clock(known.arrived_at)}
    if known.checked_in_by is None:
        return _("%(name)s is checked in since %(time)s, by themselves.", **facts)
    return _("%(name)s is checked in since %(time)s, by %(by)s.", by=known.checked_in_by.name, **facts)


@checkin.post("/<int:member_id>/left")
@requires("assembly.check_in")
def left(year: int, member_id: int) -> Any:
    member = _asked_member(member_id)
    presence.leave(asked_assembly(year), member, current_user.member_id)
    db.session.commit()
    flash(_("%(name)s has left.", name=member.name), "ok")
    return _next(year, member)


@checkin.post("/<int:member_id>/take-back")
@requires("assembly.check_in")
def take_back(year: int, member_id: int) -> Any:
    member = _asked_member(member_id)
    presence.take_back(asked_assembly(year), member, current_user.member_id)
    db.session.commit()
    flash(_("%(name)s is not checked in any more.", name=member.name), "ok")
    return _next(year, member)


# --- Lists ------------------------------------------------------------------------------------------


@checkin.get("/list")
@requires("assembly.check_in")
def everybody(year: int) -> str:
    """Who is there and who was, page by page."""
    assembly = asked_assembly(year)
    asked = request.args.get("way", "")
    way = Way(asked) if asked in list(Way) else None
    page = db.paginate(listed(assembly, way), per_page=PER_PAGE, max_per_page=PER_PAGE)
    return render_template("checkin/everybody.html", assembly=assembly, page=page, way=way, ways=WAY_NAMES)


@checkin.get("/list.<kind>")
@requires("assembly.check_in")
def download(year: int, kind: str) -> Response:
    assembly = asked_assembly(year)
    if kind not in FILES:
        abort(404)
    return FILES[kind](f"sipvote-{year}-presence", PRESENCE_COLUMNS, rows_of(assembly))


@checkin.get("/list/print")
@requires("assembly.check_in")
def printed(year: int) -> str:
    """Everybody on one page, with room for signatures."""
    assembly = asked_assembly(year)
    return render_template("checkin/printed.html", assembly=assembly, rows=rows_of(assembly), ways=WAY_NAMES)


@checkin.get("/sheet")
@requires("assembly.check_in")
def sheet(year: int) -> str:
    """An empty list to sign on paper, for when the network is down."""
    return render_template("checkin/sheet.html", assembly=asked_assembly(year), count=BLANK_ROWS)

"""What the desk does with proxies: look through them, enter those on paper, end one with a reason."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import aliased, contains_eager

from ..access import requires
from ..assembly import proxies as rules
from ..assembly import rules as assemblies
from ..assembly.models import Assembly, Proxy
from ..assembly.proxy_forms import EndForm, PaperForm
from ..db import db, only_reads
from ..editions.models import Edition
from ..editions.views import asked_edition
from ..errors import Refused, see_other
from ..exports import csv_file, xlsx_file
from ..members.models import Member
from . import proxy_votes

desk = Blueprint("proxies_desk", __name__, url_prefix="/<int:year>/assembly/proxies")
PER_PAGE = 50
STATES: dict[str, ColumnElement[bool]] = {
    "standing": rules.HELD,
    "offered": rules.LIVE & Proxy.accepted_at.is_(None),
    "ended": Proxy.ended_at.is_not(None),
    "paper": Proxy.entered_by_id.is_not(None),
}
ENDED = {
    "declined": _l("declined"),
    "returned": _l("given back by the holder"),
    "withdrawn": _l("taken back by the giver"),
    "present": _l("the giver is there"),
    "voted": _l("the giver votes on paper"),
    "desk": _l("ended at the desk"),
}


def state_name(proxy: Proxy) -> str:
    """'stands', 'not accepted yet', or how it ended."""
    if proxy.ended_at:
        return str(ENDED.get(proxy.ended_why or "", proxy.ended_why))
    return _("stands") if proxy.accepted_at else _("not accepted yet")


COLUMNS = [
    (_l("Number of the giver"), lambda p: p.giver.number),
    (_l("Giver"), lambda p: p.giver.name),
    (_l("Number of the holder"), lambda p: p.holder.number),
    (_l("Holder"), lambda p: p.holder.name),
    (_l("State"), state_name),
    (_l("On paper"), lambda p: _("yes") if p.entered_by_id else _("no")),
    (_l("Given on"), lambda p: p.given_at),
    (_l("Accepted on"), lambda p: p.accepted_at),
    (_l("Ended on"), lambda p: p.ended_at),
]


def _assembly(edition: Edition) -> Assembly:
    """The assembly of an edition; without one there is nothing to look at."""
    found = assemblies.of_edition(edition)
    if found is None:
        raise Refused(_("The assembly of this year is not planned yet."))
    return found


def _sought() -> str:
    return request.args.get("q", "").replace("\0", "").strip()[:100]


def _listed(assembly: Assembly) -> Select[Proxy]:
    """The proxies that the address asks for: ?q= in names and numbers, ?state=."""
    giver, holder = aliased(Member), aliased(Member)
    wanted, state = _sought(), request.args.get("state", "")
    rows = (
        select(Proxy)
        .join(giver, Proxy.giver_id == giver.id)
        .join(holder, Proxy.holder_id == holder.id)
        .options(contains_eager(Proxy.giver.of_type(giver)), contains_eager(Proxy.holder.of_type(holder)))
        .where(Proxy.assembly_id == assembly.id)
        .order_by(giver.name, Proxy.id)
    )
    if wanted:
        found = (giver.name, giver.number, holder.name, holder.number)
        rows = rows.where(or_(*(column.icontains(wanted, autoescape=True) for column in found)))
    return rows.where(STATES[state]) if state in STATES else rows


@desk.get("/")
@requires("assembly.check_in")
def index(year: int) -> str:
    edition = asked_edition(year)
    assembly = _assembly(edition)
    counted = select(*(func.count().filter(where) for where in STATES.values()))
    counts = db.session.execute(counted.where(Proxy.assembly_id == assembly.id)).one()
    return render_template(
        "proxies_desk/index.html",
        assembly=assembly,
        page=db.paginate(_listed(assembly), per_page=PER_PAGE, max_per_page=PER_PAGE),
        counts=dict(zip(STATES, counts, strict=True)),
        wanted=_sought(),
        state=request.args.get("state", ""),
        state_name=state_name,
        why_not=rules.why_no_proxies(assembly, proxy_votes.vote_of(edition, 0)),
    )


@desk.get("/list.<any(csv, xlsx):kind>")
@requires("assembly.check_in")
def export(year: int, kind: str) -> Any:
    rows = db.session.scalars(_listed(_assembly(asked_edition(year))))
    return (csv_file if kind == "csv" else xlsx_file)(f"proxies-{year}", COLUMNS, rows)


# --- A proxy on paper -------------------------------------------------------------------------------


@desk.get("/new")
@requires("assembly.check_in")
def new(year: int) -> str:
    edition = asked_edition(year)
    why_not = rules.why_no_proxies(_assembly(edition), proxy_votes.vote_of(edition, 0))
    return render_template("proxies_desk/new.html", form=PaperForm(), why_not=why_not)


@desk.route("/check", methods=["GET", "POST"])
@requires("assembly.check_in")
@only_reads
def check(year: int) -> Any:
    """Both members, with their names, before the proxy is entered."""
    edition, form = asked_edition(year), PaperForm()
    if request.method != "POST":
        return redirect(url_for(".new", year=year))
    people = _people(edition, form)
    if people is None:
        return render_template("proxies_desk/new.html", form=form, why_not=None)
    return render_template("proxies_desk/check.html", form=form, giver=people[0], holder=people[1])


def _people(edition: Edition, form: PaperForm) -> tuple[Member, Member] | None:
    """Giver and holder whom a filled-in form means; or None, with the reason beside the field."""
    if not form.validate_on_submit():
        return None
    found: list[Member] = []
    for field in (form.giver, form.holder):
        try:
            found.append(rules.member_at_desk(field.data or ""))
        except Refused as refused:
            field.errors = [*field.errors, refused.why]
    if len(found) < 2:
        return None
    (giver, holder), assembly = found, _assembly(edition)
    if why := rules.why_not_give(assembly, giver, proxy_votes.vote_of(edition, giver.id), you=False):
        form.giver.errors = [*form.giver.errors, why]
    elif why := rules.why_not_hold(assembly, giver, holder):
        form.holder.errors = [*form.holder.errors, why]
    return None if why else (giver, holder)


@desk.route("/enter", methods=["GET", "POST"])
@requires("assembly.check_in")
def enter(year: int) -> Any:
    edition, form = asked_edition(year), PaperForm()
    if request.method != "POST":
        return redirect(url_for(".new", year=year))
    people = _people(edition, form)
    if people is None:
        return render_template("proxies_desk/new.html", form=form, why_not=None)
    giver, holder = people
    vote = proxy_votes.vote_of(edition, giver.id)
    rules.enter(_assembly(edition), giver, holder, vote, current_user.member_id)
    db.session.commit()
    flash(_("Entered: %(holder)s votes for %(giver)s.", holder=holder.name, giver=giver.name), "ok")
    return see_other(url_for(".index", year=year))


# --- Ending one -------------------------------------------------------------------------------------


@desk.route("/<int:proxy_id>/end", methods=["GET", "POST"])
@requires("assembly.check_in")
def end(year: int, proxy_id: int) -> Any:
    edition, proxy, form = asked_edition(year), db.session.get(Proxy, proxy_id), EndForm()
    if proxy is None or proxy.assembly.edition_id != edition.id:
        abort(404)
    vote = proxy_votes.vote_of(edition, proxy.giver_id)
    why_not = rules.why_not_end(proxy, vote)
    if form.validate_on_submit() and why_not is None:
        rules.end_at_desk(proxy, (form.reason.data or "").strip(), vote, current_user.member_id)
        db.session.commit()
        flash(_("The proxy of %(name)s has ended.", name=proxy.giver.name), "ok")
        return see_other(url_for(".index", year=year))
    return render_template("proxies_desk/end.html", form=form, proxy=proxy, why_not=why_not)

"""The organisers' pages about letters to many: write, look, try, send, stop, and who did not get it."""

from typing import Any

from flask import Blueprint, abort, flash, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy import select

from .. import jobs
from ..access import requires, weighs
from ..db import db
from ..editions.models import Edition
from ..editions.views import asked_edition
from ..errors import Refused, see_other
from ..exports import Columns, csv_file
from ..i18n import LANGUAGES, language_name, moment, number
from ..members.asked_views import asked_instead
from ..members.models import Member
from . import letters, sending
from . import mailings as rules
from .letters import Kind
from .models import Mailing
from .post_forms import SendForm, TextForm

mailings = Blueprint("mailings", __name__, url_prefix="/<int:year>/mailings")
PER_PAGE = 50


def _asked(year: int, kind: str) -> tuple[Edition, Kind]:
    """The edition and the kind of mailing in the address, or 404."""
    edition = asked_edition(year)
    if kind not in rules.KINDS:
        abort(404)
    return edition, rules.KINDS[kind]


def _sent(year: int, kind: str) -> Mailing:
    """The mailing in the address, or 404 when nothing was done with it yet."""
    mailing = rules.of_kind(_asked(year, kind)[0], kind)
    if mailing is None:
        abort(404)
    return mailing


def _known_language(code: str) -> None:
    if code not in LANGUAGES:
        abort(404)


def _done(year: int, kind: str, said: str) -> Any:
    """Keep what an act has done, say so, and go back to the mailing."""
    db.session.commit()
    flash(said, "ok")
    return see_other(url_for(".show", year=year, kind=kind))


def _by() -> int:
    by: int = current_user.member_id
    return by


def _me() -> Member:
    return db.session.get_one(Member, current_user.member_id)


@mailings.get("/")
@requires("assembly.mail")
def index(year: int) -> str:
    edition = asked_edition(year)
    kept = {mailing.kind: mailing for mailing in rules.all_of(edition)}
    return render_template("mailings/index.html", kinds=rules.KINDS.values(), kept=kept)


@mailings.get("/<kind>")
@requires("assembly.mail")
def show(year: int, kind: str) -> str:
    edition, what = _asked(year, kind)
    mailing = rules.of_kind(edition, kind)
    reachable, unreachable = rules.sizes(edition, what)
    begun = mailing is not None and mailing.begun_at is not None
    return render_template(
        "mailings/show.html",
        kind=what,
        mailing=mailing,
        state=mailing.state if mailing else "draft",
        progress=sending.progress(mailing) if mailing and begun else None,
        reachable=reachable,
        unreachable=unreachable,
        missed=sending.missed(mailing) if mailing and mailing.ended_at else 0,
        texts={code: rules.text_in(edition, what, code) for code in LANGUAGES},
        me=_me(),
        rules=rules,
        sending=sending,
    )


# --- Writing and trying -----------------------------------------------------------------------------


@mailings.route("/<kind>/text/<code>", methods=["GET", "POST"])
@requires("assembly.mail")
def text(year: int, kind: str, code: str) -> Any:
    """The letter in one language."""
    edition, what = _asked(year, kind)
    _known_language(code)
    form = TextForm(data=rules.text_in(edition, what, code))
    if form.validate_on_submit():
        try:
            rules.write(edition, what, code, form.subject.data or "", form.body.data or "", _by())
            return _done(year, kind, _("The text in %(language)s is saved.", language=language_name(code)))
        except Refused as refused:
            db.session.rollback()
            form.refuse(refused.why)
    mailing = rules.of_kind(edition, kind)
    return render_template(
        "mailings/text.html", kind=what, code=code, form=form, mailing=mailing, why_not=rules.why_not_write(mailing)
    )


@mailings.post("/<kind>/text/<code>/start-again")
@requires("assembly.mail")
def start_again(year: int, kind: str, code: str) -> Any:
    edition, what = _asked(year, kind)
    _known_language(code)
    rules.start_again(edition, what, code, _by())
    return _done(year, kind, _("The text in %(language)s is the first one again.", language=language_name(code)))


@mailings.get("/<kind>/preview/<code>")
@requires("assembly.mail")
def preview(year: int, kind: str, code: str) -> str:
    """The letter as a member gets it; but for their link, which is theirs alone."""
    edition, what = _asked(year, kind)
    _known_language(code)
    member = _somebody(edition, what, code, request.args.get("after", "")[:20])
    sample = _("[here stands the member’s personal link]")
    own = {"name": member.name, "number": member.number} if member else {"name": "…", "number": "…"}
    facts = {**letters.facts_for(what, edition, code), **own, "link": sample}
    subject, body = letters.form_letter(rules.text_in(edition, what, code), code).filled(facts)
    return render_template(
        "mailings/preview.html", kind=what, code=code, member=member, subject=subject, body=body,
        why_not=rules.why_not_fill(edition, what, code),
    )  # fmt: skip


def _somebody(edition: Edition, kind: Kind, code: str, after: str) -> Member | None:
    """A member who would get it in this language: the next one after a number."""
    theirs = select(Member).where(*rules.audience(edition, kind), Member.language == code, Member.email.is_not(None))
    following = theirs.where(Member.number > after).order_by(Member.number).limit(1)
    return db.session.scalar(following) or db.session.scalar(theirs.order_by(Member.number).limit(1))


@mailings.post("/<kind>/trial")
@requires("assembly.mail")
def trial(year: int, kind: str) -> Any:
    edition, what = _asked(year, kind)
    me = _me()
    rules.try_out(edition, what, me)
    return _done(year, kind, _("Three trial letters are on their way to %(address)s.", address=me.email))


# --- Sending ----------------------------------------------------------------------------------------


def _asked_to_send(edition: Edition, kind: Kind, form: SendForm) -> Any:
    """Ask a second person to send it; None where one may do it alone. Raises Refused."""
    if why := sending.why_not_begin(edition, kind, form.moment):
        raise Refused(why)
    at = form.moment.isoformat() if form.moment else None
    facts = {"edition": edition.id, "kind": kind.name, "per_minute": form.per_minute.data or 1, "at": at}
    subject = f"mailing {kind.name} {edition.year}"
    return asked_instead("send mailing", subject, **facts, text=sending.stamp(edition, kind))


@mailings.route("/<kind>/send", methods=["GET", "POST"])
@requires("assembly.mail")
@weighs
def send(year: int, kind: str) -> Any:
    """The last look: how many, when, how fast; then the button that names the number."""
    edition, what = _asked(year, kind)
    mailing = rules.of_kind(edition, kind)
    form = SendForm(data={"per_minute": mailing.per_minute if mailing else rules.PER_MINUTE})
    if form.validate_on_submit():
        try:
            if asked := _asked_to_send(edition, what, form):
                return asked
            sending.begin(edition, what, form.per_minute.data or 1, form.moment, _by())
        except Refused as refused:
            db.session.rollback()
            form.at.errors = [*form.at.errors, refused.why]
        else:
            db.session.commit()
            if form.moment is None:
                jobs.ask("mailings")
                return _done(year, kind, _("The letters are being sent."))
            return _done(year, kind, _("The letters will be sent on %(moment)s.", moment=moment(form.moment)))
    why_not = sending.why_not_prepared(edition, what)
    if why_not and not form.errors:
        flash(why_not, "bad")
        return redirect(url_for(".show", year=year, kind=kind), 303)
    reachable, unreachable = rules.sizes(edition, what)
    return render_template(
        "mailings/send.html", kind=what, form=form, reachable=reachable, unreachable=unreachable, why_not=why_not
    )


@mailings.post("/<kind>/cancel")
@requires("assembly.mail")
def cancel(year: int, kind: str) -> Any:
    sending.cancel(_sent(year, kind), _by())
    return _done(year, kind, _("The plan is taken back. Nothing will be sent."))


@mailings.post("/<kind>/stop")
@requires("assembly.mail")
def stop(year: int, kind: str) -> Any:
    withdrawn = sending.stop(_sent(year, kind), _by())
    said = ngettext(
        "Stopped. %(n)s letter that waited was withdrawn.",
        "Stopped. %(n)s letters that waited were withdrawn.",
        withdrawn,
        n=number(withdrawn),
    )
    return _done(year, kind, said)


@mailings.post("/<kind>/resume")
@requires("assembly.mail")
@weighs
def resume(year: int, kind: str) -> Any:
    sending.resume(_sent(year, kind), _by())
    db.session.commit()
    jobs.ask("mailings")
    return _done(year, kind, _("It goes on, with those who have no letter yet."))


@mailings.post("/<kind>/reopen")
@requires("assembly.mail")
@weighs
def reopen(year: int, kind: str) -> Any:
    sending.reopen(_sent(year, kind), _by())
    db.session.commit()
    jobs.ask("mailings")
    return _done(year, kind, _("The letters are being sent."))


@mailings.get("/<kind>/progress.json")
@requires("assembly.mail")
def progress(year: int, kind: str) -> Any:
    """The numbers of the page, for its script."""
    how_far = sending.progress(_sent(year, kind))
    facts = {name: number(getattr(how_far, name)) for name in ("written", "sent", "waiting", "failed", "lost")}
    answer = make_response(jsonify(facts | {"bar": how_far.sent + how_far.failed}))
    answer.add_etag()
    return answer.make_conditional(request)


# --- Who does not get it ------------------------------------------------------------------------------

ON_PAPER: Columns = [
    (_l("Number"), lambda m: m.number),
    (_l("Name"), lambda m: m.name),
    (_l("Language"), lambda m: m.language),
    (_l("City"), lambda m: m.city),
]
UNDELIVERED: Columns = [
    (_l("Number"), lambda row: row[1].number),
    (_l("Name"), lambda row: row[1].name),
    (_l("Sent to"), lambda row: row[0].address),
    (_l("Address now"), lambda row: row[1].email),
    (_l("What happened"), lambda row: sending.reason(row[0])),
]


@mailings.get("/<kind>/without-address")
@requires("assembly.mail")
def on_paper(year: int, kind: str) -> str:
    """Members without an e-mail address: they get the letter on paper."""
    edition, what = _asked(year, kind)
    page = db.paginate(rules.without_address(edition, what), per_page=PER_PAGE, max_per_page=PER_PAGE)
    return render_template("mailings/on_paper.html", kind=what, page=page)


@mailings.get("/<kind>/without-address.csv")
@requires("assembly.mail")
def on_paper_file(year: int, kind: str) -> Any:
    rows = db.session.scalars(rules.without_address(*_asked(year, kind)))
    return csv_file(f"without-address-{year}", ON_PAPER, rows)


@mailings.get("/<kind>/failed")
@requires("assembly.mail")
def failed(year: int, kind: str) -> str:
    """Letters that did not arrive, and why."""
    mailing = _sent(year, kind)
    page = db.paginate(sending.undelivered(mailing), per_page=PER_PAGE, max_per_page=PER_PAGE)
    whose = select(Member).where(Member.id.in_(letter.member_id for letter in page))
    people = {member.id: member for member in db.session.scalars(whose)}
    return render_template(
        "mailings/failed.html", kind=rules.KINDS[kind], page=page, people=people, reason=sending.reason
    )


@mailings.get("/<kind>/failed.csv")
@requires("assembly.mail")
def failed_file(year: int, kind: str) -> Any:
    rows = db.session.execute(sending.undelivered(_sent(year, kind)).add_columns(Member))
    return csv_file(f"failed-{year}", UNDELIVERED, rows)

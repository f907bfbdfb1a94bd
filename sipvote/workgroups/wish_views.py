"""Wishing, for members: three pages, each kept as one goes, then the promise; changing and withdrawing.

A form that the script sends by itself asks for JSON and is told when it was kept.
"""

from typing import Any

from flask import Blueprint, flash, jsonify, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from ..db import db, now
from ..editions.models import Edition
from ..editions.views import asked_edition
from ..errors import Refused, see_other
from ..i18n import LANGUAGES, clock
from ..members.models import Member
from . import ways, wish_slots, wished, wishing
from .exports import MODE_NAMES
from .wish_forms import WAY_NAMES, NeedsForm, WishForm, ticked
from .wish_models import Coming, WishList

wishes = Blueprint("wishes", __name__, url_prefix="/<int:year>/groups/wishes")


def _asked(year: int) -> tuple[Edition, Member, WishList | None]:
    """The edition, who asks, and what they wish so far."""
    edition = asked_edition(year)
    me = db.session.get_one(Member, current_user.member_id)
    return edition, me, wished.list_of(me.id, edition)


def _to(page: str, edition: Edition) -> Any:
    return see_other(url_for(page, year=edition.year))


@wishes.get("/")
def index(year: int) -> str:
    """How it stands: what wishing is, a draft that is not sent, what one wished, what comes next."""
    edition, me, mine = _asked(year)
    return render_template(
        "wishes/index.html", edition=edition, mine=mine, why_not=wishing.why_not_wish(me, edition), modes=MODE_NAMES,
        fits=wished.fits(mine) if mine else [], is_told=ways.is_told(edition), by_wishes=ways.is_by_wishes(edition),
        languages_of=LANGUAGES,
    )  # fmt: skip


# --- Page 1: which groups ---------------------------------------------------------------------------


@wishes.route("/groups", methods=["GET", "POST"])
def groups(year: int) -> Any:
    edition, me, mine = _asked(year)
    if wishing.why_not_wish(me, edition):
        return _told(_to(".index", edition), wishing.why_not_wish(me, edition))
    was_in, offered = mine is not None and mine.counts, wished.choices(me, edition)
    form = WishForm(data=_ranked(mine))
    form.offer(offered)
    if form.validate_on_submit():
        try:
            kept = wishing.choose(me, edition, form.group_ids())
            db.session.commit()
            return _kept(kept, was_in, _to(".dates", edition))
        except Refused as refused:
            db.session.rollback()
            form.wish_1.errors = [refused.why]
    if _is_by_script():
        return _told(_to(".groups", edition), next(e for f in form if f.errors for e in f.errors))
    closed = [choice for choice in offered if choice.why_not]
    return render_template("wishes/groups.html", edition=edition, form=form, mine=mine, closed=closed)


def _ranked(mine: WishList | None) -> dict[str, str]:
    """What the form begins with: what is kept, and the group whose page led here in the first free rank."""
    chosen = [str(group.id) for group in wished.standing_groups(mine)] if mine else []
    asked = request.args.get("group", type=int)
    if asked and str(asked) not in chosen:
        chosen.append(str(asked))
    return {f"wish_{n}": group for n, group in enumerate(chosen, start=1)}


# --- Page 2: when -----------------------------------------------------------------------------------


@wishes.route("/dates", methods=["GET", "POST"])
def dates(year: int) -> Any:
    edition, me, mine = _asked(year)
    if mine is None or not mine.wishes or wishing.why_not_wish(me, edition):
        return _told(_to(".index", edition), wishing.why_not_wish(me, edition) or _("Choose at least one group."))
    form, was_in = NeedsForm(data={"access_needs": mine.access_needs}), mine.counts
    if form.validate_on_submit():
        wishing.tick(me, edition, ticked(request.form))
        kept = wishing.tell_needs(me, edition, form.access_needs.data or "")
        db.session.commit()
        return _kept(kept, was_in, _to(".check", edition))
    if _is_by_script():
        return _told(_to(".dates", edition), next(iter(form.access_needs.errors), _("Reload this page.")))
    return render_template(
        "wishes/dates.html", edition=edition, mine=mine, form=form, asked=wish_slots.asked_of(mine), names=WAY_NAMES
    )


@wishes.post("/dates/all")
def same_for_all(year: int) -> Any:
    """Keep what is ticked, then give the same answer for every date."""
    edition, me, mine = _asked(year)
    if mine is None:
        return _to(".index", edition)
    mine = wishing.tick(me, edition, ticked(request.form))
    word = request.form.get("all", "")
    way = Coming(word) if word in set(Coming) else None
    wishing.tick(me, edition, wish_slots.same_for_all(wish_slots.asked_of(mine), way))
    form = NeedsForm()
    if form.validate():
        wishing.tell_needs(me, edition, form.access_needs.data or "")
    db.session.commit()
    flash(
        _("Every date that allows it has this answer now, but for those when you are elsewhere. Look at the others."),
        "ok",
    )
    return _to(".dates", edition)


# --- Page 3: check, promise, done -------------------------------------------------------------------


@wishes.get("/check")
def check(year: int) -> Any:
    edition, me, mine = _asked(year)
    if mine is None or not mine.wishes or mine.withdrawn_at or wishing.why_not_wish(me, edition):
        return _to(".index", edition)
    return render_template(
        "wishes/check.html", edition=edition, mine=mine, fits=wished.fits(mine), why_not=wishing.why_not_pledge(mine)
    )


@wishes.post("/pledge")
def pledge(year: int) -> Any:
    edition, me, _mine = _asked(year)
    wishing.pledge(me, edition)
    db.session.commit()
    return _to(".done", edition)


@wishes.get("/done")
def done(year: int) -> Any:
    edition, _me, mine = _asked(year)
    if mine is None or not mine.counts:
        return _to(".index", edition)
    return render_template("wishes/done.html", edition=edition, mine=mine, fits=wished.fits(mine))


@wishes.post("/withdraw")
def withdraw(year: int) -> Any:
    edition, me, _mine = _asked(year)
    wishing.withdraw(me, edition)
    db.session.commit()
    flash(_("Your wishes are withdrawn. Until the deadline you can undo this."), "ok")
    return _to(".index", edition)


@wishes.post("/undo")
def undo(year: int) -> Any:
    edition, me, _mine = _asked(year)
    wishing.undo_withdrawal(me, edition)
    db.session.commit()
    flash(_("Your wishes stand again."), "ok")
    return _to(".index", edition)


# --- Answers to a button, and to the script ---------------------------------------------------------


def _is_by_script() -> bool:
    return request.method == "POST" and request.accept_mimetypes.best == "application/json"


def _kept(mine: WishList, was_in: bool, answer: Any) -> BaseResponse | Any:
    """It was kept: on to the next page, or a word to the script. A promise that could not stay is told."""
    if _is_by_script():
        return jsonify(said=_("Kept at %(time)s.", time=clock(now())), state=_state(mine))
    if was_in and not mine.counts:
        flash(_("Your wishes are kept, but not sent any more: none of them could be kept with these dates."), "bad")
    return answer


def _state(mine: WishList) -> str:
    return _("Your wishes are in.") if mine.counts else _("Not sent yet")


def _told(answer: Any, why: Any) -> Any:
    """Something is not possible: to a page that says why, or the sentence to the script."""
    return (jsonify(why=str(why)), 409) if _is_by_script() else answer

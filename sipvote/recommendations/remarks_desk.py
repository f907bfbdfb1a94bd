"""What organisers do with remarks: the latest and the reported ones; hide, show again, leave as it is."""

from typing import Any

from flask import Blueprint, abort, flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..access import checks_own_token, requires
from ..db import db
from ..editions.models import Edition
from ..editions.views import asked_edition
from ..errors import Refused, own_path, see_other
from . import moderating
from .hearing_forms import ReasonForm
from .hearing_models import Remark

desk = Blueprint("remarks_desk", __name__, url_prefix="/<int:year>/remarks")
PER_PAGE = 50


def _asked(edition: Edition, remark_id: int) -> Remark:
    remark = db.session.get(Remark, remark_id)
    return remark if remark is not None and remark.draft.edition_id == edition.id else abort(404)


def _back(year: int) -> Any:
    """To the page where the button stood."""
    return see_other(own_path(request.referrer) or url_for(".index", year=year))


@desk.get("")
@requires("recommendations.organise")
def index(year: int) -> str:
    edition = asked_edition(year)
    show = request.args.get("show", "") if request.args.get("show") in moderating.SHOWS else ""
    page = db.paginate(moderating.latest(edition, show), per_page=PER_PAGE, max_per_page=PER_PAGE)
    return render_template(
        "remarks_desk/index.html", edition=edition, page=page, show=show, shows=moderating.SHOWS,
        counts=moderating.how_many(edition), reports=moderating.reports_of(page.items),
    )  # fmt: skip


@desk.route("/<int:remark_id>/hide", methods=["GET", "POST"])
@requires("recommendations.organise")
@checks_own_token
def hide(year: int, remark_id: int) -> Any:
    edition = asked_edition(year)
    remark, form = _asked(edition, remark_id), ReasonForm()
    if request.method == "GET" and (why := moderating.why_not_hide(remark)):
        raise Refused(why)
    if form.validate_on_submit():
        try:
            moderating.hide(remark, form.reason.data or "", current_user.member_id)
            db.session.commit()
        except Refused as refused:
            form.refuse(refused.why)
        else:
            flash(_("The remark is hidden, and its author gets a mail with the reason."), "ok")
            return see_other(url_for(".index", year=year))
    reports = moderating.reports_of([remark])
    return render_template("remarks_desk/hide.html", edition=edition, remark=remark, form=form, reports=reports)


@desk.post("/<int:remark_id>/show-again")
@requires("recommendations.organise")
def show_again(year: int, remark_id: int) -> Any:
    moderating.show_again(_asked(asked_edition(year), remark_id), current_user.member_id)
    db.session.commit()
    flash(_("Everybody can read the remark again, and its author gets a mail."), "ok")
    return _back(year)


@desk.post("/<int:remark_id>/leave")
@requires("recommendations.organise")
def leave(year: int, remark_id: int) -> Any:
    moderating.leave(_asked(asked_edition(year), remark_id), current_user.member_id)
    db.session.commit()
    flash(_("The remark stays as it is."), "ok")
    return _back(year)

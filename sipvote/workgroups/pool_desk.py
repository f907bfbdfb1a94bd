"""The pool of facilitators, for organisers: who there is, what each leads, and their profiles."""

from typing import Any

from flask import abort, flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..access import requires
from ..db import db
from ..editions.views import asked_edition
from ..errors import see_other
from ..i18n import LANGUAGES
from . import forming, pool
from .desk import desk
from .life_forms import ProfileForm
from .life_models import FacilitatorProfile


@desk.get("/facilitators")
@requires("workgroups.plan")
def facilitators(year: int) -> str:
    edition = asked_edition(year)
    wanted = {name: request.args.get(name, "") for name in ("city", "language")}
    everybody = pool.of_edition(edition)
    return render_template(
        "workgroups_desk/facilitators.html", edition=edition, everybody=everybody, wanted=wanted,
        shown=[f for f in everybody if pool.fits(f, **wanted)], cities=forming.all_cities(), languages_of=LANGUAGES,
    )  # fmt: skip


@desk.route("/facilitators/<int:member_id>", methods=["GET", "POST"])
@requires("workgroups.plan")
def facilitator(year: int, member_id: int) -> Any:
    edition, member = asked_edition(year), pool.member_asked(member_id) or abort(404)
    found = pool.of_edition(edition, [member])[0]
    profile = found.profile or FacilitatorProfile(training="", trained_on=None)
    form = ProfileForm(
        languages=found.spoken, trained_on=profile.trained_on, training=profile.training, most_groups=found.most_groups
    )  # fmt: skip
    if form.validate_on_submit():
        typed = form.languages.data or [], form.trained_on.data, form.training.data or ""
        pool.change(member, *typed, form.most_groups.data or 0, current_user.member_id)
        db.session.commit()
        flash(_("The profile of %(name)s is saved.", name=member.name), "ok")
        return see_other(url_for(".facilitators", year=year))
    return render_template("workgroups_desk/facilitator.html", edition=edition, person=found, form=form)

"""Groups of one theme that write together: asking, answering, leaving."""

from typing import Any

from flask import abort, flash, render_template, url_for
from flask_babel import gettext as _

from ..db import db
from ..errors import see_other
from ..workgroups.inside import asked_inside
from ..workgroups.models import Workgroup
from ..workgroups.views import asked_group
from . import drafts as finding
from . import joining
from .models import Draft
from .views import asked_draft, back_to, drafts, readable_draft, visitor


@drafts.get("/<int:draft_id>/together")
def together(year: int, draft_id: int) -> str:
    """Who writes in this draft, who asks to, which drafts its groups could join."""
    who = visitor()
    draft = readable_draft(year, draft_id, who)
    if not (who.organises or who.is_in(draft)):
        abort(404)
    return render_template(
        "drafts/together.html", edition=draft.edition, draft=draft, who=who, places=finding.places,
        asking=joining.requests_to([draft.id]), asked={g.id: joining.request_of(g) for g in draft.groups},
        others={g.id: joining.others(g) for g in draft.groups}, why_not_ask=joining.why_not_ask,
        why_not_leave=joining.why_not_leave, why_not_accept=joining.why_not_accept,
        to_join=joining.could_come(draft) if who.organises else [],
    )  # fmt: skip


def _asked(year: int, draft_id: int, group_id: int) -> tuple[Draft, Workgroup]:
    return asked_draft(year, draft_id), asked_group(year, group_id)


def _back(draft: Draft) -> Any:
    return see_other(url_for("drafts.together", year=draft.edition.year, draft_id=draft.id))


@drafts.post("/<int:draft_id>/together/<int:group_id>/ask")
def ask(year: int, draft_id: int, group_id: int) -> Any:
    """A group asks to write in a draft that it cannot read yet."""
    group = asked_inside(year, group_id)
    joining.ask(group, asked_draft(year, draft_id), visitor())
    db.session.commit()
    flash(_("Asked. The other group’s facilitators and secretary get a mail."), "ok")
    return _home(group)


@drafts.post("/<int:draft_id>/together/<int:group_id>/take-back")
def ask_no_longer(year: int, draft_id: int, group_id: int) -> Any:
    group = asked_inside(year, group_id)
    joining.take_back(group, visitor())
    db.session.commit()
    flash(_("You no longer ask to write together."), "ok")
    return _home(group)


def _home(group: Workgroup) -> Any:
    """To the group's own draft, or to the page where it begins one."""
    mine = finding.of_group(group)
    return _back(mine) if mine else see_other(url_for("drafts.of_group", year=group.edition.year, group_id=group.id))


@drafts.post("/<int:draft_id>/together/<int:group_id>/accept")
def accept(year: int, draft_id: int, group_id: int) -> Any:
    draft, group = _asked(year, draft_id, group_id)
    joining.accept(group, draft, visitor())
    db.session.commit()
    flash(_("The group %(place)s writes in this draft from now on.", place=group.place), "ok")
    return back_to(draft)


@drafts.post("/<int:draft_id>/together/<int:group_id>/decline")
def decline(year: int, draft_id: int, group_id: int) -> Any:
    draft, group = _asked(year, draft_id, group_id)
    joining.decline(group, draft, visitor())
    db.session.commit()
    flash(_("You said no. The group that asked gets a mail."), "ok")
    return _back(draft)


@drafts.post("/<int:draft_id>/together/<int:group_id>/leave")
def leave(year: int, draft_id: int, group_id: int) -> Any:
    draft, group = _asked(year, draft_id, group_id)
    own = joining.leave(group, draft, visitor())
    db.session.commit()
    flash(_("The group has a draft of its own again, with what it alone wrote."), "ok")
    return back_to(own)

"""The way in which members of an edition come to a group: directly, or by wishes until everybody is told."""

from flask_babel import gettext as _

from ..db import db, now
from ..editions.models import Edition, SignUpWay
from ..i18n import moment
from ..members.models import Member
from .models import Workgroup
from .wish_models import Assignment


def is_by_wishes(edition: Edition) -> bool:
    """Say whether members of the edition wish groups."""
    return edition.sign_up_way == SignUpWay.WISHES


def assignment_of(edition: Edition) -> Assignment | None:
    """How the wishes became groups; None as long as they are not frozen."""
    return db.session.get(Assignment, edition.id, populate_existing=True)


def is_told(edition: Edition) -> bool:
    """Say whether everybody has been told which group they are given."""
    made = assignment_of(edition)
    return made is not None and made.told_at is not None


def takes_wishes(edition: Edition) -> bool:
    """Say whether members wish groups in this edition, and have not been told yet which they are given."""
    return is_by_wishes(edition) and not is_told(edition)


def wishes_are_open(edition: Edition) -> bool:
    """Say whether members can wish now."""
    return (
        edition.wishes_until is not None and is_by_wishes(edition) and edition.signup_at <= now() < edition.wishes_until
    )


def why_not_direct(group: Workgroup) -> str | None:
    """The sentence why nobody can take a place in the group themselves, or None."""
    edition = group.edition
    if takes_wishes(edition) and edition.wishes_until:
        until = moment(edition.wishes_until)
        if now() < edition.wishes_until:
            return _("Places are given by wishes this year. You can wish until %(moment)s.", moment=until)
        return _(
            "Members could wish until %(moment)s. Free places open once everybody knows their group.", moment=until
        )
    if not group.meetings:
        return _("The dates of this group are not chosen yet.")
    return None


def why_not_from_here(member: Member, group: Workgroup) -> str | None:
    """The sentence why a group is not for members of this country, or None: a theme may go on in one country only."""
    if group.theme.prolonged_country in (None, member.country):
        return None
    if group.theme.prolonged_country == "FR":
        return _("This theme goes on in France only, so its groups are for members in France.")
    return _("This theme goes on in Belgium only, so its groups are for members in Belgium.")

"""What a member can do today about workgroups: confirm, answer, wish, join, read."""

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from .access import may
from .db import now
from .editions.models import Edition
from .editions.rules import allows
from .i18n import ZONE, moment, span
from .recommendations import adopting
from .today_card import Card
from .voting import rules as voting
from .workgroups import coming, minutes, ways, wished
from .workgroups import rules as workgroups
from .workgroups.models import Meeting, Signup


def cards(edition: Edition) -> Iterator[Card]:
    """One's own groups, joining one while that is possible, and what was chosen."""
    groups, has_group = url_for("workgroups.index", year=edition.year), False
    if current_user.is_authenticated:
        mine = [
            pair for pair in workgroups.groups_of(current_user.member_id) if pair[0].workgroup.edition_id == edition.id
        ]
        asked = [s for s, _dates in coming.unanswered(current_user.member_id) if s.workgroup.edition_id == edition.id]
        has_group = any(not s.is_waiting for s, _next in mine)
        if may("workgroups.facilitate"):
            yield from (_led(meeting) for meeting in workgroups.led_soon(current_user.member_id, edition))
        # What has a deadline comes first.
        yield from (_offered(s) for s, _next in mine if s.is_offered)
        yield from (_moved(s) for s in asked)
        yield from (_my_group(s, upcoming) for s, upcoming in mine if not s.is_offered)
        yield from _minutes(edition)
        yield from _texts_to_adopt(edition)
    if ways.takes_wishes(edition):
        yield _wishes(edition)
    elif allows(edition, "sign_up") and not has_group:
        text = ngettext(
            "%(num)d meeting of about %(hours)s, in your city, in another one or online.",
            "%(num)d meetings of about %(hours)s, in your city, in another one or online.",
            edition.meetings, hours=ngettext("%(num)s hour", "%(num)s hours", edition.meeting_hours),
        )  # fmt: skip
        yield Card(_("Join a workgroup"), text, groups, _("Choose a group"), True)
    else:
        yield Card(_("The workgroups"), _("Who works on which theme, and where."), groups, _("Look at the groups"))
    yield from _result(edition)


def _wishes(edition: Edition) -> Card:
    """What one wishes, as it stands: to begin, kept and not sent, in, or over."""
    page = url_for("wishes.index", year=edition.year)
    until = moment(edition.wishes_until or edition.groups_at)
    mine = wished.list_of(current_user.member_id, edition) if current_user.is_authenticated else None
    if not ways.wishes_are_open(edition):
        if mine and mine.counts:
            text = _("Dates and groups are being chosen. You get a mail with your group and why.")
            return Card(_("Your wishes are in"), text, page, _("See what I wished"))
        groups = url_for("workgroups.index", year=edition.year)
        text = _(
            "Members could wish until %(moment)s. Free places open once everybody knows their group.", moment=until
        )
        return Card(_("The workgroups are being made"), text, groups, _("Look at the groups"))
    if mine and mine.counts:
        text = _("You can change them until %(moment)s.", moment=until)
        return Card(_("Your wishes are in"), text, page, _("See or change my wishes"))
    if mine and mine.wishes and not mine.withdrawn_at:
        text = _("They count once you check and send them, until %(moment)s.", moment=until)
        return Card(_("Your wishes are kept, not sent"), text, page, _("Check and send my wishes"), True)
    text = _("Choose up to three groups and say when you could come, until %(moment)s.", moment=until)
    return Card(_("Wish your groups"), text, page, _("Wish my groups"), True)


def _minutes(edition: Edition) -> Iterator[Card]:
    """Minutes that wait for the visitor's approval."""
    for meeting in minutes.to_approve(current_user.member_id):
        group = meeting.workgroup
        if group.edition_id == edition.id:
            text = _("You were there on %(when)s. Read the minutes, and approve them or say what should change.",
                     when=span(meeting.starts_at, meeting.ends_at))  # fmt: skip
            url = url_for("inside.read", year=edition.year, group_id=group.id, meeting_id=meeting.id)
            yield Card(_("Approve the minutes: %(theme)s", theme=group.theme), text, url, _("Read and approve"))


def _texts_to_adopt(edition: Edition) -> Iterator[Card]:
    """Texts of one's group about which one has not said whether one agrees."""
    for asked in adopting.to_answer(current_user.member_id):
        if asked.draft.edition_id == edition.id:
            text = _("Your group is asked whether it adopts its text. Read it, and answer with one tap.")
            url = url_for("adoption.show", year=edition.year, draft_id=asked.draft_id)
            yield Card(_("Do you agree? %(theme)s", theme=asked.draft.theme), text, url, _("Read and answer"), True)


def _result(edition: Edition) -> Iterator[Card]:
    election = voting.of_edition(edition)
    if election and election.published_at and not election.is_rehearsal:
        text = _("Which themes were chosen, and how to check the count.")
        yield Card(_("The result of the vote"), text, url_for("voting.results", year=edition.year), _("See the result"))


def _led(meeting: Meeting) -> Card:
    """A meeting of today or tomorrow that one leads."""
    group = meeting.workgroup
    url = url_for("facilitate.group", year=group.edition.year, group_id=group.id)
    when = span(meeting.starts_at, meeting.ends_at)
    if meeting.is_going_on:
        text = _("The meeting is going on: %(when)s.", when=when)
    elif meeting.starts_at.astimezone(ZONE).date() == now().astimezone(ZONE).date():
        text = _("Your group meets today: %(when)s.", when=when)
    else:
        text = _("Your group meets tomorrow: %(when)s.", when=when)
    return Card(_("You lead “%(group)s”", group=group), text, url, _("Who comes, agenda, attendance"), True)


def _offered(signup: Signup) -> Card:
    """A place that waits for a yes."""
    group, until = signup.workgroup, moment(signup.confirm_by) if signup.confirm_by else ""
    url = url_for("workgroups.confirm", year=group.edition.year, group_id=group.id)
    text = _("A place in “%(group)s” is kept for you. Can you come on every date?", group=group)
    return Card(_("Confirm your place until %(moment)s", moment=until), text, url, _("Look at the dates"), True)


def _moved(signup: Signup) -> Card:
    """A meeting of one's group on a new date."""
    group = signup.workgroup
    url = url_for("workgroups.answer", year=group.edition.year, group_id=group.id)
    text = _("“%(group)s” meets on another date. Can you come then?", group=group)
    return Card(_("A date has moved"), text, url, _("Give my answer"), True)


def _my_group(signup: Signup, upcoming: Meeting | None) -> Card:
    """One's own group, with its next meeting."""
    group = signup.workgroup
    url = url_for("workgroups.show", year=group.edition.year, group_id=group.id)
    if signup.is_waiting:
        return Card(str(group.theme), _("You are on the waiting list of this group."), url, _("Look at my group"))
    if upcoming is None:
        text = _("Your group has met for the last time. Thank you.")
        return Card(str(group.theme), text, url, _("Look at my group"))
    when = span(upcoming.starts_at, upcoming.ends_at)
    is_now = upcoming.is_going_on
    text = (
        _("The meeting is going on: %(when)s.", when=when) if is_now else _("Your next meeting: %(when)s.", when=when)
    )
    return Card(str(group.theme), text, url, _("Look at my group"), True)

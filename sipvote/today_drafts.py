"""What somebody can do today about recommendations: write, answer another group, read and remark, translate."""

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from .access import may
from .editions.models import Edition, Phase
from .editions.rules import allows
from .i18n import moment
from .recommendations import drafts, joining, moderating, translating, writers
from .recommendations.models import Draft
from .recommendations.writers import Writer
from .today_card import Card
from .workgroups.models import Workgroup


def cards(edition: Edition) -> Iterator[Card]:
    """While recommendations are written: one's own drafts first, then those of others that are open for remarks."""
    if not allows(edition, "write"):
        return
    who = writers.known(
        current_user.member_id if current_user.is_authenticated else None, may("recommendations.organise")
    )
    mine = drafts.of_writer(edition, who) if who.inside else []
    yield from _requests([draft for _group, draft in mine if draft and who.leads(draft)])
    told: set[int] = set()
    for group, draft in mine:
        if draft is None or draft.id not in told:
            yield from _mine(edition, group, draft, who)
        told |= {draft.id} if draft else set()
    yield from _open(edition)
    yield from _to_translate(edition, who)


def to_look_at(edition: Edition) -> Iterator[Card]:
    """For organisers: remarks that members reported, and those that their group has not answered."""
    if not may("recommendations.organise"):
        return
    counts = moderating.how_many(edition)
    if reported := counts["reported"]:
        text = ngettext("A member asks you to look at %(num)d remark.",
                        "Members ask you to look at %(num)d remarks.", reported)  # fmt: skip
        url = url_for("remarks_desk.index", year=edition.year, show="reported")
        yield Card(_("Reported remarks"), text, url, _("Look at what was reported"))
    if unanswered := counts["unanswered"]:
        text = ngettext("%(num)d remark waits for an answer of its group.",
                        "%(num)d remarks wait for an answer of their group.", unanswered)  # fmt: skip
        url = url_for("remarks_desk.index", year=edition.year, show="unanswered")
        yield Card(_("Remarks without an answer"), text, url, _("To these remarks"))


def _mine(edition: Edition, group: Workgroup, draft: Draft | None, who: Writer) -> Iterator[Card]:
    """A group's own draft: to begin once it has met, to go on with, to publish."""
    is_time = edition.phase == Phase.RECOMMENDATIONS
    if draft is None:
        if group.has_begun:
            url = url_for("drafts.of_group", year=edition.year, group_id=group.id)
            text = _("Your group “%(group)s” has not begun its recommendations yet.", group=group)
            yield Card(_("Write your recommendations"), text, url, _("Begin the draft"), is_time)
        return
    if draft.adopted_at:
        return
    url = url_for("drafts.show", year=edition.year, draft_id=draft.id)
    if draft.published_at is None:
        text = _("“%(group)s” writes what it asks of the board. Only your group reads it so far.", group=group)
        yield Card(_("Your draft recommendations"), text, url, _("Write on"), is_time and who.leads(draft))
    elif drafts.is_open(draft) and draft.remarks_until:
        text = _("Members can make remarks until %(moment)s.", moment=moment(draft.remarks_until))
        yield Card(_("Your draft is published: %(theme)s", theme=draft.theme), text, url, _("To our draft"))
    else:
        text = _("The time for remarks is over. Finish the text with your group.")
        yield Card(_("Your draft recommendations"), text, url, _("To our draft"), who.leads(draft))


def _requests(led: list[Draft]) -> Iterator[Card]:
    """Another group that wants to write together, for who answers it."""
    for asked in joining.requests_to([draft.id for draft in led]) if led else []:
        url = url_for("drafts.together", year=asked.draft.edition.year, draft_id=asked.draft_id)
        text = _("It works on “%(theme)s” too, and asks to write in your draft.", theme=asked.draft.theme)
        title = _("The group %(place)s asks to write with you", place=asked.workgroup.place)
        yield Card(title, text, url, _("Give an answer"), True)


def _open(edition: Edition) -> Iterator[Card]:
    """Drafts that members can make remarks on."""
    found = drafts.open_for_remarks(edition)
    if not found or found[0].remarks_until is None:
        return
    text = ngettext(
        "%(num)d draft is open for remarks, the first until %(moment)s.",
        "%(num)d drafts are open for remarks, the first until %(moment)s.",
        len(found), moment=moment(found[0].remarks_until),
    )  # fmt: skip
    is_main = edition.phase == Phase.RECOMMENDATIONS
    url = url_for("drafts.index", year=edition.year)
    yield Card(_("What will the groups ask of the board?"), text, url, _("Read the drafts"), is_main)


def _to_translate(edition: Edition, who: Writer) -> Iterator[Card]:
    """For organisers: published texts that do not stand in every language."""
    if not who.organises:
        return
    left = translating.gaps([d for d in drafts.of_edition(edition, who) if d.published_at])
    if left.missing or left.older:
        count = left.missing + left.older
        text = ngettext("%(num)d text is missing or older than the original.",
                        "%(num)d texts are missing or older than the original.", count)  # fmt: skip
        url = url_for("drafts_desk.index", year=edition.year, show="to_do")
        yield Card(_("Translate the recommendations"), text, url, _("Translate"))

"""Letters within a group: from its facilitator, and about minutes. The words are in templates/mail/."""

from ..mail import queue
from ..members.models import Member
from .life_models import Minutes
from .models import Meeting, Workgroup


def to_group(group: Workgroup, member: Member, sender: Member, words: tuple[str, str], key: str) -> None:
    """What a facilitator writes. The outbox knows no address for answers, so the letter says whom to write to."""
    subject, text = words
    queue("to_group", member, key=key, group=group, sender=sender, subject=subject, text=text)


def copy_to_sender(group: Workgroup, sender: Member, words: tuple[str, str], key: str, count: int) -> None:
    """The same for whoever wrote it, with the number of people it went to."""
    subject, text = words
    queue("to_group_copy", sender, key=key, group=group, count=count, subject=subject, text=text)


def secretary_named(group: Workgroup, member: Member) -> None:
    """Tell somebody that they write the minutes from now on."""
    queue("secretary_named", member, group=group)


def minutes_to_approve(meeting: Meeting, member: Member, again: bool) -> None:
    """Ask somebody who was present to read the minutes; `again` when they were changed since the last answer."""
    queue("minutes_to_approve", member, group=meeting.workgroup, meeting=meeting, again=again)


def minutes_remark(minutes: Minutes, member: Member, remark: str) -> None:
    """Tell whoever wrote the minutes what somebody would change."""
    if minutes.author is not None and minutes.author is not member:
        group = minutes.meeting.workgroup
        queue("minutes_remark", minutes.author, group=group, meeting=minutes.meeting, by=member, remark=remark)

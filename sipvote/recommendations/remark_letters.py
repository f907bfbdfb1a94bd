"""Letters about remarks and about adopting the text. The words are in templates/mail/."""

from collections.abc import Iterable, Sequence

from ..mail import Letter, queue
from ..members.models import Member
from .hearing_models import Adoption, Remark
from .models import Draft

NEWS = "new_remarks"


def answered(remark: Remark, again: bool) -> None:
    """Tell the author what the group says; `again` when it says the contrary of what it said before."""
    if remark.member is not None and remark.answered_at is not None:
        key = f"remark_answered {remark.id} {remark.answered_at.isoformat()}"
        queue("remark_answered", remark.member, key=key, remark=remark, draft=remark.draft, again=again)


def hidden(remark: Remark) -> None:
    """Tell the author that the organisers hid a remark, and why."""
    if remark.member is not None and remark.hidden_at is not None:
        key = f"remark_hidden {remark.id} {remark.hidden_at.isoformat()}"
        queue("remark_hidden", remark.member, key=key, remark=remark, draft=remark.draft, reason=remark.hidden_reason)


def shown_again(remark: Remark) -> None:
    """Tell the author that everybody can read the remark again."""
    if remark.member is not None:
        queue("remark_shown_again", remark.member, remark=remark, draft=remark.draft)


def new_remarks(draft: Draft, member: Member, count: int, unanswered: int, key: str) -> Letter | None:
    """Tell a facilitator how many remarks came in since the last time."""
    return queue(NEWS, member, key=key, draft=draft, count=count, unanswered=unanswered)


def reopened(draft: Draft, people: Iterable[Member]) -> None:
    """Tell the people of the groups that their adopted text is open again."""
    for member in {each.id: each for each in people}.values():
        key = f"text_reopened {draft.id} {member.id} {draft.adopted_at:%Y-%m-%dT%H:%M:%S}"
        queue("text_reopened", member, key=key, draft=draft)


def asked_to_adopt(adoption: Adoption, present: Sequence[Member]) -> None:
    """Ask those who were present whether they agree with the text."""
    group, draft, meeting = adoption.workgroup, adoption.draft, adoption.meeting
    for member in present:
        key = f"asked_to_adopt {adoption.id} {member.id}"
        queue("asked_to_adopt", member, key=key, group=group, draft=draft, meeting=meeting)

"""What the room keeps of one member, for the file that they may download."""

from typing import Any

from ..members.models import Member
from . import adopting, notes, unsaved, versions
from . import hearing as remarks


def of(member: Member) -> dict[str, Any]:
    """What the member said of the groups' texts, also what was withdrawn or hidden."""
    return {
        "recommendations written": [
            {"title": text.title, "language": text.language, "version": text.version, "at": text.written_at}
            for text in versions.written_by(member.id)
        ],
        "recommendations not saved": [
            {"title": text.title, "text": text.text, "why": text.why, "for whom": text.for_whom, "at": text.kept_at}
            for text in unsaved.all_of(member.id)
        ],
        "remarks": [
            {
                "theme": str(r.draft.theme), "recommendation": str(r.recommendation) if r.recommendation else None,
                "text": r.text, "language": r.language, "written": r.written_at, "changed": r.changed_at,
                "withdrawn": r.withdrawn_at, "hidden": r.hidden_at, "why hidden": r.hidden_reason,
                "taken up": r.taken_up, "answer": r.answer,
            }
            for r in remarks.of_member(member.id, most=None)
        ],
        "remarks reported": [{"at": r.reported_at, "why": r.reason} for r in remarks.reported_by(member.id)],
        "answers about adopting texts": [
            {"theme": str(a.adoption.draft.theme), "agrees": a.agrees, "at": a.answered_at}
            for a in adopting.answers_of(member.id)
        ],
        "minority notes": [
            {"text": n.text, "language": n.language, "written": n.written_at, "withdrawn": n.withdrawn_at}
            for n in notes.of_member(member.id)
        ],
    }  # fmt: skip

"""What a bundle holds, as plain facts in three languages: kept as JSON, it can be read when all else has changed."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from ..db import db
from ..editions.models import Edition
from ..i18n import LANGUAGES, in_all_languages
from ..themes import rules as themes
from ..themes.models import Theme
from ..workgroups.models import Signup, Workgroup
from .hearing_models import Bundle, MinorityNote, Remark
from .models import Draft, Recommendation

FORMAT = "sipvote bundle 1"
MAIN_ANSWERS = 5
Facts = dict[str, Any]


def drafts_of(edition: Edition) -> list[Draft]:
    """The edition's adopted drafts: themes in the order of the year, drafts as they were begun."""
    adopted = select(Draft).where(Draft.edition_id == edition.id, Draft.adopted_at.is_not(None)).order_by(Draft.id)
    order = {theme.id: place for place, theme in enumerate(themes.of_the_year(edition))}
    return sorted(db.session.scalars(adopted), key=lambda draft: order.get(draft.theme_id, len(order)))


def recommendations_of(drafts: Sequence[Draft]) -> list[Recommendation]:
    """The recommendations of these drafts, in the order in which the bundle numbers them."""
    place = {draft.id: n for n, draft in enumerate(drafts)}
    wanted = select(Recommendation).where(Recommendation.draft_id.in_(place), Recommendation.withdrawn_at.is_(None))
    loaded = wanted.options(selectinload(Recommendation.groups))
    found = db.session.scalars(loaded.order_by(Recommendation.position, Recommendation.id))
    return sorted(found, key=lambda each: place[each.draft_id or 0])


def first_number(edition: Edition, own: Collection[int]) -> int:
    """The number that the bundle begins with: 1, unless others of that year have numbers already."""
    highest = select(func.max(Recommendation.number)).where(
        Recommendation.year == edition.year, Recommendation.id.not_in(own)
    )
    return 1 + (db.session.scalar(highest) or 0)


def content_of(edition: Edition, bundle: Bundle | None, submitted_at: datetime | None = None) -> Facts:
    """Everything that the board receives. Numbers are those that the recommendations have, or would have."""
    drafts = drafts_of(edition)
    own = recommendations_of(drafts)
    first = first_number(edition, [each.id for each in own])
    numbers = {each.id: n for n, each in enumerate(own, start=first)}
    people, notes, remarks = _people(edition), _notes(drafts, numbers), _remarks(drafts, numbers)
    written: dict[int, list[Recommendation]] = defaultdict(list)
    for each in own:
        written[each.draft_id or 0].append(each)
    told: dict[int, Facts] = {}
    for draft in drafts:
        told.setdefault(draft.theme_id, {**_theme(draft.theme), "drafts": []})["drafts"].append({
            "groups": [_group(group, people) for group in draft.groups],
            "adopted_at": draft.adopted_at.isoformat() if draft.adopted_at else None,
            "recommendations": [_recommendation(each, numbers[each.id]) for each in written[draft.id]],
            "notes": notes.get(draft.id, []),
            "remarks": remarks.get(draft.id, _summary([], {}, numbers)),
        })  # fmt: skip
    return {
        "format": FORMAT, "year": edition.year, "edition": edition.label,
        "submitted_at": submitted_at.isoformat() if submitted_at else None,
        "foreword": {code: getattr(bundle, f"foreword_{code}") if bundle else "" for code in LANGUAGES},
        "themes": list(told.values()), "missing": missing(edition, people),
    }  # fmt: skip


def _theme(theme: Theme) -> Facts:
    return {"id": theme.id, "original": theme.original, "titles": {text.language: text.title for text in theme.texts}}


def _group(group: Workgroup, people: dict[int, int]) -> Facts:
    facts = {"place": in_all_languages(lambda: group.place), "people": people.get(group.id, 0)}
    return {"id": group.id, **facts, "meetings": len(group.meetings)}


def _recommendation(each: Recommendation, number: int) -> Facts:
    texts = {
        text.language: {"title": text.title, "text": text.text, "why": text.why, "for_whom": text.for_whom}
        for text in each.texts
    }
    wrote = [in_all_languages(lambda group=group: group.place) for group in each.groups]  # type: ignore[misc]
    return {"id": each.id, "number": number, "original": each.original, "texts": texts, "groups": wrote}


def _people(edition: Edition) -> dict[int, int]:
    """How many members have a place in each group of the edition."""
    placed = Workgroup.edition_id == edition.id, Signup.seat.is_not(None), Signup.confirm_by.is_(None)
    rows = select(Signup.workgroup_id, func.count()).join(Workgroup).where(*placed).group_by(Signup.workgroup_id)
    return {row[0]: row[1] for row in db.session.execute(rows)}


def _notes(drafts: Iterable[Draft], numbers: dict[int, int]) -> dict[int, list[Facts]]:
    """Minority notes by draft, with the number of the recommendation that each is about, and its author's name."""
    ids = [draft.id for draft in drafts]
    wanted = select(MinorityNote).where(MinorityNote.draft_id.in_(ids), MinorityNote.withdrawn_at.is_(None))
    found: dict[int, list[Facts]] = defaultdict(list)
    for note in db.session.scalars(wanted.order_by(MinorityNote.id).options(joinedload(MinorityNote.member))):
        about = numbers.get(note.recommendation_id or 0)
        name = note.member.name if note.member else ""
        found[note.draft_id].append({"about": about, "name": name, "language": note.language, "text": note.text})
    return found


def _remarks(drafts: Iterable[Draft], numbers: dict[int, int]) -> dict[int, Facts]:
    """What members said of each draft, in summary; without their names."""
    ids = [draft.id for draft in drafts]
    shown = Remark.draft_id.in_(ids), Remark.withdrawn_at.is_(None), Remark.hidden_at.is_(None)
    rows = db.session.scalars(select(Remark).where(*shown).order_by(Remark.written_at, Remark.id)).all()
    replies: dict[int, int] = defaultdict(int)
    first: dict[int, list[Remark]] = defaultdict(list)
    for remark in rows:
        if remark.parent_id:
            replies[remark.parent_id] += 1
        else:
            first[remark.draft_id].append(remark)
    return {draft_id: _summary(remarks, replies, numbers) for draft_id, remarks in first.items()}


def _summary(remarks: Sequence[Remark], replies: dict[int, int], numbers: dict[int, int]) -> Facts:
    """How many there were, how many changed the text, and the answers to those that were talked about most."""
    answered = [remark for remark in remarks if remark.answered_at]
    main = sorted(answered, key=lambda remark: (-replies.get(remark.id, 0), remark.id))[:MAIN_ANSWERS]
    return {
        "count": len(remarks), "taken_up": sum(bool(r.taken_up) for r in answered), "answered": len(answered),
        "main": [
            {
                "about": numbers.get(remark.recommendation_id or 0), "language": remark.language, "text": remark.text,
                "taken_up": bool(remark.taken_up), "answer": remark.answer or "",
            }
            for remark in main
        ],
    }  # fmt: skip


def missing(edition: Edition, people: dict[int, int]) -> list[Facts]:
    """The groups of the edition without an adopted text, with how far they are: none, draft, published."""
    groups = select(Workgroup).where(Workgroup.edition_id == edition.id, Workgroup.cancelled_at.is_(None))
    drafts = db.session.scalars(select(Draft).where(Draft.edition_id == edition.id)).all()
    of_group = {group.id: draft for draft in drafts for group in draft.groups}
    found = []
    for group in db.session.scalars(groups.order_by(Workgroup.theme_id, Workgroup.id)):
        draft = of_group.get(group.id)
        if draft is None or draft.adopted_at is None:
            far = "none" if draft is None else "published" if draft.published_at else "draft"
            found.append({**_theme(group.theme), "group": _group(group, people), "far": far})
    return found


def untranslated(content: Facts) -> int:
    """How many recommendations lack a language."""
    texts = (
        each["texts"] for theme in content["themes"] for draft in theme["drafts"] for each in draft["recommendations"]
    )
    return sum(len(text) < len(LANGUAGES) for text in texts)


def count(content: Facts) -> int:
    """How many recommendations a bundle holds."""
    return sum(len(draft["recommendations"]) for theme in content["themes"] for draft in theme["drafts"])

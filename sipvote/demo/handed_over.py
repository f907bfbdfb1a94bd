"""How the texts of 2019–20 and 2020–21 came to the board: remarks with their answers, adoption, minority notes, bundle.

The editions and groups are real, all this is invented. It lies years back, so it is written down as it would have
been kept; hashes and the content of the bundle are made by the rooms themselves.
"""

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select

from ..db import db
from ..editions.models import Edition
from ..members.models import Member
from ..recommendations import adopting, bundle_content, bundling, drafts
from ..recommendations.hearing_models import Adoption, AdoptionAnswer, Bundle, MinorityNote, Remark
from ..recommendations.models import Draft
from ..recommendations.wording import digest_of
from ..workgroups.models import Signup, Workgroup
from . import ideas
from .people import organiser

ABSTAINS, DISAGREES, HAS_NOTE = 0.06, 0.05, 0.3
FEW = 5  # of whom nobody disagrees, so that each text was adopted
DAY = timedelta(days=1)


def plant(years: Sequence[int]) -> None:
    """Hand over each of these editions."""
    for edition in db.session.scalars(select(Edition).where(Edition.year.in_(years)).order_by(Edition.year)).all():
        chance = random.Random(f"handed over {edition.year}")
        found = db.session.scalars(select(Draft).where(Draft.edition_id == edition.id).order_by(Draft.id)).all()
        for draft in found:
            _remark(draft, chance)
            for group in draft.groups:
                _adopt(draft, group, chance)
        db.session.flush()
        _submit(edition, max(draft.adopted_at for draft in found if draft.adopted_at) + 3 * DAY)


def _remark(draft: Draft, chance: random.Random) -> None:
    """Members of other groups say something while they may; the group answers each, before it adopts."""
    told, others = ideas.words(), _others(draft)
    head, texts = draft.groups[0].facilitators[0], drafts.standing(draft)
    rows: list[dict[str, Any]] = []
    for said in chance.sample(told["remarks"], chance.randint(1, len(told["remarks"]))):
        at = _within(draft, chance)
        rows.append({
            "draft_id": draft.id, "recommendation_id": chance.choice(texts).id, "member_id": chance.choice(others),
            "language": said["language"], "text": said["text"], "written_at": at, "answered_at": at + 4 * DAY,
            "answered_by_id": head.id, "taken_up": said.get("taken_up", False), "answer_language": said["language"],
            "answer": said.get("answer", told["late_answers"][said["language"]]),
        })  # fmt: skip
    db.session.execute(insert(Remark), sorted(rows, key=lambda row: row["written_at"]))


def _others(draft: Draft) -> Sequence[int]:
    other = select(Signup.member_id).join(Workgroup).where(Workgroup.edition_id == draft.edition_id)
    seated = other.where(Workgroup.theme_id != draft.theme_id, Signup.seat.is_not(None))
    return db.session.scalars(seated.order_by(Signup.id)).all()


def _within(draft: Draft, chance: random.Random) -> Any:
    """A moment while remarks are open."""
    assert draft.published_at and draft.remarks_until  # noqa: S101  (it was planted so)
    return draft.published_at + (draft.remarks_until - draft.published_at) * chance.uniform(0.1, 0.95)


def _adopt(draft: Draft, group: Workgroup, chance: random.Random) -> None:
    """Those who were at the last meeting with a list say whether they agree; now and then one writes why not."""
    assert draft.adopted_at  # noqa: S101  (it was planted so)
    head, meetings = group.facilitators[0], adopting.meetings_for(group)
    if not meetings:  # in a small demonstration a group may be so small that nobody came
        return
    adoption = Adoption(
        draft=draft, workgroup=group, meeting=meetings[0], digest=digest_of(draft),
        opened_at=draft.adopted_at - DAY, opened_by_id=head.id, closed_at=draft.adopted_at, is_adopted=True,
    )  # fmt: skip
    db.session.add(adoption)
    present = adopting.present_for(adoption)
    are_few = len(present) < FEW
    adoption.answers = [_answer(adoption, member, chance, are_few) for member in present]
    against = [each.member_id for each in adoption.answers if each.agrees is False]
    if against or chance.random() < HAS_NOTE:
        code = group.spoken[0]
        note = MinorityNote(
            draft=draft, recommendation=chance.choice(drafts.standing(draft)), member_id=[*against, present[-1].id][0],
            language=code, text=ideas.words()["notes"][code], written_at=draft.adopted_at + DAY,
        )  # fmt: skip
        db.session.add(note)


def _answer(adoption: Adoption, member: Member, chance: random.Random, are_few: bool) -> AdoptionAnswer:
    drawn = 1.0 if are_few else chance.random()
    agrees = None if drawn < ABSTAINS else drawn >= ABSTAINS + DISAGREES
    at = adoption.opened_at + timedelta(hours=chance.uniform(0, 20))
    return AdoptionAnswer(member_id=member.id, agrees=agrees, answered_at=at)


def _submit(edition: Edition, moment: Any) -> None:
    """The bundle as it was submitted, frozen."""
    words = {f"foreword_{code}": words for code, words in ideas.words()["foreword"].items()}
    bundle = Bundle(edition_id=edition.id, **words)
    bundle.content = bundling.canonical(bundle_content.content_of(edition, bundle, moment))
    bundle.digest, bundle.submitted_at = bundling.digest_of(bundle.content), moment
    bundle.submitted_by_id = organiser().id
    db.session.add(bundle)
    db.session.flush()

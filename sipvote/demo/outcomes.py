"""This year's recommendations in the demonstration, by the rooms' own rules: drafts, remarks, adoption, decisions.

Each deed asks first what is left to do: a visitor may have done any of it already, in another way. The caller commits.
"""

import random
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, select, update

from ..db import db, now
from ..decisions import following, publishing, rules
from ..decisions.models import Decision, Kind, Outcome
from ..decisions.rules import Drafted
from ..editions.models import Edition
from ..members.models import Member
from ..members.rules import visitor_of
from ..recommendations import adopting, bundling, drafts, hearing, notes, remarks, translating, writers, writing
from ..recommendations import publishing as opening
from ..recommendations.hearing_models import Adoption, AdoptionAnswer, Bundle, MinorityNote, Remark
from ..recommendations.models import Draft, LargeTheme, Recommendation, RecommendationText, draft_workgroup
from ..stocktake import statuses
from ..stocktake.models import Status, StatusChange
from ..stocktake.statuses import Said
from ..workgroups.models import Signup, Workgroup
from . import histories, ideas, moments, outcomes_undone
from .people import ADA, AMINA, CHLOE, member_of, organiser

A_GROUP_WRITES = 4
DAY = timedelta(days=1)
OUTCOMES = {Outcome.ACCEPTED: 60, Outcome.AMENDED: 20, Outcome.REJECTED: 12, Outcome.POSTPONED: 8}
UNDECIDED = 3  # how many the board has still to look at, when a visitor arrives before its meeting
EVERY = 3  # of what is accepted, one in so many begins with a project, and is begun after the meeting
BOARD_WRITES_IN = "fr"


# --- Drafts and remarks -----------------------------------------------------------------------------


def write(edition: Edition) -> None:
    """Each group that has no draft yet writes one, and publishes it for remarks; members say what they think."""
    chance = random.Random(f"recommendations {edition.year}")
    written = [draft for group in _without_draft(edition) if (draft := _draft(group, chance))]
    for draft in written[:1]:
        _remark(draft)
    _a_week_ago(written)


def _without_draft(edition: Edition) -> Sequence[Workgroup]:
    held = select(draft_workgroup.c.workgroup_id)
    made = select(Workgroup).where(Workgroup.edition_id == edition.id, Workgroup.cancelled_at.is_(None))
    return db.session.scalars(made.where(Workgroup.id.not_in(held)).order_by(Workgroup.id)).all()


def _draft(group: Workgroup, chance: random.Random) -> Draft | None:
    """What the head of a group writes and publishes; a group that has not met, or has nobody, has nothing to say."""
    heads = writers.heads_of(group)
    if not heads or not any(meeting.ends_at <= now() for meeting in group.meetings):
        return None
    who, key = writers.known(heads[0].id), ideas.key_of(group.theme)
    draft = drafts.begin(group, who)
    large, countries = _large(key), sorted({city.country for city in group.cities})
    for idea in ideas.some(key, A_GROUP_WRITES, chance):
        made = _write_down(draft, who, group.spoken[0], ideas.texts_of(idea, chance))
        made.large_theme_id, made.country = large, countries[0] if len(countries) == 1 else None
    opening.publish(draft, who, opening.usual_end(draft))
    return draft


def _write_down(
    draft: Draft, who: writers.Writer, original: str, texts: dict[str, dict[str, str]]
) -> Recommendation:  # fmt: skip
    """The first of a draft has an earlier version, without its reasons; organisers translate."""
    words = texts[original]
    is_first = not draft.recommendations
    made = writing.add(draft, who, original, {**words, "why": ""} if is_first else words)
    if is_first:
        writing.save(made, who, words, seen="1")
    for code in ideas.LANGUAGES:
        if code != original:
            translating.translate(made, code, texts[code], "", organiser().id)
    return made


def _large(key: str) -> int | None:
    name = ideas.words()["large"][ideas.large_of(key)][2]
    return db.session.scalar(select(LargeTheme.id).where(LargeTheme.name_en == name))


def _remark(draft: Draft) -> None:
    """Some remarks on the first recommendation, two of them answered by the group."""
    about, head = drafts.standing(draft)[0], visitor_of(0, writers.heads_of(draft.groups[0])[0])
    asks = [member_of(ADA), member_of(AMINA), *_people(draft.groups[0])]
    for said, member in zip(ideas.words()["remarks"], asks, strict=False):
        made = remarks.write(draft, about, member.id, said["language"], said["text"])
        if "answer" in said:
            remarks.answer(made, head, said["taken_up"], said["answer"], said["language"], seen="")


def _people(group: Workgroup) -> Sequence[Member]:
    seated = select(Member).join(Signup).where(Signup.workgroup_id == group.id, Signup.seat.is_not(None))
    return db.session.scalars(seated.order_by(Signup.seat).limit(4)).all()


def _a_week_ago(written: Sequence[Draft]) -> None:
    """What was just done was done a week ago: so it has happened, whatever the time machine does next."""
    ids = [draft.id for draft in written]
    made = select(Recommendation.id).where(Recommendation.draft_id.in_(ids))
    for table, chosen in (
        (Draft, Draft.id.in_(ids)), (Remark, Remark.draft_id.in_(ids)), (Recommendation, Recommendation.id.in_(made)),
        (RecommendationText, RecommendationText.recommendation_id.in_(made)),
    ):  # fmt: skip
        moments.shift(table.__table__, chosen, -1)  # type: ignore[arg-type]
    db.session.expire_all()


# --- Adoption and the bundle ------------------------------------------------------------------------


def adopt(edition: Edition) -> None:
    """Every group answers what it was asked, and adopts its text: those who were at its last meeting agree, mostly."""
    bundle = bundling.of_edition(edition)
    if bundle and bundle.submitted_at:
        return
    published = select(Draft).where(Draft.edition_id == edition.id, Draft.published_at.is_not(None))
    written = db.session.scalars(published.where(Draft.adopted_at.is_(None)).order_by(Draft.theme_id, Draft.id)).all()
    for nth, draft in enumerate(written):
        _answer_the_rest(draft)
        for group in draft.groups:
            _adopt(draft, group, with_note=nth == 0)
    _adopted_a_week_ago(written)


def _answer_the_rest(draft: Draft) -> None:
    heads = [head for group in draft.groups for head in writers.heads_of(group)]
    for remark in hearing.unanswered(draft) if heads else ():
        words = ideas.words()["late_answers"][remark.language]
        remarks.answer(remark, visitor_of(0, heads[0]), False, words, remark.language, remarks.seen_of(remark))


def _adopt(draft: Draft, group: Workgroup, with_note: bool) -> None:
    """Nobody adopts what cannot be adopted: the board is then told that it is missing."""
    heads = writers.heads_of(group)
    if not heads or adopting.why_not_open(draft, group, heads[0].id):
        return
    standing = next(each for each in adopting.standings(draft) if each.group.id == group.id)
    if standing.has_adopted:
        return
    going_on = standing.asked if standing.asked and not standing.is_void else None
    adoption = going_on or adopting.open_(draft, group, adopting.meetings_for(group)[0], heads[0].id)
    silent = [member for member in adopting.present_for(adoption) if member.id not in standing.answers]
    for member in silent:
        adopting.answer(adoption, member.id, not (with_note and member is silent[-1]))
    if with_note and silent:
        code = group.spoken[0]
        notes.write(draft, drafts.standing(draft)[-1], silent[-1].id, code, ideas.words()["notes"][code])
    adopting.close(adoption, heads[0].id)


def _adopted_a_week_ago(written: Sequence[Draft]) -> None:
    ids = [draft.id for draft in written]
    asked = select(Adoption.id).where(Adoption.draft_id.in_(ids))
    for table, chosen in (
        (Adoption, Adoption.id.in_(asked)), (AdoptionAnswer, AdoptionAnswer.adoption_id.in_(asked)),
        (MinorityNote, MinorityNote.draft_id.in_(ids)),
    ):  # fmt: skip
        moments.shift(table.__table__, chosen, -1)  # type: ignore[arg-type]
    for draft in written:
        draft.adopted_at = draft.adopted_at and moments.moved(draft.adopted_at, -1)
    db.session.flush()
    db.session.expire_all()


def submit(edition: Edition) -> None:
    """The organisers submit the bundle to the board; it has a foreword."""
    if bundling.why_not_submit(edition):
        return
    before = bundling.of_edition(edition)
    if before is None or not any((before.foreword_nl, before.foreword_fr, before.foreword_en)):
        bundling.write_foreword(edition, ideas.words()["foreword"], bundling.seen_of(before), organiser().id)
    bundle: Bundle = bundling.submit(edition, organiser().id)
    moment = bundle.submitted_at or now()
    db.session.execute(update(Bundle).where(Bundle.edition_id == edition.id).values(submitted_at=moment - 7 * DAY))
    db.session.expire_all()
    outcomes_undone.freeze_again(edition)


# --- Decisions --------------------------------------------------------------------------------------


def draft_decisions(edition: Edition) -> None:
    """Before its meeting the board has drafted what it would say of most."""
    chance, by = random.Random(f"decisions {edition.year}"), member_of(CHLOE).id
    for made in _undecided(edition)[:-UNDECIDED]:
        _decide(made, chance, by)


def _undecided(edition: Edition) -> Sequence[Recommendation]:
    known = select(Decision.recommendation_id)
    asked = select(Recommendation).join(Draft).where(Draft.edition_id == edition.id, Recommendation.number.is_not(None))
    return db.session.scalars(asked.where(Recommendation.id.not_in(known)).order_by(Recommendation.number)).all()


def _decide(made: Recommendation, chance: random.Random, by: int) -> None:
    outcome = chance.choices(list(OUTCOMES), list(OUTCOMES.values()))[0]
    today, said = now().date(), {text.pop("language"): text for text in histories.reasons(outcome, chance)}
    owner = chance.choice(ideas.words()["owners"]["names"])
    drafted = Drafted(
        outcome, BOARD_WRITES_IN, **said[BOARD_WRITES_IN], owner="" if outcome == Outcome.REJECTED else owner,
        due=today + 300 * DAY if outcome in rules.NEEDS_DUE else None,
        postponed_until=today + 400 * DAY if outcome == Outcome.POSTPONED else None,
    )  # fmt: skip
    decision = rules.draft(made, drafted, "", by)
    for code in ideas.LANGUAGES:
        if code != BOARD_WRITES_IN:
            rules.translate(decision, code, (said[code]["reasons"], said[code]["amended"]), "", by)
    if outcome == Outcome.ACCEPTED and (made.number or 0) % EVERY == 0:
        title = made.original_text.title
        following.start(decision, following.Started(Kind.PROJECT, made.original, title, lead=owner), by)


def publish_decisions(edition: Edition) -> None:
    """After its meeting the board publishes them together, and tells everybody whom they concern."""
    chance, by, today = random.Random(f"decisions {edition.year}"), member_of(CHLOE).id, statuses.today()
    for made in _undecided(edition):
        _decide(made, chance, by)
    found = publishing.preview()
    mine = set(db.session.scalars(select(Recommendation.id).join(Draft).where(_of(edition))))
    ready = [decision for decision in found.ready if decision.recommendation_id in mine]
    chosen = [decision.id for decision in ready if publishing.why_not_on([decision], today) is None]
    if chosen:
        publishing.publish(chosen, found.seal, today, by)


def begin_work(edition: Edition) -> None:
    """Some of what the board accepted has begun since."""
    known = select(StatusChange.recommendation_id)
    accepted = Decision.outcome == Outcome.ACCEPTED, Decision.published_at.is_not(None)
    asked = select(Recommendation).join(Draft).join(Decision, Decision.recommendation_id == Recommendation.id)
    made = asked.where(_of(edition), *accepted, Recommendation.id.not_in(known), Recommendation.number % EVERY == 0)
    told = ideas.words()["statuses"][Status.ONGOING]
    for each in db.session.scalars(made.order_by(Recommendation.number)).all():
        statuses.change(each, Said(Status.ONGOING, statuses.today(), told[0], "nl"), organiser().id, keeps=True)


def _of(edition: Edition) -> ColumnElement[bool]:
    return Draft.edition_id == edition.id

"""Telling what the board decided: one mail for each theme and publication, to each person once.

Who gets it: the people of the groups that wrote, the member who proposed the theme, its supporters, and who answers.
A theme that goes on has the proposer and the supporters of the year before. The letters are a batch: whoever waits
for a sign-in mail comes first.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, NamedTuple

from sqlalchemy import select

from .. import mail
from ..db import db, now
from ..i18n import alphabetical
from ..members.models import Member
from ..members.rules import members_today
from ..recommendations.models import recommendation_workgroup
from ..themes.models import Support, Theme
from ..workgroups.models import Signup, workgroup_facilitator
from .models import Decision
from .rules import OUTCOME_NAMES

# A sign that nobody types, in place of the name: each letter is written once, and filled in for each.
NAME = "\ue000"
PER_MINUTE = 600
# Why somebody is told; who has several reasons is told the first.
REASONS = ("owner", "proposer", "group", "supporter")


class Person(NamedTuple):
    """Whom a letter may go to."""

    id: int
    name: str
    email: str | None
    language: str


@dataclass(frozen=True)
class Subject:
    """What one letter is about: the decisions on a theme of a year. `name` is what old lists call a theme."""

    year: int
    theme: Theme | None
    name: str
    decisions: Sequence[Decision]

    @property
    def key(self) -> tuple[int, int | None, str]:
        """What tells it from the other subjects."""
        return self.year, self.theme.id if self.theme else None, self.name


def subjects(decisions: Iterable[Decision]) -> list[Subject]:
    """The decisions by year and theme."""
    found: dict[tuple[int, int | None, str], list[Decision]] = defaultdict(list)
    for decision in decisions:
        asked = decision.recommendation
        found[(asked.year, asked.theme_id, "" if asked.theme_id else asked.theme_name)].append(decision)
    return [Subject(year, ds[0].recommendation.theme, name, ds) for (year, _id, name), ds in found.items()]


# --- To whom ----------------------------------------------------------------------------------------


def addressees(about: Sequence[Subject]) -> list[dict[Person, str]]:
    """For each subject its people, each with the first of REASONS that they are told for; a fixed number of queries."""
    people = {"owner": _owners(about), "group": _of_groups(about)}
    people["proposer"], people["supporter"] = _of_themes(about)
    told = []
    for n, _subject in enumerate(about):
        reasons: dict[Person, str] = {}
        for reason in REASONS:
            for person in people[reason].get(n, ()):
                reasons.setdefault(person, reason)
        told.append(reasons)
    return told


def _rows(wanted: Any) -> Iterable[tuple[Any, Person]]:
    """(first column, person) of a select that ends in a member's columns; only of who is a member today."""
    for first, *person in db.session.execute(members_today(wanted)):
        yield first, Person(*person)


_PERSON = (Member.id, Member.name, Member.email, Member.language)


def _owners(about: Sequence[Subject]) -> dict[int, set[Person]]:
    of = {decision.id: n for n, subject in enumerate(about) for decision in subject.decisions}
    wanted = select(Decision.id, *_PERSON).join(Member, Member.id == Decision.owner_id).where(Decision.id.in_(of))
    return _sorted_by(of, _rows(wanted))


def _of_groups(about: Sequence[Subject]) -> dict[int, set[Person]]:
    """Who has a place in a group that wrote one of the recommendations, and who led it."""
    of = {d.recommendation_id: n for n, subject in enumerate(about) for d in subject.decisions}
    wrote = recommendation_workgroup.c
    placed = (
        select(wrote.recommendation_id, *_PERSON)
        .join(Signup, Signup.workgroup_id == wrote.workgroup_id)
        .join(Member, Member.id == Signup.member_id)
        .where(wrote.recommendation_id.in_(of), Signup.seat.is_not(None), Signup.confirm_by.is_(None))
    )
    led = (
        select(wrote.recommendation_id, *_PERSON)
        .join(workgroup_facilitator, workgroup_facilitator.c.workgroup_id == wrote.workgroup_id)
        .join(Member, Member.id == workgroup_facilitator.c.member_id)
        .where(wrote.recommendation_id.in_(of))
    )
    return _sorted_by(of, [*_rows(placed), *_rows(led)])


def _of_themes(about: Sequence[Subject]) -> tuple[dict[int, set[Person]], dict[int, set[Person]]]:
    """Proposers and supporters, also those of the theme that this one prolongs."""
    before = {id: came for id, came in db.session.execute(select(Theme.id, Theme.prolonged_from_id))}  # noqa: C416
    of: dict[int, set[int]] = defaultdict(set)
    for n, subject in enumerate(about):
        theme_id = subject.theme.id if subject.theme else None
        while theme_id is not None:
            of[theme_id].add(n)
            theme_id = before.get(theme_id)
    proposed = select(Theme.id, *_PERSON).join(Member, Member.id == Theme.proposer_id).where(Theme.id.in_(of))
    supported = select(Support.theme_id, *_PERSON).join(Member, Member.id == Support.member_id)
    found = []
    for wanted in (proposed, supported.where(Support.theme_id.in_(of))):
        people: dict[int, set[Person]] = defaultdict(set)
        for theme_id, person in _rows(wanted):
            for n in of[theme_id]:
                people[n].add(person)
        found.append(people)
    return found[0], found[1]


def _sorted_by(of: dict[int, int], rows: Iterable[tuple[Any, Person]]) -> dict[int, set[Person]]:
    people: dict[int, set[Person]] = defaultdict(set)
    for first, person in rows:
        people[of[first]].add(person)
    return people


# --- Letters ----------------------------------------------------------------------------------------


def tell(decisions: Sequence[Decision]) -> int:
    """Put the letters about published decisions in the outbox, in the caller's transaction; give their number.

    A second time puts nothing in it: the key names theme, publication and member.
    """
    about = subjects(decisions)
    letters = []
    for subject, people in zip(about, addressees(about), strict=True):
        moment = max(d.published_at for d in subject.decisions if d.published_at)
        letters += list(_letters(subject, people, moment))
    sends_at = now()
    for n, letter in enumerate(letters):
        letter["send_at"] = sends_at + timedelta(minutes=n // PER_MINUTE)
    if letters:
        mail.queue_many(letters)
    return len(letters)


def _letters(subject: Subject, people: dict[Person, str], moment: datetime) -> Iterable[dict[str, Any]]:
    """Each language and reason is written once."""
    written: dict[tuple[str, str], tuple[str, str]] = {}
    year, theme_id, name = subject.key
    which = f"{year} {theme_id or alphabetical(name)[:40]} {moment:%Y%m%dT%H%M%S.%f}"
    for person, reason in sorted(people.items(), key=lambda pair: pair[0].id):
        if not person.email:
            continue
        form = person.language, reason
        if form not in written:
            written[form] = _written(subject, *form)
        line, body = (part.replace(NAME, person.name) for part in written[form])
        yield {
            "key": f"decided {which} {person.id}", "batch": f"decided {theme_id or 0} {moment:%Y%m%d%H%M%S}",
            "name": "decided", "member_id": person.id, "address": person.email, "language": person.language,
            "subject": line[:300], "body": body, "is_secret": False,
        }  # fmt: skip


def _written(subject: Subject, code: str, reason: str) -> tuple[str, str]:
    decisions = sorted(subject.decisions, key=lambda d: d.recommendation.number or 0)
    return mail.write(
        "decided", code, member=SimpleNamespace(name=NAME), reason=reason, theme=subject.theme or subject.name,
        year=subject.year, decisions=decisions, names=OUTCOME_NAMES,
    )  # fmt: skip


@dataclass(frozen=True)
class Count:
    """How many get a mail about a theme, and how many would but have no address."""

    subject: Subject
    mails: int
    without: int


def counts(decisions: Sequence[Decision]) -> list[Count]:
    """Who would be told, in numbers."""
    about = subjects(decisions)
    found = []
    for subject, people in zip(about, addressees(about), strict=True):
        reached = sum(bool(person.email) for person in people)
        found.append(Count(subject, reached, len(people) - reached))
    return found

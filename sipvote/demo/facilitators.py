"""What organisers know of the facilitators: the languages they lead in, their training, how many groups they take."""

import random
from datetime import date, timedelta

from sqlalchemy import select

from ..access import Role
from ..db import db, now
from ..members.models import Grant, Member
from ..workgroups.life_models import FacilitatorProfile

TRAINING = {
    "nl": ("Vergaderingen begeleiden, twee dagen", "Beslissen zonder stemmen, een dag"),
    "fr": ("Animer des réunions, deux jours", "Décider par consentement, un jour"),
    "en": ("Leading meetings, two days", "Deciding by consent, one day"),
}
SECOND = {"nl": ("fr", "en"), "fr": ("nl", "en"), "en": ("fr", "nl")}
YEARS, NOT_TRAINED, SPEAKS_MORE, MOST_GROUPS = 6, 0.2, 0.6, (1, 2, 2, 2, 3)


def describe(chance: random.Random) -> None:
    """Give every facilitator a profile; one in five was not trained yet."""
    holding = select(Grant.member_id).where(Grant.role == Role.FACILITATOR)
    today = now().date()
    for member in db.session.scalars(select(Member).where(Member.id.in_(holding)).order_by(Member.id)):
        db.session.add(_profile(member, chance, today))


def _profile(member: Member, chance: random.Random, today: date) -> FacilitatorProfile:
    languages = [member.language]
    if chance.random() < SPEAKS_MORE:
        languages.append(chance.choice(SECOND[member.language]))
    is_trained = chance.random() >= NOT_TRAINED
    return FacilitatorProfile(
        member_id=member.id,
        languages=" ".join(languages),
        trained_on=today - timedelta(days=chance.randint(60, 365 * YEARS)) if is_trained else None,
        training=chance.choice(TRAINING[member.language]) if is_trained else "",
        most_groups=chance.choice(MOST_GROUPS),
    )

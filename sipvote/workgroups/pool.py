"""The pool of facilitators: what each speaks, was trained in, and how much they lead this year."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from .. import audit
from ..access import Role
from ..db import db
from ..editions.models import Edition
from ..errors import Refused
from ..i18n import LANGUAGES, language_name, names
from ..members.models import City, Member
from . import counts, forming
from .life_models import FacilitatorProfile
from .models import Workgroup

MOST_GROUPS = 2  # for whoever nobody has asked yet


@dataclass(frozen=True)
class Load:
    """What somebody leads in an edition."""

    groups: int = 0
    meetings: int = 0
    hours: float = 0

    def with_group(self, group: Workgroup) -> "Load":
        return Load(self.groups + 1, self.meetings + len(group.meetings), self.hours + group.hours)


@dataclass(frozen=True)
class Facilitator:
    """Somebody with the role. `cities` is None for every city; without a profile the roll says what they speak."""

    member: Member
    cities: list[City] | None
    profile: FacilitatorProfile | None
    load: Load

    @property
    def spoken(self) -> list[str]:
        words = self.profile.languages.split() if self.profile else []
        return words or [self.member.language]

    @property
    def most_groups(self) -> int:
        return self.profile.most_groups if self.profile else MOST_GROUPS

    @property
    def is_over(self) -> bool:
        """Whether they lead more groups than they said."""
        return self.load.groups > self.most_groups

    @property
    def label(self) -> str:
        """'Bas Claes · Gent · Dutch and French · leads 1 group of at most 2'."""
        where = _("every city") if self.cities is None else names(self.cities)
        spoken = names(language_name(code) for code in self.spoken)
        return " · ".join([self.member.name, where, spoken, self.how_much])

    @property
    def how_much(self) -> str:
        return ngettext(
            "leads %(num)d group of at most %(most)s", "leads %(num)d groups of at most %(most)s",
            self.load.groups, most=self.most_groups,
        )  # fmt: skip


def loads(groups: Iterable[Workgroup]) -> dict[int, Load]:
    """What each member leads, by their id."""
    found: dict[int, Load] = {}
    for group in groups:
        for person in group.facilitators:
            found[person.id] = found.get(person.id, Load()).with_group(group)
    return found


def of_edition(edition: Edition, people: Sequence[Member] | None = None) -> list[Facilitator]:
    """Everybody with the role, by name, with their load in the edition."""
    people = forming.facilitators() if people is None else people
    wanted = select(FacilitatorProfile).where(FacilitatorProfile.member_id.in_([p.id for p in people]))
    profiles = {p.member_id: p for p in db.session.scalars(wanted)}
    led = loads(counts.groups_in(edition))
    return [Facilitator(p, forming.cities_of(p), profiles.get(p.id), led.get(p.id, Load())) for p in people]


def fits(person: Facilitator, city: str, language: str) -> bool:
    """Whether somebody is among those asked for, by the city's slug and the language; "" asks for all."""
    here = not city or person.cities is None or city in {c.slug for c in person.cities}
    return here and (not language or language in person.spoken)


def member_asked(member_id: int) -> Member | None:
    """A member with the role, with its cities; None for anybody else."""
    wanted = select(Member).where(Member.id == member_id).options(selectinload(Member.grants))
    member = db.session.scalar(wanted)
    return member if member and any(g.role == Role.FACILITATOR for g in member.grants) else None


def change(
    member: Member, languages: Sequence[str], trained_on: date | None, training: str, most_groups: int, by: int
) -> FacilitatorProfile:
    """Write down what organisers know of a facilitator. Raises Refused."""
    if not 0 <= most_groups <= 20:
        raise Refused(_("Give a whole number from 0 to 20."))
    profile = db.session.get(FacilitatorProfile, member.id)
    if profile is None:
        profile = FacilitatorProfile(member_id=member.id)
        db.session.add(profile)
    profile.languages = " ".join(code for code in LANGUAGES if code in languages)
    profile.trained_on, profile.training, profile.most_groups = trained_on, training, most_groups
    db.session.flush()
    facts = {"languages": profile.languages, "most_groups": most_groups}
    audit.record("change facilitator", f"member {member.number}", by, **facts)
    return profile


# --- What organisers should look at -----------------------------------------------------------------


def warnings(edition: Edition, groups: Sequence[Workgroup]) -> dict[int, list[str]]:
    """By group: who leads more groups than they said, and languages of the group that no facilitator speaks."""
    leading = {p.id for g in groups for p in g.facilitators}
    people = db.session.scalars(select(Member).where(Member.id.in_(leading)).options(selectinload(Member.grants)))
    known = {f.member.id: f for f in of_edition(edition, people.all())}
    return {g.id: _about(g, [known[f.id] for f in g.facilitators]) for g in groups}


def _about(group: Workgroup, people: Sequence[Facilitator]) -> list[str]:
    found = [_("%(name)s %(load)s", name=p.member.name, load=p.how_much) for p in people if p.is_over]
    spoken = {code for p in people for code in p.spoken}
    missing = [language_name(code) for code in group.spoken if code not in spoken]
    if people and missing:
        found.append(_("the facilitators do not speak %(languages)s", languages=names(missing)))
    return found

"""The assembly of the demonstration: planned with the year, held while the vote is open, with some dozens there."""

import random
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from ..assembly import presence, proxies, quorum
from ..assembly import rules as assemblies
from ..assembly.models import Assembly, Incident, Presence, Proxy, Quorum, Way
from ..db import db, now
from ..editions.models import Edition
from ..members.models import Grant, Member
from ..voting import proxy_votes
from ..voting.models import Elector, Envelope
from .people import ADA, BAS, CAST, CHLOE, FELIX, member_of, organiser

HALL, REMOTE, PROXIES = 40, 25, 12
AGENDA = {
    "nl": [
        "Opening en samenstelling van het bureau",
        "Jaarverslag en jaarrekening",
        "Stemming over de thema’s van het jaar",
        "Resultaat van de stemming",
        "Vragen en slot",
    ],
    "fr": [
        "Ouverture et composition du bureau",
        "Rapport annuel et comptes annuels",
        "Vote sur les thématiques de l’année",
        "Résultat du vote",
        "Questions et clôture",
    ],
    "en": [
        "Opening and composition of the bureau",
        "Annual report and accounts",
        "Vote on the themes of the year",
        "Result of the vote",
        "Questions and closing",
    ],
}


def plan(edition: Edition) -> None:
    """Plan it for the day on which the vote ends."""
    starts_at, ends_at = _announced(edition)
    wanted = assemblies.Plan(
        starts_at=starts_at, ends_at=ends_at, place="Grote Zaal / Grande Salle, Koningsstraat / Rue Royale, Brussel",
        follow_url="https://video.example.org/sip-assembly", agenda=AGENDA, quorum=Quorum.SHARE, quorum_value=1,
        counts_proxies=True, counts_remote=True, counts_votes=True, proxies_per_holder=2, remote_vote=True,
        prior_vote=True, chair=CHLOE.name, secretary=FELIX.name,
    )  # fmt: skip
    assemblies.plan(edition, wanted, organiser().id)


def _announced(edition: Edition) -> tuple[datetime, datetime]:
    return edition.count_at - timedelta(hours=7), edition.count_at


def hold(edition: Edition) -> None:
    """It takes place now, so that there is something to see: opened an hour ago, and people keep coming."""
    assembly = assemblies.of_edition(edition)
    if assembly is None or assembly.opened_at:
        return
    assembly.starts_at = now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    assembly.ends_at = assembly.starts_at + timedelta(hours=7)
    db.session.flush()
    # Not the chance that draws the voters: others come than those who voted.
    chance, desk = random.Random(f"assembly {edition.year}"), member_of(BAS).id
    for number, member in enumerate(_some(chance)):
        in_hall = number < HALL
        arrival = presence.check_in(assembly, member, Way.HALL if in_hall else Way.REMOTE, desk if in_hall else None)
        arrival.presence.arrived_at = assembly.starts_at + timedelta(minutes=chance.uniform(-45, 30))
    db.session.flush()
    _give_proxies(edition, assembly)
    standing = quorum.standing(assembly)
    assemblies.open_(assembly, organiser().id, standing.counted, **standing.parts)


def _some(chance: random.Random) -> list[Member]:
    """Ordinary members of today; the cast checks in when the visitor does."""
    cast = [person.number for person in CAST]
    ordinary = select(Member.id).where(
        Member.number.not_in(cast), Member.left.is_(None), Member.id.not_in(select(Grant.member_id))
    )
    ids = list(db.session.scalars(ordinary.order_by(Member.id)))
    drawn = chance.sample(ids, min(HALL + REMOTE, len(ids) // 2))
    return list(db.session.scalars(select(Member).where(Member.id.in_(drawn)).order_by(Member.id)))


def _give_proxies(edition: Edition, assembly: Assembly) -> None:
    """Somebody who stayed at home has given Ada a proxy, and somebody asks her; some in the hall hold one as well."""
    there = select(Presence.member_id).where(Presence.assembly_id == assembly.id).order_by(Presence.member_id)
    in_the_hall = db.session.scalars(select(Member).where(Member.id.in_(there.limit(PROXIES)))).all()
    holders = [*[member_of(ADA)] * 2, *in_the_hall]
    for number, (giver, holder) in enumerate(zip(_absent(assembly, len(holders)), holders, strict=False)):
        vote = proxy_votes.vote_of(edition, giver.id)
        if proxies.why_not_give(assembly, giver, vote) or proxies.why_not_hold(assembly, giver, holder):
            continue
        given = proxies.give(assembly, giver, holder, vote)
        if number:  # Ada has still to answer the first one
            proxies.accept(given, vote)


def _absent(assembly: Assembly, count: int) -> list[Member]:
    """Members on the roll who are not there and have not voted, from the end of the list."""
    voted = select(Envelope.member_id)
    there = select(Presence.member_id).where(Presence.assembly_id == assembly.id)
    ids = select(Elector.member_id).where(Elector.member_id.not_in(voted), Elector.member_id.not_in(there))
    cast = [person.number for person in CAST]
    away = select(Member).where(Member.id.in_(ids), Member.number.not_in(cast), Member.left.is_(None))
    return list(db.session.scalars(away.order_by(Member.id.desc()).limit(count)))


def end(edition: Edition) -> None:
    """Close it, unless somebody did."""
    assembly = assemblies.of_edition(edition)
    if assembly and assemblies.why_not_close(assembly) is None:
        standing = quorum.standing(assembly)
        assemblies.close(assembly, organiser().id, standing.counted, **standing.parts)


def was_there(edition: Edition) -> bool:
    """Whether anybody was checked in."""
    assembly = assemblies.of_edition(edition)
    if assembly is None:
        return False
    return bool(db.session.scalar(select(Presence.member_id).where(Presence.assembly_id == assembly.id).limit(1)))


def undo(edition: Edition) -> None:
    """As if it had not been held: only its plan stays."""
    assembly = assemblies.of_edition(edition)
    if assembly is None:
        return
    for table in (Presence, Proxy, Incident):
        db.session.execute(delete(table).where(table.assembly_id == assembly.id))
    if assembly.opened_at:
        assembly.opened_at = assembly.closed_at = None
        assembly.starts_at, assembly.ends_at = _announced(edition)


def dated_with(edition: Edition) -> list[tuple[object, object]]:
    """The tables whose moments move along with the edition, each with its rows."""
    mine = select(Assembly.id).where(Assembly.edition_id == edition.id)
    parts = [(table.__table__, table.assembly_id.in_(mine)) for table in (Presence, Proxy, Incident)]
    return [(Assembly.__table__, Assembly.id.in_(mine)), *parts]

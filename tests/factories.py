"""People and things for tests: plain functions that add to the session and flush."""

import itertools
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from sipvote.access import Role
from sipvote.assembly import mailings, proxies, sending
from sipvote.assembly.models import Assembly, Mailing, Presence, Proxy, Quorum, Way
from sipvote.db import db, now
from sipvote.editions.models import DATED, Edition, Phase, SignUpWay
from sipvote.members import rules as members
from sipvote.members.models import City, Grant, Member, Profile
from sipvote.themes.models import Support, Theme, ThemeText
from sipvote.voting import (
    box,
    cards,
    ceremony,
    counting,
    freezing,
    hours,
    naming,
    paper_ballots,
    papers,
    proxy_votes,
    questions,
    result,
)
from sipvote.voting import rules as voting
from sipvote.voting.models import Custody, Election
from sipvote.workgroups import attending, offers, slots, wishing
from sipvote.workgroups import rules as workgroups
from sipvote.workgroups.models import Attendance, Meeting, Mode, Signup, Workgroup
from sipvote.workgroups.wish_models import Availability, Candidate, Coming, Slot, Wish, WishList

_count = itertools.count(1)
CITIES = {
    "gent": ("BE", "Gent", "Gand", "Ghent"),
    "brussel": ("BE", "Brussel", "Bruxelles", "Brussels"),
    "luik": ("BE", "Luik", "Liège", "Liège"),
    "lille": ("FR", "Rijsel", "Lille", "Lille"),
}


def kept(thing: Any) -> Any:
    """Add to the session and flush."""
    db.session.add(thing)
    db.session.flush()
    return thing


def a_city(slug: str = "gent") -> City:
    found = db.session.scalar(select(City).where(City.slug == slug))
    country, nl, fr, en = CITIES[slug]
    return found or kept(City(slug=slug, country=country, name_nl=nl, name_fr=fr, name_en=en))


def a_member(name: str = "Ada Peeters", city: str = "gent", *roles: Role, **values: Any) -> Member:
    """A member; roles come after the city: a_member("Dré", "gent", Role.ORGANISER)."""
    n = next(_count)
    office = a_city(city)
    values = {
        "number": f"{10000 + n}", "email": f"{name.split()[0].lower()}{n}@example.org", "language": "en",
        "country": office.country, "profile": Profile.USER, "joined": date(2019, 3, 1), **values,
    }  # fmt: skip
    member = kept(Member(name=name, city=office, **values))
    for role in roles:
        kept(Grant(member=member, role=role, granted_at=now()))
    return member


def an_organiser(**values: Any) -> Member:
    return a_member("Dré Maes", "brussel", Role.ORGANISER, **values)


def a_board_member(**values: Any) -> Member:
    return a_member("Chloé Dubois", "luik", Role.BOARD, **values)


def a_scrutineer(name: str = "Eva Stone", **values: Any) -> Member:
    return a_member(name, "gent", Role.SCRUTINEER, **values)


def a_facilitator(city: str | None = None, **values: Any) -> Member:
    """A facilitator, of every city or of one."""
    member = a_member("Bas Claes", "gent", **values)
    members.grant(member, Role.FACILITATOR, a_city(city) if city else None, None)
    return member


def phase_dates(phase: Phase, days: int = 30) -> dict[str, datetime]:
    """Begins of all phases, `days` apart, such that `phase` began ten days ago."""
    at = list(Phase).index(phase)
    start = now() - timedelta(days=10)
    return {f"{p}_at": start + timedelta(days=days * (i - at)) for i, p in enumerate(Phase) if p in DATED}


def an_edition(phase: Phase = Phase.THEMES, year: int = 2026, **settings: Any) -> Edition:
    """An edition that is in a phase now."""
    return kept(Edition(year=year, **{"max_approvals": 3, **phase_dates(phase), **settings}))


def in_phase(edition: Edition, phase: Phase) -> Edition:
    """Move an edition's dates so that it is in a phase now."""
    for name, value in phase_dates(phase).items():
        setattr(edition, name, value)
    db.session.flush()
    return edition


def a_theme(edition: Edition, title: str = "Guidance", **values: Any) -> Theme:
    """A proposed theme with its text in English; a_theme(edition, admitted_at=now()) is on the ballot."""
    proposer = values.pop("proposer", None) or a_member("Lea Janssens")
    theme = kept(Theme(**{"edition": edition, "proposer": proposer, "original": "en", "proposed_at": now(), **values}))
    words = {"question": f"How about {title}?", "why": "It matters.", "change": "Much."}
    kept(ThemeText(theme=theme, language="en", title=title, written_at=now(), **words))
    return theme


def a_support(theme: Theme, *supporters: Member) -> None:
    """These members support a theme."""
    for member in supporters:
        kept(Support(theme_id=theme.id, member_id=member.id, supported_at=now()))


def some_words(title: str = "Fair fees", **values: str) -> dict[str, str]:
    """What a proposal's form sends, but for its language."""
    return {"title": title, "question": "What is fair?", "why": "It matters.", "change": "Much.", **values}


def a_group(
    edition: Edition, theme: Theme | None = None, city: str | None = "gent", places: int = 12, **values: Any
) -> Workgroup:
    """A workgroup with the edition's meetings, four days apart at 17:00 UTC; without a city it meets online.

    The first is on the day after groups begin (or tomorrow); a_group(edition, days=2) begins two days
    later than others, and a_group(edition, begins=-3) has begun three days ago.
    """
    theme = theme or a_theme(edition, elected_at=now())
    window = (max(edition.groups_at, now()) - now()).days + 2
    day = values.pop("begins", window + values.pop("days", 0))
    first = (now() + timedelta(days=day)).replace(hour=17, minute=0, second=0, microsecond=0)
    starts = [first + timedelta(days=4 * n) for n in range(edition.meetings)]
    defaults = {
        "languages": "nl", "mode": Mode.ON_SITE if city else Mode.ONLINE, "created_at": now(),
        "cities": [a_city(city)] if city else [], "facilitators": [],
    }  # fmt: skip
    group = Workgroup(edition=edition, theme=theme, places=places, **{**defaults, **values})
    group.meetings = [Meeting(starts_at=at, ends_at=at + timedelta(hours=edition.meeting_hours)) for at in starts]
    return kept(group)


def a_signup(member: Member, group: Workgroup) -> Signup:
    """Sign a member up for a group, every date confirmed."""
    return workgroups.sign_up(member, group, {m.key for m in group.meetings})


def an_election(
    *voters: Member,
    options: int = 4,
    custody: Custody = Custody.SERVER,
    edition: Edition | None = None,
    **settings: Any,
) -> Election:
    """An open election; whoever is a member by now is on its roll. Commits, because the box has its own connections."""
    election, lists = a_frozen_election(*voters, options=options, custody=custody, edition=edition, **settings)
    if lists:
        ceremony.prove(election, lists, None)
    hours.open_(election, None)
    db.session.commit()
    return election


def a_frozen_election(
    *voters: Member,
    options: int = 4,
    custody: Custody = Custody.SCRUTINEERS,
    edition: Edition | None = None,
    **settings: Any,
) -> tuple[Election, list[str]]:
    """A frozen election over `options` themes, and the word lists of its scrutineers. Commits."""
    rule = settings.pop("rule", "approval")
    edition = edition or an_edition(Phase.VOTE, **settings)
    proposer = voters[0] if voters else a_member("Lea Janssens")
    for number in range(options):
        a_theme(edition, f"Theme {number}", proposer=proposer, admitted_at=now())
    election = voting.prepare(edition, custody, None, rule)
    lists = freezing.freeze(election, None)
    db.session.commit()
    return election, lists


def some_scrutineers(election: Election, *people: Member) -> list[Member]:
    """These are named for a draft and have accepted; else three people who have the role now."""
    named = list(people) or [a_scrutineer(name=f"Watcher {n}") for n in range(3)]
    for member in named:
        naming.name(election, member, None)
        naming.answer(election, member, True)
    db.session.commit()
    return named


def a_vote(election: Election, member: Member, *options: int) -> str:
    """A member's vote for some options (none: blank); gives the tracker. Commits what was there before."""
    db.session.commit()
    paper, member_id = papers.of(election), member.id
    db.session.rollback()  # on SQLite a transaction that has read here could not write after the vote
    assert paper is not None
    return voting.cast(paper, member_id, (tuple(sorted(options)),))


def some_answers(election: Election, who: Member | Proxy, *answers: tuple[int, ...]) -> None:
    """A member's answers to all questions of a ballot, or a holder's under a proxy. Commits what was there before."""
    db.session.commit()
    paper, member_id = papers.of(election), who.id
    mandate = proxy_votes.mandate(election.edition.year, who.id, who.holder_id) if isinstance(who, Proxy) else None
    db.session.rollback()
    assert paper is not None
    if mandate:
        how = box.Cast(proxy_id=mandate.proxy_id, holder_id=mandate.holder_id)
        proxy_votes.cast(paper, mandate, answers, how)
    else:
        voting.cast(paper, member_id, answers)


def a_counted_election(*ballots: tuple[int, ...], **settings: Any) -> Election:
    """An election in which each ballot was cast by a member of its own; closed and counted, not published."""
    voters = [a_member(f"Voter {n}") for n in range(max(len(ballots), 1))]
    election = an_election(*voters, **settings)
    for voter, ballot in zip(voters, ballots, strict=False):
        a_vote(election, voter, *ballot)
    hours.close(election, None)
    counting.count(election, [], None)
    db.session.commit()
    return election


def an_assembly(edition: Edition | None = None, **values: Any) -> Assembly:
    """An assembly of an edition that begins in an hour and lasts three; an_assembly(starts_in=-1) runs now."""
    edition = edition or an_edition(Phase.VOTE)
    starts = now() + timedelta(hours=values.pop("starts_in", 1))
    defaults = {
        "starts_at": starts, "ends_at": starts + timedelta(hours=3), "place": "Flagey, Brussels", "quorum": Quorum.NONE,
        "agenda": {"en": ["Opening", "Vote"]}, "hall_secret": b"h" * 32, "proxies_per_holder": 2,
    }  # fmt: skip
    return kept(Assembly(edition=edition, **{**defaults, **values}))


def a_card(election: Election, member: Member) -> str:
    """A voting card for a member; gives its code. Commits."""
    code = cards.issue(election, member, None)
    db.session.commit()
    return code


def a_paper(election: Election, *people: Member) -> None:
    """These members get a ballot on paper. Commits."""
    for member in people:
        paper_ballots.hand(election, member, None)
    db.session.commit()


def a_presence(assembly: Assembly, member: Member, way: Way = Way.HALL, **values: Any) -> Presence:
    """A member takes part in an assembly since a minute ago."""
    arrived = now() - timedelta(minutes=1)
    return kept(Presence(**{"assembly_id": assembly.id, "member": member, "way": way, "arrived_at": arrived, **values}))


def a_worked_on_theme(year: int = 2025, title: str = "Sharing economy") -> Theme:
    """A theme that an edition before worked on, and that may go on."""
    edition = an_edition(Phase.STOCKTAKE, year=year)
    return a_theme(edition, title, admitted_at=now(), elected_at=now())


def some_questions(election: Election, theme: Theme, country: str | None = "FR") -> None:
    """Two more on the ballot of a draft: shall a theme go on (in one country), shall the board act."""
    questions.ask(election, questions.Asked("simple", country, theme=theme), None)
    words = {"en": {"title": "Shall the board open an office in Namur?", "text": "It **costs** money."}}
    questions.ask(election, questions.Asked("two_thirds", original="en", texts=words), None)


def a_proxy(giver: Member, holder: Member, assembly: Assembly | None = None, accepted: bool = True) -> Proxy:
    """A proxy from one member to another, accepted or only offered; at the only assembly there is."""
    assembly = assembly or db.session.scalars(select(Assembly)).one()
    proxy = proxies.give(assembly, giver, holder, proxies.Vote())
    if accepted:
        proxies.accept(proxy, proxies.Vote())
    db.session.flush()
    return proxy


def a_vote_for(election: Election, proxy: Proxy, *options: int) -> str:
    """The vote that a holder casts under a proxy; gives the tracker. Commits what was there before."""
    db.session.commit()
    paper, mandate = papers.of(election), proxy_votes.mandate(election.edition.year, proxy.id, proxy.holder_id)
    db.session.rollback()
    assert paper is not None
    assert mandate is not None
    how = box.Cast(proxy_id=mandate.proxy_id, holder_id=mandate.holder_id)
    return proxy_votes.cast(paper, mandate, (tuple(sorted(options)),), how)


def a_mailing(
    assembly: Assembly, kind: str = "convocation", by: Member | None = None, per_minute: int = 600
) -> Mailing:
    """A mailing of an assembly's edition that was tried and has just begun."""
    what = mailings.KINDS[kind]
    mailings.try_out(assembly.edition, what, by or an_organiser())
    mailing = sending.begin(assembly.edition, what, per_minute, None, None)
    db.session.commit()
    return mailing


def an_attended_group(edition: Edition, *lists: str, **values: Any) -> Workgroup:
    """A group that has met; for each of its meetings a list with a letter for each person, by seat.

    c(ame), e(xcused), a(bsent), u(nmarked). People may be given: an_attended_group(edition, "cc", people=[…]).
    """
    people = values.pop("people", None) or [a_member(f"Person {n}") for n in range(len(lists[0]))]
    group = a_group(edition, **{"begins": -4 * edition.meetings, **values})
    came = {"c": True, "a": False, "e": None, "u": None}
    since = now() - timedelta(days=90)
    for seat, member in enumerate(people, start=1):
        signup = Signup(workgroup=group, member=member, signed_up_at=since, seat=seat, seated_at=since)
        signup.attendances = [
            Attendance(
                meeting=meeting, confirmed_at=since, came=came[said[seat - 1]],
                excused_at=since if said[seat - 1] == "e" else None,
            )
            for meeting, said in zip(group.meetings, lists, strict=False)
        ]  # fmt: skip
        db.session.add(signup)
    db.session.flush()
    return group


# plan


def a_year_of_wishes(**settings: Any) -> Edition:
    """An edition whose members have wished until an hour ago: two meetings, a week apart at least."""
    over = now() - timedelta(hours=1)
    wanted = {"sign_up_way": SignUpWay.WISHES, "wishes_until": over, "meetings": 2, "days_apart": 7}
    return an_edition(Phase.SIGNUP, **{**wanted, **settings})


def a_slot(edition: Edition, day: int, hour: int = 17) -> Slot:
    """A slot of three hours, so many days after groups begin, at an hour in UTC."""
    starts = (edition.groups_at + timedelta(days=day)).replace(hour=hour, minute=0, second=0, microsecond=0)
    return kept(Slot(edition=edition, starts_at=starts, ends_at=starts + timedelta(hours=3)))


def a_group_with_slots(edition: Edition, slots: list[Slot], modes: str = "on_site hybrid online", **values: Any) -> Any:
    """A group without dates, for which these slots are proposed; with `dates` it meets at its first slots."""
    has_dates = values.pop("dates", False)
    group = a_group(edition, **{"minimum": 2, **values})
    chosen = slots[: edition.meetings] if has_dates else []
    group.meetings = []
    db.session.flush()
    group.meetings = [Meeting(starts_at=slot.starts_at, ends_at=slot.ends_at) for slot in chosen]
    for slot in slots:
        kept(Candidate(workgroup=group, slot=slot, modes=modes))
    return group


def a_wish_list(
    member: Member, *groups: Workgroup, slots: Sequence[Slot] = (), way: Coming = Coming.EITHER, **values: Any
) -> WishList:
    """A list, pledged unless it is said: these groups in order, and these slots at which the member could come."""
    moment = now() - timedelta(days=1)
    values = {"pledged_at": moment if values.pop("pledged", True) else None, **values}
    wish_list = WishList(member=member, edition=groups[0].edition, begun_at=moment, changed_at=moment, **values)
    wish_list.wishes = [Wish(rank=rank, workgroup=group) for rank, group in enumerate(groups, start=1)]
    wish_list.availability = [Availability(slot=slot, way=way) for slot in slots]
    return kept(wish_list)


def accepted(signup: Signup) -> Signup:
    """The member confirms every date of a place that is kept for them."""
    offers.accept(signup, {m.key for m in signup.workgroup.meetings})
    return signup


def an_offer(member: Member, group: Workgroup, **values: Any) -> Signup:
    """A seat that is kept for a member for three days, as their wishes or the waiting list gave it to them."""
    seat = workgroups.free_seats(group)[0]
    given = {"seat": seat, "seated_at": now(), "signed_up_at": now(), "confirm_by": now() + timedelta(days=3)}
    return kept(Signup(workgroup=group, member=member, **{**given, **values}))


def a_wait(member: Member, group: Workgroup) -> Signup:
    """A member on a waiting list, as after the assignment: also of groups at the same hours."""
    return kept(Signup(workgroup=group, member=member, signed_up_at=now()))


def a_wishing_edition(phase: Phase = Phase.SIGNUP, **settings: Any) -> Edition:
    """An edition in which members wish groups, until four days before the workgroups begin; these last half a year."""
    dates = phase_dates(phase)
    for later in ("recommendations_at", "decisions_at", "stocktake_at"):
        dates[later] += timedelta(days=150)
    until = dates["groups_at"] - timedelta(days=4)
    way = {"sign_up_way": SignUpWay.WISHES, "wishes_until": until, "days_apart": 7}
    return an_edition(phase, **{**dates, **way, **settings})


def a_group_to_wish(edition: Edition, *args: Any, dates: int = 6, **values: Any) -> Workgroup:
    """A group without meetings, with dates to choose from: one a week at 17:00 UTC from the week after groups begin.

    In any mode, but for a group without a city, which meets online.
    """
    days = values.pop("days", 0)
    group = a_group(edition, *args, **values)
    group.meetings = []
    first = (edition.groups_at + timedelta(days=7 + days)).replace(hour=17, minute=0, second=0, microsecond=0)
    starts = [first + timedelta(weeks=n) for n in range(dates)]
    db.session.flush()
    slots.propose(group, [(at, at + timedelta(hours=edition.meeting_hours)) for at in starts], list(Mode), None)
    return group


def some_wishes(member: Member, *groups: Workgroup, way: Coming = Coming.EITHER, pledged: bool = True) -> WishList:
    """A member wishes these groups, the dearest first, and could come on every date."""
    edition = groups[0].edition
    wishing.choose(member, edition, [g.id for g in groups])
    asked = {c.slot_id: way for c in slots.candidates_of(groups)}
    wishes = wishing.tick(member, edition, asked)
    return wishing.pledge(member, edition) if pledged else wishes


def a_met_group(*people: Member, edition: Edition | None = None, **values: Any) -> Workgroup:
    """A group in which people have a place, and whose first meeting was three days ago; the second is tomorrow."""
    group = a_group(edition or an_edition(Phase.GROUPS), **values)
    for seat, member in enumerate(people, start=1):
        yes = [Attendance(meeting=m, confirmed_at=now()) for m in group.meetings]
        at = now() - timedelta(days=20)
        kept(Signup(workgroup=group, member=member, signed_up_at=at, seat=seat, seated_at=at, attendances=yes))
    first = (now() - timedelta(days=3)).replace(minute=0, second=0, microsecond=0)
    for n, meeting in enumerate(group.meetings):
        meeting.starts_at = first + timedelta(days=4 * n)
        meeting.ends_at = meeting.starts_at + timedelta(hours=3)
    db.session.flush()
    db.session.refresh(group, ["meetings"])
    return group


def some_presence(group: Workgroup, *came: Member, meeting: int = 0, by: Member | None = None) -> None:
    """The attendance of a meeting: these came, the others with a place did not."""
    for signup in group.signups:
        by_id = (by or group.facilitators[0]).id
        attending.mark(group.meetings[meeting], signup, signup.member in came, now(), by_id)
    db.session.expire_all()


def tame_the_lot(monkeypatch: Any) -> None:
    """Let the lot choose alike in every run: it follows from the final checkpoint and from the numbers of themes."""
    for room in (counting, result):
        monkeypatch.setattr(room, "final_checkpoint", lambda _election: "0" * 64)
        monkeypatch.setattr(
            room, "lot_number", lambda option: getattr(option, "number", getattr(option, "position", 0))
        )

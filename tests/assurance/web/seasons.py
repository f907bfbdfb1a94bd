"""What exists in the world: one function a season, each giving the ids that its routes need."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sipvote.access import Role
from sipvote.assembly import links
from sipvote.assembly.models import Incident
from sipvote.db import db, now
from sipvote.decisions import following
from sipvote.decisions.models import Kind
from sipvote.editions.models import Phase
from sipvote.members import four_eyes
from sipvote.members import rules as members
from sipvote.members.models import Member, RollUpload
from sipvote.members.step_models import Factor, Recovery
from sipvote.recommendations import adopting, bundling, joining, moderating, notes
from sipvote.retention.models import Certificate
from sipvote.stocktake import publishing as stocktake
from sipvote.stocktake.models import ListUpload, Status
from sipvote.voting import counting, hours, naming, paper_ballots, questions, result
from sipvote.voting import rules as voting
from sipvote.voting.models import Custody
from sipvote.workgroups import feed, insiders, minutes, steps
from sipvote.workgroups.life_models import GroupFile
from sipvote.workgroups.wish_models import Assignment
from tests import factories as make
from tests import outcomes

IDEAS, REVIEW, PLAN, VOTE, CLOSED, COUNTED, WISHES, LOT, JOIN, GROUP, WRITE, PUBLIC, ADOPT, HEARD, DECIDE = range(
    2030, 2015, -1
)
TOLD = 2014  # a list of old has recommendations of 2015
People = dict[str, Member]
Ids = dict[str, Any]


def people() -> People:
    """One of each kind, and a second organiser, because weighty acts take two."""
    member, role = make.a_member, Role
    return {
        "other": member("Otto Other"), "owner": member("Ada Peeters"), "holder": member("Hugo Holder"),
        "lead": make.a_facilitator("gent"), "elsewhere": make.a_facilitator("luik"),
        "board": make.a_board_member(), "scrutineer": make.a_scrutineer(),
        "organiser": make.an_organiser(), "link": member("Lou Link", "gent", role.ORGANISER, role.BOARD),
        "second": member("Fien", "gent", role.ORGANISER), "asleep": member("Sam Sleeper", "gent", role.ORGANISER),
        "mate": member("Bo Smit"), "giver": member("Gus Giver"), "scrutineer2": make.a_scrutineer(),
    }  # fmt: skip


def seasons(who: People) -> Iterator[tuple[int, Ids]]:
    """Make every season; gives the year and its ids. 0 is what belongs to no year."""
    for year, season in SEASONS.items():
        yield year, season(who)


def _ideas(who: People) -> Ids:
    edition = make.an_edition(Phase.THEMES, year=IDEAS)
    theme = make.a_theme(edition, "Tools to share", proposer=who["owner"])
    second, gone = make.a_theme(edition, "Second"), make.a_theme(edition, "Gone", proposer=who["owner"])
    make.a_support(second, who["owner"])
    gone.withdrawn_at = now()
    return {"theme_id": theme.id, "supported": second.id, "gone": gone.id}


def _review(who: People) -> Ids:
    edition = make.an_edition(Phase.REVIEW, year=REVIEW)
    theme = make.a_theme(edition, "To be reviewed", proposer=who["owner"])
    return {"theme_id": theme.id}


def _plan(who: People) -> Ids:
    """A ballot that is being drafted, an assembly that is being planned."""
    edition = make.an_edition(Phase.VOTE, year=PLAN)
    for number in range(3):
        make.a_theme(edition, f"Planned {number}", proposer=who["owner"], admitted_at=now())
    election = voting.prepare(edition, Custody.SERVER, None, "approval")
    words = {"en": {"title": "Shall we open an office in Namur?", "text": "It costs money."}}
    question = questions.ask(election, questions.Asked("two_thirds", original="en", texts=words), None)
    make.a_mailing(make.an_assembly(edition, starts_in=24 * 20), by=who["organiser"])
    naming.name(election, who["scrutineer"], who["second"].id)
    return {
        "question_id": question.id, "kind": "convocation",
        "asked_scrutineer": who["scrutineer"].id, "other_scrutineer": who["scrutineer2"].id,
    }  # fmt: skip


def _vote(who: People) -> Ids:
    """An open vote and an assembly that runs."""
    edition = make.an_edition(Phase.VOTE, year=VOTE)
    assembly = make.an_assembly(edition, starts_in=-1)
    db.session.commit()
    election = make.an_election(edition=edition)
    proxy = make.a_proxy(who["giver"], who["holder"], assembly)
    make.a_presence(assembly, who["owner"])
    make.a_presence(assembly, who["holder"])
    offered = make.a_proxy(who["mate"], who["holder"], assembly, accepted=False)
    make.a_vote(election, who["owner"], 1)
    make.a_vote_for(election, proxy, 2)
    make.a_card(election, who["mate"])
    make.a_paper(election, who["scrutineer2"])
    incident = make.kept(
        Incident(assembly_id=assembly.id, happened_at=now(), text="A pause.", noted_by_id=who["organiser"].id)
    )
    token = links.token(assembly.id, who["other"].id)
    return {
        "proxy_id": proxy.id, "offered": offered.id, "member_id": who["mate"].id,
        "incident_id": incident.id, "token": token, "from_number": who["other"].number,
        "to_number": who["board"].number, "to_name": who["board"].name,
    }  # fmt: skip


def _closed(who: People) -> Ids:
    edition = make.an_edition(Phase.VOTE, year=CLOSED)
    election = make.an_election(edition=edition)
    make.an_assembly(edition, starts_in=-3)
    make.a_vote(election, who["owner"], 0)
    make.a_paper(election, who["mate"], who["giver"])
    hours.close(election, None)
    make.in_phase(edition, Phase.COUNT)
    pile = paper_ballots.make_pile(election, "Table 1", 2, None, who["scrutineer"].id)
    paper_ballots.add(election, pile, 1, ((0,),), who["scrutineer"].id)
    return {"position": 0, "pile_id": pile.id, "line": 0}


def _counted(who: People) -> Ids:
    edition = make.an_edition(Phase.VOTE, year=COUNTED)
    election = make.an_election(edition=edition)
    make.an_assembly(edition, starts_in=-3)
    for name in ("owner", "other", "mate"):
        make.a_vote(election, who[name], 0, 1)
    hours.close(election, None)
    make.in_phase(edition, Phase.COUNT)
    counting.count(election, [], None)
    return {"position": 0}


def _wishes(who: People) -> Ids:
    edition = make.a_wishing_edition(year=WISHES)
    groups = [make.a_group_to_wish(edition, city=city, facilitators=[who["lead"]]) for city in ("gent", "luik")]
    make.some_wishes(who["owner"], *groups)
    make.some_wishes(who["mate"], *groups)
    return {"group_id": groups[0].id, "theme_id": groups[0].theme_id, "other": groups[1].id}


def _lot(who: People) -> Ids:
    """Wishing is over: the groups are to be given out."""
    edition = make.a_year_of_wishes(year=LOT)
    slots = [make.a_slot(edition, day) for day in (1, 8, 15)]
    group = make.a_group_with_slots(edition, slots, dates=True, facilitators=[who["lead"]])
    other = make.a_group_with_slots(edition, slots, theme=group.theme, facilitators=[who["elsewhere"]])
    for name in ("owner", "mate", "other"):
        make.a_wish_list(who[name], group, other, slots=slots)
    return {"group_id": group.id, "into": other.id, "theme_id": group.theme_id}


def _join(who: People) -> Ids:
    """Groups that one signs up for; one seat is kept for the owner."""
    edition = make.an_edition(Phase.SIGNUP, year=JOIN)
    group = make.a_group(edition, facilitators=[who["lead"]])
    make.a_signup(who["owner"], group)
    offered = make.a_group(edition, facilitators=[who["lead"]], days=30)
    make.an_offer(who["owner"], offered)
    return {"group_id": group.id, "offered": offered.id, "leader": who["lead"].id, "meeting_id": group.meetings[0].id,
            "dates": [m.key for m in group.meetings],
            "offered_dates": [m.key for m in offered.meetings]}  # fmt: skip


def _group(who: People) -> Ids:
    """A group among its meetings."""
    edition = make.an_edition(Phase.GROUPS, year=GROUP)
    group = make.a_met_group(who["owner"], who["mate"], edition=edition, facilitators=[who["lead"]])
    make.some_presence(group, who["owner"], who["mate"])
    insiders.name_secretary(group, who["owner"], who["lead"].id)
    met = group.meetings[0]
    minutes.write(met, "We **agreed**.", "", who["owner"].id)
    minutes.submit(met, who["owner"].id)
    step = steps.agree(group, "Ask three members", who["owner"].id, None)
    file = make.kept(
        GroupFile(
            workgroup_id=group.id, name="notes.txt", size=5, content=b"notes", uploaded_by_id=who["owner"].id,
            uploaded_at=now(),
        )
    )  # fmt: skip
    key = feed.make(who["owner"].id).key
    signup = next(s for s in group.signups if s.member_id == who["owner"].id)
    return {
        "group_id": group.id, "meeting_id": met.id, "ahead": group.meetings[1].id, "step_id": step.id,
        "file_id": file.id, "signup_id": signup.id, "key": key, "slug": "gent", "member_id": who["lead"].id,
        "what": "editions",
    }  # fmt: skip


def _group_of(who: People, edition: Any, **values: Any) -> Any:
    group = make.a_met_group(who["owner"], who["mate"], edition=edition, facilitators=[who["lead"]], **values)
    make.some_presence(group, who["owner"], who["mate"])
    insiders.name_secretary(group, who["owner"], who["lead"].id)
    return group


def _write(who: People) -> Ids:
    """A draft that only its group sees; another group asks to join."""
    edition = make.an_edition(Phase.RECOMMENDATIONS, year=WRITE)
    group = _group_of(who, edition, theme=make.a_theme(edition, "Guidance", elected_at=edition.count_at))
    other = make.a_met_group(
        make.a_member("Zoé"), edition=edition, theme=group.theme, city="luik", facilitators=[who["elsewhere"]]
    )
    draft = outcomes.a_draft(group)
    second = [outcomes.a_recommendation(draft, title) for title in ("A guide", "A desk")][1]
    joining.ask(other, draft, outcomes.a_writer(who["elsewhere"]))
    fresh = make.a_met_group(who["owner"], edition=edition, city="gent", facilitators=[who["lead"]])
    return {
        "group_id": group.id, "joining": other.id, "fresh": fresh.id, "draft_id": draft.id,
        "recommendation_id": second.id, "version": 1, "code": "nl",
    }  # fmt: skip


def _public(who: People) -> Ids:
    """A draft that members read and remark on."""
    edition = make.an_edition(Phase.RECOMMENDATIONS, year=PUBLIC)
    draft = outcomes.a_draft(_group_of(who, edition), published=True)
    one = outcomes.a_recommendation(draft)
    remark = outcomes.a_remark(draft, who["owner"], about=one)
    reported = outcomes.a_remark(draft, who["mate"])
    moderating.report(reported, who["other"].id, "Rude.")
    return {"draft_id": draft.id, "recommendation_id": one.id, "remark_id": remark.id, "reported": reported.id,
            "until": (draft.remarks_until + timedelta(days=5)).date().isoformat()}  # fmt: skip


def _adopt(who: People) -> Ids:
    """The group is asked whether it adopts its text; a minority note stands beside it."""
    edition = make.an_edition(Phase.RECOMMENDATIONS, year=ADOPT)
    group = _group_of(who, edition)
    draft = outcomes.a_heard_draft(group)
    one = draft.recommendations[0]
    note = notes.write(draft, one, who["owner"].id, "en", "Not for me.")
    adoption = adopting.open_(draft, group, group.meetings[0], who["lead"].id)
    return {
        "draft_id": draft.id, "recommendation_id": one.id, "note_id": note.id, "adoption_id": adoption.id,
        "group_id": group.id, "member_id": who["mate"].id, "said": "agree",
    }  # fmt: skip


def _heard(who: People) -> Ids:
    """Every text is adopted: the bundle may be submitted."""
    edition = make.an_edition(Phase.RECOMMENDATIONS, year=HEARD)
    draft = outcomes.a_draft(_group_of(who, edition), adopted=True)
    outcomes.a_recommendation(draft)
    return {"draft_id": draft.id}


def _decide(who: People) -> Ids:
    """The board decides, and keeps an eye on what it started; the group keeps the status."""
    edition = make.an_edition(Phase.DECISIONS, year=DECIDE)
    group = _group_of(who, edition)
    one, two, three = outcomes.some_recommendations(group)
    decision = outcomes.a_decision(one)
    drafted = outcomes.a_decision(two, published=False)
    follow_up = following.start(decision, following.Started(Kind.PROJECT, "en", "A guide"), who["board"].id)
    outcomes.a_status(one, by=who["owner"])
    return {
        "recommendation_id": one.id, "drafted": two.id, "bare": three.id, "decision_id": decision.id,
        "draft_decision": drafted.id, "follow_up_id": follow_up.id, "code": "nl",
    }  # fmt: skip


def _told(who: People) -> Ids:
    """What everybody was told: the result, the groups that were given, the bundle that was submitted."""
    edition = make.an_edition(Phase.VOTE, year=TOLD)
    election = make.an_election(edition=edition)
    make.a_vote(election, who["owner"], 0, 1)
    hours.close(election, None)
    make.in_phase(edition, Phase.COUNT)
    counting.count(election, [], None)
    result.publish(election, None)
    drawn = {"frozen_at": now(), "wishes_hash": "0" * 64, "draw": "1", "drawn_at": now(), "told_at": now()}
    make.kept(Assignment(edition_id=edition.id, **drawn))
    outcomes.a_recommendation(outcomes.a_draft(_group_of(who, edition), adopted=True))
    bundling.submit(edition, who["organiser"].id)
    return {}


def _no_year(who: People) -> Ids:
    """What belongs to no year: uploads, the list of old, large themes, what was published."""
    large, other = outcomes.a_large_theme(), outcomes.a_large_theme("Apart", "Apart", "À part")
    old = outcomes.an_old_recommendation(large_theme=large)
    outcomes.an_old_recommendation(number=2, title="A shared desk")
    outcomes.a_status(old, Status.DONE, date(2019, 1, 1))
    day = now().date() - timedelta(days=2)
    stocktake.publish(day, stocktake.looked_at(), who["organiser"].id)
    roll = make.kept(
        RollUpload(
            uploaded_at=now(), uploaded_by_id=who["organiser"].id, filename="roll.csv",
            content=b"number;name;email;language;country;city;profile;joined;left\nx;;;;;;;;\n",
        )
    )  # fmt: skip
    listed = make.kept(
        ListUpload(
            uploaded_at=now(), uploaded_by_id=who["organiser"].id, filename="list.csv", reason="Taken over.",
            content=b"year;number;title_nl\n2015;9;Een gids\n",
        )
    )  # fmt: skip
    owner = who["owner"].id
    factor = make.kept(Factor(member_id=owner, kind="app", name="Phone", secret=b"x", made_at=now(), proved_at=now()))
    session = members.begin_session(who["owner"])
    facts = {"member": who["mate"].number, "role": "board", "city": 0}
    asked = four_eyes.ask("grant", f"member {who['mate'].number}", who["second"].id, **facts)
    lost = make.kept(Recovery(member=who["second"], asked_at=now()))
    certificate = make.kept(Certificate(at=now(), kind="retention", lines=[["sessions", 3]]))
    return {
        "asked_id": asked.id, "recovery_id": lost.id, "certificate_id": certificate.id,
        "factor_id": factor.id, "sign_in_id": session.sign_in_id,
        "member_id": who["mate"].id, "grant_id": who["second"].grants[0].id, "grant_of": who["second"].id,
        "upload_id": roll.id, "list_upload": listed.id, "theme_id": other.id, "into": large.id,
        "recommendation_id": old.id, "day": day.isoformat(), "what": "statuses", "digest": "x",
    }  # fmt: skip


SEASONS = {
    IDEAS: _ideas, REVIEW: _review, PLAN: _plan, CLOSED: _closed, COUNTED: _counted, VOTE: _vote, WISHES: _wishes,
    LOT: _lot, JOIN: _join, GROUP: _group, WRITE: _write, PUBLIC: _public, ADOPT: _adopt, HEARD: _heard,
    DECIDE: _decide, TOLD: _told, 0: _no_year,
}  # fmt: skip

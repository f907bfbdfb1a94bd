"""The time machine: every phase can be reached from every other, and every page stands in each."""

import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from sipvote import audit
from sipvote.access import MAY
from sipvote.assembly import presence, quorum
from sipvote.assembly import rules as assemblies
from sipvote.assembly.models import Presence
from sipvote.db import db, now
from sipvote.demo import year
from sipvote.demo.people import ADA, BAS, CHLOE, DRE, EVA, member_of
from sipvote.demo.stops import STOPS, Stop, stops_of
from sipvote.editions.models import DATED, Edition, Phase, SignUpWay
from sipvote.editions.rules import PHASE_NAMES
from sipvote.i18n import ZONE
from sipvote.navigation import DESK_NAV, FOOTER, NAV, OUTCOMES
from sipvote.themes import rules as themes
from sipvote.themes.models import Support, Theme
from sipvote.voting import ceremony, freezing, papers
from sipvote.voting import rules as voting
from sipvote.voting.models import Custody, Election, Envelope
from sipvote.workgroups import rules as workgroups
from sipvote.workgroups.models import Meeting, Signup, Workgroup
from tests.demo.conftest import Be


@pytest.fixture
def visitor(app: Flask, demo: None) -> FlaskClient:
    return app.test_client()


def go(client: FlaskClient, phase: Phase | Stop, sure: bool = True, **more: str) -> Any:
    asked = {"phase": phase, **({"sure": "yes"} if sure else {}), **more}
    answer = client.post("/en/demo/year", data=asked)
    db.session.expire_all()
    return answer


def edition() -> Edition:
    found = year.the_edition()
    assert found is not None
    return found


def number(model: Any, *where: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*where)) or 0


def made(this: Edition) -> Sequence[Workgroup]:
    return db.session.scalars(select(Workgroup).where(Workgroup.edition_id == this.id)).all()


def pages(app: Flask) -> Iterator[tuple[str, str | None, bool]]:
    """Every page that needs no more than a year: the act that it takes, and whether a navigation leads there."""
    main = {endpoint for _label, endpoint, *_act in (*NAV, *OUTCOMES, *DESK_NAV, *FOOTER)}
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.arguments <= {"year"} and rule.endpoint != "static":
            act = getattr(app.view_functions[rule.endpoint], "requires", None)
            yield str(rule), act, rule.endpoint in main


# --- Through the year -------------------------------------------------------------------------------


def test_every_phase_can_be_reached_from_every_other(visitor: FlaskClient) -> None:
    chance = random.Random(4)
    for stop in [*chance.sample(STOPS, len(STOPS)), Stop.STOCKTAKE, Stop.THEMES, Stop.GROUPS, Stop.VOTE]:
        assert go(visitor, stop).status_code == 303
        assert year.here(edition()) == stop and edition().phase == stop.phase
    assert audit.first_fault() is None


def test_every_page_stands_for_everybody_in_every_phase(app: Flask, visitor: FlaskClient, be: Be) -> None:
    people = {person.key: be(person.key) for person in (ADA, BAS, CHLOE, DRE, EVA)}
    for phase in [*STOPS, Stop.COUNT]:
        go(visitor, phase)
        for page, act, main in pages(app):
            address = "/en" + page.replace("<int:year>", str(edition().year))
            assert visitor.get(address).status_code < 500, f"nobody in {phase}: {page}"
            for person in (ADA, BAS, CHLOE, DRE, EVA):
                may = person == ADA if act is None else person.role in MAY[act]
                if may or page == "/":
                    answer = people[person.key].get(address)
                    good = answer.status_code == 200 if main else answer.status_code < 500
                    assert good, f"{person.key} in {phase}: {page} {answer.status_code}"


# --- What is done on the way ------------------------------------------------------------------------


def test_proposals_move_whole_so_none_looks_changed(visitor: FlaskClient) -> None:
    go(visitor, Phase.REVIEW)
    texts = [(theme.proposed_at, theme.original_text.written_at) for theme in proposals()]
    assert texts and all(proposed == written for proposed, written in texts)


def proposals() -> list[Theme]:
    return list(db.session.scalars(select(Theme).where(Theme.edition_id == edition().id)))


def test_a_ballot_is_made_and_members_vote_when_the_vote_begins(visitor: FlaskClient) -> None:
    go(visitor, Phase.VOTE)
    titles = {str(t) for t in themes.on_ballot(edition())}
    assert any("Welcome" in title for title in titles)
    assert not any("rusten" in title for title in titles)  # Ada's lacks one supporter
    election = voting.of_edition(edition())
    assert election and election.is_open and election.custody == Custody.SERVER
    assert number(Envelope, Envelope.election_id == election.id) > 30


def test_result_and_groups_stand_when_the_sign_up_begins(visitor: FlaskClient) -> None:
    go(visitor, Phase.SIGNUP)
    this, election = edition(), voting.of_edition(edition())
    assert election and election.state == "published"
    assert number(Theme, Theme.edition_id == this.id, Theme.elected_at.is_not(None)) == this.seats
    groups = made(this)
    assert len(groups) >= 6 and all(group.facilitators for group in groups)
    assert any(member_of(BAS) in group.facilitators for group in groups)
    assert not any(group.meetings or group.signups for group in groups)


def test_most_groups_have_met_once_then_all_five_times(visitor: FlaskClient) -> None:
    go(visitor, Phase.GROUPS)
    this = edition()
    groups = [group for group in made(this) if not group.cancelled_at]
    assert not any(group.is_over for group in groups) and sum(group.has_begun for group in groups) > len(groups) / 2
    for meeting in (meeting for group in groups for meeting in group.meetings):
        assert this.groups_at <= meeting.starts_at and meeting.ends_at <= this.recommendations_at
    assert all(sum(m.ends_at <= now() for m in group.meetings) <= 1 for group in groups)
    go(visitor, Phase.RECOMMENDATIONS)
    assert all(group.is_over for group in made(edition()) if not group.cancelled_at)


# --- What a visitor did is kept ---------------------------------------------------------------------


def test_what_a_visitor_did_is_kept_going_forward(visitor: FlaskClient, be: Be) -> None:
    ada = member_of(ADA)
    theme = db.session.scalars(
        select(Theme).where(Theme.edition_id == edition().id, Theme.proposer_id != ada.id)
    ).first()
    assert theme
    be("ada").post(f"/en/{edition().year}/themes/{theme.id}/support")
    go(visitor, Phase.VOTE)
    assert number(Support, Support.member_id == ada.id, Support.theme_id == theme.id) == 1
    election = voting.of_edition(edition())
    assert election
    paper = papers.of(election)
    assert paper
    db.session.commit()
    tracker = voting.cast(paper, ada.id, ((0,), *(() for _question in paper.questions[1:])))
    go(visitor, Phase.GROUPS)
    assert db.session.scalar(select(Envelope.tracker).where(Envelope.member_id == ada.id)) == tracker


def test_a_direct_sign_up_is_kept_going_back_to_the_sign_up(visitor: FlaskClient) -> None:
    edition().sign_up_way = SignUpWay.DIRECT
    db.session.commit()
    go(visitor, Phase.SIGNUP)
    signups, groups = number(Signup), number(Workgroup)
    assert all(group.meetings for group in made(edition()))
    assert any(workgroups.waiting_list(group) for group in made(edition()))
    go(visitor, Phase.STOCKTAKE)
    go(visitor, Phase.SIGNUP)
    assert edition().phase == Phase.SIGNUP
    assert (number(Signup), number(Workgroup)) == (signups, groups)


def test_an_election_that_the_organiser_prepared_is_opened_as_it_is(visitor: FlaskClient) -> None:
    go(visitor, Phase.REVIEW)
    dre = member_of(DRE).id
    election = voting.prepare(edition(), Custody.SERVER, dre)
    freezing.freeze(election, dre)
    key = election.public_key
    go(visitor, Phase.VOTE)
    db.session.refresh(election)
    assert election.public_key == key and election.is_open


def test_a_box_that_only_scrutineers_can_open_is_not_counted(visitor: FlaskClient) -> None:
    go(visitor, Phase.REVIEW)
    dre = member_of(DRE).id
    election = voting.prepare(edition(), Custody.SCRUTINEERS, dre)
    ceremony.prove(election, freezing.freeze(election, dre), dre)
    go(visitor, Phase.VOTE)
    db.session.refresh(election)
    assert election.is_open and election.custody == Custody.SCRUTINEERS
    answer = visitor.post("/en/demo/year", data={"phase": "signup"}, headers={"Referer": "http://localhost/en/"})
    assert "word lists" in visitor.get(answer.headers["Location"]).text
    assert edition().phase == Phase.VOTE
    go(visitor, Phase.COUNT)
    assert edition().phase == Phase.COUNT


# --- Going back -------------------------------------------------------------------------------------


def test_going_back_before_the_vote_asks_first(visitor: FlaskClient) -> None:
    go(visitor, Phase.SIGNUP)
    answer = go(visitor, Phase.REVIEW, sure=False)
    assert answer.status_code == 200 and "undoes what came later" in answer.text
    assert edition().phase == Phase.SIGNUP and number(Envelope) > 0


def test_going_back_undoes_this_year_and_leaves_past_editions_alone(visitor: FlaskClient) -> None:
    past = Workgroup.edition_id != edition().id
    before = number(Workgroup, past), db.session.scalar(select(func.min(Meeting.starts_at)))
    go(visitor, Phase.GROUPS)
    go(visitor, Phase.REVIEW)
    assert (number(Workgroup, past), db.session.scalar(select(func.min(Meeting.starts_at)))) == before
    assert not made(edition()) and number(Election) == number(Envelope) == 0
    assert number(Theme, Theme.edition_id == edition().id, Theme.elected_at.is_not(None)) == 0


def test_dates_keep_their_hour_and_weekday(visitor: FlaskClient) -> None:
    def wall(at: Any) -> tuple[int, int, int]:
        local = at.astimezone(ZONE)
        return local.weekday(), local.hour, local.minute

    before = [wall(at) for at in stops_of(edition()).values()]
    for stop in (Stop.REVIEW, Stop.VOTE, Stop.COUNT, Stop.ASSIGNMENT, Stop.THEMES):
        go(visitor, stop)
        assert [wall(at) for at in stops_of(edition()).values()] == before


def test_a_phase_that_was_made_short_can_be_reached(visitor: FlaskClient) -> None:
    this = edition()
    this.count_at = this.vote_at + timedelta(hours=2)
    go(visitor, Phase.VOTE)
    assert edition().phase == Phase.VOTE and now() < edition().count_at


def test_an_edition_of_the_past_is_never_moved(visitor: FlaskClient) -> None:
    this = edition()
    for phase in DATED:
        setattr(this, f"{phase}_at", this.begins(phase) + timedelta(days=900))
    assert this.wishes_until
    this.wishes_until += timedelta(days=900)
    db.session.flush()
    assert edition().year == this.year


@pytest.mark.parametrize("asked", ["", "ahead", "nonsense"])
def test_a_phase_that_does_not_exist_is_refused(visitor: FlaskClient, asked: str) -> None:
    assert visitor.post("/en/demo/year", data={"phase": asked}).status_code == 409


def test_the_page_says_what_there_is_in_each_phase(visitor: FlaskClient) -> None:
    text = visitor.get("/en/demo/year").text
    assert all(str(PHASE_NAMES[phase]) in text for phase in DATED) and "Assignment</h2>" in text


# --- The assembly -----------------------------------------------------------------------------------


def test_the_assembly_is_held_while_the_vote_is_open_and_closed_with_it(visitor: FlaskClient, be: Be) -> None:
    go(visitor, Phase.VOTE)
    assembly = assemblies.of_edition(edition())
    assert assembly and presence.why_not_now(assembly) is None and assembly.opened_at
    stands = quorum.standing(assembly)
    assert stands.hall >= 40 and stands.remote and stands.votes and stands.reached
    page = f"/en/{edition().year}/assembly"
    be("ada").post(f"{page}/follow")
    assert quorum.standing(assembly).remote == stands.remote + 1
    go(visitor, Phase.SIGNUP)
    db.session.refresh(assembly)
    assert assembly.closed_at and number(Presence) == stands.hall + stands.remote + 1
    assert all(p.arrived_at < assembly.closed_at for p in db.session.scalars(select(Presence)))


def test_ada_holds_a_proxy_and_is_asked_for_another_one(visitor: FlaskClient, be: Be) -> None:
    go(visitor, Phase.VOTE)
    page = be("ada").get(f"/en/{edition().year}/assembly/proxy").text
    assert page.count("asks you to vote in their place") == 1 and page.count("Ballot for ") == 1


def test_going_back_before_the_assembly_empties_its_list(visitor: FlaskClient) -> None:
    go(visitor, Phase.COUNT)
    assert "presence list" in go(visitor, Phase.THEMES, sure=False).text
    go(visitor, Phase.THEMES)
    assembly = assemblies.of_edition(edition())
    assert assembly and number(Presence) == 0 and assembly.opened_at is None and assembly.starts_at > now()

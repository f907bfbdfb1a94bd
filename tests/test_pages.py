"""The first page and one's own page: what can I do today, and what is kept about me."""

import json
from datetime import timedelta

import pytest
import time_machine

from sipvote.access import Role
from sipvote.db import db, now
from sipvote.editions.models import DATED, Phase
from sipvote.voting import hours, second_word
from tests.factories import (
    a_board_member,
    a_facilitator,
    a_frozen_election,
    a_group,
    a_member,
    a_met_group,
    a_paper,
    a_scrutineer,
    a_signup,
    a_theme,
    a_vote,
    an_assembly,
    an_edition,
    an_election,
    an_organiser,
    in_phase,
)


def test_without_an_edition_the_page_says_so(client):
    assert "No year has been planned yet" in client.get("/en/").text


@pytest.mark.parametrize("phase", DATED)
@pytest.mark.parametrize("who", [None, a_member, a_facilitator, a_board_member, an_organiser])
def test_the_first_page_stands_for_everybody_in_every_phase(client, browser_of, phase, who):
    an_edition(phase)
    visitor = browser_of(who()) if who else client
    assert visitor.get("/en/").status_code == 200


@pytest.mark.parametrize(
    ("phase", "says"),
    [
        (Phase.THEMES, "Write a proposal"),
        (Phase.REVIEW, "The ballot is being made"),
        (Phase.VOTE, "The vote opens soon"),
        (Phase.COUNT, "closed and will be counted"),
        (Phase.SIGNUP, "Join a workgroup"),
        (Phase.STOCKTAKE, "The workgroups"),
    ],
)
def test_the_first_page_says_what_can_be_done_today(client, phase, says):
    an_edition(phase)
    assert says in client.get("/en/").text


def test_who_has_voted_is_told_so_and_may_change_it(client, browser_of):
    ada = a_member()
    election = an_election(ada)
    browser = browser_of(ada)
    assert "Vote now" in browser.get("/en/").text
    a_vote(election, ada, 1)
    assert "You have voted" in browser.get("/en/").text


def test_who_joined_a_group_sees_its_next_meeting(client, browser_of):
    ada = a_member()
    a_signup(ada, a_group(an_edition(Phase.SIGNUP)))
    assert "Your next meeting" in browser_of(ada).get("/en/").text


def at(group, hours_from_now, n=0):
    """The group's n-th meeting begins so many hours from now."""
    meeting = group.meetings[n]
    meeting.starts_at = now() + timedelta(hours=hours_from_now)
    meeting.ends_at = meeting.starts_at + timedelta(hours=3)
    db.session.commit()


@time_machine.travel("2026-11-20 11:00Z")  # noon in Brussels
def test_who_leads_a_group_that_meets_soon_is_led_to_its_page(browser_of):
    bas, group = a_facilitator(), a_group(an_edition(Phase.GROUPS))
    bas_at = browser_of(bas)
    page = f"/en/2026/facilitate/{group.id}"
    at(group, 35)  # at 23:00 tomorrow
    assert "You lead" not in bas_at.get("/en/").text  # not theirs
    group.facilitators = [bas]
    text = bas_at.get("/en/").text
    assert "You lead “Guidance (Ghent)”" in text and "Your group meets tomorrow" in text and page in text
    at(group, -1)
    text = bas_at.get("/en/").text
    assert "The meeting is going on" in text and page in text
    for later in (37, -4):
        at(group, later)
        assert "You lead" not in bas_at.get("/en/").text
    at(group, -1)
    group.cancelled_at = now()
    assert "You lead" not in bas_at.get("/en/").text


@time_machine.travel("2026-11-20 11:00Z")
def test_days_end_at_midnight_in_brussels(browser_of):
    group = a_group(an_edition(Phase.GROUPS), facilitators=[bas := a_facilitator()])
    for later, says in ((11, "Your group meets today"), (13, "Your group meets tomorrow")):
        at(group, later)
        assert says in browser_of(bas).get("/en/").text


def test_a_meeting_that_is_going_on_is_not_called_the_next_one(browser_of):
    group = a_met_group(ada := a_member(), facilitators=[bas := a_facilitator()])
    at(group, -1, n=1)
    of_ada, of_bas = browser_of(ada), browser_of(bas)
    text = of_ada.get("/en/").text
    assert "The meeting is going on" in text and "Your next meeting" not in text
    text = of_ada.get("/en/me").text
    assert "Going on now" in text and "Next meeting" not in text and "I cannot come" not in text
    text = of_ada.get(f"/en/2026/groups/{group.id}/inside/").text
    assert "The meeting now" in text and "Next meeting" not in text and "I cannot come" not in text
    text = of_bas.get(f"/en/2026/facilitate/{group.id}").text
    assert "The meeting now" in text and "Next meeting" not in text and "going on now" in text
    assert "going on now" in of_bas.get("/en/2026/facilitate/").text
    assert "going on now" in of_bas.get("/en/2026/facilitate/city/gent").text


@pytest.mark.parametrize(
    ("who", "phase", "says"),
    [
        (an_organiser, Phase.REVIEW, "Review the themes"),
        (an_organiser, Phase.VOTE, "The election is not prepared yet"),
        (an_organiser, Phase.SIGNUP, "Plan the workgroups"),
        (a_facilitator, Phase.SIGNUP, "Your groups as a facilitator"),
        (a_board_member, Phase.SIGNUP, "Where are we short?"),
    ],
)
def test_officials_see_what_waits_for_them(client, browser_of, who, phase, says):
    an_edition(phase)
    assert says in browser_of(who()).get("/en/").text
    assert says not in browser_of(a_member()).get("/en/").text


def test_another_organiser_sees_that_a_second_word_is_asked(client, browser_of):
    dre, fien = an_organiser(), a_member("Fien Smet", "gent", Role.ORGANISER)
    election = an_election(a_member())
    second_word.ask(election, "close", dre.id, "Everybody has voted.")
    db.session.commit()
    assert "Dré Maes asked: “Close the vote”" in browser_of(fien).get("/en/").text


def test_the_holders_of_word_lists_see_that_they_are_to_try_them(client, browser_of):
    a_frozen_election()
    assert "each holder of a word list tries theirs" in browser_of(a_scrutineer()).get("/en/").text


def test_scrutineers_see_that_papers_wait_before_the_box_is_opened(client, browser_of):
    ada, eva = a_member(), a_scrutineer()
    election = an_election(ada, edition=an_assembly(starts_in=-1).edition)
    a_paper(election, ada)
    browser = browser_of(eva)
    assert "Two scrutineers enter each pile" not in browser.get("/en/").text
    hours.close(election, None, "Everybody has voted.")
    db.session.commit()
    assert "Two scrutineers enter each pile" in browser.get("/en/").text
    for page in ("", "count"):
        assert "1 paper that was handed out lies in no pile" in browser.get(f"/en/2026/election/{page}").text


def test_the_day_of_the_assembly_leads_to_its_desks(client, browser_of):
    assembly = an_assembly(starts_in=48)
    dre = browser_of(an_organiser())
    assert "The convocation has not been sent yet" in dre.get("/en/").text
    assembly.starts_at, assembly.ends_at = now(), assembly.ends_at
    db.session.commit()
    page = dre.get("/en/").text
    assert "The chair can open it now" in page and "The convocation has not been sent yet" not in page
    assembly.opened_at = assembly.closed_at = now()
    db.session.commit()
    page = dre.get("/en/").text
    assert "Read the minutes" in page and "The chair can open it now" not in page


def test_my_page_shows_groups_votes_and_themes(client, browser_of):
    ada = a_member("Ada", "gent", Role.SCRUTINEER)
    election = an_election(ada)
    a_vote(election, ada, 0)
    theme = a_theme(election.edition, "Fair fees", proposer=ada)
    in_phase(election.edition, Phase.SIGNUP)
    a_signup(ada, a_group(election.edition, theme))
    page = browser_of(ada).get("/en/me").text
    for part in ("Fair fees", "you voted on", "you have a place", "Scrutineer", ada.email):
        assert part in page


def test_the_language_of_mails_can_be_chosen(client, browser_of):
    ada = a_member()
    browser_of(ada).post("/en/me/language", data={"language": "fr"})
    db.session.refresh(ada)
    assert ada.language == "fr"


def test_what_is_kept_can_be_downloaded_and_holds_no_choice(client, browser_of):
    ada = a_member()
    election = an_election(ada)
    a_vote(election, ada, 2)
    data = json.loads(browser_of(ada).get("/en/me/data.json").text)
    assert data["member"]["email"] == ada.email
    assert list(data["voted (what is not known)"][0]) == ["edition", "at", "by proxy"]


def test_a_stranger_has_no_page_of_their_own(client):
    assert client.get("/en/me").status_code == 302

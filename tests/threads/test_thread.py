"""A thread: from a theme to what was done, in every edition it went on in, and only what is public."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from sipvote.db import db, now
from sipvote.decisions.models import FollowUp, Kind, Outcome
from sipvote.editions.models import Phase
from sipvote.recommendations.hearing_models import Bundle
from sipvote.stocktake.models import Status
from sipvote.themes.models import Theme
from sipvote.threads import stations
from sipvote.voting import result
from sipvote.workgroups.models import Workgroup
from tests.factories import (
    a_counted_election,
    a_group,
    a_member,
    a_support,
    a_theme,
    an_attended_group,
    an_edition,
    kept,
)
from tests.outcomes import a_decision, a_draft, a_recommendation, a_status, some_recommendations
from tests.queries import counted

pytestmark = pytest.mark.usefixtures("database")


def states(part: stations.Part) -> list[str]:
    return [part.state(name) for name in ("vote", "groups", "recommendations", "board", "done")]


def the_part(theme: Theme) -> stations.Part:
    (part,) = stations.thread_of(theme.id)
    return part


def a_finished_group(people: int = 10, year: int = 2025) -> Workgroup:
    """A group of a past edition that met once, and of which one person was excused and one absent."""
    edition = an_edition(Phase.STOCKTAKE, year=year, meetings=1)
    theme = a_theme(edition, "Guidance", elected_at=now() - timedelta(days=300))
    return an_attended_group(edition, "c" * (people - 2) + "ea", theme=theme, begins=-60)


def test_a_proposal_has_everything_before_it():
    edition = an_edition(Phase.THEMES)
    theme = a_theme(edition, proposer=a_member("Ada Peeters"))
    a_support(theme, a_member(), a_member())
    part = the_part(theme)
    assert (part.supporters, part.ended, states(part)) == (2, "", ["later"] * 5)


def test_the_page_says_when_what_is_not_there_yet_is_due(client):
    theme = a_theme(an_edition(Phase.THEMES), "Guidance", proposer=a_member("Ada Peeters"))
    page = client.get(f"/en/threads/{theme.id}").text
    assert "Ada Peeters proposed it" in page and page.count("not yet</span>") == 5
    assert page.count("expected from") == 4 and 'class="station later"' in page


def test_votes_are_told_once_the_result_is_published(client):
    election = a_counted_election(*([(0, 1)] * 7 + [(0,)] * 3 + [(2,)]), seats=1)
    first, second, *_rest = db.session.query(Theme).order_by(Theme.id).all()
    assert the_part(first).vote is None and the_part(first).ended == ""
    result.publish(election, None)
    db.session.commit()
    assert (the_part(first).vote.approvals, the_part(first).vote.ballots) == (10, 11)
    assert (the_part(first).ended, the_part(second).ended) == ("", "not elected")
    assert "10 votes, of 11 ballots" in " ".join(client.get(f"/en/threads/{first.id}").text.split())
    ended = client.get(f"/en/threads/{second.id}").text
    assert "7 votes" in ended and "the thread ends here" in ended and "Workgroups</h3>" not in ended


def test_with_fewer_than_ten_ballots_no_number_is_told():
    election = a_counted_election(*([(0,)] * 9), seats=1)
    result.publish(election, None)
    db.session.commit()
    assert the_part(db.session.query(Theme).order_by(Theme.id).first()).vote.approvals is None


def test_attendance_is_told_of_ten_people_or_more():
    assert the_part(a_finished_group(10).theme).groups[0].attendance == pytest.approx(0.8)
    assert the_part(a_finished_group(9, year=2024).theme).groups[0].attendance is None


def test_a_recommendation_goes_its_way_through_all_stations(client):
    group = a_finished_group()
    first, second = some_recommendations(group, 2)
    kept(Bundle(edition=group.edition, submitted_at=now(), digest="d" * 64, content="{}"))
    owner = a_member("Chloé Dubois")
    decision = a_decision(first, Outcome.AMENDED, due=date(2020, 1, 1), owner=owner)
    kept(FollowUp(decision=decision, kind=Kind.PROJECT, language="en", title="The guide", made_at=now()))
    a_status(first, Status.ONGOING)
    db.session.commit()
    part = the_part(group.theme)
    assert states(part) == ["missed", "done", "done", "now", "now"]
    assert [(line.decision is not None, line.is_late) for line in part.lines] == [(True, True), (False, False)]
    page = " ".join(client.get(f"/en/threads/{group.theme_id}").text.split())
    for said in ("accepted in part", "Project: <span>The guide", "ongoing", "later than it was due",
                 "not decided yet: 1", "80% came", "10 people", f'id="recommendation-{first.id}"',
                 "submitted to the board on"):  # fmt: skip
        assert said in page, said
    a_decision(second, Outcome.REJECTED)
    a_status(second, Status.REJECTED)
    a_status(first, Status.DONE, since=now().date())
    db.session.commit()
    assert states(the_part(group.theme))[3:] == ["done", "done"]


def test_the_last_status_and_the_last_decision_count():
    group = a_finished_group()
    (only,) = some_recommendations(group, 1)
    a_status(only, Status.DONE, since=date(2022, 1, 1))
    a_status(only, Status.ONGOING, since=date(2021, 1, 1))
    a_status(only, Status.NOT_DONE, since=now().date() + timedelta(days=9))
    a_decision(only, Outcome.POSTPONED, decided_on=date(2021, 1, 1))
    a_decision(only, Outcome.ACCEPTED, decided_on=date(2020, 1, 1))
    (line,) = the_part(group.theme).lines
    assert (line.standing.status, line.decision.outcome) == (Status.DONE, Outcome.POSTPONED)


def test_nothing_that_is_not_public_stands_in_a_thread(client):
    group = a_finished_group()
    draft = a_draft(group)
    hidden = a_recommendation(draft, "Still secret")
    shown, gone = some_recommendations(a_group(group.edition, group.theme, "luik"), 2)
    gone.withdrawn_at = now()
    a_decision(shown, Outcome.REJECTED, published=False)
    page = client.get(f"/en/threads/{group.theme_id}").text
    assert "Recommendation 1" in page and "Recommendation 2" not in page
    assert hidden.text.title not in page and "rejected" not in page
    group.cancelled_at = now()
    db.session.commit()
    assert [g.group.place for g in the_part(group.theme).groups] == ["Liège"]


def test_a_prolonged_theme_is_one_thread_from_whichever_edition_it_is_read(client):
    first = a_theme(an_edition(Phase.STOCKTAKE, year=2023), "Equality", elected_at=now())
    second = a_theme(an_edition(Phase.STOCKTAKE, year=2024), "Equality", prolonged_from_id=first.id)
    third = a_theme(an_edition(Phase.GROUPS, year=2025), "Equality", prolonged_from=second, prolonged_country="FR")
    a_theme(third.edition, "Another")
    for theme in (first, second, third):
        assert [part.theme for part in stations.thread_of(theme.id)] == [first, second, third]
    page = client.get(f"/en/threads/{second.id}").text
    assert "in one country: France" in page and page.index("2023–24</h2>") < page.index("2025–26</h2>")


def test_declined_themes_end_and_withdrawn_themes_are_gone(client):
    edition = an_edition(Phase.REVIEW)
    declined = a_theme(edition, declined_at=now(), decline_reason="No.")
    withdrawn = a_theme(edition, withdrawn_at=now())
    assert "The organisers declined this theme" in client.get(f"/en/threads/{declined.id}").text
    assert client.get(f"/en/threads/{withdrawn.id}").status_code == 410
    assert client.get("/en/threads/987654").status_code == 404


def test_the_pages_of_theme_and_group_lead_to_the_thread(client):
    group = a_group(an_edition(Phase.GROUPS))
    link = f'href="/en/threads/{group.theme_id}"'
    assert link in client.get(f"/en/{group.edition.year}/themes/{group.theme_id}").text
    assert link in client.get(f"/en/{group.edition.year}/groups/{group.id}").text


@pytest.mark.parametrize("code", ["nl", "fr"])
def test_the_page_reads_in_dutch_and_french(client, code):
    group = a_finished_group()
    first = some_recommendations(group, 1)[0]
    a_decision(first)
    a_status(first)
    page = client.get(f"/{code}/threads/{group.theme_id}").text
    assert "not yet" not in page and "Workgroups" not in page and "accepted" not in page


def test_a_thread_takes_the_same_queries_for_one_recommendation_and_for_forty(client):
    group = a_finished_group()
    for number, count in ((1, 1), (2, 39)):
        draft = a_draft(group if number == 1 else a_group(group.edition, group.theme, "luik"), adopted=True)
        for n in range(count):
            recommendation = a_recommendation(draft, f"Do {n}", number=number * 100 + n)
            a_status(recommendation)
            decision = a_decision(recommendation, owner=a_member())
            kept(FollowUp(decision=decision, kind=Kind.PROJECT, language="en", title="P", made_at=now()))
        db.session.commit()
        client.get(f"/en/threads/{group.theme_id}")
        with counted() as seen:
            page = client.get(f"/en/threads/{group.theme_id}")
        reads = [query for query in seen if query.startswith(("SELECT", "WITH"))]
        if number == 1:
            few = len(reads)
        assert page.text.count('id="recommendation-') == (1 if number == 1 else 40)
    assert len(reads) == few <= 32


def test_more_than_ten_recommendations_stand_per_group_and_can_be_opened(client):
    group = a_finished_group()
    other = a_group(group.edition, group.theme, "luik")
    for draft, count in ((a_draft(group, adopted=True), 10), (a_draft(other, adopted=True), 2)):
        for n in range(count):
            recommendation = a_recommendation(draft, f"Do {n}", number=draft.id * 100 + n)
            recommendation.groups[:] = draft.groups
        db.session.commit()
        page = client.get(f"/en/threads/{group.theme_id}").text
        if count == 10:
            assert '<details class="twigs-of"' not in page
    parts = re.findall(r'<details class="twigs-of"><summary>(.*?)</summary>(.*?)</details>', page, re.S)
    said = [re.sub(r"<[^>]+>|\s+", " ", summary).split() for summary, _inside in parts]
    assert said == [["Ghent", "10", "recommendations"], ["Liège", "2", "recommendations"]]
    assert [inside.count('id="recommendation-') for _summary, inside in parts] == [10, 2]


def test_old_themes_whose_later_stations_nobody_noted_say_so():
    edition = an_edition(Phase.STOCKTAKE, year=2020)
    theme = a_theme(edition, elected_at=now())
    db.session.execute(update(Theme).values(proposer_id=None))
    assert states(the_part(theme))[1:4] == ["missed"] * 3

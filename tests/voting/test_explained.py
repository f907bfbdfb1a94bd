"""The result page explains the count: round by round, set by set, and beside the other rules."""

import json

import pytest

from sipvote.db import now
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.voting import counting, explaining, freezing, hours, result, rules, seal
from sipvote.voting.models import Custody
from tests.factories import a_counted_election, a_member, a_theme, an_edition, an_election

pytestmark = pytest.mark.usefixtures("database")

# Two camps, the larger one with three themes of its own: by approval it would take every place.
CAMPS = [(0, 1, 2)] * 11 + [(3,)] * 6 + [()] * 2


def a_published_election(*ballots, rule, **settings):
    election = a_counted_election(*ballots, rule=rule, **settings)
    result.publish(election, None)
    return election


def counted_as(monkeypatch, ballots, **settings):
    """An election in whose box these ballots were, as many times as they say."""
    election = an_election(a_member(), **settings)
    hours.close(election, None)
    monkeypatch.setattr(seal, "open_box", lambda *_given: ([(n, (ballot,)) for n, ballot in ballots], 0))
    counting.count(election, [], None)
    result.publish(election, None)
    return election


def told(client, what="results", code="en"):
    answer = client.get(f"/{code}/2026/vote/{what}")
    assert answer.status_code == 200
    return answer


class TestRoundByRound:
    def test_each_round_says_who_wins_and_why(self, client, monkeypatch):
        ballots = [(100, (0, 1)), (90, (0,)), (80, (1,)), (70, (2,)), (20, (0, 2)), (30, (1, 2)), (15, (0, 1, 2))]
        counted_as(monkeypatch, ballots, rule="phragmen", options=3)
        page = told(client).text
        assert "Round 1:" in page and "Round 2:" in page and "Round 3:" not in page
        assert "225 members voted for this theme." in page and "so each vote counts in full" in page
        assert "Equal with it: Theme 1." in page and "The lot decided." not in page  # for both are elected
        assert "Of these, 115 have an elected theme already; their votes count for less." in page
        assert "After this round 335 of the 405 members who voted for a theme have one." in page
        assert page.count("wins this round") == 1  # in the first round the votes above say it all
        assert "68/10125" in page  # (1 + 115/225) / 225, for who wants to work it out again

    def test_what_fewer_than_ten_chose_is_a_range(self, client):
        a_published_election(*CAMPS, rule="phragmen")
        page = told(client).text
        assert "Of these," not in page or " to " in page
        for r in told(client, "results.json").json["questions"][0]["explanation"]["rounds"][1:]:
            assert all(line["cost"] is None for line in r["options"])

    def test_an_open_tie_is_told_up_to_where_it_begins_and_on_once_it_is_settled(self, client, monkeypatch):
        ballots = [(60, (0,)), (30, (1,)), (30, (2,)), (20, (3,))]
        election = counted_as(monkeypatch, ballots, rule="phragmen")
        assert [r["elected"] for r in explaining.rounds_of(election, 0)] == [0]
        assert "Once the lot is drawn, you see here how it goes on." in told(client).text
        counting.settle(election, 0, "416225", "Drawn in the hall.", None)
        _first, drawn = counting.winners(election, 0)
        assert [r["elected"] for r in explaining.rounds_of(election, 0)] == [0, drawn]
        page = told(client).text
        assert f"Equal with it: Theme {3 - drawn}. The lot decided." in page and "Once the lot is drawn" not in page

    def test_so_much_can_be_tied_that_the_lot_decides_round_by_round(self, client, monkeypatch):
        singles = [(1, (option,)) for option in range(40)]
        election = counted_as(monkeypatch, singles, rule="phragmen", options=40, seats=20, max_approvals=None)
        assert "the outcomes cannot be listed" in told(client).text
        counting.settle(election, 0, "416225", "Drawn in the hall.", None)
        assert len(counting.winners(election, 0)) == 20
        assert {r["elected"] for r in explaining.rounds_of(election, 0)} == set(counting.winners(election, 0))

    @pytest.mark.parametrize("rule", ["approval", "phragmen"])
    @pytest.mark.parametrize("ballots", [[], [(12, ())], [(12, tuple(range(40)))], [(12, (0, 1)), (1, (2,))]])
    def test_however_few_choose_a_vote_is_counted_settled_and_shown(self, client, monkeypatch, ballots, rule):
        election = counted_as(monkeypatch, ballots, rule=rule, options=40, seats=20, max_approvals=None)
        told(client)
        counting.settle(election, 0, "416225", "Drawn in the hall.", None)
        assert len(counting.winners(election, 0)) == 20
        told(client)

    def test_groups_that_are_alike_are_listed_as_groups(self, client, monkeypatch):
        camps = [(10, tuple(range(20))), (10, tuple(range(20, 40)))]
        counted_as(monkeypatch, camps, rule="phragmen", options=40, seats=19, max_approvals=None)
        page = told(client).text
        assert "9 of these: Theme 0, " in page and "10 of these: Theme 20, " in page


class TestSetBySet:
    def test_members_read_how_many_found_their_themes(self, client, monkeypatch):
        ballots = [(100, (0, 1)), (90, (0,)), (80, (1,)), (70, (2,)), (20, (0, 2)), (30, (1, 2)), (15, ())]
        counted_as(monkeypatch, ballots, rule="pav", options=3)
        page = told(client).text
        assert "320 of the 390 members who voted for a theme find at least one" in page
        assert "That makes 370 points; no other set has as many." in page
        assert "The sets that come next" in page

    def test_a_set_that_a_lot_chose_is_not_said_to_be_better(self, client, monkeypatch):
        election = counted_as(monkeypatch, [(30, (0, 1)), (30, (2, 3))], rule="pav")
        counting.settle(election, 0, "416225", "Drawn in the hall.", None)
        page = told(client).text
        assert "no other set has as many" not in page and "equal, the lot decided" in page


class TestOtherRules:
    def test_they_stand_beside_the_official_one(self, client):
        a_published_election(*CAMPS, rule="phragmen")
        page = told(client).text
        assert "What the other rules would have given" in page and "frozen before the vote" in page
        assert "Approval, at most 3 marks" in page
        others = told(client, "results.json").json["questions"][0]["explanation"]["others"]
        assert others[0] == {"rule": "approval", "elected": [], "tied": [0, 1, 2], "places_left": 2}

    def test_a_limit_is_not_named_where_there_is_none(self, client):
        a_published_election(*CAMPS, rule="approval", max_approvals=None)
        assert "at most" not in told(client).text.split("What the other rules would have given")[1].split("</table>")[0]


class TestFewBallots:
    @pytest.mark.parametrize("rule", ["approval", "phragmen", "pav"])
    def test_below_ten_nothing_is_explained_anywhere(self, client, rule):
        election = a_published_election(*[(0, 1)] * 5, *[(2,)] * 4, rule=rule)
        page = told(client).text
        assert "Round 1" not in page and "other rules" not in page and "explanation.csv" not in page
        (question,) = told(client, "results.json").json["questions"]
        assert question["explanation"] is None
        assert len(told(client, "explanation.csv").text.splitlines()) == 1
        assert explaining.rounds_of(election, 0) == [] and explaining.explanation_of(election, 0) == {}


class TestFiles:
    def test_json_and_csv_tell_what_the_page_tells(self, client, monkeypatch):
        ballots = [(100, (0, 1)), (90, (0,)), (80, (1,)), (70, (2,)), (20, (0, 2)), (30, (1, 2)), (15, (0, 1, 2))]
        election = counted_as(monkeypatch, ballots, rule="phragmen", options=3)
        explanation = told(client, "results.json").json["questions"][0]["explanation"]
        assert explanation == json.loads(json.dumps(election.report["explanations"][0]))
        table = told(client, "explanation.csv").data.decode("utf-8-sig").splitlines()
        assert table[0] == "Question;Round or rule;Themes;Fact;At least;At most;Exactly"
        asked = "Which themes shall we work on?"
        assert f"{asked};Round 2;Theme 1;wins this round;;;" in table
        assert any(line.endswith("Each would have paid;;;68/10125") for line in table)
        assert f"{asked};PAV, Thiele’s rule;Theme 0;elected;;;" in table

    def test_the_file_tells_what_sets_are_worth(self, client, monkeypatch):
        ballots = [(100, (0, 1)), (90, (0,)), (80, (1,)), (70, (2,)), (20, (0, 2)), (30, (1, 2)), (15, (0, 1, 2))]
        sets = counted_as(monkeypatch, ballots, rule="pav", options=3).report["explanations"][0]["sets"]
        table = told(client, "explanation.csv").data.decode("utf-8-sig").splitlines()
        begins = "Which themes shall we work on?;PAV, Thiele’s rule;"
        won = f"{begins}Theme 0, Theme 1;"
        low, high = sets["represented"]
        expected = [f"{won}Members with a theme;{low};{high};"]
        names = ("Members with 0 themes", "Members with 1 theme", "Members with 2 themes")
        expected += [f"{won}{name};{n};{n};" for name, n in zip(names, sets["had"], strict=True)]
        expected += [f"{won}Points;;;{sets['worth']}"]
        for other in sets["next"]:
            titles = ", ".join(f"Theme {option}" for option in other["options"])
            expected.append(f"{begins}{titles};Points;;;{other['worth']}")
        assert len(sets["next"]) == 2 and [line for line in table if line.startswith(begins)] == expected

    def test_the_file_waits_for_the_result(self, client):
        a_counted_election(*CAMPS, rule="phragmen")
        assert client.get("/en/2026/vote/explanation.csv").status_code == 404

    @pytest.mark.parametrize("code", ["nl", "fr", "en"])
    @pytest.mark.parametrize("rule", ["approval", "phragmen", "pav"])
    def test_the_explanation_stands_in_each_language(self, client, code, rule):
        a_published_election(*CAMPS, rule=rule)
        for what in ("results", "explanation.csv", "recount"):
            told(client, what, code)


class TestFreezing:
    def test_a_rule_that_could_not_be_counted_is_not_frozen(self):
        edition = an_edition(Phase.VOTE, seats=10, max_approvals=None)
        for number in range(20):
            a_theme(edition, f"Theme {number}", admitted_at=now())
        election = rules.prepare(edition, Custody.SERVER, None, "pav")
        a_member()
        with pytest.raises(Refused, match="too many ways to choose 10 of 20 themes"):
            freezing.freeze(election, None)
        rules.prepare(edition, Custody.SERVER, None, "phragmen")
        freezing.freeze(election, None)
        assert election.frozen_at

"""How far a recommendation is: who says it, what a line must hold, and what was known when."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.decisions import finding as board
from sipvote.decisions.models import Outcome
from sipvote.errors import Refused
from sipvote.recommendations.models import Recommendation
from sipvote.stocktake import statuses
from sipvote.stocktake.models import Status, StatusChange
from sipvote.stocktake.rows import Change, Decided, changes_of, decisions_of, rows, standing
from sipvote.stocktake.statuses import Said, today
from tests.factories import a_group, a_member, an_edition, an_organiser
from tests.outcomes import a_decision, a_draft, a_recommendation, a_status, an_old_recommendation, some_recommendations
from tests.queries import counted

MONDAY = date(2020, 3, 2)


def said(status: Status = Status.ONGOING, since: date = MONDAY, reason: str = "We began.", **values) -> Said:
    return Said(status, since, reason, "en", **values)


def status_of(recommendation) -> Status:
    return statuses.current([recommendation.id])[recommendation.id].status


class TestWhatHolds:
    def test_without_decision_and_without_line_nothing_has_begun(self, database):
        recommendation = an_old_recommendation()
        assert statuses.current([recommendation.id])[recommendation.id] == (Status.NOT_STARTED, None, None, None)

    @pytest.mark.parametrize(
        ("outcome", "status"),
        [
            (Outcome.ACCEPTED, Status.NOT_STARTED), (Outcome.AMENDED, Status.NOT_STARTED),
            (Outcome.REJECTED, Status.REJECTED), (Outcome.POSTPONED, Status.POSTPONED),
        ],
    )  # fmt: skip
    def test_a_decision_counts_as_long_as_nobody_noted_a_line(self, database, outcome, status):
        recommendation = an_old_recommendation()
        a_decision(recommendation, outcome, decided_on=MONDAY)
        stands = statuses.current([recommendation.id])[recommendation.id]
        assert (stands.status, stands.since) == (status, MONDAY)

    def test_a_drafted_decision_counts_for_nothing(self, database):
        recommendation = an_old_recommendation()
        a_decision(recommendation, Outcome.REJECTED, published=False)
        assert status_of(recommendation) == Status.NOT_STARTED

    def test_a_line_of_the_day_of_the_decision_counts_more_than_the_decision(self, database):
        recommendation = an_old_recommendation()
        a_decision(recommendation, Outcome.ACCEPTED, decided_on=MONDAY)
        a_status(recommendation, Status.ONGOING, MONDAY)
        assert status_of(recommendation) == Status.ONGOING

    def test_a_later_decision_rejects_what_was_going_on_and_accepting_leaves_it(self, database):
        recommendation = an_old_recommendation()
        a_status(recommendation, Status.ONGOING, MONDAY)
        a_decision(recommendation, Outcome.ACCEPTED, decided_on=MONDAY + timedelta(days=9))
        assert status_of(recommendation) == Status.ONGOING
        a_decision(recommendation, Outcome.REJECTED, decided_on=MONDAY + timedelta(days=10))
        assert status_of(recommendation) == Status.REJECTED
        a_decision(recommendation, Outcome.ACCEPTED, decided_on=MONDAY + timedelta(days=11))
        assert status_of(recommendation) == Status.ONGOING

    def test_accepting_what_was_put_aside_begins_anew(self, database):
        recommendation = an_old_recommendation()
        a_status(recommendation, Status.REJECTED, MONDAY)
        a_decision(recommendation, Outcome.ACCEPTED, decided_on=MONDAY + timedelta(days=1))
        stands = statuses.current([recommendation.id])[recommendation.id]
        assert (stands.status, stands.since) == (Status.NOT_STARTED, MONDAY + timedelta(days=1))

    def test_done_is_done_since_the_first_of_the_lines_that_say_so(self, database):
        recommendation = an_old_recommendation()
        for n, status in enumerate((Status.DONE, Status.ONGOING, Status.DONE, Status.DONE)):
            a_status(recommendation, status, MONDAY + timedelta(days=n))
        stands = statuses.current([recommendation.id])[recommendation.id]
        assert stands.done_on == stands.since == MONDAY + timedelta(days=2)

    def test_a_correction_is_a_new_line_of_the_same_day(self, database):
        recommendation, dre = an_old_recommendation(), an_organiser()
        statuses.change(recommendation, said(Status.DONE), dre.id, keeps=True)
        statuses.change(recommendation, said(Status.NOT_DONE, reason="It was another one."), dre.id, keeps=True)
        assert status_of(recommendation) == Status.NOT_DONE
        lines = [(line.status, corrected) for line, corrected in statuses.history(recommendation)]
        assert lines == [(Status.NOT_DONE, False), (Status.DONE, True)]


class TestWhatTheBoardNeedNotSee:
    """The app hangs the statuses into the board's lists."""

    def test_what_is_done_is_no_longer_late(self, database):
        recommendation = an_old_recommendation()
        a_decision(recommendation, decided_on=MONDAY, due=MONDAY + timedelta(days=9))
        assert board.how_many_late() == 1
        a_status(recommendation, Status.DONE, MONDAY + timedelta(days=20))
        assert board.how_many_late() == 0
        a_status(recommendation, Status.ONGOING, MONDAY + timedelta(days=20))  # a correction
        assert board.how_many_late() == 1

    def test_what_was_postponed_and_is_done_does_not_come_back(self, database):
        recommendation = an_old_recommendation()
        decided_on, until = MONDAY, MONDAY + timedelta(days=30)
        a_decision(recommendation, Outcome.POSTPONED, decided_on=decided_on, postponed_until=until)
        a_status(recommendation, Status.DONE, decided_on - timedelta(days=1))
        assert [matter.recommendation for matter in board.coming_back()] == [recommendation]
        a_status(recommendation, Status.DONE, until)
        assert board.coming_back() == [] and board.progress() == []


LINES = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6), st.sampled_from(list(Status))), max_size=7
)  # (day, noted, status)
DECISIONS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.sampled_from(list(Outcome))), max_size=3)


def day_of(n: int) -> date:
    return MONDAY + timedelta(days=n)


def moment_of(n: int) -> datetime:
    return datetime(2021, 1, 1, tzinfo=UTC) + timedelta(days=n)


def naively(lines, decisions, day: int, known: int) -> tuple[Status, int | None]:
    """Day by day, as somebody would who keeps a paper list: what did we know then of that day?"""
    known_lines = [(n, line) for n, line in enumerate(lines) if line[1] <= known and line[0] <= day]
    known_decisions = [(n, d) for n, d in enumerate(decisions) if d[1] <= known and d[0] <= day]
    counting = max(known_decisions, key=lambda pair: (pair[1][1], pair[0]), default=None)
    status, since = Status.NOT_STARTED, None
    for this in range(day + 1):
        if counting and counting[1][0] == this:
            outcome = counting[1][2]
            if outcome in (Outcome.REJECTED, Outcome.POSTPONED):
                status, since = Status(outcome.value), this
            elif since is None or status in (Status.REJECTED, Status.POSTPONED):
                status, since = Status.NOT_STARTED, this
        of_the_day = [(line[1], n, line[2]) for n, line in known_lines if line[0] == this]
        if of_the_day:
            new = max(of_the_day)[2]
            # A run of the same status counts from its first line; what a decision began is a run of its own.
            by_line = any(line[0] == since for _n, line in known_lines)
            since = since if new == status and since is not None and by_line else this
            status = new
    return status, since


class TestWhatWasKnownWhen:
    @given(LINES, DECISIONS, st.integers(0, 6), st.integers(0, 6))
    def test_any_day_can_be_read_as_it_was_known_at_any_moment(self, lines, decisions, day, known):
        changes = [Change(day_of(d), moment_of(k), n, s, None) for n, (d, k, s) in enumerate(lines)
                   if d <= day and k <= known]  # fmt: skip
        decided = [Decided(moment_of(k), n, day_of(d), o, None) for n, (d, k, o) in enumerate(decisions)
                   if d <= day and k <= known]  # fmt: skip
        stands = standing(changes, max(decided, default=None))
        status, since = naively(lines, decisions, day, known)
        assert stands.status == status
        assert stands.done_on == (stands.since if status == Status.DONE else None)
        if since is not None and not decided:
            assert stands.since == day_of(since)

    def test_the_database_gives_the_lines_of_a_day_as_they_were_known(self, database):
        recommendation = an_old_recommendation()
        for d, k in ((0, 0), (0, 3), (2, 1), (5, 2)):
            a_status(recommendation, since=day_of(d), noted_at=moment_of(k))
        found = changes_of(day_of(3), moment_of(2))[recommendation.id]
        assert sorted((line.since, line.noted_at) for line in found) == [
            (day_of(0), moment_of(0)), (day_of(2), moment_of(1))
        ]  # fmt: skip
        assert len(changes_of(day_of(3), None)[recommendation.id]) == 3

    def test_of_several_decisions_the_last_one_published_counts_as_it_was_known(self, database):
        recommendation = an_old_recommendation()
        first = a_decision(recommendation, Outcome.REJECTED, decided_on=day_of(4))
        second = a_decision(recommendation, Outcome.ACCEPTED, decided_on=day_of(2))
        first.published_at, second.published_at = moment_of(1), moment_of(3)
        db.session.flush()
        assert decisions_of(day_of(6), None)[recommendation.id].outcome == Outcome.ACCEPTED
        assert decisions_of(day_of(6), moment_of(2))[recommendation.id].outcome == Outcome.REJECTED
        assert decisions_of(day_of(3), moment_of(2)) == {}

    def test_what_was_entered_later_was_not_known_before(self, database):
        an_old_recommendation(created_at=moment_of(5))
        assert [row.label for row in map(Labelled, rows(today(), moment_of(4)))] == []
        assert len(rows(today(), moment_of(6))) == 1

    def test_what_was_withdrawn_since_was_there_then(self, database):
        an_old_recommendation(created_at=moment_of(1), withdrawn_at=moment_of(3))
        assert len(rows(today(), moment_of(2))) == 1
        assert rows(today(), moment_of(4)) == rows(today()) == []

    def test_one_of_2017_is_not_in_the_figures_of_2016(self, database):
        an_old_recommendation(2017)
        assert rows(date(2016, 12, 31)) == []
        assert len(rows(date(2018, 1, 1))) == 1

    def test_rows_ask_the_same_number_of_questions_however_many_there_are(self, database):
        group = a_group(an_edition())
        some_recommendations(group, 2)
        an_old_recommendation(2015, 1)
        db.session.flush()
        with counted() as few:
            rows(today())
        for n in range(2, 12):
            a_status(an_old_recommendation(2015, n))
        db.session.flush()
        with counted() as many:
            assert len(rows(today())) == 13
        assert len(many) == len(few)

    def test_a_row_reads_in_the_language_that_is_asked(self, database):
        group = a_group(an_edition())
        a_decision(some_recommendations(group, 1)[0])
        row = rows(today(), code="nl")[0]
        assert (row.title, row.theme, row.group) == ("Recommendation 1", "Guidance", "Gent")
        assert rows(today(), code="en")[0].group == "Ghent"


class Labelled:
    def __init__(self, row) -> None:
        self.label = f"{row.year}/{row.number}"


class TestWhoMaySay:
    def test_an_organiser_may_and_it_stands_in_the_log(self, database):
        recommendation, dre = an_old_recommendation(), an_organiser()
        line = statuses.change(recommendation, said(), dre.id, keeps=True)
        assert (line.status, line.author_id, line.reason) == (Status.ONGOING, dre.id, "We began.")
        assert db.session.scalars(select(Entry.act)).all() == ["change status"]

    def test_who_answers_for_it_by_the_last_published_decision_may_and_nobody_before(self, database):
        recommendation, ada, bas = an_old_recommendation(), a_member("Ada"), a_member("Bas")
        a_decision(recommendation, owner=ada, decided_on=MONDAY)
        assert statuses.why_not_keep(recommendation, ada.id, keeps=False) is None
        assert "Only organisers" in statuses.why_not_keep(recommendation, bas.id, keeps=False)
        a_decision(recommendation, owner=bas)
        a_decision(recommendation, owner=ada, published=False)
        assert statuses.why_not_keep(recommendation, bas.id, keeps=False) is None
        with pytest.raises(Refused, match="Only organisers"):
            statuses.change(recommendation, said(), ada.id, keeps=False)
        assert [r.id for r in statuses.answered_for_by(bas.id)] == [recommendation.id]
        assert statuses.answered_for_by(ada.id) == []

    def test_a_stranger_may_not(self, database):
        assert "Only organisers" in statuses.why_not_keep(an_old_recommendation(), None, keeps=False)

    def test_what_is_still_a_draft_has_no_status(self, database):
        recommendation = a_recommendation(a_draft(a_group(an_edition()), published=True))
        assert "handed to the board" in statuses.why_not_keep(recommendation, an_organiser().id, keeps=True)


class TestWhatALineHolds:
    @pytest.mark.parametrize(
        ("what", "why"),
        [
            (said(since=date(2014, 12, 31)), "before that year"),
            (said(reason=" \n"), "Say why"),
            (said(reason="x" * 2001), "at most 2000"),
            (said(Status.POSTPONED), "until when"),
            (said(Status.POSTPONED, postponed_until=MONDAY), "a day after"),
        ],
    )
    def test_a_line_that_says_too_little_or_too_much_is_refused(self, database, what, why):
        with pytest.raises(Refused, match=why):
            statuses.change(an_old_recommendation(2015), what, an_organiser().id, keeps=True)
        assert db.session.scalars(select(StatusChange)).all() == []

    def test_tomorrow_is_refused(self, database):
        with pytest.raises(Refused, match="future"):
            statuses.change(an_old_recommendation(2015), said(since=today() + timedelta(days=1)), None, keeps=True)

    def test_today_and_the_first_day_of_the_year_are_fine(self, database):
        assert statuses.why_not_say(2015, said(since=today())) is None
        assert statuses.why_not_say(2015, said(since=date(2015, 1, 1))) is None

    def test_only_what_is_postponed_keeps_the_day(self, database):
        until = today() + timedelta(days=30)
        what = said(Status.DONE, postponed_until=until)
        line = statuses.change(an_old_recommendation(), what, an_organiser().id, keeps=True)
        assert line.postponed_until is None


class TestManyAtOnce:
    def test_only_those_that_differ_get_a_line_and_the_log_one_entry(self, database):
        dre = an_organiser()
        all_ = [an_old_recommendation(2015, n) for n in range(1, 5)]
        a_status(all_[0], Status.DONE, MONDAY)
        assert statuses.change_many(all_, said(Status.DONE, reason=" Together. "), dre.id) == 3
        assert {status_of(r) for r in all_} == {Status.DONE}
        assert {line.reason for line in db.session.scalars(select(StatusChange))} == {"As planned.", "Together."}
        entry = db.session.scalars(select(Entry)).one()
        assert entry.facts["labels"] == ["2015/2", "2015/3", "2015/4"]

    def test_nothing_is_said_of_nothing_nor_again(self, database):
        dre, recommendation = an_organiser(), an_old_recommendation()
        with pytest.raises(Refused, match="at least one"):
            statuses.change_many([], said(), dre.id)
        a_status(recommendation, Status.ONGOING, MONDAY)
        with pytest.raises(Refused, match="already"):
            statuses.change_many([recommendation], said(), dre.id)

    def test_the_day_must_be_possible_for_the_youngest(self, database):
        both = [an_old_recommendation(2015, 1), an_old_recommendation(2021, 1)]
        with pytest.raises(Refused, match="of 2021"):
            statuses.change_many(both, said(), an_organiser().id)

    def test_it_takes_the_same_number_of_questions_for_many(self, database):
        dre = an_organiser()
        few_ones = [an_old_recommendation(2015, n) for n in (1, 2)]
        many_ones = [an_old_recommendation(2016, n) for n in range(1, 30)]
        few_ids, many_ids = ([each.id for each in some] for some in (few_ones, many_ones))

        def change(ids):
            with counted() as seen:
                found = select(Recommendation).where(Recommendation.id.in_(ids))
                statuses.change_many(db.session.scalars(found).all(), said(), dre.id)
            return len(seen)

        assert change(many_ids) == change(few_ids)
        assert now() >= max(line.noted_at for line in db.session.scalars(select(StatusChange)))

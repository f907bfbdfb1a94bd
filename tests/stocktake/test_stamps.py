"""What a process keeps of all recommendations is what a page would read now, whoever wrote and whenever."""

from datetime import datetime, time, timedelta

import time_machine
from sqlalchemy import func, select

from sipvote.db import db, now
from sipvote.decisions.models import Outcome
from sipvote.i18n import ZONE
from sipvote.recommendations.models import Recommendation, RecommendationText
from sipvote.stocktake import answering, finding, seen, stamps
from sipvote.stocktake.finding import Wanted
from sipvote.stocktake.rows import rows
from tests.factories import a_city, a_group, an_edition
from tests.outcomes import (
    a_decision,
    a_large_theme,
    a_status,
    a_translation,
    an_old_recommendation,
    some_recommendations,
)


def an_hour_ago():
    """A clock that is slow: whoever writes by it comes last, and says that they came first."""
    return time_machine.travel(now() - timedelta(hours=1), tick=False)


def countries() -> dict[str, int]:
    db.session.commit()
    return dict(finding.find(Wanted()).counts["country"])


def titles(code: str = "en") -> list[str]:
    db.session.commit()
    return [row.title for row in seen.rows_of_today(code)]


def test_a_change_that_comes_late_with_an_earlier_moment_is_not_missed(database):
    first, second = (an_old_recommendation(2015, n) for n in (1, 2))
    assert countries() == {"none": 2}
    second.country = "BE"
    assert countries() == {"BE": 1, "none": 1}
    with an_hour_ago():
        first.country = "FR"
        db.session.flush()
    assert countries() == {"BE": 1, "FR": 1}


def test_what_is_changed_at_once_by_a_statement_is_not_missed_either(database):
    large = a_large_theme()
    for n in (1, 2):
        an_old_recommendation(2015, n)
    assert countries() == {"none": 2}
    with an_hour_ago():
        db.session.execute(db.update(Recommendation).values(large_theme_id=large.id, country="BE"))
    assert countries() == {"BE": 2}


def test_what_is_written_between_two_questions_is_read_the_next_time(database, monkeypatch):
    """Somebody writes after the stamp was taken and the rows were counted, and before they are read."""
    one = an_old_recommendation(2015, 1)
    assert countries() == {"none": 1}
    count = stamps.changes

    def counted_before_it_is_written():
        counts = count()
        if one.country == "BE":
            one.country = "FR"
            db.session.commit()
        return counts

    monkeypatch.setattr(stamps, "changes", counted_before_it_is_written)
    one.country = "BE"
    assert countries() == {"FR": 1} == countries()


def test_each_row_counts_its_own_changes(database):
    first, second = (an_old_recommendation(2015, n) for n in (1, 2))
    db.session.commit()
    for country in ("BE", "FR", None):
        first.country = country
        db.session.commit()
    assert stamps.changes() == {first.id: 4, second.id: 1}


def test_another_title_is_shown_at_once(database):
    """A text has rows of its own: that of the recommendation stays as it is."""
    one, two = (an_old_recommendation(2015, n, f"Desk {n}") for n in (1, 2))
    assert titles() == titles("nl") == ["Desk 1", "Desk 2"]
    with an_hour_ago():
        a_translation(two, "nl", "Bureau")
    assert titles("nl") == ["Desk 1", "Bureau"] and titles() == ["Desk 1", "Desk 2"]
    one.original_text.replaced_at = now()
    db.session.flush()
    facts = {"written_at": now(), "text": "", "why": "", "for_whom": ""}
    db.session.add(RecommendationText(recommendation_id=one.id, language="en", version=2, title="Table", **facts))
    assert titles() == ["Table", "Desk 2"]


def test_another_name_of_a_theme_is_shown_at_once_whoever_wrote_last(database):
    group = a_group(an_edition())
    some_recommendations(group, 1)
    other = a_group(group.edition)
    words = other.theme.original_text
    db.session.commit()
    words.title, words.written_at = "Another", now()
    assert [row.theme for row in seen.rows_of_today("en")] == [group.theme.original_text.title]
    with an_hour_ago():
        mine = group.theme.original_text
        mine.title, mine.written_at = "Guidance", now()
        db.session.commit()
    assert [row.theme for row in seen.rows_of_today("en")] == ["Guidance"]


def test_a_group_that_moved_is_found_in_its_city(database):
    group = a_group(an_edition())
    some_recommendations(group, 1)
    db.session.commit()
    before = dict(finding.find(Wanted()).counts["group"])
    group.cities = [a_city("lille")]
    db.session.commit()
    assert dict(finding.find(Wanted()).counts["group"]) == {"lille": 1} != before


def test_past_days_are_what_the_database_says_after_any_change(database):
    """What is kept of the histories gives every day the rows that would be read anew: known now, and known then."""
    olds = [an_old_recommendation(2015, n, created_at=now() - timedelta(days=90)) for n in range(1, 5)]
    days = [(now() - timedelta(days=ago)).date() for ago in (365 * 9, 80, 50, 10, 0)]

    def all_days() -> list:
        db.session.commit()
        return [list(seen.of_day(day, known, "en").rows) for day in days for known in (seen.NOW, seen.THEN)]

    def read_anew() -> list:
        ends = [datetime.combine(day, time(), ZONE) + timedelta(days=1) for day in days]
        return [rows(day, known, "en") for day, end in zip(days, ends, strict=True) for known in (None, end)]

    def ago(n: int):
        return now() - timedelta(days=n)

    def published(recommendation, outcome, decided_on, at):
        a_decision(recommendation, outcome, decided_on=decided_on).published_at = at

    told = [all_days()]
    for change in (
        lambda: a_status(olds[0], since=days[1], noted_at=ago(20)),
        lambda: published(olds[1], Outcome.REJECTED, days[2], ago(5)),
        lambda: published(olds[1], Outcome.ACCEPTED, days[3], ago(1)),
        lambda: setattr(olds[2], "withdrawn_at", ago(30)),
        lambda: setattr(olds[3], "number", 9),
    ):
        change()
        told.append(all_days())
        assert told[-1] == read_anew()
        assert told[-1] != told[-2]


def test_nothing_is_read_again_when_nothing_changed(database, monkeypatch):
    an_old_recommendation(2015, 1)
    assert countries() == {"none": 1} and titles() and answering.opened("en")
    for room, name in ((finding, "_read"), (seen, "histories"), (answering, "_read"), (stamps, "changes")):
        monkeypatch.setattr(room, name, None)
    assert countries() == {"none": 1} and titles() and answering.opened("en")
    assert db.session.scalar(select(func.sum(Recommendation.changes))) == 1

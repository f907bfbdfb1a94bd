"""Days and hours, as each language writes them."""

from datetime import UTC, date, datetime

import pytest

from sipvote import i18n


@pytest.mark.parametrize(("code", "said"), [("nl", "1 maart 2017"), ("fr", "1er mars 2017"), ("en", "1 March 2017")])
def test_french_counts_the_first_day_of_a_month(app, code, said):
    with app.test_request_context(), i18n.in_language(code):
        assert i18n.day(date(2017, 3, 1), weekday=False) == said
        assert "er" not in i18n.day(date(2017, 3, 21), weekday=False).split()[0]


@pytest.mark.parametrize(("code", "said"), [("nl", "09.05\xa0uur"), ("fr", "9\xa0h\xa005"), ("en", "09:05")])
def test_an_hour_is_never_broken_over_two_lines(app, code, said):
    with app.test_request_context(), i18n.in_language(code):
        assert i18n.clock(datetime(2026, 1, 5, 8, 5, tzinfo=UTC)) == said

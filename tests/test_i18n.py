"""Days and hours, as each language writes them."""

import re
from datetime import UTC, date, datetime

import pytest
from babel.messages.mofile import read_mo
from flask import render_template_string
from flask_babel import gettext as _
from jinja2 import DictLoader

from sipvote import catalogs, i18n


@pytest.mark.parametrize(("code", "said"), [("nl", "1 maart 2017"), ("fr", "1er mars 2017"), ("en", "1 March 2017")])
def test_french_counts_the_first_day_of_a_month(app, code, said):
    with app.test_request_context(), i18n.in_language(code):
        assert i18n.day(date(2017, 3, 1), weekday=False) == said
        assert "er" not in i18n.day(date(2017, 3, 21), weekday=False).split()[0]


@pytest.mark.parametrize(("code", "said"), [("nl", "09.05\xa0uur"), ("fr", "9\xa0h\xa005"), ("en", "09:05")])
def test_an_hour_is_never_broken_over_two_lines(app, code, said):
    with app.test_request_context(), i18n.in_language(code):
        assert i18n.clock(datetime(2026, 1, 5, 8, 5, tzinfo=UTC)) == said


def test_no_line_begins_with_french_punctuation():
    catalogs.compile_all()
    with catalogs.po_path("fr").with_suffix(".mo").open("rb") as file:
        shown = [text for message in read_mo(file) for text in catalogs._forms(message.string)]
    assert len(shown) > 500 and any("\N{NO-BREAK SPACE}?" in text for text in shown)
    assert [text for text in shown if re.search(r" [:;?!»]|« ", text)] == []
    assert any("%(" in text for text in shown)


def test_the_language_in_force_is_that_of_the_innermost_block(app):
    assert i18n.language() == "en", "outside an application"
    with app.test_request_context(environ_overrides={"sipvote.language": "nl"}):
        assert i18n.language() == "nl"
        with i18n.in_language("fr"):
            with i18n.in_language("en"):
                assert (i18n.language(), str(_("Help"))) == ("en", "Help")
            assert (i18n.language(), str(_("Help"))) == ("fr", "Aide")
        with pytest.raises(ZeroDivisionError), i18n.in_language("fr"):
            _never = 1 / 0
        assert (i18n.language(), str(_("Help"))) == ("nl", "Hulp")
    with app.test_request_context(environ_overrides={"sipvote.language": "fr"}):
        assert render_template_string("{{ _('Help') }}") == "Aide", "another request, another language"


@pytest.mark.parametrize(
    ("name", "shown"), [("a.html", "<b>Sign in</b> 5 % &lt;i&gt; An"), ("a.txt", "<b>Sign in</b> 5 % <i> An")]
)
def test_a_sentence_of_a_template_escapes_what_it_is_told_where_the_page_does(app, name, shown):
    source = """<b>{{ _("Sign in") }}</b> {{ _("5 %%") }} {{ _("%(sign)s %(name)s", sign="<i>", name="An") }}"""
    page = app.jinja_env.overlay(loader=DictLoader({name: source})).get_template(name)
    with app.test_request_context(), i18n.in_language("en"):
        assert page.render() == shown

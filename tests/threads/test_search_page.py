"""The page for searching: public, in three languages, with what was found marked and nothing else let through."""

from sqlalchemy import update

from sipvote.db import db, now
from sipvote.recommendations.models import Recommendation
from sipvote.searching import PER_PAGE
from tests.factories import a_theme, an_edition
from tests.outcomes import a_decision, a_translation, an_old_recommendation
from tests.queries import counted


def test_a_stranger_finds_themes_recommendations_and_decisions(client):
    theme = a_theme(an_edition(), "Fair fees")
    a_decision(an_old_recommendation(title="Minimum fees"))
    page = client.get("/en/search?q=fees").text
    assert "<mark>Fair</mark>" not in page and "Fair <mark>fees</mark>" in page
    assert "3 found" in page and page.count("Minimum <mark>fees</mark>") == 2
    assert f"/en/2026/themes/{theme.id}" in page and "accepted" in page and "2015/1" in page


def test_every_page_leads_to_the_search(client):
    assert '<a href="/nl/search">' in client.get("/nl/help").text


def test_the_page_says_what_to_do_in_three_languages(client):
    for code, word in (("en", "Search"), ("nl", "Zoek"), ("fr", "Rechercher")):
        page = client.get(f"/{code}/search")
        assert page.status_code == 200 and f"<h1>{word}</h1>" in page.text


def test_nothing_found_says_so_and_where_else_to_look(client):
    an_old_recommendation(title="Fair fees")
    assert "Nothing was found." in client.get("/en/search?q=kangaroo").text
    assert "Look in every kind" in client.get("/en/search?q=fees&kind=theme").text
    assert "There is no word" in client.get("/en/search?q=?!").text


def test_filters_narrow_what_is_found_and_stay_in_the_links(client):
    recommendation = an_old_recommendation(title="Fair fees")
    a_translation(recommendation, "nl", "Eerlijke fees")
    page = client.get("/en/search?q=fees&language=nl&kind=recommendation").text
    assert "Eerlijke <mark>fees</mark></a>" in page and 'lang="nl">Eerlijke' in page
    assert "/en/search?q=fees&amp;kind=recommendation" in page
    assert "Nothing was found here" in client.get("/en/search?q=fees&language=fr").text


def test_what_is_typed_comes_back_escaped(client):
    page = client.get('/en/search?q="><script>alert(1)</script>').text
    assert "<script>alert" not in page and "&lt;script&gt;" in page


def test_long_lists_are_paged_and_pages_that_do_not_exist_are_not_there(client):
    for number in range(1, PER_PAGE + 2):
        an_old_recommendation(number=number, title=f"Fair fees {number}")
    assert client.get("/en/search?q=fees").text.count("Fair <mark>fees</mark>") == PER_PAGE
    second = client.get("/en/search?q=fees&page=2")
    assert second.text.count("Fair <mark>fees</mark>") == 1 and 'start="21"' in second.text
    for page in ("3", "0", "-1", "x", "9" * 30, "²"):
        assert client.get(f"/en/search?q=fees&page={page}").status_code == 404


def test_what_the_index_still_holds_is_not_shown_once_it_is_withdrawn(client):
    an_old_recommendation(title="Fair fees")
    db.session.commit()
    with db.engine.begin() as past_the_session:
        past_the_session.execute(update(Recommendation.__table__).values(withdrawn_at=now()))
    assert "<mark>" not in client.get("/en/search?q=fees").text


def test_the_page_takes_the_same_queries_for_one_hit_and_for_twenty(client):
    a_theme(an_edition(), "Fair fees")
    a_decision(an_old_recommendation(title="Fair fees"))
    client.get("/en/search?q=fees")
    with counted() as few:
        client.get("/en/search?q=fees")
    for number in range(2, 12):
        a_decision(an_old_recommendation(number=number, title=f"Fair fees {number}"))
    db.session.commit()
    with counted() as many:
        client.get("/en/search?q=fees")
    reads = [[query for query in seen if query.startswith("SELECT")] for seen in (few, many)]
    assert len(reads[0]) == len(reads[1]) <= 12

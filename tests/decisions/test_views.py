"""The pages of the board and of its decisions: each as a stranger, a member and the board."""

import csv
import io
import re
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from sipvote.db import db
from sipvote.decisions import finding, following, publishing, rules
from sipvote.decisions.following import Started
from sipvote.decisions.models import Decision, Kind, Outcome
from sipvote.editions.models import Phase
from sipvote.editions.rules import of_year
from sipvote.recommendations.models import Recommendation
from sipvote.stocktake.models import Status
from tests.decisions.test_rules import drafted, soon
from tests.factories import a_group, a_member, an_edition, an_organiser, in_phase
from tests.outcomes import a_decision, a_draft, a_recommendation, a_status, an_old_recommendation
from tests.queries import counted
from tests.reading import bare, docx_text, pdf_text

PUBLIC = "/en/2026/decisions"


def text_of(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def form(**values):
    return {"outcome": "accepted", "language": "en", "reasons": "It helps.", "amended": "", "owner": "IT",
            "due": soon().isoformat(), "postponed_until": "", "seen": "", **values}  # fmt: skip


def draft_page(recommendation):
    return f"/en/board/recommendations/{recommendation.id}/draft"


# --- Everybody ----------------------------------------------------------------------------------------


def test_before_anything_is_handed_over_the_page_says_when(client, database):
    in_phase(an_edition(year=2026), Phase.GROUPS)
    page = client.get(PUBLIC)
    assert "Nothing is decided yet" in page.text
    assert "decides on them from" in page.text
    in_phase(of_year(2026), Phase.DECISIONS)
    assert "No recommendation has come to the board yet" in client.get(PUBLIC).text


def test_before_publication_the_page_says_how_many_wait(client, year):
    page = client.get(PUBLIC)
    assert "3 recommendations are with the board of directors" in page.text


def test_a_year_of_which_nothing_is_known_is_not_found(client, database):
    assert client.get("/en/1999/decisions").status_code == 404


def test_a_published_decision_is_read_with_reasons_date_owner_and_due(client, year):
    decision = a_decision(year.one, Outcome.AMENDED, due=soon(), owner_name="IT department")
    decision.texts[0].amended = "Write one short guide."
    page = text_of(client.get(PUBLIC))
    for said in ("decided on 1 of 3 recommendations", "Accepted in part", "It is worth it.",
                 "IT department", "Write one short guide.", "added: short", "Not decided yet"):  # fmt: skip
        assert said in page


def test_what_was_decided_before_stands_below_what_counts(client, year):
    a_decision(year.one, Outcome.POSTPONED, postponed_until=finding.today())
    a_decision(year.one, Outcome.REJECTED)
    page = text_of(client.get(PUBLIC))
    assert page.index("Rejected") < page.index("Before: Postponed")


def test_a_question_shows_what_came_of_it(client, year):
    decision = a_decision(year.one)
    following.start(decision, Started(Kind.QUESTION, "en", "Shall we print it?"), None)
    assert "It will be asked at the next assembly." in client.get(PUBLIC).text


def test_years_of_old_lists_have_their_page_without_an_edition(client, database):
    an_edition(year=2026)
    a_decision(an_old_recommendation(year=2015))
    assert "A shared workplace" in client.get("/en/2015/decisions").text


# --- Drafts are hidden ----------------------------------------------------------------------------------

SECRET = "Zanzibar"


@pytest.fixture
def drafts(year):
    """Beside a published decision of 1, drafts of 1 and 2, full of a word that nobody may read."""
    a_decision(year.one)
    for asked in (year.one, year.two):
        draft = drafted(asked, outcome=Outcome.AMENDED, reasons=SECRET, amended=SECRET, owner=SECRET)
        rules.translate(draft, "fr", (SECRET, SECRET), "", None)
        following.start(draft, Started(Kind.PROJECT, "en", SECRET, about=SECRET, lead=SECRET), None)
    return year


PUBLIC_PAGES = (
    "/en/", PUBLIC, f"{PUBLIC}.csv", "/fr/2026/decisions", "/fr/2026/decisions.csv", "/en/2026/themes",
)  # fmt: skip


@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_no_draft_is_seen_by_a_stranger_or_a_member(client, browser_of, drafts, path):
    for browser in (client, browser_of(drafts.ada), browser_of(drafts.lea)):
        page = browser.get(path)
        assert page.status_code == 200
        assert SECRET not in page.text


def test_no_draft_stands_in_the_spreadsheet_not_even_for_the_board(browser_of, drafts):
    page = browser_of(drafts.chloe).get(f"{PUBLIC}.xlsx")
    with zipfile.ZipFile(io.BytesIO(page.data)) as book:
        assert all(SECRET.encode() not in book.read(name) for name in book.namelist())
        assert b"It is worth it." in book.read("xl/sharedStrings.xml")


def test_the_board_sees_its_drafts(browser_of, drafts):
    board = browser_of(drafts.chloe)
    assert SECRET in board.get(f"/en/board/recommendations/{drafts.two.id}").text
    assert SECRET in board.get("/en/board/2026/papers").text
    assert board.get("/en/board/2026/papers").headers["Cache-Control"] == "no-store"


def test_no_search_of_past_decisions_finds_a_draft(browser_of, drafts):
    assert "No decision found" in browser_of(drafts.chloe).get(f"/en/board/decided?q={SECRET}").text


def test_the_list_holds_every_recommendation_with_what_was_published(client, year):
    a_decision(year.two, Outcome.REJECTED)
    page = client.get(f"{PUBLIC}.csv")
    rows = list(csv.DictReader(io.StringIO(page.data.decode("utf-8-sig")), delimiter=";"))
    assert [(row["Number"], row["Decision"], row["Reasons"]) for row in rows] == [
        ("1", "", ""), ("2", "Rejected", "It is worth it."), ("3", "", ""),
    ]  # fmt: skip


# --- The board ----------------------------------------------------------------------------------------


def test_members_have_no_business_on_the_board_s_pages(browser_of, year):
    assert browser_of(year.ada).get("/en/board").status_code == 403
    for official in (year.chloe, an_organiser()):
        assert browser_of(official).get("/en/board").status_code == 200


def test_the_board_sees_how_far_its_drafts_are_and_what_is_missing(browser_of, year):
    drafted(year.one)
    drafted(year.two, reasons="")
    board = browser_of(year.chloe)
    page = text_of(board.get("/en/board/2026"))
    assert "2 of 3 drafted." in page
    assert "The reasons are missing." in page
    assert "1 draft is complete" in text_of(board.get("/en/board"))


def test_a_year_that_is_decided_says_so(browser_of, year):
    for asked in year.all:
        a_decision(asked)
    board = browser_of(year.chloe)
    assert "The board has decided on all of them." in board.get("/en/board/2026").text
    assert "Nothing waits for the board." in board.get("/en/board").text


def test_a_decision_is_drafted_and_read_again_in_its_form(browser_of, year):
    board = browser_of(year.chloe)
    answer = board.post(draft_page(year.one), data=form(owner=year.ada.number))
    assert answer.status_code == 303
    page = board.get(draft_page(year.one)).text
    assert f"Ada Peeters ({year.ada.number})" in page
    assert "It helps." in page


def test_what_was_typed_stays_when_it_is_refused_beside_its_field(browser_of, year):
    board = browser_of(year.chloe)
    page = board.post(draft_page(year.one), data=form(outcome="rejected", owner="99999")).text
    assert "Only what is accepted has a due date" in page
    assert "It helps." in page
    page = board.post(draft_page(year.one), data=form(owner="99999")).text
    assert re.search(r'id="owner-error".*?No member has this number', page, re.S)
    assert rules.draft_of(year.one) is None


def test_of_two_board_members_the_second_sees_both_texts(browser_of, year):
    one, two = browser_of(year.chloe), browser_of(an_organiser())
    one.post(draft_page(year.one), data=form(reasons="First words."))
    page = two.post(draft_page(year.one), data=form(reasons="Second words.")).text
    assert "What was written meanwhile" in page
    assert "First words." in page
    assert "Second words." in page
    seen = re.search(r'name="seen"[^>]*value="([^"]+)"', page)[1]
    assert two.post(draft_page(year.one), data=form(reasons="Both.", seen=seen)).status_code == 303
    assert rules.draft_of(year.one).text.reasons == "Both."


def test_one_recommendation_fills_a_screen_and_leads_to_the_next(browser_of, year):
    page = browser_of(year.chloe).get(f"/en/board/recommendations/{year.two.id}").text
    assert "Previous: 2026/1" in page
    assert "Next: 2026/3" in page


def test_what_is_not_before_the_board_has_no_page_there(browser_of, year):
    unbundled = a_recommendation(year.one.draft, "Later")
    assert browser_of(year.chloe).get(f"/en/board/recommendations/{unbundled.id}").status_code == 404


def test_the_board_publishes_with_one_press(browser_of, year):
    drafted(year.one)
    drafted(year.two, reasons="")
    board = browser_of(year.chloe)
    page = board.get("/en/board/publish").text
    assert "4 people get one mail each" in page
    assert "The reasons are missing." in page
    seen = re.search(r'name="seen"[^>]*value="([^"]+)"', page)[1]
    chosen = re.findall(r'name="chosen" value="(\d+)" checked', page)
    sent = {"seen": seen, "chosen": chosen, "decided_on": finding.today().isoformat()}
    answer = board.post("/en/board/publish", data=sent)
    assert answer.headers["Location"].endswith(PUBLIC)
    assert "It helps." in board.get(PUBLIC).text
    again = board.post("/en/board/publish", data=sent).text
    assert "Something changed since you looked" in again


def test_a_day_to_come_is_refused_and_the_page_keeps_what_was_chosen(browser_of, year):
    first, second = drafted(year.one), drafted(year.two)
    board, ids = browser_of(year.chloe), (first.id, second.id)
    seal = publishing.preview().seal
    sent = {"seen": seal, "chosen": [ids[0]], "decided_on": (finding.today() + timedelta(days=3)).isoformat()}
    page = board.post("/en/board/publish", data=sent).text
    assert "The board decides before it publishes" in page
    assert re.findall(r'value="(\d+)" checked', page) == [str(ids[0])]


def test_past_decisions_are_filtered_by_year_outcome_words_and_lateness(browser_of, year):
    a_decision(year.one, Outcome.REJECTED)
    a_decision(year.two, due=finding.today() - timedelta(days=1))
    a_decision(an_old_recommendation(year=2015, title="A shared workplace"))
    board = browser_of(year.chloe)

    def found(query):
        return re.findall(r'matter-number">([^<]+)<', board.get(f"/en/board/decided?{query}").text)

    assert sorted(found("")) == ["2015/1", "2026/1", "2026/2"]
    assert found("year=2015") == ["2015/1"]
    assert found("outcome=rejected") == ["2026/1"]
    assert found("q=SHARED+workplace") == ["2015/1"]
    assert found("late=1") == ["2026/2"]
    assert found("q=nothing+such") == [] == found("q=%25")
    assert found("q=workplaces") == ["2015/1"] == found("q=share+works")  # endings and beginnings, as on the whole site
    assert found("q=worth+it&year=2015") == ["2015/1"]  # the reasons
    assert board.get("/en/board/decided?year=x&outcome=y&q=%25").status_code == 200


def test_the_papers_hold_every_recommendation_in_each_format(browser_of, year):
    drafted(year.one, reasons="Because **we** can:\n\n- now\n- here")
    board = browser_of(year.chloe)
    page = bare(re.sub(r"<[^>]+>", "", board.get("/en/board/2026/papers").text))
    pdf = pdf_text(board.get("/en/board/2026/papers.pdf").data)
    docx = docx_text(board.get("/en/board/2026/papers.docx").data)
    for said in (
        "2026/1 Recommendation 1",
        "Reasons: Because we can:",
        "now",
        "2026/3 Recommendation 3",
        "Drafts stand in these",
    ):
        assert all(bare(said) in text for text in (page, pdf, docx))
    assert not any("**" in text or "-now" in text for text in (page, pdf, docx))


def test_the_papers_show_lists_as_lists_and_lead_to_each_recommendation(browser_of, year):
    drafted(year.one, reasons="- now\n- here")
    page = browser_of(year.chloe).get("/en/board/2026/papers").text
    assert re.search(r"<p>Reasons:</p>\s*<ul>\s*<li>now</li>\s*<li>here</li>", page)
    anchor = re.search(r'<a href="#([\w-]+)">2026/2', page).group(1)
    assert re.search(rf'<h3 id="{anchor}">2026/2', page)


def test_the_papers_come_in_the_language_asked_for(browser_of, year):
    page = browser_of(year.chloe).get("/en/board/2026/papers?language=fr").text
    assert '<article class="minutes" lang="fr">' in page


def test_a_translation_is_written_beside_the_original(browser_of, year):
    decision = a_decision(year.one)
    board, path = browser_of(year.chloe), f"/en/board/decisions/{decision.id}/fr"
    assert "It is worth it." in board.get(path).text
    assert board.post(path, data={"reasons": "Cela vaut la peine.", "seen": ""}).status_code == 303
    assert "Cela vaut la peine." in board.get("/fr/2026/decisions").text
    assert "Somebody wrote" in board.post(path, data={"reasons": "Autre.", "seen": ""}).text
    assert board.get(f"/en/board/decisions/{decision.id}/de").status_code == 404


def test_a_project_is_started_changed_ended_and_opened_again(browser_of, year):
    decision = a_decision(year.one)
    board = browser_of(year.chloe)
    start = {"kind": "project", "language": "en", "title": "A guide", "seen": ""}
    assert board.post(f"/en/board/decisions/{decision.id}/start", data=start).status_code == 303
    [project] = db.session.get_one(Decision, decision.id).follow_ups
    path = f"/en/board/follow-ups/{project.id}"
    seen = re.search(r'name="seen"[^>]*value="([^"]+)"', board.get(path).text)[1]
    board.post(path, data={**start, "title": "A short guide", "seen": seen})
    assert "Somebody changed this" in board.post(path, data={**start, "title": "Mine", "seen": seen}).text
    seen = re.search(r'name="seen"[^>]*value="([^"]+)"', board.get(f"{path}/end").text)[1]
    assert board.post(f"{path}/end", data={"outcome": "It is printed.", "seen": seen}).status_code == 303
    assert "It is printed." in board.get(PUBLIC).text
    board.post(f"{path}/open-again")
    board.post(f"{path}/drop")
    assert board.post(f"{path}/drop").status_code == 303  # a second click finds nothing left
    assert "A short guide" not in board.get(PUBLIC).text


def test_a_draft_is_thrown_away_from_its_page(browser_of, year):
    seen = rules.seen_of(drafted(year.one))
    browser_of(year.chloe).post(f"{draft_page(year.one)}/drop", data={"seen": seen})
    assert rules.draft_of(year.one) is None


# --- Today --------------------------------------------------------------------------------------------


def test_the_board_s_first_page_says_what_to_draft_publish_and_chase(browser_of, year):
    a_decision(year.one, due=finding.today() - timedelta(days=1))
    drafted(year.two)
    page = text_of(browser_of(year.chloe).get("/en/"))
    for said in ("1 of 2 drafted.", "1 draft is complete.", "1 decision is past its due date."):
        assert said in page


def test_members_are_told_on_the_first_page_for_two_months(browser_of, year):
    a_decision(year.one, decided_on=finding.today() - timedelta(days=50))
    assert "The board has decided" in browser_of(year.ada).get("/en/").text


def test_old_decisions_of_other_years_are_no_news(browser_of, year):
    a_decision(an_old_recommendation(2019), decided_on=finding.today() - timedelta(days=70))
    assert "The board has decided" not in browser_of(year.ada).get("/en/").text


def test_this_year_s_decisions_stay_on_the_first_page(browser_of, year):
    a_decision(year.one, decided_on=finding.today() - timedelta(days=70))
    page = browser_of(year.ada).get("/en/").text
    assert page.index("The board has decided") < page.index("The workgroups")


def test_who_answers_for_something_is_asked_on_the_first_page_until_it_is_done(browser_of, year):
    a_decision(year.one, owner_id=year.bas.id)
    assert "You answer for 1 recommendation that is not finished." in browser_of(year.bas).get("/en/").text
    assert "You answer for" not in browser_of(year.ada).get("/en/").text
    assert "What I answer for" in browser_of(year.bas).get("/en/me").text
    a_status(year.one, Status.DONE)
    assert "You answer for" not in browser_of(year.bas).get("/en/").text


def test_a_decision_leads_to_how_far_it_is(client, year):
    a_decision(year.one)
    assert f'href="/en/recommendations/{year.one.id}#status"' in client.get(PUBLIC).text


def test_a_year_leads_to_the_decisions_of_other_years(client, year):
    a_decision(an_old_recommendation(2019))
    assert 'href="/en/2019/decisions"' in client.get(PUBLIC).text


# --- However long -------------------------------------------------------------------------------------

PAGES = ("/en/board", "/en/board/2026", "/en/board/decided", "/en/board/publish", "/en/board/2026/papers", PUBLIC,
         f"{PUBLIC}.csv", "/en/")  # fmt: skip


def test_two_hundred_recommendations_take_no_more_queries_than_eight(browser_of, year):
    board = browser_of(year.chloe)
    paths = (*PAGES, f"/en/board/recommendations/{year.two.id}")
    _fill(year, 8)
    few = {path: _queries(board, path) for path in paths}
    _fill(year, 200)
    assert {path: _queries(board, path) for path in paths} == few


def _queries(browser, path):
    with counted() as queries:
        assert browser.get(path).status_code == 200
    return len(queries)


def _fill(year, many):
    """Recommendations up to a number, by turns drafted, postponed, and late with a question."""
    owner = a_member("Owner")
    last = db.session.scalar(select(func.max(Recommendation.number)))
    for number in range(last + 1, many + 1):
        if (number - last) % 20 == 1:
            draft = a_draft(a_group(year.edition, year.theme), adopted=True)
        asked = a_recommendation(draft, f"Recommendation {number}", number=number)
        if number % 4 == 0:
            drafted(asked, owner=owner.number)
            continue
        postponed = {"outcome": Outcome.POSTPONED, "postponed_until": finding.today()} if number % 4 == 1 else {}
        due = {} if postponed else {"due": finding.today() - timedelta(days=1)}
        decision = a_decision(asked, owner=owner, **postponed, **due)
        following.start(decision, Started(Kind.QUESTION, "en", f"Question {number}?"), None)

"""The pages about themes: each as a stranger, a member and an official."""

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from sipvote.db import db, now
from sipvote.editions.models import DATED, Phase
from sipvote.mail import Letter
from sipvote.themes import finding, rules
from sipvote.themes.models import Support, Theme, ThemeText
from tests.factories import a_member, a_support, a_theme, an_edition, an_organiser, in_phase, kept, some_words

ME = "/en/2026/themes"
DESK = f"{ME}/review"


def form(title: str = "Fair fees", **values: str) -> dict[str, str]:
    return {"language": "en", **some_words(title, **values)}


def theme_count() -> int:
    return db.session.scalar(select(func.count()).select_from(Theme)) or 0


def fresh(theme: Theme) -> Theme:
    db.session.expire_all()
    return theme


@pytest.fixture
def queries(app: Flask):
    """The statements that reach the database, as they go."""
    said: list[str] = []

    def listen(_connection, _cursor, statement, *_rest) -> None:
        said.append(statement)

    event.listen(db.engine, "before_cursor_execute", listen)
    yield said
    event.remove(db.engine, "before_cursor_execute", listen)


class TestTheList:
    def test_a_stranger_reads_the_proposals_and_is_shown_the_way(self, client):
        theme = a_theme(an_edition(supporters_needed=10), "Guidance")
        a_support(theme, a_member())
        page = client.get(ME).text
        assert "Guidance" in page and "1 of the 10 supporters needed" in page
        assert "Propose a theme" in page and "My proposals" not in page
        assert "sign-in" in client.get(f"{ME}/new").location

    def test_a_member_sees_what_they_support_and_filters(self, browser_of):
        ada, edition = a_member(), an_edition()
        a_support(a_theme(edition, "Guidance"), ada)
        a_theme(edition, "Shared spaces")
        browser = browser_of(ada)
        assert "You support this" in browser.get(ME).text
        page = browser.get(f"{ME}?show=supported").text
        assert "Guidance" in page and "Shared spaces" not in page
        found = browser.get(f"{ME}?q=spaces").text
        assert "Shared spaces" in found and "Guidance" not in found
        assert "No theme found" in browser.get(f"{ME}?q=%00%25_'").text

    def test_filters_that_do_not_exist_show_everything(self, client):
        a_theme(an_edition(), "Guidance")
        assert "Guidance" in client.get(f"{ME}?show=mine&sort=upside-down").text

    @pytest.mark.parametrize(
        ("phase", "words"), [(Phase.THEMES, "Make the first one"), (Phase.VOTE, "No themes were proposed")]
    )
    def test_an_empty_page_says_what_comes_next(self, client, phase, words):
        an_edition(phase)
        assert words in client.get(ME).text

    def test_before_the_year_the_page_says_from_when(self, client):
        edition = an_edition()
        for phase in DATED:
            setattr(edition, f"{phase}_at", edition.begins(phase) + timedelta(days=400))
        assert "can propose themes from" in client.get(ME).text

    def test_after_the_vote_the_themes_stand_under_what_became_of_them(self, client):
        edition = an_edition(Phase.GROUPS)
        old = a_theme(an_edition(Phase.STOCKTAKE, 2025), elected_at=now())
        a_theme(edition, "Won", admitted_at=now(), elected_at=now())
        a_theme(edition, "Lost", admitted_at=now())
        a_theme(edition, "Gone on", prolonged_from=old, prolonged_country="FR")
        a_theme(edition, "Turned down", declined_at=now(), decline_reason="No.")
        page = client.get(ME).text
        order = [page.index(w) for w in (
            "Elected: we work", "Won", "Prolonged: these", "Gone on", "only in France", "Also on the ballot", "Lost",
            "Not elected", "Declined proposals", "Turned down",
        )]  # fmt: skip
        assert order == sorted(order)

    def test_the_list_is_paged_and_asks_as_many_questions_for_many_themes_as_for_few(self, client, queries):
        edition = an_edition()
        a_theme(edition, "Alone")
        client.get(ME)
        queries.clear()
        client.get(ME)
        few = len(queries)
        for n in range(30):
            a_support(a_theme(edition, f"Theme {n}"), a_member(f"Member {n}"))
        db.session.commit()
        queries.clear()
        page = client.get(ME).text
        assert len(queries) <= few
        assert page.count('class="card card-link"') == 20 and "page=2" in page
        assert client.get(f"{ME}?page=99").status_code == 404

    def test_an_unknown_year_is_not_found(self, client):
        assert client.get("/en/1999/themes").status_code == 404


class TestOneTheme:
    def test_everybody_reads_it_with_its_proposer(self, client):
        theme = a_theme(an_edition(), proposer=a_member("Lea Janssens"))
        page = client.get(f"{ME}/{theme.id}").text
        assert "Proposed by Lea Janssens" in page and "Sign in to support" in page
        assert '<meta property="og:title" content="Guidance">' in page
        assert '<meta property="og:description" content="How about Guidance?">' in page

    def test_a_text_that_is_missing_is_shown_in_its_own_language(self, client):
        theme = a_theme(an_edition())
        page = client.get(f"/nl/2026/themes/{theme.id}").text
        assert '<h1 lang="en">Guidance</h1>' in page
        kept(ThemeText(theme=theme, language="nl", written_at=now(), **some_words("Begeleiding")))
        page = client.get(f"/nl/2026/themes/{theme.id}").text
        assert "<h1>Begeleiding</h1>" in page and '<h2 lang="en">Guidance</h2>' in page

    def test_a_declined_theme_tells_why(self, client):
        theme = a_theme(an_edition(), declined_at=now(), decline_reason="It was **done** last year.")
        assert "It was <strong>done</strong> last year." in client.get(f"{ME}/{theme.id}").text

    def test_a_member_supports_and_takes_it_back(self, browser_of):
        ada, theme = a_member(), a_theme(an_edition())
        browser = browser_of(ada)
        for _click in range(2):
            page = browser.post(f"{ME}/{theme.id}/support", follow_redirects=True).text
            assert "You support this theme" in page
        assert db.session.scalar(select(func.count()).select_from(Support)) == 1
        page = browser.post(f"{ME}/{theme.id}/take-back", follow_redirects=True).text
        assert "Support this theme" in page
        assert db.session.scalar(select(func.count()).select_from(Support)) == 0

    def test_too_late_is_said_on_the_page_where_the_button_stood(self, browser_of):
        ada, theme = a_member(), a_theme(an_edition())
        browser = browser_of(ada)
        in_phase(theme.edition, Phase.REVIEW)
        here = f"{ME}/{theme.id}"
        headers = {"Referer": f"http://localhost{here}"}
        page = browser.post(f"{here}/support", headers=headers, follow_redirects=True).text
        assert "This was possible until" in page
        assert db.session.scalar(select(func.count()).select_from(Support)) == 0

    def test_a_stranger_does_not_support(self, client):
        theme = a_theme(an_edition())
        assert "sign-in" in client.post(f"{ME}/{theme.id}/support").location

    def test_themes_of_another_year_or_of_none_are_not_found(self, client):
        an_edition()
        other = a_theme(an_edition(Phase.STOCKTAKE, 2024))
        assert client.get(f"{ME}/{other.id}").status_code == 404
        assert client.get(f"{ME}/999999999").status_code == 404
        assert client.get(f"{ME}/{10**20}").status_code == 404
        assert client.get(f"{ME}?page={10**20}").status_code == 404

    def test_a_withdrawn_theme_is_there_for_its_proposer_only(self, client, browser_of):
        theme = a_theme(an_edition())
        browser, here = browser_of(theme.proposer), f"{ME}/{theme.id}"
        assert "You withdrew" in browser.post(f"{here}/withdraw", follow_redirects=True).text
        assert client.get(here).status_code == 410
        assert client.get(f"{here}").text.count("withdrawn it") == 1
        browser.post(f"{here}/restore")
        assert client.get(here).status_code == 200


class TestWriting:
    def test_a_member_writes_looks_and_proposes(self, browser_of):
        an_edition()
        browser = browser_of(a_member())
        assert 'name="question"' in browser.get(f"{ME}/new").text
        checked = browser.post(f"{ME}/new", data=form(why="So **important**.")).text
        assert "<strong>important</strong>" in checked and "Not proposed yet" in checked
        assert theme_count() == 0
        page = browser.post(f"{ME}/propose", data=form(), follow_redirects=True).text
        assert "you are its first supporter" in page and "Proposed by Ada Peeters" in page
        assert finding.supporters(db.session.scalars(select(Theme)))

    def test_two_clicks_make_one_proposal_and_both_arrive(self, browser_of):
        an_edition()
        browser = browser_of(a_member())
        places = {browser.post(f"{ME}/propose", data=form()).location for _click in range(2)}
        assert len(places) == 1 and theme_count() == 1

    def test_look_alikes_are_shown_with_the_way_on(self, browser_of):
        a_theme(an_edition(), "Gender equality")
        page = browser_of(a_member()).post(f"{ME}/new", data=form("Equality of genders", why="My own words.")).text
        assert "Gender equality" in page and "Propose it anyway" in page and "My own words." in page

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"title": "  "}, "Give your theme a title"),
            ({"title": "x" * 121}, "write at most 120 characters. You wrote 121"),
            ({"question": "x" * 301}, "write at most 300 characters. You wrote 301"),
            ({"why": ""}, "Write why it matters"),
            ({"change": "x" * 4001}, "write at most 4000 characters. You wrote 4001"),
            ({"language": "de"}, 'aria-invalid="true"'),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("place", ["new", "propose"])
    def test_what_is_wrong_is_said_and_nothing_is_lost(self, browser_of, wrong, words, place):
        an_edition()
        page = browser_of(a_member()).post(f"{ME}/{place}", data={**form(change="All my words."), **wrong}).text
        assert words in page and 'role="alert"' in page
        assert ("All my words." in page) or "change" in wrong
        assert theme_count() == 0

    def test_lines_count_once_and_invisible_signs_are_dropped(self, browser_of):
        an_edition()
        lines = "\r\n".join(["x"] * 2000)
        browser_of(a_member()).post(f"{ME}/propose", data=form("A\x00 title\r\nin two", why=lines))
        text = db.session.scalars(select(ThemeText)).one()
        assert text.title == "A title in two" and text.why == "\n".join(["x"] * 2000)

    def test_a_page_that_was_open_too_long_keeps_the_text(self, app, browser_of):
        an_edition()
        browser = browser_of(a_member())
        app.config["WTF_CSRF_ENABLED"] = True
        for place in ("new", "propose"):
            page = browser.post(f"{ME}/{place}", data=form(why="All my words.", csrf_token="old")).text
            assert "open for too long" in page and "All my words." in page and theme_count() == 0
        token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)
        assert browser.post(f"{ME}/propose", data=form(csrf_token=token)).status_code == 303

    def test_whoever_was_signed_out_while_writing_keeps_the_text(self, client):
        an_edition()
        for place in ("new", "propose"):
            page = client.post(f"{ME}/{place}", data=form(why="All my words.")).text
            assert "All my words." in page and 'role="alert"' in page
        assert theme_count() == 0

    def test_a_phase_that_ended_while_writing_keeps_the_text(self, browser_of):
        edition = an_edition()
        browser = browser_of(a_member())
        in_phase(edition, Phase.REVIEW)
        page = browser.post(f"{ME}/propose", data=form(why="All my words.")).text
        assert "All my words." in page and "possible until" in page
        assert browser.get(f"{ME}/new").status_code == 409

    def test_the_language_switch_leads_somewhere_from_every_page(self, browser_of):
        an_edition()
        browser = browser_of(a_member())
        assert browser.get(f"{ME}/propose").location.endswith("/new")

    def test_a_proposer_changes_the_text_and_others_do_not(self, client, browser_of):
        theme = a_theme(an_edition())
        a_support(theme, a_member(), theme.proposer)
        browser, here = browser_of(theme.proposer), f"{ME}/{theme.id}/edit"
        page = browser.get(here).text
        assert "2 members support this proposal" in page
        seen = re.search(r'name="seen"[^>]* value="([^"]+)"', page).group(1)
        saved = browser.post(here, data=form("Better guidance", seen=seen), follow_redirects=True).text
        assert "Your changes are saved" in saved and "Better guidance" in saved
        again = browser.post(here, data=form("From the other window", seen=seen)).text
        assert "Yours is still here" in again and "From the other window" in again
        other = browser_of(a_member("Bas"))
        assert other.get(here).status_code == 409
        assert "Only the member" in other.post(here, data=form("Mine now", seen=seen)).text
        assert "sign-in" in client.get(here).location
        assert fresh(theme).text.title == "Better guidance"


class TestReview:
    ROUTES = (
        ("get", ""), ("post", "/{id}/admit"), ("post", "/{id}/take-from-ballot"), ("get", "/{id}/decline"),
        ("post", "/{id}/decline"), ("post", "/{id}/undecline"), ("get", "/{id}/texts/fr"), ("post", "/{id}/texts/fr"),
        ("get", "/prolong"), ("post", "/prolong/{id}"), ("post", "/{id}/undo-prolong"),
    )  # fmt: skip

    @pytest.mark.parametrize(("method", "path"), ROUTES)
    def test_only_organisers_review(self, client, browser_of, method, path):
        theme = a_theme(an_edition(Phase.REVIEW))
        address = DESK + path.format(id=theme.id)
        assert "sign-in" in getattr(client, method)(address).location
        assert getattr(browser_of(a_member()), method)(address).status_code == 403
        assert fresh(theme).state == "proposed"

    def test_an_organiser_works_through_the_page(self, browser_of):
        edition = an_edition(Phase.REVIEW, supporters_needed=1)
        theme, other = a_theme(edition, "Guidance"), a_theme(edition, "Shared spaces")
        a_support(theme, a_member())
        browser = browser_of(an_organiser())
        page = browser.get(DESK).text
        assert (
            page.index("Guidance") < page.index("Shared spaces")
            and "enough" in page
            and page.count("missing</span>") == 4
        )
        back = {"Referer": f"http://localhost{DESK}?show=open"}
        done = browser.post(f"{DESK}/{theme.id}/admit", headers=back)
        assert done.location.endswith("show=open")
        assert "Take from the ballot" in browser.get(DESK).text
        declined = browser.post(f"{DESK}/{other.id}/decline", data={"reason": "Too small."}, follow_redirects=True).text
        assert "is declined" in declined and fresh(other).decline_reason == "Too small."
        browser.post(f"{DESK}/{other.id}/undecline")
        browser.post(f"{DESK}/{theme.id}/take-from-ballot")
        assert (fresh(theme).state, other.state) == ("proposed", "proposed")
        assert {letter.name for letter in db.session.scalars(select(Letter))} == {"theme_admitted", "theme_declined"}

    def test_a_decline_needs_a_reason(self, browser_of):
        theme = a_theme(an_edition(Phase.REVIEW))
        browser = browser_of(an_organiser())
        assert "Write the reason" in browser.post(f"{DESK}/{theme.id}/decline", data={"reason": " "}).text
        assert "You wrote 2001" in browser.post(f"{DESK}/{theme.id}/decline", data={"reason": "x" * 2001}).text
        assert fresh(theme).state == "proposed"

    def test_a_text_is_written_beside_the_original(self, browser_of):
        theme = a_theme(an_edition(Phase.REVIEW))
        browser, here = browser_of(an_organiser()), f"{DESK}/{theme.id}/texts/fr"
        assert "How about Guidance?" in browser.get(here).text
        assert "is saved" in browser.post(here, data=some_words("Accompagnement"), follow_redirects=True).text
        again = browser.post(here, data=some_words("Conseil", seen="")).text
        assert "Yours is still here" in again and "Conseil" in again and "Accompagnement" in again
        assert fresh(theme).text_in("fr").title == "Accompagnement"
        assert browser.get(f"{DESK}/{theme.id}/texts/de").status_code == 404
        mended = browser.get(f"{DESK}/{theme.id}/texts/en").text
        assert "This is what the member wrote" in mended and 'value="Guidance"' in mended

    def test_a_theme_of_last_year_goes_on_and_no_longer(self, browser_of):
        an_edition(Phase.REVIEW)
        browser = browser_of(an_organiser())
        assert "no earlier edition" in browser.get(f"{DESK}/prolong").text
        last = an_edition(Phase.GROUPS, 2025)
        assert "No theme of 2025–26" in browser.get(f"{DESK}/prolong").text
        old = a_theme(last, "Sharing economy", elected_at=now())
        page = browser.post(f"{DESK}/prolong/{old.id}", data={"country": "FR"}, follow_redirects=True).text
        assert "goes on in 2026–27" in page and "only in France" in page
        made = db.session.scalars(select(Theme).where(Theme.prolonged_from_id == old.id)).one()
        assert "goes on from 2025–26" in browser.get(f"{ME}/{made.id}").text
        for _click in range(2):
            page = browser.post(f"{DESK}/{made.id}/undo-prolong", follow_redirects=True).text
        assert "For whom" in page and theme_count() == 1

    def test_after_the_review_the_page_shows_and_no_longer_acts(self, browser_of):
        theme = a_theme(an_edition(Phase.VOTE), admitted_at=now())
        browser = browser_of(an_organiser())
        page = browser.get(DESK).text
        assert "cannot be changed now" in page and "Take from the ballot" not in page
        assert browser.get(f"{DESK}/{theme.id}/texts/fr").status_code == 409
        assert "possible until" in browser.post(f"{DESK}/{theme.id}/texts/fr", data=some_words("X")).text

    def test_a_withdrawn_theme_is_no_longer_reviewed(self, browser_of):
        theme = a_theme(an_edition(Phase.REVIEW), withdrawn_at=now())
        browser = browser_of(an_organiser())
        assert "Guidance" not in browser.get(DESK).text
        assert browser.post(f"{DESK}/{theme.id}/admit").status_code == 410

    def test_the_review_asks_as_many_questions_for_many_themes_as_for_few(self, browser_of, queries):
        edition = an_edition(Phase.REVIEW)
        a_theme(edition, "Alone")
        browser = browser_of(an_organiser())
        browser.get(DESK)
        queries.clear()
        browser.get(DESK)
        few = len(queries)
        for n in range(60):
            a_theme(edition, f"Theme {n}", proposer=a_member(f"Member {n}"))
        db.session.commit()
        queries.clear()
        assert browser.get(DESK).text.count("Put on the ballot") == 50
        assert len(queries) <= few


class Dangers(HTMLParser):
    """What a page holds that a member's text must never bring in."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in ("iframe", "object", "embed", "svg" if "onload" in values else "", "base", "style"):
            self.found.append(tag)
        if tag == "script" and "/static/" not in (values.get("src") or ""):
            self.found.append(tag)
        if tag == "img" and "/static/" not in (values.get("src") or ""):
            self.found.append(tag)
        for name, value in attrs:
            address = re.sub(r"\s", "", value or "").lower()
            if name.startswith("on") or name == "style":
                self.found.append(name)
            if name in ("href", "src", "action", "formaction") and re.match(r"(javascript|data|vbscript):", address):
                self.found.append(address)


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[press](javascript:alert(1))",
    "[press](JaVaScRiPt:alert(1))",
    "[press](java\nscript:alert(1))",
    "[press](data:text/html;base64,PHNjcmlwdD4=)",
    "[press](vbscript:x)",
    "<javascript:alert(1)>",
    "![photo](https://example.org/track.png)",
    "![photo](data:image/svg+xml;base64,PHN2Zz4=)",
    '<a href="https://example.org" onclick="alert(1)" style="position:fixed">x</a>',
    "<svg onload=alert(1)><style>*{display:none}</style>",
    "<iframe src=https://example.org></iframe><base href=https://example.org>",
    "`</code><script>alert(1)</script>`",
    '"><script>alert(1)</script>',
    "</title></meta></textarea></details><script>alert(1)</script>",
    "[x][1]\n\n[1]: javascript:alert(1)",
    '[x](https://example.org "\\" onmouseover=alert(1) x=\\"")',
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_text_of_a_member_brings_anything_to_life(browser_of, attack):
    ada, edition = a_member(), an_edition()
    browser = browser_of(ada)
    words = form(attack[:120], question=attack, why=attack, change=f"- {attack}\n\n> {attack}")
    pages = [browser.post(f"{ME}/new", data=words).text]
    place = browser.post(f"{ME}/propose", data=words).location
    theme = db.session.scalars(select(Theme)).one()
    theme.declined_at, theme.decline_reason = now(), attack
    desk = browser_of(an_organiser())
    pages += [browser.get(place).text, browser.get(ME).text, desk.get(DESK).text]
    pages += [desk.get(f"{DESK}/{theme.id}/texts/fr").text, desk.get(f"{DESK}/{theme.id}/texts/en").text]
    for page in pages:
        dangers = Dangers()
        dangers.feed(page)
        assert dangers.found == []
    assert edition.id == theme.edition_id


def test_the_watch_for_dangers_does_see_them():
    dangers = Dangers()
    dangers.feed('<script>x</script><img src="https://example.org"><a href=" java\nscript:x" onclick="x">x</a>')
    assert len(dangers.found) == 4


def test_markdown_that_is_meant_well_is_shown(browser_of):
    an_edition()
    text = "**bold**\n\n- one\n- two\n\n[our site](https://example.org)"
    page = browser_of(a_member()).post(f"{ME}/propose", data=form(why=text), follow_redirects=True).text
    assert "<strong>bold</strong>" in page and "<li>one</li>" in page
    assert '<a href="https://example.org" rel="nofollow noopener noreferrer">our site</a>' in page


def test_the_number_of_supporters_needed_is_told_only_while_it_counts(client):
    edition = an_edition(supporters_needed=2)
    theme = a_theme(edition)
    a_support(theme, a_member(), a_member("Bas"))
    here = f"{ME}/{theme.id}"
    assert "2 supporters (2 needed)" in client.get(here).text
    theme.declined_at, theme.decline_reason = now(), "Not now."
    page = client.get(here).text
    assert "2 supporters" in page and "needed)" not in page
    theme.declined_at = theme.decline_reason = None
    in_phase(edition, Phase.GROUPS)
    page = client.get(here).text
    assert "2 supporters" in page and "needed)" not in page


def test_who_proposed_the_most_reads_why_there_is_no_button(browser_of):
    ada, edition = a_member(), an_edition()
    for n in range(rules.MOST_PROPOSALS):
        a_theme(edition, f"Theme {n}", proposer=ada)
    browser = browser_of(ada)
    page = browser.get(ME).text
    assert "That is the most" in page and f"{ME}/new" not in page
    answer = browser.post(f"{ME}/new", data=form("One more"))
    assert "That is the most" in answer.text and "One more" in answer.text
    browser.post(f"{ME}/{db.session.scalar(select(Theme.id))}/withdraw")
    assert f"{ME}/new" in browser.get(ME).text


def test_last_changed_is_told_only_when_the_words_changed(browser_of):
    ada = a_member()
    theme = a_theme(an_edition(), "Fair fees", proposer=ada)
    theme.proposed_at = theme.original_text.written_at = now() - timedelta(days=2)
    here, browser = f"{ME}/{theme.id}", browser_of(ada)
    said = {"question": "How about Fair fees?", "why": "It matters.", "change": "Much."}
    seen = theme.original_text.written_at.isoformat()
    browser.post(f"{here}/edit", data=form("Fair fees", **said, seen=seen))
    assert "Last changed" not in browser.get(here).text
    browser.post(f"{here}/edit", data=form("Fairer fees", **said, seen=seen))
    assert "Last changed" in browser.get(here).text

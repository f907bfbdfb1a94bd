"""The permanent page of a recommendation, saying how far it is, what one answers for, and the feeds."""

import re
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import select

from sipvote.db import db, now
from sipvote.decisions.models import FollowUp, Kind, Outcome
from sipvote.decisions.rules import OUTCOME_NAMES
from sipvote.i18n import LANGUAGES, in_language
from sipvote.recommendations.hearing_models import MinorityNote
from sipvote.stocktake.models import Status, StatusChange
from sipvote.stocktake.statuses import today
from sipvote.stocktake.words import OUTCOMES
from tests.factories import a_board_member, a_group, a_member, an_edition, an_organiser, kept
from tests.outcomes import (
    a_decision,
    a_draft,
    a_recommendation,
    a_remark,
    a_status,
    a_translation,
    an_old_recommendation,
    some_recommendations,
)
from tests.queries import counted

ATOM = "{http://www.w3.org/2005/Atom}"
MONDAY = date(2020, 3, 2)


def page(recommendation) -> str:
    return f"/en/recommendations/{recommendation.id}"


def test_what_one_answers_for_is_paged(browser_of, database):
    ada = a_member("Ada Peeters")
    for n in range(30):
        a_decision(an_old_recommendation(2015, n + 1, f"Ask {n}"), owner=ada)
    here = browser_of(ada)
    pages = [here.get(f"/en/recommendations/mine?page={n}") for n in (1, 2)]
    assert [page.text.count("/status") for page in pages] == [25, 5]
    assert here.get("/en/recommendations/mine?page=3").status_code == 404


class TestThePermanentPage:
    def test_it_holds_the_text_in_each_language_and_who_wrote_it(self, client, database):
        group = a_group(an_edition(year=2025))
        recommendation = some_recommendations(group, 1)[0]
        a_translation(recommendation, "fr", "Un guide")
        text = client.get(page(recommendation)).text
        for said in ("Recommendation 1", "Write one.", "It helps.", "New members", "Un guide", "the workgroup of Ghent",
                     "2025/1", "2025–26", f'href="/en/2025/themes/{group.theme_id}"'):  # fmt: skip
            assert said in text, said
        assert "<h1>Un guide</h1>" in client.get(page(recommendation).replace("/en/", "/fr/")).text

    def test_it_leads_to_the_remarks_the_draft_and_the_thread_and_holds_the_minority_notes(self, client, database):
        group, ada = a_group(an_edition(year=2025)), a_member("Ada Peeters")
        recommendation = some_recommendations(group, 1)[0]
        draft = recommendation.draft
        a_remark(draft, ada, about=recommendation, answer="Yes.")
        for about in (recommendation.id, None):
            kept(MinorityNote(draft_id=draft.id, recommendation_id=about, member_id=ada.id, language="en",
                              text=f"Not all of {about}.", written_at=now()))  # fmt: skip
        text = client.get(page(recommendation)).text
        of_draft = f"/en/2025/drafts/{draft.id}"
        for said in (f"Not all of {recommendation.id}.", "Not all of None.", "Minority note by Ada Peeters",
                     "1 remark<",
                     f'href="{of_draft}/remarks/{recommendation.id}"', f'href="{of_draft}#r{recommendation.id}"',
                     f'href="/en/threads/{group.theme_id}#recommendation-{recommendation.id}"'):  # fmt: skip
            assert said in text, said
        old = client.get(page(an_old_recommendation())).text
        assert "Minority" not in old and 'id="remarks"' not in old and "/threads/" not in old

    def test_it_holds_the_decisions_with_reasons_and_what_they_started(self, client, database):
        recommendation, ada = an_old_recommendation(), a_member("Ada Peeters")
        a_decision(recommendation, Outcome.POSTPONED, decided_on=MONDAY, postponed_until=date(2021, 1, 1))
        decision = a_decision(recommendation, owner=ada, due=date(2031, 5, 6))
        kept(FollowUp(decision=decision, kind=Kind.PROJECT, language="en", title="Desks for all", made_at=now()))
        a_decision(recommendation, Outcome.REJECTED, published=False)
        text = client.get(page(recommendation)).text
        for said in ("It is worth it.", "Ada Peeters", "6 May 2031", "Desks for all", "1 January 2021"):
            assert said in text, said
        assert "bad" not in re.findall(r'class="tag (\w*)"', text)

    def test_it_holds_the_whole_history_and_marks_what_was_corrected(self, client, database):
        recommendation = an_old_recommendation()
        a_status(recommendation, Status.DONE, MONDAY, reason="Too *early*.", by=a_member("Ada Peeters"))
        a_status(recommendation, Status.ONGOING, MONDAY, reason="Begun.")
        text = client.get(page(recommendation)).text
        assert text.index("Begun.") < text.index("Too <em>early</em>.")
        assert text.count("corrected later") == 1 and "Noted by Ada Peeters" in text

    def test_duplicates_are_linked_both_ways(self, client, database):
        first = an_old_recommendation(2015, 1, "Desks")
        second = an_old_recommendation(2019, 4, "Desks again", repeats=first)
        assert f'href="{page(first)}">2015/1' in client.get(page(second)).text
        assert f'href="{page(second)}">2019/4' in client.get(page(first)).text

    def test_it_can_be_cited_and_shared(self, client, database):
        recommendation = an_old_recommendation(text="A **bold** idea.")
        text = client.get(page(recommendation)).text
        here = f"http://localhost/recommendations/{recommendation.id}"
        assert f'<link rel="canonical" href="http://localhost{page(recommendation)}">' in text
        assert f"<code>{here}</code>" in text
        assert client.get(f"/recommendations/{recommendation.id}").status_code == 200
        assert f'property="og:url" content="{here}"' in text
        assert 'property="og:title" content="A shared workplace"' in text
        assert 'property="og:description" content="A bold idea.' in text

    def test_nobody_reads_what_is_not_public_yet(self, client, browser_of, database):
        group = a_group(an_edition())
        closed, open_ = a_recommendation(a_draft(group)), None
        assert client.get(page(closed)).status_code == 404
        assert browser_of(an_organiser()).get(page(closed)).status_code == 404
        open_ = a_recommendation(a_draft(a_group(an_edition(year=2025)), published=True))
        text = client.get(page(open_)).text
        assert "draft" in text and "How far it is" not in text

    def test_what_was_withdrawn_is_gone_and_what_never_was_is_not_found(self, client, database):
        assert client.get(page(an_old_recommendation(withdrawn_at=now()))).status_code == 410
        never = a_recommendation(a_draft(a_group(an_edition())), withdrawn_at=now())
        assert client.get(page(never)).status_code == 404
        assert client.get("/en/recommendations/99999").status_code == 404

    def test_markup_in_texts_stays_text(self, client, database):
        recommendation = an_old_recommendation(title="<script>x</script>", text="<img src=x onerror=y>")
        text = client.get(page(recommendation)).text
        assert "<script>x" not in text and "<img src=x" not in text

    def test_a_long_history_asks_no_more_questions(self, client, database):
        recommendation = an_old_recommendation()
        a_status(recommendation, by=a_member("Ada"))
        a_decision(recommendation, owner=a_member("Bas"))
        with counted() as few:
            client.get(page(recommendation))
        for n in range(9):
            a_status(recommendation, since=MONDAY + timedelta(days=n), by=a_member(f"Member {n}"))
            a_decision(recommendation, owner=a_member(f"Owner {n}"))
        with counted() as many:
            client.get(page(recommendation))
        assert len(many) == len(few)


class TestSayingHowFarItIs:
    FORM = {"status": "done", "since": "2020-03-02", "reason": "It *runs*.", "postponed_until": ""}

    def test_who_answers_for_it_says_it_on_their_own_page(self, browser_of, database):
        ada, recommendation = a_member("Ada Peeters"), an_old_recommendation()
        an_old_recommendation(2015, 2, "Not hers")
        a_decision(recommendation, owner=ada)
        me = browser_of(ada)
        mine = me.get("/en/recommendations/mine").text
        assert "A shared workplace" in mine and "Not hers" not in mine
        assert "guard" in me.get(f"{page(recommendation)}/status").text
        answer = me.post(f"{page(recommendation)}/status", data=self.FORM)
        assert answer.status_code == 303 and answer.location.endswith(f"{page(recommendation)}#status")
        line = db.session.scalars(select(StatusChange)).one()
        assert (line.status, line.since, line.reason, line.language, line.author_id) == (
            Status.DONE, MONDAY, "It *runs*.", "en", ada.id
        )  # fmt: skip
        assert "It <em>runs</em>." in me.get(page(recommendation)).text

    def test_another_member_and_the_board_may_not(self, browser_of, database):
        recommendation = an_old_recommendation()
        for person in (a_member("Bas"), a_board_member()):
            assert browser_of(person).get(f"{page(recommendation)}/status").status_code == 403
            assert browser_of(person).post(f"{page(recommendation)}/status", data=self.FORM).status_code == 403
        assert db.session.scalars(select(StatusChange)).all() == []

    @pytest.mark.parametrize(
        ("wrong", "why"),
        [
            ({"since": "2999-01-01"}, "future"), ({"since": "soon"}, "like 2026-11-21"), ({"since": ""}, "since which"),
            ({"reason": " "}, "Say why"), ({"status": "half"}, "Not a valid"), ({"status": "postponed"}, "until when"),
        ],
    )  # fmt: skip
    def test_what_is_refused_keeps_what_was_typed(self, browser_of, database, wrong, why):
        recommendation = an_old_recommendation()
        answer = browser_of(an_organiser()).post(f"{page(recommendation)}/status", data={**self.FORM, **wrong})
        assert answer.status_code == 200 and why in answer.text
        assert wrong.get("reason") or "It *runs*." in answer.text
        assert db.session.scalars(select(StatusChange)).all() == []

    def test_a_page_that_was_open_too_long_keeps_what_was_typed(self, app, browser_of, database):
        recommendation = an_old_recommendation()
        app.config["WTF_CSRF_ENABLED"] = True
        old = {**self.FORM, "csrf_token": "old"}
        text = browser_of(an_organiser()).post(f"{page(recommendation)}/status", data=old).text
        assert "open for too long" in text and "It *runs*." in text
        assert db.session.scalars(select(StatusChange)).all() == []

    def test_who_answers_for_nothing_reads_so(self, browser_of, database):
        assert "You answer for nothing." in browser_of(a_member()).get("/en/recommendations/mine").text


def feed(answer) -> ET.Element:
    """The feed as a reader takes it; checks what RFC 4287 asks of every feed."""
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    root = ET.fromstring(answer.data)  # noqa: S314  (our own)
    assert root.tag == f"{ATOM}feed"
    ids = set()
    for thing in (root, *root.findall(f"{ATOM}entry")):
        for once in ("title", "id", "updated"):
            assert len(thing.findall(f"{ATOM}{once}")) == 1
        assert thing.find(f"{ATOM}id").text.startswith("http://localhost/")
        assert datetime.fromisoformat(thing.find(f"{ATOM}updated").text).tzinfo == UTC
        ids.add(thing.find(f"{ATOM}id").text)
    assert len(ids) == 1 + len(root.findall(f"{ATOM}entry"))
    assert root.find(f"{ATOM}author/{ATOM}name").text
    assert [link.get("rel") for link in root.findall(f"{ATOM}link")] == ["self", "alternate"]
    return root


def titles(answer) -> list[str]:
    return [entry.find(f"{ATOM}title").text for entry in feed(answer).findall(f"{ATOM}entry")]


class TestFeeds:
    @pytest.fixture
    def two(self, database):
        first, second = an_old_recommendation(2015, 1), an_old_recommendation(2015, 2, "A & <b>café</b> \x01")
        a_decision(first, Outcome.REJECTED, decided_on=MONDAY)
        a_status(second, Status.DONE, MONDAY, reason="Done & <dusted>.", by=a_member("Ada Peeters"))
        return first, second

    def test_statuses_and_decisions_come_the_youngest_first(self, client, two):
        assert titles(client.get("/en/recommendations/feed.atom")) == [
            "2015/2 A & <b>café</b> : done since 2 March 2020",
            "2015/1 A shared workplace: the board decided: rejected",
        ]

    def test_reasons_and_authors_are_told_in_their_language(self, client, two):
        entry = feed(client.get("/fr/recommendations/feed.atom")).find(f"{ATOM}entry")
        assert entry.find(f"{ATOM}content").text == "Done & <dusted>."
        assert entry.find(f"{ATOM}content").get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
        assert entry.find(f"{ATOM}author/{ATOM}name").text == "Ada Peeters"

    def test_there_is_one_of_each_recommendation_and_of_each_filter(self, client, two):
        assert len(titles(client.get(f"{page(two[0])}/feed.atom"))) == 1
        assert len(titles(client.get("/en/recommendations/feed.atom?status=rejected"))) == 1
        assert titles(client.get("/en/recommendations/feed.atom?q=zebra")) == []

    def test_drafts_and_what_was_withdrawn_do_not_come(self, client, two):
        a_decision(two[1], Outcome.ACCEPTED, published=False)
        two[0].withdrawn_at = now()
        assert len(titles(client.get("/en/recommendations/feed.atom"))) == 1

    def test_a_reader_that_has_it_is_told_so_until_something_changes(self, client, two):
        tag = client.get("/en/recommendations/feed.atom").headers["ETag"]
        again = client.get("/en/recommendations/feed.atom", headers={"If-None-Match": tag})
        assert again.status_code == 304 and again.data == b""
        a_status(two[0], Status.DONE, today())
        assert client.get("/en/recommendations/feed.atom", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_decision_is_called_the_same_on_every_page(app, code):
    with in_language(code):
        assert [str(OUTCOME_NAMES[o]).casefold() for o in Outcome] == [str(OUTCOMES[o]) for o in Outcome]

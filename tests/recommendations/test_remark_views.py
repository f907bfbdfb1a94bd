"""The pages about remarks, adoption and minority notes: each as a stranger, a member, the group, an organiser."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select

from sipvote import worker
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.mail import Letter
from sipvote.members.models import SignIn
from sipvote.recommendations import adopting, moderating
from sipvote.recommendations.hearing_models import Adoption, MinorityNote, Remark
from tests.factories import a_facilitator, a_member, a_met_group, an_edition, an_organiser, some_presence
from tests.outcomes import a_draft, a_heard_draft, a_recommendation, a_remark, a_translation
from tests.queries import counted

HOSTILE = (
    "<script>alert(1)</script> [x](javascript:alert(1)) ![i](https://example.org/i.png)\n\n# Big\n\n"
    "<img src=x onerror=alert(1)> <a href='data:text/html,x'>y</a> **bold**"
)


@pytest.fixture
def ada(database):
    return a_member("Ada Peeters")


@pytest.fixture
def bas(database):
    return a_facilitator("gent")


@pytest.fixture
def bo(database):
    return a_member("Bo Smit")


@pytest.fixture
def group(bas, bo):
    return a_met_group(bo, edition=an_edition(Phase.RECOMMENDATIONS), facilitators=[bas])


@pytest.fixture
def draft(group):
    return a_draft(group, published=True)


@pytest.fixture
def guide(draft):
    return a_recommendation(draft)


def at(draft, rest=""):
    return f"/en/2026/drafts/{draft.id}/remarks{rest}"


def adoption_of(draft, rest=""):
    return f"/en/2026/drafts/{draft.id}/adoption{rest}"


def sent(words="Say for whom.", **values):
    return {"words": words, "language": "en", **values}


def remark_count():
    return db.session.scalar(select(func.count()).select_from(Remark))


class TestReading:
    def test_everybody_reads_the_text_and_what_was_said_of_it(self, client, draft, guide, ada):
        first = a_remark(draft, ada, "Say for **whom**.", about=guide)
        a_remark(draft, a_member("Bo Smit"), "For starters.", to=first)
        a_remark(draft, a_member("Cem Ay"), "Good.", answer="Thank *you*.")
        page = client.get(at(draft, f"/{guide.id}")).text
        assert "A guide for starters" in page and "Write one." in page and "It helps." in page
        assert "Say for <strong>whom</strong>." in page and "Ada Peeters" in page and "For starters." in page
        assert "Sign in to send a remark" in page and "Good." not in page
        overview = client.get(at(draft)).text
        assert "2 remarks, 1 not answered yet" in overview and "1 remark<" in overview
        assert "Thank <em>you</em>." in overview and "Taken up" in overview
        assert "Guidance (Ghent)" in overview

    def test_a_draft_that_is_not_published_is_not_there(self, client, browser_of, group, bas):
        draft = a_draft(group)
        for browser in (client, browser_of(bas), browser_of(an_organiser())):
            assert browser.get(at(draft)).status_code == 404

    def test_another_year_another_draft_and_another_recommendation_are_not_there(self, client, draft, guide, ada):
        an_edition(year=2025)
        remark = a_remark(draft, ada)
        other = a_recommendation(a_draft(a_met_group(edition=an_edition(year=2024)), published=True))
        for path in (f"/en/2025/drafts/{draft.id}/remarks", at(draft, f"/{other.id}"), at(draft, "/r/999999"),
                     f"/en/2024/drafts/{other.draft_id}/remarks/r/{remark.id}"):  # fmt: skip
            assert client.get(path).status_code == 404

    def test_filters_show_what_the_group_said(self, client, draft, ada):
        a_remark(draft, ada, "Open one")
        a_remark(draft, ada, "Done one", answer="Yes.")
        a_remark(draft, ada, "Refused one", answer="No.", taken_up=False)
        for show, shown in (("unanswered", "Open"), ("taken", "Done"), ("not_taken", "Refused")):
            page = client.get(at(draft, f"/whole?show={show}")).text
            assert [w for w in ("Open", "Done", "Refused") if f"{w} one" in page] == [shown]
        assert "All (3)" in page and "Not answered yet (1)" in page
        assert "Open one" in client.get(at(draft, "/whole?show=upside-down")).text

    def test_an_empty_list_says_what_comes_next(self, client, draft, guide):
        assert "There are no remarks yet." in client.get(at(draft, f"/{guide.id}")).text
        assert "No remark like that." in client.get(at(draft, f"/{guide.id}?show=taken")).text

    def test_hostile_markdown_stays_words(self, client, browser_of, draft, guide, ada, bas):
        first = a_remark(draft, ada, HOSTILE, about=guide, answer=HOSTILE)
        a_remark(draft, ada, HOSTILE, to=first)
        for browser in (client, browser_of(bas)):
            for path in (f"/{guide.id}", f"/r/{first.id}", ""):
                page = browser.get(at(draft, path)).text.partition("<main")[2].partition("</main>")[0]
                assert "<strong>bold</strong>" in page
                for bad in ("<script", 'href="javascript', "<img", 'href="data', "<a href='", "<h1>Big"):
                    assert bad not in page

    def test_another_language_is_marked(self, client, draft, guide, ada):
        a_translation(guide, "nl", "Een gids")
        a_remark(draft, ada, "Voor wie?", about=guide, language="nl", answer="Pour tous.", answer_language="fr")
        page = client.get(at(draft, f"/{guide.id}")).text
        assert '<div class="prose" lang="nl"><p>Voor wie?' in page and "in Dutch" in page
        assert 'lang="fr"><p>Pour tous.' in page
        dutch = client.get(at(draft, f"/{guide.id}").replace("/en/", "/nl/")).text
        assert '<div class="prose"><p>Voor wie?' in dutch and "Een gids" in dutch

    def test_five_hundred_remarks_take_as_many_queries_as_a_few(self, browser_of, draft, guide, ada, bas, bo):
        def some(count):
            people, moment = [ada.id, bas.id, bo.id], now()
            same = {"draft_id": draft.id, "recommendation_id": guide.id, "language": "en"}
            rows = [
                {
                    **same,
                    "member_id": people[n % 3],
                    "text": f"Said {n}",
                    "written_at": moment - timedelta(minutes=20 + n),
                }
                for n in range(count)
            ]
            db.session.execute(insert(Remark), rows)
            firsts = db.session.scalars(select(Remark.id).where(Remark.parent_id.is_(None)).order_by(Remark.id)).all()
            replies = [{**rows[0], "parent_id": first, "text": f"Reply to {first}"} for first in firsts[:count]]
            db.session.execute(insert(Remark), replies)

        def queries(browser, path):
            browser.get(path)
            with counted() as seen:
                assert browser.get(path).status_code == 200
            return len(seen)

        browsers = [browser_of(who) for who in (ada, bas, an_organiser())]
        pages = [
            (b, at(draft, path)) for b in browsers for path in ("", f"/{guide.id}", f"/{guide.id}?show=unanswered")
        ]
        pages += [(browsers[0], "/en/me"), (browsers[2], "/en/2026/remarks")]
        some(21)
        few = [queries(*page) for page in pages]
        some(250)
        assert remark_count() > 500
        assert [queries(*page) for page in pages] == few
        assert "Page 1 of" in browsers[0].get(at(draft, f"/{guide.id}")).text


class TestSending:
    def test_a_member_sends_a_remark_and_a_reply(self, browser_of, draft, guide, ada):
        browser = browser_of(ada)
        page = browser.post(at(draft, f"/{guide.id}/write"), data=sent(language="fr"), follow_redirects=True).text
        assert "Your remark is sent." in page and "Say for whom." in page
        remark = db.session.scalars(select(Remark)).one()
        assert (remark.recommendation_id, remark.member_id, remark.language) == (guide.id, ada.id, "fr")
        answer = browser.post(at(draft, f"/r/{remark.id}/reply"), data=sent("Or not."), follow_redirects=True).text
        assert "Your reply is sent." in answer and "Or not." in answer

    def test_what_was_typed_is_kept_when_it_is_refused(self, browser_of, client, draft, ada):
        browser, path = browser_of(ada), at(draft, "/whole/write")
        page = browser.post(path, data=sent("x" * 2001)).text
        assert "x" * 2001 in page and "at most 2000 characters" in page
        assert "Write your remark first." in browser.post(path, data=sent(" ")).text
        stranger = client.post(path, data=sent("My long thought")).text
        assert "no longer signed in" in stranger and "My long thought" in stranger
        draft.remarks_until = now()
        late = browser.post(path, data=sent("Too late")).text
        assert "You could send remarks until" in late and "Too late" in late
        assert remark_count() == 0

    def test_after_the_last_day_the_page_says_so(self, browser_of, client, draft, guide, ada):
        draft.remarks_until = now()
        for browser in (client, browser_of(ada)):
            page = browser.get(at(draft, f"/{guide.id}")).text
            assert "You could send remarks until" in page and "Send my remark" not in page and "Sign in to" not in page
        assert browser_of(ada).get(at(draft, "/whole/write")).status_code == 409
        assert "/sign-in" in client.get(at(draft, "/whole/write")).location

    @pytest.mark.parametrize("via", ["card", "kiosk"])
    def test_who_came_with_a_card_reads_and_sends_nothing(self, browser_of, draft, ada, via):
        browser = browser_of(ada)
        db.session.scalars(select(SignIn).where(SignIn.member_id == ada.id)).one().via = via
        first = a_remark(draft, a_member())
        page = browser.get(at(draft, "/whole"))
        assert page.status_code == 200 and "Send my remark" not in page.text and "Reply" not in page.text
        for path in ("/whole/write", f"/r/{first.id}/reply"):
            browser.post(at(draft, path), data=sent())
        assert browser.post(at(draft, f"/r/{first.id}/withdraw")).status_code == 403
        assert remark_count() == 1

    def test_one_changes_and_withdraws_ones_own(self, browser_of, draft, ada):
        browser, other = browser_of(ada), browser_of(a_member())
        remark = a_remark(draft, ada, written_at=now())
        assert "Say for whom." in browser.get(at(draft, f"/r/{remark.id}/change")).text
        assert other.get(at(draft, f"/r/{remark.id}/change")).status_code == 409
        page = browser.post(at(draft, f"/r/{remark.id}/change"), data=sent("For all?"), follow_redirects=True).text
        assert "For all?" in page and "changed on" in page
        assert other.post(at(draft, f"/r/{remark.id}/withdraw")).status_code == 409
        a_remark(draft, a_member(), "For all indeed.", to=remark)
        page = browser.post(at(draft, f"/r/{remark.id}/withdraw"), follow_redirects=True).text
        assert "For all?" not in page and "withdrawn by its author" in page and "For all indeed." in page

    def test_a_withdrawn_remark_without_replies_is_gone(self, client, draft, ada):
        remark = a_remark(draft, ada, "Never mind", withdrawn_at=now())
        assert "Never mind" not in client.get(at(draft, "/whole")).text
        assert client.get(at(draft, f"/r/{remark.id}")).status_code == 410


class TestAnswering:
    def test_the_group_answers_and_its_answer_stands_below(self, browser_of, client, draft, ada, bas, bo):
        remark = a_remark(draft, ada)
        path = at(draft, f"/r/{remark.id}/answer")
        assert "Answer for the group" in browser_of(bo).get(at(draft)).text
        assert "Answer for the group" not in browser_of(ada).get(at(draft)).text
        assert browser_of(ada).post(path, data=sent("Yes.", taken_up="yes", seen="")).status_code == 200
        assert db.session.get_one(Remark, remark.id).answered_at is None
        page = browser_of(bo).post(path, data=sent("See page two.", taken_up="yes", seen=""), follow_redirects=True)
        assert "its author gets a mail" in page.text
        stranger = client.get(at(draft, "/whole")).text
        assert "See page two." in stranger and "Taken up" in stranger and "Bo Smit" in stranger

    def test_an_answer_needs_a_choice_and_a_reason(self, browser_of, draft, ada, bas):
        path = at(draft, f"/r/{a_remark(draft, ada).id}/answer")
        page = browser_of(bas).post(path, data=sent("", seen="")).text
        assert "Choose whether you take it up." in page and "Write why" in page

    def test_who_answers_second_sees_both_and_may_replace(self, browser_of, draft, ada, bas, bo):
        remark = a_remark(draft, ada)
        path = at(draft, f"/r/{remark.id}/answer")
        browser_of(bo).post(path, data=sent("Bo’s answer", taken_up="yes", seen=""))
        browser = browser_of(bas)
        page = browser.post(path, data=sent("Bas’ answer", taken_up="no", seen="")).text
        assert "Bo Smit answered while this page was open" in page and "Bo’s answer" in page and "Bas’ answer" in page
        seen = page.partition('name="seen"')[2].partition('value="')[2].partition('"')[0]
        browser.post(path, data=sent("Bas’ answer", taken_up="no", seen=seen))
        db.session.expire_all()
        assert db.session.get_one(Remark, remark.id).answer == "Bas’ answer"


class TestModerating:
    def test_a_member_reports_and_an_organiser_hides_with_a_reason(self, browser_of, client, draft, ada, bo):
        remark, dre = a_remark(draft, ada, "Bo is wrong"), browser_of(an_organiser())
        reader = browser_of(bo)
        page = reader.post(
            at(draft, f"/r/{remark.id}/report"), data={"reason": "It is about me."}, follow_redirects=True
        )
        assert "The organisers look at this remark" in page.text and "You reported this." in page.text
        desk = dre.get("/en/2026/remarks?show=reported").text
        assert "Bo is wrong" in desk and "Reported by Bo Smit: It is about me." in desk
        assert "Write the reason." in dre.post(f"/en/2026/remarks/{remark.id}/hide", data={"reason": ""}).text
        dre.post(f"/en/2026/remarks/{remark.id}/hide", data={"reason": "No names, please."})
        assert "Bo is wrong" not in client.get(at(draft)).text + reader.get(at(draft)).text
        own = browser_of(ada).get(at(draft)).text
        assert "Bo is wrong" in own and "No names, please." in own
        assert "Show it again" in dre.get(at(draft)).text
        dre.post(f"/en/2026/remarks/{remark.id}/show-again")
        assert "Bo is wrong" in client.get(at(draft)).text

    def test_an_organiser_reads_today_what_was_reported_and_what_waits_for_an_answer(self, browser_of, draft, ada, bo):
        dre, cards = browser_of(an_organiser()), ("Reported remarks", "Remarks without an answer")
        assert not any(card in dre.get("/en/").text for card in cards)
        remark = a_remark(draft, ada, "For whom?")
        a_remark(draft, bo, "I agree.", to=remark)
        moderating.report(remark, bo.id, "Hm.")
        db.session.commit()
        page = dre.get("/en/").text
        assert all(card in page for card in cards) and not any(
            card in browser_of(ada).get("/en/").text for card in cards
        )
        assert "1 remark waits for an answer of its group." in page
        desk = dre.get("/en/2026/remarks?show=unanswered").text
        assert "For whom?" in desk and "I agree." not in desk
        remark.answered_at, remark.answer, remark.answer_language, remark.taken_up = now(), "Yes.", "en", True
        moderating.leave(remark, bo.id)
        db.session.commit()
        assert not any(card in dre.get("/en/").text for card in cards)

    def test_a_report_may_be_left_and_the_desk_is_for_organisers(self, browser_of, draft, ada, bo, bas):
        remark = a_remark(draft, ada)
        moderating.report(remark, bo.id, "Hm.")
        dre = browser_of(an_organiser())
        assert "The remark stays as it is." in dre.post(
            f"/en/2026/remarks/{remark.id}/leave", follow_redirects=True
        ).text  # fmt: skip
        assert "Nothing to look at." in dre.get("/en/2026/remarks?show=reported").text
        assert 'href="/en/2026/remarks"' in dre.get("/en/").text
        assert browser_of(bas).get("/en/2026/remarks").status_code == 403


class TestMine:
    def test_my_page_and_my_file_hold_what_i_said(self, browser_of, group, draft, guide, ada, bo):
        a_remark(draft, bo, "My remark", about=guide, answer="Thanks.")
        a_remark(draft, bo, "My withdrawn one", withdrawn_at=now(), written_at=now() - timedelta(days=1))
        a_remark(draft, ada, "Of another")
        db.session.add(MinorityNote(draft_id=draft.id, member_id=bo.id, language="en", text="No.", written_at=now()))
        browser = browser_of(bo)
        page = browser.get("/en/me").text
        assert "My remark" in page and "My withdrawn one" in page and "Of another" not in page
        facts = json.loads(browser.get("/en/me/data.json").text)
        assert [(r["text"], r["answer"]) for r in facts["remarks"]] == [
            ("My remark", "Thanks."), ("My withdrawn one", None),
        ]  # fmt: skip
        assert facts["minority notes"][0]["text"] == "No."


@pytest.fixture
def heard(group, bas, bo):
    some_presence(group, bo)
    return a_heard_draft(group)


def asked_of(draft):
    return db.session.scalars(select(Adoption).where(Adoption.draft_id == draft.id)).one()


class TestAdopting:
    def test_the_facilitator_asks_a_member_taps_and_the_text_is_adopted(
        self, browser_of, client, group, heard, bas, bo
    ):
        leads, sits, meeting = browser_of(bas), browser_of(bo), group.meetings[0].id
        assert "Ask whether they agree" in leads.get(adoption_of(heard)).text
        leads.post(adoption_of(heard, f"/{group.id}/open"), data={"meeting": meeting})
        asked = asked_of(heard)
        assert "Do you agree? Guidance" in sits.get("/en/").text
        page = sits.get(adoption_of(heard)).text
        assert "I do not agree" in page and "not a secret ballot" in page and "Close the question" not in page
        page = sits.post(adoption_of(heard, f"/asked/{asked.id}/agree"), follow_redirects=True).text
        assert "Your answer is kept." in page and "1 agrees · 0 do not · 0 abstain" in page
        assert "Bo Smit" not in client.get(adoption_of(heard)).text
        page = leads.post(adoption_of(heard, f"/asked/{asked.id}/close"), follow_redirects=True).text
        assert "The group has adopted the text." in page
        public = client.get(adoption_of(heard)).text
        assert "The text was adopted on" in public and "1 agrees" in public and "Bo Smit" not in public

    def test_an_answer_is_entered_for_somebody_and_taken_back_questions_end(self, browser_of, group, heard, bas, bo):
        leads = browser_of(bas)
        leads.post(adoption_of(heard, f"/{group.id}/open"), data={"meeting": group.meetings[0].id})
        asked = asked_of(heard)
        path = adoption_of(heard, f"/asked/{asked.id}/for/{bo.id}")
        assert leads.post(f"{path}/perhaps").status_code == 404
        leads.post(f"{path}/disagree")
        assert "entered for them" in leads.get(adoption_of(heard)).text
        assert browser_of(bo).post(f"{path}/agree").status_code == 409
        leads.post(adoption_of(heard, f"/asked/{asked.id}/take-back"))
        db.session.expire_all()
        assert asked.closed_at and asked.is_adopted is None

    def test_the_remarks_to_answer_first_are_listed(self, browser_of, group, heard, bas, ada):
        remark = a_remark(heard, ada)
        page = browser_of(bas).get(adoption_of(heard)).text
        assert "1 remark still waits for an answer" in page and at(heard, f"/r/{remark.id}/answer") in page
        gone = browser_of(bas).post(adoption_of(heard, f"/{group.id}/open"), data={"meeting": group.meetings[0].id})
        assert gone.status_code == 409

    def test_when_the_text_changes_the_page_says_so_and_asks_again(self, browser_of, group, heard, bas, bo):
        leads, meeting = browser_of(bas), {"meeting": group.meetings[0].id}
        leads.post(adoption_of(heard, f"/{group.id}/open"), data=meeting)
        heard.recommendations[0].original_text.text = "Write two."
        page = leads.get(adoption_of(heard)).text
        assert "The text has changed since" in page and "Ask whether they agree" in page
        leads.post(adoption_of(heard, f"/{group.id}/open"), data=meeting)
        asked, again = db.session.scalars(select(Adoption).order_by(Adoption.id))
        assert asked.closed_at and again.closed_at is None

    def test_nobody_from_outside_acts_and_organisers_open_it_again(
        self, browser_of, client, group, heard, bas, bo, ada
    ):
        asked = adopting.open_(heard, group, group.meetings[0], bas.id)
        for path in (f"/{group.id}/open", f"/asked/{asked.id}/agree", f"/asked/{asked.id}/close", "/note"):
            assert browser_of(ada).post(adoption_of(heard, path)).status_code == 404
        adopting.answer(asked, bo.id, True)
        adopting.close(asked, bas.id)
        assert "Open it again" not in browser_of(bas).get(adoption_of(heard)).text
        dre = browser_of(an_organiser())
        assert "Open it again" in dre.get(adoption_of(heard)).text
        dre.post(adoption_of(heard, "/reopen"))
        db.session.expire_all()
        assert heard.adopted_at is None

    def test_before_it_is_published_only_the_group_sees_the_page(self, browser_of, client, group, bas, ada):
        draft = a_draft(group)
        a_recommendation(draft)
        assert client.get(adoption_of(draft)).status_code == browser_of(ada).get(adoption_of(draft)).status_code == 404
        assert "Publish the draft for remarks first" in browser_of(bas).get(adoption_of(draft)).text

    def test_a_member_writes_a_note_that_everybody_reads_and_withdraws_it(self, browser_of, client, heard, bo, bas):
        guide, sits = heard.recommendations[0], browser_of(bo)
        path = adoption_of(heard, f"/note/{guide.id}")
        assert "Write your note first." in sits.post(path, data=sent("")).text
        page = sits.post(path, data=sent(f"Not **for** me. {HOSTILE}"), follow_redirects=True).text
        assert "Your note stands beside the text" in page and "Change my note" in page
        for where in (adoption_of(heard), at(heard, f"/{guide.id}")):
            public = client.get(where).text
            assert "Minority note by Bo Smit" in public and "Not <strong>for</strong> me." in public
            assert "<script>alert" not in public and "Change my note" not in public
        assert "Not **for** me." in sits.get(path).text
        note = db.session.scalars(select(MinorityNote)).one()
        assert browser_of(bas).post(adoption_of(heard, f"/notes/{note.id}/withdraw")).status_code == 409
        assert "Your note is withdrawn." in sits.post(
            adoption_of(heard, f"/notes/{note.id}/withdraw"), follow_redirects=True
        ).text  # fmt: skip
        assert "Minority note by" not in client.get(adoption_of(heard)).text


def test_the_worker_tells_the_facilitators_once(app, draft, ada, bas):
    a_remark(draft, ada)
    db.session.commit()
    worker.remind()
    worker.remind()
    assert db.session.scalar(select(func.count()).where(Letter.name == "new_remarks")) == 1


@pytest.mark.parametrize("code", ["nl", "fr"])
def test_every_page_stands_in_every_language(browser_of, group, heard, ada, bas, bo, code):
    guide = heard.recommendations[0]
    heard.remarks_until = now() + timedelta(days=1)
    remark = a_remark(heard, ada, about=guide, written_at=now())
    moderating.report(remark, bo.id, "Hm.")
    whose = {"change": ada, "report": bas, "answer": bas, "reply": bas}
    pages = [(who, at(heard, f"/r/{remark.id}/{word}")) for word, who in whose.items()]
    pages += [(bas, at(heard)), (bas, at(heard, f"/r/{remark.id}")), (bas, adoption_of(heard))]
    pages += [(ada, at(heard, f"/{guide.id}/write")), (bo, adoption_of(heard, "/note"))]
    dre = an_organiser()
    pages += [(dre, "/en/2026/remarks"), (dre, f"/en/2026/remarks/{remark.id}/hide")]
    for who, path in pages:
        page = browser_of(who).get(path.replace("/en/", f"/{code}/"))
        assert page.status_code == 200, path
        main = page.text.partition("<main")[2]
        assert not any(f">{word}<" in main for word in ("Remarks", "Reason", "Hide", "Reply", "Report", "Why")), path

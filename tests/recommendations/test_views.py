"""The pages of drafts: each as a stranger, a member, somebody of the group, an official."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.i18n import ZONE
from sipvote.recommendations import drafts, joining, unsaved, wording, writing
from sipvote.recommendations.hearing_models import Adoption, MinorityNote
from sipvote.recommendations.models import Draft, Recommendation
from sipvote.recommendations.writing_models import UnsavedText
from tests.factories import a_met_group, an_edition, in_phase, kept
from tests.outcomes import a_draft, a_recommendation, a_remark, a_translation, a_writer, some_text
from tests.queries import counted

ALL = "/en/2026/drafts"


def page_of(draft, rest=""):
    return f"{ALL}/{draft.id}{rest}"


def in_days(days):
    return (now() + timedelta(days=days)).astimezone(ZONE).date().isoformat()


def plain(page):
    """What a page says, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


@pytest.fixture
def published(draft, guide):
    draft.published_at, draft.remarks_until = now() - timedelta(days=1), now() + timedelta(days=9)
    db.session.flush()
    return draft


class TestReading:
    def test_a_draft_is_for_its_group_and_organisers_until_it_is_published(
        self, client, browser_of, draft, guide, bo, bas, dre, zoe
    ):
        assert "/sign-in" in client.get(page_of(draft)).location
        for who, code in ((bo, 200), (bas, 200), (dre, 200), (zoe, 404)):
            assert browser_of(who).get(page_of(draft)).status_code == code
        for part in (f"/{guide.id}/versions", "/together", "/publish"):
            assert browser_of(zoe).get(page_of(draft, part)).status_code == 404
        assert client.get(page_of(draft, f"/{guide.id}/versions")).status_code == 404
        assert "Guidance" not in client.get(ALL).text

    def test_a_published_draft_is_everybodys(self, client, published, guide):
        page = client.get(page_of(published)).text
        assert "A guide for starters" in page and "Open for remarks" in page and "New members" in page
        assert ">Change<" not in page and "Withdraw" not in page and "For the group" not in page
        assert "Guidance" in client.get(ALL).text
        assert client.get(page_of(published, f"/{guide.id}/versions")).status_code == 200

    def test_remarks_notes_adoption_and_the_thread_are_one_tap_away(self, client, published, guide, bo, zoe):
        a_remark(published, zoe, about=guide)
        a_remark(published, zoe, answer="Yes.")
        kept(MinorityNote(draft_id=published.id, recommendation_id=guide.id, member_id=bo.id, language="en",
                          text="It is too long.", written_at=now()))  # fmt: skip
        text = client.get(page_of(published)).text
        said = plain(text)
        assert "1 remark, 1 not answered yet · A guide for starters" in said
        assert "1 remark · The draft as a whole" in said
        assert "Minority note by Bo Smit" in said and "It is too long." in said
        addresses = [page_of(published, part) for part in (f"/remarks/{guide.id}", "/remarks/whole", "/adoption")]
        for address in (*addresses, f"/en/recommendations/{guide.id}", f"/en/threads/{published.theme_id}"):
            assert f'href="{address}"' in text, address
        for part in ("", f"/{guide.id}", "/whole"):
            assert f'href="{page_of(published)}' in client.get(page_of(published, f"/remarks{part}")).text

    def test_more_remarks_and_notes_take_no_more_queries(self, client, published, guide, ada, bo, zoe):
        def questions():
            client.get(page_of(published))
            with counted() as seen:
                client.get(page_of(published))
            return len(seen)

        def heard(*of):
            for about in of:
                a_remark(published, zoe, about=about)
                for member in (ada, bo):
                    kept(MinorityNote(draft_id=published.id, recommendation_id=about.id, member_id=member.id,
                                      language="en", text="No.", written_at=now()))  # fmt: skip

        heard(guide)
        few = questions()
        heard(*(a_recommendation(published, f"Recommendation {n}") for n in range(4)))
        assert questions() == few

    def test_a_withdrawn_recommendation_is_seen_by_the_group_alone(self, client, browser_of, published, guide, bo, zoe):
        guide.withdrawn_at = now()
        for browser in (client, browser_of(zoe)):
            assert "A guide for starters" not in browser.get(page_of(published)).text
            assert browser.get(page_of(published, f"/{guide.id}/versions")).status_code == 404
        assert "A guide for starters" in browser_of(bo).get(page_of(published)).text

    def test_a_translation_says_so_and_when_it_is_older(self, client, published, guide, ada):
        a_translation(guide, "nl", "Een gids")
        page = client.get(page_of(published).replace("/en/", "/nl/")).text
        assert "Een gids" in page and 'lang="en"' in page  # the original stands below it
        writing.save(guide, a_writer(ada), some_text(text="Write two."), "1")
        english = client.get(page_of(published)).text
        assert "older than the original" not in english
        dutch = client.get(page_of(published).replace("/en/", "/nl/")).text
        assert len(re.findall(r'class="tag warn"', dutch)) == 1
        assert re.search(
            r'class="tag info".*?</span>', client.get(page_of(published).replace("/en/", "/fr/")).text, re.S
        )

    def test_what_is_not_there_is_not_found(self, client, browser_of, published, guide, group, bas, edition):
        other = a_recommendation(a_draft(a_met_group(edition=edition)), "Elsewhere")
        bas_browser = browser_of(bas)
        versions = (f"/{other.id}/versions", f"/{guide.id}/versions?in=nl", f"/{guide.id}/versions?in=x")
        for rest in ("9", f"/{other.id}/write", *versions):
            assert bas_browser.get(page_of(published, rest)).status_code == 404, rest
        an_edition(Phase.THEMES, year=2027)
        assert client.get(page_of(published).replace("2026", "2027")).status_code == 404

    @pytest.mark.parametrize(
        ("phase", "said"), [(Phase.THEMES, "The groups write from"), (Phase.GROUPS, "The groups are writing"),
                            (Phase.STOCKTAKE, "No drafts were published")]
    )  # fmt: skip
    def test_an_empty_list_says_what_comes_next(self, client, edition, phase, said):
        in_phase(edition, phase)
        assert said in client.get(ALL).text

    def test_a_page_asks_no_more_because_a_draft_is_longer(self, client, browser_of, published, edition, bas):
        browser = browser_of(bas)
        for path in (ALL, page_of(published)):
            browser.get(path)
            with counted() as few:
                browser.get(path)
            for n in range(4):
                a_recommendation(published, f"More {n}")
                a_recommendation(a_draft(a_met_group(edition=edition, theme=published.theme), published=True))
            with counted() as many:
                browser.get(path)
            assert len(many) <= len(few) + 1, path  # one for the meetings of the groups that are new


class TestBeginning:
    def test_the_groups_pages_lead_to_the_draft_and_it_begins_with_one_tap(self, browser_of, group, bo, bas):
        way = f"/en/2026/drafts/of/{group.id}"
        for member, page in ((bo, f"/en/2026/groups/{group.id}/inside/"), (bas, f"/en/2026/facilitate/{group.id}")):
            assert f'href="{way}"' in browser_of(member).get(page).text
        browser = browser_of(bo)
        assert "Begin our draft" in browser.get(way).text
        answer = browser.post(f"{way}/begin")
        draft = drafts.of_group(group)
        assert answer.status_code == 303 and answer.location.endswith(page_of(draft))
        assert browser.get(way).location.endswith(page_of(draft))
        assert "Nothing is written yet" in browser.get(answer.location).text

    def test_before_its_time_the_page_says_from_when(self, browser_of, group, edition, bo):
        in_phase(edition, Phase.SIGNUP)
        assert "This will be possible from" in browser_of(bo).get(f"/en/2026/drafts/of/{group.id}").text

    def test_others_do_not_find_the_page(self, browser_of, group, zoe):
        assert browser_of(zoe).get(f"/en/2026/drafts/of/{group.id}").status_code == 404
        assert browser_of(zoe).post(f"/en/2026/drafts/of/{group.id}/begin").status_code == 404


class TestWriting:
    def test_a_recommendation_is_written_on_its_own_page(self, browser_of, draft, bo):
        browser = browser_of(bo)
        answer = browser.post(page_of(draft, "/add"), data={"language": "en", **some_text("Pay in May")})
        made = db.session.scalars(select(Recommendation)).one()
        assert answer.status_code == 303 and answer.location.endswith(f"{page_of(draft)}#r{made.id}")
        page = browser.get(page_of(draft)).text
        assert "1. <span>Pay in May</span>" in page and "The recommendation stands in the draft." in page

    def test_what_is_wrong_stands_at_the_field_and_what_was_typed_is_kept(self, browser_of, draft, bo):
        page = (
            browser_of(bo)
            .post(page_of(draft, "/add"), data={"language": "fr", **some_text("", text="Kept words")})
            .text
        )
        assert "Give the recommendation a title." in page and "Kept words" in page and 'value="fr"' in page
        long = browser_of(bo).post(page_of(draft, "/add"), data={"language": "fr", **some_text("x" * 161)}).text
        assert "write at most 160 characters. You wrote 161." in long

    def test_a_change_is_a_version_and_no_change_is_none(self, browser_of, draft, guide, bo):
        browser, address = browser_of(bo), page_of(draft, f"/{guide.id}/write")
        assert "Write one." in browser.get(address).text
        same = browser.post(address, data={"seen": "1", "language": "en", **some_text()}, follow_redirects=True).text
        assert "Nothing was different." in same
        page = browser.post(
            address, data={"seen": "1", "language": "en", **some_text(text="Write two.")}, follow_redirects=True
        ).text
        assert "Version 2 is saved." in page and "Write two." in page and "2 versions" in page

    def test_both_texts_stand_on_the_page_and_saving_again_makes_the_next_version(
        self, browser_of, draft, guide, ada, bo
    ):
        writing.save(guide, a_writer(ada), some_text(text="Ada wrote this."), "1")
        browser, address = browser_of(bo), page_of(draft, f"/{guide.id}/write")
        page = browser.post(address, data={"seen": "1", "language": "en", **some_text(text="Bo wrote that.")}).text
        assert "Ada Peeters saved this text" in page and "Ada wrote this." in page and "Bo wrote that." in page
        assert 'name="seen" type="hidden" value="2"' in page
        browser.post(address, data={"seen": "2", "language": "en", **some_text(text="Both.")})
        db.session.expire_all()
        assert [v.text for v in guide.versions] == ["Write one.", "Ada wrote this.", "Both."]

    def test_who_does_not_write_is_told_and_gets_the_text_back(self, client, browser_of, draft, guide, dre, zoe):
        sent = {"seen": "1", "language": "en", **some_text(text="Long work")}
        for path in ("/add", f"/{guide.id}/write"):
            assert "/sign-in" in client.get(page_of(draft, path)).location
            assert browser_of(dre).get(page_of(draft, path)).status_code == 409
            for browser, why in ((client, "no longer signed in"), (browser_of(zoe), "people in the group")):
                page = browser.post(page_of(draft, path), data=sent).text
                assert why in page and "Long work" in page
        assert len(guide.versions) == 1 and db.session.scalar(select(func.count()).select_from(Recommendation)) == 1

    def test_a_stranger_learns_nothing_from_the_page_that_brings_a_text_back(self, client, draft, guide, ada):
        writing.save(guide, a_writer(ada), some_text("Secret title", text="Secret text"), "1")
        page = client.post(
            page_of(draft, f"/{guide.id}/write"), data={"seen": "1", "language": "en", **some_text("Mine")}
        ).text
        assert "Secret" not in page and "Mine" in page

    def test_a_page_that_was_open_for_too_long_brings_back_what_was_typed(self, app, browser_of, draft, guide, bo):
        browser = browser_of(bo)
        app.config["WTF_CSRF_ENABLED"] = True
        for path in ("/add", f"/{guide.id}/write"):
            page = browser.post(
                page_of(draft, path), data={"seen": "1", "language": "en", **some_text(text="Long work")}
            ).text
            assert "Your text is still here" in page and "Long work" in page
        assert len(guide.versions) == 1

    def test_what_is_typed_is_kept_and_comes_back_until_it_is_saved(self, browser_of, draft, guide, bo, ada):
        browser, here = browser_of(bo), page_of(draft, f"/{guide.id}")
        assert f'data-keep-url="{here}/keep"' in browser.get(f"{here}/write").text
        answer = browser.post(f"{here}/keep", data={"seen": "1", "language": "en", **some_text(text="Half a senten")})
        assert "Kept at" in answer.json["said"]
        assert (
            "Half a senten" in browser.get(f"{here}/write").text and "Brought back" in browser.get(f"{here}/write").text
        )
        assert "Half a senten" not in browser_of(ada).get(f"{here}/write").text
        browser.post(f"{here}/write", data={"seen": "1", "language": "en", **some_text(text="Half a sentence.")})
        assert db.session.scalars(select(UnsavedText)).all() == []

    def test_what_was_kept_can_be_thrown_away(self, browser_of, draft, guide, bo):
        browser = browser_of(bo)
        for path in ("", f"/{guide.id}"):
            browser.post(page_of(draft, f"{path}/keep"), data={"language": "en", "seen": "1", **some_text("Half")})
            page = browser.post(page_of(draft, f"{path}/forget"), follow_redirects=True).text
            assert "is thrown away" in page and 'value="Half"' not in page

    def test_kept_words_know_which_version_they_began_from(self, browser_of, draft, guide, ada, bo):
        unsaved.keep(draft, guide, a_writer(bo), some_text(text="Bo half"), "1", "en")
        writing.save(guide, a_writer(ada), some_text(text="Ada wrote this."), "1")
        page = browser_of(bo).get(page_of(draft, f"/{guide.id}/write")).text
        assert "Bo half" in page and 'name="seen" type="hidden" value="1"' in page  # saving then shows both

    def test_keeping_is_refused_in_words(self, browser_of, draft, dre):
        answer = browser_of(dre).post(page_of(draft, "/keep"), data=some_text("Half"))
        assert answer.status_code == 409 and "people in the group" in answer.json["why"]


class TestArranging:
    def test_the_secretary_moves_withdraws_and_brings_back(self, browser_of, draft, guide, ada):
        second = a_recommendation(draft, "Pay in May")
        browser = browser_of(ada)
        browser.post(page_of(draft, f"/{second.id}/up"))
        browser.post(page_of(draft, f"/{second.id}/down"))
        browser.post(page_of(draft, f"/{second.id}/up"))
        page = browser.post(page_of(draft, f"/{guide.id}/withdraw"), follow_redirects=True).text
        assert "1. <span>Pay in May</span>" in page and "can come back" in page
        page = browser.post(page_of(draft, f"/{guide.id}/bring-back"), follow_redirects=True).text
        assert "2. <span>A guide for starters</span>" in page

    def test_who_only_writes_sees_no_such_buttons_and_is_refused(self, browser_of, draft, guide, bo):
        browser = browser_of(bo)
        page = browser.get(page_of(draft)).text
        assert ">Change<" in page and "Withdraw" not in page and "Publish for remarks" not in page
        for act in ("up", "down", "withdraw", "bring-back"):
            assert browser.post(page_of(draft, f"/{guide.id}/{act}")).status_code == 409


class TestPublishing:
    def test_it_is_published_until_a_day_that_is_proposed(self, browser_of, client, draft, guide, bas):
        browser = browser_of(bas)
        assert f'value="{in_days(10)}"' in browser.get(page_of(draft, "/publish")).text  # half of what is left
        page = browser.post(page_of(draft, "/publish"), data={"until": in_days(14)}, follow_redirects=True).text
        assert "The draft is published." in page
        db.session.expire_all()
        assert draft.remarks_until.astimezone(ZONE).strftime("%Y-%m-%d %H:%M") == f"{in_days(14)} 23:59"
        assert client.get(page_of(draft)).status_code == 200

    @pytest.mark.parametrize(
        ("until", "said"), [("", "Choose a day"), ("x", "2026-11-12"), ("2020-01-01", "three days")]
    )
    def test_a_wrong_day_is_told_at_the_field(self, browser_of, draft, guide, bas, until, said):
        assert said in browser_of(bas).post(page_of(draft, "/publish"), data={"until": until}).text
        assert db.session.get(Draft, draft.id).published_at is None

    def test_more_time_and_taking_back(self, browser_of, client, published, bas):
        browser = browser_of(bas)
        assert "until" in browser.get(page_of(published, "/extend")).text
        assert "Choose a later day" in browser.post(page_of(published, "/extend"), data={"until": in_days(5)}).text
        page = browser.post(page_of(published, "/extend"), data={"until": in_days(30)}, follow_redirects=True).text
        assert "more time for remarks" in page
        page = browser.post(page_of(published, "/take-back"), follow_redirects=True).text
        assert "own again" in page and "Not published yet" in page
        assert client.get(page_of(published)).status_code == 302

    def test_members_do_not_publish(self, browser_of, published, draft, guide, bo):
        for path in ("/extend", "/take-back"):
            assert browser_of(bo).post(page_of(draft, path)).status_code == 409
        draft.published_at = draft.remarks_until = None
        assert browser_of(bo).get(page_of(draft, "/publish")).status_code == 409


class TestVersions:
    def test_what_changed_is_seen_and_heard(self, browser_of, draft, guide, ada, bo):
        writing.save(guide, a_writer(bo), some_text(text="Write one guide for all of us."), "1")
        writing.save(guide, a_writer(bo), some_text(text="Write two <b> guides for all of us."), "2")
        page = browser_of(ada).get(page_of(draft, f"/{guide.id}/versions")).text
        assert '<del><span class="visually-hidden">removed: </span>one guide<span' in page
        assert "<ins><span" in page and "two &lt;b&gt; guides" in page
        assert "Bo Smit · Ghent" in page and "What changed from version 2 to 3" in page

    def test_two_versions_are_chosen_and_an_earlier_one_taken_again(self, browser_of, draft, guide, ada):
        for n in (2, 3):
            writing.save(guide, a_writer(ada), some_text(text=f"Write {n}."), f"{n - 1}")
        browser, here = browser_of(ada), page_of(draft, f"/{guide.id}/versions")
        assert "from version 1 to 3" in browser.get(f"{here}?from=1&to=3").text
        assert "from version 2 to 3" in browser.get(f"{here}?from=x&to=99999999999").text
        page = browser.post(f"{here}/1/take", data={"seen": "3"}, follow_redirects=True).text
        assert "The words of version 1 stand again, as version 4." in page
        assert browser.post(f"{here}/1/take", data={"seen": "3"}).status_code in (303, 409)
        assert len(db.session.get(Recommendation, guide.id).versions) == 4

    def test_others_read_the_group_and_no_names(self, client, published, guide, ada):
        writing.save(guide, a_writer(ada), some_text(text="Write two."), "1")
        page = client.get(page_of(published, f"/{guide.id}/versions")).text
        assert "Ada Peeters" not in page and "Ghent" in page and "Take these words again" not in page

    def test_a_translation_has_its_own_versions(self, client, published, guide):
        a_translation(guide, "nl", "Een gids")
        page = plain(client.get(page_of(published, f"/{guide.id}/versions?in=nl")).text)
        assert "Een gids" in page and "Translation from English" in page


class TestTogether:
    def test_asked_answered_and_left_on_the_pages(self, browser_of, draft, guide, other, eva, bas):
        liege, gent = browser_of(eva), browser_of(bas)
        begin = f"{ALL}/of/{other.id}"
        assert "Ask Ghent" in liege.get(begin).text
        page = liege.post(page_of(draft, f"/together/{other.id}/ask"), follow_redirects=True).text
        assert "You asked to write with Ghent." in page
        assert "asks to write in this draft" in gent.get(page_of(draft)).text
        assert "asks to write with you" in gent.get("/en/").text
        page = gent.post(page_of(draft, f"/together/{other.id}/accept"), follow_redirects=True).text
        assert "Ghent and Liège" in page
        page = liege.post(page_of(draft, f"/together/{other.id}/leave"), follow_redirects=True).text
        assert "a draft of its own again" in page

    def test_asking_no_longer_and_no(self, browser_of, draft, other, eva, bas):
        liege, gent = browser_of(eva), browser_of(bas)
        liege.post(page_of(draft, f"/together/{other.id}/ask"))
        assert (
            "no longer ask" in liege.post(page_of(draft, f"/together/{other.id}/take-back"), follow_redirects=True).text
        )
        assert joining.request_of(other) is None
        liege.post(page_of(draft, f"/together/{other.id}/ask"))
        assert "You said no." in gent.post(page_of(draft, f"/together/{other.id}/decline"), follow_redirects=True).text
        assert drafts.of_group(other) is None

    def test_an_organiser_joins_without_a_request(self, browser_of, draft, other, dre):
        browser = browser_of(dre)
        assert "Join Liège" in browser.get(page_of(draft, "/together")).text
        browser.post(page_of(draft, f"/together/{other.id}/accept"))
        assert drafts.of_group(other).id == draft.id

    def test_others_have_nothing_to_say(self, browser_of, published, group, other, zoe, bo):
        assert browser_of(zoe).get(page_of(published, "/together")).status_code == 404
        assert browser_of(bo).post(page_of(published, f"/together/{other.id}/ask")).status_code == 404
        for act in ("accept", "decline", "leave"):
            assert browser_of(zoe).post(page_of(published, f"/together/{group.id}/{act}")).status_code == 409


class TestDesk:
    def test_an_organiser_sees_what_is_missing_and_translates(self, browser_of, published, guide, dre):
        browser = browser_of(dre)
        page = plain(browser.get(f"{ALL}/desk").text)
        assert "2 texts missing" in page and "A guide for starters" in page
        address = f"{ALL}/desk/{published.id}/{guide.id}/nl"
        assert "Write one." in browser.get(address).text  # the original stands beside it
        page = browser.post(address, data={"seen": "", **some_text("Een gids")}, follow_redirects=True).text
        assert "The text in Dutch is saved." in page and "1 texts missing" in plain(page)

    def test_what_changed_in_the_original_is_shown(self, browser_of, published, guide, ada, dre):
        a_translation(guide, "nl", "Een gids")
        writing.save(guide, a_writer(ada), some_text(text="Write two."), "1")
        browser = browser_of(dre)
        assert "older than the original" in browser.get(f"{ALL}/desk?show=to_do").text
        page = browser.get(f"{ALL}/desk/{published.id}/{guide.id}/nl").text
        assert "removed: " in page and "Older than the original" in page

    def test_nobody_overwrites_a_translation_unseen(self, browser_of, published, guide, dre):
        a_translation(guide, "nl", "Een gids")
        page = (
            browser_of(dre)
            .post(f"{ALL}/desk/{published.id}/{guide.id}/nl", data={"seen": "", **some_text("Gids")})
            .text
        )
        assert "What was saved meanwhile" in page and "Een gids" in page and 'value="Gids"' in page

    def test_the_original_is_the_groups(self, browser_of, published, guide, dre):
        browser = browser_of(dre)
        assert browser.get(f"{ALL}/desk/{published.id}/{guide.id}/en").status_code == 409
        assert browser.get(f"{ALL}/desk/{published.id}/{guide.id}/de").status_code == 404

    def test_an_empty_desk_says_so(self, browser_of, edition, dre):
        assert "They appear here" in browser_of(dre).get(f"{ALL}/desk").text
        assert browser_of(dre).get(f"{ALL}/desk?show=sideways").status_code == 200


class TestToday:
    def test_who_has_to_write_is_told(self, browser_of, group, bo):
        assert "has not begun its recommendations" in browser_of(bo).get("/en/").text
        a_draft(group)
        assert "Only your group reads it so far" in browser_of(bo).get("/en/").text

    def test_while_groups_meet_it_waits_for_the_first_meeting(self, browser_of, group, edition, bo):
        in_phase(edition, Phase.GROUPS)
        assert "has not begun its recommendations" in browser_of(bo).get("/en/").text
        for meeting in group.meetings:
            meeting.starts_at += timedelta(days=30)
            meeting.ends_at += timedelta(days=30)
        assert "recommendations yet" not in browser_of(bo).get("/en/").text

    def test_everybody_is_told_of_drafts_that_are_open(self, client, browser_of, published, zoe):
        for browser in (client, browser_of(zoe)):
            assert "1 draft is open for remarks, the first until" in browser.get("/en/").text
        published.remarks_until = now() - timedelta(hours=1)
        assert "open for remarks" not in client.get("/en/").text

    def test_organisers_are_told_what_is_to_be_translated(self, browser_of, published, dre):
        assert "2 texts are missing or older" in browser_of(dre).get("/en/").text
        published.published_at = published.remarks_until = None
        assert "texts are missing" not in browser_of(dre).get("/en/").text

    def test_the_group_is_told_when_remarks_are_over(self, browser_of, published, ada):
        published.remarks_until = now() - timedelta(hours=1)
        assert "The time for remarks is over" in browser_of(ada).get("/en/").text
        published.adopted_at = now()
        assert "The time for remarks is over" not in browser_of(ada).get("/en/").text


def test_ones_own_data_tell_what_one_wrote_and_has_not_saved(browser_of, draft, guide, bo):
    writing.save(guide, a_writer(bo), some_text(text="Write two."), "1")
    unsaved.keep(draft, None, a_writer(bo), some_text("Half"), "", "en")
    data = browser_of(bo).get("/en/me/data.json").json
    assert [(t["title"], t["version"]) for t in data["recommendations written"]] == [("A guide for starters", 2)]
    assert [t["title"] for t in data["recommendations not saved"]] == ["Half"]


class TestWhileTheGroupIsAsked:
    @pytest.fixture
    def asked(self, published, guide, group):
        made = Adoption(
            draft_id=published.id, workgroup_id=group.id, digest=wording.digest_of(published), opened_at=now()
        )
        return kept(made)

    def test_the_page_says_beforehand_what_another_word_does(self, browser_of, published, guide, asked, bo, zoe):
        for part in ("", f"/{guide.id}/write", "/add"):
            assert "those answers count no more" in browser_of(bo).get(page_of(published, part)).text, part
        assert "those answers count no more" not in browser_of(zoe).get(page_of(published)).text

    def test_and_says_afterwards_what_it_did(self, browser_of, published, guide, asked, bo):
        mine, page = browser_of(bo), page_of(published, f"/{guide.id}/write")
        sent = {**some_text(), "seen": "1", "language": "en"}
        assert "counts no more" not in mine.post(page, data=sent, follow_redirects=True).text  # the same words
        answer = mine.post(page, data={**sent, "text": "Write two."}, follow_redirects=True)
        assert "what the group Ghent said about it counts no more" in answer.text


def test_my_page_leads_to_the_drafts_of_my_groups(browser_of, draft, ada, zoe):
    address = f'href="/en/2026/drafts/{draft.id}"'
    assert address in browser_of(ada).get("/en/me").text
    assert address not in browser_of(zoe).get("/en/me").text

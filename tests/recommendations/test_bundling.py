"""The bundle: adopted texts in one document, numbered and frozen once, with a digest that anybody can work out."""

import hashlib
import json
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from sipvote import audit
from sipvote.db import db, now
from sipvote.editions.models import Edition, Phase
from sipvote.errors import Refused
from sipvote.i18n import LANGUAGES, in_language
from sipvote.mail import Letter
from sipvote.members.models import Member
from sipvote.recommendations import adopting, bundle_content, bundle_text, bundling, translating
from sipvote.recommendations.hearing_models import Bundle, MinorityNote, Remark
from sipvote.recommendations.models import Draft, Recommendation
from sipvote.themes.models import Theme
from tests.factories import (
    a_board_member,
    a_group,
    a_member,
    a_theme,
    an_attended_group,
    an_edition,
    an_organiser,
    kept,
)
from tests.outcomes import a_decision, a_draft, a_recommendation, a_translation, an_old_recommendation
from tests.reading import bare, docx_text, html_text, pdf_text
from tests.workgroups.test_race import at_once

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def edition() -> Edition:
    return an_edition(Phase.RECOMMENDATIONS, year=2025, meetings=1)


def a_theme_with(edition: Edition, title: str, *counts: int, city: str = "gent") -> Theme:
    """A theme with one adopted draft for each count, of so many recommendations."""
    theme = a_theme(edition, title, elected_at=now())
    for number, count in enumerate(counts):
        draft = a_draft(a_group(edition, theme, city), adopted=True)
        for n in range(count):
            a_recommendation(draft, f"{title} {number}.{n}")
    return theme


def submitted(edition: Edition) -> Bundle:
    bundle = bundling.submit(edition, an_organiser().id)
    db.session.commit()
    return bundle


def document_in(code: str, edition: Edition) -> str:
    bundle = bundling.of_edition(edition)
    with in_language(code):
        made = bundle_text.document(bundling.content(edition, bundle), bundle.digest if bundle else None)
    return json.dumps([block.__dict__ for block in made.blocks], ensure_ascii=False)


# --- Submitting ---------------------------------------------------------------------------------------


def test_numbers_go_by_theme_draft_and_position_without_gaps(edition):
    a_theme_with(edition, "Fees", 2, 1)
    a_theme_with(edition, "Guidance", 2, city="luik")
    gone = db.session.scalars(select(Recommendation).order_by(Recommendation.id)).first()
    gone.withdrawn_at = now()
    submitted(edition)
    rows = select(Recommendation).where(Recommendation.number.is_not(None)).order_by(Recommendation.number)
    found = db.session.scalars(rows).all()
    assert [(each.number, str(each)) for each in found] == [
        (1, "Fees 0.1"), (2, "Fees 1.0"), (3, "Guidance 0.0"), (4, "Guidance 0.1"),
    ]  # fmt: skip
    assert gone.number is None


def test_numbers_follow_those_that_the_year_has_already(edition):
    an_old_recommendation(year=2025, number=7)
    an_old_recommendation(year=2024, number=99)
    a_theme_with(edition, "Fees", 2)
    submitted(edition)
    drafted = select(Recommendation.number).where(Recommendation.draft_id.is_not(None))
    assert sorted(db.session.scalars(drafted)) == [8, 9]


def test_the_digest_is_that_of_the_stored_content_and_of_the_file(edition, client):
    a_theme_with(edition, "Fées “œuvre”", 1)
    bundle = submitted(edition)
    assert bundle.digest == hashlib.sha256(bundle.content.encode()).hexdigest()
    assert bundling.canonical(json.loads(bundle.content)) == bundle.content
    digest = bundle.digest
    assert hashlib.sha256(client.get("/en/2025/bundle/bundle.json").data).hexdigest() == digest
    assert digest in client.get("/en/2025/bundle").text


def test_what_is_frozen_stays_when_themes_names_texts_and_people_change(edition):
    theme = a_theme_with(edition, "Fees", 1)
    (each,) = db.session.scalars(select(Recommendation)).all()
    note = kept(MinorityNote(draft=each.draft, recommendation=each, member=a_member("Ada Peeters"), language="en",
                             text="I disagree.", written_at=now()))  # fmt: skip
    bundle = submitted(edition)
    before = bundle.content, [document_in(code, edition) for code in LANGUAGES]
    theme.texts[0].title = "Other"
    each.text.title, each.text.text = "Other", "Other"
    note.member.name, note.text, each.withdrawn_at = "Other", "Other", now()
    each.groups[0].cities[0].name_en = "Other"
    for group in each.draft.groups:
        group.cancelled_at = now()
    a_translation(each, "fr", "Autre")
    a_recommendation(each.draft, "One more")
    db.session.commit()
    db.session.expire_all()
    bundle = bundling.of_edition(edition)
    assert before == (bundle.content, [document_in(code, edition) for code in LANGUAGES])
    assert bundle.digest == bundling.digest_of(bundle.content)


def test_nothing_is_submitted_without_an_adopted_recommendation_or_twice(edition):
    a_recommendation(a_draft(a_group(edition), published=True))
    with pytest.raises(Refused, match="nothing to submit"):
        bundling.submit(edition, an_organiser().id)
    a_draft(a_group(edition), adopted=True)
    with pytest.raises(Refused, match="nothing to submit"):
        bundling.submit(edition, an_organiser().id)
    a_theme_with(edition, "Fees", 1)
    submitted(edition)
    with pytest.raises(Refused, match="was submitted on"):
        bundling.submit(edition, an_organiser().id)


def test_who_had_the_page_open_before_it_was_submitted_translates_it_no_more(edition):
    a_theme_with(edition, "Fees", 1)
    first = db.session.scalars(select(Recommendation)).one()
    a_translation(first, "nl", "Tarieven")
    assert first.draft.adopted_at and first.number is None
    elsewhere = update(Recommendation).values(number=1).execution_options(synchronize_session=False)
    db.session.execute(elsewhere)  # somebody else's act: this session still thinks that it has no number
    assert first.number is None
    words = {"title": "Andere tarieven", "text": "Schrijf.", "why": "", "for_whom": ""}
    with pytest.raises(Refused, match="handed to the board"):
        translating.translate(first, "nl", words, "1", an_organiser().id)


def test_who_opens_a_text_again_while_it_is_submitted_waits_and_is_refused(app, edition):
    a_theme_with(edition, "Fees", 1)
    draft_id, year_id, by = db.session.scalars(select(Draft.id)).one(), edition.id, an_organiser().id
    is_numbered = threading.Event()

    def submit():
        bundling.submit(db.session.get_one(Edition, year_id), by)
        is_numbered.set()
        time.sleep(0.5)  # not committed yet

    def reopen():
        is_numbered.wait(30)
        adopting.reopen(db.session.get_one(Draft, draft_id), by)

    outcomes = at_once(app, [submit, reopen])
    assert isinstance(outcomes[1], Refused) and outcomes[0] is None, outcomes
    assert db.session.get_one(Draft, draft_id).adopted_at is not None


def test_two_submissions_at_once_make_one(app, edition):
    a_theme_with(edition, "Fees", 3)
    people, year_id = [an_organiser().id, an_organiser().id], edition.id
    a_board_member()
    db.session.commit()
    barrier, outcomes = threading.Barrier(2), []

    def run(by: int) -> None:
        with app.app_context():
            barrier.wait()
            try:
                bundling.submit(db.session.get_one(Edition, year_id), by)
                db.session.commit()
                outcomes.append("ok")
            except Exception as fault:  # noqa: BLE001  (the test looks at it)
                db.session.rollback()
                outcomes.append(type(fault).__name__)

    threads = [threading.Thread(target=run, args=(by,)) for by in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    db.session.expire_all()
    assert sorted(outcomes) == ["Refused", "ok"]
    assert sorted(db.session.scalars(select(Recommendation.number))) == [1, 2, 3]
    assert db.session.scalar(select(func.count()).select_from(Letter)) == 1
    acts = db.session.scalars(select(audit.Entry.act).order_by(audit.Entry.id)).all()
    assert acts == ["submit bundle"]


def test_every_board_member_gets_one_mail_in_their_language_after_the_commit(edition):
    chloe, other = a_board_member(language="fr"), a_board_member(language="nl")
    a_member("Ada Peeters")
    a_theme_with(edition, "Fees", 2)
    bundle = submitted(edition)
    letters = db.session.scalars(select(Letter).order_by(Letter.id)).all()
    assert [letter.member_id for letter in letters] == [chloe.id, other.id]
    assert "remises au conseil" in letters[0].subject and "ingediend bij de raad" in letters[1].subject
    assert all(bundle.digest in letter.body and "/2025/bundle" in letter.body for letter in letters)


# --- Taking back --------------------------------------------------------------------------------------


def test_a_bundle_is_taken_back_and_submitted_again_with_other_numbers_and_a_new_mail(edition):
    a_board_member()
    theme = a_theme_with(edition, "Fees", 2)
    first = submitted(edition).digest
    bundling.take_back(edition, an_organiser().id)
    assert db.session.scalars(select(Recommendation.number)).all() == [None, None]
    bundle = bundling.of_edition(edition)
    assert (bundle.submitted_at, bundle.digest, bundle.content) == (None, None, None)
    theme.texts[0].title = "Fair fees"
    second = submitted(edition).digest
    assert first != second and db.session.scalar(select(func.count()).select_from(Letter)) == 2
    assert db.session.scalars(select(audit.Entry.act).order_by(audit.Entry.id)).all() == [
        "submit bundle", "take back bundle", "submit bundle",
    ]  # fmt: skip
    with pytest.raises(Refused):
        bundling.take_back(an_edition(year=2024), an_organiser().id)


def test_a_bundle_stays_once_a_decision_is_drafted(edition):
    a_theme_with(edition, "Fees", 1)
    submitted(edition)
    assert bundling.why_not_take_back(edition) is None
    a_decision(db.session.scalars(select(Recommendation)).one(), published=False)
    with pytest.raises(Refused, match="begun to decide"):
        bundling.take_back(edition, an_organiser().id)


# --- What is in it ------------------------------------------------------------------------------------


def test_the_document_tells_everything_that_the_board_needs(edition):
    group = an_attended_group(edition, "cccc", theme=a_theme(edition, "Guidance", elected_at=now()))
    draft = a_draft(group, adopted=True)
    first = a_recommendation(draft, "A guide", text="Write **one**:\n\n- short\n- clear", why="It helps.")
    ada, bas = a_member("Ada Peeters"), a_member("Bas Claes")
    kept(MinorityNote(draft=draft, recommendation=first, member=ada, language="en", text="Too long.", written_at=now()))
    kept(MinorityNote(draft=draft, member=bas, language="en", text="Gone.", written_at=now(), withdrawn_at=now()))
    words = {"draft": draft, "member": bas, "language": "en", "written_at": now() - timedelta(days=3)}
    answered = {"answered_at": now(), "answer": "Yes, we did."}
    remark = kept(
        Remark(**words, recommendation=first, text="Add prices.", taken_up=True, answer_language="en", **answered)
    )
    kept(Remark(**words, parent_id=remark.id, text="I agree."))
    kept(Remark(**words, text="What of clients?"))
    kept(Remark(**words, text="Rude.", hidden_at=now(), hidden_reason="Rude."))
    a_group(edition, a_theme(edition, "Late", elected_at=now()), "luik")
    kept(Bundle(edition=edition, foreword_en="Dear *board*,"))
    text = document_in("en", edition)
    for said in ("Dear board,", '["Theme: Guidance", 1], ["Recommendation 1. A guide", 2]',
                 '["Ghent", "4", "1"]', '"short", "clear"',
                 "It helps.", "For whom: New members", "Minority note by Ada Peeters", "Too long.",
                 "Members made 2 remarks. 1 was taken up.", "On recommendation 1: Add prices.",
                 "Taken up: Yes, we did.", "Late, Liège: has not begun to write",
                 "Draft: not submitted yet"):  # fmt: skip
        assert said in text, said
    for kept_out in ("Gone.", "Rude.", "I agree.", "**", "Bas Claes"):
        assert kept_out not in text, kept_out


def test_a_text_that_is_not_translated_is_shown_in_its_own_language_and_says_so(edition):
    a_theme_with(edition, "Fees", 2)
    a_translation(db.session.scalars(select(Recommendation)).first(), "fr", "Honoraires")
    text = document_in("fr", edition)
    assert "Honoraires" in text and "Fees 0.1" in text and "Fees 0.0" not in text
    assert bundle_content.untranslated(bundling.content(edition, None)) == 2


def test_how_far_missing_groups_are(edition):
    theme = a_theme(edition, "Fees", elected_at=now())
    a_draft(a_group(edition, theme))
    a_draft(a_group(edition, theme), published=True)
    a_draft(a_group(edition, theme), adopted=True)
    a_group(edition, theme)
    a_group(edition, theme, cancelled_at=now())
    assert [each["far"] for each in bundling.content(edition, None)["missing"]] == ["draft", "published", "none"]


# --- The pages ----------------------------------------------------------------------------------------


def test_nobody_but_organisers_reads_it_before_it_is_submitted(edition, client, browser_of):
    a_theme_with(edition, "Secret fees", 1)
    a_board_member()
    for browser in (client, browser_of(a_member()), browser_of(a_board_member())):
        page = browser.get("/en/2025/bundle").text
        assert "not submitted yet" in page and "Secret fees" not in page
        for ending in ("html", "pdf", "docx", "json"):
            assert browser.get(f"/en/2025/bundle/bundle.{ending}").status_code == 404
    page = browser_of(an_organiser()).get("/en/2025/bundle").text
    assert "Secret fees 0.0" in page and "Draft: not submitted yet" in page


def test_an_organiser_writes_the_foreword_looks_and_submits(edition, browser_of, client):
    a_theme_with(edition, "Fees", 2)
    browser = browser_of(an_organiser())
    empty = bundling.seen_of(None)
    words = {"foreword_en": "Dear board,", "foreword_nl": "Beste raad,", "foreword_fr": "", "seen": empty}
    assert browser.post("/en/2025/bundle/foreword", data=words).status_code == 303
    late = browser.post("/en/2025/bundle/foreword", data={**words, "foreword_en": "Mine"})
    assert "Somebody changed this text" in late.text and "Mine" in late.text
    sure = browser.get("/en/2025/bundle/submit").text
    assert "2 recommendations go to the board" in sure and "not in all three languages" in sure
    assert browser.post("/en/2025/bundle/submit").status_code == 303
    assert "Dear board," in client.get("/en/2025/bundle").text
    assert "Beste raad," in client.get("/nl/2025/bundle?language=nl").text
    assert browser.get("/en/2025/bundle/submit").status_code == 409
    assert browser.get("/en/2025/bundle/foreword").status_code == 409
    assert browser.post("/en/2025/bundle/submit", headers={"Referer": "/en/2025/bundle"}).status_code == 303
    assert sorted(db.session.scalars(select(audit.Entry.act))) == ["submit bundle", "write foreword"]


def test_an_organiser_takes_it_back_after_a_question(edition, browser_of, client):
    a_theme_with(edition, "Fees", 1)
    submitted(edition)
    browser = browser_of(an_organiser())
    assert "Take the bundle back" in browser.get("/en/2025/bundle").text
    assert "files are gone" in browser.get("/en/2025/bundle/take-back").text
    assert browser.post("/en/2025/bundle/take-back").status_code == 303
    assert client.get("/en/2025/bundle/bundle.json").status_code == 404
    assert browser.get("/en/2025/bundle/take-back").status_code == 409


@pytest.mark.parametrize("code", list(LANGUAGES))
def test_all_files_say_the_same_and_print_the_digest(edition, client, code):
    a_theme_with(edition, "L’égalité <b>& co</b> #panic()", 1)
    digest = submitted(edition).digest
    page = client.get(f"/{code}/2025/bundle/bundle.html").data
    said: dict[str, Any] = {"html": html_text(page)}
    said["pdf"] = pdf_text(client.get(f"/{code}/2025/bundle/bundle.pdf").data)
    said["docx"] = docx_text(client.get(f"/{code}/2025/bundle/bundle.docx").data)
    for text in said.values():
        assert digest in text and bare("L’égalité <b>& co</b> #panic() 0.0") in text


def test_every_word_of_markdown_is_in_the_document():
    from sipvote.documents import Items, Quote, Text
    from sipvote.paragraphs import blocks

    assert blocks("# Head\nA *b* **c**\nline [d](https://x.y) https://z.z `e`") == [
        Text("Head"), Text("A b c\nline d (https://x.y) https://z.z e"),
    ]  # fmt: skip
    assert blocks("- one\n  - sub\n- two\n\n1. a\n2. b\n\n> q\n\n---\n") == [
        Items(("one\n– sub", "two")), Items(("a", "b"), numbered=True), Quote("q"),
    ]  # fmt: skip
    assert blocks("```\ncode\n```\n\n<script>x</script>\n\n\0") == [Text("code"), Text("<script>x</script>")]
    assert blocks("") == []


def test_who_submitted_may_leave(edition):
    a_theme_with(edition, "Fees", 1)
    bundle = submitted(edition)
    assert isinstance(db.session.get(Member, bundle.submitted_by_id), Member)


def test_the_first_page_leads_organisers_to_the_bundle_until_it_is_submitted(browser_of: Any, edition: Edition) -> None:
    dre = an_organiser()
    asks = "Submit the recommendations to the board"
    assert asks not in browser_of(dre).get("/en/").text
    a_theme_with(edition, "Guidance", 1)
    assert asks in browser_of(dre).get("/en/").text and asks not in browser_of(a_member()).get("/en/").text
    bundling.submit(edition, dre.id)
    assert asks not in browser_of(dre).get("/en/").text

"""The organisers' pages about letters: two clicks to send, what is typed is kept, and what went wrong is listed."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from sipvote import mail, worker
from sipvote.assembly import mailings, portions, sending
from sipvote.assembly.models import Mailing
from sipvote.db import db, now
from sipvote.i18n import ZONE
from sipvote.mail import Letter
from tests.factories import a_mailing, a_member, an_assembly, an_edition, an_organiser
from tests.queries import counted

HERE = "/en/2026/mailings/convocation"


@pytest.fixture
def assembly(database):
    return an_assembly()


@pytest.fixture
def dre(database):
    return an_organiser(email="dre@example.org")


@pytest.fixture
def desk(browser_of, dre):
    return browser_of(dre)


def post(browser, act, **data):
    return browser.post(f"{HERE}/{act}", data=data, follow_redirects=True).text


def test_a_convocation_from_the_first_look_to_the_last_letter(app, desk, assembly, outbox):
    ada, _paper = a_member(language="nl"), a_member("Paul Papier", email=None)
    assert "Convocation" in desk.get("/en/2026/mailings/").text
    page = desk.get(HERE).text
    assert "First send a trial to yourself" in page and "have no address" in page
    assert "Ada Peeters" in desk.get(f"{HERE}/preview/nl").text
    assert "is saved" in post(desk, "text/nl", subject="Kom op {date}", body="Dag {name}: {link}")
    assert "3 trial" in post(desk, "trial").replace("Three", "3")
    confirm = desk.get(f"{HERE}/send").text
    assert "Send this letter to 2 members?" in confirm and "Yes, send 2 letters" in confirm
    assert "1 member has no e-mail address" in confirm
    page = post(desk, "send", per_minute="600", at="")
    assert "being sent" in page and "Stop sending" in page and '<noscript><meta http-equiv="refresh"' in page
    worker.do(app, "mailings")
    worker.do(app, "mailings")
    db.session.rollback()
    page = desk.get(HERE).text
    assert "Ended" in page and "<noscript>" not in page
    letter = next(m for m in outbox if m.to == [ada.email])
    assert letter.subject.startswith("Kom op ") and "/nl/2026/assembly/link/" in letter.body


def test_a_preview_shows_nobodys_link(desk, assembly):
    ada, bert = a_member("Ada"), a_member("Bert")
    first = desk.get(f"{HERE}/preview/en").text
    assert "Dré Maes" in first or "Ada" in first
    assert "/assembly/link/" not in first and "stands the member’s personal link" in first
    assert bert.name in desk.get(f"{HERE}/preview/en?after={ada.number}").text
    assert desk.get(f"{HERE}/preview/fr").status_code == 200  # nobody reads French: the words stand for themselves


class TestTyping:
    def test_what_was_typed_comes_back_with_what_is_wrong(self, desk, assembly):
        page = desk.post(f"{HERE}/text/en", data={"subject": "Come", "body": "Dear {naam}, my long text"})
        assert page.status_code == 200 and "“{naam}” cannot be filled in" in page.text and "my long text" in page.text
        page = desk.post(f"{HERE}/text/en", data={"subject": "", "body": "x" * 10001}).text
        assert "Give the letter a subject" in page and "at most 10000" in page
        assert db.session.scalar(select(Mailing)) is None or db.session.scalar(select(Mailing)).texts == {}

    def test_the_first_text_can_be_had_back(self, desk, assembly):
        post(desk, "text/en", subject="Come", body="To {place}")
        assert "To {place}" in desk.get(f"{HERE}/text/en").text
        post(desk, "text/en/start-again")
        assert "HOW YOU VOTE" in desk.get(f"{HERE}/text/en").text

    @pytest.mark.parametrize("path", ["x", "convocation/text/de", "convocation/preview/xx", "convocation/failed"])
    def test_what_is_not_there_is_not_found(self, desk, assembly, path):
        assert desk.get(f"/en/2026/mailings/{path}").status_code == 404
        assert desk.get(f"/en/1999/mailings/{path}").status_code == 404

    @pytest.mark.parametrize(
        ("data", "why"),
        [
            ({"per_minute": "0"}, "from 1 to 10000"),
            ({"per_minute": "many"}, "from 1 to 10000"),
            ({"per_minute": "600", "at": "2020-01-01T10:00"}, "has passed"),
            ({"per_minute": "600", "at": "tomorrow"}, "Not a valid datetime"),
        ],
    )
    def test_a_speed_or_a_moment_that_makes_no_sense(self, desk, assembly, data, why):
        post(desk, "trial")
        assert why in post(desk, "send", **data)
        assert db.session.scalar(select(Mailing.begun_at)) is None

    def test_a_moment_is_typed_in_brussels_time(self, desk, assembly):
        post(desk, "trial")
        at = (now() + timedelta(minutes=20)).astimezone(ZONE)
        assert "will be sent on" in post(desk, "send", per_minute="600", at=at.strftime("%Y-%m-%dT%H:%M"))
        assert db.session.scalar(select(Mailing.starts_at)) == at.replace(second=0, microsecond=0)
        assert "Nothing will be sent" in post(desk, "cancel")


class TestOutOfOrder:
    def test_nothing_is_sent_that_was_not_tried(self, desk, assembly):
        assert "First send a trial" in desk.get(f"{HERE}/send", follow_redirects=True).text
        assert "First send a trial" in post(desk, "send", per_minute="600")
        assert db.session.scalar(select(Letter)) is None

    def test_two_clicks_on_send_send_once(self, desk, assembly):
        post(desk, "trial")
        post(desk, "send", per_minute="600")
        assert "sent already" in post(desk, "send", per_minute="600")

    @pytest.mark.parametrize("act", ["stop", "resume", "reopen", "cancel"])
    def test_an_act_that_is_not_on_is_refused(self, desk, assembly, act):
        assert desk.post(f"{HERE}/{act}").status_code == 404
        post(desk, "trial")
        assert desk.post(f"{HERE}/{act}").status_code == 409

    def test_without_an_assembly_the_page_says_so(self, desk):
        an_edition()
        assert "The assembly has not been planned yet" in desk.get(HERE).text
        assert desk.post(f"{HERE}/trial").status_code == 409


class TestSending:
    def test_stop_and_go_on(self, desk, assembly, dre):
        mailing = a_mailing(assembly, by=dre)
        portions.write_on(mailing)
        page = post(desk, "stop")
        assert "1 letter that waited was withdrawn" in page and "Go on sending" in page
        assert "It goes on" in post(desk, "resume")

    def test_the_numbers_for_the_script(self, desk, assembly, dre, outbox):
        mailing = a_mailing(assembly, by=dre)
        portions.write_on(mailing)
        db.session.commit()
        answer = desk.get(f"{HERE}/progress.json")
        assert json.loads(answer.text) == {
            "written": "1", "sent": "0", "waiting": "1", "failed": "0", "lost": "0", "bar": 0,
        }  # fmt: skip
        again = desk.get(f"{HERE}/progress.json", headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
        mail.deliver_batches()
        assert json.loads(desk.get(f"{HERE}/progress.json").text)["sent"] == "1"

    def test_who_gets_it_on_paper(self, desk, assembly):
        a_member("Paul =1+1", email=None)
        assert "Paul" in desk.get(f"{HERE}/without-address").text
        file = desk.get(f"{HERE}/without-address.csv").text
        assert "Number;Name;Language;City" in file and "'=" not in file and "Paul =1+1" in file

    def test_what_came_back_is_listed_and_sent_on_once_corrected(self, desk, assembly, dre, outbox):
        ada = a_member()
        mailing = a_mailing(assembly, by=dre)
        portions.write_on(mailing)
        db.session.commit()
        mail.deliver_batches()
        assert "No letter has come back" in desk.get(f"{HERE}/failed").text
        mail.bounced(db.session.scalar(select(Letter.id).where(Letter.member_id == ada.id)), "5.1.1")
        mailing.ended_at = now()
        page = desk.get(f"{HERE}/failed").text
        assert ada.name in page and ada.email in page and "does not exist" in page and dre.email not in page
        assert ada.number in desk.get(f"{HERE}/failed.csv").text
        ada.email = "new@example.org"
        assert "corrected" in desk.get(f"{HERE}/failed").text
        assert "1 member can get it after all" in desk.get(HERE).text
        assert "being sent" in post(desk, "reopen")

    def test_a_list_costs_as_much_for_many_as_for_few(self, desk, assembly, dre):
        mailing, costs = a_mailing(assembly, by=dre), []
        for many in (1, 30):
            for n in range(many):
                ada = a_member(f"Ada {n}")
                row = mailings.row_of(mailing, ada, "s", "b") | {"failed_at": now(), "fault": "5.1.1"}
                mail.queue_many([row])
            db.session.commit()
            for page in ("", "/failed"):
                with counted() as queries:
                    assert desk.get(HERE + page).status_code == 200
                costs.append(len(queries))
        assert costs[:2] == costs[2:]


def test_the_page_of_a_mailing_that_waits_for_nothing(desk, assembly, dre):
    mailing = a_mailing(assembly, by=dre)
    sending.stop(mailing, dre.id)
    assert "Since" in desk.get(HERE).text and "Stop sending" not in desk.get(HERE).text

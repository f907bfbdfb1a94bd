"""Letters to all members: each gets one, whatever stops, dies or is pressed twice; and never too many a minute."""

from datetime import date, timedelta

import pytest
import time_machine
from flask_mailman.backends.locmem import EmailBackend
from sqlalchemy import func, select

from sipvote import mail, worker
from sipvote.assembly import letters, links, mailings, portions, sending
from sipvote.assembly.models import Mailing
from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.errors import Refused
from sipvote.mail import Letter
from sipvote.members import rules as members
from sipvote.members.models import SignIn
from tests.factories import a_mailing, a_member, an_assembly, an_organiser
from tests.queries import counted

CONVOCATION = mailings.KINDS["convocation"]


@pytest.fixture
def assembly(database):
    return an_assembly()


@pytest.fixture
def dre(database):
    return an_organiser(email="dre@example.org")


def some_members(number, **values):
    return [a_member(f"Voter {n}", **values) for n in range(number)]


def written():
    """To whom letters of mailings were written; trials are not among them."""
    return sorted(db.session.scalars(select(Letter.address).where(Letter.batch.is_not(None))))


def sent_to(outbox):
    return sorted(message.to[0] for message in outbox)


def work(app):
    worker.do(app, "mailings")
    db.session.rollback()  # what the worker did is to be seen


class TestWriting:
    def test_the_first_text_tells_what_the_law_asks(self, assembly):
        for code, words in (("en", "HOW YOU VOTE"), ("nl", "ZO STEM JE"), ("fr", "COMMENT VOTER")):
            text = letters.default_text(CONVOCATION, assembly.edition, code)
            assert letters.why_not_text(CONVOCATION, text["subject"], text["body"]) is None
            for word in ("{date}", "{place}", "{agenda}", "{link}", "{vote_until}", "{page}", "{contact}"):
                assert word in text["body"]
            assert words in text["body"]

    def test_the_first_text_follows_the_settings_of_the_assembly(self, assembly):
        assert "at most 2 proxies" in letters.default_text(CONVOCATION, assembly.edition, "en")["body"]
        assembly.proxies_per_holder, assembly.remote_vote = 0, False
        body = letters.default_text(CONVOCATION, assembly.edition, "en")["body"]
        assert "prox" not in body and "You vote in the hall" in body

    @pytest.mark.parametrize(
        ("subject", "body", "why"),
        [
            ("", "Text", "needs a subject"),
            ("Subject", "  ", "needs a subject"),
            ("Subject", "Dear {naam}", "“{naam}” cannot be filled in"),
            ("Subject", "Dear {}", "cannot be filled in"),
            ("Your {link}", "Text", "“{link}” cannot be filled in"),
            ("Subject", "x" * 10001, "too long"),
        ],
    )
    def test_a_text_that_cannot_be_filled_in_is_refused(self, assembly, subject, body, why):
        with pytest.raises(Refused, match=why):
            mailings.write(assembly.edition, CONVOCATION, "en", subject, body, None)

    def test_what_is_filled_in_is_not_read_for_words_again(self, assembly):
        form = letters.form_letter({"subject": "To {name}", "body": "Dear {name}, {place} {"}, "en")
        facts = {"name": "{link}", "place": "{name}"}
        assert form.filled(facts) == ("To {link}", "Dear {link}, {name} {\n")

    def test_a_changed_text_must_be_tried_again(self, assembly, dre):
        mailings.try_out(assembly.edition, CONVOCATION, dre)
        assert sending.why_not_begin(assembly.edition, CONVOCATION) is None
        mailings.write(assembly.edition, CONVOCATION, "en", "Come", "To {place}", dre.id)
        with pytest.raises(Refused, match="First send a trial"):
            sending.begin(assembly.edition, CONVOCATION, 600, None, dre.id)

    def test_an_agenda_in_another_language_is_better_than_none(self, assembly):
        assert letters.facts_for(CONVOCATION, assembly.edition, "nl")["agenda"] == "1. Opening\n2. Vote"


class TestTrying:
    def test_a_trial_goes_to_who_writes_in_every_language_and_to_nobody_else(self, assembly, dre, outbox):
        a_member()
        mailings.try_out(assembly.edition, CONVOCATION, dre)
        db.session.commit()
        worker.send_mail()
        assert sent_to(outbox) == [dre.email] * 3 and written() == []
        assert {m.extra_headers["Content-Language"] for m in outbox} == {"nl", "fr", "en"}

    def test_nothing_to_fill_in_is_said_before(self, assembly, dre):
        mailings.write(assembly.edition, CONVOCATION, "fr", "Venez", "À distance : {follow}", dre.id)
        with pytest.raises(Refused, match=r"French has \{follow\}, and there is nothing"):
            mailings.try_out(assembly.edition, CONVOCATION, dre)

    def test_without_an_assembly_there_is_nothing_to_convoke(self, assembly, dre):
        edition = assembly.edition
        db.session.delete(assembly)
        db.session.flush()
        with pytest.raises(Refused, match="not been planned"):
            mailings.try_out(edition, CONVOCATION, dre)

    def test_who_has_no_address_cannot_try(self, assembly):
        with pytest.raises(Refused, match="no e-mail address of yours"):
            mailings.try_out(assembly.edition, CONVOCATION, a_member(email=None))


class TestSending:
    def test_every_member_gets_one_letter_in_their_language(self, app, assembly, dre, outbox):
        ada, jan = a_member(language="nl"), a_member("Jan Vos", language="fr")
        a_member("Leaver", left=date(2020, 1, 1)), a_member("Paper", email=None)
        mailing = a_mailing(assembly, by=dre)
        work(app)
        work(app)
        assert sent_to(outbox) == sorted([ada.email, jan.email, dre.email, *[dre.email] * 3])
        letter = next(m for m in outbox if m.to == [ada.email])
        assert letter.body.startswith("Dag Ada Peeters,") and ada.number in letter.body
        assert db.session.get(Mailing, mailing.id).state == "ended"
        assert sending.progress(mailing) == (3, 3, 0, 0)
        assert mailing.facts == {"members": 3, "without_address": 1}

    def test_the_letter_is_wiped_once_it_is_sent(self, app, assembly, outbox):
        a_mailing(assembly)
        work(app)
        assert set(db.session.scalars(select(Letter.body))) == {""}

    def test_a_mailing_begins_once(self, assembly, dre):
        a_mailing(assembly, by=dre)
        with pytest.raises(Refused, match="sent already"):
            sending.begin(assembly.edition, CONVOCATION, 600, None, dre.id)

    def test_nobody_to_write_to(self, assembly):
        paper = a_member(email=None)
        mailings.prepared(assembly.edition, CONVOCATION).tried_at = now()
        with pytest.raises(Refused, match="Nobody would get"):
            sending.begin(assembly.edition, CONVOCATION, 600, None, paper.id)

    def test_at_its_moment_it_begins_by_itself(self, app, assembly, dre, outbox):
        mailings.try_out(assembly.edition, CONVOCATION, dre)
        mailing = sending.begin(assembly.edition, CONVOCATION, 600, now() + timedelta(minutes=30), dre.id)
        db.session.commit()
        work(app)
        assert mailing.state == "planned" and written() == []
        with time_machine.travel(now() + timedelta(minutes=31)):
            work(app)
            work(app)
            assert written() == [dre.email] and mailing.begun_at
        assert "send mailing" in db.session.scalars(select(Entry.act)).all()

    def test_a_plan_can_be_taken_back(self, app, assembly, dre):
        mailings.try_out(assembly.edition, CONVOCATION, dre)
        mailing = sending.begin(assembly.edition, CONVOCATION, 600, now() + timedelta(minutes=30), dre.id)
        sending.cancel(mailing, dre.id)
        db.session.commit()
        with time_machine.travel(now() + timedelta(minutes=31)):
            work(app)
            assert written() == [] and mailing.state == "draft"

    @pytest.mark.parametrize(("minutes", "why"), [(-1, "has passed"), (90, "after the assembly has begun")])
    def test_a_moment_that_makes_no_sense_is_refused(self, assembly, dre, minutes, why):
        mailings.try_out(assembly.edition, CONVOCATION, dre)
        with pytest.raises(Refused, match=why):
            sending.begin(assembly.edition, CONVOCATION, 600, now() + timedelta(minutes=minutes), dre.id)

    def test_once_the_assembly_is_over_it_stops_by_itself(self, app, assembly, dre):
        some_members(3)
        mailing = a_mailing(assembly, by=dre, per_minute=1)
        with time_machine.travel(assembly.ends_at + timedelta(minutes=1)):
            work(app)
            assert mailing.state == "stopped" and written() == []


class TestPortions:
    def test_at_most_so_many_a_minute(self, app, assembly, dre, outbox):
        some_members(6)
        mailing = a_mailing(assembly, by=dre, per_minute=3)
        start = now().replace(second=1) + timedelta(minutes=1)
        for minute, second, there in ((0, 0, 3), (0, 40, 3), (1, 0, 6), (2, 0, 7), (3, 0, 7)):
            with time_machine.travel(start + timedelta(minutes=minute, seconds=second), tick=False):
                work(app)
                assert len(written()) == there
        assert mailing.state == "ended" and len(outbox) == 7 + 3

    def test_killed_between_two_portions_it_goes_on_where_it_was(self, app, assembly, dre, outbox, monkeypatch):
        some_members(6)
        mailing = a_mailing(assembly, by=dre)
        monkeypatch.setattr(portions, "PORTION", 2)
        portions.write_on(mailing)
        db.session.commit()
        half = written()
        portions.write_on(mailing)
        db.session.rollback()  # as when the worker is killed before the commit
        assert written() == half and len(half) == 2
        work(app)
        assert len(written()) == len(set(written())) == 7
        assert sent_to(outbox) == sorted([*written(), *[dre.email] * 3])

    def test_two_workers_at_once_write_once(self, assembly, dre):
        some_members(3)
        mailing = a_mailing(assembly, by=dre)
        people = portions._next(mailing, 500)
        assert portions._move_on(mailing, people[-1].id)
        db.session.commit()
        mailing.after_member_id = 0  # what the other one had read before
        with db.session.no_autoflush:
            assert not portions._move_on(mailing, people[-1].id)
        db.session.rollback()

    def test_a_portion_costs_as_much_for_many_as_for_few(self, assembly, dre):
        mailing = a_mailing(assembly, by=dre)
        costs = []
        for many in (2, 40):
            some_members(many)
            db.session.commit()
            with counted() as queries:
                assert portions.write_on(mailing) >= many
                db.session.commit()
            costs.append(len(queries))
        assert costs[0] == costs[1]

    def test_no_more_is_written_while_so_many_wait(self, assembly, dre, monkeypatch):
        some_members(6)
        mailing = a_mailing(assembly, by=dre)
        monkeypatch.setattr(portions, "PORTION", 2)
        assert [portions.write_on(mailing), portions.write_on(mailing)] == [2, 0]


class TestStopping:
    def test_what_waits_is_withdrawn_and_written_anew(self, app, assembly, dre, outbox):
        some_members(5)
        mailing = a_mailing(assembly, by=dre)
        portions.write_on(mailing)
        db.session.commit()
        mail.deliver_batches(limit=2)
        assert sending.stop(mailing, dre.id) == 4
        db.session.commit()
        work(app)
        assert len(written()) == 2 and mailing.state == "stopped"
        sending.resume(mailing, dre.id)
        db.session.commit()
        work(app)
        work(app)
        assert len(written()) == 6 and mailing.state == "ended"
        assert len(sent_to(outbox)) == 6 + 3 and len(set(sent_to(outbox))) == 6

    def test_stopping_lets_nothing_leave_that_a_worker_holds_ready(self, assembly, dre, outbox, monkeypatch):
        some_members(5)
        mailing = a_mailing(assembly, by=dre)
        portions.write_on(mailing)
        db.session.commit()
        send = EmailBackend.send_messages

        def stop_at_the_first(self, messages):
            if mailing.state == "sending":
                sending.stop(mailing, dre.id)
                db.session.commit()
            return send(self, messages)

        monkeypatch.setattr(EmailBackend, "send_messages", stop_at_the_first)
        mail.deliver_batches()
        assert len(outbox) == 1

    def test_a_text_can_be_mended_while_it_is_stopped(self, app, assembly, dre):
        mailing = a_mailing(assembly, by=dre)
        with pytest.raises(Refused, match="Stop it first"):
            mailings.write(assembly.edition, CONVOCATION, "en", "Come", "To {place}", dre.id)
        sending.stop(mailing, dre.id)
        mailings.write(assembly.edition, CONVOCATION, "en", "Come", "To {place}", dre.id)
        with pytest.raises(Refused, match="First send a trial"):
            sending.resume(mailing, dre.id)
        mailings.try_out(assembly.edition, CONVOCATION, dre)
        sending.resume(mailing, dre.id)
        db.session.commit()
        portions.write_on(mailing)
        assert db.session.scalar(select(Letter.body).where(Letter.batch.is_not(None))) == "To Flagey, Brussels\n"

    @pytest.mark.parametrize("act", [sending.stop, sending.resume, sending.reopen, sending.cancel])
    def test_in_the_wrong_order_each_act_is_refused(self, assembly, dre, act):
        mailings.try_out(assembly.edition, CONVOCATION, dre)
        with pytest.raises(Refused):
            act(mailings.of_kind(assembly.edition, "convocation"), dre.id)


class TestNotArrived:
    def test_whose_address_was_corrected_gets_it_after_all(self, app, assembly, dre, outbox):
        ada, jan, paper = a_member(), a_member("Jan Vos"), a_member("Paper", email=None)
        mailing = a_mailing(assembly, by=dre)
        work(app)
        work(app)
        back = db.session.scalar(select(Letter.id).where(Letter.member_id == ada.id))
        assert mail.bounced(back, "5.1.1") and not mail.bounced(back, "5.1.1")
        assert sending.progress(mailing) == (3, 2, 1, 0)
        assert sending.why_not_reopen(mailing) == "There is nobody whose address was corrected."
        ada.email, paper.email = "ada.new@example.org", "paper@example.org"
        assert sending.missed(mailing) == 2
        sending.reopen(mailing, dre.id)
        db.session.commit()
        outbox.clear()
        work(app)
        work(app)
        assert sent_to(outbox) == ["ada.new@example.org", "paper@example.org"]
        assert mailing.state == "ended" and sending.progress(mailing) == (4, 4, 0, 0)
        assert jan.email in written() and mailing.facts["members"] == 4

    @pytest.mark.parametrize(
        ("fault", "said"),
        [
            ("550 5.1.1", "does not exist"),
            ("5.2.2", "mailbox is full"),
            ("5.2.1", "takes no mail"),
            ("5.7.1", "refused it"),
            ("5.4.4", "could not be reached"),
            ("ConnectionRefusedError", "could not be delivered"),
        ],
    )
    def test_the_reason_is_told_in_words(self, app, database, fault, said):
        letter = Letter(failed_at=now(), fault=fault)
        assert said in sending.reason(letter) and fault in sending.reason(letter)

    def test_a_letter_of_unknown_fate_is_shown_and_not_sent_again(self, app, assembly, dre, outbox):
        mailing = a_mailing(assembly, by=dre)
        portions.write_on(mailing)
        letter = db.session.scalar(select(Letter).where(Letter.batch.is_not(None)))
        letter.claimed_at = now() - timedelta(minutes=11)
        db.session.commit()
        work(app)
        work(app)
        assert sending.progress(mailing).lost == 1 and mailing.state == "ended"
        assert "nobody knows" in sending.reason(letter) and len(outbox) == 3


class TestWhoWaitsGoesFirst:
    def test_a_sign_in_letter_overtakes_a_mailing(self, app, assembly, dre, outbox, monkeypatch):
        ada = a_member("Ada", email="waits@example.org")
        some_members(2 * mail.TURN + 20)
        a_mailing(assembly, by=dre)
        send = EmailBackend.send_messages

        def ask_at_the_first(self, messages):
            if len(outbox) == 4 and db.session.scalar(select(func.count()).select_from(SignIn)) == 0:
                members.ask_sign_in(ada.email, "browser", "en", None)
                db.session.commit()
            return send(self, messages)

        monkeypatch.setattr(EmailBackend, "send_messages", ask_at_the_first)
        work(app)
        subjects = [message.subject for message in outbox]
        at = next(n for n, subject in enumerate(subjects) if "code is" in subject)
        assert at <= 4 + mail.TURN and len(outbox) > at + mail.TURN

    def test_the_woken_worker_sends_no_mailing(self, app, assembly, dre, outbox):
        mailing = a_mailing(assembly, by=dre)
        portions.write_on(mailing)
        db.session.commit()
        worker.do(app, "mail")
        assert len(outbox) == 3  # the trials

    def test_one_thread_is_busy_with_mailings_at_a_time(self, app, assembly, dre):
        a_mailing(assembly, by=dre)
        assert worker._mailings.acquire(blocking=False)
        try:
            work(app)
            assert written() == []
        finally:
            worker._mailings.release()

    def test_a_mail_server_that_is_away_keeps_everything_for_later(self, app, assembly, dre, outbox, monkeypatch):
        mailing = a_mailing(assembly, by=dre)

        def away(self):
            raise ConnectionRefusedError

        with monkeypatch.context() as patch:
            patch.setattr(EmailBackend, "open", away)
            work(app)
        assert outbox == [] and sending.progress(mailing).waiting == 1
        work(app)
        assert len(outbox) == 4


def test_a_letter_holds_a_link_that_signs_its_member_in(app, assembly, dre):
    ada = a_member()
    links.revoke(ada, ada.id)
    mailing = a_mailing(assembly, by=dre)
    portions.write_on(mailing)
    body = db.session.scalar(select(Letter.body).where(Letter.member_id == ada.id))
    token = body.partition("/assembly/link/")[2].split()[0]
    assert links.bearer_of(assembly.edition, token)[1:] == (ada, 2)

"""A lost second step: two others confirm that it is really them; no right is gained before the new one is there."""

import threading
from datetime import timedelta

import pyotp
import pytest
import time_machine
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from sipvote import cli
from sipvote.access import Role
from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.errors import Refused
from sipvote.mail import Letter
from sipvote.members import factors, recovery, rules
from sipvote.members.models import Member, SignIn
from sipvote.members.step_models import Recovery
from tests.factories import a_board_member, a_facilitator, a_member, a_scrutineer, an_organiser

ORGANISER = frozenset({Role.ORGANISER})
LOST = "/en/me/second-step/lost"


@pytest.fixture
def strict(app):
    app.config["OFFICIALS"] = "strict"
    yield
    app.config["OFFICIALS"] = "easy"


@pytest.fixture
def proved(browser_of):
    """Gives a browser of an official whose second step was just done; other sessions are left alone."""

    def make(member):
        browser = browser_of(member)
        theirs = update(SignIn).where(SignIn.member_id == member.id)
        db.session.execute(theirs.values(awake_at=now(), proved_at=now()))
        db.session.commit()
        return browser

    return make


def with_step(member: Member) -> Member:
    begun = factors.begin_app(member.id)
    begun.proved_at = now()
    db.session.commit()
    return member


@pytest.fixture
def lost(database) -> Member:
    """An organiser who has a second step, and will say that it is lost."""
    return with_step(a_member("Ada Janssens", "gent", Role.ORGANISER))


def main(browser, url: str) -> str:
    """The page without who is signed in."""
    return browser.get(url).text.partition("<main")[2]


def asked_by(member: Member) -> Recovery:
    return recovery.ask(member, ORGANISER)


def acts() -> list[str]:
    """What the audit log tells, but for the roles that were given before."""
    return list(db.session.scalars(select(Entry.act).where(Entry.act != "grant").order_by(Entry.id)))


def letters(name: str) -> set[int]:
    return set(db.session.scalars(select(Letter.member_id).where(Letter.name == name)))


@pytest.mark.usefixtures("database")
class TestAsking:
    def test_who_may_help_hears_of_it_and_who_asked_too(self, lost):
        hugo, chloe = an_organiser(), a_board_member()
        a_scrutineer(), a_facilitator(), a_member(), an_organiser(left=now().date())
        asked_by(lost)
        assert letters("recovery") == {hugo.id, chloe.id}
        assert letters("recovery_asked") == {lost.id}
        assert acts() == ["ask recovery"]

    def test_with_one_other_nobody_asks(self, lost):
        an_organiser()
        with pytest.raises(Refused, match="not two"):
            asked_by(lost)

    def test_who_has_none_sets_one_up_instead(self):
        an_organiser(), an_organiser()
        with pytest.raises(Refused, match="set one up"):
            asked_by(an_organiser())

    @pytest.mark.parametrize("roles", [frozenset(), frozenset({Role.FACILITATOR})])
    def test_without_a_weighty_role_nobody_asks(self, lost, roles):
        an_organiser(), an_organiser()
        with pytest.raises(Refused, match="Only officials"):
            recovery.ask(lost, roles)

    def test_once_at_a_time(self, lost):
        an_organiser(), an_organiser()
        asked_by(lost)
        with pytest.raises(Refused, match="already"):
            asked_by(lost)

    def test_three_times_a_day(self, lost):
        an_organiser(), an_organiser()
        for _time in range(recovery.ASKS_A_DAY):
            asked_by(lost)
            recovery.withdraw(lost)
        with pytest.raises(Refused, match="three times"):
            asked_by(lost)
        with time_machine.travel(now() + timedelta(days=1, minutes=1)):
            assert asked_by(lost)

    def test_it_lapses_and_can_be_asked_again(self, lost):
        hugo, _chloe = an_organiser(), an_organiser()
        asked = asked_by(lost)
        with time_machine.travel(now() + recovery.LIVES + timedelta(minutes=1)):
            assert recovery.standing(hugo.id) == []
            with pytest.raises(Refused, match="no longer"):
                recovery.confirm(asked, hugo.id)
            again = asked_by(lost)
            assert recovery.standing(hugo.id) == [again]


@pytest.mark.usefixtures("database")
class TestTwoOthers:
    def test_one_changes_nothing_and_two_end_step_and_sessions(self, lost):
        hugo, chloe = an_organiser(), a_board_member()
        visitor = rules.begin_session(lost)
        db.session.commit()
        asked = asked_by(lost)
        assert not recovery.confirm(asked, hugo.id)
        assert len(factors.of_member(lost.id)) == 1 and rules.session_of(visitor.sign_in_id)
        assert recovery.confirm(asked, chloe.id)
        db.session.commit()
        assert factors.of_member(lost.id) == [] and rules.session_of(visitor.sign_in_id) is None
        assert acts() == ["ask recovery", "confirm recovery", "confirm recovery", "reset factors"]
        assert letters("factor_reset") == {lost.id}

    def test_codes_that_wait_in_the_mail_end_as_well(self, lost, client):
        hugo, chloe = an_organiser(), an_organiser()
        asked = asked_by(lost)
        db.session.commit()
        client.post("/en/sign-in", data={"email": lost.email})
        recovery.confirm(asked, hugo.id)
        recovery.confirm(asked, chloe.id)
        assert db.session.scalars(select(SignIn.ended_at)).one()

    def test_nobody_confirms_twice(self, lost):
        hugo, _chloe = an_organiser(), an_organiser()
        asked = asked_by(lost)
        recovery.confirm(asked, hugo.id)
        with pytest.raises(Refused, match="already"):
            recovery.confirm(asked, hugo.id)
        assert len(factors.of_member(lost.id)) == 1

    def test_who_lost_it_does_not_confirm(self, lost):
        an_organiser(), an_organiser()
        with pytest.raises(Refused, match="yourself"):
            recovery.confirm(asked_by(lost), lost.id)

    @pytest.mark.parametrize("make", [a_member, a_facilitator, a_scrutineer])
    def test_others_confirm_and_refuse_nothing(self, lost, make):
        an_organiser(), an_organiser()
        asked, other = asked_by(lost), make()
        with pytest.raises(Refused, match="role"):
            recovery.confirm(asked, other.id)
        with pytest.raises(Refused, match="role"):
            recovery.refuse(asked, other.id, "Because")

    def test_the_word_of_who_lost_the_role_since_counts_no_more(self, lost):
        hugo, chloe, eva = an_organiser(), an_organiser(), an_organiser()
        asked = asked_by(lost)
        recovery.confirm(asked, hugo.id)
        db.session.delete(hugo.grants[0])
        db.session.flush()
        assert not recovery.confirm(asked, chloe.id)
        assert recovery.confirm(asked, eva.id)

    @pytest.mark.parametrize("who", ["first_by_id", "second_by_id"])
    def test_the_database_refuses_who_lost_it(self, lost, who):
        an_organiser(), an_organiser()
        with pytest.raises(IntegrityError):
            db.session.execute(update(Recovery).where(Recovery.id == asked_by(lost).id).values(**{who: lost.id}))

    def test_the_database_refuses_one_person_twice(self, lost):
        hugo, _chloe = an_organiser(), an_organiser()
        twice = {"first_by_id": hugo.id, "second_by_id": hugo.id}
        with pytest.raises(IntegrityError):
            db.session.execute(update(Recovery).where(Recovery.id == asked_by(lost).id).values(**twice))

    def test_who_refuses_says_why(self, lost):
        hugo, chloe = an_organiser(), an_organiser()
        asked = asked_by(lost)
        recovery.confirm(asked, hugo.id)
        with pytest.raises(Refused, match="reason"):
            recovery.refuse(asked, chloe.id, "  ")
        recovery.refuse(asked, chloe.id, "She knows nothing of it")
        letter = db.session.scalars(select(Letter).where(Letter.name == "recovery_refused")).one()
        assert letter.member_id == lost.id and "She knows nothing of it" in letter.body
        assert recovery.of_member(lost.id) is None and len(factors.of_member(lost.id)) == 1
        assert acts()[-1] == "refuse recovery"

    def test_who_asked_withdraws_it(self, lost):
        an_organiser(), an_organiser()
        asked_by(lost)
        recovery.withdraw(lost)
        recovery.withdraw(lost)
        assert recovery.of_member(lost.id) is None
        assert acts() == ["ask recovery", "withdraw recovery"]


def test_of_many_at_once_two_confirm(app, lost):
    others = [an_organiser().id for _n in range(4)]
    asked_id, words, barrier = asked_by(lost).id, [], threading.Barrier(len(others))
    db.session.commit()

    def confirm(by: int) -> None:
        with app.app_context():
            barrier.wait()
            try:
                words.append((by, recovery.confirm(db.session.get(Recovery, asked_id), by)))
                db.session.commit()
            except Refused:
                db.session.rollback()

    threads = [threading.Thread(target=confirm, args=(by,)) for by in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(is_done for _by, is_done in words) == [False, True]
    assert acts().count("reset factors") == 1


@pytest.mark.usefixtures("strict")
class TestPages:
    def test_from_losing_it_to_the_new_one(self, lost, browser_of, proved):
        hugo, chloe = an_organiser(), a_board_member()
        mine = browser_of(lost)
        assert "I lost my second step" in mine.get("/en/second-step").text
        assert mine.post(LOST).status_code == 303
        assert "Nobody has confirmed it yet" in mine.get(LOST).text
        url = f"/en/recoveries/{db.session.scalars(select(Recovery.id)).one()}/confirm"
        for helper in (hugo, chloe):
            browser = proved(helper)
            assert lost.name in main(browser, "/en/") and lost.name in main(browser, "/en/asked")
            browser.post(url, data={"spoken": "yes"})
        assert mine.get("/en/me").status_code == 302  # signed out
        again = browser_of(lost)
        assert again.get("/en/members/").status_code == 302  # still no right
        assert "Set up a new one before" in again.get("/en/me/second-step").text
        again.post("/en/me/second-step/app")
        secret = factors.secret_of(factors.begun_app(lost.id))
        again.post("/en/me/second-step/app", data={"new-step_code": pyotp.TOTP(secret).now()})
        assert again.get("/en/members/").status_code == 200
        assert db.session.scalars(select(Recovery)).all() == []

    def test_after_a_day_a_new_one_takes_two_again(self, lost, browser_of):
        hugo, chloe = an_organiser(), an_organiser()
        asked = asked_by(lost)
        for helper in (hugo, chloe):
            recovery.confirm(asked, helper.id)
        db.session.commit()
        with time_machine.travel(now() + recovery.SET_UP + timedelta(minutes=1)):
            mine = browser_of(lost)
            mine.post("/en/me/second-step/app")
            assert factors.begun_app(lost.id) is None
            assert "24 hours" in mine.get("/en/me/second-step").text
            assert mine.post(LOST).status_code == 303
            for helper in (hugo, chloe):
                recovery.confirm(recovery.of_member(lost.id), helper.id)
            db.session.commit()
            mine = browser_of(lost)
            mine.post("/en/me/second-step/app")
            assert factors.begun_app(lost.id)

    def test_an_app_begun_in_time_does_not_count_when_finished_too_late(self, lost, browser_of):
        hugo, chloe = an_organiser(), an_organiser()
        asked = asked_by(lost)
        for helper in (hugo, chloe):
            recovery.confirm(asked, helper.id)
        factors.begin_app(lost.id)
        db.session.commit()
        with time_machine.travel(now() + recovery.SET_UP + timedelta(minutes=1)):
            code = pyotp.TOTP(factors.secret_of(factors.begun_app(lost.id))).at(now())
            mine = browser_of(lost)
            with mine.session_transaction() as session:
                session["begun_app"] = factors.begun_app(lost.id).id
            mine.post("/en/me/second-step/app", data={"new-step_code": code})
        assert factors.of_member(lost.id) == []

    def test_reset_on_the_command_line_gives_all_the_time(self, app, lost, monkeypatch):
        hugo, chloe = an_organiser(), an_organiser()
        asked = asked_by(lost)
        for helper in (hugo, chloe):
            recovery.confirm(asked, helper.id)
        monkeypatch.setattr(cli, "_app", lambda: app)
        monkeypatch.setattr(cli.cli, "create_app", lambda: app)
        number = lost.number
        db.session.commit()
        with time_machine.travel(now() + recovery.SET_UP + timedelta(minutes=1)):
            assert recovery.why_not_set_up(lost.id)
            db.session.commit()
            assert cli.main(["reset-second-step", number]) == 0
            assert recovery.why_not_set_up(lost.id) is None

    def test_who_asked_sees_it_in_every_session_and_withdraws(self, lost, proved):
        an_organiser(), an_organiser()
        asked_by(lost)
        db.session.commit()
        mine = proved(lost)
        assert "You lost your second step" in mine.get("/en/").text
        assert lost.name not in main(mine, "/en/asked")
        mine.post(f"{LOST}/withdraw")
        assert "You lost your second step" not in mine.get("/en/").text

    def test_without_having_spoken_nothing_is_confirmed(self, lost, proved):
        hugo, _chloe = an_organiser(), an_organiser()
        asked = asked_by(lost)
        db.session.commit()
        assert "Speak with them first" in proved(hugo).post(f"/en/recoveries/{asked.id}/confirm").text
        assert asked.first_by_id is None

    def test_a_proof_of_long_ago_does_not_confirm(self, lost, proved):
        hugo, _chloe = an_organiser(), an_organiser()
        with_step(hugo)
        asked = asked_by(lost)
        db.session.commit()
        browser = proved(hugo)
        with time_machine.travel(now() + timedelta(minutes=6)):
            answer = browser.post(f"/en/recoveries/{asked.id}/confirm", data={"spoken": "yes"})
        assert answer.status_code == 401 and 'name="spoken" value="yes"' in answer.text
        assert asked.first_by_id is None

    def test_a_refusal_is_read_by_who_asked(self, lost, proved):
        hugo, _chloe = an_organiser(), an_organiser()
        asked = asked_by(lost)
        db.session.commit()
        proved(hugo).post(f"/en/recoveries/{asked.id}/refuse", data={"why": "Not her voice"})
        assert letters("recovery_refused") == {lost.id}

    @pytest.mark.parametrize("make", [a_member, a_facilitator, a_scrutineer])
    def test_others_do_not_see_who_may_be_called(self, lost, proved, make):
        hugo, _chloe = an_organiser(), an_organiser()
        hugo.name = "Hugo Peeters"
        asked_by(lost)
        db.session.commit()
        assert "Hugo Peeters" in proved(lost).get(LOST).text
        browser = proved(make())
        assert "Hugo Peeters" not in browser.get(LOST).text
        assert browser.post("/en/recoveries/1/confirm", data={"spoken": "yes"}).status_code == 403
        assert lost.name not in main(browser, "/en/")

    def test_a_personal_link_asks_for_nothing(self, lost, app):
        an_organiser(), an_organiser()
        visitor = rules.begin_session(lost, "link")
        db.session.commit()
        client = app.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = str(visitor.sign_in_id)
        client.post(LOST)
        assert db.session.scalars(select(Recovery)).all() == []

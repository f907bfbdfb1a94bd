"""The second step of officials, and sessions: rights sleep until it is done, a code counts once, five tries."""

import threading
from datetime import timedelta

import pyotp
import pytest
import time_machine
from sqlalchemy import select, update

from sipvote.access import Role
from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.errors import Refused
from sipvote.mail import Letter
from sipvote.members import factors, rules, sessions
from sipvote.members.models import SignIn
from sipvote.members.step_models import Factor
from tests.factories import a_board_member, a_facilitator, a_member, a_scrutineer, an_organiser
from tests.voting.test_casting import in_threads

DESK = "/en/members/"


@pytest.fixture
def strict(app):
    app.config["OFFICIALS"] = "strict"
    yield
    app.config["OFFICIALS"] = "easy"


@pytest.fixture
def app_of(database):
    """Gives a member an app; the app gives codes, each of a later half minute than the one before."""

    def make(member):
        begun = factors.begin_app(member.id)
        begun.proved_at = now()
        totp, steps = pyotp.TOTP(factors.secret_of(begun)), [0]
        db.session.commit()

        def code() -> str:
            steps.append(max(steps[-1] + 1, int(now().timestamp()) // 30 - 1))
            return totp.generate_otp(steps[-1])

        return code

    return make


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def is_at_desk(browser) -> bool:
    return browser.get(DESK).status_code == 200


@pytest.mark.usefixtures("strict")
class TestRightsSleep:
    @pytest.mark.parametrize("make", [an_organiser, a_board_member, a_scrutineer])
    def test_of_weighty_roles_until_the_second_step(self, app_of, make):
        member = make()
        app_of(member)
        visitor = rules.begin_session(member)
        db.session.commit()
        assert (visitor.roles, visitor.asleep) == (frozenset(), {member.grants[0].role})
        assert rules.session_of(visitor.sign_in_id).visitor.roles == frozenset()

    def test_not_of_facilitators(self, database):
        assert rules.begin_session(a_facilitator()).roles == {Role.FACILITATOR}

    def test_a_desk_asks_for_it_and_members_pages_do_not(self, app_of, browser_of):
        dre = an_organiser()
        code, browser = app_of(dre), browser_of(dre)
        answer = browser.get(f"{DESK}?q=x")
        assert answer.status_code == 302 and "/en/second-step?next=" in answer.headers["Location"]
        assert browser.get("/en/me").status_code == 200
        back = browser.post(answer.headers["Location"], data={"step_code": code()})
        assert back.headers["Location"] == f"{DESK}?q=x"
        assert is_at_desk(browser)

    def test_an_act_without_it_does_nothing(self, app_of, browser_of):
        dre, ada = an_organiser(), a_member()
        app_of(dre)
        answer = browser_of(dre).post(f"/en/members/{ada.id}", data={"role": "board", "city": 0})
        assert answer.status_code == 401
        assert ada.grants == []

    def test_a_member_without_a_role_is_stopped_as_before(self, browser_of):
        assert browser_of(a_member()).get(DESK).status_code == 403

    def test_after_half_an_hour_idle_they_sleep_again(self, app_of, browser_of):
        dre = an_organiser()
        code, browser = app_of(dre), browser_of(dre)
        browser.post("/en/second-step", data={"step_code": code()})
        with time_machine.travel(now() + timedelta(minutes=31)):
            assert not is_at_desk(browser)
            assert browser.get("/en/me").status_code == 200
            assert not is_at_desk(browser)

    def test_after_two_hours_they_sleep_again_however_busy(self, app_of, browser_of):
        dre = an_organiser()
        code, browser = app_of(dre), browser_of(dre)
        began = now()
        browser.post("/en/second-step", data={"step_code": code()})
        for minutes in range(20, 120, 20):
            with time_machine.travel(began + timedelta(minutes=minutes)):
                assert is_at_desk(browser)
        with time_machine.travel(began + timedelta(minutes=121)):
            assert not is_at_desk(browser)

    def test_the_cookie_of_before_gains_nothing(self, app, app_of, browser_of):
        dre = an_organiser()
        code, browser = app_of(dre), browser_of(dre)
        with browser.session_transaction() as session:
            before = dict(session)
        browser.post("/en/second-step", data={"step_code": code()})
        with browser.session_transaction() as session:
            assert session["_user_id"] != before["_user_id"]
        thief = app.test_client()
        with thief.session_transaction() as session:
            session.update(before)
        assert thief.get("/en/me").status_code == 302

    def test_a_link_from_a_letter_wakes_nothing(self, app_of):
        dre = an_organiser()
        app_of(dre)
        visitor = rules.begin_session(dre, "link")
        assert (visitor.roles, visitor.asleep) == (frozenset(), frozenset())


@pytest.mark.usefixtures("database")
class TestCodes:
    def test_a_code_counts_once(self, app_of):
        dre = an_organiser()
        code = app_of(dre)()
        factors.check_code(dre, code)
        with pytest.raises(Refused, match="used already"):
            factors.check_code(dre, code)

    def test_an_older_code_does_not_count_after_a_newer_one(self, app_of):
        dre = an_organiser()
        code = app_of(dre)
        older, newer = code(), code()
        factors.check_code(dre, newer)
        with pytest.raises(Refused):
            factors.check_code(dre, older)

    @pytest.mark.parametrize("steps", [-3, -2, 2, 3])
    def test_a_code_of_another_time_is_wrong(self, app_of, steps):
        dre = an_organiser()
        app_of(dre)
        totp = pyotp.TOTP(factors.secret_of(factors.of_member(dre.id)[0]))
        with time_machine.travel(now(), tick=False):
            far = totp.generate_otp(int(now().timestamp()) // 30 + steps)
            with pytest.raises(Refused):
                factors.check_code(dre, far)

    @pytest.mark.parametrize("typed", ["", "abc", "١٢٣٤٥٦", "0" * 300])
    def test_what_is_no_code_is_wrong(self, app_of, typed):
        dre = an_organiser()
        app_of(dre)
        with pytest.raises(Refused):
            factors.check_code(dre, typed)

    def test_after_five_wrong_ones_not_even_the_right_one_counts(self, app_of):
        dre = an_organiser()
        code = app_of(dre)
        right = code()
        for _try in range(factors.TRIES):
            with pytest.raises(Refused, match="not right"):
                factors.check_code(dre, wrong(right))
        with pytest.raises(Refused, match="15 minutes"):
            factors.check_code(dre, right)
        letters = db.session.scalars(select(Letter.name).where(Letter.member_id == dre.id)).all()
        assert letters == ["factor_tries"]

    def test_after_the_pause_it_counts_again(self, app_of):
        dre = an_organiser()
        code = app_of(dre)
        for _try in range(factors.TRIES):
            with pytest.raises(Refused):
                factors.check_code(dre, wrong(code()))
        with time_machine.travel(now() + factors.PAUSE + timedelta(minutes=1), tick=False):
            totp = pyotp.TOTP(factors.secret_of(factors.of_member(dre.id)[0]))
            factors.check_code(dre, totp.generate_otp(int(now().timestamp()) // 30))

    def test_a_right_one_begins_the_count_again(self, app_of):
        dre = an_organiser()
        code = app_of(dre)
        for _round in range(2):
            right = code()
            for _try in range(factors.TRIES - 1):
                with pytest.raises(Refused, match="not right"):
                    factors.check_code(dre, wrong(right))
            factors.check_code(dre, right)

    def test_the_secret_does_not_stand_in_the_database(self, app_of):
        dre = an_organiser()
        app_of(dre)
        kept = db.session.scalars(select(Factor)).one()
        assert factors.secret_of(kept).encode() not in kept.secret

    def test_another_key_reads_nothing_and_says_so(self, app, app_of):
        dre = an_organiser()
        code = app_of(dre)()
        before, app.config["FACTOR_KEY"] = app.config["FACTOR_KEY"], "00" * 32
        try:
            with pytest.raises(Refused, match="key of the service"):
                factors.check_code(dre, code)
        finally:
            app.config["FACTOR_KEY"] = before


@pytest.mark.usefixtures("strict")
def test_new_sessions_do_not_give_new_tries(app, app_of, browser_of):
    dre = an_organiser()
    right = app_of(dre)()
    pages = [browser_of(dre).post("/en/second-step", data={"step_code": wrong(right)}) for _try in range(7)]
    assert ["15 minutes" in page.text for page in pages] == [False] * 5 + [True] * 2
    browser = browser_of(dre)
    browser.post("/en/second-step", data={"step_code": right})
    assert not is_at_desk(browser)


def test_of_many_at_once_a_code_opens_one(app, database, app_of):
    dre = an_organiser()
    code, member_id, opened = app_of(dre)(), dre.id, []
    barrier = threading.Barrier(4)

    def use() -> None:
        with app.app_context():
            barrier.wait()
            try:
                factors.check_code(db.session.get(type(dre), member_id), code)
                opened.append(1)
            except Refused:
                pass
            db.session.commit()

    db.session.commit()
    threads = [threading.Thread(target=use) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opened == [1]


@pytest.mark.usefixtures("strict")
class TestSettingUp:
    def test_at_the_first_sign_in(self, browser_of):
        dre = an_organiser()
        browser = browser_of(dre)
        first = browser.get(DESK, follow_redirects=True)
        assert "Set up an app with codes" in first.text
        shown = browser.post("/en/me/second-step/app")
        assert "<svg" in shown.text
        secret = factors.secret_of(factors.begun_app(dre.id))
        assert not is_at_desk(browser)
        browser.post("/en/me/second-step/app", data={"new-step_code": pyotp.TOTP(secret).now()})
        assert is_at_desk(browser)
        assert [e.act for e in db.session.scalars(select(Entry).order_by(Entry.id))] == ["add factor", "second step"]
        assert db.session.scalars(select(Letter.name)).all() == ["factor"]

    def test_a_wrong_first_code_sets_nothing_up(self, browser_of):
        dre = an_organiser()
        browser = browser_of(dre)
        browser.post("/en/me/second-step/app")
        totp = pyotp.TOTP(factors.secret_of(factors.begun_app(dre.id)))
        page = browser.post("/en/me/second-step/app", data={"new-step_code": wrong(totp.now())})
        assert "not right" in page.text
        assert factors.of_member(dre.id) == []

    def test_who_reads_the_mail_adds_none_beside_the_one_that_is_there(self, app_of, browser_of):
        dre = an_organiser()
        app_of(dre)
        browser = browser_of(dre)
        assert browser.post("/en/me/second-step/app").status_code == 303
        assert factors.begun_app(dre.id) is None

    def test_what_one_session_began_no_other_sees_or_finishes(self, browser_of):
        """Else whoever reads the mail could keep a copy of the secret that its owner sets up later."""
        dre = an_organiser()
        thief, owner = browser_of(dre), browser_of(dre)
        thief.post("/en/me/second-step/app")
        known = factors.secret_of(factors.begun_app(dre.id))
        assert known not in owner.get("/en/me/second-step/app").text.replace(" ", "")
        owner.post("/en/me/second-step/app", data={"new-step_code": pyotp.TOTP(known).now()})
        assert factors.of_member(dre.id) == []
        owner.post("/en/me/second-step/app")
        mine = factors.secret_of(factors.begun_app(dre.id))
        assert mine != known
        thief.post("/en/me/second-step/app", data={"new-step_code": pyotp.TOTP(known).now()})
        owner.post("/en/me/second-step/app")
        mine = factors.secret_of(factors.begun_app(dre.id))
        owner.post("/en/me/second-step/app", data={"new-step_code": pyotp.TOTP(mine).now()})
        assert len(factors.of_member(dre.id)) == 1 and factors.secret_of(factors.of_member(dre.id)[0]) == mine

    def test_an_app_that_cannot_be_read_does_not_stand_before_another(self, app_of):
        dre = an_organiser()
        app_of(dre)
        db.session.execute(update(Factor).values(secret=b"locked with another key"))
        code = app_of(dre)
        factors.check_code(dre, code())

    def test_a_session_that_was_ended_does_not_come_back_by_the_second_step(self, app_of):
        dre = an_organiser()
        app_of(dre)
        visitor = rules.begin_session(dre)
        db.session.commit()
        sessions.end_all(dre.id)
        with pytest.raises(Refused):
            sessions.prove(visitor)

    def test_two_requests_at_once_leave_one_factor(self, app, app_of, browser_of):
        dre = an_organiser()
        code = app_of(dre)
        app_of(dre)
        browsers = [browser_of(dre) for _ in range(2)]
        for browser in browsers:
            browser.post("/en/second-step", data={"step_code": code()})
        ids = [factor.id for factor in factors.of_member(dre.id)]
        db.session.commit()
        in_threads(app, 2, lambda n: browsers[n].post(f"/en/me/second-step/{ids[n]}/drop").status_code)
        db.session.rollback()
        assert len(factors.of_member(dre.id)) == 1

    def test_a_member_without_a_role_sets_none_up(self, browser_of):
        ada = a_member()
        browser_of(ada).post("/en/me/second-step/app")
        assert factors.begun_app(ada.id) is None

    def test_the_last_one_stays(self, database, app_of):
        dre = an_organiser()
        app_of(dre)
        only = factors.of_member(dre.id)[0]
        with pytest.raises(Refused, match="only"):
            factors.drop(only, dre)
        app_of(dre)
        factors.drop(only, dre)
        assert len(factors.of_member(dre.id)) == 1

    def test_nobody_drops_that_of_somebody_else(self, app_of, browser_of):
        dre, eva = an_organiser(), an_organiser()
        code, theirs = app_of(dre), app_of(eva)
        assert theirs and app_of(eva)
        browser = browser_of(dre)
        browser.post("/en/second-step", data={"step_code": code()})
        browser.post(f"/en/me/second-step/{factors.of_member(eva.id)[0].id}/drop")
        assert len(factors.of_member(eva.id)) == 2


@pytest.mark.usefixtures("strict")
class TestAgainBeforeWhatWeighs:
    def test_what_was_typed_waits_and_goes_on_with_the_code(self, app_of, browser_of):
        dre = an_organiser()
        code, browser = app_of(dre), browser_of(dre)
        app_of(dre)
        browser.post("/en/second-step", data={"step_code": code()})
        url = f"/en/me/second-step/{factors.of_member(dre.id)[1].id}/drop"
        with time_machine.travel(now() + timedelta(minutes=6)):
            asked = browser.post(url, data={"reason": 'Lost "it" & <more>', "tick": ["1", "2"]})
            assert asked.status_code == 401
            assert 'name="reason" value="Lost &#34;it&#34; &amp; &lt;more&gt;"' in asked.text
            assert asked.text.count('name="tick"') == 2
            assert len(factors.of_member(dre.id)) == 2
            again = browser.post(url, data={"step_code": "000000", "reason": "kept"})
            assert again.status_code == 401 and 'value="kept"' in again.text
            totp = pyotp.TOTP(factors.secret_of(factors.of_member(dre.id)[0]))
            step = int(now().timestamp()) // 30 + 1
            assert browser.post(url, data={"step_code": totp.generate_otp(step)}).status_code == 303
            assert len(factors.of_member(dre.id)) == 1

    def test_within_five_minutes_it_is_not_asked(self, app_of, browser_of):
        dre = an_organiser()
        code, browser = app_of(dre), browser_of(dre)
        app_of(dre)
        browser.post("/en/second-step", data={"step_code": code()})
        url = f"/en/me/second-step/{factors.of_member(dre.id)[1].id}/drop"
        assert browser.post(url).status_code == 303

    @pytest.mark.csrf
    def test_the_code_does_not_stand_in_for_the_token(self, app_of, browser_of):
        dre = an_organiser()
        code, browser = app_of(dre), browser_of(dre)
        app_of(dre)
        url = f"/en/me/second-step/{factors.of_member(dre.id)[1].id}/drop"
        assert browser.post(url, data={"step_code": code()}).status_code == 400


class TestSessions:
    def test_each_is_listed_and_ended_by_its_owner(self, browser_of):
        ada = a_member()
        phone, laptop = browser_of(ada), browser_of(ada)
        page = laptop.get("/en/me/sessions")
        other, here = db.session.scalars(select(SignIn.id).order_by(SignIn.id))
        assert f"/{other}/end" in page.text and f"/{here}/end" not in page.text
        laptop.post(f"/en/me/sessions/{other}/end")
        assert phone.get("/en/me").status_code == 302
        assert laptop.get("/en/me").status_code == 200

    def test_nobody_ends_that_of_somebody_else(self, browser_of):
        ada, thief = browser_of(a_member()), browser_of(a_member("Thief"))
        number = db.session.scalars(select(SignIn.id).order_by(SignIn.id)).first()
        thief.post(f"/en/me/sessions/{number}/end")
        assert ada.get("/en/me").status_code == 200

    def test_sign_out_everywhere_ends_all_and_what_waits_in_the_mail(self, browser_of, client):
        ada = a_member()
        browsers = [browser_of(ada) for _n in range(3)]
        other = browser_of(a_member("Other"))
        client.post("/en/sign-in", data={"email": ada.email})
        browsers[0].post("/en/me/sessions/end")
        assert [b.get("/en/me").status_code for b in [*browsers, other]] == [302, 302, 302, 200]
        waiting = db.session.scalars(select(SignIn).where(SignIn.used_at.is_(None))).one()
        assert waiting.ended_at

    def test_an_old_cookie_is_dead_after_signing_out(self, app, browser_of):
        browser = browser_of(a_member())
        with browser.session_transaction() as session:
            before = dict(session)
        browser.post("/en/sign-out")
        thief = app.test_client()
        with thief.session_transaction() as session:
            session.update(before)
        assert thief.get("/en/me").status_code == 302

    def test_a_members_session_ends_after_twelve_hours(self, browser_of):
        browser = browser_of(a_member())
        with time_machine.travel(now() + timedelta(hours=11, minutes=59)):
            assert browser.get("/en/me").status_code == 200
        with time_machine.travel(now() + timedelta(hours=12, minutes=1)):
            assert browser.get("/en/me").status_code == 302

    @pytest.mark.parametrize(
        ("agent", "device"),
        [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox · Linux"),
            (
                "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36",
                "Chrome · Android",
            ),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1", "Safari · iPhone"),
            ("Mozilla/5.0 (Windows NT 10.0) Chrome/126.0 Safari/537.36 Edg/126.0", "Edge · Windows"),
            ("<script>", ""),
        ],
    )
    def test_a_device_is_told_in_a_few_words(self, agent, device):
        assert sessions.device_of(agent) == device

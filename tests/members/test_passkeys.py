"""Passkeys as the second step: what a device signs counts once, for its session, its owner and our site alone."""

import html
import json
import re
import threading
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from sqlalchemy import select
from webauthn.helpers import bytes_to_base64url as text

from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.errors import Refused
from sipvote.mail import Letter
from sipvote.members import factors, passkeys
from sipvote.members.models import Member
from tests.factories import a_member, an_organiser
from tests.members.authenticator import PRESENT, VERIFIED, Device

DESK = "/en/members/"
ADD = "/en/me/second-step/passkey"
SESSION = 7


@pytest.fixture
def device_of(app, database):
    """Gives a member a passkey; the device signs with it."""

    def make(member=None):
        address = urlsplit(app.config["BASE_URL"])
        device = Device(address.hostname, f"{address.scheme}://{address.netloc}")
        if member is not None:
            passkeys.add(member, SESSION, "My phone", device.make(passkeys.options_to_add(member, SESSION)))
            db.session.commit()
        return device

    return make


@pytest.fixture
def strict(app):
    app.config["OFFICIALS"] = "strict"
    yield
    app.config["OFFICIALS"] = "easy"


def asked_for(member, session=SESSION):
    return passkeys.options_to_prove(member.id, session)


def refused(member, answer, session=SESSION):
    with pytest.raises(Refused, match="did not prove"):
        passkeys.check(member, session, answer)
    return True


def options_on(page):
    return html.unescape(re.search(r'data-options="([^"]*)"', page.text)[1])


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("https://Vote.Example.org", ("vote.example.org", "https://vote.example.org")),
        ("https://vote.example.org:443/", ("vote.example.org", "https://vote.example.org")),
        ("http://localhost:80", ("localhost", "http://localhost")),
        ("https://vote.example.org:8443", ("vote.example.org", "https://vote.example.org:8443")),
        ("http://vote.example.org:443", ("vote.example.org", "http://vote.example.org:443")),
    ],
)
def test_the_site_is_written_as_browsers_write_it(app, monkeypatch, address, site):
    monkeypatch.setitem(app.config, "BASE_URL", address)
    with app.app_context():
        assert passkeys._site() == site


class TestAdding:
    def test_a_passkey_counts_at_once_and_its_owner_hears_of_it(self, device_of):
        dre = an_organiser()
        device = device_of(dre)
        kept = factors.of_member(dre.id)[0]
        assert (kept.kind, kept.name, kept.credential) == ("passkey", "My phone", device.id)
        entry = db.session.scalars(select(Entry)).one()
        assert (entry.act, entry.facts) == ("add factor", {"kind": "passkey"})
        assert db.session.scalars(select(Letter.name)).all() == ["factor"]

    def test_the_options_ask_for_the_person_and_no_attestation(self, app, device_of):
        dre = an_organiser()
        device = device_of(dre)
        options = json.loads(passkeys.options_to_add(dre, SESSION))
        assert options["rp"]["id"] == urlsplit(app.config["BASE_URL"]).hostname
        assert options["authenticatorSelection"]["userVerification"] == "required"
        assert options["attestation"] == "none"
        assert [known["id"] for known in options["excludeCredentials"]] == [text(device.id)]
        options = json.loads(asked_for(dre))
        assert options["userVerification"] == "required"
        assert [known["id"] for known in options["allowCredentials"]] == [text(device.id)]

    @pytest.mark.parametrize(
        "bent", [{"site": "evil.example"}, {"origin": "https://evil.example"}, {"flags": PRESENT}, {"flags": VERIFIED}]
    )
    def test_what_is_not_for_us_or_not_by_a_person_is_refused(self, device_of, bent):
        dre, device = an_organiser(), device_of()
        vars(device).update(bent)
        with pytest.raises(Refused, match="not added"):
            passkeys.add(dre, SESSION, "x", device.make(passkeys.options_to_add(dre, SESSION)))
        assert factors.of_member(dre.id) == []

    def test_a_challenge_of_another_session_purpose_or_time_is_refused(self, device_of):
        dre = an_organiser()
        owner, new = device_of(dre), device_of()
        for options in (passkeys.options_to_add(dre, SESSION + 1), asked_for(dre)):
            with pytest.raises(Refused, match="not added"):
                passkeys.add(dre, SESSION, "x", new.make(options))
        late = passkeys.options_to_add(dre, SESSION)
        with time_machine.travel(now() + timedelta(minutes=6)), pytest.raises(Refused, match="not added"):
            passkeys.add(dre, SESSION, "x", new.make(late))
        assert [one.credential for one in factors.of_member(dre.id)] == [owner.id]

    def test_a_passkey_stands_once_whoever_sends_it(self, device_of):
        dre, eva = an_organiser(), an_organiser()
        device = device_of(dre)
        for member in (dre, eva):
            with pytest.raises(Refused, match="already in use"):
                passkeys.add(member, SESSION, "x", device.make(passkeys.options_to_add(member, SESSION)))
        assert len(factors.of_member(dre.id)) == 1 and factors.of_member(eva.id) == []


class TestProving:
    def test_the_right_one_is_right_again_and_again(self, device_of):
        dre = an_organiser()
        device = device_of(dre)
        for _time in range(3):  # within the same second too
            passkeys.check(dre, SESSION, device.sign(asked_for(dre)))
        assert factors.of_member(dre.id)[0].signed == 3

    def test_a_device_that_does_not_count_is_right_too(self, device_of):
        dre = an_organiser()
        device = device_of(dre)
        for _time in range(2):
            passkeys.check(dre, SESSION, device.sign(asked_for(dre), counts=False))

    @pytest.mark.parametrize("counts", [True, False])
    def test_a_challenge_counts_once(self, device_of, counts):
        dre = an_organiser()
        device = device_of(dre)
        options = asked_for(dre)
        passkeys.check(dre, SESSION, device.sign(options, counts))
        assert refused(dre, device.sign(options, counts))

    def test_a_challenge_of_another_session_purpose_or_time_is_refused(self, device_of):
        dre = an_organiser()
        device = device_of(dre)
        assert refused(dre, device.sign(asked_for(dre, SESSION + 1)))
        assert refused(dre, device.sign(passkeys.options_to_add(dre, SESSION)))
        late = device.sign(asked_for(dre))
        with time_machine.travel(now() + timedelta(minutes=6)):
            assert refused(dre, late)

    def test_a_challenge_that_we_did_not_make_is_refused(self, device_of):
        dre = an_organiser()
        device = device_of(dre)
        assert refused(dre, device.sign(json.dumps({"challenge": text(b"x" * 32)})))

    @pytest.mark.parametrize(
        "bent", [{"site": "evil.example"}, {"origin": "https://evil.example"}, {"flags": PRESENT}, {"flags": VERIFIED}]
    )
    def test_what_is_not_for_us_or_not_by_the_person_is_refused(self, device_of, bent):
        dre = an_organiser()
        device = device_of(dre)
        vars(device).update(bent)
        assert refused(dre, device.sign(asked_for(dre)))

    def test_that_of_somebody_else_is_refused(self, device_of):
        dre, eva = an_organiser(), an_organiser()
        device, theirs = device_of(dre), device_of(eva)
        assert refused(dre, theirs.sign(asked_for(dre)))
        theirs.id = device.id  # under the name of the right one, by the wrong key
        assert refused(dre, theirs.sign(asked_for(dre)))

    @pytest.mark.parametrize("copied_at", [1, 2])
    def test_a_copy_that_signed_less_often_is_refused(self, device_of, copied_at):
        dre = an_organiser()
        device = device_of(dre)
        for _time in range(3):
            passkeys.check(dre, SESSION, device.sign(asked_for(dre)))
        device.signed = copied_at  # signs as the second, or the third: both were seen
        assert refused(dre, device.sign(asked_for(dre)))

    @pytest.mark.parametrize(
        "typed", ["", "x", "[]", "{}", "null", '{"rawId": 1, "response": {"clientDataJSON": 2}}', "[" * 30_000]
    )
    def test_what_is_no_answer_is_refused(self, device_of, typed):
        dre = an_organiser()
        device_of(dre)
        assert refused(dre, typed)
        with pytest.raises(Refused, match="not added"):
            passkeys.add(dre, SESSION, "x", typed)

    @pytest.mark.parametrize("part", ["clientDataJSON", "authenticatorData", "signature"])
    @pytest.mark.parametrize("value", [None, 5, "", "AAAA", "é"])
    def test_a_bent_part_is_refused(self, device_of, part, value):
        dre = an_organiser()
        answer = json.loads(device_of(dre).sign(asked_for(dre)))
        answer["response"][part] = value
        assert refused(dre, json.dumps(answer))

    def test_after_five_wrong_ones_not_even_the_right_one_counts(self, device_of):
        dre = an_organiser()
        device = device_of(dre)
        for _try in range(factors.TRIES):
            refused(dre, "{}")
        with pytest.raises(Refused, match="15 minutes"):
            passkeys.check(dre, SESSION, device.sign(asked_for(dre)))
        assert "factor_tries" in db.session.scalars(select(Letter.name)).all()

    def test_of_many_at_once_a_signature_opens_one(self, app, device_of):
        dre = an_organiser()
        answer, member_id, opened = device_of(dre).sign(asked_for(dre)), dre.id, []
        barrier = threading.Barrier(4)

        def use() -> None:
            with app.test_request_context(method="POST"):
                barrier.wait()
                try:
                    passkeys.check(db.session.get(Member, member_id), SESSION, answer)
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
class TestPages:
    def test_at_the_first_sign_in(self, device_of, browser_of):
        dre = an_organiser()
        browser, device = browser_of(dre), device_of()
        assert "Add a passkey" in browser.get(DESK, follow_redirects=True).text
        page = browser.post(ADD)
        done = browser.post(ADD, data={"name": "My key", "made": device.make(options_on(page))})
        assert done.headers["Location"] == "/en/me/second-step"
        assert browser.get(DESK).status_code == 200
        assert "My key" in browser.get("/en/me/second-step").text

    def test_signing_in_with_it(self, device_of, browser_of):
        dre = an_organiser()
        browser, device = browser_of(dre), device_of(dre)
        page = browser.get(DESK, follow_redirects=True)
        assert "Use your passkey" in page.text and "six digits" not in page.text
        wrong = browser.post("/en/second-step", data={"step_passkey": "{}"})
        assert "did not prove" in wrong.text
        answer = device.sign(options_on(wrong))
        assert browser.post(f"/en/second-step?next={DESK}", data={"step_passkey": answer}).headers["Location"] == DESK
        assert browser.get(DESK).status_code == 200
        # The session has another number now: what was signed for the old one is worth nothing.
        assert "did not prove" in browser.post("/en/second-step", data={"step_passkey": answer}).text

    def test_what_was_typed_waits_and_goes_on_with_it(self, device_of, browser_of):
        dre = an_organiser()
        browser, device = browser_of(dre), device_of(dre)
        options = options_on(browser.get("/en/second-step"))
        browser.post("/en/second-step", data={"step_passkey": device.sign(options)})
        url = f"/en/me/second-step/{factors.of_member(dre.id)[0].id}/name"
        with time_machine.travel(now() + timedelta(minutes=6)):
            late = browser.get(url)
            assert late.status_code == 302 and "/second-step?next=" in late.location
            asked = browser.post(url, data={"name": "Blue key"})
            assert asked.status_code == 401 and 'name="name" value="Blue key"' in asked.text
            wrong = browser.post(url, data={"name": "Blue key", "step_passkey": "{}"})
            assert wrong.status_code == 401 and 'name="name" value="Blue key"' in wrong.text
            answer = {"name": "Blue\0 key", "step_passkey": device.sign(options_on(wrong))}
            assert browser.post(url, data=answer).status_code == 303
        db.session.expire_all()
        assert factors.of_member(dre.id)[0].name == "Blue key"

    def test_who_reads_the_mail_adds_none_beside_the_one_that_is_there(self, device_of, browser_of):
        dre = an_organiser()
        device_of(dre)
        assert browser_of(dre).post(ADD).status_code == 303

    def test_a_member_without_a_role_adds_none(self, browser_of):
        assert browser_of(a_member()).post(ADD).status_code == 303

    def test_a_passkey_without_a_name_or_an_answer_is_not_added(self, browser_of):
        dre = an_organiser()
        browser = browser_of(dre)
        assert "Give it a name" in browser.post(ADD, data={"name": " ", "made": "{}"}).text
        assert "has not made a passkey" in browser.post(ADD, data={"name": "x", "made": ""}).text
        assert "not added" in browser.post(ADD, data={"name": "x", "made": "{}"}).text
        assert factors.of_member(dre.id) == []

    def test_nobody_renames_that_of_somebody_else(self, device_of, browser_of):
        dre, eva = an_organiser(), an_organiser()
        browser, device = browser_of(dre), device_of(dre)
        device_of(eva)
        options = options_on(browser.get("/en/second-step"))
        browser.post("/en/second-step", data={"step_passkey": device.sign(options)})
        url = f"/en/me/second-step/{factors.of_member(eva.id)[0].id}/name"
        assert browser.get(url).status_code == browser.post(url, data={"name": "Mine"}).status_code == 303
        assert factors.of_member(eva.id)[0].name == "My phone"

    def test_dropping_one_of_two_and_not_the_last(self, device_of, browser_of):
        dre = an_organiser()
        browser, device = browser_of(dre), device_of(dre)
        device_of(dre)
        options = options_on(browser.get("/en/second-step"))
        browser.post("/en/second-step", data={"step_passkey": device.sign(options)})
        first, second = (one.id for one in factors.of_member(dre.id))
        assert browser.post(f"/en/me/second-step/{first}/drop").status_code == 303
        assert browser.post(f"/en/me/second-step/{second}/drop").status_code == 409
        assert [one.id for one in factors.of_member(dre.id)] == [second]


class TestWhatIsAsked:
    def test_an_answer_may_take_five_minutes_and_the_person_must_be_there(self, app, device_of):
        dre = an_organiser()
        device_of(dre)
        with app.test_request_context():
            added, proved = (json.loads(ask) for ask in (passkeys.options_to_add(dre, SESSION), asked_for(dre)))
        assert added["timeout"] == proved["timeout"] == 300_000
        assert added["authenticatorSelection"]["userVerification"] == proved["userVerification"] == "required"
        assert len(added["excludeCredentials"]) == len(proved["allowCredentials"]) == 1

    def test_each_challenge_comes_after_the_last_that_was_used_also_within_one_second(self, device_of):
        dre = an_organiser()
        device_of(dre)
        (factor,) = passkeys.of_member(dre.id)

        def step_of(challenge):
            return passkeys._signer(passkeys.PROVING).loads(challenge.decode())[1]

        with time_machine.travel(now(), tick=False):
            moment = int(now().timestamp())
            factor.last_step = moment - 10
            assert step_of(passkeys._challenge(passkeys.PROVING, dre.id, SESSION)) == moment
            factor.last_step = moment + 5
            assert step_of(passkeys._challenge(passkeys.PROVING, dre.id, SESSION)) == moment + 6

    @pytest.mark.parametrize("wrong", ["no JSON", "a forged one"])
    def test_after_the_fifth_wrong_one_its_owner_hears_of_it(self, device_of, wrong):
        dre = an_organiser()
        device = device_of()
        for _try in range(5):
            assert db.session.scalars(select(Letter).where(Letter.name == "factor_tries")).all() == []
            answer = device.make(passkeys.options_to_add(dre, SESSION + 1)) if wrong == "a forged one" else wrong
            with pytest.raises(Refused, match="was not added"):
                passkeys.add(dre, SESSION, "My phone", answer)
        (letter,) = db.session.scalars(select(Letter).where(Letter.name == "factor_tries"))
        assert letter.member_id == dre.id and "15 minutes" in letter.body

"""The banner, one-click sign-in, the page of the time machine, and the mails."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

import config
from sipvote import mail
from sipvote.app import create_app
from sipvote.db import db
from sipvote.demo import year
from sipvote.demo.mails import with_links
from sipvote.demo.people import ADA, CAST, DRE, member_of
from sipvote.mail import Letter
from sipvote.members import rules as members
from tests.demo.conftest import Be
from tests.endings import let_go


@pytest.fixture
def visitor(app: Flask, demo: None) -> FlaskClient:
    return app.test_client()


# --- Only here --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["production", "test"])
def test_outside_demo_mode_there_is_no_demonstration(mode: str, tmp_path: object) -> None:
    app = create_app(DEMO=False, MODE=mode, INSTANCE=tmp_path, SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path}/none.db")
    assert not [rule for rule in app.url_map.iter_rules() if "demo" in str(rule)]
    let_go(app)


def test_demo_mode_sends_no_mail_whatever_the_environment_says() -> None:
    told = {"SIPVOTE_MODE": "demo", "SIPVOTE_MAIL_BACKEND": "smtp", "SIPVOTE_MAIL_SERVER": "mail.example.org"}
    assert config.load(told)["MAIL_BACKEND"] == "dummy"


# --- The banner -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/en/", "/nl/sign-in", "/fr/help", "/en/demo/mails", "/en/nothing-here"])
def test_the_banner_stands_on_every_page(visitor: FlaskClient, path: str) -> None:
    assert 'class="demo-banner"' in visitor.get(path).text


def test_the_banner_says_that_people_and_texts_are_invented(visitor: FlaskClient) -> None:
    assert "people and texts are invented, and no real mail is sent" in visitor.get("/en/").text


def test_the_banner_says_that_officials_act_alone_and_desks_do_not_say_it_twice(be: Be) -> None:
    page = be("dre").get("/en/members/").text
    assert "Here officials act alone" in page and "Easy mode" not in page


@pytest.mark.parametrize("person", CAST, ids=lambda person: person.key)
def test_one_click_makes_the_visitor_somebody_of_the_cast(be: Be, person: object) -> None:
    client = be(person.key)  # type: ignore[attr-defined]
    assert person.name in client.get("/en/me").text  # type: ignore[attr-defined]


def test_any_other_member_has_no_role(be: Be) -> None:
    client = be("other")
    assert client.get("/en/").status_code == 200
    assert client.get("/en/members/").status_code == 403


@pytest.mark.parametrize("person", ["", "nobody", "ADA"])
def test_nobody_else_can_be_chosen(visitor: FlaskClient, person: str) -> None:
    assert visitor.post("/en/demo/sign-in", data={"person": person}).status_code == 409


def test_becoming_somebody_else_ends_the_session_before(be: Be) -> None:
    client = be("dre")
    old = client.get_cookie("sipvote")
    assert old is not None
    client.post("/en/demo/sign-in", data={"person": "ada"})
    client.set_cookie("sipvote", old.value)
    assert client.get("/en/members/").status_code == 302


def test_the_visitor_comes_back_to_the_page(visitor: FlaskClient) -> None:
    page = f"/en/{_this_year()}/themes?show=mine"
    answer = visitor.post("/en/demo/sign-in", data={"person": "ada", "next": page})
    assert answer.headers["Location"] == page


@pytest.mark.parametrize("page", ["https://evil.example/", "//evil.example", "/en/nothing-here", "", "/en/members/"])
def test_a_page_that_is_not_theirs_becomes_the_first_page(visitor: FlaskClient, page: str) -> None:
    answer = visitor.post("/en/demo/sign-in", data={"person": "ada", "next": page})
    assert answer.headers["Location"] == "/en/"


def test_an_organiser_comes_back_to_the_desk(visitor: FlaskClient) -> None:
    answer = visitor.post("/en/demo/sign-in", data={"person": "dre", "next": "/en/members/"})
    assert answer.headers["Location"] == "/en/members/"


@pytest.mark.csrf
def test_the_banner_carries_its_token(visitor: FlaskClient) -> None:
    assert visitor.post("/en/demo/sign-in", data={"person": "ada"}).status_code == 400
    assert visitor.post("/en/demo/year", data={"phase": "vote"}).status_code == 400


# --- The time machine -------------------------------------------------------------------------------


def _this_year() -> int:
    edition = year.the_edition()
    assert edition is not None
    return edition.year


def test_somebody_who_is_signed_in_travels_and_stays_on_the_page(be: Be) -> None:
    page = f"/en/{_this_year()}/themes"
    answer = be("dre").post("/en/demo/year", data={"phase": "review", "next": page})
    assert answer.headers["Location"] == page


def test_a_page_about_one_thing_is_left_when_going_back(visitor: FlaskClient) -> None:
    visitor.post("/en/demo/year", data={"phase": "signup"})
    page = f"/en/{_this_year()}/groups/1"
    answer = visitor.post("/en/demo/year", data={"phase": "review", "sure": "yes", "next": page})
    assert answer.headers["Location"] == "/en/"


def test_the_question_before_going_back_can_be_read_in_another_language(visitor: FlaskClient) -> None:
    visitor.post("/en/demo/year", data={"phase": "vote"})
    asked = visitor.get("/nl/demo/year?phase=themes")
    assert asked.status_code == 200 and 'name="sure"' in asked.text


def test_the_travels_stand_in_the_audit_log(be: Be) -> None:
    dre = be("dre")
    dre.post("/en/demo/year", data={"phase": "review"})
    assert "Time machine of the demonstration" in dre.get("/en/audit").text


# --- The mails --------------------------------------------------------------------------------------


def test_the_mail_of_a_sign_in_is_read_on_the_page(app: Flask, visitor: FlaskClient) -> None:
    visitor.post("/en/sign-in", data={"email": ADA.email})
    members.mail_sign_ins()
    db.session.commit()
    mail.deliver()
    assert not mail.mailman.outbox or app.config["MAIL_BACKEND"] == "locmem"
    letter = db.session.query(Letter).one()
    assert letter.subject in visitor.get("/en/demo/mails").text
    page = visitor.get(f"/en/demo/mails/{letter.id}").text
    for told in (page, visitor.get("/en/demo/mails").text):
        assert "not the dates in mails that are written already" in told
    link = page.split('<div class="mail-body">')[1].split('href="')[1].split('"')[0]
    assert link.startswith("/nl/sign-in/link/")
    assert visitor.post(link).status_code == 303
    assert ADA.name in visitor.get("/en/me").text


def _letters() -> tuple[Letter, Letter]:
    ada, dre = member_of(ADA), member_of(DRE)
    facts = {"token": "t", "code": "123456", "minutes": 10}
    to_ada = mail.queue("sign_in", ada, calendar=("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "REQUEST"), **facts)
    to_dre = mail.queue("sign_in", dre, **facts)
    assert to_ada and to_dre
    db.session.commit()
    return to_ada, to_dre


def test_mails_are_found_by_address(visitor: FlaskClient) -> None:
    _letters()
    found = visitor.get("/en/demo/mails?q=ADA@").text
    assert ADA.email in found and DRE.email not in found
    assert "There are no such mails" in visitor.get("/en/demo/mails?q=%25").text


def test_my_mails_are_mine(be: Be) -> None:
    _letters()
    found = be("dre").get("/en/demo/mails?mine=1").text
    assert DRE.email in found and ADA.email not in found


def test_a_calendar_file_is_handed_out(visitor: FlaskClient) -> None:
    with_calendar, without = _letters()
    answer = visitor.get(f"/en/demo/mails/{with_calendar.id}/sipvote.ics")
    assert answer.mimetype == "text/calendar" and answer.data.startswith(b"BEGIN:VCALENDAR")
    assert visitor.get(f"/en/demo/mails/{without.id}/sipvote.ics").status_code == 404
    assert visitor.get("/en/demo/mails/999999").status_code == 404


def test_a_long_list_of_mails_is_paged(visitor: FlaskClient) -> None:
    visitor.post("/en/demo/year", data={"phase": "signup"})
    assert 'class="pager"' in visitor.get("/en/demo/mails").text


def test_only_own_addresses_become_links() -> None:
    text = 'See http://127.0.0.1:8001/nl/x?a=1&b=2. Not https://evil.example/y <script>"'
    shown = with_links(text)
    assert '<a href="/nl/x?a=1&amp;b=2">http://127.0.0.1:8001/nl/x?a=1&amp;b=2</a>. Not' in shown
    assert "evil.example/y &lt;script&gt;&#34;" in shown and shown.count("<a ") == 1


def test_no_letter_is_shown_before_there_is_one(visitor: FlaskClient) -> None:
    assert "There are no mails yet" in visitor.get("/en/demo/mails").text

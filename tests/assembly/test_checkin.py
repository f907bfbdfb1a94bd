"""The check-in desk: search, one tap, undo; lists to download, to print and to sign."""

import io
import zipfile

import pytest
from sqlalchemy import select

from sipvote.assembly import presence, rules
from sipvote.assembly.models import Presence, Way
from sipvote.db import db, now
from tests.factories import a_facilitator, a_member, an_assembly, an_edition
from tests.queries import counted


@pytest.fixture
def desk(browser_of):
    """Bas at the desk of an assembly that begins in an hour: his browser, the assembly, and the desk's address."""
    assembly = an_assembly(starts_in=1)
    return browser_of(a_facilitator()), assembly, f"/en/{assembly.edition.year}/assembly/check-in"


def row_of(member):
    db.session.expire_all()
    return db.session.scalar(select(Presence).where(Presence.member_id == member.id))


def test_a_year_without_an_assembly_has_a_desk_that_says_so(browser_of):
    an_edition(year=2026)
    assert "not planned yet" in browser_of(a_facilitator()).get("/en/2026/assembly/check-in/").text


def test_search_one_tap_and_the_next(desk):
    browser, _assembly, page = desk
    ada = a_member("Ada Peeters")
    found = browser.get(f"{page}/?q=peeters").text
    assert "Ada Peeters" in found and f"{page}/{ada.id}" in found and "autofocus" in found
    answer = browser.post(f"{page}/{ada.id}")
    assert answer.status_code == 303 and answer.headers["Location"].endswith(f"?last={ada.id}")
    after = browser.get(answer.headers["Location"]).text
    assert "is checked in." in after and "in the hall since" in after and "Undo the check-in" in after
    assert row_of(ada).checked_in_by.name == "Bas Claes"


def test_a_second_desk_is_told_who_was_first(desk, browser_of):
    browser, _assembly, page = desk
    ada = a_member("Ada Peeters")
    browser.post(f"{page}/{ada.id}")
    second = browser_of(a_facilitator())
    answer = second.post(f"{page}/{ada.id}")
    assert "Ada Peeters is checked in since" in (text := second.get(answer.headers["Location"]).text)
    assert "by Bas Claes" in text


def test_left_and_taken_back(desk):
    browser, _assembly, page = desk
    ada = a_member()
    browser.post(f"{page}/{ada.id}")
    for _click in range(2):
        browser.post(f"{page}/{ada.id}/left")
    assert row_of(ada).left_at and "left at" in browser.get(f"{page}/?q={ada.number}").text
    for _click in range(2):
        assert browser.post(f"{page}/{ada.id}/take-back").status_code == 303
    assert row_of(ada) is None


def test_nobody_is_found_and_the_desk_says_what_to_try(desk):
    browser, _assembly, page = desk
    assert "Nobody found." in browser.get(f"{page}/?q=zz").text
    assert browser.get(f"{page}/?q={'x' * 2000}").status_code == 200
    for last in ("0", "99999999999999999999", "x", "-1"):
        assert browser.get(f"{page}/?last={last}").status_code == 200
    assert browser.post(f"{page}/999999").status_code == 404


def test_the_desk_is_closed_with_the_assembly(desk):
    browser, assembly, page = desk
    ada, lea = a_member("Ada"), a_member("Lea")
    browser.post(f"{page}/{ada.id}")
    assembly.starts_at = now()
    db.session.flush()
    rules.open_(assembly, None, 1)
    rules.close(assembly, None, 1)
    assert "Nobody can be checked in now" in browser.get(f"{page}/?q=ada").text
    for act in (f"{lea.id}", f"{ada.id}/left", f"{ada.id}/take-back"):
        assert browser.post(f"{page}/{act}").status_code == 409
    assert row_of(ada) and not row_of(ada).left_at and not row_of(lea)


# --- A member's QR code -----------------------------------------------------------------------------


def test_a_scanned_code_opens_the_member_for_the_desk_and_explains_itself_to_others(desk, client, browser_of):
    browser, assembly, _page = desk
    ada = a_member("Ada Peeters")
    address = "/en/" + presence.address_of(assembly, ada).split("/", 3)[3]
    text = browser.get(address).text
    assert "Ada Peeters" in text and "autofocus" in text
    assert row_of(ada) is None
    for other in (client, browser_of(ada)):
        answer = other.get(address, follow_redirects=True)
        assert answer.status_code == 200
        assert "checked in at the desk" in answer.text and "Ada Peeters (" not in answer.text


def test_a_forged_code_is_told_to_the_desk(desk):
    browser, _assembly, page = desk
    assert "not one of this assembly" in browser.get(f"{page}/m/forged.code").text


def test_an_address_that_a_hand_scanner_typed_finds_the_member(desk):
    browser, assembly, page = desk
    ada = a_member("Ada Peeters")
    answer = browser.get(f"{page}/", query_string={"q": presence.address_of(assembly, ada)})
    assert "Ada Peeters" in answer.text and "Check this member in" in answer.text


# --- Lists ------------------------------------------------------------------------------------------


def test_the_list_is_paged_filtered_and_as_cheap_when_it_is_long(desk):
    browser, assembly, page = desk
    assembly.follow_url = "https://video.example.org/a"
    db.session.flush()
    assert "Nobody is checked in yet." in browser.get(f"{page}/list").text
    presence.check_in(assembly, a_member("Zoë"), Way.HALL, a_facilitator().id)
    db.session.commit()
    with counted() as few:
        browser.get(f"{page}/list")
    for n in range(60):
        presence.check_in(assembly, a_member(f"Member {n:02}"), Way.HALL, None)
    assembly.starts_at = now()
    db.session.flush()
    presence.check_in(assembly, a_member("Far away"), Way.REMOTE, None)
    db.session.commit()
    with counted() as many:
        first = browser.get(f"{page}/list").text
    assert len(many) <= len(few) + 1 and "Far away" in first and "Zoë" not in first
    assert "Zoë" in browser.get(f"{page}/list?page=2").text
    remote = browser.get(f"{page}/list?way=remote").text
    assert "Far away" in remote and "Member 01" not in remote
    assert browser.get(f"{page}/list?way=moon").status_code == 200
    assert browser.get(f"{page}/list?page=9").status_code == 404


def test_the_list_is_downloaded_and_printed(desk):
    browser, assembly, page = desk
    presence.check_in(assembly, a_member("=Evil()"), Way.HALL, a_facilitator().id)
    lines = browser.get(f"{page}/list.csv").text.removeprefix("\ufeff").splitlines()
    assert lines[0].startswith("Number;Name;City") and "'=Evil()" in lines[1] and "Bas Claes" in lines[1]
    book = zipfile.ZipFile(io.BytesIO(browser.get(f"{page}/list.xlsx").data))
    assert "=Evil()" in (words := book.read("xl/sharedStrings.xml").decode()) and "in the hall" in words
    assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")
    assert browser.get(f"{page}/list.pdf").status_code == 404
    printed = browser.get(f"{page}/list/print").text
    assert "Signature" in printed and "=Evil()" in printed
    assert browser.get(f"{page}/sheet").text.count('<tr><th scope="row">') == 40

"""The roll: what is read, what is refused with its line, what would change, all or nothing."""

import io
from datetime import date

import pytest
from sqlalchemy import func, select

from sipvote import spreadsheets
from sipvote.db import db, now
from sipvote.errors import Refused
from sipvote.members import roll
from sipvote.members.models import Member, RollUpload
from tests.factories import a_city, a_member, an_organiser

HEAD = "number;name;email;language;country;city;profile;joined;left\n"
ADA = "1;Ada Peeters;ada@example.org;nl;BE;Gent;user;2019-03-01;\n"
ZOE = "2;Zoé Müller;zoe@example.org;fr;BE;Gand;staff;01/02/2020;\n"


@pytest.fixture
def gent(database):
    return a_city("gent")


def faults(text: str | bytes) -> list[tuple[int, str]]:
    content = text if isinstance(text, bytes) else text.encode()
    return [(f.line, f.text) for f in roll.read(content).faults]


@pytest.mark.usefixtures("gent")
class TestReading:
    def test_a_roll_is_read(self):
        rows = roll.read((HEAD + ADA + ZOE).encode()).rows
        assert [(r["number"], r["email"], r["joined"]) for r in rows] == [
            ("1", "ada@example.org", date(2019, 3, 1)),
            ("2", "zoe@example.org", date(2020, 2, 1)),
        ]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
    def test_accents_survive_every_encoding(self, encoding):
        read = roll.read((HEAD + ZOE).encode(encoding))
        assert read.faults == [] and read.rows[0]["name"] == "Zoé Müller"

    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    def test_every_separator_is_understood(self, separator):
        assert faults((HEAD + ADA).replace(";", separator)) == []

    def test_headings_of_the_administration_are_understood(self):
        dutch = "nummer;naam;e-mail;taal;land;stad;profiel;lid sinds;vertrokken\n"
        assert faults(dutch + ADA) == []

    def test_a_member_without_an_address_is_welcome(self):
        assert roll.read((HEAD + ADA.replace("ada@example.org", "")).encode()).rows[0]["email"] is None

    @pytest.mark.parametrize(
        ("line", "says"),
        [
            (";Ada;a@example.org;nl;BE;Gent;user;2019-03-01;", "“number” is empty"),
            ("1;Ada;a@example.org;de;BE;Gent;user;2019-03-01;", "“language” must be one of nl, fr, en"),
            ("1;Ada;a@example.org;nl;DE;Gent;user;2019-03-01;", "“country” must be one of BE, FR"),
            ("1;Ada;a@example.org;nl;BE;Atlantis;user;2019-03-01;", "The city “Atlantis”"),
            ("1;Ada;a@example.org;nl;BE;Gent;king;2019-03-01;", "“profile” must be"),
            ("1;Ada;a@example.org;nl;BE;Gent;user;soon;", "“joined” is not a date"),
            ("1;Ada;a@example.org;nl;BE;Gent;user;2019-03-01;2018-01-01", "before the day of joining"),
            ("1;Ada;ada at home;nl;BE;Gent;user;2019-03-01;", "is not an e-mail address"),
            ("1;Ada;a..b@example.org;nl;BE;Gent;user;2019-03-01;", "is not an e-mail address"),
            ("1;Ada;a@example.org;nl;BE;Gent;user;2019-03-01;;;;", "more cells"),
            ("1;" + "A" * 121 + ";a@example.org;nl;BE;Gent;user;2019-03-01;", "longer than 120"),
        ],
    )
    def test_a_fault_is_told_with_its_line(self, line, says):
        found = faults(HEAD + ZOE + line + "\n")
        assert len(found) == 1
        assert found[0][0] == 3 and says in found[0][1]

    def test_a_number_or_address_stands_once(self):
        assert [line for line, _text in faults(HEAD + ADA + ADA)] == [3, 3]

    @pytest.mark.parametrize("content", [b"", b"  \n", b"PK\x03\x04zip", b"%PDF-1.7", b"\xd0\xcf\x11\xe0", b"a\0b"])
    def test_what_is_not_csv_gets_one_sentence(self, content):
        assert len(faults(content)) == 1

    def test_missing_columns_are_named(self):
        assert "email, language" in faults("number;name\n1;Ada\n")[0][1]

    def test_headings_alone_are_no_roll(self):
        assert "no members" in faults(HEAD)[0][1]

    def test_an_open_quotation_mark_is_told(self):
        assert "quotation mark" in faults(HEAD + ADA + '"2;x')[-1][1]


@pytest.mark.usefixtures("gent")
class TestApplying:
    def numbers(self):
        return set(db.session.scalars(select(Member.number).where(Member.left.is_(None))))

    def test_new_changed_and_leaving_members_are_told_apart(self):
        roll.apply(roll.read((HEAD + ADA + ZOE).encode()), None)
        changed = ADA.replace("Ada Peeters", "Ada Claes")
        what = roll.compare(roll.read((HEAD + changed + "3;Lea;;nl;BE;Gent;user;2020-01-01;\n").encode()))
        assert [n["number"] for n in what.new] == ["3"]
        assert [values for _id, values in what.changed] == [{"name": "Ada Claes"}]
        assert [number for _id, number, _name in what.leaving] == ["2"]

    def test_who_stands_in_it_no_more_has_left_today(self):
        roll.apply(roll.read((HEAD + ADA + ZOE).encode()), None)
        roll.apply(roll.read((HEAD + ADA).encode()), None)
        assert self.numbers() == {"1"}
        assert db.session.scalar(select(Member.left).where(Member.number == "2")) == now().date()

    def test_addresses_may_be_swapped(self):
        roll.apply(roll.read((HEAD + ADA + ZOE).encode()), None)
        swapped = (HEAD + ADA + ZOE).replace("ada@", "x@").replace("zoe@", "ada@").replace("x@", "zoe@")
        roll.apply(roll.read(swapped.encode()), None)
        assert db.session.scalar(select(Member.email).where(Member.number == "1")) == "zoe@example.org"

    def test_a_roll_with_one_fault_changes_nothing(self):
        with pytest.raises(Refused):
            roll.apply(roll.read((HEAD + ADA + ZOE.replace("fr", "xx")).encode()), None)
        assert self.numbers() == set()

    def test_applying_twice_changes_nothing_more(self):
        read = roll.read((HEAD + ADA + ZOE).encode())
        roll.apply(read, None)
        what = roll.apply(read, None)
        assert (what.new, what.changed, what.leaving, what.same) == ([], [], [], 2)


def test_a_roll_as_a_spreadsheet_says_the_same_as_the_csv(database):
    a_city("gent")
    cells = [line.split(";") for line in (HEAD + ADA + ZOE).splitlines()]
    days = [date(2019, 3, 1), date(2020, 2, 1)]
    book = spreadsheets.xlsx(cells[0], [[int(c[0]), *c[1:-2], day, ""] for c, day in zip(cells[1:], days, strict=True)])
    assert roll.read(book) == roll.read((HEAD + ADA + ZOE).encode())
    assert not roll.read(book).faults
    assert [fault.line for fault in roll.read(spreadsheets.xlsx(cells[0][:2], [])).faults] == [1]


def test_an_organiser_sees_what_would_change_and_then_does_it(client, browser_of):
    organiser = an_organiser(email="dre@example.org")
    a_city("gent")
    browser = browser_of(organiser)
    own = f"{organiser.number};Dré Maes;dre@example.org;en;BE;Brussel;user;2019-03-01;\n"
    file = {"roll": (io.BytesIO((HEAD + own + ADA).encode()), "roll.csv")}
    where = browser.post("/en/members/import", data=file).headers["Location"]
    assert "Import this roll" in browser.get(where).text
    assert db.session.scalar(select(func.count(Member.id))) == 1
    browser.post(where)
    assert db.session.scalar(select(func.count(Member.id))) == 2
    assert db.session.scalar(select(RollUpload.content)) == b""
    assert (
        "imported already"
        in browser.post(where, headers={"Referer": "http://localhost/en/"}, follow_redirects=True).text
    )


def test_the_preview_asks_before_people_leave_and_names_what_changes(client, browser_of):
    organiser, zoe = an_organiser(email="dre@example.org"), a_member("Zoé", email="zoe@example.org")
    browser = browser_of(organiser)
    own = f"{organiser.number};Dré Maas;dre@example.org;en;BE;Gent;user;2019-03-01;\n"
    where = browser.post("/en/members/import", data={"roll": (io.BytesIO((HEAD + own).encode()), "roll.csv")}).location
    page = browser.get(where).text
    assert "1 member leaves" in page and "Yes, import it" in page
    assert f"{organiser.number} {organiser.name}: " in page and "name" in page
    browser.post(where)
    db.session.expire_all()
    assert zoe.left == now().date()


def test_a_file_is_thrown_away_once_however_often_one_clicks(client, browser_of):
    browser = browser_of(an_organiser())
    file = {"roll": (io.BytesIO((HEAD + ADA).encode()), "roll.csv")}
    where = browser.post("/en/members/import", data=file).location
    for _click in range(2):
        assert "was thrown away" in browser.post(where + "/discard", follow_redirects=True).text
    assert db.session.scalar(select(func.count(RollUpload.id))) == 0


def test_a_file_that_is_no_roll_says_so_in_one_sentence(client, browser_of):
    browser = browser_of(an_organiser())
    file = {"roll": (io.BytesIO(b"\x89PNG\r\n\x1a\n\0\0"), "roll.csv")}
    page = browser.get(browser.post("/en/members/import", data=file).location).text
    assert "This is no CSV or XLSX file" in page and "<table" not in page


def test_faults_can_be_downloaded(client, browser_of):
    browser = browser_of(an_organiser())
    file = {"roll": (io.BytesIO((HEAD + ADA.replace("nl", "xx")).encode()), "roll.csv")}
    where = browser.post("/en/members/import", data=file).headers["Location"]
    assert "There are 2 faults in this file" in browser.get(where).text
    assert b"xx" in browser.get(where + "/faults.csv").data


def test_nobody_else_imports(client, browser_of):
    browser = browser_of(a_member())
    assert browser.get("/en/members/import").status_code == 403
    assert client.get("/en/members/import").status_code == 302

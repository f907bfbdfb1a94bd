"""Inside a group: files, next steps, agenda and letters are for the people in it."""

import io
from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select

from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.errors import Refused
from sipvote.mail import Letter
from sipvote.workgroups import group_mail, papers, rules, steps
from sipvote.workgroups.life_models import GroupFile, NextStep
from sipvote.workgroups.models import Signup
from tests.factories import a_facilitator, a_member, a_met_group, an_organiser, kept
from tests.queries import explained, queries_of, reads_all_of


@pytest.fixture
def group(bas, ada):
    return a_met_group(ada, a_member("Bo Smit"), facilitators=[bas])


def inside(group, rest="/"):
    return f"/en/2026/groups/{group.id}/inside{rest}"


def an_offered(group, name="Dan Roels", **values):
    return kept(
        Signup(
            workgroup=group,
            member=a_member(name, **values),
            signed_up_at=now(),
            seat=9,
            confirm_by=now() + timedelta(days=3),
        )
    )


class TestDoor:
    def test_only_people_in_the_group_its_facilitators_and_organisers_get_in(self, client, browser_of, group, ada, bas):
        group.meetings[1].agenda = "- **Who** does what"
        assert client.get(inside(group)).status_code == 302
        for who, code in (
            (ada, 200),
            (bas, 200),
            (an_organiser(), 200),
            (a_member(), 404),
            (a_facilitator("gent"), 404),
        ):
            page = browser_of(who).get(inside(group))
            assert (page.status_code, "<strong>Who</strong> does what" in page.text) == (code, code == 200)

    def test_who_was_only_offered_a_place_waits_or_withdrew_stays_outside(self, browser_of, group, ada):
        offered = an_offered(group)
        assert browser_of(offered.member).get(inside(group)).status_code == 404
        offered.seat = offered.confirm_by = None
        assert browser_of(offered.member).get(inside(group)).status_code == 404
        signup = rules.signup_of(ada.id, group)
        signup.seat, signup.withdrawn_at = None, now()
        assert browser_of(ada).get(inside(group)).status_code == 404

    def test_the_page_of_the_group_leads_its_members_inside(self, browser_of, group, ada):
        link = f'href="/en/2026/groups/{group.id}/inside/"'
        assert link in browser_of(ada).get(f"/en/2026/groups/{group.id}").text
        assert link not in browser_of(a_member()).get(f"/en/2026/groups/{group.id}").text

    def test_the_facilitator_writes_the_agenda_that_the_members_read(self, browser_of, group, ada, bas):
        address = f"/en/2026/facilitate/{group.id}/meetings/{group.meetings[1].id}/agenda"
        assert browser_of(ada).post(address, data={"agenda": "Mine"}).status_code == 403
        assert browser_of(a_facilitator("gent")).get(address).status_code == 404
        assert "At most" in browser_of(bas).post(address, data={"agenda": "x" * 5001}).text
        assert browser_of(bas).post(address, data={"agenda": "Round of names"}).status_code == 303
        assert "Round of names" in browser_of(ada).get(inside(group)).text

    def test_a_page_full_of_life_takes_no_more_queries(self, browser_of, group, ada, bas):
        inner, outer, counts = inside(group), f"/en/2026/facilitate/{group.id}", []
        for _round in range(2):
            for n in range(4):
                steps.agree(group, f"Step {n}", ada.id, None)
                papers.add(group, f"file {n}.txt", b"x", a_member(f"Guest {n}").id)
            counts += [queries_of(browser_of(bas), page) for page in (inner, outer)]
        assert counts[:2] == counts[2:] and max(counts) < 45


class TestNeeds:
    def test_what_somebody_needs_is_told_to_those_who_run_the_group_only(self, browser_of, group, ada, bas):
        bo = next(s.member for s in group.signups if s.member is not ada)
        answer = browser_of(ada).post(inside(group, "/needs"), data={"needs": "a ramp\nplease"})
        assert answer.status_code == 303 and 'value="a ramp please"' in browser_of(ada).get(inside(group)).text
        for who, told in ((bas, True), (an_organiser(), True), (a_facilitator("gent"), False)):
            assert ("a ramp please" in browser_of(who).get(f"/en/2026/facilitate/{group.id}").text) is told
        assert "a ramp please" not in browser_of(bo).get(inside(group)).text

    def test_who_has_no_place_tells_nothing_and_nobody_writes_a_novel(self, browser_of, group, ada, bas):
        assert browser_of(bas).post(inside(group, "/needs"), data={"needs": "x"}).status_code == 409
        assert browser_of(a_member()).post(inside(group, "/needs"), data={"needs": "x"}).status_code == 404
        assert browser_of(ada).post(inside(group, "/needs"), data={"needs": "x" * 301}).status_code == 409


class TestFiles:
    @pytest.mark.parametrize(
        ("name", "clean"),
        [
            ("plan.pdf", "plan.pdf"), ("../../etc/passwd", "passwd"), ("C:\\Users\\Ada\\Plan 1.docx", "Plan 1.docx"),
            ("invoice\u202egpj.exe", "invoicegpj.exe"), ("a\r\nSet-Cookie: x.txt", "aSet-Cookie x.txt"), ("", "file"),
            ("...", "file"), ("x" * 300 + ".pdf", "x" * 196 + ".pdf"), ("e\u0301te\u0301.txt", "été.txt"),
        ],
    )  # fmt: skip
    def test_names_are_cleaned(self, app, name, clean):
        with app.app_context():
            assert papers.clean_name(name) == clean

    def test_a_file_is_always_a_download(self, browser_of, group, ada):
        sent = {"file": (io.BytesIO(b"<script>alert(1)</script>"), "page.html")}
        assert browser_of(ada).post(inside(group, "/files"), data=sent).status_code == 303
        file = db.session.scalars(select(GroupFile)).one()
        answer = browser_of(ada).get(inside(group, f"/files/{file.id}"))
        assert answer.data == b"<script>alert(1)</script>" and answer.mimetype == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == "attachment; filename=page.html"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers.getlist("Content-Security-Policy")

    def test_files_of_a_group_are_not_found_by_others_nor_through_another_group(self, browser_of, group, ada, bas):
        file = papers.add(group, "plan.txt", b"x", ada.id)
        other = a_met_group(a_member("Eve Moens"), edition=group.edition, facilitators=[bas])
        for who in (a_member(), other.signups[0].member, a_facilitator("gent")):
            for path in ("", "/remove"):
                method = "POST" if path else "GET"
                assert browser_of(who).open(inside(group, f"/files/{file.id}{path}"), method=method).status_code == 404
        assert browser_of(bas).get(inside(other, f"/files/{file.id}")).status_code == 404

    def test_whoever_brought_it_or_a_facilitator_takes_it_away(self, browser_of, group, ada, bas):
        bo = next(s.member for s in group.signups if s.member is not ada)
        mine, theirs = papers.add(group, "a.txt", b"x", ada.id), papers.add(group, "b.txt", b"x", ada.id)
        assert browser_of(bo).post(inside(group, f"/files/{mine.id}/remove")).status_code == 409
        assert browser_of(ada).post(inside(group, f"/files/{mine.id}/remove")).status_code == 303
        assert browser_of(bas).post(inside(group, f"/files/{theirs.id}/remove")).status_code == 303
        assert papers.files_of(group) == []

    def test_too_large_empty_and_too_many_are_refused_with_a_sentence(self, browser_of, group, ada, monkeypatch):
        browser = browser_of(ada)
        monkeypatch.setattr(papers, "LARGEST", 1000)
        large = {"file": (io.BytesIO(b"x" * (papers.LARGEST + 1)), "large.bin")}
        assert "at most 10 MB" in browser.post(inside(group, "/files"), data=large).text
        assert "is empty" in browser.post(inside(group, "/files"), data={"file": (io.BytesIO(b""), "a.txt")}).text
        assert (
            browser.get(inside(group, "/files")).status_code == browser.get(inside(group, "/steps")).status_code == 200
        )
        assert "Choose a file first" in browser.post(inside(group, "/files"), data={}).text
        monkeypatch.setattr(papers, "MOST", 1)
        papers.add(group, "a.txt", b"x", ada.id)
        with pytest.raises(Refused, match="Remove one first"):
            papers.add(group, "b.txt", b"x", ada.id)

    def test_two_files_of_one_name_are_told_apart(self, group, ada):
        names = [papers.add(group, "plan.pdf", b"x", ada.id).name for _n in range(3)]
        assert names == ["plan.pdf", "plan (2).pdf", "plan (3).pdf"]


class TestSteps:
    def test_the_group_agrees_on_steps_and_ticks_them_off(self, browser_of, group, ada, bas):
        browser = browser_of(ada)
        due = steps.today() - timedelta(days=1)
        sent = {"what": "Call the office", "who": ada.id, "due": due.isoformat()}
        assert browser.post(inside(group, "/steps"), data=sent).status_code == 303
        step = db.session.scalars(select(NextStep)).one()
        assert (step.member, step.due, steps.is_overdue(step)) == (ada, due, True)
        assert "late" in browser.get(inside(group)).text
        browser.post(inside(group, f"/steps/{step.id}/done"))
        page = browser.get(inside(group)).text
        assert "Not done after all" in page and "late" not in page.partition("<main")[2]
        browser.post(inside(group, f"/steps/{step.id}/not-done"))
        db.session.refresh(step)
        assert step.done_at is None

    @pytest.mark.parametrize(
        ("sent", "says"),
        [({"what": " ", "who": 0}, "Fill in this field"), ({"what": "x", "who": 99999}, 'role="alert"'),
         ({"what": "x" * 301, "who": 0}, "at most 300"),
         ({"what": "x", "who": 0, "due": "soon"}, "Write the day like")],
    )  # fmt: skip
    def test_what_is_wrong_with_a_step_is_told(self, browser_of, group, ada, sent, says):
        page = browser_of(ada).post(inside(group, "/steps"), data=sent)
        assert page.status_code == 200 and says in page.text
        assert steps.steps_of(group) == []

    def test_a_step_is_for_somebody_in_the_group_and_is_removed_by_who_writes_the_minutes(self, group, ada, bas):
        with pytest.raises(Refused, match="who is in the group"):
            steps.agree(group, "Call", a_member().id, None)
        step = steps.agree(group, "Call", bas.id, date(2026, 12, 1))
        with pytest.raises(Refused, match="secretary and the facilitators"):
            steps.remove(step, ada.id)
        steps.remove(step, bas.id)
        assert steps.steps_of(group) == []

    def test_steps_of_another_group_are_not_there(self, browser_of, group, ada, bas):
        other = a_met_group(edition=group.edition, facilitators=[bas])
        step = steps.agree(other, "Call", bas.id, None)
        assert browser_of(bas).post(inside(group, f"/steps/{step.id}/done")).status_code == 404
        assert browser_of(ada).post(inside(other, f"/steps/{step.id}/done")).status_code == 404


class TestLetters:
    def sent(self, **values):
        return {"key": "0123456789abcdef", "subject": "Monday", "words": "Bring your notes.", **values}

    def test_a_letter_is_looked_at_and_then_leaves_once(self, browser_of, group, ada, bas):
        browser, address = browser_of(bas), f"/en/2026/facilitate/{group.id}/write"
        assert 'name="key"' in browser.get(address).text
        page = browser.post(address, data=self.sent()).text
        assert "It goes to 2 people, and a copy to you." in page and bas.email in page
        assert "Bring your notes." in browser.post(f"{address}/again", data=self.sent()).text
        assert list(db.session.scalars(select(Letter))) == []
        assert "goes to 2 people" in browser.post(f"{address}/send", data=self.sent(), follow_redirects=True).text
        assert "sent already" in browser.post(f"{address}/send", data=self.sent(), follow_redirects=True).text
        found = list(db.session.scalars(select(Letter).order_by(Letter.id)))
        assert [letter.name for letter in found] == ["to_group_copy", "to_group", "to_group"]
        assert all(bas.email in letter.body and "Bring your notes." in letter.body for letter in found[1:])
        page = browser.get(f"/en/2026/facilitate/{group.id}").text
        assert "Monday · to 2 people" in page

    def test_the_log_says_that_and_to_how_many_but_not_what(self, group, bas):
        group_mail.send(group, bas, "a" * 16, ("Monday", "Secret"), [])
        entry = db.session.scalars(select(Entry).where(Entry.act == "write to group")).one()
        assert entry.facts == {"to": 2} and entry.member_id == bas.id

    def test_others_get_it_only_when_asked_for_and_who_has_no_address_is_named(self, browser_of, group, bas):
        an_offered(group, "Dan Roels", email=None)
        kept(Signup(workgroup=group, member=a_member("Fay Wouters"), signed_up_at=now()))
        assert [len(part) for part in group_mail.addressees(group, [])] == [2, 0]
        assert [len(part) for part in group_mail.addressees(group, ["waiting"])] == [3, 0]
        page = (
            browser_of(bas)
            .post(f"/en/2026/facilitate/{group.id}/write", data=self.sent(also=["offered", "waiting"]))
            .text
        )
        assert "It goes to 3 people" in page and "Dan Roels" in page

    def test_letters_of_another_group_are_not_listed(self, group, bas):
        other = a_met_group(a_member(), edition=group.edition, facilitators=[bas])
        group_mail.send(other, bas, "b" * 16, ("Elsewhere", "Hello"), [])
        assert group_mail.sent_to(group) == []
        assert [(s.subject, s.to) for s in group_mail.sent_to(other)] == [("Elsewhere", 1)]

    def test_the_letters_of_a_group_are_found_among_many_by_the_index(self, group, bas):
        group_mail.send(group, bas, "a" * 16, ("Here", "Hello"), [])
        some = {"name": "to_group", "address": "a@example.org", "language": "nl", "subject": "x", "body": "x"}
        moments = {"queued_at": now(), "send_at": now(), "sent_at": now()}
        keys = [f"to_group {n}-{'b' * 16} {n}" for n in range(10_000, 13_000)]
        keys += [f"to_group {group.id}{rest}" for rest in ("0-x 1", "_-x 1", ".-x 1", "")]  # of none of its letters
        db.session.execute(insert(Letter), [{"key": key, **some, **moments} for key in keys])
        with explained("letter") as plans:
            assert [(s.subject, s.to) for s in group_mail.sent_to(group)] == [("Here", 2)]
        assert any("uq_letter_key" in plan or "sqlite_autoindex_letter" in plan for plan in plans)
        assert not reads_all_of("letter", plans)

    def test_only_those_who_run_the_group_write_to_it(self, browser_of, group, ada):
        for rest in ("", "/again", "/send"):
            address = f"/en/2026/facilitate/{group.id}/write{rest}"
            assert browser_of(ada).post(address, data=self.sent()).status_code == 403
            assert browser_of(a_facilitator("gent")).post(address, data=self.sent()).status_code == 404
        assert list(db.session.scalars(select(Letter))) == []

    @pytest.mark.parametrize(
        "wrong", [{"subject": ""}, {"words": " "}, {"key": "x"}, {"subject": "x" * 151}, {"also": "all"}]
    )
    def test_what_is_wrong_is_told_and_nothing_leaves(self, browser_of, group, bas, wrong):
        for rest in ("", "/send"):
            page = browser_of(bas).post(f"/en/2026/facilitate/{group.id}/write{rest}", data=self.sent(**wrong))
            assert page.status_code == 200 and 'role="alert"' in page.text
        assert list(db.session.scalars(select(Letter))) == []

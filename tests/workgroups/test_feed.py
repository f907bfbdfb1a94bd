"""The calendar feed: one's own meetings at a secret address, and nobody else's."""

import logging
from datetime import timedelta

from icalendar import Calendar

from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.workgroups import calendars, feed, forming
from tests.factories import a_facilitator, a_group, a_member, a_signup, an_assembly, an_edition, an_offer


def events(text):
    return {str(part["UID"]): part for part in Calendar.from_ical(text).walk() if part.name == "VEVENT"}


def address(member) -> str:
    return f"/en/calendar/{feed.of(member.id).key}.ics"


class TestAddress:
    def test_a_member_makes_one_and_sees_it(self, browser_of, edition):
        ada = a_member()
        browser = browser_of(ada)
        assert "Make an address for my calendar" in browser.get("/en/me").text
        page = browser.post("/en/me/calendar", follow_redirects=True).text
        assert f"/en/calendar/{feed.of(ada.id).key}.ics" in page and "data-copy" in page

    def test_a_new_one_stops_the_old(self, browser_of, client, edition):
        ada = a_member()
        browser = browser_of(ada)
        browser.post("/en/me/calendar")
        old = address(ada)
        assert client.get(old).status_code == 200
        browser.post("/en/me/calendar")
        db.session.expire_all()
        assert client.get(old).status_code == 404 and client.get(address(ada)).status_code == 200

    def test_a_stranger_makes_none(self, client, edition):
        assert client.post("/en/me/calendar").status_code == 302

    def test_an_unknown_address_gets_no_hint(self, client, edition):
        answer, other = client.get("/en/calendar/x.ics"), client.get("/en/nothing.at.all")
        assert answer.status_code == 404
        assert answer.text.replace("calendar/x.ics", "nothing.at.all") == other.text

    def test_who_left_has_no_calendar_here(self, client, edition):
        ada = a_member()
        feed.make(ada.id)
        ada.left = now().date()
        assert client.get(address(ada)).status_code == 404

    def test_the_key_stands_in_no_log(self, client, caplog, edition):
        feed.make((ada := a_member()).id)
        with caplog.at_level(logging.DEBUG):
            client.get(address(ada))
            client.get(address(ada) + "x")
        assert feed.of(ada.id).key not in caplog.text


class TestContents:
    def test_groups_where_one_has_a_place_or_leads_and_the_assembly(self, client, edition):
        ada = a_facilitator()
        mine, led, kept, other = (a_group(edition, days=n, facilitators=[ada] if n == 1 else []) for n in range(4))
        a_signup(ada, mine)
        an_offer(ada, kept)
        a_signup(a_member(), other)
        assembly = an_assembly(edition)
        feed.make(ada.id)
        found = events(client.get(address(ada)).text)
        wanted = {f"meeting-{m.id}@127.0.0.1" for g in (mine, led) for m in g.meetings}
        assert set(found) == wanted | {f"assembly-{assembly.id}@127.0.0.1"}
        mailed = events(calendars.invitation(mine.meetings, ada)[0])
        assert set(mailed) <= set(found)
        assert all("ATTENDEE" not in event for event in found.values())

    def test_what_is_cancelled_says_so_and_what_moved_has_a_sequence(self, client, edition):
        ada, group = a_member(), a_group(edition)
        a_signup(ada, group)
        feed.make(ada.id)
        assert {e["STATUS"] for e in events(client.get(address(ada)).text).values()} == {"CONFIRMED"}
        forming.cancel(group, None)
        found = events(client.get(address(ada)).text).values()
        assert {(e["STATUS"], e["SEQUENCE"]) for e in found} == {("CANCELLED", 1)}

    def test_editions_that_are_long_over_are_left_out(self, client, edition):
        ada, old = a_member(), an_edition(Phase.SIGNUP, year=2020)
        for phase in (
            "themes",
            "review",
            "vote",
            "count",
            "signup",
            "groups",
            "recommendations",
            "decisions",
            "stocktake",
        ):
            name = f"{phase}_at"
            setattr(old, name, getattr(old, name) - timedelta(days=900))
        group = a_group(old, facilitators=[ada])
        feed.make(ada.id)
        assert events(client.get(address(ada)).text) == {}
        old.stocktake_at = now() - timedelta(days=300)
        assert len(events(client.get(address(ada)).text)) == len(group.meetings)

    def test_it_is_kept_by_the_calendar_only_and_unchanged_costs_nothing(self, client, edition):
        ada = a_member(language="nl")
        a_signup(ada, a_group(edition))
        feed.make(ada.id)
        first = client.get(address(ada))
        assert first.headers["Cache-Control"] == "private, max-age=900" and first.mimetype == "text/calendar"
        assert "/nl/2026/groups/" in first.text
        again = client.get(address(ada), headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304 and again.get_data() == b""

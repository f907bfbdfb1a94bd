"""Coming or not: "I cannot come", dates that move, who is asked again, reminders."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from sipvote import worker
from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.workgroups import coming, forming, moving, reminding, rules
from sipvote.workgroups import letters as group_letters
from sipvote.workgroups.coming import Answer
from sipvote.workgroups.models import Attendance, Mode, Workgroup
from sipvote.workgroups.moving import Reply, Span
from sipvote.workgroups.wish_models import Availability, Candidate, Coming, Slot, Wish, WishList
from tests.factories import (
    a_facilitator,
    a_group,
    a_member,
    a_signup,
    a_wait,
    accepted,
    an_assembly,
    an_edition,
    an_offer,
)
from tests.queries import counted
from tests.reading import letters

DAY = timedelta(days=1)
pytestmark = pytest.mark.usefixtures("database")


def said(signup) -> list[str]:
    return [date.answer for date in coming.dates_of(signup)]


def later(group, number=0, days=1):
    return group.meetings[number].starts_at + timedelta(days=days)


class TestICannotCome:
    def test_it_is_said_seen_and_taken_back(self, edition):
        group, bas = a_group(edition), a_facilitator()
        ada = a_signup(a_member(), group)
        coming.excuse(ada, group.meetings[1])
        coming.excuse(ada, group.meetings[1])
        assert said(ada) == ["yes", "no", "yes", "yes", "yes"]
        assert [len(each.said[Answer.NO]) for each in coming.answers(group)] == [0, 1, 0, 0, 0]
        assert coming.others_missed(ada, group.meetings[1]) == 0
        assert coming.others_missed(ada, group.meetings[2]) == 1
        assert list(coming.excused(ada.member_id)) == [(ada.id, group.meetings[1].id)]
        coming.take_back(ada, group.meetings[1])
        assert said(ada) == ["yes"] * 5
        assert bas and ada.has_place

    def test_only_until_the_meeting_begins(self, edition):
        group = a_group(edition, begins=3)
        ada = a_signup(a_member(), group)
        with time_machine.travel(group.meetings[0].starts_at):
            for act in (coming.excuse, coming.take_back):
                with pytest.raises(Refused, match="has begun"):
                    act(ada, group.meetings[0])
            coming.excuse(ada, group.meetings[1])

    def test_only_with_a_place_in_a_group_that_meets(self, edition):
        group = a_group(edition, places=1)
        ada, bo = a_signup(a_member(), group), a_signup(a_member("Bo"), group)
        with pytest.raises(Refused, match="no place"):
            coming.excuse(bo, group.meetings[0])
        group.cancelled_at = now()
        assert "cancelled" in coming.why_not_answer(ada, group.meetings[0])

    def test_a_missed_meeting_counts(self, edition):
        group = a_group(edition)
        ada = a_signup(a_member(), group)
        ada.attendances[0].came = False
        db.session.flush()
        assert coming.others_missed(ada, group.meetings[3]) == 1


class TestMoving:
    def test_everybody_is_asked_again(self, edition):
        bas = a_facilitator()
        group = a_group(edition, places=2, facilitators=[bas])
        ada, bo = a_signup(a_member(), group), an_offer(a_member("Bo"), group)
        cem = a_signup(a_member("Cem"), group)
        coming.excuse(ada, group.meetings[1])
        moved = moving.move(group, group.meetings[1], later(group, 1), bas.id)
        assert moved.meeting.sequence == 1 and moved.meeting.ends_at - moved.meeting.starts_at == timedelta(hours=3)
        assert said(ada) == ["yes", "none", "yes", "yes", "yes"]
        assert coming.unanswered(ada.member_id) == [(ada, [moved.meeting])]
        told = {letter.member_id: letter for letter in letters("meeting_moved")}
        assert set(told) == {bas.id, ada.member_id, bo.member_id, cem.member_id}
        assert "/dates" in told[ada.member_id].body and "/confirm" in told[bo.member_id].body
        assert not any(word in told[cem.member_id].body for word in ("/dates", "/confirm"))
        assert "/answers" in told[bas.id].body and "withdraw" not in told[bas.id].body
        assert "withdraw" in told[cem.member_id].body and "/answers" not in told[cem.member_id].body
        assert told[ada.member_id].calendar.count("SEQUENCE:1") == 1 and told[cem.member_id].calendar is None
        entry = db.session.scalars(select(Entry).order_by(Entry.id.desc())).first()
        assert (entry.act, entry.member_id) == ("move meeting", bas.id)

    def test_an_organiser_who_moves_dates_asks_again_too(self, edition):
        group = a_group(edition)
        ada = a_signup(a_member(), group)
        starts = [*(m.starts_at for m in group.meetings[:4]), later(group, 4)]
        plan = forming.Plan(
            group.theme, group.cities, Mode.ON_SITE, ["nl"], 12, [], "", "", starts, edition.meeting_hours
        )
        forming.change(group, plan, None)
        assert said(ada) == ["yes"] * 4 + ["none"]

    def test_an_offer_does_not_outlast_a_meeting_that_comes_sooner(self):
        group = a_group(an_edition(Phase.GROUPS), begins=8)
        kept = an_offer(a_member(), group, confirm_by=now() + timedelta(days=7))
        moving.move(group, group.meetings[0], later(group, 0, -3), None)
        assert kept.confirm_by == group.meetings[0].starts_at

    def test_the_answer_is_for_the_date_that_was_shown(self, edition):
        group = a_group(edition)
        ada = a_signup(a_member(), group)
        moving.move(group, group.meetings[0], later(group), None)
        shown = group.meetings[0].key
        moving.move(group, group.meetings[0], later(group), None)
        with pytest.raises(Refused, match="moved meanwhile"):
            coming.answer(ada, {shown: True})
        coming.answer(ada, {group.meetings[0].key: False})
        assert said(ada)[0] == "no" and coming.unanswered(ada.member_id) == []

    @pytest.mark.parametrize(
        ("days", "why"), [(0, "already"), (4, "meets at"), (-90, "Workgroups meet between"), (900, "meet between")]
    )
    def test_not_to_any_date(self, edition, days, why):
        group = a_group(edition)
        assert why in moving.why_not_move(group, group.meetings[0], later(group, 0, days))
        with pytest.raises(Refused, match=why):
            moving.move(group, group.meetings[0], later(group, 0, days), None)

    def test_not_what_has_begun_was_cancelled_or_is_over(self, edition):
        group = a_group(edition, begins=5)
        start = later(group)
        with time_machine.travel(group.meetings[0].starts_at):
            assert "has begun" in moving.why_not_move(group, group.meetings[0], start)
        with time_machine.travel(edition.recommendations_at):
            assert "possible until" in moving.why_not_move(group, group.meetings[4], start)
        group.cancelled_at = now()
        assert "cancelled" in moving.why_not_move(group, group.meetings[0], start)

    def test_not_to_when_its_facilitator_is_elsewhere(self, edition):
        bas = a_facilitator()
        group = a_group(edition, facilitators=[bas])
        a_group(edition, facilitators=[bas], days=1)
        assert "Bas Claes cannot be here" in moving.why_not_move(group, group.meetings[0], later(group))


class TestWhatItAsks:
    """Before a date is moved, it is shown who could come."""

    def wishes(self, member, group, slot, way):
        """A member who wished the group, and ticked its candidate slot in a way, or did not."""
        mine = WishList(edition=group.edition, member=member, begun_at=now(), changed_at=now())
        mine.wishes = [Wish(rank=1, workgroup=group)]
        mine.availability = [Availability(slot=slot, way=way)] if way else []
        db.session.add(mine)
        db.session.flush()

    def names(self, group, span):
        (consequence,) = moving.consequences(group, [span])
        return {word: [p.name for p in people] for word, people in consequence.people.items() if people}

    def test_who_said_no_who_is_busy_and_who_never_said(self, edition):
        bas = a_facilitator()
        group = a_group(edition, facilitators=[bas])
        span = Span(later(group), later(group) + timedelta(hours=3))
        slot = Slot(edition=edition, starts_at=span.starts_at, ends_at=span.ends_at)
        db.session.add_all([slot, Candidate(workgroup=group, slot=slot, modes="on_site")])
        for name, way in (("Ada", None), ("Bo", Coming.ONLINE), ("Cem", Coming.EITHER), ("Dia", Coming.ON_SITE)):
            member = a_member(name)
            a_signup(member, group)
            self.wishes(member, group, slot, way)
        busy, silent = a_member("Eva"), a_member("Fay")
        a_signup(busy, group)
        accepted(an_offer(busy, a_group(edition, days=1)))
        an_offer(silent, group)
        a_wait(silent, a_group(edition, days=1))
        assert self.names(group, span) == {
            Reply.CANNOT: ["Ada", "Bo"],
            Reply.CAN: ["Cem", "Dia"],
            Reply.BUSY: ["Eva"],
            Reply.UNKNOWN: ["Bas Claes", "Fay"],
        }

    def test_a_slot_says_nothing_of_hours_that_it_does_not_cover(self, edition):
        group, ada = a_group(edition), a_member("Ada")
        slot = Slot(edition=edition, starts_at=later(group), ends_at=later(group) + timedelta(hours=2))
        db.session.add_all([slot, Candidate(workgroup=group, slot=slot, modes="on_site")])
        a_signup(ada, group)
        self.wishes(ada, group, slot, Coming.EITHER)
        assert self.names(group, Span(later(group), later(group) + timedelta(hours=3))) == {Reply.UNKNOWN: ["Ada"]}
        assert self.names(group, Span(later(group), later(group) + timedelta(hours=2))) == {Reply.CAN: ["Ada"]}

    def test_the_assembly_is_named(self, edition):
        group = a_group(edition)
        a_signup(a_member(), group)
        an_assembly(edition, starts_at=later(group), ends_at=later(group) + timedelta(hours=3))
        spans = [Span(later(group, 0, days), later(group, 0, days) + timedelta(hours=3)) for days in (1, 2)]
        assert [c.is_assembly for c in moving.consequences(group, spans)] == [True, False]

    def test_as_many_queries_for_many_as_for_one(self, edition):
        group, seen = a_group(edition, places=20), []
        group_id = group.id
        db.session.add(Slot(edition=edition, starts_at=later(group), ends_at=later(group) + timedelta(hours=3)))
        for _round in range(2):
            for n in range(4):
                a_signup(a_member(f"M{n}"), group)
            db.session.commit()
            db.session.expunge_all()
            group = db.session.get_one(Workgroup, group_id)
            with counted() as queries:
                moving.consequences(group, [Span(later(group), later(group) + timedelta(hours=3))])
            seen.append(len(queries))
        assert seen[0] == seen[1]


class TestAskingOnceMore:
    def test_whoever_did_not_answer_is_asked_once_more_after_two_days(self, edition):
        group = a_group(edition)
        ada, bo = a_signup(a_member(), group), a_signup(a_member("Bo"), group)
        moving.move(group, group.meetings[4], later(group, 4), None)
        coming.answer(bo, {group.meetings[4].key: True})
        at = now()
        db.session.commit()
        with time_machine.travel(at + timedelta(days=1, hours=23)):
            assert coming.ask_once_more() == 0
        with time_machine.travel(at + timedelta(days=2, hours=1)):
            worker.remind()
            worker.remind()
        (letter,) = letters("moved_unanswered")
        assert letter.member_id == ada.member_id and "/dates" in letter.body

    def test_a_change_of_address_asks_nobody(self, edition):
        group = a_group(edition)
        a_signup(a_member(), group)
        group.venue = "Kouter 1"
        with time_machine.travel(now() + timedelta(days=3)):
            assert coming.ask_once_more() == 0


def told_before(meeting) -> list[int]:
    """How many letters the worker writes 8 days, almost 7, 6.5, 3.5 and almost 1 day, and 2 hours before a meeting."""
    first, told = meeting.starts_at, []
    for hours in (8 * 24, 6 * 24 + 20, 6 * 24 + 10, 3 * 24 + 12, 20, 2):
        with time_machine.travel(first - timedelta(hours=hours)):
            told.append(reminding.remind())
    return told


class TestReminders:
    def test_a_week_and_a_day_before_with_the_agenda(self, edition):
        group = a_group(edition, begins=12)
        a_signup(a_member(), group)
        group.meetings[0].agenda = "1. Welcome"
        assert told_before(group.meetings[0]) == [0, 1, 0, 0, 1, 0]
        letter = letters("meeting_reminder")[0]
        assert "\n\n\n" not in letter.body  # though the group has no address and no video call
        assert "1. Welcome" in letter.body and f"/cannot-come/{group.meetings[0].id}" in letter.body

    def test_not_to_who_cannot_come_waits_or_has_not_confirmed(self, edition):
        group = a_group(edition, begins=5, places=3)
        ada, bo = a_signup(a_member(), group), a_signup(a_member("Bo"), group)
        an_offer(a_member("Cem"), group)
        a_signup(a_member("Dia"), group)
        coming.excuse(ada, group.meetings[0])
        with time_machine.travel(group.meetings[0].starts_at - timedelta(hours=20)):
            assert reminding.remind() == 1
        assert [letter.member_id for letter in letters("meeting_reminder")] == [bo.member_id]

    def test_who_leads_is_told_in_their_language_who_comes_each_time_once(self, edition):
        bas, lea = a_facilitator(language="nl"), a_member("Lea Dumont", language="fr", left=(now() - DAY).date())
        group = a_group(edition, begins=12, facilitators=[bas, lea])
        signups = [a_signup(a_member(name, email=None), group) for name in ("Ada Peeters", "Bo Smit", "Cem Ay")]
        coming.excuse(signups[1], group.meetings[0])
        row = db.session.get(Attendance, (signups[2].id, group.meetings[0].id))
        row.confirmed_at = None
        assert told_before(group.meetings[0]) == [0, 1, 0, 0, 1, 0]
        letter = letters("lead_reminder")[0]
        assert letter.member_id == bas.id and letter.subject.startswith("Je begeleidt een bijeenkomst op")
        assert "komen (1): Ada Peeters" in letter.body and "niet komen (1): Bo Smit" in letter.body
        assert "niet geantwoord (1): Cem Ay" in letter.body and f"/facilitate/{group.id}" in letter.body

    def test_who_leads_is_told_of_a_new_date_and_of_no_cancelled_group(self, edition):
        bas = a_facilitator()
        group, off = a_group(edition, begins=5, facilitators=[bas]), a_group(edition, begins=5, facilitators=[bas])
        off.cancelled_at = now()
        with time_machine.travel(group.meetings[0].starts_at - timedelta(hours=20)):
            assert reminding.remind() == 1
            group.meetings[0].sequence += 1
            assert [reminding.remind(), reminding.remind()] == [1, 0]
        assert all(f"/facilitate/{group.id}" in letter.body for letter in letters("lead_reminder"))

    @pytest.mark.parametrize("language", ["nl", "fr", "en"])
    def test_the_letter_to_who_leads_reads_well_with_much_and_with_nothing(self, edition, language):
        bas, empty = a_facilitator(language=language), a_group(edition, begins=5)
        full = a_group(edition, begins=5, days=1, venue="Kouter 1", video_url="https://call.example")
        full.meetings[0].agenda = "1. Welcome"
        everybody = {word: [a_member(), a_member("Bo")] for word in Answer}
        for group, said in ((empty, {}), (full, everybody)):
            letter = group_letters.lead_reminder(group.meetings[0], bas, f"once {group.id}", said)
            assert "{" not in letter.body and "\n\n\n" not in letter.body and letter.subject
            assert ("Kouter 1" in letter.body) == ("1. Welcome" in letter.body) == (group is full)

    def test_who_joined_late_is_reminded_of_what_is_to_come(self, edition):
        group = a_group(edition, begins=5)
        group.late_opened_at = now()
        with time_machine.travel(group.meetings[2].starts_at - timedelta(hours=20)):
            rules.sign_up(a_member(), group, {m.key for m in group.meetings})
            assert reminding.remind() == 1

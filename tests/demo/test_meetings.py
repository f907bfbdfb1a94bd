"""Who came to the groups of the demonstration, and what they wrote down."""

import random
from collections import Counter
from collections.abc import Sequence

from sqlalchemy import func, select

from sipvote.access import Role
from sipvote.db import db, now
from sipvote.demo import meetings
from sipvote.demo.people import BAS, CHLOE
from sipvote.demo.stops import Stop
from sipvote.editions.models import Edition, Phase
from sipvote.editions.rules import of_year
from sipvote.i18n import ZONE
from sipvote.members.models import Grant
from sipvote.workgroups import turnout
from sipvote.workgroups.commitment import Loss
from sipvote.workgroups.life_models import FacilitatorProfile, Minutes, NextStep
from sipvote.workgroups.models import Attendance, Meeting, Signup, Workgroup
from tests.demo.conftest import Be, travel


def go(phase: Phase) -> Edition:
    return travel(Stop(phase))


def groups_of(edition: Edition) -> Sequence[Workgroup]:
    held = Workgroup.edition_id == edition.id, Workgroup.cancelled_at.is_(None)
    return db.session.scalars(select(Workgroup).where(*held)).all()


def noted(edition: Edition) -> list[Attendance]:
    mine = select(Meeting.id).join(Workgroup).where(Workgroup.edition_id == edition.id)
    rows = select(Attendance).where(Attendance.meeting_id.in_(mine), Attendance.marked_at.is_not(None))
    return list(db.session.scalars(rows))


# --- Past editions ----------------------------------------------------------------------------------


def test_the_edition_of_2017_has_its_four_groups_of_ten_to_twelve(demo: None) -> None:
    edition = of_year(2017)
    assert edition and f"{edition.count_at.astimezone(ZONE):%Y-%m-%d}" == "2017-06-20"
    titles = {str(g.theme.text_in("en").title) for g in groups_of(edition)}  # type: ignore[union-attr]
    assert titles == {
        "An ethics committee", "The mission of representing Smart", "Access to financial and economic information",
        "Consultation on IT tools",
    }  # fmt: skip


def test_people_came_to_past_editions_and_fewer_to_the_last_meetings(demo: None) -> None:
    editions = [edition for edition in map(of_year, (2017, 2019, 2020)) if edition]
    rows = turnout.rows_of([e.id for e in editions])
    losses: list[Loss] = []
    for edition in editions:
        kept = turnout.kept(groups_of(edition), rows[edition.id])
        assert [t.number for t in kept.numbers] == [1, 2, 3, 4, 5]
        assert kept.numbers[0].share > 0.85 and 0.5 < kept.numbers[4].share < kept.numbers[0].share
        losses += kept.losses
        assert len(kept.losses) < len(groups_of(edition)) / 2
    assert losses
    everybody = [row for those in rows.values() for row in those]
    said = Counter((row.came, row.excused) for row in everybody)
    assert {(True, False), (False, False), (False, True)} <= set(said) and said[(True, False)] > 0.7 * said.total()


def test_attendance_is_the_same_for_the_same_chance(demo: None) -> None:
    def drawn() -> list[bool | None]:
        group = Workgroup(theme_id=1, facilitators=[])
        at = now().replace(hour=17, minute=0, year=2020)
        group.meetings = [Meeting(starts_at=at, ends_at=at + meetings.MINUTE)]
        group.signups = [
            Signup(seat=seat, attendances=[Attendance(meeting=group.meetings[0])]) for seat in range(1, 13)
        ]
        meetings.attend(group, random.Random(5))
        return [signup.attendances[0].came for signup in group.signups]

    with db.session.no_autoflush:
        assert drawn() == drawn() and any(drawn())


def test_every_facilitator_has_a_profile(demo: None) -> None:
    holding = set(db.session.scalars(select(Grant.member_id).where(Grant.role == Role.FACILITATOR)))
    profiles = db.session.scalars(select(FacilitatorProfile)).all()
    assert {p.member_id for p in profiles} == holding
    assert all(p.languages and bool(p.training) == bool(p.trained_on) for p in profiles)
    assert {bool(p.trained_on) for p in profiles} == {True, False}


# --- This year --------------------------------------------------------------------------------------


def test_groups_that_have_met_know_who_came_and_what_comes_next(demo: None) -> None:
    edition = go(Phase.GROUPS)
    groups = groups_of(edition)
    assert noted(edition) and all(a.meeting.ends_at <= now() for a in noted(edition))
    assert all(group.next_meeting and group.next_meeting.agenda for group in groups)
    assert all(a.marked_at and a.marked_at < a.meeting.ends_at for a in noted(edition))
    minutes = db.session.scalars(select(Minutes)).one()
    group = minutes.meeting.workgroup
    assert BAS.number in [f.number for f in group.facilitators] and group.secretary == minutes.author
    came = {a.signup.member_id for a in noted(edition) if a.meeting is minutes.meeting and a.came}
    assert {answer.member_id for answer in minutes.answers} <= came and minutes.author_id in came
    step = db.session.scalars(select(NextStep)).one()
    assert step.due and group.next_meeting and step.due == group.next_meeting.starts_at.date()
    needs = [s for g in groups for s in g.signups if s.access_needs]
    assert sum(s.has_place for s in needs) >= 2


def test_one_place_is_offered_and_nobody_is_oversold(demo: None) -> None:
    edition = go(Phase.GROUPS)
    offered = [s for g in groups_of(edition) for s in g.signups if s.is_offered]
    assert len(offered) == 1 and offered[0].confirm_by and offered[0].confirm_by > now()
    assert all(a.confirmed_at is None for a in offered[0].attendances)
    for group in groups_of(edition):
        seats = [s.seat for s in group.signups if s.seat is not None]
        assert len(set(seats)) == len(seats) <= group.places


def test_what_was_noted_already_stays(demo: None) -> None:
    edition = go(Phase.GROUPS)
    before = {(a.signup_id, a.meeting_id): a.came for a in noted(edition)}
    some = noted(edition)[0]
    some.came = not some.came
    db.session.commit()
    edition = go(Phase.RECOMMENDATIONS)
    after = {(a.signup_id, a.meeting_id): a.came for a in noted(edition)}
    changed = {key for key, came in before.items() if after[key] != came}
    assert changed == {(some.signup_id, some.meeting_id)} and len(after) > 3 * len(before)
    count = len(after)
    meetings.hold(edition)
    assert len(noted(edition)) == count


def test_the_day_of_a_next_step_moves_with_the_year(demo: None) -> None:
    go(Phase.GROUPS)
    step = db.session.scalars(select(NextStep)).one()
    assert step.due
    before = step.due - step.agreed_at.date()
    go(Phase.DECISIONS)
    step = db.session.scalars(select(NextStep)).one()
    assert step.due and step.due - step.agreed_at.date() == before and step.due < now().date()


def test_going_back_forgets_who_will_have_come(demo: None) -> None:
    go(Phase.STOCKTAKE)
    edition = go(Phase.SIGNUP)
    assert not noted(edition)
    assert db.session.scalar(select(func.count()).select_from(Minutes)) == 0
    assert turnout.rows_of([edition.id]) == {edition.id: []}
    past = of_year(2020)
    assert past and noted(past)


def test_the_board_compares_the_three_past_editions(be: Be) -> None:
    page = be(CHLOE.key).get("/nl/2020/figures/").text
    assert all(label in page.replace("\u2060", "") for label in ("2017–18", "2019–20", "2020–21"))

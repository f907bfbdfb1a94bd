"""A rehearsal election: by officials only, as in earnest, seen by nobody else, and swept away."""

import pytest
from sqlalchemy import func, select

from sipvote import worker
from sipvote.access import Role
from sipvote.audit import Entry
from sipvote.db import Base, db, now
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.mail import Letter
from sipvote.themes import review
from sipvote.themes import rules as themes
from sipvote.themes.models import Theme
from sipvote.voting import box, counting, freezing, hours, packing, rehearsing, result, rules
from sipvote.voting.checkpoints import checkpoints, name_of, point_of
from sipvote.voting.models import Custody, Election, Elector
from tests.factories import (
    a_member,
    a_scrutineer,
    a_theme,
    a_vote,
    an_edition,
    an_election,
    an_organiser,
    in_phase,
)

pytestmark = pytest.mark.usefixtures("database")
HEADED = "Rehearsal: this vote does not count"


@pytest.fixture
def cast():
    """Two organisers and a scrutineer; and Ada, who has no role."""
    return an_organiser(), a_member("Fien", "gent", Role.ORGANISER), a_scrutineer(), a_member("Ada")


def a_rehearsal(phase=Phase.REVIEW):
    """A frozen rehearsal, the server keeping the key."""
    edition = an_edition(phase)
    for number in range(4):
        a_theme(edition, f"Theme {number}", admitted_at=now(), proposer=a_member("Lea"))
    election = rules.prepare(edition, Custody.SERVER, None, is_rehearsal=True)
    freezing.freeze(election, None)
    db.session.commit()
    return election


def counted(election, voter):
    """The rehearsal held to its end, one ballot in the box."""
    hours.open_(election, None)
    a_vote(election, voter, 1)
    hours.close(election, None)
    counting.count(election, [], None)
    result.publish(election, None)
    db.session.commit()


@pytest.mark.parametrize("phase", [Phase.REVIEW, Phase.VOTE])
def test_it_is_held_to_the_end_before_the_real_vote(cast, phase):
    election = a_rehearsal(phase)
    counted(election, cast[0])
    assert election.state == "published" and election.report["envelopes"] == 1


def test_it_is_not_held_later(cast):
    election = a_rehearsal()
    in_phase(election.edition, Phase.SIGNUP)
    assert hours.why_not_open(election) is not None


def test_its_roll_is_who_has_a_role(cast):
    election = a_rehearsal()
    on_roll = set(db.session.scalars(select(Elector.member_id).where(Elector.election_id == election.id)))
    assert on_roll == {member.id for member in cast[:3]}


def test_it_freezes_no_theme_and_elects_none(cast):
    election = a_rehearsal()
    assert election.edition.themes_frozen_at is None
    review.take_from_ballot(themes.on_ballot(election.edition)[0], cast[0].id)
    counted(election, cast[0])
    assert db.session.scalars(select(Theme).where(Theme.elected_at.is_not(None))).all() == []


def test_the_worker_opens_it_never_and_two_officials_do(cast):
    election = a_rehearsal()
    worker.elections()
    assert election.by_hand and election.opened_at is None


def test_its_proofs_cannot_be_taken_for_those_of_the_vote(cast):
    election = a_rehearsal()
    counted(election, cast[0])
    assert name_of(election) == "rehearsal 2026"
    assert {point_of(election, row).election for row in checkpoints(election)} == {"rehearsal 2026"}
    assert packing._contents(election).election == "rehearsal 2026"
    letters = db.session.scalars(select(Letter.subject).where(Letter.name == "checkpoint")).all()
    assert letters and all("Rehearsal" in subject for subject in letters)


def test_an_extension_moves_no_date_of_the_year(cast):
    election = a_rehearsal()
    hours.open_(election, None)
    counted_from = election.edition.count_at
    hours.extend(election, election.closes_at + rules.REHEARSAL_LASTS, "To see how it goes.", None)
    assert election.edition.count_at == counted_from


class TestWhoSeesIt:
    PAGES = ("vote", "vote/ballot", "vote/board", "vote/results", "vote/receipt", "vote/recount")

    def test_who_has_no_role_sees_nothing_of_it(self, cast, client, browser_of):
        election = a_rehearsal(Phase.VOTE)
        hours.open_(election, None)
        for browser in (client, browser_of(cast[3])):
            assert "Rehearsal" not in browser.get("/en/").text
            for page in self.PAGES:
                answer = browser.get(f"/en/2026/{page}", follow_redirects=True)
                assert "Theme 1" not in answer.text and "ehears" not in answer.text
            assert browser.get("/2026/screen.json").json["state"] == "before"

    def test_every_page_of_it_is_headed_loudly(self, cast, browser_of):
        election = a_rehearsal(Phase.VOTE)
        hours.open_(election, None)
        a_vote(election, cast[0], 1)
        dre = browser_of(cast[0])
        for page in ("vote", "vote/ballot", "vote/board", "vote/receipt", "vote/recount", "election/"):
            assert HEADED in dre.get(f"/en/2026/{page}").text
        assert HEADED in dre.get("/en/2026/vote/receipt.txt").text
        assert "Rehearsal" in dre.get("/en/").text and "Vote now" not in dre.get("/en/").text
        assert "rehearsal" in dre.get("/en/me").text

    def test_a_real_vote_is_headed_by_nothing(self, cast, browser_of):
        an_election()
        dre = browser_of(cast[0])
        assert not any(HEADED in dre.get(f"/en/2026/{page}").text for page in ("vote", "vote/board", "election/"))


class TestSweeping:
    @pytest.mark.parametrize("state", ["draft", "frozen", "open", "published"])
    def test_it_goes_at_any_time_and_the_real_vote_is_prepared_anew(self, cast, state):
        election = a_rehearsal()
        edition = election.edition
        if state == "draft":
            freezing.unfreeze(election, None)
        elif state == "open":
            hours.open_(election, None)
            a_vote(election, cast[0], 1)
        elif state == "published":
            counted(election, cast[0])
        rehearsing.sweep(election, cast[0].id)
        hung = [t for t in Base.metadata.tables.values() if "election_id" in t.c or t.name in ("option", "election")]
        assert sum(db.session.scalar(select(func.count()).select_from(table)) for table in hung) == 0
        acts = db.session.scalars(select(Entry.act).where(Entry.subject == "rehearsal 2026").order_by(Entry.id)).all()
        assert acts[0] == "prepare vote" and acts[-1] == "sweep rehearsal"
        real = rules.prepare(edition, Custody.SERVER, None)
        assert not real.is_rehearsal and not real.by_hand and name_of(real) == "vote 2026"

    def test_a_real_election_is_never_swept(self, cast, browser_of):
        election = an_election()
        with pytest.raises(Refused, match="no rehearsal"):
            rehearsing.sweep(election, cast[0].id)
        browser_of(cast[0]).post("/en/2026/election/sweep")
        assert db.session.scalar(select(func.count()).select_from(Election)) == 1

    def test_a_frozen_rehearsal_must_go_before_the_vote_is_prepared(self, cast):
        election = a_rehearsal()
        with pytest.raises(Refused, match="Sweep it away first"):
            rules.prepare(election.edition, Custody.SERVER, None)

    def test_a_ballot_that_is_still_open_in_a_window_goes_nowhere(self, cast):
        from sipvote.voting import papers

        election = a_rehearsal()
        hours.open_(election, None)
        db.session.commit()
        paper = papers.of(election)
        rehearsing.sweep(election, None)
        db.session.commit()
        db.session.rollback()
        with pytest.raises(Refused, match="has not begun"):
            rules.cast(paper, cast[0].id, ((1,),))
        assert box.turnout(paper.election_id) == 0

    def test_at_the_desk(self, cast, browser_of):
        edition = an_edition(Phase.REVIEW)
        for number in range(4):
            a_theme(edition, f"Theme {number}", admitted_at=now())
        dre = browser_of(cast[0])
        form = {"custody": "server", "rule": "approval", "is_rehearsal": "y"}
        page = dre.post("/en/2026/election/prepare", data=form, follow_redirects=True).text
        assert HEADED in page and "3 members may vote" in page
        dre.post("/en/2026/election/freeze")
        assert "Sweep the rehearsal away" in dre.get("/en/2026/election/").text
        page = dre.post("/en/2026/election/sweep", follow_redirects=True).text
        assert "swept away" in page and "has not been prepared" in page
        page = dre.post("/en/2026/election/prepare", data=form, follow_redirects=True).text
        assert "Ballot, roll and key frozen" not in page  # what was done in the last rehearsal is over


def test_the_desk_of_a_rehearsal_offers_no_reminders_and_names_its_package(cast, browser_of):
    dre = browser_of(cast[0])
    election = a_rehearsal()
    assert "Who has not voted, or has begun" not in dre.get("/en/2026/election/").text
    counted(election, cast[0])
    answer = dre.post("/en/2026/election/package")
    assert "filename=sipvote-2026-rehearsal.zip" in answer.headers["Content-Disposition"]

"""After closing: the box is opened once, counted, ties are settled by lot, the result is published."""

import json
import subprocess
import sys
from collections import Counter
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from sipvote.db import db
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.members.models import Member, Profile
from sipvote.themes import rules as themes
from sipvote.voting import box, checkpoints, counting, hours, keys, packing, papers, result, rules, seal
from sipvote.voting.models import Custody, Envelope, OpenedBallot
from tests.factories import a_city, a_counted_election, a_member, a_vote, an_election, in_phase

pytestmark = pytest.mark.usefixtures("database")

CASES = Path(__file__).parent.parent / "cases" / "approval"
CLEAR = [(0,)] * 5 + [(1,)] * 4 + [(0, 1)] * 2 + [()]
TIED = [(0,)] * 6 + [(1,)] * 3 + [(2,)] * 3


class TestCounting:
    def test_the_box_is_opened_only_after_closing_and_once(self):
        election = an_election()
        with pytest.raises(Refused, match="closed first"):
            counting.count(election, [], None)
        hours.close(election, None)
        counting.count(election, [], None)
        with pytest.raises(Refused, match="already"):
            counting.count(election, [], None)

    def test_the_count_follows_from_the_ballots(self):
        election = a_counted_election(*CLEAR)
        (report,) = counting.reports_of(election)
        assert report.approvals == (7, 6, 0, 0) and report.blank == 1 and report.winners == (0, 1)
        assert counting.opened(election) == [(1, ((),)), (5, ((0,),)), (2, ((0, 1),)), (4, ((1,),))]
        assert election.report["envelopes"] == 12 and election.report["spoilt"] == 0

    def test_the_last_vote_of_a_member_is_counted(self):
        ada = a_member()
        election = an_election(ada)
        for option in (0, 1, 3):
            a_vote(election, ada, option)
        hours.close(election, None)
        counting.count(election, [], None)
        assert counting.opened(election) == [(1, ((3,),))]

    def test_two_scrutineers_open_the_box_and_one_cannot(self):
        ada = a_member()
        election = an_election(ada, custody=Custody.SERVER)
        seed = keys.unlock(election.kept_seed)
        election.custody, election.kept_seed = Custody.SCRUTINEERS, None
        lists = seal.split(seed)
        a_vote(election, ada, 1)
        hours.close(election, None)
        for wrong in ([], lists[:1], [lists[0], lists[0]], seal.split(seal.new_seed())[:2]):
            with pytest.raises(seal.WrongWords):
                counting.count(election, wrong, None)
        assert election.counted_at is None
        counting.count(election, [lists[2], lists[1]], None)
        assert counting.opened(election) == [(1, ((1,),))]

    def test_the_kept_key_is_destroyed(self):
        assert a_counted_election((0,)).kept_seed is None

    def test_an_envelope_that_does_not_open_is_spoilt_and_stops_nothing(self):
        ada, ben = a_member("Ada"), a_member("Ben")
        election = an_election(ada, ben)
        a_vote(election, ada, 0)
        a_vote(election, ben, 1)
        scribble = seal.seal(b"scribble", election.public_key)
        spoil = update(Envelope).where(Envelope.member_id == ben.id)
        db.session.execute(spoil.values(sealed=scribble, tracker=seal.tracker(scribble)))
        hours.close(election, None)
        counting.count(election, [], None)
        assert election.report["spoilt"] == 1 and counting.opened(election) == [(1, ((0,),))]

    def test_nobody_voted_is_a_result_too(self):
        election = a_counted_election()
        assert counting.reports_of(election)[0].ballots == 0 and counting.reports_of(election)[0].tied == (0, 1, 2, 3)

    @pytest.mark.parametrize("case", ["France_Toulouse_2022_6_-_Saint-Cyprien.json", "small_01.json"])
    def test_a_real_election_voted_again_gives_its_outcome(self, case):
        profile = json.loads((CASES / case).read_text(encoding="utf-8"))
        ballots = [tuple(sorted(ballot)) for times, ballot in profile["ballots"] for _time in range(times)]
        seats, expected = next(iter(profile["expected"]["av"].items()))
        make_members(len(ballots))
        election = an_election(
            options=len(profile["options"]), max_approvals=profile["max_approvals"], seats=int(seats)
        )
        paper = papers.of(election)
        voters = db.session.scalars(select(Member.id).where(Member.name == "Voter")).all()
        db.session.rollback()
        for voter, ballot in zip(voters, ballots, strict=True):
            rules.cast(paper, voter, (ballot,))
        hours.close(election, None)
        counting.count(election, [], None)
        (report,) = counting.reports_of(election)
        assert [list(outcome) for outcome in report.outcomes] == expected
        found = Counter({choices: times for times, (choices,) in counting.opened(election)})
        assert found == Counter(ballots)


class TestTies:
    def test_a_lot_decides_among_the_tied_and_nothing_else(self):
        election = a_counted_election(*TIED)
        for wrong in ("", "4162", "six dice", "4" * 41, "½½½½½½"):
            with pytest.raises(Refused, match="6 to 40 digits"):
                counting.settle(election, 0, wrong, "Drawn in the hall.", None)
        with pytest.raises(Refused, match="how the lot was drawn"):
            counting.settle(election, 0, "416225", "  ", None)
        counting.settle(election, 0, "4-1-6, 2 2 5", "Drawn in the hall by Eva.", None)
        assert counting.settlement(election, 0)["draw"] == "416225"
        assert counting.winners(election, 0) in ((0, 1), (0, 2))

    def test_whom_a_lot_chooses_can_be_worked_out_from_what_is_published(self):
        """Nothing but the final checkpoint, the draw and the themes' numbers decides."""
        election = a_counted_election(*TIED)
        final = checkpoints.checkpoints(election)[-1]
        signed, fell = checkpoints.point_of(election, final).hash(), set()
        for draw in map(str, range(100_000, 100_020)):
            counting.settle(election, 0, draw, "Drawn in the hall.", None)
            marks = {
                sha256(f"{signed}:{draw}:{election.questions[0].options[n].theme_id}".encode()).hexdigest(): n
                for n in (1, 2)
            }
            assert counting.winners(election, 0) == (0, marks[min(marks)])
            fell.add(marks[min(marks)])
        assert fell == {1, 2}

    def test_without_a_tie_there_is_nothing_to_settle(self):
        with pytest.raises(Refused, match="no tie"):
            counting.settle(a_counted_election(*CLEAR), 0, "123456", "?", None)
        with pytest.raises(Refused):
            counting.settle(a_counted_election(*TIED, year=2030), 5, "123456", "?", None)

    def test_a_slip_of_the_pen_can_be_mended_until_it_is_published(self):
        election = a_counted_election(*TIED)
        counting.settle(election, 0, "111111", "A slip.", None)
        counting.settle(election, 0, "416225", "Drawn in the hall by Eva.", None)
        result.publish(election, None)
        assert elected(election) == list(counting.winners(election, 0))
        with pytest.raises(Refused, match="stands"):
            counting.settle(election, 0, "111111", "Again.", None)

    def test_a_tie_can_be_published_before_its_lot(self):
        election = a_counted_election(*TIED)
        result.publish(election, None)
        assert elected(election) == [0]
        counting.settle(election, 0, "416225", "Drawn in the hall by Eva.", None)
        assert elected(election) == list(counting.winners(election, 0)) and len(elected(election)) == 2


class TestPublishing:
    def test_the_winners_are_marked(self):
        election = a_counted_election(*CLEAR)
        assert elected(election) == []
        result.publish(election, None)
        assert elected(election) == [0, 1]
        with pytest.raises(Refused, match="already"):
            result.publish(election, None)

    def test_what_was_not_counted_is_not_published(self):
        election = an_election()
        with pytest.raises(Refused, match="not been counted"):
            result.publish(election, None)

    def test_it_has_its_phases(self):
        election = a_counted_election(*CLEAR)
        in_phase(election.edition, Phase.RECOMMENDATIONS)
        with pytest.raises(Refused):
            result.publish(election, None)

    def test_with_few_ballots_totals_are_not_shown_nor_the_order_they_give(self):
        election = a_counted_election((3,), (3,), (0, 3))
        (outcome,) = result.outcomes(election, papers.of(election))
        assert not outcome.has_numbers and {line.approvals for line in outcome.lines} == {None}
        assert [line.option.number for line in outcome.lines] == [0, 3, 1, 2]

    def test_from_ten_ballots_on_they_are_shown_from_most_to_least(self):
        election = a_counted_election(*CLEAR)
        (outcome,) = result.outcomes(election, papers.of(election))
        assert [line.approvals for line in outcome.lines] == [7, 6, 0, 0]

    def test_every_way_a_lot_can_fall_is_shown(self):
        election = a_counted_election(*TIED)
        (outcome,) = result.outcomes(election, papers.of(election))
        assert [[o.number for o in options] for options in outcome.outcomes] == [[1], [2]] and outcome.is_open_tie


class TestThePackage:
    def verify(self, folder, content, *words):
        """Run the stand-alone program as a scrutineer would: no environment, nothing of ours on its path."""
        (folder / "package.zip").write_bytes(content)
        program = folder / "verify.py"
        program.write_bytes((Path(box.__file__).parent / "verify.py").read_bytes())
        command = [sys.executable, "-I", str(program), str(folder / "package.zip"), *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, env={}, cwd=folder)

    def test_it_is_made_of_the_counted_box(self):
        with pytest.raises(Refused, match="counted"):
            packing.scrutineers_package(an_election(), None)

    def test_the_stand_alone_program_verifies_it(self, tmp_path):
        voters = [a_member(f"M{n}") for n in range(12)]
        election = an_election(*voters)
        seed = keys.unlock(election.kept_seed)
        for n, voter in enumerate(voters[:11]):
            a_vote(election, voter, n % 4)
            if n % 4 == 0:
                a_vote(election, voter, 0, 1)
            if n % 3 == 0:
                checkpoints.checkpoint(election)
        hours.close(election, None)
        counting.count(election, [], None)
        db.session.commit()
        kept = [checkpoints.point_of(election, row).hash() for row in checkpoints.checkpoints(election)]
        assert len(kept) == 5
        words = [
            "--key",
            keys.public_signing_key(),
            "--seed",
            seed.hex(),
            "--checkpoint",
            kept[1],
            "--checkpoint",
            kept[4],
        ]
        done = self.verify(tmp_path, packing.scrutineers_package(election, None), *words)
        assert done.returncode == 0 and done.stdout.endswith("verified\n"), done.stdout + done.stderr
        # The same whenever it is made.
        assert packing.scrutineers_package(election, None) == packing.scrutineers_package(election, None)
        forged = self.verify(tmp_path, packing.scrutineers_package(election, None), "--checkpoint", "f" * 64)
        assert forged.returncode == 1

    def test_an_envelope_lost_from_the_box_is_found(self, tmp_path):
        voters = [a_member(f"M{n}") for n in range(3)]
        election = an_election(*voters)
        for voter in voters:
            a_vote(election, voter, 0)
        hours.close(election, None)
        db.session.delete(db.session.scalars(select(Envelope)).first())
        db.session.flush()
        counting.count(election, [], None)
        done = self.verify(tmp_path, packing.scrutineers_package(election, None))
        assert done.returncode == 1 and "NOT VERIFIED" in done.stdout

    def test_it_names_nobody(self):
        ada = a_member("Adalgisa Peeters")
        election = an_election(ada)
        a_vote(election, ada, 0)
        hours.close(election, None)
        counting.count(election, [], None)
        content = packing.scrutineers_package(election, None)
        assert b"Adalgisa" not in content and ada.number.encode() not in content


def make_members(count):
    """Many members called Voter, quickly."""
    person = {"name": "Voter", "language": "fr", "country": "FR", "city_id": a_city().id, "profile": Profile.USER}
    people = [{**person, "number": f"{n:06}", "joined": date(2020, 1, 1)} for n in range(count)]
    db.session.execute(insert(Member), people)


def elected(election):
    """The numbers of the options whose themes are marked as elected."""
    db.session.expire_all()
    options = election.questions[0].options
    at = {t.id: t.elected_at for t in themes.on_ballot(election.edition)}
    return [o.position for o in options if at[o.theme_id]]


def test_opened_ballots_know_no_member_no_time_and_no_sequence():
    assert set(OpenedBallot.__table__.columns.keys()) == {"election_id", "choices", "times"}
    assert {c.name for c in OpenedBallot.__table__.primary_key} == {"election_id", "choices"}

"""The minutes word by word: a full assembly, a bare one, and one that goes on, as they stand in the folder `texts`."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from sipvote.assembly import presence, proxies, quorum
from sipvote.assembly import rules as assemblies
from sipvote.assembly.models import Incident, Mailing, Quorum, Way
from sipvote.db import db, now
from sipvote.documents import Block, Codes, Heading, Items, Notice, Quote, Signatures, Table, Text
from sipvote.editions.models import Phase
from sipvote.i18n import LANGUAGES, in_language
from sipvote.mail import Letter
from sipvote.voting import counting, freezing, hours, minutes, minutes_text, result
from sipvote.voting import rules as voting
from sipvote.voting.day import Announcement
from sipvote.voting.models import Custody
from tests.factories import (
    a_frozen_election,
    a_member,
    a_proxy,
    a_scrutineer,
    a_theme,
    a_vote,
    a_vote_for,
    a_worked_on_theme,
    an_assembly,
    an_edition,
    an_election,
    kept,
    some_answers,
    some_questions,
    tame_the_lot,
)

pytestmark = pytest.mark.usefixtures("database")
EVENING = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)


@pytest.fixture
def clock(app, database) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(EVENING, tick=False) as clock, app.test_request_context():
        yield clock


def told(block: Block) -> str:
    """A block as a few lines, with everything that a writer is told of it."""
    match block:
        case Heading():
            return f"\n{'#' * block.level} {block.text}" + " (new page)" * block.new_page
        case Text() | Quote() | Notice():
            return {"text": "", "quote": "> ", "notice": "! "}[block.kind] + block.text
        case Items():
            return "\n".join(f"{f'{n}.' if block.numbered else '-'} {item}" for n, item in enumerate(block.items, 1))
        case Table():
            rows = (" | ".join(cells) for cells in (block.headings, *block.rows))
            return "\n".join((f"[{block.caption}] numbers {block.numbers}, wide {block.wide}", *rows))
        case Codes():
            return "\n".join(f"{name}: {value}" for name, value in block.pairs)
        case Signatures():
            return "\n".join(f"{line} ____" for line in block.lines)
        case _:
            raise AssertionError(block)


def whole(assembly, code: str = "en", with_annex: bool = True) -> str:
    db.session.expire_all()
    with in_language(code):
        document = minutes_text.document(minutes.facts_of(assembly), with_annex)
    return "\n".join((document.title, document.language, *map(told, document.blocks), ""))


def opened(assembly) -> None:
    standing = quorum.standing(assembly)
    assemblies.open_(assembly, None, standing.counted, **standing.parts)


def closed(assembly) -> None:
    standing = quorum.standing(assembly)
    assemblies.close(assembly, None, standing.counted, **standing.parts)


def a_convocation(edition) -> None:
    """It left in two hours, ten days ago: two letters arrived, one did not, and two members have no address."""
    begun = now() - timedelta(days=10)
    mailing = kept(Mailing(edition=edition, kind="convocation", texts={}, facts={"without_address": 2},
                           begun_at=begun, ended_at=begun + timedelta(hours=2)))  # fmt: skip
    for n, moment in enumerate(("sent_at", "sent_at", "failed_at")):
        kept(Letter(key=f"convocation {mailing.id} {n}", name="mailing", address="a@example.org", language="nl",
                    subject="", body="", queued_at=begun, send_at=begun, **{moment: begun}))  # fmt: skip


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_full_assembly(clock, written, monkeypatch, code):
    """A vote with a tie that a lot settles, two questions, proxies of every fate, incidents and announcements."""
    people = [a_member(f"Voter {n:02d}", number=f"{2000 + n}") for n in range(16)]
    last_year = a_worked_on_theme()
    edition = an_edition(Phase.VOTE, seats=2)
    assembly = an_assembly(
        edition, starts_in=0, follow_url="https://video.example.org/a", quorum=Quorum.SHARE, quorum_value=25,
        chair="Chloé *Dubois*", secretary="Dré Maes", agenda={c: [f"Opening ({c})", "#Vote"] for c in LANGUAGES},
    )  # fmt: skip
    a_convocation(edition)
    for n in range(4):
        a_theme(edition, f"Theme {n}", proposer=people[0], admitted_at=now())
    for name, number in (("Eva Stone", "3001"), ("Fred Wood", "3002")):
        a_scrutineer(name, number=number)
    a_proxy(people[13], people[0])
    a_proxy(people[14], people[0])
    proxies.decline(a_proxy(people[15], people[1], accepted=False), proxies.Vote())
    proxies.take_back(a_proxy(people[15], people[2]), proxies.Vote())
    stands = a_proxy(people[12], people[3])
    election = voting.prepare(edition, Custody.SERVER, None)
    some_questions(election, last_year, country=None)
    freezing.freeze(election, None)
    for voter in people[:3]:
        presence.check_in(assembly, voter, Way.HALL, None)
    presence.check_in(assembly, people[4], Way.REMOTE, None)
    clock.shift(timedelta(minutes=5))
    opened(assembly)
    clock.shift(timedelta(minutes=10))
    hours.open_(election, None)
    db.session.commit()
    yes, no, blank = (0,), (1,), ()
    for n, themes in enumerate([(0, 1)] * 5 + [(0, 2)] * 5 + [()]):
        some_answers(election, people[n], themes, yes if n < 6 else no, yes if n < 9 else blank)
    clock.shift(timedelta(minutes=5))
    presence.check_in(assembly, people[14], Way.HALL, None)  # the giver comes: the proxy ends
    presence.check_in(assembly, people[5], Way.REMOTE, None)
    hours.pause(election, "No $sound", None)
    clock.shift(timedelta(minutes=5))
    hours.resume(election, None)
    presence.leave(assembly, people[1])
    assert stands.ended_at is None
    clock.shift(timedelta(minutes=30))
    hours.close(election, None, "All have voted.")
    counting.count(election, [], None)
    result.publish(election, None)
    db.session.commit()
    clock.shift(timedelta(minutes=5))
    began = now() - timedelta(minutes=40)
    kept(Incident(assembly_id=assembly.id, happened_at=began, until_at=began + timedelta(minutes=5),
                  text="The #sound went <b>away</b>.", remedy="We *waited*."))  # fmt: skip
    kept(Incident(assembly_id=assembly.id, happened_at=began + timedelta(minutes=1), text="Dark."))
    closed(assembly)
    assert written.is_same(f"minutes-before-the-lot-{code}.txt", whole(assembly, code))
    tame_the_lot(monkeypatch)
    counting.settle(election, 0, "416 225", "Six *dice*, thrown by Eva.", None)
    assert written.is_same(f"minutes-{code}.txt", whole(assembly, code))
    assert whole(assembly, code, with_annex=False) in whole(assembly, code)


def test_a_bare_assembly(clock, written):
    """Nothing was planned, sent, given, noted or voted; then it is opened and closed with nobody there."""
    assembly = an_assembly(an_edition(Phase.VOTE), starts_in=0, remote_vote=False, proxies_per_holder=0, agenda={})
    assert written.is_same("minutes-bare-before.txt", whole(assembly))
    opened(assembly)
    assert written.is_same("minutes-bare-open.txt", whole(assembly))
    closed(assembly)
    assert written.is_same("minutes-bare.txt", whole(assembly))


def test_an_assembly_before_its_vote(clock, written):
    """The ballot is frozen and the roll is made; the vote has not been opened."""
    edition = an_edition(Phase.VOTE, seats=2)
    assembly = an_assembly(edition)
    a_frozen_election(edition=edition)
    assert written.is_same("minutes-frozen-vote.txt", whole(assembly))


def test_an_assembly_that_goes_on(clock, written):
    """The vote was extended and is open, few have voted, one proxy each way; nobody can vote beforehand."""
    people = [a_member(f"Voter {n}", number=f"{2000 + n}") for n in range(5)]
    edition = an_edition(Phase.VOTE, seats=2, vote_at=now() - timedelta(minutes=30))
    assembly = an_assembly(edition, starts_in=-1, prior_vote=False, quorum=Quorum.NUMBER, quorum_value=9,
                           proxies_per_holder=1, counts_votes=False)  # fmt: skip
    proxy = a_proxy(people[0], people[1])
    kept(Mailing(edition=edition, kind="convocation", texts={}, facts={}, begun_at=now() - timedelta(hours=1)))
    presence.check_in(assembly, people[1], Way.HALL, None)
    opened(assembly)
    election = an_election(edition=edition)
    a_vote(election, people[2], 0)
    a_vote_for(election, proxy, 1)
    kept(
        Announcement(
            election_id=election.id, kind="extended", at=now(), until=now() + timedelta(hours=1), reason="Late"
        )
    )
    assert written.is_same("minutes-open-vote.txt", whole(assembly))
    clock.shift(timedelta(minutes=1))
    hours.close(db.session.merge(election), None, "Enough.")
    assert written.is_same("minutes-closed-vote.txt", whole(assembly))
    counting.count(election, [], None)
    result.publish(election, None)
    assert written.is_same("minutes-few-ballots.txt", whole(assembly))

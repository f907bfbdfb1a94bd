"""The quorum: everybody counts once, in the part that the settings say."""

from datetime import timedelta

import pytest

from sipvote.assembly import presence, quorum
from sipvote.assembly.models import Assembly, Proxy, Quorum, Way
from sipvote.db import db, now
from sipvote.voting.models import Elector, Envelope
from tests.factories import a_member, a_vote, an_assembly, an_election, kept
from tests.queries import counted


def of(rule, value=0, members=30_000, **counts):
    settings = {"counts_proxies": True, "counts_remote": True, "counts_votes": True, "proxies_per_holder": 2, **counts}
    assembly = Assembly(quorum=rule, quorum_value=value, **settings)
    return quorum.standing_of(assembly, members, hall=600, remote=1000, proxies=40, votes=300)


@pytest.mark.parametrize(
    ("rule", "value", "members", "needed"),
    [
        (Quorum.NONE, 0, 30_000, 0),
        (Quorum.SHARE, 5, 30_000, 1500),
        (Quorum.SHARE, 5, 30_001, 1501),
        (Quorum.SHARE, 100, 7, 7),
        (Quorum.NUMBER, 1941, 30_000, 1941),
    ],
)
def test_a_share_is_rounded_up_to_whole_people(app, rule, value, members, needed):
    with app.app_context():
        assert of(rule, value, members).needed == needed


@pytest.mark.parametrize(
    ("off", "count"),
    [((), 1940), (("proxies",), 1900), (("remote",), 940), (("votes",), 1640), (("proxies", "remote", "votes"), 600)],
)
def test_the_hall_counts_always_and_the_others_as_the_settings_say(app, off, count):
    with app.app_context():
        stands = of(Quorum.NUMBER, 1640, **{f"counts_{name}": False for name in off})
    assert (stands.counted, stands.reached) == (count, count >= 1640)
    assert (stands.hall, stands.remote, stands.proxies, stands.votes) == (600, 1000, 40, 300)


def test_the_basis_says_the_rule_and_who_counts(app):
    with app.app_context():
        assert "no quorum" in of(Quorum.NONE).basis
        said = of(Quorum.SHARE, 5, counts_remote=False, proxies_per_holder=0).basis
    assert said == (
        "The quorum is 5% of the 30,000 members: 1,500 must take part."
        " These count: who is in the hall and who voted without checking in."
    )


def a_proxy(assembly, giver, holder, **values):
    place = {"accepted_at": now(), "place": 1, **values}
    return kept(Proxy(assembly_id=assembly.id, giver_id=giver.id, holder_id=holder.id, given_at=now(), **place))


def parts(assembly):
    stands = quorum.standing(assembly)
    return stands.hall, stands.remote, stands.proxies, stands.votes, stands.counted


@pytest.fixture
def assembly(database):
    """An assembly that runs, and a vote in which who is a member by now may vote."""
    return an_assembly(starts_in=-1, follow_url="https://video.example.org/a")


def there(assembly, member, way=Way.HALL):
    presence.check_in(assembly, member, way, None)
    return member


def test_who_is_in_the_hall_and_voted_counts_once(assembly):
    ada, lea = a_member("Ada"), a_member("Lea")
    election = an_election(ada, edition=assembly.edition)
    a_vote(election, ada, 0)
    a_vote(election, lea, 0)
    there(assembly, ada)
    assert parts(assembly) == (1, 0, 0, 1, 2)


def test_who_left_counts_no_more_unless_they_voted(assembly):
    ada, lea = a_member("Ada"), a_member("Lea")
    election = an_election(ada, edition=assembly.edition)
    a_vote(election, ada, 0)
    for member in (ada, lea):
        presence.leave(assembly, there(assembly, member))
    assert parts(assembly) == (0, 0, 0, 1, 1)


def test_a_proxy_counts_while_its_holder_is_there(assembly):
    ada, lea = a_member("Ada"), a_member("Lea")
    a_proxy(assembly, lea, ada)
    assert parts(assembly) == (0, 0, 0, 0, 0)
    there(assembly, ada)
    assert parts(assembly) == (1, 0, 1, 0, 2)
    presence.leave(assembly, ada)
    assert parts(assembly) == (0, 0, 0, 0, 0)


def test_a_proxy_that_was_not_accepted_or_has_ended_does_not_count(assembly):
    ada = there(assembly, a_member("Ada"))
    a_proxy(assembly, a_member("Lea"), ada, accepted_at=None, place=None)
    a_proxy(assembly, a_member("Mia"), ada, ended_at=now(), ended_why="withdrawn")
    assert parts(assembly) == (1, 0, 0, 0, 1)


def test_a_giver_who_voted_themselves_counts_as_a_vote_not_as_a_proxy(assembly):
    ada, lea = a_member("Ada"), a_member("Lea")
    election = an_election(ada, edition=assembly.edition)
    a_proxy(assembly, lea, there(assembly, ada))
    a_vote(election, lea, 0)
    assert parts(assembly) == (1, 0, 0, 1, 2)


def test_a_vote_by_proxy_counts_with_the_proxy_and_only_there(assembly):
    ada, lea = a_member("Ada"), a_member("Lea")
    election = an_election(ada, edition=assembly.edition)
    a_vote(election, lea, 0)
    db.session.get(Envelope, (election.id, lea.id)).by_proxy = True
    a_proxy(assembly, lea, ada)
    assert parts(assembly) == (0, 0, 0, 1, 1)
    there(assembly, ada)
    assert parts(assembly) == (1, 0, 1, 0, 2)
    assembly.counts_proxies = False
    assert parts(assembly)[3:] == (0, 1)


def test_who_took_a_ballot_on_paper_voted(assembly):
    ada = a_member("Ada")
    election = an_election(ada, edition=assembly.edition)
    db.session.get(Elector, (election.id, ada.id)).paper_at = now()
    assert parts(assembly) == (0, 0, 0, 1, 1)


def test_from_elsewhere_one_holds_no_counting_proxy_where_elsewhere_does_not_count(assembly):
    ada, lea = a_member("Ada"), a_member("Lea")
    a_proxy(assembly, lea, there(assembly, ada, Way.REMOTE))
    assert parts(assembly) == (0, 1, 1, 0, 2)
    assembly.counts_remote = False
    assert parts(assembly) == (0, 1, 0, 0, 0)


def test_a_share_is_one_of_the_members_on_that_day(assembly):
    for n in range(9):
        a_member(f"Member {n}")
    a_member("Gone", left=now().date())
    a_member("Coming", joined=now().date() + timedelta(days=2))
    assembly.quorum, assembly.quorum_value = Quorum.SHARE, 10
    assert quorum.standing(assembly).needed == 1


def test_the_numbers_take_four_queries_however_many_people_there_are(assembly):
    for n in range(12):
        there(assembly, a_member(f"Member {n}"))
    with counted() as queries:
        assert parts(assembly) == (12, 0, 0, 0, 12)
    assert len(queries) == 1 + 4  # the assembly itself, and its numbers

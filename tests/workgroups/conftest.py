"""The cast of the workgroups' tests, and the year in which most of them play; some files make another one."""

import pytest

from sipvote.editions.models import Edition, Phase
from sipvote.members.models import Member
from sipvote.workgroups.wish_models import Slot
from tests.factories import a_facilitator, a_member, a_slot, an_edition


@pytest.fixture
def edition(database: None) -> Edition:
    """A year in which members sign up directly, now."""
    return an_edition(Phase.SIGNUP)


@pytest.fixture
def slots(edition: Edition) -> list[Slot]:
    """Three slots, a week from one to the next; of the year that the asking test file makes."""
    return [a_slot(edition, day) for day in (1, 8, 15)]


@pytest.fixture
def bas(database: None) -> Member:
    """A facilitator of Ghent."""
    return a_facilitator("gent")


@pytest.fixture
def ada(database: None) -> Member:
    return a_member("Ada Peeters")


@pytest.fixture
def bo(database: None) -> Member:
    return a_member("Bo Smit")

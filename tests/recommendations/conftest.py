"""A year in which a group of Ada (secretary), Bo and their facilitator Bas writes its recommendations."""

import pytest

from sipvote.editions.models import Phase
from sipvote.workgroups import insiders
from tests.factories import a_facilitator, a_member, a_met_group, a_theme, an_edition, an_organiser
from tests.outcomes import a_draft, a_recommendation


@pytest.fixture
def edition(database):
    return an_edition(Phase.RECOMMENDATIONS)


@pytest.fixture
def theme(edition):
    return a_theme(edition, "Guidance", elected_at=edition.count_at)


@pytest.fixture
def bas(edition):
    return a_facilitator("gent")


@pytest.fixture
def ada(edition):
    return a_member("Ada Peeters")


@pytest.fixture
def bo(edition):
    return a_member("Bo Smit")


@pytest.fixture
def dre(edition):
    return an_organiser()


@pytest.fixture
def group(edition, theme, ada, bo, bas):
    group = a_met_group(ada, bo, edition=edition, theme=theme, facilitators=[bas])
    insiders.name_secretary(group, ada, bas.id)
    return group


@pytest.fixture
def zoe(edition):
    return a_member("Zoé Lambert", "luik")


@pytest.fixture
def eva(edition):
    """The facilitator in Liège."""
    return a_facilitator("luik")


@pytest.fixture
def other(edition, theme, zoe, eva):
    """Another group on the same theme, in Liège."""
    return a_met_group(zoe, edition=edition, theme=theme, city="luik", facilitators=[eva])


@pytest.fixture
def draft(group):
    return a_draft(group)


@pytest.fixture
def guide(draft):
    return a_recommendation(draft, "A guide for starters")

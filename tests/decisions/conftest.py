"""A year whose workgroup of Gent handed three recommendations to the board."""

from types import SimpleNamespace

import pytest

from sipvote.editions.models import Phase
from tests.factories import a_board_member, a_member, a_support, a_theme, an_attended_group, an_edition
from tests.outcomes import some_recommendations


@pytest.fixture
def year(database):
    """Ada has a place in the group, Bas leads it, Lea proposed the theme, Eve supports it, Chloé is of the board."""
    edition = an_edition(Phase.DECISIONS, year=2026)
    lea, eve, ada = a_member("Lea Janssens"), a_member("Eve Mertens"), a_member("Ada Peeters")
    bas, chloe = a_member("Bas Claes"), a_board_member()
    theme = a_theme(edition, "Guidance", proposer=lea)
    a_support(theme, lea, eve)
    group = an_attended_group(edition, "c", people=[ada], theme=theme, facilitators=[bas])
    one, two, three = some_recommendations(group)
    return SimpleNamespace(
        edition=edition, theme=theme, group=group, one=one, two=two, three=three, all=[one, two, three],
        ada=ada, bas=bas, lea=lea, eve=eve, chloe=chloe,
    )  # fmt: skip

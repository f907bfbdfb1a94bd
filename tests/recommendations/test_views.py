"""The pages of drafts: each as a stranger, a member, somebody of the group, an official."""

import pytest

from sipvote.editions.models import Phase
from tests.factories import a_facilitator, a_member, a_met_group, an_edition, an_organiser
from tests.outcomes import a_draft, a_recommendation, a_translation

ALL = "/en/2026/drafts"


@pytest.fixture
def edition(database):
    return an_edition(Phase.RECOMMENDATIONS)


@pytest.fixture
def bas(edition):
    return a_facilitator("gent")


@pytest.fixture
def ada(edition):
    return a_member("Ada Peeters")


@pytest.fixture
def group(edition, ada, bas):
    return a_met_group(ada, edition=edition, facilitators=[bas])


@pytest.fixture
def draft(group):
    return a_draft(group)


@pytest.fixture
def guide(draft):
    return a_recommendation(draft, "A guide for starters")


def test_smoke(client, browser_of, draft, guide, ada, bas, group):
    me = f"{ALL}/{draft.id}"
    b = browser_of(bas)
    a_translation(guide, "nl", "Een gids")
    for path in (ALL, me, f"{me}/publish", f"{me}/add", f"{me}/{guide.id}/write", f"{me}/{guide.id}/versions", f"{me}/together", f"{ALL}/of/{group.id}",
       f"/en/2026/groups/{group.id}/inside/", f"/en/2026/facilitate/{group.id}", "/en/", "/nl/2026/groups"):
        r = b.get(path)
        assert r.status_code in (200, 302), (path, r.status_code, r.text[-2000:])
    o = browser_of(an_organiser())
    for path in (ALL, me, f"{me}/together", f"{ALL}/desk", f"{ALL}/desk?show=to_do", f"{ALL}/desk/{draft.id}/{guide.id}/fr", f"{ALL}/desk/{draft.id}/{guide.id}/nl", "/en/"):
        r = o.get(path)
        assert r.status_code == 200, (path, r.status_code, r.text[-2000:])
    assert client.get(me).status_code == 302

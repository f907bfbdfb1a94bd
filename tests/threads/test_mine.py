"""What a member had a hand in: each theme once, with how, and nothing that was taken back."""

import pytest
from sqlalchemy import select

from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.recommendations.hearing_models import MinorityNote, Remark
from sipvote.recommendations.models import RecommendationText
from sipvote.stocktake.models import Status
from sipvote.threads import mine
from tests.factories import a_group, a_member, a_support, a_theme, an_attended_group, an_edition, kept
from tests.outcomes import a_decision, a_status, some_recommendations
from tests.queries import counted

pytestmark = pytest.mark.usefixtures("database")


def hands(member) -> dict[str, list[str]]:
    db.session.flush()
    return {str(found.theme): found.ways for found in mine.of_member(member.id)}


def test_every_hand_is_told_once_in_the_order_of_the_year():
    ada = a_member("Ada Peeters")
    edition = an_edition(Phase.STOCKTAKE, meetings=1)
    theme = a_theme(edition, "Guidance", proposer=ada, elected_at=now())
    a_support(theme, ada)
    group = an_attended_group(edition, "c", people=[ada], theme=theme, facilitators=[ada])
    first, second = some_recommendations(group, 2)
    for text in db.session.scalars(select(RecommendationText)):
        text.author = ada
    words = {"draft": first.draft, "member": ada, "language": "en", "text": "No.", "written_at": now()}
    kept(Remark(**words))
    kept(Remark(**words))
    kept(MinorityNote(**words))
    a_decision(first)
    a_status(second, Status.DONE)
    db.session.flush()
    (found,) = mine.of_member(ada.id)
    assert found.ways == [str(name) for name in (w for k, w in mine.WAYS.items() if k != "supported")]
    assert (found.recommendations, found.decided, found.done) == (2, 1, 1)


def test_whoever_supports_the_theme_of_another_sees_its_thread():
    ada, theme = a_member("Ada Peeters"), a_theme(an_edition(), "Guidance")
    a_support(theme, ada)
    assert hands(ada) == {"Guidance": ["you supported it"]}
    assert hands(a_member("Bas Claes")) == {}


def test_what_was_taken_back_is_not_told():
    ada = a_member("Ada Peeters")
    edition = an_edition(Phase.STOCKTAKE, meetings=1)
    a_theme(edition, "Withdrawn", proposer=ada, withdrawn_at=now())
    group = an_attended_group(edition, "c", people=[ada], theme=a_theme(edition, "Guidance"))
    group.cancelled_at = now()
    other = some_recommendations(a_group(edition, a_theme(edition, "Fees")), 1)[0]
    words = {"draft": other.draft, "member": ada, "language": "en", "text": "No.", "written_at": now()}
    kept(Remark(**words, hidden_at=now(), hidden_reason="Rude."))
    kept(Remark(**words, withdrawn_at=now()))
    kept(MinorityNote(**words, withdrawn_at=now()))
    assert hands(ada) == {}


def test_my_page_leads_to_my_threads_and_asks_the_same_for_many(browser_of):
    ada = a_member("Ada Peeters")
    theme = a_theme(an_edition(), "Guidance", proposer=ada)
    browser = browser_of(ada)
    page = browser.get("/en/me").text
    assert f"/en/threads/{theme.id}" in page and "you proposed it" in page
    me = ada.id
    with counted() as few:
        mine.of_member(me)
    for number in range(5):
        a_theme(theme.edition, f"Theme {number}", proposer=ada)
    db.session.flush()
    with counted() as many:
        assert len(mine.of_member(me)) == 6
    assert len([q for q in few if q.startswith("SELECT")]) == len([q for q in many if q.startswith("SELECT")])

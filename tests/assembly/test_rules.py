"""An assembly is planned without contradictions, opened and closed once, and keeps its incidents."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from sipvote.assembly import rules
from sipvote.assembly.models import Assembly, Incident, Quorum
from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.i18n import in_language
from sipvote.voting import checklist, freezing
from sipvote.voting import rules as voting
from sipvote.voting.models import Custody
from tests.factories import a_member, a_theme, an_assembly, an_edition, an_organiser
from tests.workgroups.test_race import at_once

pytestmark = pytest.mark.usefixtures("database")


def a_plan(**values):
    """A plan with nothing to say against it."""
    starts = now() + timedelta(days=8)
    defaults = {
        "starts_at": starts, "ends_at": starts + timedelta(hours=3), "place": "Flagey, Brussels",
        "follow_url": "https://video.example.org/assembly", "agenda": {"en": ["Opening", "Vote"]},
        "quorum": Quorum.NONE, "quorum_value": 0, "counts_proxies": True, "counts_remote": True, "counts_votes": True,
        "proxies_per_holder": 2, "remote_vote": True, "prior_vote": True, "chair": "Chloé Dubois", "secretary": None,
    }  # fmt: skip
    return rules.Plan(**{**defaults, **values})


def planned_by(assembly):
    """The plan that an assembly has now."""
    return rules.Plan(**{name: getattr(assembly, name) for name in rules.Plan.__dataclass_fields__})


def acts():
    return list(db.session.scalars(select(Entry.act).order_by(Entry.id)))


# --- Planning ---------------------------------------------------------------------------------------


def test_a_plan_is_kept_changed_and_recorded():
    dre, edition = an_organiser(), an_edition(Phase.REVIEW)
    made = rules.plan(edition, a_plan(), dre.id)
    rules.plan(edition, a_plan(place="Vooruit, Gent"), dre.id)
    assert rules.of_edition(edition) is made and made.place == "Vooruit, Gent"
    assert len(made.hall_secret) == 32
    assert acts() == ["plan assembly"] * 2


@pytest.mark.parametrize(
    ("values", "field", "why"),
    [
        ({"ends_at": timedelta()}, "ends_at", "after it begins"),
        ({"ends_at": timedelta(days=30)}, "ends_at", "at most a day"),
        ({"starts_at": timedelta(hours=-9), "ends_at": timedelta(hours=-8)}, "ends_at", "has passed"),
        ({"agenda": {}}, "agenda_nl", "one language at least"),
        ({"agenda": {"nl": ["Opening"], "fr": ["Ouverture", "Vote"]}}, "agenda_fr", "2 items in French and 1 in Dutch"),
        ({"quorum": Quorum.SHARE, "quorum_value": 0}, "quorum_value", "1 to 100"),
        ({"quorum": Quorum.SHARE, "quorum_value": 101}, "quorum_value", "1 to 100"),
        ({"quorum": Quorum.NUMBER, "quorum_value": 2}, "quorum_value", "from 1 to 1"),
        ({"remote_vote": False}, "prior_vote", "from elsewhere"),
    ],
)
def test_what_contradicts_is_told_beside_its_field(values, field, why):
    a_member()
    edition = an_edition(Phase.REVIEW)
    values = {key: now() + value if isinstance(value, timedelta) else value for key, value in values.items()}
    fault = rules.why_not_plan(edition, a_plan(**values), None)
    assert fault and fault[0] == field and why in fault[1]
    with pytest.raises(Refused, match=why):
        rules.plan(edition, a_plan(**values), None)
    assert rules.of_edition(edition) is None


def test_two_organisers_plan_at_once_and_there_is_one_assembly(app):
    year = an_edition(Phase.REVIEW).year
    outcomes = at_once(app, [lambda: rules.plan(rules_edition(year), a_plan(), None)] * 3)
    assert all(isinstance(o, Assembly | Refused) for o in outcomes)
    assert len(db.session.scalars(select(Assembly)).all()) == 1


def rules_edition(year):
    from sipvote.editions.rules import of_year

    return of_year(year)


@pytest.mark.parametrize(("name", "value"), [("proxies_per_holder", 3), ("prior_vote", False), ("remote_vote", False)])
def test_what_the_vote_depends_on_is_fixed_once_the_ballot_is_frozen(name, value):
    edition = an_edition(Phase.REVIEW, themes_frozen_at=now())
    assembly = an_assembly(edition)
    changed = replace(planned_by(assembly), **{"prior_vote": False} if name == "remote_vote" else {}, **{name: value})
    with pytest.raises(Refused, match="frozen"):
        rules.plan(edition, changed, None)
    rules.plan(edition, replace(planned_by(assembly), place="Vooruit, Gent"), None)
    edition.themes_frozen_at = None
    db.session.flush()
    rules.plan(edition, changed, None)
    assert getattr(assembly, name) == value


def test_after_freezing_a_first_assembly_goes_by_what_the_ballot_went_by():
    edition = an_edition(Phase.REVIEW, themes_frozen_at=now())
    with pytest.raises(Refused, match="frozen"):
        rules.plan(edition, a_plan(), None)
    assert rules.plan(edition, a_plan(**rules.WITHOUT_ASSEMBLY), None).remote_vote


def test_once_open_the_quorum_stays_and_once_closed_everything_does():
    a_member()
    assembly = an_assembly(starts_in=0)
    rules.open_(assembly, None, 0)
    changed = replace(planned_by(assembly), quorum=Quorum.NUMBER, quorum_value=1)
    with pytest.raises(Refused, match="open"):
        rules.plan(assembly.edition, changed, None)
    rules.plan(assembly.edition, replace(planned_by(assembly), chair="Eva Stone"), None)
    rules.close(assembly, None, 0)
    with pytest.raises(Refused, match="no longer change"):
        rules.plan(assembly.edition, planned_by(assembly), None)


def test_the_agenda_is_in_the_readers_language_where_there_is_one():
    assembly = an_assembly(agenda={"fr": ["Ouverture"], "nl": []})
    assert rules.agenda_of(assembly) == (["Ouverture"], "fr")
    assembly.agenda = {"fr": ["Ouverture"], "nl": ["Opening"]}
    with in_language("nl"):
        assert rules.agenda_of(assembly) == (["Opening"], "nl")


# --- The election's checklist -----------------------------------------------------------------------


def checks(edition):
    election = voting.of_edition(edition) or voting.prepare(edition, Custody.SERVER, None)
    return {check.text: check.kind for check in checklist.checklist(election)}


def a_ballot(edition):
    for n in range(4):
        a_theme(edition, f"Theme {n}", admitted_at=now())
    return edition


def test_a_vote_that_may_not_begin_before_the_assembly_is_not_frozen_with_an_earlier_date():
    edition = a_ballot(an_edition(Phase.REVIEW))
    early = edition.vote_at + timedelta(days=1)
    an_assembly(edition, prior_vote=False, starts_at=early, ends_at=early + timedelta(hours=3))
    bad = [text for text, kind in checks(edition).items() if kind == "bad"]
    assert len(bad) == 1 and "before the assembly begins" in bad[0]
    with pytest.raises(Refused, match="before the assembly begins"):
        freezing.freeze(voting.of_edition(edition), None)


def test_the_checklist_says_how_the_assembly_stands():
    edition = a_ballot(an_edition(Phase.REVIEW))
    assert any(kind == "warn" and "No assembly" in text for text, kind in checks(edition).items())
    assembly = an_assembly(edition, starts_at=edition.vote_at, ends_at=edition.vote_at + timedelta(hours=3))
    assert any(kind == "warn" and "no address" in text for text, kind in checks(edition).items())
    assembly.follow_url, assembly.prior_vote = "https://video.example.org/a", False
    db.session.flush()
    assert not [text for text, kind in checks(edition).items() if kind == "bad"]


# --- Opening, closing, incidents --------------------------------------------------------------------


def test_an_assembly_is_opened_once_near_its_time_and_closed_once():
    dre, assembly = an_organiser(), an_assembly(starts_in=1)
    with pytest.raises(Refused, match="can be opened from"):
        rules.open_(assembly, dre.id, 0)
    assembly.starts_at = now() + timedelta(minutes=20)
    db.session.flush()
    with pytest.raises(Refused, match="not been opened"):
        rules.close(assembly, dre.id, 0)
    rules.open_(assembly, dre.id, 7)
    with pytest.raises(Refused, match="open since"):
        rules.open_(assembly, dre.id, 7)
    rules.close(assembly, dre.id, 9)
    with pytest.raises(Refused, match="was closed"):
        rules.close(assembly, dre.id, 9)
    assert acts() == ["open assembly", "close assembly"]


def test_incidents_stand_in_their_order_and_can_be_removed_until_closing():
    dre, assembly = an_organiser(), an_assembly(starts_in=0)
    later = rules.note_incident(assembly, now() - timedelta(minutes=1), "The sound failed.", dre.id)
    rules.note_incident(assembly, now() - timedelta(minutes=9), "The video failed.", dre.id)
    assert [i.text for i in rules.incidents(assembly)] == ["The video failed.", "The sound failed."]
    rules.remove_incident(assembly, later, dre.id)
    rules.open_(assembly, dre.id, 0)
    rules.close(assembly, dre.id, 0)
    with pytest.raises(Refused, match="stays"):
        rules.remove_incident(assembly, db.session.scalars(select(Incident)).one(), dre.id)
    rules.note_incident(assembly, now(), "Understood later.", dre.id)
    assert acts().count("note incident") == 3 and "remove incident" in acts()


def test_an_incident_lasts_and_the_log_keeps_its_fingerprint_not_its_words():
    assembly, dre = an_assembly(), an_organiser()
    began, over = now() - timedelta(minutes=9), now() - timedelta(minutes=2)
    noted = rules.note_incident(assembly, began, "The wifi failed.", dre.id, over, "Voting was paused.")
    db.session.commit()
    db.session.expire_all()
    assert (noted.happened_at, noted.until_at, noted.remedy) == (began, over, "Voting was paused.")
    facts = db.session.scalars(select(Entry)).one().facts
    assert facts == {"incident": noted.id, "digest": rules.fingerprint(noted)}
    noted.remedy = "Nothing."
    assert rules.fingerprint(noted) != facts["digest"]


def test_an_incident_ends_after_it_began_and_not_in_the_future():
    assembly = an_assembly()
    with pytest.raises(Refused, match="before it began"):
        rules.note_incident(assembly, now() - timedelta(minutes=5), "Dark.", None, now() - timedelta(minutes=6))
    with pytest.raises(Refused, match="still to come"):
        rules.note_incident(assembly, now() - timedelta(minutes=5), "Dark.", None, now() + timedelta(minutes=6))


def test_no_incident_lies_in_the_future():
    with pytest.raises(Refused, match="still to come"):
        rules.note_incident(an_assembly(), now() + timedelta(minutes=5), "Soon.", None)

"""What stands in a new demonstration."""

import re
from datetime import date

from sqlalchemy import func, select

from sipvote.access import Role
from sipvote.db import db, now
from sipvote.demo import year
from sipvote.demo.members import DOMAINS, OFFICES, rows
from sipvote.demo.people import ADA, CAST, member_of
from sipvote.editions.models import Edition, Phase
from sipvote.editions.rules import of_year
from sipvote.i18n import ZONE
from sipvote.members import roll
from sipvote.members.models import City, Grant, Member
from sipvote.themes import finding
from sipvote.themes import rules as themes
from sipvote.themes.models import Theme
from sipvote.voting.models import Election
from sipvote.workgroups.models import Signup, Workgroup
from tests.demo.conftest import MEMBERS

TODAY = date(2026, 11, 21)

# --- The roll ---------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_members() -> None:
    assert list(rows(200, 7, TODAY)) == list(rows(200, 7, TODAY))
    assert list(rows(200, 7, TODAY)) != list(rows(200, 8, TODAY))


def test_rows_are_a_roll_that_can_be_imported(database: None) -> None:
    for slug, office in OFFICES.items():
        db.session.add(City(slug=slug, country=office.country, name_nl=office.nl, name_fr=office.fr, name_en=office.en))
    db.session.flush()
    made = list(rows(500, 1, TODAY))
    assert all(list(row) == list(roll.COLUMNS) for row in made)
    lines = [",".join(roll.COLUMNS), *(",".join(row.values()) for row in made)]
    read = roll.read("\n".join(lines).encode())
    assert read.faults == [] and len(read.rows) == 500


def test_nobody_shares_a_number_or_an_address() -> None:
    made = list(rows(30_000, 2026, TODAY))
    assert len({row["number"] for row in made}) == 30_000
    addresses = [row["email"] for row in made if row["email"]]
    assert len(set(addresses)) == len(addresses) > 29_000
    assert all(address.rpartition("@")[2] in DOMAINS for address in addresses)
    assert all(re.fullmatch(r"[a-z0-9.@-]+", address) for address in addresses)


def test_people_speak_the_languages_of_their_city() -> None:
    made = list(rows(10_000, 3, TODAY))
    in_gent = [row["language"] for row in made if row["city"] == "gent"]
    in_lyon = [row["language"] for row in made if row["city"] == "lyon"]
    assert in_gent.count("nl") > 0.8 * len(in_gent) and in_lyon.count("fr") > 0.8 * len(in_lyon)
    assert {row["country"] for row in made if row["city"] == "lyon"} == {"FR"}
    assert all(row["joined"] <= TODAY.isoformat() for row in made)


# --- The cooperative --------------------------------------------------------------------------------


def test_there_are_as_many_members_as_asked_for(demo: None) -> None:
    assert db.session.scalar(select(func.count()).select_from(Member)) == MEMBERS
    assert {m.number for m in db.session.scalars(select(Member))} >= {person.number for person in CAST}


def test_every_role_is_held_and_every_city_has_facilitators(demo: None) -> None:
    held = set(db.session.scalars(select(Grant.role)))
    assert held == set(Role)
    led = set(db.session.scalars(select(Grant.city_id).where(Grant.role == Role.FACILITATOR)))
    assert led == set(db.session.scalars(select(City.id)))


def test_past_editions_have_their_real_themes_and_cities(demo: None) -> None:
    last = of_year(2020)
    assert last and last.phase == Phase.STOCKTAKE
    titles = {t.text_in("fr").title: t for t in themes.of_the_year(last)}  # type: ignore[union-attr]
    assert set(titles) == {
        "L’accompagnement", "Nouvelles perspectives après la crise sanitaire", "L’égalité de genre",
        "Économie du partage : un modèle économique viable ?",
    }  # fmt: skip
    assert titles["Économie du partage : un modèle économique viable ?"].prolonged_country == "FR"
    assert titles["L’égalité de genre"].is_prolonged and titles["L’égalité de genre"].prolonged_country is None
    groups = db.session.scalars(select(Workgroup).where(Workgroup.edition_id == last.id)).all()
    assert ["charleroi", "eupen", "louvain-la-neuve", "mons"] in [[c.slug for c in g.cities] for g in groups]


def test_known_first_meetings_are_at_their_hour(demo: None) -> None:
    groups = db.session.scalars(select(Workgroup).join(Edition).where(Edition.year == 2019)).all()
    firsts = {
        (str(g.theme.text_in("en").title), g.cities[0].slug): g.meetings[0].starts_at.astimezone(ZONE)  # type: ignore[union-attr]
        for g in groups
    }
    known = {
        ("Consolidating my activity", "brussel"): "2020-01-10 17:00",
        ("Consolidating my activity", "namur"): "2020-01-13 17:30",
        ("Shared spaces, third places", "brussel"): "2019-12-20 10:00",
        ("Shared spaces, third places", "charleroi"): "2020-01-14 15:00",
    }
    assert {key: f"{firsts[key]:%Y-%m-%d %H:%M}" for key in known} == known


def test_no_figures_of_a_past_vote_are_invented(demo: None) -> None:
    assert db.session.scalar(select(func.count()).select_from(Election)) == 0
    elected = (
        select(func.count()).select_from(Theme).join(Edition).where(Edition.year < 2021, Theme.elected_at.is_not(None))
    )
    assert db.session.scalar(elected) == 10


def test_no_past_group_is_oversold(demo: None) -> None:
    for group in db.session.scalars(select(Workgroup)):
        seats = db.session.scalars(select(Signup.seat).where(Signup.workgroup_id == group.id)).all()
        assert len(set(seats)) == len(seats) <= group.places


def test_this_year_begins_with_lively_proposals(demo: None) -> None:
    edition = year.the_edition()
    assert edition and edition.phase == Phase.THEMES and edition.year == now().year
    proposed = db.session.scalars(select(Theme).where(Theme.edition_id == edition.id)).all()
    assert len(proposed) == 12 and {t.original for t in proposed} == {"nl", "fr", "en"}
    states = [t.state for t in proposed]
    assert (states.count("admitted"), states.count("declined"), states.count("prolonged")) == (4, 1, 1)
    assert all(t.proposed_at <= now() for t in proposed)


def test_the_theme_of_ada_needs_one_supporter_more(demo: None) -> None:
    edition = year.the_edition()
    assert edition
    own = db.session.scalars(select(Theme).where(Theme.proposer_id == member_of(ADA).id)).one()
    assert finding.supporters([own])[own.id] == edition.supporters_needed - 1

"""The rehearsal itself: a small one on each database; it cheats nobody, and leaves nothing behind."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyotp
import pytest
import time_machine

from sipvote import spreadsheets
from sipvote.boot import Trouble
from sipvote.db import now
from sipvote.editions.models import DATED
from sipvote.i18n import ZONE
from sipvote.rehearsal import main, outcomes_list
from sipvote.rehearsal.browser import Broken, Form, words_of
from sipvote.rehearsal.cast import CLEAR, TIED, Cast, Part, Way, count, deal
from sipvote.rehearsal.play import read_profile
from sipvote.rehearsal.real_groups import RealGroup
from sipvote.rehearsal.record import Minutes
from sipvote.rehearsal.report import Report
from sipvote.rehearsal.seasons_cast import Circle, Player
from sipvote.rehearsal.seasons_letters import BEGIN, dates_in
from sipvote.rehearsal.seasons_matching import best_dates, most_placed
from sipvote.rehearsal.two import App
from sipvote.rehearsal.year import dates
from sipvote.stocktake.models import Status
from sipvote.workgroups.planning import Mode

ROOT = Path(__file__).parent.parent
QUICK = [sys.executable, "-m", "sipvote", "rehearsal", "--quick", "--database"]
PATIENCE = 900  # seconds; a busy machine may need many minutes
BALLOT = Form(
    """<form action="/send" method="post"><input type="hidden" name="csrf_token" value="x">
    <label for="a"><input type="checkbox" id="a" name="q0" value="0"> Guidance &amp; help</label>
    <label for="b"><input type="checkbox" id="b" name="q0" value="1" checked> Gender equality</label>
    <button name="came" value="yes">Here</button><button name="came" value="no">Not here</button>
    <select name="country"><option value="">everybody</option><option value="FR">only in France</option></select>
    <textarea name="why">
Because</textarea><button formaction="/back">Back</button></form>""",
    "/ballot",
)

LETTERS = {
    "given": "group_given", "none": "no_group_yet", "lapsed": "place_lapsed", "offered": "place_offered",
    "confirm": "confirm_reminder", "reminder": "meeting_reminder", "moved": "meeting_moved",
    "unanswered": "moved_unanswered", "place": "signed_up", "waiting": "waiting_listed", "withdrawn": "withdrawn",
    "wishes": "wishes_in", "not sent": "wishes_reminder", "minutes": "minutes_to_approve",
    "secretary": "secretary_named",
}  # fmt: skip


def heed_ctrl_c() -> None:
    """Whoever starts the tests in the background of a shell has them ignore it; here it must count."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(database: str, folder: Path, only: str = "--year", **more: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "SIPVOTE_NO_VENV": "1", "TMPDIR": str(folder), **more}
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen([*QUICK, database, only], cwd=ROOT, env=environment, preexec_fn=heed_ctrl_c, **pipes)


@pytest.fixture(params=["sqlite", "postgresql"])
def on(request):
    """A database to play on: its name, and what says where it is."""
    if request.param == "sqlite":
        return "sqlite", {}
    return "postgresql", {"SIPVOTE_TEST_DATABASE_URL": request.getfixturevalue("postgres_url")}


@pytest.mark.long
def test_the_whole_year_can_be_played(on, tmp_path):
    database, more = on
    with start(database, tmp_path, **more) as play:
        told, _nothing = play.communicate(timeout=PATIENCE)
    assert play.returncode == 0, told
    assert "✗" not in told and "none lost, doubled or changed" in told and "no place is oversold" in told
    assert "ballots that were sent, papers included" in told and "the minutes are right about the quorum" in told
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def memory():
    """A folder on a memory disk where there is one: a thousand sign-ins wait for the disk, which is not tested here."""
    disk = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
    with tempfile.TemporaryDirectory(prefix="sipvote-test-", dir=disk) as made:
        yield Path(made)


@pytest.mark.long
def test_the_groups_of_two_editions_can_be_played(on, memory):
    database, more = on
    with start(database, memory, "--groups", **more) as play:
        told, _nothing = play.communicate(timeout=PATIENCE)
    assert play.returncode == 0, told
    assert "✗" not in told and told.count("as many as an own matching places") == 2
    assert told.count("say what was tapped") == 2 and "first meetings are as they were" in told
    assert list(memory.iterdir()) == []


@pytest.mark.long
def test_what_came_of_two_editions_can_be_played(on, memory):
    database, more = on
    with start(database, memory, "--outcomes", **more) as play:
        told, _nothing = play.communicate(timeout=PATIENCE)
    assert play.returncode == 0, told
    assert "✗" not in told and told.count("nobody else reads a word of it") == 2
    assert told.count("once per theme") == 2 and told.count("the bundle is submitted: the hash of its file") == 2
    assert "comes back as CSV and as XLSX without a difference" in told
    assert "the public tables equal those counted from the exported CSV" in told
    assert list(memory.iterdir()) == []


@pytest.mark.long
def test_ctrl_c_stops_everything_and_leaves_nothing(tmp_path):
    with start("sqlite", tmp_path) as play:
        assert play.stdout
        address = next(found[1] for line in play.stdout if (found := re.search(r"https:(//127.0.0.1:\d+)", line)))
        play.send_signal(signal.SIGINT)
        play.communicate(timeout=60)
    assert play.returncode == 130 and list(tmp_path.iterdir()) == []
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http:{address}/health", timeout=5)  # noqa: S310  (our own)


def test_a_broken_promise_is_told_and_counted(capsys):
    report = Report("SQLite")
    report.promise("nothing is lost", True)
    report.promise("nothing is doubled", False, "one  is")
    assert (report.kept, report.broken) == (1, ["nothing is doubled"])
    assert "✗ nothing is doubled: one is" in capsys.readouterr().out


def test_an_app_shows_no_code_twice():
    with time_machine.travel(3000, tick=False):
        app, shown = App("A" * 32), pyotp.TOTP("A" * 32)
        assert [app.code(), app.code()] == [shown.at(3000), shown.at(3030)]


def test_a_play_needs_enough_members():
    with pytest.raises(Trouble, match="at least 300 members"):
        main(["--quick", "--members", "20"])


def test_a_sample_has_clear_winners_and_counts_itself():
    sample = read_profile(60)
    assert len(sample.ballots) == 60 and sum(sample.approvals) == sum(map(len, sample.ballots))
    assert min(sample.approvals[w] for w in sample.winners) > sorted(sample.approvals)[-3]
    assert read_profile(None).winners == [0, 1]


def test_every_phase_can_be_now():
    for phase in DATED:
        typed = dates(phase)
        assert list(typed.values()) == sorted(set(typed.values()))
        begins = [datetime.fromisoformat(at).replace(tzinfo=ZONE) for at in typed.values()]
        assert sum(at <= now() for at in begins) == 1 + DATED.index(phase)


@pytest.mark.parametrize("voters", [10, 81, 1583])
def test_the_ballots_of_the_assembly_are_dealt_to_a_tie(voters):
    parts = [Part(SimpleNamespace(country="FR" if n % 4 else "BE"), Way.LINK) for n in range(voters)]  # type: ignore[arg-type]
    dealt = Cast(remote=parts)
    deal(dealt)
    tally = count(dealt, 8)
    first, second, third = (tally.approvals[n] for n in (CLEAR, *TIED))
    assert tally.ballots == voters and first > second == third > max(tally.approvals[3:])
    assert tally.prolong.yes > tally.prolong.no and tally.prolong.could == sum(part.is_french for part in parts)
    assert tally.action.no < tally.action.yes < 2 * tally.action.no and tally.action.could == voters


def test_minutes_are_read_by_their_tables():
    page = """<main><table><caption>How members voted</caption><thead><tr><th>Way</th></tr></thead><tbody>
    <tr><th scope="row">On paper</th><td class="num">1,012</td></tr></tbody></table>
    <dl><dt>Hash of the ballot</dt><dd><code>ab12</code></dd></dl></main>"""
    minutes = Minutes(SimpleNamespace(html=page, text=words_of(page)))  # type: ignore[arg-type]
    assert minutes.numbers("How members voted") == {"On paper": "1,012"} and minutes.table("Answers") == []
    assert minutes.proofs == {"Hash of the ballot": "ab12"}


def a_circle(dates, places=1, mode="on_site"):
    starts = [datetime.fromisoformat(date) for date in dates]
    real = RealGroup(2019, "theme", ("gent",), ("BE",), ("nl",), Mode.ON_SITE, places, None)
    circle = Circle(real, SimpleNamespace(), places, 1, (mode,), slots={s: n for n, s in enumerate(starts)}, mode=mode)  # type: ignore[arg-type]
    circle.dates = starts[:5]
    return circle


def a_player(*wishes, ticks):
    return Player(SimpleNamespace(number="1"), wishes=list(wishes), ticks=ticks)  # type: ignore[arg-type]


class TestTheSeasons:
    """What the play works out by itself, to hold the application against it."""

    DAYS = ("2020-01-06", "2020-01-20", "2020-02-03", "2020-02-17", "2020-03-02", "2020-03-03")

    def test_the_most_are_placed_although_the_first_comers_would_take_the_wrong_places(self):
        one, other = a_circle(self.DAYS), a_circle(self.DAYS)
        yes = dict.fromkeys(range(6), "on_site")
        people = [a_player(one, other, ticks=yes), a_player(one, ticks=yes), a_player(one, ticks=yes)]
        assert most_placed(people, [one, other]) == 2
        other.merged_into = one
        assert most_placed(people, [one]) == 1

    def test_who_ticked_another_way_or_date_cannot_come(self):
        circle = a_circle(self.DAYS)
        assert a_player(circle, ticks=dict.fromkeys(range(5), "either")).possible == [circle]
        assert not a_player(circle, ticks=dict.fromkeys(range(5), "online")).possible
        assert not a_player(circle, ticks=dict.fromkeys(range(4), "on_site")).possible

    def test_the_best_dates_are_two_weeks_apart_and_may_have_a_known_first(self):
        circle = a_circle(self.DAYS)
        late = a_player(circle, ticks=dict.fromkeys((0, 1, 2, 3, 5), "on_site"))
        assert best_dates(circle, [late]) == (1, [0, 1, 2, 3, 5], "on_site")
        assert best_dates(circle, [late], sorted(circle.slots)[1]).people == -1

    @pytest.mark.parametrize("kind", BEGIN)
    def test_letters_are_told_apart_by_the_subjects_that_they_have(self, kind):
        for code, begins in BEGIN[kind].items():
            words = (ROOT / "templates" / "mail" / f"{LETTERS[kind]}.{code}.txt").read_text(encoding="utf-8")
            subject = words.partition("block subject %}")[2].partition("{% endblock")[0]
            assert begins in " ".join(subject.split())

    def test_a_calendar_is_read_by_its_meetings(self):
        file = (
            "BEGIN:VTIMEZONE\nDTSTART:19700101T000000\nEND:VTIMEZONE\n"
            "BEGIN:VEVENT\nDTSTART;TZID=Europe/Brussels:20200110T170000\nEND:VEVENT\n"
        )
        assert dates_in(file) == [datetime.fromisoformat("2020-01-10T17:00")]


class TestTheList:
    """What the play sends, and reads in a preview."""

    def test_it_has_250_lines_each_of_its_own(self):
        lines = outcomes_list.the_lines()
        assert len({(line["year"], line["number"]) for line in lines}) == len(lines) == 250
        assert {line["status"] for line in lines} == set(Status) and lines == outcomes_list.the_lines()
        assert spreadsheets.read(outcomes_list.as_csv(lines)) == spreadsheets.read(outcomes_list.as_xlsx(lines))

    def test_a_preview_is_read_by_its_numbers(self):
        page = SimpleNamespace(url="/", text="What would change 1,012 new 3 changed 0 unchanged 1 faulty")
        assert outcomes_list.counted(page) == {"new": 1012, "changed": 3, "unchanged": 0, "faulty": 1}  # type: ignore[arg-type]
        with pytest.raises(Broken):
            outcomes_list.counted(SimpleNamespace(url="/", text="This file cannot be imported"))  # type: ignore[arg-type]


class TestABrowser:
    """It sends what a page offers, and nothing else."""

    def test_a_form_is_sent_as_it_stands(self):
        fields, files = BALLOT.filled({})
        assert sorted(fields) == [("country", ""), ("csrf_token", "x"), ("q0", "1"), ("why", "Because")] and not files

    def test_choices_are_made_by_value_or_by_their_words(self):
        fields, _files = BALLOT.filled({"q0": ["Guidance & help"], "country": "only in France", "why": "No"})
        assert sorted(fields) == [("country", "FR"), ("csrf_token", "x"), ("q0", "0"), ("why", "No")]

    def test_a_button_that_says_something_is_sent_when_it_is_pressed(self):
        fields, _files = BALLOT.filled({"came": "no"})
        assert ("came", "no") in fields and ("came", "yes") not in fields

    @pytest.mark.parametrize("given", [{"q0": ["Something else"]}, {"name": "Ada"}, {"country": "DE"}])
    def test_what_is_not_offered_cannot_be_sent(self, given):
        with pytest.raises(Broken):
            BALLOT.filled(given)

    def test_a_form_may_be_sent_elsewhere_by_another_button(self):
        assert (BALLOT.action, BALLOT.other_action("/back")) == ("/send", "/back")
        with pytest.raises(Broken):
            BALLOT.other_action("/elsewhere")

    def test_words_are_read_without_their_tags(self):
        assert words_of("<p>a <b>b</b>\n&amp; c</p>") == "a b & c"

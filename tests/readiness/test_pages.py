"""The pages of the service: its numbers, closed by default; security.txt and whom to tell."""

import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sipvote import metrics
from sipvote.app import create_app
from sipvote.db import now
from sipvote.voting import box
from tests.endings import let_go
from tests.factories import a_member, a_vote, an_election

TOKEN = "a-token-of-more-than-twenty-signs"


@pytest.fixture
def counting(app, database):
    """A second application on the same database, which counts."""
    made = create_app(SQLALCHEMY_DATABASE_URI=app.config["SQLALCHEMY_DATABASE_URI"], METRICS_TOKEN=TOKEN)
    yield made
    metrics.acknowledged.clear()
    let_go(made)


def asked(client, token=TOKEN):
    return client.get("/metrics", headers={"Authorization": f"Bearer {token}"})


class TestNumbers:
    def test_without_a_token_in_the_settings_there_is_no_such_page(self, client):
        assert client.get("/metrics").status_code == 404
        assert asked(client, "").status_code == 404

    @pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer ", TOKEN, f"Basic {TOKEN}"])
    def test_only_who_shows_the_token_reads_them(self, counting, header):
        headers = {"Authorization": header} if header is not None and header != TOKEN else {}
        assert counting.test_client().get("/metrics", headers=headers).status_code == 404

    def test_requests_are_counted_by_page_and_status_never_by_address(self, counting):
        client = counting.test_client()
        client.get("/en/help")
        client.get("/en/2026/nothing-of-the-kind")
        told = asked(client).text
        assert 'sipvote_requests_total{endpoint="pages.help",status="200"} 1.0' in told
        assert 'endpoint="none",status="404"' in told and "nothing-of-the-kind" not in told
        assert 'sipvote_request_seconds_bucket{endpoint="pages.help",le="1.0"}' in told

    def test_votes_are_counted_and_nobody_is_named(self, counting):
        ada = a_member("Ada Zonnebloem")
        election = an_election(ada)
        a_vote(election, ada, 1)
        told = asked(counting.test_client()).text
        assert "sipvote_votes_acknowledged_total 1.0" in told
        assert not re.search(r"Ada|Zonnebloem|election|question|member", told)
        assert box.turnout(election.id) == 1

    def test_what_waits_and_what_is_old_is_told(self, counting):
        told = asked(counting.test_client()).text
        for name in (
            "sipvote_outbox_letters", "sipvote_outbox_oldest_seconds", "sipvote_letters_failed",
            "sipvote_worker_beat_seconds", "sipvote_disk_free_bytes", "sipvote_backup_age_seconds",
        ):  # fmt: skip
            assert re.search(rf"^{name} ", told, re.M), name

    def test_every_alert_names_a_number_that_there_is(self, counting):
        client = counting.test_client()
        client.get("/en/help")
        told = asked(client).text + "sipvote_job_faults_total sipvote_jobs_total"
        alerts = (Path(__file__).parents[2] / "deploy" / "alerts.yml").read_text(encoding="utf-8")
        named = set(re.findall(r"\bsipvote_\w+", alerts))
        assert len(named) >= 6 and [name for name in named if name not in told] == []


def test_several_processes_add_up(tmp_path):
    """As `serve` has it: each process counts into its own file, and whoever is asked tells the sum."""
    program = (
        "from sipvote.app import create_app; a = create_app(); c = a.test_client(); c.get('/en/security');"
        "print(c.get('/metrics', headers={'Authorization': 'Bearer ' + a.config['METRICS_TOKEN']}).text)"
    )
    settings = {
        "SIPVOTE_MODE": "test", "SIPVOTE_METRICS_TOKEN": TOKEN, "SIPVOTE_INSTANCE": str(tmp_path),
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "counted"),
    }  # fmt: skip
    (tmp_path / "counted").mkdir()
    root = Path(__file__).parents[2]
    made = [sys.executable, "-m", "sipvote", "migrate"]
    subprocess.run(made, cwd=root, env={**os.environ, **settings, "SIPVOTE_NO_VENV": "1"}, check=True)
    for times in (1, 2, 3):
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=root, env={**os.environ, **settings}, capture_output=True, text=True
        )
        counted = re.findall(r'sipvote_requests_total\{endpoint="service.disclosure",status="200"\} (.+)', done.stdout)
        assert counted == [f"{times}.0"], done.stderr


class TestWhomToTell:
    def test_security_txt_has_what_the_rfc_asks_and_expires_within_a_year(self, client, app):
        answer = client.get("/.well-known/security.txt")
        assert answer.content_type == "text/plain; charset=utf-8"
        said = dict(line.split(": ", 1) for line in answer.text.splitlines())
        assert said["Contact"] == f"mailto:{app.config['CONTACT']}"
        expires = datetime.fromisoformat(said["Expires"])
        assert timedelta(days=30) < expires - now() < timedelta(days=365)
        assert said["Canonical"].endswith("/.well-known/security.txt")

    @pytest.mark.parametrize("code", ["nl", "fr", "en"])
    def test_its_policy_is_a_page(self, client, app, code):
        page = client.get(f"/{code}/security")
        assert page.status_code == 200 and app.config["CONTACT"] in page.text

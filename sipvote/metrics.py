"""Numbers for Prometheus: requests, votes acknowledged, jobs, letters. Nobody and no question is in them.

Off unless SIPVOTE_METRICS_TOKEN is set: else no process even loads the library. Each process counts into a file of its
own in a folder that `serve` makes, and whichever process is asked adds them up. What a worker counted comes with its
beat.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from time import monotonic
from typing import Any

from flask import Flask, Response, current_app, g, request
from sqlalchemy import func, select

from . import jobs
from .backups import last_backup
from .db import look, now
from .mail import DUE, Letter

SHARED = "PROMETHEUS_MULTIPROC_DIR"  # the library's own name for the folder, read when it is loaded
LIMITS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 10)  # seconds; 1 and 3 are what is promised
# Called for each vote that was acknowledged; empty when nobody counts.
acknowledged: list[Callable[[], None]] = []


def make_room(config: Mapping[str, Any], port: str) -> None:
    """Make the folder in which the processes of one `serve` count, empty: before any of them starts."""
    if not config["METRICS_TOKEN"]:
        return
    folder = config["INSTANCE"] / "metrics" / port
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ[SHARED] = str(folder)


def init_app(app: Flask) -> None:
    """Count every request, where somebody wants to know."""
    if not app.config["METRICS_TOKEN"]:
        return
    library = import_module("prometheus_client")
    registry = library.CollectorRegistry()
    seconds = library.Histogram(
        "sipvote_request_seconds", "Time to answer, by page", ["endpoint"], buckets=LIMITS, registry=registry
    )
    answers = library.Counter(
        "sipvote_requests", "Answers, by page and status", ["endpoint", "status"], registry=registry
    )
    votes = library.Counter("sipvote_votes_acknowledged", "Votes that were acknowledged", registry=registry)

    def begin() -> None:
        g.began = monotonic()

    def end(response: Response) -> Response:
        endpoint = request.endpoint or "none"
        seconds.labels(endpoint).observe(monotonic() - g.get("began", monotonic()))
        answers.labels(endpoint, str(response.status_code)).inc()
        return response

    app.before_request_funcs.setdefault(None, []).insert(0, begin)
    app.after_request(end)
    acknowledged[:] = [votes.inc]
    app.extensions["sipvote.metrics"] = registry


def shown() -> bytes:
    """All numbers, as Prometheus reads them."""
    library = import_module("prometheus_client")
    registry = current_app.extensions["sipvote.metrics"]
    if os.environ.get(SHARED):
        registry = library.CollectorRegistry()
        import_module("prometheus_client.multiprocess").MultiProcessCollector(registry)
    of_now = library.CollectorRegistry()
    of_now.register(_Now())
    text: bytes = library.generate_latest(registry) + library.generate_latest(of_now)
    return text


class _Now:
    """What is looked up when Prometheus asks, the same in every process."""

    def collect(self) -> Iterable[Any]:
        core = import_module("prometheus_client.core")
        for name, (what, value) in _now().items():
            yield core.GaugeMetricFamily(name, what, value)
        done = core.CounterMetricFamily("sipvote_jobs", "Jobs that were done", labels=["worker", "job"])
        faults = core.CounterMetricFamily("sipvote_job_faults", "Jobs that failed", labels=["worker", "job"])
        took = core.CounterMetricFamily("sipvote_job_seconds", "Time of the jobs", labels=["worker", "job"])
        for worker, said in jobs.beats().items():
            for job, counted in said.get("jobs", {}).items():
                for family, value in zip((done, faults, took), counted, strict=True):
                    family.add_metric([worker, job], value)
        yield from (done, faults, took)


def _now() -> dict[str, tuple[str, float]]:
    moment = now()
    due = select(func.count(), func.min(Letter.send_at)).where(DUE, Letter.send_at <= moment)
    lost = select(func.count()).where(Letter.failed_at > func.coalesce(Letter.sent_at, Letter.queued_at))
    with look() as connection:
        waiting, oldest = connection.execute(due).one()
        failed = connection.execute(lost).scalar() or 0
    beat = max((said["at"] for said in jobs.beats().values()), default=0.0)
    backups = [last_backup(), *(said.get("backup") for said in jobs.beats().values())]
    backup = max(filter(None, backups), default=None)
    return {
        "sipvote_outbox_letters": ("Letters that are due", waiting),
        "sipvote_outbox_oldest_seconds": (
            "Age of the oldest letter that is due", (moment - oldest).total_seconds() if oldest else 0,
        ),
        "sipvote_letters_failed": ("Letters given up, or come back", failed),
        "sipvote_worker_beat_seconds": ("Since a worker was last alive", moment.timestamp() - beat),
        "sipvote_disk_free_bytes": ("Free where the data are", shutil.disk_usage(current_app.config["INSTANCE"]).free),
        "sipvote_backup_age_seconds": (
            "Since the last backup", (moment - backup).total_seconds() if backup else float("inf"),
        ),
    }  # fmt: skip

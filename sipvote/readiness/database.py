"""Checks of the database: that it logs no ballots, and that what it acknowledged survives a power cut."""

from flask_babel import gettext as _

from .facts import Facts

# Settings of PostgreSQL that would write members' statements or their values to its log, and what is safe.
SILENT = {
    "log_statement": ("none", "ddl"),
    "log_min_duration_statement": ("-1",),
    "log_min_duration_sample": ("-1",),
    "log_transaction_sample_rate": ("0",),
    "log_parameter_max_length_on_error": ("0",),
    "debug_print_parse": ("off",),
    "debug_print_rewritten": ("off",),
    "debug_print_plan": ("off",),
    "auto_explain.log_min_duration": ("-1",),
    "pgaudit.log_parameter": ("off",),
}
# Errors are logged with their statement; its values come along only when the length is not 0.
SURE = {
    "fsync": ("on",),
    "full_page_writes": ("on",),
    "synchronous_commit": ("on", "local", "remote_write", "remote_apply"),
}
SURE_ON_SQLITE = {"journal_mode": ("wal",), "synchronous": ("2", "3"), "secure_delete": ("1", "2")}
SKEW = 2.0  # seconds


def _other(facts: Facts, wanted: dict[str, tuple[str, ...]]) -> str:
    """'fsync = off', for every setting that is not as wanted."""
    said = facts.settings
    wrong = [f"{name} = {said[name]}" for name, right in wanted.items() if name in said and said[name] not in right]
    return ", ".join(wrong)


def why_not_silent(facts: Facts) -> str | None:
    """What a statement writes may be who voted; a log keeps it, with the time."""
    wrong = _other(facts, SILENT) if facts.dialect == "postgresql" else ""
    if not wrong:
        return None
    return _(
        "PostgreSQL logs statements or their values: %(settings)s. Set log_statement to none, "
        "log_min_duration_statement to -1 and log_parameter_max_length_on_error to 0, as deploy/postgresql.conf does.",
        settings=wrong,
    )


def why_not_sure(facts: Facts) -> str | None:
    """A vote that was acknowledged must be on the disk."""
    wrong = _other(facts, SURE if facts.dialect == "postgresql" else SURE_ON_SQLITE)
    if not wrong:
        return None
    return _(
        "The database may lose what it acknowledged when the power fails: %(settings)s. "
        "Set it as deploy/postgresql.conf and the guide say.",
        settings=wrong,
    )


def why_not_current(facts: Facts) -> str | None:
    """The program and its tables belong together."""
    there, newest = facts.revisions
    if there == newest:
        return None
    return _(
        "The database is at migration %(there)s, the program at %(newest)s. Run: python3 -m sipvote migrate.",
        there=there or "–", newest=newest,
    )  # fmt: skip


def why_not_same_time(facts: Facts) -> str | None:
    """Opening and closing, and every limit in minutes, count on clocks that agree."""
    skews = [facts.skew, *(said.get("skew", 0.0) for said in facts.beats.values())]
    worst = max(skews, key=abs)
    if abs(worst) <= SKEW:
        return None
    return _(
        "The clocks of the machines differ by %(seconds)s seconds. Let all of them follow NTP.",
        seconds=f"{abs(worst):.0f}",
    )


def why_not_safe_standby(facts: Facts) -> str | None:
    """With a standby that lags, promoting it loses the last votes."""
    if not facts.standbys or facts.settings.get("synchronous_standby_names"):
        return None
    return _(
        "The standby may lag behind: promoting it could lose the last votes. Set synchronous_standby_names, "
        "as the guide says."
    )


MUST = (why_not_silent, why_not_sure, why_not_current, why_not_same_time)
SHOULD = (why_not_safe_standby,)

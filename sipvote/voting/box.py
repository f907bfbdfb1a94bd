"""The ballot box: one statement puts an envelope in, and the closing waits for those on their way.

This is the path that 30,000 members take in ten minutes, so it uses no ORM. One statement, one row: its
primary key is "one member, one vote", and the last envelope counts.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, Subquery, bindparam, false, func, select, text, union_all

from .. import metrics
from ..db import by_driver, db, now
from ..together import Together
from . import seal
from .models import Election, Elector, Envelope
from .papers import Paper
from .seal import CROCKFORD, Choices

HASH_DIGITS = 64
FORMER = re.compile(rf".{{{HASH_DIGITS}}}")
CHANGES_AT_MOST = 100
LOCKS = 0x53495056  # the family of our advisory locks in PostgreSQL: "SIPV"

_PUT = (
    "INSERT INTO envelope (election_id, member_id, sealed, tracker, former, cast_at, in_hall, by_proxy)"
    " SELECT elector.election_id, elector.member_id, :sealed, :tracker, '', :moment, :in_hall, {by_proxy}"
    " FROM elector JOIN election ON election.id = elector.election_id"
    " WHERE elector.election_id = :election AND elector.member_id = :member AND election.public_key = :key"
    " AND election.opened_at IS NOT NULL AND election.closed_at IS NULL AND election.closes_at > :moment"
    " AND election.paused_at IS NULL AND elector.paper_at IS NULL AND elector.country LIKE :country{and_where}"
    " ON CONFLICT (election_id, member_id) DO UPDATE SET sealed = excluded.sealed, tracker = excluded.tracker,"
    " former = envelope.former || envelope.tracker, cast_at = excluded.cast_at, in_hall = excluded.in_hall,"
    " by_proxy = excluded.by_proxy WHERE length(envelope.former) < :most AND {replaces}"
)
# One's own vote gives way only to a vote in the hall; and one that a proxy cast gives way to it always.
_OWN = _PUT.format(
    by_proxy="FALSE", and_where="", replaces="(NOT envelope.in_hall OR excluded.in_hall OR envelope.by_proxy)"
)
_FOR_ANOTHER = _PUT.format(
    by_proxy="TRUE",
    and_where=(
        " AND EXISTS (SELECT 1 FROM proxy WHERE proxy.id = :proxy AND proxy.giver_id = elector.member_id"
        " AND proxy.holder_id = :holder AND proxy.accepted_at IS NOT NULL AND proxy.ended_at IS NULL)"
    ),
    replaces="envelope.by_proxy",
)
# It is handed to the driver itself, in its own spelling.
_BY_PSYCOPG = {statement: re.sub(r":(\w+)", r"%(\1)s", statement) for statement in (_OWN, _FOR_ANOTHER)}
# PostgreSQL: casts share a lock that the closing takes for itself, so a vote is on this side of it or on that.
# On SQLite the writers' lock (db.py) does the same.
_SHARE = f"SELECT pg_advisory_xact_lock_shared({LOCKS}, %(election)s)"
_END_CASTS = text(f"SELECT pg_advisory_xact_lock({LOCKS}, :election)")


class Cast(NamedTuple):
    """How a ballot is cast: in the hall (by a card or the kiosk) or not, and under which proxy by which holder."""

    in_hall: bool = False
    proxy_id: int | None = None
    holder_id: int | None = None


def cast(paper: Paper, member_id: int, choices: Choices, how: Cast = Cast()) -> str | None:  # noqa: B008
    """Seal a ballot and put it in the box, durably; give its tracker, or None when the box did not take it.

    It stands by itself: the caller must hold no transaction, because on SQLite that would keep the
    writers' lock that this one waits for. Sending twice is harmless: the later envelope counts.
    """
    envelope = seal.seal(seal.write(choices, paper.shape), paper.public_key)
    sealed = Sealed(paper, member_id, envelope, paper.country_of(choices), how)
    if db.engine.dialect.name == "sqlite":
        tracker = _together.put(sealed)
    else:
        with by_driver(alone=True) as driver:
            tracker = put(driver, sealed)
    for counted in metrics.acknowledged if tracker else ():
        counted()
    return tracker


class Sealed(NamedTuple):
    """A ballot on its way to the box: nobody can read it any more.

    `country` is that whose members alone may cast it, because it answers a question for them; '%' is every country.
    """

    paper: Paper
    member_id: int
    envelope: bytes
    country: str = "%"
    how: Cast = Cast()


def put(driver: Any, sealed: Sealed) -> str | None:
    """Put an envelope in the box: only while the vote is open, only from the roll; give its tracker.

    On SQLite the caller has begun a transaction. Raises what the driver raises.
    """
    paper, member_id, envelope, country, how = sealed
    tracker = seal.tracker(envelope)
    row = {
        "election": paper.election_id,
        "member": member_id,
        "key": paper.public_key,
        "sealed": envelope,
        "tracker": tracker,
        "moment": now(),
        "most": HASH_DIGITS * CHANGES_AT_MOST,
        "country": country,
        "in_hall": how.in_hall,
    }
    statement = _OWN
    if how.proxy_id is not None:
        statement, row = _FOR_ANOTHER, {**row, "proxy": how.proxy_id, "holder": how.holder_id}
    by_its_driver = _by_sqlite if db.engine.dialect.name == "sqlite" else _by_psycopg
    return tracker if by_its_driver(driver, statement, row) == 1 else None


def _by_sqlite(driver: Any, statement: str, row: dict[str, Any]) -> int:
    """Put the envelope in; give the number of rows. The moment is written as SQLAlchemy would write it."""
    written = row["moment"].replace(tzinfo=None).isoformat(" ", "microseconds")
    return int(driver.execute(statement, {**row, "moment": written}).rowcount)


def _by_psycopg(driver: Any, statement: str, row: dict[str, Any]) -> int:
    """Take the lock and put the envelope in, in one journey to PostgreSQL; give the number of rows.

    Two statements, because the second has to see what the closing, if it held the lock, has done. What is
    sent in one pipeline is one transaction, which the lock lasts for.
    """
    with driver.pipeline():
        driver.execute(_SHARE, row)
        done = driver.execute(_BY_PSYCOPG[statement], row)
    return int(done.rowcount)


_together = Together(put)


def end_casts(election_id: int) -> None:
    """Wait until every envelope on its way is in the box, and hold all others off until the commit."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(_END_CASTS, {"election": election_id})


# --- What may be known about the box ----------------------------------------------------------------


class Standing(NamedTuple):
    """Where a member stands in an election: on the roll or not; when they voted, never what."""

    on_roll: bool = False
    tracker: str | None = None
    cast_at: datetime | None = None
    changes: int = 0
    country: str = ""
    in_hall: bool = False
    by_proxy: bool = False
    on_paper: bool = False


def with_standing(elections: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Add to elections where the member `:member` stands in each: columns for `standing_of`."""
    on_roll = (Elector.election_id == Election.id) & (Elector.member_id == bindparam("member"))
    voted = (Envelope.election_id == Elector.election_id) & (Envelope.member_id == Elector.member_id)
    return (
        elections.outerjoin(Elector, on_roll)
        .outerjoin(Envelope, voted)
        .add_columns(
            Elector.member_id, Envelope.tracker, Envelope.cast_at, func.length(Envelope.former),
            Elector.country, Envelope.in_hall, Envelope.by_proxy, Elector.paper_at,
        )
    )  # fmt: skip


def standing_of(columns: Sequence[Any]) -> Standing:
    """Where a member stands, from the columns that `with_standing` has added."""
    member_id, tracker, cast_at, former, country, in_hall, by_proxy, paper_at = columns
    if member_id is None:
        return Standing()
    changes = (former or 0) // HASH_DIGITS
    return Standing(True, tracker, cast_at, changes, country, bool(in_hall), bool(by_proxy), paper_at is not None)


_STANDING = with_standing(select().select_from(Election)).where(Election.id == bindparam("election"))


def standing(election_id: int, member_id: int) -> Standing:
    """Look a member up on the roll and in the box, in one query."""
    found = db.session.execute(_STANDING, {"election": election_id, "member": member_id}).first()
    return standing_of(found) if found else Standing()


def turnout(election_id: int, country: str | None = None) -> int:
    """How many members have voted, or how many of one country: the number of envelopes."""
    count = select(func.count()).where(Envelope.election_id == election_id)
    if country is not None:
        on_roll = (Elector.election_id == Envelope.election_id) & (Elector.member_id == Envelope.member_id)
        count = count.select_from(Envelope).join(Elector, on_roll).where(Elector.country == country)
    return db.session.scalar(count) or 0


def who_voted(edition_id: int, among: Select[Any] | None) -> Subquery:
    """Whose votes are in, each member once, for the quorum (assembly/quorum.py): member_id, and by_proxy.

    Who took a ballot on paper has voted, too. `among` are the ids of members to look at; None: all of them.
    """
    ours = select(Election.id).where(Election.edition_id == edition_id, Election.is_rehearsal.is_(False))
    sent = select(Envelope.member_id, Envelope.by_proxy).where(Envelope.election_id.in_(ours))
    paper = select(Elector.member_id, false()).where(Elector.election_id.in_(ours), Elector.paper_at.is_not(None))
    if among is not None:
        sent, paper = sent.where(Envelope.member_id.in_(among)), paper.where(Elector.member_id.in_(among))
    return union_all(sent, paper).subquery()


def trackers(election_id: int) -> list[str]:
    """The public board: the trackers of all envelopes in the box, sorted."""
    listed = select(Envelope.tracker).where(Envelope.election_id == election_id).order_by(Envelope.tracker)
    return list(db.session.scalars(listed))


def replaced(election_id: int) -> list[str]:
    """The trackers of all envelopes that a later vote of the same member took the place of, sorted.

    A ballot on paper takes the place of an envelope as well.
    """
    return sorted(found for former in db.session.scalars(_replaced(election_id)) for found in FORMER.findall(former))


def _replaced(election_id: int, containing: str = "") -> Any:
    """The rows of trackers, 64 digits each, that are no longer in the box."""
    columns = (Envelope.former, Envelope.election_id), (Elector.withdrawn, Elector.election_id)
    return union_all(
        *(select(kept).where(where == election_id, kept != "", kept.contains(containing)) for kept, where in columns)
    )


def envelopes(election_id: int, connection: Connection | None = None) -> list[bytes]:
    """The sealed ballots without names, ordered by their content; read on a connection of one's own, if given."""
    rows = select(Envelope.sealed).where(Envelope.election_id == election_id).order_by(Envelope.tracker)
    return list((connection or db.session).scalars(rows))


def look_up(election_id: int, typed: str) -> tuple[str, str] | None:
    """Find a receipt's code, or a whole tracker, on the board; None when nothing like it was typed.

    Gives the code in its usual form and 'in' the box, 'replaced' by a later vote, or 'missing'.
    """
    plain = re.sub(r"\s+", "", typed).lower()
    if re.fullmatch(r"[0-9a-f]{64}", plain):
        start, shown = plain, seal.code(plain)
    elif shown := seal.normal_code(typed) or "":
        start = _digits(shown)
    else:
        return None
    here = Envelope.election_id == election_id
    begins = (Envelope.tracker >= start) & (Envelope.tracker < start + "g")
    if db.session.scalar(select(Envelope.tracker).where(here, begins).limit(1)):
        return shown, "in"
    formers = db.session.scalars(_replaced(election_id, start))
    was = (former.startswith(start, at) for former in formers for at in range(0, len(former), HASH_DIGITS))
    return shown, "replaced" if any(was) else "missing"


def _digits(code: str) -> str:
    """The first 15 hexadecimal digits of the trackers that have this code."""
    bits = 0
    for letter in code.replace("-", ""):
        bits = bits << 5 | CROCKFORD.index(letter)
    return f"{bits:015x}"

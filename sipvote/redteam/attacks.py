"""The attacks. Each says first whether it succeeds on the naive design, and then whether it does on ours."""

import contextlib
import json
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from nacl.public import PublicKey, SealedBox

from ..voting import seal
from . import naive, traces
from .links import Choices, by_chance, expanded, most_tau, right, tau

if TYPE_CHECKING:
    from .run import Target

REPLAYED = 60  # votes whose log is replayed: the database is opened once for each


# --- Reading ----------------------------------------------------------------------------------------


def ballot_needles(target: "Target") -> traces.Needles:
    """Every ballot that was cast, as it is written and as a form sends it."""
    ways = {}
    for choices in set(target.order):
        written = seal.write((choices,), target.vote.shape).rstrip()
        sent = "&".join([f"ballot={target.vote.name}", *(f"q0={n}" for n in choices)]) + "\0"
        ways[f"ballot {naive.text(choices)}"] = [written, sent[:-1].encode()]
    return traces.Needles(ways)


def key_needles(target: "Target") -> traces.Needles:
    """The seed, the private key, and the words, in the ways that they could be written."""
    seed, key = seal.join(target.vote.lists[:2]), bytes(target.vote.key)
    words = {}
    for n, text in enumerate(target.vote.lists, start=1):
        each = text.split()
        words[f"list {n}"] = [" ".join(each[at : at + 4]).encode() for at in range(len(each) - 3)]
    return traces.Needles({"seed": [seed, seed.hex().encode()], "key": [key, key.hex().encode()], **words})


def files(target: "Target", stage: str) -> None:
    """Search every file of database, log, queue, backup and logs."""
    report = target.report
    control = target.site.stage.folder / "control"
    choices = target.order[0]
    control.write_bytes(b"x" * 100 + seal.write((choices,), target.vote.shape) + target.vote.lists[0].encode())
    found = [needles.hits(traces.in_file(control)) for needles in (ballot_needles(target), key_needles(target))]
    control.unlink()
    report.promise(f"{stage}: a planted ballot and words are found (control)", all(found), found)
    hits = ballot_needles(target).hits(traces.in_folder(*target.folders))
    report.promise(f"{stage}: no ballot in plain text in any file", not hits, hits)
    hits = key_needles(target).hits(traces.in_folder(*target.folders))
    report.promise(f"{stage}: no seed, key or word in any file", not hits, hits)
    trackers = [row.tracker.encode() for row in target.site.box(target.vote).values()]
    logs = traces.Needles({"tracker": trackers, "address of a cast": [b"/vote/send"], "cookie": [b"__Host-"]})
    hits = logs.hits(piece for log in target.site.stage.logs.values() for piece in traces.in_file(log))
    report.promise(f"{stage}: no tracker, cast or cookie in the logs", not hits, hits)


def backup(target: "Target") -> None:
    """A backup that was made while people voted lies beside, and is searched with all the rest."""
    folder = target.site.stage.folder / "backup"
    folder.mkdir()
    if target.place.cluster is None:
        live, copy = sqlite3.connect(_file(target)), sqlite3.connect(folder / "copy.db")
        with contextlib.closing(live), contextlib.closing(copy):
            live.backup(copy)
        return
    dump = target.place.cluster.programs / "pg_dump"
    name = target.url.rpartition("/")[2].partition("?")[0]
    if dump.exists():
        where = ["-h", str(target.place.cluster.folder), "-U", "postgres", name]
        with (folder / "dump.sql").open("wb") as file:
            subprocess.run([str(dump), *where], stdout=file, check=True)


def _file(target: "Target") -> Path:
    return target.site.stage.folder / "instance" / "sipvote.db"


def envelopes(target: "Target") -> None:
    """From the envelopes alone: length, a part that repeats; and every secret of the server as a key."""
    report = target.report
    with target.engine().connect() as connection:
        where = f"WHERE election_id = {target.vote.election_id:d}"
        rows = connection.exec_driver_sql(f"SELECT sealed FROM envelope {where}").all()  # noqa: S608
        kept = connection.exec_driver_sql(
            f"SELECT kept_seed FROM election WHERE id = {target.vote.election_id:d}"  # noqa: S608
        ).scalar()
    sealed = [bytes(row[0]) for row in rows]
    plain = {len(json.dumps(choices)) for choices in set(target.order)}
    report.promise(f"by length: naive ballots have {len(plain)} lengths (control)", len(plain) > 1)
    report.promise("by length: all envelopes have one", len({len(each) for each in sealed}) == 1)
    starts = {each[:32] for each in sealed}
    report.promise(f"by equality: {len(sealed):,} envelopes begin differently", len(starts) == len(sealed))
    settings = target.site.app.config
    secrets = [settings["SECRET_KEY"].encode(), bytes.fromhex(settings["SIGNING_KEY"]), bytes.fromhex(target.vote.name)]
    planted = seal.join(target.vote.lists[:2])
    public = PublicKey(bytes.fromhex(target.vote.name))
    tried = _opens(sealed[0], [planted, *secrets])
    report.promise("with the seed an envelope opens (control)", tried, "it did not")
    report.promise("with every secret of the server none opens", not any(_opens(each, secrets) for each in sealed))
    report.promise("the server keeps no seed, not even locked", kept is None)
    # Sealing a guess again and comparing: each seal is another one.
    guess = seal.write((target.order[0],), target.vote.shape)
    report.promise("by sealing a guess again: never the same", SealedBox(public).encrypt(guess) not in set(sealed))


def _opens(envelope: bytes, secrets: list[bytes]) -> bool:
    for secret in secrets:
        for seed in (secret[:16], secret[-16:]):
            with contextlib.suppress(seal.SpoiltBallot, ValueError):
                seal.open_envelope(envelope, seal.private_key(seed))
                return True
    return False


# --- Linking ----------------------------------------------------------------------------------------


def orders(target: "Target") -> None:
    """The order of casting is known to whoever keeps the database; does any order of the opened ballots follow it?"""
    naive_rows = _rows(target, "naive_ballot", "choices", "1")
    _compare(target, "naive design, as stored (control)", naive_rows, is_control=True)
    ours = "opened_ballot", "choices", "times"
    hidden = ["rowid"] if target.place.cluster is None else ["ctid", "xmin::text::bigint", "cmin::text::bigint"]
    for order in ("choices", *hidden):
        rows = _rows(target, *ours, order)
        _compare(target, f"opened ballots by {order.partition(':')[0]}", rows)
        _compare(target, f"opened ballots by {order.partition(':')[0]}, from the end", rows[::-1])
    _compare(target, "opened ballots by their place in the files", _by_place(target))


def _rows(target: "Target", table: str, column: str, times: str, order: str = "") -> list[tuple[Choices, int]]:
    hidden = order or ("rowid" if target.place.cluster is None else "ctid")
    with target.engine().connect() as connection:
        rows = connection.exec_driver_sql(f"SELECT {column}, {times} FROM {table} ORDER BY {hidden}").all()  # noqa: S608
    return [(_choices(text), times) for text, times in rows]


def _choices(text: str) -> Choices:
    """'[[0,3]]' as ours are stored, or '0,3' as naive ones."""
    return tuple(json.loads(text)[0]) if text.startswith("[[") else tuple(int(n) for n in text.split(",") if n)


def _by_place(target: "Target") -> list[tuple[Choices, int]]:
    """The opened ballots in the order in which their texts first stand in the files of the database and its log."""
    held: dict[Choices, int] = dict(_rows(target, "opened_ballot", "choices", "times"))
    place: dict[Choices, tuple[str, int]] = {}
    folder = target.place.cluster.data if target.place.cluster else target.site.stage.folder / "instance"
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        for choices in held.keys() - place.keys():
            at = data.find(json.dumps([list(choices)], separators=(",", ":")).encode())
            if at >= 0:
                place[choices] = (str(path), at)
    return [(choices, held[choices]) for choices in sorted(place, key=lambda each: place[each])]


def _compare(target: "Target", name: str, rows: list[tuple[Choices, int]], is_control: bool = False) -> None:
    stored, cast = expanded(rows), target.order
    if len(stored) != len(cast):
        target.report.promise(f"{name}: {len(cast):,} ballots are there", False, len(stored))
        return
    linked, most = right(cast, stored), by_chance(cast)
    found, far = tau(cast, stored, target.chance), most_tau(len(cast))
    told = f"{name}: {linked:,} of {len(cast):,} linked (chance: up to {most:,}), τ = {found:+.4f} (±{far:.4f})"
    if is_control:
        target.report.promise(told, linked == len(cast) and found > far)
    else:
        target.report.promise(told, linked <= most and abs(found) < far)


def transactions(target: "Target") -> None:
    """PostgreSQL tells which transaction wrote a row."""
    if target.place.cluster is None:
        return
    with target.engine().connect() as connection:
        linked = naive.by_transaction(connection, "naive_roll", "naive_ballot")
        right_ones = sum(linked.get(member) == naive.text(choices) for member, choices in target.cast)
        total = len(target.cast)
        target.report.promise(
            f"by xmin: {right_ones:,} of {total:,} of the naive design (control)", right_ones == total
        )
        linked = naive.by_transaction(connection, "envelope", "opened_ballot")
        target.report.promise(f"by xmin: {len(linked)} of ours", not linked, list(linked)[:3])


class Replay:
    """SQLite's log tells what each commit changed: it is kept from before the first vote, and replayed."""

    def __init__(self, target: "Target") -> None:
        self._target, self._file = target, _file(target)
        with contextlib.closing(sqlite3.connect(self._file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._data = self._file.read_bytes()

    def on_votes(self) -> None:
        """Replay the votes of ours, and a naive vote in a database beside."""
        target, folder = self._target, self._target.site.stage.folder / "replayed"
        beside = target.site.stage.folder / "naive.db"
        with contextlib.closing(sqlite3.connect(beside)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("SELECT * FROM sqlite_master").fetchall()  # it stays open, and so does the log
            data = beside.read_bytes()
            few = target.cast[:REPLAYED]
            naive.plant(f"sqlite:///{beside}", few)
            log = beside.with_name("naive.db-wal").read_bytes()
        linked = naive.by_replay(folder, data, log, "naive_roll", "naive_ballot")
        found = sum(linked.get(member) == naive.text(choices) for member, choices in few)
        target.report.promise(
            f"by replaying the log: {found} of {len(few)} of the naive design (control)", found == len(few)
        )
        log = self._file.with_name("sipvote.db-wal").read_bytes()[: 4 << 20]
        linked = naive.by_replay(folder, self._data, log, "envelope", "opened_ballot")
        target.report.promise(f"by replaying the log: {len(linked)} of ours", not linked, linked)
        shutil.rmtree(folder, ignore_errors=True)
        for path in target.site.stage.folder.glob("naive.db*"):
            path.unlink()

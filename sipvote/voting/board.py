"""The public board and its proofs: nothing that was cast can vanish unseen.

The board lists the trackers of all envelopes in the ballot box. At intervals, and when voting has
closed, it is sealed by a checkpoint: a signed statement over all trackers at that moment and over the
checkpoint before it. Whoever keeps one checkpoint, or only its hash, holds the whole board to it.

Signatures are Ed25519. Statements are canonical JSON: keys sorted, no spaces, ASCII; and each says of
which kind it is, so that none can be passed off for another.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from nacl.exceptions import CryptoError
from nacl.signing import SigningKey, VerifyKey

START = "0" * 64  # what the first checkpoint holds in place of the hash of the one before


def root(trackers: Iterable[str]) -> str:
    """One hash for a whole board: SHA-256 of all trackers as bytes, sorted, so that no order shows."""
    return sha256(b"".join(sorted(map(bytes.fromhex, trackers)))).hexdigest()


def canonical(statement: Mapping[str, Any]) -> bytes:
    """The one way to write a statement as bytes, for hashing and signing."""
    return json.dumps(statement, sort_keys=True, separators=(",", ":")).encode()


def stamp(moment: datetime) -> str:
    """Write a moment as the proofs do, in UTC to the second: '2027-06-15T18:00:00Z'."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def sign(statement: Mapping[str, Any], key: SigningKey) -> str:
    """Sign a statement; the signature is 128 hexadecimal digits."""
    return key.sign(canonical(statement)).signature.hex()


def is_signed(statement: Mapping[str, Any], signature: str, public_key: bytes) -> bool:
    """Say whether this is the signature of that key under exactly this statement."""
    try:
        VerifyKey(public_key).verify(canonical(statement), bytes.fromhex(signature))
    except (CryptoError, ValueError, TypeError):
        return False
    return True


@dataclass(frozen=True)
class Checkpoint:
    """The board at one moment. `root` is over all trackers, `previous` the hash of the checkpoint before."""

    election: str
    number: int  # from 1
    at: str  # UTC, as `stamp` writes it
    trackers: int  # how many
    root: str
    previous: str
    signature: str = ""

    def facts(self) -> dict[str, Any]:
        """What is signed: everything but the signature."""
        facts = {**asdict(self), "kind": "checkpoint"}
        del facts["signature"]
        return facts

    def statement(self) -> bytes:
        """The bytes that are signed and hashed."""
        return canonical(self.facts())

    def hash(self) -> str:
        """What the next checkpoint holds on to, and what scrutineers keep: SHA-256 of the statement."""
        return sha256(self.statement()).hexdigest()

    def line(self) -> str:
        """The statement and its signature in one line of JSON, as published."""
        return canonical({**self.facts(), "signature": self.signature}).decode()

    def sign(self, key: SigningKey) -> "Checkpoint":
        """The same checkpoint with the signature of this key."""
        return replace(self, signature=sign(self.facts(), key))

    def verify(self, public_key: bytes) -> bool:
        """Say whether it carries the signature of this key."""
        return is_signed(self.facts(), self.signature, public_key)


def next_checkpoint(
    previous: Checkpoint | None, *, election: str, trackers: Iterable[str], at: datetime, key: SigningKey
) -> Checkpoint:
    """Seal the board as it stands at this moment, after the checkpoint before it (None for the first)."""
    if previous and previous.election != election:
        raise ValueError("A checkpoint follows one of its own election.")
    listed = list(trackers)
    number, before, moment = (previous.number, previous.hash(), previous.at) if previous else (0, START, "")
    # A clock may be set back between two checkpoints; the board never goes back in time.
    later = max(stamp(at), moment)
    return Checkpoint(election, number + 1, later, len(listed), root(listed), before).sign(key)


def receipt(election: str, tracker: str, key: SigningKey) -> dict[str, str]:
    """What a voter takes home: a signed promise that this envelope is in the box, silent on its content."""
    promise = {"kind": "receipt", "election": election, "tracker": tracker}
    return {**promise, "signature": sign(promise, key)}


def is_receipt(found: Any, public_key: bytes) -> bool:
    """Say whether this, as read from JSON, is a receipt signed with this key."""
    if not isinstance(found, dict) or set(found) != {"kind", "election", "tracker", "signature"}:
        return False
    promise = {name: found[name] for name in found if name != "signature"}
    return found["kind"] == "receipt" and is_signed(promise, found["signature"], public_key)

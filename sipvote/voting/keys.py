"""The service's own keys: one signs the public board, one locks away a seed that the server keeps, one marks codes.

They come from the configuration and never stand in the database.
"""

import hmac
from hashlib import blake2b, sha256

from flask import current_app
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from nacl.signing import SigningKey

PERSON = b"sipvote kept key"  # so that this key is of no use anywhere else


def signing_key() -> SigningKey:
    """The key that signs checkpoints, receipts and packages (SIPVOTE_SIGNING_KEY)."""
    return SigningKey(bytes.fromhex(current_app.config["SIGNING_KEY"]))


def public_signing_key() -> str:
    """Its public half in hexadecimal, as the board shows it."""
    return bytes(signing_key().verify_key).hex()


def _box() -> SecretBox:
    secret = current_app.config["SECRET_KEY"].encode()
    return SecretBox(blake2b(secret, digest_size=32, person=PERSON).digest())


def mark_of_code(code: str) -> str:
    """What is kept of a voting card's code: its HMAC-SHA-256 under the service's own secret, in hexadecimal."""
    secret = blake2b(current_app.config["SECRET_KEY"].encode(), digest_size=32, person=b"sipvote cards").digest()
    return hmac.new(secret, code.encode(), sha256).hexdigest()


def lock(seed: bytes) -> bytes:
    """Encrypt a seed for the database (custody "server" only)."""
    return bytes(_box().encrypt(seed))


def unlock(kept: bytes) -> bytes | None:
    """Give the seed back; None when it was locked under another secret key."""
    try:
        return _box().decrypt(kept)
    except CryptoError:
        return None

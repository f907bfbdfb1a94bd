"""How often one network may ask for something: a dam against floods, so high that no hall behind one address meets it.

What protects an account (three mails in a quarter of an hour, five tries for a code) stands in the database and is the
same for all processes. Here only networks are counted, under a hash that is good for a day and kept nowhere but in
memory: in Valkey (SIPVOTE_LIMITS_URL), which several processes share, else in each process.
"""

import hashlib
import hmac
import logging
from typing import Any

from flask import Flask, current_app, request
from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from .db import now

log = logging.getLogger(__name__)
MINUTES = 10


def init_app(app: Flask) -> None:
    """Open the store; it is not spoken to before somebody is counted."""
    app.extensions["sipvote.limits"] = FixedWindowRateLimiter(MemoryStorage())
    if url := app.config["LIMITS_URL"]:
        options: dict[str, Any] = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5, "wrap_exceptions": True}
        app.extensions["sipvote.limits.shared"] = FixedWindowRateLimiter(storage_from_string(url, **options))


def count(what: str, most: int) -> None:
    """Count one more of this visitor's network; raises 429 beyond `most` in ten minutes."""
    item, network = RateLimitItemPerMinute(most, MINUTES), _network()
    if not _hit(item, what, network):
        raise TooManyRequests


def _hit(item: RateLimitItemPerMinute, *key: str) -> bool:
    shared = current_app.extensions.get("sipvote.limits.shared")
    if shared is not None:
        try:
            return bool(shared.hit(item, *key))
        except StorageError as fault:
            log.warning("limits are counted in each process: %s", type(fault.storage_error).__name__)
    return bool(current_app.extensions["sipvote.limits"].hit(item, *key))


def _network() -> str:
    """A name for the visitor's address that says nothing tomorrow."""
    told = f"network {now():%Y-%m-%d} {request.remote_addr}".encode()
    return hmac.digest(current_app.config["SECRET_KEY"].encode(), told, hashlib.sha256).hex()[:24]

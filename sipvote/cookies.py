"""The session's cookie: signed with its moment, and read by clocks that may differ from the one that signed it."""

from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from .db import now


class _Signer(TimestampSigner):
    """Takes a cookie from a moment to come: signed by another machine, or before the clock was set back.

    Without this everybody would be signed out then. How long a session lasts is decided by its row, not here.
    """

    def unsign(self, signed_value: Any, max_age: int | None = None, return_timestamp: bool = False) -> Any:
        unsign: Any = super().unsign
        try:
            return unsign(signed_value, max_age, return_timestamp)
        except SignatureExpired as fault:
            if fault.date_signed is None or fault.date_signed <= now():
                raise
            return unsign(signed_value, None, return_timestamp)


class Sessions(SecureCookieSessionInterface):
    """Flask's own sessions, with that signer."""

    _made: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """The serializer of the app, made once: its keys stay as they are."""
        if self._made is None and (made := super().get_signing_serializer(app)) is not None:
            made.signer, self._made = _Signer, made
        return self._made


def init_app(app: Flask) -> None:
    """Let the app read its cookies so."""
    app.session_interface = Sessions()

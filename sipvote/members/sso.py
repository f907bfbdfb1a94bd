"""Signing in with the identity provider of the cooperative (OpenID Connect), where one is set.

The provider says who somebody is; that they are a member, the roll says. It never makes a member, and when it does
not answer there is still the mail. Authlib does the protocol (code flow with state, nonce and PKCE); it is loaded
only where a provider is set. What holds a thread while the provider thinks may be half of them at most.
"""

import contextlib
import logging
from collections.abc import Iterator, Mapping
from threading import BoundedSemaphore
from typing import Any

from flask import Flask, current_app, session
from flask_babel import gettext as _

from ..db import now
from ..errors import Refused
from . import rules
from .models import Member

log = logging.getLogger(__name__)
NAME = "sso"
PATIENCE = 5  # seconds that a provider has for an answer
# Signatures with a key that only the provider has: no "none", and no secret that two share.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
CLOCKS_DIFFER = 60  # seconds at most


class Provider:
    """The provider as it is set, and Authlib's client for it."""

    def __init__(self, app: Flask) -> None:
        from authlib.integrations.flask_client import OAuth

        self.issuer: str = app.config["OIDC_ISSUER"]
        self.client_id: str = app.config["OIDC_CLIENT_ID"]
        self.claim: str = app.config["OIDC_MEMBER_CLAIM"]
        self.places = BoundedSemaphore(max(1, app.config["THREADS"] // 2))
        self.client = OAuth(app).register(
            NAME,
            client_id=self.client_id,
            client_secret=app.config["OIDC_CLIENT_SECRET"],
            server_metadata_url=self.issuer.rstrip("/") + "/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid profile email", "code_challenge_method": "S256", "default_timeout": PATIENCE,
            },
        )  # fmt: skip

    def look_up(self) -> None:
        """Read what the provider says of itself, once; it must be the one that is set. Raises ValueError."""
        about = self.client.load_server_metadata()
        if about.get("issuer") != self.issuer:
            about.pop("_loaded_at", None)  # so that it is asked again
            raise ValueError("another issuer")
        signs = about.get("id_token_signing_alg_values_supported") or ["RS256"]
        about["id_token_signing_alg_values_supported"] = [name for name in ALGORITHMS if name in signs]


def init_app(app: Flask) -> None:
    """Where a provider is set, make its client."""
    if app.config["OIDC_ISSUER"]:
        app.extensions["sipvote-sso"] = Provider(app)


def provider() -> Provider | None:
    """The provider of this installation, if there is one."""
    found: Provider | None = current_app.extensions.get("sipvote-sso")
    return found


@contextlib.contextmanager
def _asking(there: Provider) -> Iterator[None]:
    """Ask the provider, if a place is free; whatever goes wrong there is told in a sentence, and logged by its kind."""
    from authlib.common.errors import AuthlibBaseError
    from joserfc.errors import JoseError

    if not there.places.acquire(blocking=False):
        raise Refused(_("Signing in with your account takes too long now. Use your e-mail address."))
    try:
        yield
    except AuthlibBaseError as fault:
        log.warning("sign-on refused: %s", type(fault).__name__)
        raise Refused(_("Signing in with your account did not work. Try again, or use your e-mail address.")) from None
    except (JoseError, OSError, ValueError, KeyError, RuntimeError) as fault:
        log.warning("sign-on failed: %s", type(fault).__name__)
        raise Refused(_("Your account cannot be checked now. Use your e-mail address.")) from None
    finally:
        there.places.release()


def begin(there: Provider, back: str) -> Any:
    """Send the browser to the provider, which sends it back to the address `back`. Raises Refused."""
    # Only the newest try counts: those before would fill the cookie.
    for key in [key for key in session if key.startswith(f"_state_{NAME}_")]:
        session.pop(key)
    with _asking(there):
        there.look_up()
        return there.client.authorize_redirect(back, max_age=int(rules.FRESH.total_seconds()))


def finish(there: Provider) -> Mapping[str, Any]:
    """What the provider says about who came back, once all of it has been checked. Raises Refused."""
    wanted = {
        "iss": {"essential": True, "value": there.issuer},
        "aud": {"essential": True, "value": there.client_id},
        "exp": {"essential": True},
    }
    with _asking(there):
        there.look_up()
        claims: Mapping[str, Any] | None = there.client.authorize_access_token(
            claims_options=wanted, leeway=CLOCKS_DIFFER
        ).get("userinfo")
        if claims is None:
            raise ValueError("no identity")
        return claims


def member_of(there: Provider, claims: Mapping[str, Any]) -> Member:
    """The member that the provider speaks of: by number; without one by an address that it has verified.

    Raises Refused. A role takes more: that somebody showed who they are not long ago.
    """
    number, address = claims.get(there.claim), claims.get("email")
    member = None
    if number is not None:
        member = rules.member_numbered(str(number))
    elif isinstance(address, str) and claims.get("email_verified") is True:
        member = rules.member_at(address)
    if member is None:
        raise Refused(_("Your account does not tell us which member you are. Use your e-mail address, or ask us."))
    if member.grants and not _is_fresh(claims):
        raise Refused(_("For people with a role your account must ask who you are again. Use your e-mail address."))
    return member


def _is_fresh(claims: Mapping[str, Any]) -> bool:
    """Whether the provider says that it asked for a proof lately: a session of weeks ago is none for an official."""
    at = claims.get("auth_time")
    return isinstance(at, int | float) and now().timestamp() - at <= rules.FRESH.total_seconds() + CLOCKS_DIFFER

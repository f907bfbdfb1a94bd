"""An identity provider to sign in at: Authlib's own server side on a port of its own, honest unless told otherwise.

It knows one client. Who signs in there, and what it says of them, are set by the test; `lie` replaces claims, and
`algorithm` how it signs.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import grants as oidc
from flask import Flask, request
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "sipvote", "a secret of the client"
KEY = RSAKey.generate_key(2048, parameters={"kid": "one"})
STRANGER = RSAKey.generate_key(2048, parameters={"kid": "one"})  # says that it is the same key


class Client:
    """The one installation of sipvote that is registered."""

    def __init__(self, back: str) -> None:
        self.client_id, self.back = CLIENT, back

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return self.back

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, uri: str) -> bool:
        return uri == self.back

    def check_client_secret(self, secret: str) -> bool:
        return secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, kind: str) -> bool:
        return kind == "code"

    def check_grant_type(self, kind: str) -> bool:
        return kind == "authorization_code"


class Code(SimpleNamespace):
    """What is kept of an authorization until its code comes back."""

    def get_redirect_uri(self) -> str:
        return str(self.redirect_uri)

    def get_scope(self) -> str:
        return str(self.scope)

    def get_nonce(self) -> str:
        return str(self.nonce)

    def get_auth_time(self) -> int:
        return int(self.auth_time)

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


class Provider:
    """The provider, and what it does today."""

    def __init__(self, back: str) -> None:
        self.client = Client(back)
        self.user: dict[str, Any] = {}
        self.lie: dict[str, Any] = {}
        self.key, self.algorithm = KEY, "RS256"
        self.signed_in_at = time.time()
        self.about: dict[str, Any] = {}
        self.delay = 0.0
        self.codes: dict[str, Code] = {}
        self.asked: list[dict[str, str]] = []
        self.issuer = ""
        self.app = make(self)


def code_grant(here: Provider) -> type[grants.AuthorizationCodeGrant]:
    """The code flow, which keeps its codes in memory."""

    class CodeGrant(grants.AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]

        def save_authorization_code(self, code: str, request: Any) -> None:
            wanted = ("redirect_uri", "scope", "nonce", "code_challenge", "code_challenge_method")
            facts = {name: request.payload.data[name] for name in wanted}
            here.codes[code] = Code(code=code, auth_time=here.signed_in_at, **facts)

        def query_authorization_code(self, code: str, client: Any) -> Code | None:
            return here.codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            del here.codes[authorization_code.code]

        def authenticate_user(self, authorization_code: Code) -> Any:
            return here.user

    return CodeGrant


def identity(here: Provider) -> oidc.OpenIDCode:
    """What it says of who has signed in, and how that is signed."""

    class Identity(oidc.OpenIDCode):
        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return any(code.nonce == nonce for code in here.codes.values())

        def get_client_algorithm(self, client: Any) -> str:
            return here.algorithm

        def get_client_claims(self, client: Any) -> dict[str, Any]:
            return {"iss": here.issuer}

        def resolve_client_private_key(self, client: Any) -> Any:
            return here.key

        def generate_user_info(self, user: Any, scope: str) -> dict[str, Any]:
            return {"sub": "someone", **here.user, **here.lie}

    return Identity(require_nonce=True)


def make(here: Provider) -> Flask:
    """The application of a provider."""
    app = Flask("provider")
    server = AuthorizationServer(app, query_client=lambda _id: here.client, save_token=lambda *_: None)
    server.register_grant(code_grant(here), [identity(here), CodeChallenge(required=True)])

    @app.get("/.well-known/openid-configuration")
    def about() -> Any:
        time.sleep(here.delay)
        return {
            "issuer": here.issuer, "authorization_endpoint": here.issuer + "/authorize",
            "token_endpoint": here.issuer + "/token", "jwks_uri": here.issuer + "/keys",
            "id_token_signing_alg_values_supported": ["RS256"], **here.about,
        }  # fmt: skip

    @app.get("/keys")
    def keys() -> Any:
        return dict(KeySet([KEY]).as_dict(private=False))

    @app.get("/authorize")
    def authorize() -> Any:
        here.asked.append(request.args.to_dict())
        grant = server.get_consent_grant(end_user=here.user)
        return server.create_authorization_response(grant=grant, grant_user=here.user)

    app.post("/token")(server.create_token_response)
    return app


@contextmanager
def running(back: str) -> Iterator[Provider]:
    """A provider on a port of its own, for as long as the block lasts."""
    there = Provider(back)
    server = make_server("127.0.0.1", 0, there.app, threaded=True)
    there.issuer = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield there
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

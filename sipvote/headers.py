"""Headers that every answer carries, from a page to a picture: they go on last, in a WSGI layer of their own."""

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, request
from flask_login import current_user

SECURITY = [
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    # "same-origin", not "no-referrer": CSRF checks and the way back after a refusal need our own addresses.
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
]
CAMERA = ("Permissions-Policy", "camera=(self), geolocation=(), microphone=()")
OVER_HTTPS = [("Strict-Transport-Security", "max-age=63072000; includeSubDomains")]


class SecurityHeaders:
    """WSGI layer: add the security headers, whatever made the answer."""

    def __init__(self, wsgi: Callable[..., Any]) -> None:
        self.wsgi = wsgi

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        added = SECURITY + OVER_HTTPS if environ.get("wsgi.url_scheme") == "https" else SECURITY

        def start(status: str, headers: list[tuple[str, str]], *fault: Any) -> Any:
            own = [header for header in added if header[0] != CAMERA[0]] if CAMERA in headers else added
            return start_response(status, headers + own, *fault)

        return self.wsgi(environ, start)


def with_camera(page: Response) -> Response:
    """Let a page ask for the camera, to scan a code; no other page may."""
    page.headers.set(*CAMERA)
    return page


def _keep_nothing(response: Response) -> Response:
    """Pages of whoever is signed in are kept by no browser and no proxy."""
    if request.endpoint != "static" and "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store" if current_user.is_authenticated else "no-cache"
    return response


def init_app(app: Flask) -> None:
    """Put the headers on every answer."""
    app.wsgi_app = SecurityHeaders(app.wsgi_app)  # type: ignore[method-assign]
    app.after_request(_keep_nothing)

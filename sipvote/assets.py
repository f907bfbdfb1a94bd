"""Static files: versioned addresses, kept for a year, sent compressed. Knows no room.

Pages themselves are never compressed: they hold a secret (the CSRF token) beside what a visitor typed.
"""

import gzip
import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, Response, request

FOLDER = Path(__file__).parent / "static"
COMPRESSED = ("text/css", "text/javascript", "image/svg+xml", "application/manifest+json")


@cache
def _version(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10] if path.is_file() else ""


@cache
def static_url(filename: str) -> str:
    """The address of a static file; its hash makes it safe to keep for a year."""
    return f"/static/{filename}?v={_version(FOLDER / filename)}"


@cache
def _compressed(path: Path, version: str) -> bytes:
    return gzip.compress(path.read_bytes(), mtime=0)


def _compress(response: Response) -> Response:
    if request.endpoint != "static" or response.status_code != 200 or response.mimetype not in COMPRESSED:
        return response
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"]:
        path = FOLDER / (request.view_args or {})["filename"]
        response.close()  # the open file, which is not sent after all
        response.direct_passthrough = False
        response.set_data(_compressed(path, _version(path)))
        response.headers["Content-Encoding"] = "gzip"
    return response


def init_app(app: Flask) -> None:
    """Let templates ask static_url(), and compress what is worth it."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 365 * 24 * 3600
    app.jinja_env.globals["static_url"] = static_url
    app.after_request(_compress)

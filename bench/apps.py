"""What is measured: three applications for the same server, workers and threads.

`casting` is the product. `uncommitted` (floor F2) is the same endpoint, with the commit left out.
`bare` (floor F1) is a Flask application that reads a form and answers with a redirect.
"""

from flask import Flask, request
from werkzeug.wrappers import Response

from sipvote.app import create_app
from sipvote.voting import box
from sipvote.voting import seal as sealing


def bare() -> Flask:
    """Floor F1: one route, one form field, one redirect."""
    app = Flask("bare")

    @app.get("/health")
    def health() -> str:
        return "ok"

    @app.post("/<path:anything>")
    def answer(anything: str) -> Response:
        return Response(status=303, headers={"Location": request.form.get("csrf_token", "")[:10]})

    return app


def casting() -> Flask:
    """The product, as it is."""
    return create_app()


def uncommitted() -> Flask:
    """Floor F2: everything that casting does, except the one statement that is its commit."""

    def cast(paper: box.Paper, member_id: int, choices: sealing.Choices, _how: box.Cast) -> str:
        return sealing.tracker(sealing.seal(sealing.write(choices, paper.shape), paper.public_key))

    box.cast = cast
    return create_app()

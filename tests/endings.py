"""How an application of a test ends."""

from flask import Flask

from sipvote import jobs
from sipvote.db import db


def let_go(app: Flask) -> None:
    """Close what the application has open: Python 3.13 warns of a connection that is forgotten, some time later."""
    with app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
        jobs.queue_of(app).storage.close()

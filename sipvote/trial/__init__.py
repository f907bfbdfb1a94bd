"""The trial: the layout with several machines, as docs/deployment.md has it, with processes on this one.

`python3 -m sipvote try-deployment` sets up PostgreSQL with a standby, Valkey, two web processes, a worker and nginx
with TLS, from the files in deploy/. Members sign in and vote over it; a web process is killed, the standby takes the
database's place, and 1,000 slow connections hang on nginx. Nothing that was acknowledged may be lost. Everything
listens on 127.0.0.1 only, and is gone afterwards.
"""

from .run import main

__all__ = ["main"]

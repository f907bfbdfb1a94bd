"""The faults: what breaks in real life strikes a production installation while people vote, and nothing may be lost.

`python3 -m sipvote faults` kills processes, cuts the power, fills the disk, restarts the database, turns the clock, and
lets people race, on both databases; then it opens the box and holds it against what was acknowledged (docs/faults.md).
Words: place, site, host, crowd, acknowledged.
"""

from .run import main

__all__ = ["main"]

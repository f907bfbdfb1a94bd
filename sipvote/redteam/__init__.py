"""The red team: it has the database, a backup, all files and logs, and the server's secrets, but not the words.

`python3 -m sipvote redteam` lets members vote over HTTP and then tries to read a ballot, or to link one to its voter,
while the vote is open, once it is closed, and once it is counted; on both databases. Each attack first succeeds on a
naive design that is planted beside (docs/voting.md). Words: secret, trace, link, chance, naive.
"""

from .run import main

__all__ = ["main"]

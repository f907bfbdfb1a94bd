"""Where the faults strike: a SQLite file, or a PostgreSQL server of our own that may be stopped in any way."""

import asyncio
import contextlib
import itertools
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from .site import Site, site

_numbers = itertools.count(1)
# A server ends with the thread that started it, so those who start one have a thread that lasts.
_hands = ThreadPoolExecutor(1)


async def away(act: Callable[..., object], *args: object) -> None:
    """Let something take its time while people go on."""
    await asyncio.get_running_loop().run_in_executor(_hands, act, *args)


@dataclass
class Place:
    """The database: `cluster` is the PostgreSQL server (tests/postgres.py), None on SQLite."""

    cluster: Any = None

    @contextlib.contextmanager
    def site(self, members: int, chance: random.Random, **settings: str) -> Iterator[Site]:
        """A fresh installation on an empty database."""
        from tests import postgres

        url = postgres.fresh_database(self.cluster.url, f"faults_{next(_numbers)}") if self.cluster else None
        with site(url, members, chance, **settings) as made:
            yield made


@contextlib.contextmanager
def place(database: str) -> Iterator[Place]:
    """One of the two databases."""
    from tests import postgres

    if database == "sqlite":
        yield Place()
    else:
        with postgres.cluster() as cluster:
            yield Place(cluster)

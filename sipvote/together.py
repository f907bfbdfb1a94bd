"""Group commit: of the threads that write at the same moment one leads, and one flush to disk serves them all.

On SQLite every commit waits for the disk alone; when a whole hall votes, the waits add up. PostgreSQL does
this by itself.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

from sqlalchemy import Connection

from .db import db

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class Together(Generic[Item, Outcome]):
    """A way to write items of one kind; `write` is given a connection within a transaction, and an item."""

    def __init__(self, write: Callable[[Connection, Item], Outcome]) -> None:
        self._write = write
        self._waiting: deque[tuple[Item, Future[Outcome]]] = deque()
        self._lead = threading.Lock()

    def put(self, item: Item) -> Outcome:
        """Write an item and wait until it stands, durably; raises what writing it raised.

        The caller must hold no transaction of its own.
        """
        mine: Future[Outcome] = Future()
        self._waiting.append((item, mine))
        with self._lead:
            # Whoever led while we waited has written for us; else we lead, for everybody who waits now.
            if not mine.done():
                self._commit([self._waiting.popleft() for _ in range(len(self._waiting))])
        return mine.result()

    def _commit(self, batch: Sequence[tuple[Item, Future[Outcome]]]) -> None:
        try:
            with db.engine.begin() as connection:
                outcomes = [self._write(connection, item) for item, _future in batch]
        except BaseException as fault:  # noqa: BLE001  (it is raised in the thread that put the item)
            if len(batch) == 1:
                batch[0][1].set_exception(fault)
            else:  # one that fails must not take the others with it
                for one in batch:
                    self._commit([one])
        else:
            for (_item, future), outcome in zip(batch, outcomes, strict=True):
                future.set_result(outcome)

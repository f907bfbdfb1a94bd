"""Group commit: of the threads that write at the same moment one leads, and one flush to disk serves them all.

On SQLite every commit waits for the disk alone; when a whole hall votes, the waits add up. PostgreSQL does
this by itself.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from .db import by_driver

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class _Turn(Generic[Item]):
    """One thread's item, until it is written; the thread sleeps meanwhile."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self.is_done = False
        self.outcome: Any = None
        self.fault: BaseException | None = None
        self._asleep = threading.Lock()
        self._asleep.acquire()
        self.sleep, self.wake = self._asleep.acquire, self._asleep.release

    def end(self, outcome: Any, fault: BaseException | None = None) -> None:
        self.outcome, self.fault, self.is_done = outcome, fault, True
        self.wake()


class Together(Generic[Item, Outcome]):
    """A way to write items of one kind; `write` is given the driver within a transaction, and an item."""

    def __init__(self, write: Callable[[Any, Item], Outcome]) -> None:
        self._write = write
        self._guard = threading.Lock()
        self._waiting: list[_Turn[Item]] = []
        self._is_led = False

    def put(self, item: Item) -> Outcome:
        """Write an item and wait until it stands, durably; raises what writing it raised.

        The caller must hold no transaction of its own.
        """
        mine = _Turn(item)
        with self._guard:
            self._waiting.append(mine)
            leads, self._is_led = not self._is_led, True
        if not leads:
            mine.sleep()  # until somebody wrote for us, or it is our turn to lead
        if not mine.is_done:
            self._lead()
        if mine.fault is not None:
            raise mine.fault
        return mine.outcome

    def _lead(self) -> None:
        """Write for everybody who waits now; who came meanwhile leads next, before anybody is told."""
        with self._guard:
            batch, self._waiting = self._waiting, []
        ends = self._commit(batch)
        with self._guard:
            self._is_led = bool(self._waiting)
            if self._is_led:
                self._waiting[0].wake()
        for turn, (outcome, fault) in zip(batch, ends, strict=True):
            turn.end(outcome, fault)

    def _commit(self, batch: Sequence[_Turn[Item]]) -> list[tuple[Any, BaseException | None]]:
        """Write a batch in one transaction; give what came of each item."""
        try:
            with by_driver(alone=False) as driver:
                outcomes = [self._write(driver, turn.item) for turn in batch]
        except BaseException as fault:  # noqa: BLE001  (it is raised in the thread that put the item)
            if len(batch) == 1:
                return [(None, fault)]
            # One that fails must not take the others with it.
            return [end for turn in batch for end in self._commit([turn])]
        return [(outcome, None) for outcome in outcomes]

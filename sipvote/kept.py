"""Answers that many ask for at the same moment: made once, and kept in the process for a moment. Knows no room."""

from collections.abc import Callable, Hashable
from threading import Lock
from time import monotonic
from typing import Any, Generic, TypeVar
from weakref import WeakSet

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")
MOST = 500  # different answers, after which all are forgotten
STALE = 4  # times as old as an answer may be, it is given to nobody any more


class Kept(Generic[Key, Answer]):
    """Keeps each answer for some seconds. While one makes it anew, others get the old one; the first time they wait."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._answers: dict[Key, tuple[float, Answer]] = {}  # with the moment at which it was made
        self._making = Lock()
        _all.add(self)

    def get(self, key: Key, make: Callable[[], Answer]) -> Answer:
        """The answer that is kept, or a new one; what `make` raises is not kept."""
        old = self._answers.get(key)
        if old is not None and self._age(old) < self.seconds:
            return old[1]
        may_wait = old is None or self._age(old) > STALE * self.seconds
        if not self._making.acquire(blocking=may_wait):
            assert old is not None  # noqa: S101
            return old[1]
        try:
            found = self._answers.get(key)  # somebody else may have made it meanwhile
            if found is None or self._age(found) >= self.seconds:
                if len(self._answers) >= MOST:
                    self._answers.clear()
                found = self._answers[key] = (monotonic(), make())
            return found[1]
        finally:
            self._making.release()

    def _age(self, answer: tuple[float, Answer]) -> float:
        return monotonic() - answer[0]

    def forget(self) -> None:
        """Make everything anew."""
        self._answers.clear()


_all: WeakSet[Kept[Any, Any]] = WeakSet()


def forget_all() -> None:
    """Make everything anew: for tests, in which a second lasts a year."""
    for each in list(_all):
        each.forget()

"""Answers that many ask for at the same moment: made once, and kept in the process for a moment. Knows no room."""

from collections.abc import Callable, Hashable
from threading import Lock
from time import monotonic
from typing import Any, Generic, TypeVar
from weakref import WeakSet

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")
MOST = 500  # different answers, after which all are forgotten


class Kept(Generic[Key, Answer]):
    """Keeps each answer for some seconds. While it is made anew, who else asks waits for it."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._answers: dict[Key, tuple[float, Answer]] = {}
        self._making = Lock()
        _all.add(self)

    def get(self, key: Key, make: Callable[[], Answer]) -> Answer:
        """The answer that is kept, or a new one; what `make` raises is not kept."""
        found = self._answers.get(key)
        if found is not None and monotonic() < found[0]:
            return found[1]
        with self._making:
            found = self._answers.get(key)  # somebody else may have made it meanwhile
            if found is None or monotonic() >= found[0]:
                if len(self._answers) >= MOST:
                    self._answers.clear()
                found = (monotonic() + self.seconds, make())
                self._answers[key] = found
            return found[1]

    def forget(self) -> None:
        """Make everything anew."""
        self._answers.clear()


_all: WeakSet[Kept[Any, Any]] = WeakSet()


def forget_all() -> None:
    """Make everything anew: for tests, in which a second lasts a year."""
    for each in list(_all):
        each.forget()

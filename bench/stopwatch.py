"""How long an act takes, and whether that is soon enough: printed in a line of the benchmark."""

import statistics
import time
from collections.abc import Callable


def seconds(act: Callable[[], object], rounds: int) -> float:
    """Give the median time of an act."""
    took = []
    for _round in range(rounds):
        began = time.perf_counter()
        act()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


class Pace:
    """How fast the machine is, felt again and again by the processor time of one small loop.

    A machine that is shared changes its pace by half within minutes; then a cost in milliseconds says little alone.
    """

    LOOP = 20_000

    def __init__(self) -> None:
        self.took: list[float] = []

    def feel(self) -> None:
        began, kept = time.thread_time(), {}
        for number in range(self.LOOP):
            kept[number % 100] = str(number)
        self.took.append(time.thread_time() - began)

    def slowness(self) -> float:
        """How many times as long as at its best, that of the fastest tenth, the loop took on average; 1 at least."""
        fastest = sorted(self.took)[: len(self.took) // 10 + 1]
        return statistics.mean(self.took) / statistics.mean(fastest) if self.took else 1.0


def tell(what: str, took: float, limit: float) -> int:
    """Print a line; give 1 when it took too long, else 0."""
    fine = took <= limit
    print(f"  {what + ', s':<62}{took:>8,.3f}  {'reached' if fine else 'MISSED'} (<= {limit})", flush=True)
    return 0 if fine else 1

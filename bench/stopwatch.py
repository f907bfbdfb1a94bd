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


def tell(what: str, took: float, limit: float) -> int:
    """Print a line; give 1 when it took too long, else 0."""
    fine = took <= limit
    print(f"  {what + ', s':<62}{took:>8,.3f}  {'reached' if fine else 'MISSED'} (<= {limit})", flush=True)
    return 0 if fine else 1

"""What is told of a rehearsal: what happens, as it happens; how long it took; and every promise, kept or not."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

MOST_SHOWN = 600  # characters


def say(line: str = "") -> None:
    """Tell whoever watches."""
    print(line, flush=True)


class Report:
    """The account of one play."""

    def __init__(self, play: str) -> None:
        self.play = play
        self.times: dict[str, float] = {}
        self.figures: dict[str, str] = {}
        self.broken: list[str] = []
        self.kept = 0

    @contextmanager
    def scene(self, title: str) -> Iterator[None]:
        """Everything that happens within is this scene; its time is taken."""
        say(f"\n{title}")
        began = time.monotonic()
        try:
            yield
        finally:
            self.times[title] = time.monotonic() - began

    def promise(self, text: str, kept: object, otherwise: object = "") -> None:
        """Say whether something holds that must hold; `otherwise` tells what was found instead."""
        if kept:
            self.kept += 1
            say(f"  ✓ {text}")
            return
        self.broken.append(text)
        found = " ".join(str(otherwise).split())
        say(f"  ✗ {text}" + (f": {found[:MOST_SHOWN]}" if found else ""))

    def figure(self, name: str, value: object) -> None:
        """A number for the end."""
        self.figures[name] = f"{value:,}" if isinstance(value, int) else str(value)

    def tell(self) -> None:
        """The end: figures, times, promises."""
        say(f"\n{self.play}: what happened")
        for name, value in self.figures.items():
            say(f"  {value:>10}  {name}")
        say("  Time")
        for title, seconds in self.times.items():
            say(f"  {seconds:>8.1f} s  {title}")
        say(f"  {sum(self.times.values()):>8.1f} s  in all")
        say(f"  {self.kept} promises kept, {len(self.broken)} broken" + (":" if self.broken else "."))
        for text in self.broken:
            say(f"  ✗ {text}")

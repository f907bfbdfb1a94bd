"""Looking for what must not be there: ballots, keys and words, in every file, and in the memory of processes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

PIECE = 1 << 24  # bytes read at a time
OVERLAP = 1 << 10


class Needles:
    """What is looked for: {name: all the ways to write it}."""

    def __init__(self, ways: Mapping[str, Sequence[bytes]]) -> None:
        self._name = {way: name for name, ways_ in ways.items() for way in ways_}
        longest_first = sorted(self._name, key=len, reverse=True)
        self._any = re.compile(b"|".join(map(re.escape, longest_first)))

    def hits(self, pieces: Iterator[bytes]) -> dict[str, int]:
        """How often each is found."""
        found: dict[str, int] = {}
        for piece in pieces:
            for hit in self._any.finditer(piece):
                name = self._name[hit[0]]
                found[name] = found.get(name, 0) + 1
        return found


def in_file(path: Path) -> Iterator[bytes]:
    """A file in pieces that overlap."""
    with path.open("rb") as file:
        before = b""
        while piece := file.read(PIECE):
            yield before + piece
            before = piece[-OVERLAP:]


def in_folder(*folders: Path) -> Iterator[bytes]:
    """Every file below; those that go away meanwhile are passed over."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            try:
                if path.is_file():
                    yield from in_file(path)
            except OSError:
                continue


def in_memory(pid: int) -> Iterator[bytes]:
    """What a process may write to: its heap, its stacks. Only for root, or whose process it is."""
    areas = Path(f"/proc/{pid}/maps").read_text(encoding="ascii", errors="replace").splitlines()
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for area in areas:
            span, rights, *_rest = area.split()
            if not rights.startswith("rw"):
                continue
            begins, ends = (int(part, 16) for part in span.split("-"))
            try:
                memory.seek(begins)
                yield memory.read(ends - begins)
            except (OSError, ValueError, OverflowError):
                continue

"""What differs between two texts, word by word, for people to read."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

LONGEST = 3000  # words; beyond that both texts are read side by side


class Part(NamedTuple):
    """A piece of text that stayed ("same"), was taken out ("out") or put in ("in")."""

    kind: str
    text: str


def parts(before: str, after: str) -> list[Part]:
    """The pieces from one text to the other; none when the texts are too long to compare."""
    old, new = (re.findall(r"\s+|\w+|[^\w\s]", text) for text in (before, after))
    if max(len(old), len(new)) > LONGEST:
        return []
    return list(_joined(_parts(old, new)))


def _parts(old: list[str], new: list[str]) -> Iterator[Part]:
    for what, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            yield Part("same", "".join(old[i1:i2]))
            continue
        if i2 > i1:
            yield Part("out", "".join(old[i1:i2]))
        if j2 > j1:
            yield Part("in", "".join(new[j1:j2]))


def _joined(found: Iterator[Part]) -> Iterator[Part]:
    """A lone space between two changes belongs to them: "the big house" for "a small house" is one change."""
    out = inside = ""
    for part in found:
        if part.kind == "out":
            out += part.text
        elif part.kind == "in":
            inside += part.text
        elif (out or inside) and part.text.isspace() and "\n" not in part.text:
            out, inside = out + part.text, inside + part.text
        else:
            yield from _change(out, inside)
            out = inside = ""
            yield part
    yield from _change(out, inside)


def _change(out: str, inside: str) -> Iterator[Part]:
    """Blanks that end both belong to neither."""
    tail = ""
    if out and inside and out[-1].isspace() and out[-1] == inside[-1]:
        out, inside, tail = out[:-1], inside[:-1], out[-1]
    if out:
        yield Part("out", out)
    if inside:
        yield Part("in", inside)
    if tail:
        yield Part("same", tail)

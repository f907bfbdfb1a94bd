"""What is different between two texts, in words: pure, so that anybody can check that nothing is left out.

Paragraphs (lines) are matched first: equal ones, then those that are most alike. Within two that are alike, words are
compared; what was removed stands before what was added in its place.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

ALIKE = 0.4  # of two paragraphs, the share of words they have in common; below, one was removed and one added
MOST_PAIRS = 2_500  # paragraphs against paragraphs; more are matched in their order
TOKENS = re.compile(r"\w+|\s+|[^\w\s]")
LINES = re.compile(r"[^\n]*\n|[^\n]+")


class Kind(StrEnum):
    """What became of a piece of text."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True)
class Piece:
    """Some words that stayed, went or came."""

    kind: Kind
    text: str


Paragraph = tuple[Piece, ...]


def difference(old: str, new: str) -> list[Paragraph]:
    """The paragraphs of both texts in order, each in pieces. before() and after() of it give the texts back."""
    olds, news = LINES.findall(old), LINES.findall(new)
    found: list[Paragraph] = []
    for word, a, b, c, d in SequenceMatcher(None, olds, news, autojunk=False).get_opcodes():
        if word == "equal":
            found += [(Piece(Kind.SAME, line),) for line in olds[a:b]]
        else:
            found += _replaced(olds[a:b], news[c:d])
    return found


def before(paragraphs: Iterable[Paragraph]) -> str:
    """The old text."""
    return "".join(p.text for paragraph in paragraphs for p in paragraph if p.kind != Kind.ADDED)


def after(paragraphs: Iterable[Paragraph]) -> str:
    """The new text."""
    return "".join(p.text for paragraph in paragraphs for p in paragraph if p.kind != Kind.REMOVED)


def has_changes(paragraphs: Iterable[Paragraph]) -> bool:
    """Whether a word is different; spaces and ends of lines are not seen."""
    return any(p.kind != Kind.SAME and p.text.strip() for paragraph in paragraphs for p in paragraph)


def _replaced(olds: Sequence[str], news: Sequence[str]) -> list[Paragraph]:
    """Paragraphs that changed: those that are alike beside each other, the others removed or added whole."""
    found: list[Paragraph] = []
    i = j = 0
    for a, b in [*_pairs(olds, news), (len(olds), len(news))]:
        found += [(Piece(Kind.REMOVED, line),) for line in olds[i:a]]
        found += [(Piece(Kind.ADDED, line),) for line in news[j:b]]
        if a < len(olds) and b < len(news):
            found.append(_in_words(olds[a], news[b]))
        i, j = a + 1, b + 1
    return found


def _pairs(olds: Sequence[str], news: Sequence[str]) -> list[tuple[int, int]]:
    """Which old paragraph became which new one, in order: the pairs that are most alike together."""
    if len(olds) * len(news) > MOST_PAIRS:
        return [(n, n) for n in range(min(len(olds), len(news))) if _alike(olds[n], news[n]) >= ALIKE]
    best = [[0.0] * (len(news) + 1) for _ in range(len(olds) + 1)]
    likeness = [[_alike(old, new) for new in news] for old in olds]
    for i in reversed(range(len(olds))):
        for j in reversed(range(len(news))):
            paired = likeness[i][j] + best[i + 1][j + 1] if likeness[i][j] >= ALIKE else 0.0
            best[i][j] = max(paired, best[i + 1][j], best[i][j + 1])
    found, i, j = [], 0, 0
    while i < len(olds) and j < len(news):
        if likeness[i][j] >= ALIKE and best[i][j] == likeness[i][j] + best[i + 1][j + 1]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return found


def _alike(old: str, new: str) -> float:
    a, b = re.findall(r"\w+", old), re.findall(r"\w+", new)
    return SequenceMatcher(None, a, b, autojunk=False).quick_ratio() if a and b else 0.0


def _in_words(old: str, new: str) -> Paragraph:
    olds, news = TOKENS.findall(old), TOKENS.findall(new)
    pieces: list[Piece] = []
    for word, a, b, c, d in SequenceMatcher(None, olds, news, autojunk=False).get_opcodes():
        if word == "equal":
            pieces.append(Piece(Kind.SAME, "".join(olds[a:b])))
        else:
            pieces += [Piece(Kind.REMOVED, "".join(olds[a:b])), Piece(Kind.ADDED, "".join(news[c:d]))]
    return tuple(_together([p for p in pieces if p.text]))


def _together(pieces: Sequence[Piece]) -> list[Piece]:
    """Changes with only a blank between them are one change: it reads as people speak, not word by word."""
    found: list[Piece] = []
    gone = come = ""
    for n, piece in enumerate(pieces):
        is_between = bool(gone or come) and not piece.text.strip() and n + 1 < len(pieces)
        if piece.kind == Kind.SAME and not is_between:
            found += _change(gone, come)
            found.append(piece)
            gone = come = ""
        else:
            gone += piece.text if piece.kind != Kind.ADDED else ""
            come += piece.text if piece.kind != Kind.REMOVED else ""
    return found + _change(gone, come)


def _change(gone: str, come: str) -> list[Piece]:
    return [p for p in (Piece(Kind.REMOVED, gone), Piece(Kind.ADDED, come)) if p.text]

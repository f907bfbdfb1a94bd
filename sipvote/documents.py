"""Documents to keep: a neutral structure in, a page, a PDF or a DOCX out. Knows no room.

A document is a row of blocks that hold plain text and nothing else. Every writer takes the same blocks, so that
the formats cannot differ; and none of them reads markup in a text: what somebody typed appears as it was typed.
"""

import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PRESS_TAKES_AT_MOST = 60  # seconds
PAGE, PAGES = "{n}", "{all}"  # what a writer fills in at the foot of each page
# Marks that turn the direction of whatever follows them, also of our own words.
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_RIGHT_TO_LEFT = ("R", "AL", "AN")


class PressFailed(RuntimeError):
    """A document could not be made; the message says why, for the log."""


# --- Blocks -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 or 2 below the title; `new_page` begins an annex. Only a `listed` one is in the contents."""

    text: str
    level: int = 1
    new_page: bool = False
    listed: bool = True
    kind: Literal["heading"] = "heading"


@dataclass(frozen=True)
class Text:
    """A paragraph; a line break in it stays one."""

    text: str
    kind: Literal["text"] = "text"


@dataclass(frozen=True)
class Quote:
    """A paragraph in somebody's own words."""

    text: str
    kind: Literal["quote"] = "quote"


@dataclass(frozen=True)
class Notice:
    """A paragraph that must not be overlooked."""

    text: str
    kind: Literal["notice"] = "notice"


@dataclass(frozen=True)
class Items:
    """A list; numbered when the order matters."""

    items: tuple[str, ...]
    numbered: bool = False
    kind: Literal["items"] = "items"


@dataclass(frozen=True)
class Table:
    """A table with a caption and a row of headings.

    `numbers` are the columns that stand to the right, `wide` those that take the room that is left.
    """

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...] = ()
    wide: tuple[int, ...] = (0,)
    kind: Literal["table"] = "table"


@dataclass(frozen=True)
class Codes:
    """Hashes and keys, each with its name."""

    pairs: tuple[tuple[str, str], ...]
    kind: Literal["codes"] = "codes"


@dataclass(frozen=True)
class Signatures:
    """Lines to sign on, each with what stands before it."""

    lines: tuple[str, ...]
    kind: Literal["signatures"] = "signatures"


@dataclass(frozen=True)
class Contents:
    """The headings that follow, each with a link; on paper with its page. Made by with_contents()."""

    title: str
    entries: tuple[tuple[str, int], ...] = ()
    kind: Literal["contents"] = "contents"


Block = Heading | Text | Quote | Notice | Items | Table | Codes | Signatures | Contents


def with_contents(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The same blocks, each Contents filled with the listed headings that come after it."""
    found = tuple(blocks)
    return tuple(
        replace(each, entries=_entries(found[n + 1 :])) if isinstance(each, Contents) else each
        for n, each in enumerate(found)
    )


def _entries(blocks: Iterable[Block]) -> tuple[tuple[str, int], ...]:
    return tuple((each.text, each.level) for each in blocks if isinstance(each, Heading) and each.listed)


@dataclass(frozen=True)
class Document:
    """A document in one language.

    `page` stands at the foot of each: 'Page {n} of {all}', with PAGE and PAGES in the place of numbers. `spelled_note`
    is the sentence that a PDF ends with when a sign in it had to be written as its number, because no font there can
    draw it.
    """

    title: str
    language: str
    blocks: Sequence[Block] = field(default_factory=tuple)
    author: str = ""
    page: str = ""
    spelled_note: str = ""


def plain(text: Any) -> str:
    """Make a text fit for every format, without changing what can be read of it.

    A control character, or half of one, becomes “�”: XML and PDF cannot hold it. A text with Hebrew or Arabic
    in it is set apart, so that it does not turn the sentence around it.
    """
    lines = str(text).replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    lines = lines.replace("\u2028", "\n").replace("\u2029", "\n")
    kept = "".join(c if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs") else "\ufffd" for c in lines)
    kept = _TURNS.sub("\ufffd", kept)
    kept = "".join("\ufffd" if ord(c) & 0xFFFE == 0xFFFE else c for c in kept)  # no characters, says Unicode
    turns = any(unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for c in kept)
    return f"\u2068{kept}\u2069" if turns else kept


def texts(document: Document) -> Iterable[str]:
    """Every text of a document, in its order: what each format has to say."""
    yield document.title
    for block in document.blocks:
        facts = asdict(block)
        del facts["kind"]
        yield from _strings(facts)


def _strings(fact: Any) -> Iterable[str]:
    if isinstance(fact, str):
        yield fact
    elif isinstance(fact, dict | list | tuple):
        for each in fact.values() if isinstance(fact, dict) else fact:
            yield from _strings(each)


# --- Formats ----------------------------------------------------------------------------------------


def pdf(document: Document, template: Path) -> bytes:
    """The document as a tagged PDF (PDF/UA-1), set by a Typst file that reads the blocks. Raises PressFailed."""
    return _press("pdf", document, template=template.read_text(encoding="utf-8"))


def docx(document: Document) -> bytes:
    """The document as DOCX, with the styles that word processors know. Raises PressFailed."""
    return _press("docx", document)


def _press(kind: str, document: Document, **more: str) -> bytes:
    """Make a file in a process of its own (press.py).

    The libraries keep what they have made: ten long PDFs would leave half a gigabyte in a web process that is
    to stay below 100 MB. The child gets no environment, and so no secret, of ours.
    """
    order = json.dumps({"kind": kind, "document": asdict(document), **more}).encode()
    here = {"PYTHONPATH": str(Path(__file__).parent.parent), "PATH": os.environ.get("PATH", "")}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "sipvote.press"],
            input=order,
            capture_output=True,
            env=here,
            timeout=PRESS_TAKES_AT_MOST,
        )
    except subprocess.TimeoutExpired as fault:
        raise PressFailed(f"{kind}: not ready after {PRESS_TAKES_AT_MOST} s") from fault
    if done.returncode:
        # Only the name of the fault: what follows it may quote the document.
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise PressFailed(f"{kind}: {last.partition(':')[0][:60]}")
    return done.stdout

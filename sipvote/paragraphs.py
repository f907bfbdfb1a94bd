"""Markdown as the blocks of a document (documents.py): paragraphs, lists, quotes, in plain words. Knows no room."""

from collections.abc import Callable, Iterator
from typing import Any

import mistune

from .documents import Block, Items, Quote, Text, plain

_parse = mistune.create_markdown(renderer=None, hard_wrap=True, plugins=["strikethrough", "url"])
_SKIPPED = ("blank_line", "thematic_break")


def blocks(text: str) -> list[Block]:
    """The blocks of a text. Nothing is lost but the signs: a link keeps its address, behind its words."""
    found: Any = _parse(text.replace("\0", ""))
    return [made for token in found if token["type"] not in _SKIPPED for made in _block(token) if _says(made)]


def labelled(label: Callable[[str], str], text: str) -> Iterator[Block]:
    """The same with a label, such as "Reasons: …": on the first line where that is a paragraph, else above it."""
    first, *rest = blocks(text) or [Text("")]
    if isinstance(first, Text):
        yield Text(label(first.text))
    else:
        yield from (Text(label("").rstrip()), first)
    yield from rest


def _says(block: Block) -> bool:
    return bool(getattr(block, "text", "") or getattr(block, "items", ()))


def _block(token: dict[str, Any]) -> Iterator[Block]:
    kind = token["type"]
    if kind == "list":
        items = tuple(filter(None, (_all(item["children"]) for item in token["children"])))
        yield Items(items, numbered=bool(token["attrs"].get("ordered")))
    elif kind == "block_quote":
        yield Quote(_all(token["children"]))
    else:
        yield Text(_all([token]))


def _all(tokens: list[dict[str, Any]], depth: int = 0) -> str:
    """The words of blocks, each on lines of its own; lists within lists are moved in."""
    lines = []
    for token in tokens:
        if token["type"] == "list":
            inner = (_all(item["children"], depth + 1) for item in token["children"])
            lines += [f"{'   ' * depth}– {line}" for line in inner if line]
        elif token["type"] == "block_quote":
            lines.append(_all(token["children"], depth))
        elif token["type"] not in _SKIPPED:
            lines.append(_inline(token).strip())
    return plain("\n".join(line for line in lines if line))


def _inline(token: dict[str, Any]) -> str:
    if token["type"] in ("linebreak", "softbreak"):
        return "\n"
    words = "".join(map(_inline, token["children"])) if "children" in token else str(token.get("raw", ""))
    url = str(token.get("attrs", {}).get("url", "")) if token["type"] == "link" else ""
    return f"{words} ({url})" if url and url not in (words, f"mailto:{words}", f"http://{words}") else words

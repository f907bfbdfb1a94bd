"""Whole texts, beside the tests, that are compared with what the service says now; --write-texts writes them anew.

One look at the difference tells everything that a change made of a document; and no word of it changes unseen.
"""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

# What no two runs have in common: hashes, keys, and the version of the service.
CHANCE = ((re.compile(r"\b[0-9a-f]{64}\b"), "<hash>"), (re.compile(r"\bsipvote \d+\.\d+[.\w]*"), "sipvote <version>"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-texts", action="store_true", help="write the texts beside the tests anew")


class Written:
    """The texts in the folder `texts` beside a test."""

    def __init__(self, folder: Path, write: bool) -> None:
        self.folder, self.write = folder, write

    def is_same(self, name: str, text: str) -> bool:
        """Whether a text is what was written down under this name."""
        for chance, sign in CHANCE:
            text = chance.sub(sign, text)
        path = self.folder / name
        if self.write:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        assert text == path.read_text(), f"--write-texts writes {name} anew; then see what changed"
        return True


@pytest.fixture
def written(request: pytest.FixtureRequest) -> Written:
    return Written(request.path.parent / "texts", request.config.getoption("--write-texts"))


class _Page(HTMLParser):
    """The words of a page's main part, a line for each thing; where links lead and what fields hold stands behind."""

    INLINE = frozenset(
        {"a", "abbr", "b", "bdi", "code", "em", "i", "mark", "small", "span", "strong", "sub", "sup", "time"}
    )
    MUTE = frozenset({"script", "style", "svg"})

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = [""]
        self.depth, self.mute = 0, 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.depth += tag == "main"
        self.mute += tag in self.MUTE
        if tag not in self.INLINE:
            self.lines.append("")
        if told.get("name") == "csrf_token":
            return
        if (told.get("class") or "").startswith("notice "):
            self._say(f"[{told['class']}] ")
        if tag in ("input", "button", "textarea", "select", "option", "progress"):
            kept = [tag, *(f"{name}={told[name]}" for name in ("type", "name", "value", "max") if told.get(name))]
            self._say(
                "<" + " ".join([*kept, *(name for name in ("checked", "selected", "disabled") if name in told)]) + ">"
            )
        for name in ("aria-label", "title", "alt"):
            if told.get(name):
                self._say(f"({told[name]})")
        if tag in ("a", "form") and (where := told.get("href") or told.get("action")):
            self._say(f"→ {where} ")

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag == "main"
        self.mute -= tag in self.MUTE
        if tag not in self.INLINE:
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        self._say(data)

    def _say(self, words: str) -> None:
        if self.depth and not self.mute:
            self.lines[-1] += words


def words_of(page: str) -> str:
    """What stands in the main part of a page, line by line."""
    reader = _Page()
    reader.feed(page)
    lines = (" ".join(line.split()) for line in reader.lines)
    return "".join(f"{line}\n" for line in lines if line)

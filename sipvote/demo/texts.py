"""The words of the demonstration: its themes, from themes.toml, and a question of the board, from questions.toml."""

import tomllib
from datetime import datetime
from functools import cache
from pathlib import Path

from ..themes.models import ThemeText

Words = dict[str, dict[str, dict[str, str]]]


@cache
def _all(name: str) -> Words:
    return tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text(encoding="utf-8"))


def question_of(key: str) -> dict[str, dict[str, str]]:
    """The words of a question that is answered by yes or no, by language."""
    return _all("questions")[key]


def texts_of(key: str, at: datetime) -> list[ThemeText]:
    """The texts of a theme, in each language that it was written in."""
    return [
        ThemeText(
            language=language, title=words["title"], question=words["question"], why=words["why"].strip(),
            change=words["change"].strip(), written_at=at,
        )
        for language, words in _all("themes")[key].items()
    ]  # fmt: skip


@cache
def titles_of() -> dict[str, str]:
    """{title in any language: key of the theme}."""
    return {words["title"]: key for key, spoken in _all("themes").items() for words in spoken.values()}

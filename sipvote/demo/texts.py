"""The words of the demonstration's themes, from themes.toml."""

import tomllib
from datetime import datetime
from functools import cache
from pathlib import Path

from ..themes.models import ThemeText


@cache
def _all() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads((Path(__file__).parent / "themes.toml").read_text(encoding="utf-8"))


def texts_of(key: str, at: datetime) -> list[ThemeText]:
    """The texts of a theme, in each language that it was written in."""
    return [
        ThemeText(
            language=language, title=words["title"], question=words["question"], why=words["why"].strip(),
            change=words["change"].strip(), written_at=at,
        )
        for language, words in _all()[key].items()
    ]  # fmt: skip

"""What the demonstration's recommendations say, in three languages; put together from outcomes.toml, and invented."""

import random
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ..themes.models import Theme
from .texts import titles_of

LANGUAGES = ("nl", "fr", "en")  # the order of the lists in outcomes.toml


class Idea(NamedTuple):
    """What is asked for about what: the same idea in another year is a repeat."""

    subjects: str
    subject: int
    action: int


@cache
def words() -> dict[str, Any]:
    """Everything in outcomes.toml."""
    return tomllib.loads((Path(__file__).parent / "outcomes.toml").read_text(encoding="utf-8"))


def some(subjects: str, number: int, chance: random.Random, without: Iterable[Idea] = ()) -> list[Idea]:
    """Draw ideas about the subjects of a theme, each once."""
    known, told = set(without), words()
    subjects = subjects if subjects in told["subjects"] else "any"
    every = [
        Idea(subjects, subject, action)
        for subject in range(len(told["subjects"][subjects]))
        for action in range(len(told["actions"]))
    ]
    free = [idea for idea in every if idea not in known]
    return chance.sample(free, min(number, len(free)))


def texts_of(idea: Idea, chance: random.Random) -> dict[str, dict[str, str]]:
    """The words of a recommendation by language; each says that it is invented."""
    told = words()
    subject, action = told["subjects"][idea.subjects][idea.subject], told["actions"][idea.action]
    why, for_whom = chance.choice(told["why"])["text"], told["for_whom"][chance.choice(list(told["for_whom"]))]
    made = {}
    for n, code in enumerate(LANGUAGES):
        text = action["text"][n].format(s=subject[n])
        made[code] = {
            "title": action["title"][n].format(s=subject[n]), "text": f"{text}\n\n{told['invented'][n]}",
            "why": why[n], "for_whom": for_whom[n],
        }  # fmt: skip
    return made


def large_of(subjects: str) -> str:
    """The large theme that a theme belongs to, by its key."""
    return str(words()["theme_of"].get(subjects, "democracy"))


def key_of(theme: Theme) -> str:
    """The key of a theme of themes.toml; 'any' for one that a visitor proposed."""
    keys: dict[str, str] = titles_of()
    return keys.get(theme.original_text.title, "any")


def said(list_: Sequence[Sequence[str]], chance: random.Random) -> dict[str, str]:
    """One of several sentences, by language."""
    return dict(zip(LANGUAGES, chance.choice(list_), strict=True))

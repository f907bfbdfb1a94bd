"""A card of the first page."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """One thing to do or to know; the first card of the page is the most urgent one."""

    title: str
    text: str
    url: str
    label: str
    is_main: bool = False

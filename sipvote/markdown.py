"""Markdown from members, made safe: rendered by mistune, then cleaned by nh3. Knows no room."""

from functools import lru_cache

import mistune
import nh3
from flask import Flask
from markupsafe import Markup

# What a proposal needs and no more: no images (they would call other hosts), no headings above the page's own.
TAGS = {"p", "br", "strong", "em", "del", "ul", "ol", "li", "blockquote", "a", "code", "pre", "hr"}
_render = mistune.create_markdown(escape=True, hard_wrap=True, plugins=["strikethrough", "url"])


@lru_cache(maxsize=1000)
def markdown(text: str) -> Markup:
    """Give safe HTML for a member's Markdown; links may only lead to https, http and mailto addresses.

    What many read is kept: a page of recommendations has a hundred texts.
    """
    html = nh3.clean(
        str(_render(text)),
        tags=TAGS,
        attributes={"a": {"href"}, "*": set()},
        url_schemes={"https", "http", "mailto"},
        link_rel="nofollow noopener noreferrer",
    )
    return Markup(html)  # noqa: S704  (nh3 has cleaned it)


def init_app(app: Flask) -> None:
    """Add the filter `markdown` to templates."""
    app.jinja_env.filters["markdown"] = markdown

"""What members write in Markdown: no script, no picture from elsewhere, no link but to the web or by mail."""

from html.parser import HTMLParser
from urllib.parse import urlsplit

from sipvote.markdown import TAGS, markdown
from tests.assurance.web import payloads


class Elements(HTMLParser):
    """Every element of a piece of HTML, with its attributes as a browser reads them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def leads_away(href: str) -> bool:
    """Whether a browser would follow it anywhere but to the web or a mail program."""
    bare = "".join(c for c in href if c > " ").lower()
    scheme = urlsplit(bare).scheme
    return scheme not in ("http", "https", "mailto", "") or ("javascript:" in bare.partition("/")[0])


def wrong(text: str) -> list[str]:
    elements, link = Elements(str(markdown(text))).found, {("a", "href"), ("a", "rel")}
    return [
        *(tag for tag, _ in elements if tag not in TAGS),
        *(f"{tag} {name}" for tag, given in elements for name in given if (tag, name) not in link),
        *(href for _, given in elements if leads_away(href := given.get("href") or "")),
    ]


def test_nothing_that_runs_or_loads_comes_through() -> None:
    every = payloads.markdown()
    assert len(every) >= 600 and len(set(every)) >= 550
    assert {text: found for text in every if (found := wrong(text))} == {}


def test_the_look_itself_sees_what_would_be_wrong() -> None:
    for html in ("<script>", "<img src=x>", '<a onclick=x href="https://x">', '<a href="java&Tab;script:x">'):
        (tag, given), *_rest = Elements(html).found
        assert tag not in TAGS or set(given) - {"href", "rel"} or leads_away(given.get("href") or ""), html

"""What somebody hostile might type: made here by rules, not copied from a list, so that one sees what is covered."""

import itertools
import random

SEED = 6
RUN = "window.hit=1"
SCHEMES = ("javascript", "vbscript", "data", "file", "blob", "about", "filesystem", "ftp", "intent", "view-source")
BODIES = {"data": f"text/html,<script>{RUN}</script>", "vbscript": "MsgBox(1)", "file": "///etc/passwd"}
TAGS = (
    "script",
    "img",
    "svg",
    "iframe",
    "object",
    "embed",
    "math",
    "style",
    "link",
    "base",
    "meta",
    "form",
    "input",
    "video",
    "audio",
    "details",
    "template",
    "body",
    "marquee",
    "isindex",
    "frameset",
    "portal",
    "x",
)
HANDLERS = ("onerror", "onload", "onclick", "onmouseover", "ontoggle", "onfocus", "onbegin", "onanimationstart")
FRAMES = (
    "{}",
    "**{}**",
    "> {}",
    "- {}",
    "1. {}",
    "~~{}~~",
    "# {}",
    "[{}](https://example.org/)",
    "    {}",
    "`{}`",
    "<!-- {} -->",
    "<p>{}",
    "</p>{}",
    "*a*{}",
    "|a|b|\n|-|-|\n|{}|c|",
)


def _spelled(scheme: str, chance: random.Random) -> list[str]:
    """The ways to write a scheme that some reader somewhere takes for it."""
    first, rest = scheme[0], scheme[1:]
    mixed = "".join(c.upper() if chance.random() < 0.5 else c for c in scheme)
    return [
        scheme,
        mixed,
        f"&#{ord(first)};{rest}",
        f"&#x{ord(first):x};{rest}",
        f"&#{ord(first):07d}{rest}",
        f"{first}\t{rest}",
        f"{first}&Tab;{rest}",
        f"{first}&NewLine;{rest}",
        f" {scheme}",
        f"\x01{scheme}",
        f"%{ord(first):02x}{rest}",
        f"{first}\\{rest}",
        f"\u200b{scheme}",
        f"{first}\u00ad{rest}",
    ]


def _links(chance: random.Random) -> list[str]:
    """Addresses in every form of link that Markdown or HTML knows."""
    found = []
    for scheme in SCHEMES:
        body = BODIES.get(scheme, RUN)
        for spelled, colon in itertools.product(_spelled(scheme, chance), (":", "&colon;", "&#58;")):
            address = f"{spelled}{colon}{body}"
            shapes = (
                f"[x]({address})",
                f"[x](<{address}>)",
                f"<{address}>",
                f"![x]({address})",
                f"[x][1]\n\n[1]: {address}",
                f'<a href="{address}">x</a>',
                f"<a href={address}>x</a>",
                f"[x]({address} 'y')",
            )
            found.append(chance.choice(shapes))
    return found


def _tags(chance: random.Random) -> list[str]:
    """Elements with handlers, whole, broken, nested and spelled oddly."""
    found = []
    for tag, handler in itertools.product(TAGS, HANDLERS):
        src = "//evil.example/x"
        name = "".join(c.upper() if chance.random() < 0.3 else c for c in tag)
        shapes = (
            f"<{name} {handler}={RUN} src={src}>",
            f"<{name}/{handler}='{RUN}'/>",
            f'<{name}\n{handler}\n=\n"{RUN}"',
            f"<{name}<{name} {handler}={RUN}>",
            f"<<{name} {handler}={RUN}//<",
            f"</{name} {handler}={RUN}>",
            f"<{name}>{RUN}</{name}>",
            f"&lt;{name} {handler}={RUN}&gt;",
            f"<a><{name} {handler}={RUN}></a>",
            f'<a title="`<{name} {handler}={RUN}>`">',
            f"<{name} style=background:url({src}) {handler}={RUN}>",
        )
        found.append(chance.choice(shapes))
    return found


def _pictures() -> list[str]:
    """Pictures and links that leave a quotation mark open, and pictures from elsewhere."""
    far = "evil.example/p.png"
    return [
        f"![x](https://{far})",
        f"![x](//{far})",
        f'![x](http://{far} "a")',
        f"![x][p]\n\n[p]: https://{far}",
        f"[![x](https://{far})](https://example.org)",
        f"<img src=https://{far}>",
        f"<picture><source srcset=//{far}>",
        f'[x](https://example.org/"onmouseover="{RUN})',
        f"[x](https://example.org '\"onmouseover=\"{RUN}')",
        f"[x](https://example.org/`onmouseover={RUN}`)",
        f'https://example.org/"onmouseover={RUN}',
        "[x](//evil.example)",
        "[x](\\\\evil.example)",
        "[" * 500 + "x" + "](y)" * 500,
        "<" * 1000,
        "*" * 999 + "a",
        "\0<script>",
    ]


def markdown() -> list[str]:
    """Every payload, each in a frame: inside a list, a quotation, a heading, another link."""
    chance = random.Random(SEED)
    bare = [*_links(chance), *_tags(chance), *_pictures()]
    return [text for text in (chance.choice(FRAMES).format(text) for text in bare) if text.isprintable() or text]


PATHS = (
    "//evil.example",
    "///evil.example",
    "////evil.example/%2f..",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "https://evil.example",
    "http://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "http:///evil.example",
    "HTTPS://evil.example",
    "//evil.example@localhost",
    "http://localhost@evil.example",
    "http://localhost.evil.example/",
    "http://localhost:80@evil.example",
    "http://evil.example#@localhost",
    "http://evil.example?http://localhost/",
    "http://localhost//evil.example",
    "http://localhost\\@evil.example",
    "http://localhost/\\evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\nLocation: https://evil.example",
    "/%0d%0aSet-Cookie: a=b",
    "\t//evil.example",
    " //evil.example",
    "\u3000//evil.example",
    "/\u2028/evil.example",
    "//evil%E3%80%82example",
    "/\x00/evil.example",
    "//[::1]@evil.example",
    "evil.example",
    "./evil.example",
    "?next=//evil.example",
    "/.//evil.example",
    "/en/..//evil.example",
    "//0x7f.1/",
    "ftp://evil.example",
    "blob:https://evil.example/x",
    "mailto:x@evil.example",
)
STRANGE = (
    "",
    "0",
    "-1",
    "1",
    "99999999999999999999",
    "2147483648",
    "1e9",
    "1.5",
    "NaN",
    "true",
    "null",
    "[]",
    "{}",
    "' OR 1=1--",
    '"',
    "%",
    "%00",
    "\0",
    "\x1b[31m",
    "é" * 300,
    "😀",
    "\u202e",
    "../../etc/passwd",
    "a" * 5000,
    "{{7*7}}",
    "2026-02-30",
    "0000-00-00",
    "9999-12-31",
    "10000-01-01",
    "2026-13-45T99:99",
    "<b>",
    "nl",
    "xx",
    "csv",
    " ",
    "\r\n",
    "_",
    "١٢٣",
    "²",
    "+1",
    "0x10",
    "1_000",
)

"""Contrast, the slowest question of axe, asked once about each kind of text and not again on every page.

The header, the foot and the year stand on every page, and a list has a hundred rows alike. What colours a text has is
decided by its element and by those around it: their names, classes and states. Two texts that agree in all of these,
in a window of the same width, are of one kind.
"""

from playwright.sync_api import Page

# The rules of axe whose answer can change when only the colours do.
RULES = ("color-contrast", "link-in-text-block")
TEXTS = """[...document.body.querySelectorAll("*")].filter(element =>
    element.matches("input, select, textarea")
    || [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()))"""
# Attributes that say where something leads or what it is called, never how it looks.
NO_LOOK = [
    "href",
    "hreflang",
    "src",
    "action",
    "for",
    "name",
    "value",
    "title",
    "alt",
    "datetime",
    "lang",
    "nonce",
    "placeholder",
    "autocomplete",
    "aria-label",
    "aria-labelledby",
    "aria-describedby",
    "aria-controls",
]
# What the style sheet asks of an element besides its attributes.
STATES = (":checked", ":has(:checked)", ":disabled", ":invalid", ":focus", ":first-child")
KINDS = """([noLook, states]) => {
    const known = new Map(), skip = new Set(noLook);
    const kind = element => {
        if (!element) return "";
        if (!known.has(element)) {
            const looks = [...element.attributes].filter(a => !skip.has(a.name)).map(a => `${a.name}=${a.value}`);
            const now = states.filter(state => element.matches(state));
            const own = [element.localName, ...looks, ...now].join(" ").replace(/\\d+/g, "N");
            known.set(element, `${kind(element.parentElement)} > ${own}`);
        }
        return known.get(element);
    };
    return TEXTS.map(kind);
}""".replace("TEXTS", TEXTS)
RUN = """([which, rules]) => {
    const texts = TEXTS;
    const options = {reporter: "no-passes", preload: false, runOnly: rules};
    return axe.run({include: which.map(n => texts[n])}, options).then(found => found.violations.flatMap(
        rule => rule.nodes.map(node => `${rule.id}: ${node.html.slice(0, 120)}`)));
}""".replace("TEXTS", TEXTS)


def unseen(page: Page, seen: set[tuple[int, str]]) -> list[int]:
    """The numbers of the texts on the page that are the first of their kind; they are of the seen from now on."""
    assert page.viewport_size is not None
    width, first = page.viewport_size["width"], []
    for number, kind in enumerate(page.evaluate(KINDS, [NO_LOOK, STATES])):
        if (width, kind) not in seen:
            seen.add((width, kind))
            first.append(number)
    return first


def faults(page: Page, which: list[int]) -> list[str]:
    """What axe finds in the colours of these texts, in light and in dark."""
    if not which:
        return []
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found += [f"{fault} (in {scheme})" for fault in page.evaluate(RUN, [which, list(RULES)])]
    page.emulate_media(color_scheme="light")
    return found

"""A browser for machines: it asks for pages, fills in the forms that stand on them, and follows where it is sent.

It can send only what a page offers: a form that is not there, or a choice that the form does not have,
ends the rehearsal. No scripts run, so this is also the year as somebody without JavaScript walks it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

HOPS = 5
PATIENCE = 60  # seconds
# What a form may be given for a field: a text or one choice, several ticks, or a file as (name, content).
Given = str | Sequence[str] | tuple[str, bytes]


class Broken(Exception):
    """Something is not as people could use it; the text says what."""


@dataclass
class Control:
    """Something in a form that has a name: a field, a tick, an option of a list."""

    name: str
    value: str
    kind: str
    is_on: bool = True
    label: str = ""
    id: str = ""


class _Reader(HTMLParser):
    """Reads the controls of one form, with their labels."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.controls: list[Control] = []
        self.actions: list[str] = []  # other addresses that a button of the form sends it to
        self.labels: dict[str, str] = {}
        self._words: list[tuple[str, str, list[str]]] = []  # elements whose text is wanted: tag, name, text
        self._select = ""
        self.feed(source)
        for control in self.controls:
            control.label = control.label or self.labels.get(control.id, "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {name: value or "" for name, value in attrs}
        name, kind = a.get("name", ""), a.get("type", "text")
        if tag == "input" and name and "disabled" not in a:
            ticked = kind not in ("checkbox", "radio") or "checked" in a
            self.controls.append(Control(name, a.get("value", ""), kind, ticked, id=a.get("id", "")))
        elif tag == "select":
            self._select = name
        elif tag == "button":
            self._read_button(a)
        elif tag in ("label", "option", "textarea"):
            self._words.append((tag, a.get("for", "") or name, []))
            if tag == "option":
                self.controls.append(Control(self._select, a.get("value", ""), tag, "selected" in a))
            elif tag == "textarea":
                self.controls.append(Control(name, "", tag, id=a.get("id", "")))

    def _read_button(self, a: dict[str, str]) -> None:
        if "formaction" in a:
            self.actions.append(a["formaction"])
        if name := a.get("name"):  # a button that says something: it is sent when it is the one that is pressed
            self.controls.append(Control(name, a.get("value", ""), "button", is_on=False))

    def handle_data(self, data: str) -> None:
        for _tag, _name, words in self._words:
            words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if not self._words or self._words[-1][0] != tag:
            return
        _tag, name, words = self._words.pop()
        text = "".join(words)
        if tag == "label":
            self.labels[name] = " ".join(text.split())
        elif tag == "option":
            self.controls[-1].label = " ".join(text.split())
        elif tag == "textarea":
            self.controls[-1].value = text.removeprefix("\n")


@dataclass(frozen=True)
class Form:
    """One form of a page; it is read closely only when somebody fills it in."""

    source: str
    page: str

    @cached_property
    def _opening(self) -> dict[str, str]:
        tag = self.source[: self.source.index(">")]
        return {name: unescape(value) for name, value in re.findall(r'([a-z-]+)="([^"]*)"', tag)}

    @property
    def action(self) -> str:
        return urljoin(self.page, self._opening.get("action", ""))

    @property
    def is_post(self) -> bool:
        return self._opening.get("method", "get").lower() == "post"

    @cached_property
    def _read(self) -> _Reader:
        return _Reader(self.source)

    @property
    def controls(self) -> list[Control]:
        return self._read.controls

    def other_action(self, ending: str) -> str:
        """The address that another button of this form sends it to (a regular expression for its end)."""
        found = [urljoin(self.page, action) for action in self._read.actions if re.search(f"{ending}$", action)]
        if not found:
            raise Broken(f"{self.page}: the form {self.action} has no button for {ending}")
        return found[0]

    def choices(self, name: str) -> dict[str, str]:
        """The choices that a list of ticks, radio buttons or options offers: {value: label}."""
        return {c.value: c.label for c in self.controls if c.name == name}

    def filled(self, given: Mapping[str, Given]) -> tuple[list[tuple[str, str]], dict[str, Given]]:
        """What a browser would send: (fields, files). A choice is given by its value, or by how its label begins."""
        if unknown := given.keys() - {c.name for c in self.controls}:
            raise Broken(f"{self.page}: the form {self.action} has no field {', '.join(sorted(unknown))}")
        fields, files, done = [], {}, set()
        for control in self.controls:
            wanted = given.get(control.name)
            if control.kind == "file":
                if wanted is not None:
                    files[control.name] = wanted
            elif wanted is None or control.kind in ("checkbox", "radio", "option", "button"):
                if wanted is None and control.is_on:
                    fields.append((control.name, control.value))
            else:
                fields.append((control.name, str(wanted)))
                done.add(control.name)
        for name in given.keys() - done - files.keys():
            fields += [(name, value) for value in self._picked(name, given[name])]
        return [*fields, *self._first_options({name for name, _value in fields})], files

    def _picked(self, name: str, wanted: Given) -> list[str]:
        offered = self.choices(name)
        picked = []
        for each in [wanted] if isinstance(wanted, str) else wanted:
            label = str(each)
            found = [v for v in offered if v == label] or [v for v, said in offered.items() if said.startswith(label)]
            if not found:
                raise Broken(f"{self.page}: “{label}” cannot be chosen for {name}")
            picked.append(found[0])
        return picked

    def _first_options(self, sent: set[str]) -> list[tuple[str, str]]:
        """A list of options always sends one: the first, when none is selected."""
        firsts: dict[str, str] = {}
        for control in self.controls:
            if control.kind == "option" and control.name not in sent:
                firsts.setdefault(control.name, control.value)
        return list(firsts.items())


class Page:
    """A page as it came: its address, its status and what stands on it."""

    def __init__(self, url: str, response: requests.Response) -> None:
        self.url, self.status, self.content = url, response.status_code, response.content
        self.kind = response.headers.get("Content-Type", "")

    @cached_property
    def html(self) -> str:
        return self.content.decode()

    @cached_property
    def _main(self) -> str:
        begins, ends = self.html.find("<main"), self.html.find("</main>")
        return self.html[begins:ends] if begins >= 0 else self.html

    @cached_property
    def text(self) -> str:
        """The words in the middle of the page, on one line."""
        return words_of(self._main)

    @property
    def title(self) -> str:
        """The first heading."""
        found = re.search(r"<h1[^>]*>(.*?)</h1>", self._main, re.S)
        return words_of(found[1]) if found else ""

    @cached_property
    def forms(self) -> list[Form]:
        return [Form(source, self.url) for source in re.findall(r"<form\b.*?</form>", self.html, re.S)]

    def form(self, ending: str) -> Form:
        """The form whose action ends so (a regular expression), as people find it by its button."""
        for form in self.forms:
            if re.search(f"{ending}$", form.action):
                return form
        raise Broken(f"{self.url} ({self.title}): there is no form for {ending}. It says: {self.text[:300]}")

    def has_form(self, ending: str) -> bool:
        return any(re.search(f"{ending}$", form.action) for form in self.forms)

    def links(self, ending: str) -> dict[str, str]:
        """Links whose address ends so (a regular expression): {address: words}."""
        found = re.findall(r'<a\b[^>]*?href="([^"]+)"[^>]*>(.*?)</a>', self._main, re.S)
        hrefs = {urljoin(self.url, unescape(href)): words_of(inner) for href, inner in found}
        return {href: words for href, words in hrefs.items() if re.search(f"{ending}$", href)}

    def link(self, ending: str, words: str = "") -> str:
        """The first link that ends so, and holds these words."""
        for href, said in self.links(ending).items():
            if words in said:
                return href
        raise Broken(f"{self.url} ({self.title}): there is no link to {ending} {words}".rstrip())


def words_of(html: str) -> str:
    """HTML without its tags, on one line."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


class Browser:
    """One person's browser, behind a proxy that speaks TLS with it: the server is told so, as in real life."""

    def __init__(self, base_url: str) -> None:
        self._base = base_url  # https://…, as in the mails
        self._wire = base_url.replace("https://", "http://")
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["X-Forwarded-Proto"] = "https"
        self.requests = 0
        self.when_asked: Callable[[Page, int], Page] = lambda page, _expect: page  # answers what comes in between
        self._here = ""

    def get(self, path: str, expect: int = 200) -> Page:
        """Open a page. Raises Broken when its status is another one."""
        return self._arrive(self._send("GET", path), expect)

    def submit(self, form: Form, given: Mapping[str, Given] | None = None, expect: int = 200, press: str = "") -> Page:
        """Fill in a form and press its button, or another one that sends it to `press`.

        Raises Broken when the page that follows has another status.
        """
        fields, files = form.filled(given or {})
        action = form.other_action(press) if press else form.action
        self._here = form.page
        if form.is_post:
            return self._arrive(self._send("POST", action, data=fields, files=files or None), expect)
        return self._arrive(self._send("GET", action, params=fields), expect)

    def tab(self) -> "Browser":
        """Another tab: the same person, who can press two buttons at once."""
        other = Browser(self._base)
        other._session.cookies.update(self._session.cookies)
        other._session.headers.update(self._session.headers)
        return other

    def come_from(self, address: str) -> None:
        """Let the proxy before the server say that this browser has another address: that of a hall, for example."""
        self._session.headers["X-Forwarded-For"] = address

    def close(self) -> None:
        """End the connection; the cookies stay."""
        self._session.close()

    def _send(self, method: str, path: str, **what: Any) -> requests.Response:
        headers = {"Referer": self._base + self._here} if self._here else {}
        # Said here, because requests would keep Secure cookies from the http on the last yards behind the proxy.
        if self._session.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._session.cookies.items())
        self.requests += 1
        try:
            return self._session.request(
                method, self._wire + path, headers=headers, allow_redirects=False, timeout=PATIENCE, **what
            )
        except requests.RequestException as fault:
            raise Broken(f"{path} cannot be reached: {type(fault).__name__}") from None

    def _arrive(self, response: requests.Response, expect: int) -> Page:
        for _hop in range(HOPS):
            if response.status_code not in (301, 302, 303):
                break
            address = urljoin(response.url, response.headers["Location"])
            if not address.startswith((self._wire, self._base)):
                raise Broken(f"sent away to {address}")
            response = self._send("GET", _path(address))
        page = Page(_path(response.url), response)
        self._here = page.url
        page = self.when_asked(page, expect)
        if page.status != expect:
            raise Broken(f"{page.url} answers {page.status}, not {expect}: {page.title}. {page.text[:400]}")
        return page


def _path(address: str) -> str:
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")

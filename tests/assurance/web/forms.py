"""The forms on pages: read as a browser reads them, and filled in as somebody who means it would."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

Fields = dict[str, list[str]]


@dataclass
class Form:
    """A form as it stands on a page: where it is sent, what it sends, and what one may type into it."""

    action: str
    method: str
    fields: Fields = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)  # name → type, of what is typed or attached
    choices: Fields = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.page, self.forms, self.form = page, [], None
        self.area: str | None = None
        self.select: str | None = None
        self.by_id: dict[str, Form] = {}

    forms: list[Form]
    form: Form | None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form = Form(said.get("action") or self.page, said.get("method", "get").lower())
            self.forms.append(self.form)
            self.by_id[said.get("id", "")] = self.form
            return
        form = self.by_id.get(said["form"]) if "form" in said else self.form
        name = said.get("name", "")
        if tag == "option" and self.select and self.form:
            self.form.choices.setdefault(self.select, []).append(said.get("value", ""))
            if "selected" in said:
                self.form.fields.setdefault(self.select, []).append(said.get("value", ""))
        if form is None or not name or "disabled" in said:
            return
        if tag == "select":
            self.select = name
        elif tag == "textarea":
            self.area = name
            form.typed[name] = "textarea"
            form.fields[name] = [""]
        elif tag == "input":
            self._input(form, name, said)
        elif tag == "button" and "value" in said:
            form.choices.setdefault(name, []).append(said["value"])

    def _input(self, form: Form, name: str, said: dict[str, str]) -> None:
        kind, value = said.get("type", "text"), said.get("value", "")
        if kind in ("radio", "checkbox"):
            form.choices.setdefault(name, []).append(value or "on")
            if "checked" in said:
                form.fields.setdefault(name, []).append(value or "on")
        elif kind == "hidden":
            form.fields.setdefault(name, []).append(value)
        elif kind != "submit":
            form.typed[name] = kind
            form.fields.setdefault(name, []).append(value)

    def handle_data(self, data: str) -> None:
        if self.area and self.form:
            self.form.fields[self.area][-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.area and self.form:
            self.form.fields[self.area] = [self.form.fields[self.area][0].removeprefix("\r").removeprefix("\n")]
            self.area = None
        elif tag == "select":
            if self.form and self.select and self.select not in self.form.fields:
                self.form.fields[self.select] = self.form.choices.get(self.select, [])[:1]
            self.select = None
        elif tag == "form":
            self.form = None


def forms_of(page: str, html: str) -> list[Form]:
    """The forms of a page; `page` is its address, where a form without an action goes."""
    reader = _Reader(page)
    reader.feed(html)
    return reader.forms


def plausible(name: str, kind: str) -> str:
    """What somebody who means it types into an empty field."""
    soon = datetime.now(UTC) + timedelta(days=10)
    if "url" in name:
        kind = "url"
    fixed = {
        "date": soon.date().isoformat(), "datetime-local": soon.strftime("%Y-%m-%dT%H:%M"), "time": "18:00",
        "number": "2", "email": "ada@example.org", "file": "", "url": "https://example.org/",
    }  # fmt: skip
    return fixed.get(kind, "Words that mean something")


def _is_prose(name: str, kind: str) -> bool:
    return kind in ("text", "textarea") and "url" not in name and name not in ("code", "number", "numbers")


def filled(form: Form) -> Fields:
    """What the form sends when everything empty is filled in: each choice is made, each field has words."""
    sent = {name: list(values) for name, values in form.fields.items()}
    for name, kind in form.typed.items():
        sent[name] = [f"{value} too" if value and _is_prose(name, kind) else value or plausible(name, kind)
                      for value in sent[name]]  # fmt: skip
    for name, choices in form.choices.items():
        if not [value for value in sent.get(name, []) if value]:
            sent[name] = [value for value in choices if value][:1]
    sent.pop("csrf_token", None)
    return sent

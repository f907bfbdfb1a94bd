"""The bundle as a document for the board, made of its content alone, in the page's language."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from ..documents import (
    PAGE,
    PAGES,
    Block,
    Codes,
    Contents,
    Document,
    Heading,
    Items,
    Notice,
    Table,
    Text,
    plain,
    with_contents,
)
from ..i18n import colon, dated, language, language_name, names, number, semicolon
from ..paragraphs import blocks
from . import bundle_content

Facts = dict[str, Any]


def document(content: Facts, digest: str | None) -> Document:
    """The whole document; without a digest it is what would be submitted, and says so."""
    parts = [*_beginning(content, digest), *_contents(content)]
    for theme in content["themes"]:
        parts += _theme(theme)
    parts += [*_missing(content), *_proof(digest)]
    title = plain(_("Recommendations of %(edition)s, for the board of directors", edition=content["edition"]))
    spelled = _("A sign that this file cannot show stands as its number in Unicode, such as [U+1F389].")
    page = _("Page %(n)s of %(all)s", n=PAGE, all=PAGES)
    return Document(title, language(), with_contents(parts), author="Smart", page=page, spelled_note=spelled)


def _said(texts: dict[str, Any], original: str) -> tuple[Any, str]:
    """The words in the page's language, else in the original one; with the language they are in."""
    code = language() if language() in texts else original
    return texts[code], code


def _title_of(theme: Facts) -> str:
    return plain(_said(theme["titles"], theme["original"])[0])


def _beginning(content: Facts, digest: str | None) -> Iterator[Block]:
    if content["submitted_at"] is None or digest is None:
        yield Notice(_("Draft: not submitted yet. Texts and numbers can still change."))
    else:
        moment = dated(datetime.fromisoformat(content["submitted_at"]))
        yield Text(_("Submitted to the board of directors on %(moment)s.", moment=moment))
    foreword = content["foreword"].get(language()) or next(filter(None, content["foreword"].values()), "")
    if foreword:
        yield Heading(_("Foreword"))
        yield from blocks(foreword)


def _contents(content: Facts) -> Iterator[Block]:
    yield Contents(_("Contents"))
    yield Heading(_("In figures"))
    rows = tuple(
        (_title_of(theme), _places(theme), number(_people(theme)), _numbers(theme)) for theme in content["themes"]
    )
    if not rows:
        yield Text(_("No group has adopted its recommendations yet."))
        return
    count = bundle_content.count(content)
    people = sum(_people(theme) for theme in content["themes"])
    recommendations = ngettext("%(num)s recommendation", "%(num)s recommendations", count)
    yield Text(recommendations + " · " + ngettext("%(num)s person", "%(num)s people", people))
    headings = (_("Theme"), _("Groups"), _("People"), _("Numbers"))
    yield Table(_("Themes, groups, and the numbers of their recommendations"), headings, rows, (2,), (0, 1))


def _groups(theme: Facts) -> list[Facts]:
    return [group for draft in theme["drafts"] for group in draft["groups"]]


def _places(theme: Facts) -> str:
    return f"{semicolon()} ".join(plain(group["place"][language()]) for group in _groups(theme))


def _people(theme: Facts) -> int:
    return sum(group["people"] for group in _groups(theme))


def _numbers(theme: Facts) -> str:
    """'3–7', or '3'."""
    found = [each["number"] for draft in theme["drafts"] for each in draft["recommendations"]]
    return (f"{found[0]}–{found[-1]}" if len(found) > 1 else str(found[0])) if found else "–"


def _theme(theme: Facts) -> Iterator[Block]:
    yield Heading(_("Theme: %(title)s", title=_title_of(theme)), new_page=True)
    for draft in theme["drafts"]:
        yield from _draft(draft)


def _draft(draft: Facts) -> Iterator[Block]:
    headings = (_("Group"), _("People"), _("Meetings"))
    rows = tuple(
        (plain(group["place"][language()]), number(group["people"]), number(group["meetings"]))
        for group in draft["groups"]
    )
    yield Table(_("Who wrote this"), headings, rows, (1, 2))
    if draft["adopted_at"]:
        yield Text(_("Adopted on %(moment)s.", moment=dated(datetime.fromisoformat(draft["adopted_at"]))))
    for each in draft["recommendations"]:
        yield from _recommendation(each, [note for note in draft["notes"] if note["about"] == each["number"]])
    general = [note for note in draft["notes"] if note["about"] is None]
    if general:
        yield Heading(_("Minority notes on the whole text"), level=2, listed=False)
        for note in general:
            yield from _note(note)
    yield from _remarks(draft["remarks"])


def _recommendation(each: Facts, notes: list[Facts]) -> Iterator[Block]:
    words, code = _said(each["texts"], each["original"])
    title = plain(words["title"])
    yield Heading(_("Recommendation %(number)s. %(title)s", number=each["number"], title=title), level=2)
    if code != language():
        yield Notice(_("This text is in %(language)s: it has not been translated.", language=language_name(code)))
    yield from blocks(words["text"])
    if words["why"].strip():
        yield Text(_("Why:"))
        yield from blocks(words["why"])
    if words["for_whom"].strip():
        yield Text(_("For whom: %(people)s", people=plain(words["for_whom"])))
    if each["groups"]:
        yield Text(_("Written by: %(groups)s", groups=names(plain(place[language()]) for place in each["groups"])))
    for note in notes:
        yield from _note(note)


def _note(note: Facts) -> Iterator[Block]:
    yield Text(_("Minority note by %(name)s:", name=plain(note["name"]) or _("a former member")))
    yield from blocks(note["text"])


def _remarks(remarks: Facts) -> Iterator[Block]:
    yield Heading(_("What members remarked"), level=2, listed=False)
    if not remarks["count"]:
        yield Text(_("No member remarked on the published text."))
        return
    yield Text(" ".join([
        ngettext("Members made %(num)s remark.", "Members made %(num)s remarks.", remarks["count"]),
        ngettext("%(num)s was taken up.", "%(num)s were taken up.", remarks["taken_up"]),
    ]))  # fmt: skip
    for each in remarks["main"]:
        about = _("On recommendation %(number)s:", number=each["about"]) if each["about"] else _("On the whole text:")
        said = " ".join(plain(each["text"]).split())
        taken = _("Taken up:") if each["taken_up"] else _("Not taken up:")
        yield Items((f"{about} {_short(said)}", f"{taken} {' '.join(plain(each['answer']).split())}"))


def _short(text: str, most: int = 400) -> str:
    return text if len(text) <= most else f"{text[:most].rpartition(' ')[0]} …"


def _missing(content: Facts) -> Iterator[Block]:
    if not content["missing"]:
        return
    far = {
        "none": _("has not begun to write"),
        "draft": _("is writing"),
        "published": _("has published a text, and not adopted it"),
    }
    yield Heading(_("What is missing"), new_page=True)
    yield Text(_("These groups had not adopted their recommendations:"))
    yield Items(tuple(
        f"{_title_of(each)}, {plain(each['group']['place'][language()])}{colon()} {far[each['far']]}"
        for each in content["missing"]
    ))  # fmt: skip


def _proof(digest: str | None) -> Iterator[Block]:
    if digest is None:
        return
    yield Heading(_("Proof"))
    yield Text(
        _(
            "This document holds what was submitted and nothing else. Its content is kept as a file, bundle.json;"
            " whoever works out the SHA-256 of that file finds this number:"
        )
    )
    yield Codes((("SHA-256", digest),))

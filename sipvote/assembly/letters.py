"""The words of a mailing: an organiser's text in each language, with {words} that are filled in for each member.

The texts to start from are files like those of every letter, templates/mail/<kind>.<language>.txt.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select

from .. import mail
from ..editions.models import Edition
from ..i18n import in_language, language, moment, names, span
from . import links
from .models import Assembly
from .rules import of_edition

SUBJECT_LONGEST, BODY_LONGEST = 150, 10000
WORD = re.compile(r"\{([^{}\n]{0,40})\}")
# The words that every kind of letter knows, and what is filled in for them.
WORDS: dict[str, Any] = {
    "name": _l("the member’s name"),
    "number": _l("the member’s number"),
    "link": _l("the personal link, which signs in after a click"),
    "page": _l("the address of the page about the vote"),
    "contact": _l("the address that members may write to"),
    "edition": _l("the years of the edition, such as 2026–27"),
    "vote_from": _l("when the vote opens"),
    "vote_until": _l("when the vote closes"),
}
ASSEMBLY_WORDS: dict[str, Any] = {
    "date": _l("the day and the hours of the assembly"),
    "place": _l("the place of the assembly"),
    "agenda": _l("the agenda, one item a line"),
    "follow": _l("where one follows the assembly from elsewhere"),
}
OWN = ("name", "number", "link")  # these differ from member to member
ONE_LINE = ("name", "date", "place", "edition", "vote_from", "vote_until")  # these may stand in a subject


@dataclass(frozen=True)
class Kind:
    """A kind of mailing: whom it is for, what its letter tells, and when it may be sent.

    `whom` gives the SELECT of the ids of its members, `facts` what is filled in for its own `words`, in the language
    in force; `settings` what its default text (the letter `name`) asks about. `why_not` says why it cannot be sent at
    a moment, or (None) tried at all.
    """

    name: str
    title: Any
    about: Any
    whom: Callable[[Edition], Select[Any]]
    why_not: Callable[[Edition, datetime | None], str | None]
    words: Mapping[str, Any]
    facts: Callable[[Edition], dict[str, str]]
    settings: Callable[[Edition], dict[str, Any]]

    @property
    def all_words(self) -> dict[str, Any]:
        """Every word of this letter, with what is filled in for it."""
        return {**WORDS, **self.words}


class FormLetter(NamedTuple):
    """A letter in one language, cut at its words: text, word, text, word, … text."""

    subject: list[str]
    body: list[str]

    def filled(self, facts: Mapping[str, str]) -> tuple[str, str]:
        """Subject and body for one member. What is filled in is never read for words again."""
        subject, body = ("".join(_fill(parts, facts)) for parts in self)
        return " ".join(subject.split())[:300], body


def _fill(parts: list[str], facts: Mapping[str, str]) -> Iterable[str]:
    return (facts[part] if at % 2 else part for at, part in enumerate(parts))


def words_in(text: str) -> list[str]:
    """The words between braces, each once, in the order in which they come."""
    return list(dict.fromkeys(WORD.findall(text)))


def why_not_words(text: str, known: Iterable[str]) -> str | None:
    """What is wrong with the words between braces, or None."""
    known = list(known)
    unknown = next((word for word in words_in(text) if word not in known), None)
    if unknown is None:
        return None
    those = names(f"{{{word}}}" for word in known)
    return _("“{%(word)s}” cannot be filled in. What can: %(words)s.", word=unknown, words=those)


def why_not_text(kind: Kind, subject: str, body: str) -> str | None:
    """What is wrong with a text, or None."""
    if not subject.strip() or not body.strip():
        return _("A letter needs a subject and a text.")
    if len(subject) > SUBJECT_LONGEST or len(body) > BODY_LONGEST:
        return _("This letter is too long.")
    known = [word for word in kind.all_words if word in ONE_LINE]
    return why_not_words(subject, known) or why_not_words(body, kind.all_words)


def default_text(kind: Kind, edition: Edition, language: str) -> dict[str, str]:
    """The text to start from, as the assembly's settings make it."""
    subject, body = mail.write(kind.name, language, **kind.settings(edition))
    # A line that was left out leaves two empty lines behind.
    return {"subject": subject, "body": re.sub(r"\n{3,}", "\n\n", body)}


def facts_for(kind: Kind, edition: Edition, language: str) -> dict[str, str]:
    """What is filled in for everybody in a language."""
    with in_language(language):
        return {
            "page": mail.link("voting.index", language, year=edition.year),
            "contact": current_app.config["CONTACT"],
            "edition": edition.label,
            "vote_from": moment(edition.vote_at),
            "vote_until": moment(edition.count_at),
            **kind.facts(edition),
        }


def form_letter(texts: Mapping[str, str], language: str) -> FormLetter:
    """A text as the letter that leaves, cut at its words."""
    subject, body = mail.write("mailing", language, subject=texts["subject"], body=texts["body"])
    return FormLetter(WORD.split(subject), WORD.split(body))


def own_facts(edition: Edition, member: Any, serial: int, assembly: Assembly | None) -> dict[str, str]:
    """What differs from member to member; without an assembly there are no personal links."""
    code = member.language
    address = links.address(assembly, member.id, serial, code) if assembly else None
    page = mail.link("voting.index", code, year=edition.year)
    return {"name": member.name, "number": member.number, "link": address or page}


# --- The convocation's own words ----------------------------------------------------------------------


def assembly_facts(edition: Edition) -> dict[str, str]:
    """What a letter tells about the assembly, in the language in force."""
    assembly = of_edition(edition)
    if assembly is None:
        return dict.fromkeys(ASSEMBLY_WORDS, "")
    return {
        "date": span(assembly.starts_at, assembly.ends_at),
        "place": assembly.place,
        "agenda": agenda(assembly),
        "follow": assembly.follow_url or "",
    }


def agenda(assembly: Assembly) -> str:
    """The agenda in the language in force, else in one that it has, numbered."""
    items = assembly.agenda.get(language()) or next((i for i in assembly.agenda.values() if i), [])
    return "\n".join(f"{n}. {item}" for n, item in enumerate(items, start=1))


def assembly_settings(edition: Edition) -> dict[str, Any]:
    """What the default text of the convocation asks about."""
    return {"assembly": of_edition(edition)}

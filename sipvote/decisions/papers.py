"""The papers of the board for its meeting: each recommendation of a year, what was decided or drafted, room to note."""

from collections.abc import Iterable, Iterator, Sequence

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from ..db import db
from ..documents import (
    PAGE,
    PAGES,
    Block,
    Contents,
    Document,
    Heading,
    Items,
    Notice,
    Signatures,
    Text,
    plain,
    with_contents,
)
from ..i18n import day, language, names
from ..paragraphs import blocks, labelled
from ..recommendations.hearing_models import MinorityNote
from ..voting.minutes_text import COOPERATIVE
from . import rules
from .finding import Matter, by_theme, today
from .models import Decision
from .rules import OUTCOME_NAMES


def document(year: int, label: str, matters: Sequence[Matter]) -> Document:
    """The papers in the language in force."""
    return Document(
        title=_("Recommendations to the board, %(label)s", label=label),
        language=language(),
        blocks=with_contents(_blocks(matters)),
        author=COOPERATIVE,
        page=_("Page %(n)s of %(all)s", n=PAGE, all=PAGES),
        spelled_note=_("Signs for which this file has no drawing stand as their number in Unicode, such as [U+1F389]."),
    )


def _blocks(matters: Sequence[Matter]) -> Iterator[Block]:
    waiting = sum(m.waits for m in matters)
    drafted = sum(m.draft is not None for m in matters)
    yield Text(_("As it stood on %(day)s.", day=day(today(), with_year=True)))
    if drafted:
        yield Notice(_("Drafts stand in these papers. They are for the board only, until they are published."))
    facts = {"all": len(matters), "waiting": waiting, "drafted": drafted}
    yield Text(_("Recommendations: %(all)s. To decide: %(waiting)s. Drafted: %(drafted)s.", **facts))
    notes = _notes(matters)
    if matters:
        yield Contents(_("Contents"))
    for _theme, name, found in by_theme(matters):
        yield Heading(plain(name), new_page=True)
        for matter in found:
            yield from _of_matter(matter, notes.get(matter.recommendation.id, ()))


def _notes(matters: Iterable[Matter]) -> dict[int, list[MinorityNote]]:
    wanted = select(MinorityNote).where(MinorityNote.recommendation_id.in_([m.recommendation.id for m in matters]))
    found: dict[int, list[MinorityNote]] = {}
    mine = wanted.where(MinorityNote.withdrawn_at.is_(None)).options(joinedload(MinorityNote.member))
    for note in db.session.scalars(mine.order_by(MinorityNote.id)):
        found.setdefault(note.recommendation_id or 0, []).append(note)
    return found


def _of_matter(matter: Matter, notes: Sequence[MinorityNote]) -> Iterator[Block]:
    asked, text = matter.recommendation, matter.recommendation.text
    yield Heading(plain(f"{asked.label}  {text.title}"), level=2)
    by = names(group.place for group in asked.groups) or asked.group_name
    if by:
        yield Text(plain(_("By: %(groups)s", groups=by)))
    yield from blocks(text.text)
    if text.why:
        yield from labelled(lambda words: _("Why: %(text)s", text=words), text.why)
    if text.for_whom:
        yield from labelled(lambda words: _("For whom: %(text)s", text=words), text.for_whom)
    for note in notes:
        who = note.member.name if note.member else _("a former member")
        yield Text(plain(_("Minority note of %(name)s:", name=who)))
        yield from blocks(note.text)
    for decision in matter.published:
        yield Text(plain(_decided(decision)))
        yield from _said(decision)
    if matter.draft:
        yield Text(plain(_("Draft: %(outcome)s", outcome=OUTCOME_NAMES[matter.draft.outcome])))
        yield from _said(matter.draft)
        if lacking := rules.missing(matter.draft):
            yield Items(tuple(lacking))
    elif matter.waits:
        yield Signatures((_("Decision:"), _("Reasons:"), _("Who answers for it, and by when:")))


def _decided(decision: Decision) -> str:
    on = day(decision.decided_on, weekday=False, with_year=True) if decision.decided_on else ""
    return _("Decided on %(day)s: %(outcome)s", day=on, outcome=OUTCOME_NAMES[decision.outcome])


def _said(decision: Decision) -> Iterator[Block]:
    text = decision.text
    if text.amended:
        yield Text(_("The text as the board accepts it:"))
        yield from blocks(text.amended)
    if text.reasons:
        yield from labelled(lambda words: _("Reasons: %(text)s", text=words), text.reasons)
    if facts := _facts(decision):
        yield Items(tuple(plain(fact) for fact in facts))


def _facts(decision: Decision) -> list[str]:
    def on(value: object) -> str:
        return day(value, weekday=False, with_year=True)  # type: ignore[arg-type]

    facts = (
        (decision.postponed_until, lambda: _("Postponed until %(day)s", day=on(decision.postponed_until))),
        (decision.owner_says, lambda: _("Answers for it: %(name)s", name=decision.owner_says)),
        (decision.due, lambda: _("Due on %(day)s", day=on(decision.due))),
    )
    return [say() for known, say in facts if known]

"""Drafting a decision: what the board will say of a recommendation, written before its meeting by several people.

A draft may be incomplete, and says what is missing; publishing.py refuses it until nothing is. Whoever saves says
what they had before them (`seen`): what somebody else wrote meanwhile is never lost.
"""

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.exc import IntegrityError

from .. import audit
from ..db import db, now
from ..errors import Refused
from ..i18n import LANGUAGES, language_name
from ..recommendations.models import Recommendation
from . import owners
from .models import Decision, DecisionText, Outcome

OUTCOME_NAMES = {
    Outcome.ACCEPTED: _l("Accepted"),
    Outcome.AMENDED: _l("Accepted in part"),
    Outcome.REJECTED: _l("Rejected"),
    Outcome.POSTPONED: _l("Postponed"),
}
# Somebody answers for whatever is not rejected: also for what comes back.
NEEDS_OWNER = (Outcome.ACCEPTED, Outcome.AMENDED, Outcome.POSTPONED)
NEEDS_DUE = (Outcome.ACCEPTED, Outcome.AMENDED)


class Wrong(Refused):
    """Something that was typed does not fit; `field` says where."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(why)
        self.field = field


class Overtaken(Refused):
    """Somebody else wrote since this page was opened: what they wrote stands, and nothing of either is lost."""


@dataclass(frozen=True)
class Drafted:
    """A decision as it was typed; `owner` is a member's number, e-mail or name, or any other name."""

    outcome: Outcome
    language: str
    reasons: str = ""
    amended: str = ""
    postponed_until: date | None = None
    due: date | None = None
    owner: str = ""


def name_of(recommendation: Recommendation) -> str:
    """'recommendation 2026/7', as the audit log names it."""
    return f"recommendation {recommendation.label}"


def draft_of(recommendation: Recommendation) -> Decision | None:
    """The draft as it stands in the database."""
    wanted = select(Decision).where(Decision.recommendation_id == recommendation.id, Decision.published_at.is_(None))
    return db.session.scalar(wanted.execution_options(populate_existing=True))


def seen_of(decision: Decision | None) -> str:
    """The mark of a draft as it stands, which comes back with a form; "" for none."""
    return decision.drafted_at.isoformat() if decision else ""


# --- Writing ----------------------------------------------------------------------------------------


def why_not_draft(recommendation: Recommendation) -> str | None:
    """The board decides on what it received; as often as it wants."""
    if recommendation.withdrawn_at:
        return _("This recommendation was withdrawn.")
    if recommendation.number is None:
        return _("The board has not received this recommendation yet.")
    return None


def draft(recommendation: Recommendation, drafted: Drafted, seen: str, by: int | None) -> Decision:
    """Keep a draft. The same words again change nothing. Raises Wrong, Overtaken, Refused."""
    if why := why_not_draft(recommendation):
        raise Refused(why)
    _check(drafted)
    owner_id, owner_name = owners.find(drafted.owner)
    decision = _held(recommendation, seen)
    if decision is None:
        decision = _begin(recommendation, drafted, by)
    elif _is_same(decision, drafted, owner_id, owner_name):
        return decision
    elif seen != seen_of(decision):
        raise _overtaken(decision)
    _move_language(decision, drafted.language)
    for name in ("outcome", "postponed_until", "due"):
        setattr(decision, name, getattr(drafted, name))
    decision.owner_id, decision.owner_name = owner_id, owner_name
    _put(decision, drafted.language, drafted.reasons, drafted.amended)
    decision.drafted_at, decision.drafted_by_id = now(), by
    db.session.flush()
    db.session.expire(decision)
    audit.record("draft decision", name_of(recommendation), by, outcome=drafted.outcome)
    return decision


def _check(drafted: Drafted) -> None:
    """What can never fit together, whatever else is still missing."""
    if drafted.postponed_until and drafted.outcome != Outcome.POSTPONED:
        raise Wrong("postponed_until", _("Only what is postponed comes back on a day. Leave this empty."))
    if drafted.due and drafted.outcome not in NEEDS_DUE:
        raise Wrong("due", _("Only what is accepted has a due date. Leave this empty."))
    if drafted.amended and drafted.outcome != Outcome.AMENDED:
        raise Wrong("amended", _("Only what is accepted in part has another text. Leave this empty."))


def _held(recommendation: Recommendation, seen: str) -> Decision | None:
    """The draft, which nobody changes before this transaction ends."""
    wanted = select(Decision.id).where(Decision.recommendation_id == recommendation.id)
    db.session.execute(wanted.where(Decision.published_at.is_(None)).with_for_update())
    decision = draft_of(recommendation)
    if decision is None and seen:
        raise Refused(_("This draft is gone: it was published or thrown away while this page was open."))
    return decision


def _begin(recommendation: Recommendation, drafted: Drafted, by: int | None) -> Decision:
    """The constraint lets one draft of a recommendation be begun."""
    begun = {"drafted_at": now(), "drafted_by_id": by}
    decision = Decision(
        recommendation_id=recommendation.id, outcome=drafted.outcome, original=drafted.language, **begun
    )
    try:
        with db.session.begin_nested():
            db.session.add(decision)
    except IntegrityError:
        there = draft_of(recommendation)
        if there is None:
            raise Refused(_("Somebody else works on this decision. Reload the page.")) from None
        raise _overtaken(there) from None
    return decision


def _overtaken(decision: Decision) -> Overtaken:
    who = decision.drafted_by.name if decision.drafted_by else _("Somebody")
    return Overtaken(_("%(name)s changed this draft while this page was open. Nothing is lost: see below.", name=who))


def _is_same(decision: Decision, drafted: Drafted, owner_id: int | None, owner_name: str) -> bool:
    text = decision.text_in(drafted.language)
    facts = decision.outcome, decision.original, decision.postponed_until, decision.due
    same = facts == (drafted.outcome, drafted.language, drafted.postponed_until, drafted.due)
    owner = (decision.owner_id, decision.owner_name) == (owner_id, owner_name)
    return same and owner and text is not None and (text.reasons, text.amended) == (drafted.reasons, drafted.amended)


def _move_language(decision: Decision, code: str) -> None:
    if code == decision.original:
        return
    if decision.text_in(code):
        said = _("There is a text in %(language)s already. Choose another language.", language=language_name(code))
        raise Wrong("language", said)
    if text := decision.text_in(decision.original):
        text.language = code
    decision.original = code


def _put(decision: Decision, code: str, reasons: str, amended: str) -> None:
    """Set the words in a language, and when they were written; the same words keep their moment."""
    text = decision.text_in(code)
    if text is None:
        text = DecisionText(language=code, reasons="", amended="", written_at=now())
        decision.texts.append(text)
    if (text.reasons, text.amended) != (reasons, amended):
        text.reasons, text.amended, text.written_at = reasons, amended, now()


def drop(recommendation: Recommendation, seen: str, by: int | None) -> None:
    """Throw a draft away. Twice is once. Raises Overtaken."""
    decision = _held(recommendation, "")
    if decision is None:
        return
    if seen != seen_of(decision):
        raise _overtaken(decision)
    audit.record("drop draft of decision", name_of(recommendation), by, outcome=decision.outcome)
    db.session.delete(decision)
    db.session.flush()


# --- Other languages --------------------------------------------------------------------------------


def why_not_translate(decision: Decision, code: str) -> str | None:
    """The words in the other languages may be written and mended at any time; the original stays once published."""
    if code == decision.original:
        return _("This is the language in which the board decided.")
    return None


def translate(decision: Decision, code: str, words: tuple[str, str], seen: str, by: int | None) -> None:
    """Write (reasons, amended text) in another language; `seen` is when the text was written that was there. Raises."""
    if code not in LANGUAGES:
        raise Refused(_("Choose a language."))
    db.session.refresh(decision, with_for_update={"of": Decision})
    if why := why_not_translate(decision, code):
        raise Refused(why)
    text = decision.text_in(code)
    if text is not None and (text.reasons, text.amended) == words:
        return
    if seen != (text.written_at.isoformat() if text else ""):
        raise Overtaken(_("Somebody wrote in this language while this page was open. Their text is below."))
    try:
        with db.session.begin_nested():
            _put(decision, code, *words)
    except IntegrityError:
        raise Overtaken(_("Somebody wrote in this language while this page was open. Their text is below.")) from None
    audit.record("translate decision", name_of(decision.recommendation), by, language=code)


# --- What is missing --------------------------------------------------------------------------------


def missing(decision: Decision) -> list[str]:
    """What a draft still needs before it can be published, in sentences."""
    text = decision.text_in(decision.original)
    needs = (
        (not (text and text.reasons), _("The reasons are missing.")),
        (decision.outcome == Outcome.AMENDED and not (text and text.amended),
         _("The text as the board accepts it is missing.")),
        (decision.outcome == Outcome.POSTPONED and not decision.postponed_until,
         _("The day until which it is postponed is missing.")),
        (decision.outcome in NEEDS_OWNER and not decision.owner_says, _("It does not say who answers for it.")),
        (decision.outcome in NEEDS_DUE and not decision.due, _("The due date is missing.")),
    )  # fmt: skip
    return [sentence for lacks, sentence in needs if lacks]


def is_complete() -> ColumnElement[bool]:
    """The same asked of the database: the drafts of which missing() says nothing."""
    of, text = Decision, DecisionText
    said = select(text.decision_id).where(text.decision_id == of.id, text.language == of.original, text.reasons != "")
    return and_(
        said.exists(),
        or_(of.outcome != Outcome.AMENDED, said.where(text.amended != "").exists()),
        or_(of.outcome != Outcome.POSTPONED, of.postponed_until.is_not(None)),
        or_(of.outcome.not_in(NEEDS_OWNER), of.owner_id.is_not(None), of.owner_name != ""),
        or_(of.outcome.not_in(NEEDS_DUE), of.due.is_not(None)),
    )


def is_older(decision: Decision, code: str) -> bool:
    """Whether a translation was written before the original last changed."""
    first, text = decision.text_in(decision.original), decision.text_in(code)
    return bool(first and text and text.written_at < first.written_at)

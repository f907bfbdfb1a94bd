"""Shapes of what the board types: decisions, their words in other languages, what they start, and publishing."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired, InputRequired, Optional

from ..errors import Refused
from ..fields import AtMost, Checkboxes, KeptForm, one_line, plain_lines
from ..i18n import LANGUAGES
from ..workgroups.life_forms import Day
from .following import KIND_NAMES, Started
from .models import Decision, Kind, Outcome
from .owners import typed
from .rules import OUTCOME_NAMES, Drafted, seen_of

LONGEST = 10_000


class BoardForm(KeptForm):
    """A form that shows a refusal beside the field that it is about, else above the form."""

    seen = HiddenField()

    def show(self, refused: Refused) -> None:
        """Show why not, where it belongs."""
        field = getattr(refused, "field", None)
        if field and field in self:
            self[field].errors = [refused.why]
        else:
            self.refuse(refused.why)


class Later(Optional):
    """May stay empty in a draft, and is not called optional: it may be needed before the decision is published."""

    def __init__(self) -> None:
        super().__init__()
        self.field_flags = {}


def _long(label: Any, *validators: Any) -> TextAreaField:
    return TextAreaField(label, filters=[plain_lines], validators=[*validators, AtMost(LONGEST)])


def _day(label: Any) -> DateField:
    return Day(label, validators=[Optional()])


class DecisionForm(BoardForm):
    """What the board will say of a recommendation."""

    outcome = RadioField(
        _l("Decision"),
        choices=[SelectChoice(value, name) for value, name in OUTCOME_NAMES.items()],
        validators=[InputRequired(_l("Choose what the board decides."))],
    )
    language = SelectField(_l("Language you write in"), choices=LANGUAGES)
    reasons = _long(_l("Reasons"), Later())
    amended = _long(_l("The text as the board accepts it"), Later())
    postponed_until = Day(_l("Postponed until"), validators=[Later()])
    owner = StringField(
        _l("Who answers for it"), filters=[one_line], validators=[Later(), AtMost(200)],
        render_kw={"autocomplete": "off"},
    )  # fmt: skip
    due = Day(_l("Due date"), validators=[Later()])

    def drafted(self) -> Drafted:
        """What was typed, as the rules want it."""
        return Drafted(
            Outcome(self.outcome.data), self.language.data, self.reasons.data or "", self.amended.data or "",
            self.postponed_until.data, self.due.data, self.owner.data or "",
        )  # fmt: skip


def kept_in(decision: Decision | None, language: str) -> dict[str, Any]:
    """The fields of a decision's form, filled in with the draft as it stands."""
    if decision is None:
        return {"language": language, "seen": ""}
    text = decision.text_in(decision.original)
    return {
        "outcome": decision.outcome.value, "language": decision.original, "seen": seen_of(decision),
        "reasons": text.reasons if text else "", "amended": text.amended if text else "",
        "postponed_until": decision.postponed_until, "due": decision.due,
        "owner": typed(decision.owner, decision.owner_name),
    }  # fmt: skip


class TranslationForm(BoardForm):
    """A decision's words in another language."""

    reasons = _long(_l("Reasons"), DataRequired(_l("Write the reasons.")))
    amended = _long(_l("The text as the board accepts it"), Optional())


class PublishForm(BoardForm):
    """Which drafts are published, and when the board met; `seen` is the seal of what stood on the page."""

    decided_on = Day(_l("On which day did the board decide?"), validators=[InputRequired(_l("Give the day."))])
    chosen = Checkboxes(_l("Decisions"), choices=[], coerce=int, validate_choice=False)


class FollowUpForm(BoardForm):
    """A project, a test project or a question that a decision starts."""

    kind = RadioField(
        _l("What does it start?"),
        choices=[SelectChoice(value, name) for value, name in KIND_NAMES.items()],
        validators=[InputRequired(_l("Choose what it starts."))],
    )
    language = SelectField(_l("Language you write in"), choices=LANGUAGES)
    title = StringField(
        _l("Title"), filters=[one_line], validators=[DataRequired(_l("Give it a title.")), AtMost(160)],
        render_kw={"autocomplete": "off"},
    )  # fmt: skip
    about = TextAreaField(_l("What it is about"), filters=[plain_lines], validators=[Optional(), AtMost(4000)])
    lead = StringField(_l("Who leads it"), filters=[one_line], validators=[Optional(), AtMost(120)])
    begins_on = _day(_l("Begins on"))
    ends_on = _day(_l("Ends on"))

    def started(self) -> Started:
        """What was typed, as the rules want it."""
        return Started(
            Kind(self.kind.data), self.language.data, self.title.data or "", self.about.data or "",
            self.lead.data or "", self.begins_on.data, self.ends_on.data,
        )  # fmt: skip


class EndForm(BoardForm):
    """What came of it."""

    outcome = TextAreaField(
        _l("What came of it"),
        filters=[plain_lines],
        validators=[DataRequired(_l("Write what came of it.")), AtMost(4000)],
    )

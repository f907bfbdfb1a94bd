"""Shapes of what is typed about an assembly: its plan, an incident, the code of the hall."""

from collections.abc import Collection
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, StringField, TextAreaField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired, InputRequired, NumberRange, Optional, Regexp

from ..fields import AtMost, Beginning, Checkboxes, KeptForm, WholeNumber, one_line, plain_lines, typed
from ..i18n import LANGUAGES
from .models import Assembly, Quorum
from .rules import QUORUM_SETTINGS, WITHOUT_ASSEMBLY, Plan

ITEMS_AT_MOST, ITEM_AT_MOST = 50, 300
QUORUM_NAMES = {
    Quorum.NONE: _l("No quorum"),
    Quorum.SHARE: _l("A share of the members"),
    Quorum.NUMBER: _l("A number of members"),
}
# Who counts beside the hall: the name of the box, and what it says.
COUNTED = {
    "proxies": _l("who gave a proxy to somebody who is there"),
    "remote": _l("who checked in from elsewhere"),
    "votes": _l("who voted without checking in"),
}
_when = InputRequired(_l("Fill in the day and the time."))


class PlanForm(KeptForm):
    """The plan of an assembly. What is fixed already has no field: form_for() takes it out."""

    starts_at = Beginning(_l("Begins"), validators=[_when])
    ends_at = Beginning(_l("Ends"), validators=[_when])
    place = StringField(
        _l("Place"),
        description=_l("Name of the hall, street, number, city."),
        filters=[one_line],
        validators=[DataRequired(_l("Say where the assembly meets.")), AtMost(300)],
    )
    follow_url = StringField(
        _l("Address to follow it from elsewhere"),
        description=_l("Who is not in the hall must be able to follow and to speak. Only members see this address."),
        filters=[one_line],
        validators=[
            Optional(),
            AtMost(500),
            Regexp(r"https://\S+\Z", message=_l("A link begins with https:// and has no spaces.")),
        ],
    )
    agenda_nl = TextAreaField(_l("Agenda in Dutch"), filters=[plain_lines])
    agenda_fr = TextAreaField(_l("Agenda in French"), filters=[plain_lines])
    agenda_en = TextAreaField(_l("Agenda in English"), filters=[plain_lines])
    quorum = RadioField(
        _l("How many must take part?"),
        choices=[SelectChoice(str(quorum), name) for quorum, name in QUORUM_NAMES.items()],
        default=str(Quorum.NONE),
        validators=[InputRequired(_l("Choose whether there is a quorum."))],
    )
    quorum_value = WholeNumber(
        _l("How many: the share in %, or the number"),
        description=_l("Leave this empty when there is no quorum."),
        validators=[Optional(), NumberRange(0, 10_000_000, _l("Give a whole number."))],
    )
    counts = Checkboxes(
        _l("Who counts for the quorum, beside the hall?"),
        choices=[SelectChoice(key, name) for key, name in COUNTED.items()],
        default=list(COUNTED),
    )
    proxies_per_holder = WholeNumber(
        _l("Proxies that one member may hold"),
        description=_l("What the statutes say. 0: there are no proxies."),
        default=0,
        validators=[
            InputRequired(_l("Fill in this field.")),
            NumberRange(0, 50, _l("Give a whole number from %(min)s to %(max)s.")),
        ],
    )
    remote_vote = BooleanField(_l("Members may vote from elsewhere"), default=True)
    prior_vote = BooleanField(
        _l("Members may vote before the assembly begins"),
        description=_l("The statutes must allow it."),
        default=True,
    )
    chair = StringField(
        _l("Chair"),
        description=_l("Members of the bureau (chair, secretary, scrutineers) attend in person: the law says so."),
        filters=[one_line],
        validators=[Optional(), AtMost(120)],
    )
    secretary = StringField(_l("Secretary"), filters=[one_line], validators=[Optional(), AtMost(120)])

    def agenda(self) -> dict[str, list[str]]:
        """The items in each language that has any."""
        lines = {code: (self[f"agenda_{code}"].data or "").splitlines() for code in LANGUAGES}
        items = {code: [line.strip() for line in found if line.strip()] for code, found in lines.items()}
        return {code: found for code, found in items.items() if found}

    def validate(self, extra_validators: Any = None) -> bool:
        """Look at the agenda's lines and at the quorum's number as well."""
        valid = super().validate(extra_validators)
        for code, items in self.agenda().items():
            if len(items) > ITEMS_AT_MOST or any(len(item) > ITEM_AT_MOST for item in items):
                text = _("At most %(n)s items of %(most)s characters.", n=ITEMS_AT_MOST, most=ITEM_AT_MOST)
                self[f"agenda_{code}"].errors = [text]
                valid = False
        return valid

    def plan(self, kept: dict[str, Any]) -> Plan:
        """What was typed; `kept` are the settings that are fixed, which have no field."""
        quorum = Quorum(kept.get("quorum") or self.quorum.data)
        wanted: dict[str, Any] = {
            "ends_at": self.ends_at.moment, "place": self.place.data, "follow_url": self.follow_url.data or None,
            "agenda": self.agenda(), "chair": self.chair.data or None, "secretary": self.secretary.data or None,
        }  # fmt: skip
        if "starts_at" in self:
            wanted["starts_at"] = self.starts_at.moment
        if "quorum" in self:
            value = 0 if quorum == Quorum.NONE else self.quorum_value.data or 0
            wanted |= {"quorum": quorum, "quorum_value": value}
            wanted |= {f"counts_{key}": key in (self.counts.data or []) for key in COUNTED}
        wanted |= {name: self[name].data for name in WITHOUT_ASSEMBLY if name in self}
        return Plan(**{**wanted, **kept})

    def show(self, fault: tuple[str, str]) -> None:
        """Put what contradicts beside the field that is meant, or above the form when it has none."""
        name, why = fault
        if name in self:
            self[name].errors = [*self[name].errors, why]
        else:
            self.refuse(why)


def form_for(assembly: Assembly | None, fixed: Collection[str]) -> PlanForm:
    """The form of a plan, as it stands, without what is fixed."""
    form = PlanForm(data=_data(assembly) if assembly else {})
    gone = {"quorum": ("quorum", "quorum_value", "counts")}
    for name in fixed:
        for field in gone.get(name, () if name in QUORUM_SETTINGS else (name,)):
            del form[field]
    return form


def _data(assembly: Assembly) -> dict[str, Any]:
    same = ("place", "follow_url", "proxies_per_holder", "remote_vote", "prior_vote", "chair", "secretary")
    return {
        **{name: getattr(assembly, name) for name in same},
        **{f"agenda_{code}": "\n".join(assembly.agenda.get(code, [])) for code in LANGUAGES},
        "starts_at": typed(assembly.starts_at),
        "ends_at": typed(assembly.ends_at),
        "quorum": str(assembly.quorum),
        "quorum_value": assembly.quorum_value or None,
        "counts": [key for key in COUNTED if getattr(assembly, f"counts_{key}")],
    }


class IncidentForm(FlaskForm):
    """What went wrong, from when to when, and what was done."""

    happened_at = Beginning(_l("When did it happen?"), validators=[_when])
    until_at = Beginning(
        _l("Until when?"), description=_l("Empty while it goes on, or when it was a moment."), validators=[Optional()]
    )
    text = TextAreaField(
        _l("What happened?"),
        description=_l("What it was, and whom it kept from taking part. Name nobody: it stands in the minutes."),
        filters=[plain_lines],
        validators=[DataRequired(_l("Say what happened.")), AtMost(2000)],
    )
    remedy = TextAreaField(
        _l("What was done about it?"),
        description=_l("Such as: voting was paused, members were told, the vote was extended."),
        filters=[plain_lines],
        validators=[Optional(), AtMost(2000)],
    )


class HallCodeForm(FlaskForm):
    """The six digits on the screen in the hall."""

    code = StringField(
        _l("The six digits on the screen in the hall"),
        filters=[one_line],
        validators=[DataRequired(_l("Type the six digits from the screen.")), AtMost(20)],
        render_kw={"autocomplete": "off", "inputmode": "numeric"},
    )

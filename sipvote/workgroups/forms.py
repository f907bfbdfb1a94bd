"""Shapes of what organisers type about a group."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, StringField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from ..fields import Beginning, Checkboxes, WholeNumber, typed
from ..i18n import LANGUAGES
from ..members.models import City, Member
from ..themes.models import Theme
from .exports import MODE_NAMES
from .forming import Plan
from .models import PEOPLE_AT_LEAST, Mode, Workgroup

HOUR = timedelta(hours=1)
_needed = _l("Fill in this field.")


class ProposalForm(FlaskForm):
    """The first meeting, and how many weeks lie between meetings; asked by GET, so without a token."""

    class Meta:
        csrf = False

    first = Beginning(_l("First meeting"), validators=[InputRequired(_l("Fill in the day and the time."))])
    every = WholeNumber(
        _l("Weeks between two meetings"),
        default=4,
        validators=[InputRequired(_needed), NumberRange(1, 12, _l("Give a whole number from 1 to 12."))],
    )


class MoveForm(FlaskForm):
    """The new beginning of a meeting."""

    start = Beginning(_l("New date"), validators=[InputRequired(_l("Fill in the day and the time."))])


class PreviewForm(MoveForm):
    """The same, asked by GET before it is saved, so without a token."""

    class Meta:
        csrf = False


class WorkgroupForm(FlaskForm):
    """A group. Its fields `meeting_1`, `meeting_2` … come from form_for(); choices are filled in there too."""

    theme = SelectField(_l("Theme"), coerce=int)
    cities = Checkboxes(
        _l("Cities"), coerce=int, description=_l("Several cities may share a group. No city: online, for everybody.")
    )
    mode = RadioField(_l("How the group meets"), choices=[SelectChoice(str(m), n) for m, n in MODE_NAMES.items()])
    languages = Checkboxes(
        _l("Languages of the group"),
        choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()],
        validators=[InputRequired(_l("Choose at least one language."))],
    )
    places = WholeNumber(
        _l("Places"),
        default=12,
        description=_l("Groups of 10 to 12 people work best."),
        validators=[InputRequired(_needed), NumberRange(1, 100, _l("Give a whole number from 1 to 100."))],
    )
    minimum = WholeNumber(
        _l("People at least"),
        default=PEOPLE_AT_LEAST,
        description=_l("With fewer people it is not a group yet. The desk then warns you; nothing happens by itself."),
        validators=[NumberRange(0, 100, _l("Give a whole number from 0 to 100."))],
    )
    facilitators = Checkboxes(_l("Facilitators"), coerce=int)
    venue = StringField(
        _l("Address"),
        description=_l("Street, number and room."),
        filters=[lambda typed: (typed or "").strip()],
        validators=[Optional(), Length(max=200, message=_l("Write at most 200 characters."))],
    )
    video_url = StringField(
        _l("Link for the video call"),
        description=_l("Only the people in the group see it."),
        filters=[lambda typed: (typed or "").strip()],
        validators=[
            Optional(),
            Length(max=300, message=_l("Write at most 300 characters.")),
            Regexp(r"https://\S+\Z", message=_l("A link begins with https:// and has no spaces.")),
        ],
    )
    hours = WholeNumber(
        _l("Hours of a meeting"),
        validators=[InputRequired(_needed), NumberRange(1, 12, _l("Give a whole number from 1 to 12."))],
    )

    def validate(self, extra_validators: Any = None) -> bool:
        """A group that needs more people than it has places could never be one."""
        if not super().validate(extra_validators):
            return False
        if (self.minimum.data or 0) > (self.places.data or 0):
            self.minimum.errors = [_("The group has fewer places than it needs people. Change one of both.")]
            return False
        return True

    def meetings(self) -> list[Beginning]:
        """The fields for the dates."""
        return [field for name, field in self._fields.items() if name.startswith("meeting_")]

    def plan(
        self, themes: Sequence[Theme], cities: Sequence[City], people: Sequence[Member], group: Workgroup | None
    ) -> Plan:
        """What was typed, with the things that its choices stand for; meetings of `group` may keep their lengths."""
        starts = [field.moment for field in self.meetings()]
        hours = self.hours.data if "hours" in self else None
        return Plan(
            theme=next(t for t in themes if t.id == self.theme.data),
            cities=[c for c in cities if c.id in (self.cities.data or [])],
            mode=Mode(self.mode.data),
            languages=[code for code in LANGUAGES if code in (self.languages.data or [])],
            places=self.places.data or 0,
            facilitators=[p for p in people if p.id in (self.facilitators.data or [])],
            venue=self.venue.data or "",
            video_url=self.video_url.data or "",
            starts=starts,
            hours=hours or 0,
            lengths=own_lengths(group, starts) if group and not hours else {},
            minimum=self.minimum.data or 0,
        )

    def name_facilitators(self, labels: dict[int, str]) -> None:
        """Say beside each name what they speak and how much they lead."""
        self.facilitators.choices = [SelectChoice(id, label) for id, label in labels.items()]


def form_for(
    count: int, themes: Sequence[Theme], cities: Sequence[City], people: Sequence[Member], data: dict[str, Any]
) -> WorkgroupForm:
    """A form with `count` dates and the choices there are; without dates it does not ask how long meetings last.

    When `data` knows no length of all of them, they differ, and keep their lengths unless a number is given.
    """
    needed = [InputRequired(_l("Fill in the day and the time."))]
    dates = {f"meeting_{n}": Beginning(_l("Meeting %(n)s", n=n), validators=needed) for n in range(1, count + 1)}
    lengths = {} if data["hours"] else {"hours": _one_length()}
    form: WorkgroupForm = type("WorkgroupForm", (WorkgroupForm,), {**dates, **lengths})(data=data)
    if not count:
        del form.hours
    form.theme.choices = [SelectChoice(t.id, str(t)) for t in themes]
    form.cities.choices = [SelectChoice(c.id, c.name) for c in cities]
    form.facilitators.choices = [SelectChoice(p.id, p.name) for p in people]
    return form


def _one_length() -> WholeNumber:
    return WholeNumber(
        _l("Hours of a meeting"),
        description=_l("Meetings of this group differ in length. Leave this empty to keep that."),
        validators=[Optional(), NumberRange(1, 12, _l("Give a whole number from 1 to 12."))],
    )


def data_of(group: Workgroup) -> dict[str, Any]:
    """What the form of a group that exists begins with."""
    starts = {f"meeting_{n}": typed(m.starts_at) for n, m in enumerate(group.meetings, start=1)}
    kept = {name: getattr(group, name) for name in ("places", "minimum", "venue", "video_url")}
    return {
        "theme": group.theme_id,
        "cities": [c.id for c in group.cities],
        "mode": str(group.mode),
        "languages": group.spoken,
        "facilitators": [f.id for f in group.facilitators],
        "hours": hours_of(group),
        **kept,
        **starts,
    }


def hours_of(group: Workgroup) -> int | None:
    """How many hours each meeting of a group lasts; None when they differ, or are no whole hours."""
    lengths = {m.ends_at - m.starts_at for m in group.meetings}
    length = lengths.pop() if len(lengths) == 1 else None
    return None if length is None or length % HOUR else length // HOUR


def own_lengths(group: Workgroup, starts: Sequence[datetime]) -> dict[datetime, timedelta]:
    """How long each meeting lasts if none changes its length; `starts` in the order of the group's meetings.

    A date that stays keeps its length, a date that moves takes that of its meeting along.
    """
    moved = {start: m.ends_at - m.starts_at for start, m in zip(starts, group.meetings, strict=False)}
    kept = {m.starts_at: m.ends_at - m.starts_at for m in group.meetings}
    return moved | {start: length for start, length in kept.items() if start in moved}

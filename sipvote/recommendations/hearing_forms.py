"""Shapes of what is typed about a draft: remarks, answers, reports, minority notes."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, SelectField, TextAreaField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired, InputRequired

from ..fields import AtMost, KeptForm, plain_lines
from ..i18n import LANGUAGES
from .moderating import LONGEST_REASON
from .notes import LONGEST as LONGEST_NOTE
from .remarks import LONGEST


class RemarkForm(KeptForm):
    """A remark or a reply, in the language of whoever writes it."""

    words = TextAreaField(
        _l("Your remark"), filters=[plain_lines],
        validators=[DataRequired(_l("Write your remark first.")), AtMost(LONGEST)],
    )  # fmt: skip
    language = SelectField(_l("Language you write in"), choices=LANGUAGES)


class AnswerForm(KeptForm):
    """What the group answers; `seen` is the answer that stood on the page before."""

    taken_up = RadioField(
        _l("Do you take it up?"), choices=[SelectChoice("yes", _l("Taken up")), SelectChoice("no", _l("Not taken up"))],
        validators=[InputRequired(_l("Choose whether you take it up."))],
    )  # fmt: skip
    words = TextAreaField(
        _l("Why"), filters=[plain_lines],
        validators=[DataRequired(_l("Write why: what changed in the text, or why not.")), AtMost(LONGEST)],
    )  # fmt: skip
    language = SelectField(_l("Language you write in"), choices=LANGUAGES)
    seen = HiddenField()


class ReasonForm(KeptForm):
    """Why a remark is hidden, or why the organisers should look at it."""

    reason = TextAreaField(
        _l("Reason"), filters=[plain_lines], validators=[DataRequired(_l("Write the reason.")), AtMost(LONGEST_REASON)]
    )


class NoteForm(KeptForm):
    """What somebody in the group wants the board to read beside the text."""

    words = TextAreaField(
        _l("Your minority note"), filters=[plain_lines],
        validators=[DataRequired(_l("Write your note first.")), AtMost(LONGEST_NOTE)],
    )  # fmt: skip
    language = SelectField(_l("Language you write in"), choices=LANGUAGES)

"""What states are called in a thread: the outcomes of decisions, statuses, and what a decision starts."""

from flask_babel import lazy_gettext as _l

from ..decisions.models import Kind, Outcome
from ..stocktake.models import Status
from ..stocktake.words import OUTCOMES, STATUSES

OUTCOME_NAMES, STATUS_NAMES = OUTCOMES, STATUSES
FOLLOW_UP_NAMES = {
    Kind.PROJECT: _l("Project"),
    Kind.TEST_PROJECT: _l("Test project"),
    Kind.QUESTION: _l("Question to the assembly"),
}
# How each is marked, beside its word.
OUTCOME_MARKS = {Outcome.ACCEPTED: "ok", Outcome.AMENDED: "ok", Outcome.REJECTED: "", Outcome.POSTPONED: "warn"}
STATUS_MARKS = {Status.DONE: "ok", Status.ONGOING: "now", Status.POSTPONED: "warn"}

"""The columns of the list of decisions, for whoever downloads it. Only what is published stands in it."""

from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _l

from ..i18n import colon, language_name, names, semicolon
from .finding import Matter
from .following import KIND_NAMES
from .models import Decision
from .rules import OUTCOME_NAMES


def _of(get: Callable[[Decision], Any]) -> Callable[[Matter], Any]:
    """A column about the decision that counts; empty as long as there is none."""
    return lambda matter: get(matter.decision) if matter.decision else ""


def _started(decision: Decision) -> str:
    return f"{semicolon()} ".join(f"{KIND_NAMES[f.kind]}{colon()} {f.title}" for f in decision.follow_ups)


COLUMNS: list[tuple[Any, Callable[[Matter], Any]]] = [
    (_l("Year"), lambda m: m.recommendation.year),
    (_l("Number"), lambda m: m.recommendation.number),
    (_l("Theme"), lambda m: m.recommendation.theme or m.recommendation.theme_name),
    (_l("Workgroups"), lambda m: names(g.place for g in m.recommendation.groups) or m.recommendation.group_name),
    (_l("Recommendation"), lambda m: m.recommendation.text.title),
    (_l("Text"), lambda m: m.recommendation.text.text),
    (_l("Decision"), _of(lambda d: OUTCOME_NAMES[d.outcome])),
    (_l("Reasons"), _of(lambda d: d.text.reasons)),
    (_l("Text as accepted"), _of(lambda d: d.text.amended)),
    (_l("Language of the reasons"), _of(lambda d: language_name(d.text.language))),
    (_l("Decided on"), _of(lambda d: d.decided_on)),
    (_l("Who answers for it"), _of(lambda d: d.owner_says)),
    (_l("Due date"), _of(lambda d: d.due or "")),
    (_l("Postponed until"), _of(lambda d: d.postponed_until or "")),
    (_l("What it starts"), _of(_started)),
]

"""The tables of the figures as files: each with a name in its address, a title, columns and rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ..members.models import COUNTRIES
from .balance import COUNTRY_NAMES, Kind, Share
from .commitment import Turnout
from .fullness import Line
from .picture import Picture
from .wish_figures import RANKS

Columns = Sequence[tuple[Any, Callable[[Any], Any]]]


@dataclass(frozen=True)
class Table:
    """One table, on the page and as a file."""

    title: str
    columns: Columns
    rows: Sequence[Any]


def tables(seen: Picture) -> dict[str, Table]:
    """Every table that has something to tell, by its name."""
    made = {**_fullness(seen), **_balance(seen), **_attendance(seen), "editions": _editions(seen), **_wishes(seen)}
    return {name: table for name, table in made.items() if table.rows}


def hidden(value: Any) -> Any:
    """A number, or the words for one that is not shown."""
    return _("not shown") if value is None else value


def _percent(share: float) -> int:
    return round(100 * share)


# --- How full ---------------------------------------------------------------------------------------

NUMBERS: Columns = [
    (_l("Groups"), lambda line: line.numbers.groups),
    (_l("Places"), lambda line: line.numbers.places),
    (_l("Places taken"), lambda line: line.numbers.confirmed),
    (_l("Offered"), lambda line: line.numbers.offered),
    (_l("Free places"), lambda line: line.numbers.free),
    (_l("Waiting"), lambda line: line.numbers.waiting),
]
WEEKS: Columns = [
    (_l("From Monday"), lambda weeks: weeks.monday.isoformat()),
    (_l("New sign-ups"), lambda weeks: weeks.came),
    (_l("Withdrew"), lambda weeks: weeks.went),
    (_l("Signed up by then"), lambda weeks: weeks.standing),
]


def _fullness(seen: Picture) -> dict[str, Table]:
    return {
        "themes": Table(_("Places per theme"), [(_("Theme"), _label), *NUMBERS], seen.themes),
        "cities": Table(_("Places per city"), [(_("City"), _label), *NUMBERS], seen.cities),
        "weeks": Table(_("Sign-ups by week"), WEEKS, seen.weeks),
    }


def _label(line: Line | Kind) -> str:
    return line.label


# --- How balanced -----------------------------------------------------------------------------------


def _people(share: Share | None) -> Any:
    return hidden(share.people if share else None)


def _part(share: Share | None) -> Any:
    return hidden(_percent(share.share) if share else None)


KINDS: Columns = [
    (_l("All members"), lambda kind: _people(kind.members)),
    (_l("All members (%)"), lambda kind: _part(kind.members)),
    (_l("Members who signed up"), lambda kind: _people(kind.signed_up)),
    (_l("Members who signed up (%)"), lambda kind: _part(kind.signed_up)),
    (_l("With a place"), lambda kind: _people(kind.placed)),
    (_l("With a place (%)"), lambda kind: _part(kind.placed)),
]


def _balance(seen: Picture) -> dict[str, Table]:
    headings = {
        "languages": _("Language"), "countries": _("Country"), "profiles": _("Profile"),
        "members-by-city": _("City of the member"),
    }  # fmt: skip
    kinds = {**seen.balance.kinds, "members-by-city": seen.balance.kinds["cities"]}
    return {
        name: Table(heading, [(heading, _label), *KINDS], kinds[name] if seen.balance.signed_up else ())
        for name, heading in headings.items()
    }


# --- Do people keep coming --------------------------------------------------------------------------

TURNOUT: Columns = [
    (_l("Meeting"), lambda turnout: turnout.number),
    (_l("With a place"), lambda turnout: turnout.people),
    (_l("Came"), lambda turnout: turnout.came),
    (_l("Came (%)"), lambda turnout: _percent(turnout.share)),
    (_l("Excused"), lambda turnout: turnout.excused),
    (_l("Absent"), lambda turnout: turnout.absent),
    (_l("Not marked"), lambda turnout: turnout.unmarked),
]


def _attendance(seen: Picture) -> dict[str, Table]:
    kept, stayed = seen.kept, seen.kept.stayed
    losses = [
        (_("Group"), lambda loss: str(seen.groups[loss.group])),
        (_("Came to the first meeting"), lambda loss: loss.first),
        (_("Came to the last meeting"), lambda loss: hidden(loss.last)),
    ]
    counts = [(_("Meetings"), lambda line: line[0]), (_("People"), lambda line: hidden(line[1]))]
    return {
        "attendance": Table(_("Attendance"), TURNOUT, kept.numbers),
        "attendance-themes": _by_part(_("Attendance per theme"), _("Theme"), seen.themes, kept.themes),
        "attendance-cities": _by_part(_("Attendance per city"), _("City"), seen.cities, kept.cities),
        "stayed": Table(_("Came to every meeting"), counts, stayed_lines(seen) if stayed else ()),
        "losses": Table(_("Lost more than a third"), losses, kept.losses),
    }


def _by_part(title: str, heading: str, lines: Sequence[Line], parts: Mapping[Any, dict[int, Turnout]]) -> Table:
    columns = [(heading, lambda row: row[0]), *((name, _second(get)) for name, get in TURNOUT)]
    rows = [(line.label, turnout) for line in lines for _n, turnout in sorted(parts.get(line.id, {}).items())]
    return Table(title, columns, rows)


def _second(get: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda row: get(row[1])


def stayed_lines(seen: Picture) -> list[tuple[str, int | None]]:
    """How many came to how many meetings, in words."""
    stayed = seen.kept.stayed
    if stayed is None:
        return []
    return [
        (_("Every meeting"), stayed.all),
        (_("All but one"), stayed.all_but_one),
        (_("Fewer"), stayed.fewer),
    ]


# --- Past editions, and wishes ----------------------------------------------------------------------


def _editions(seen: Picture) -> Table:
    def of(get: Callable[[Turnout], Any], which: str) -> Callable[[Any], Any]:
        return lambda year: get(getattr(year, which)) if getattr(year, which) else ""

    def from_(code: str) -> Callable[[Any], Any]:
        return lambda year: hidden(year.countries[code])

    columns: Columns = [
        (_("Edition"), lambda year: year.edition.label),
        (_("Groups"), lambda year: year.groups),
        (_("Places"), lambda year: year.places),
        (_("Places taken"), lambda year: year.taken),
        (_("Places taken (%)"), lambda year: _percent(year.filled)),
        (_("Members with a place"), lambda year: year.people),
        *((COUNTRY_NAMES[code], from_(code)) for code in COUNTRIES),
        (_("Came to the first meeting (%)"), of(lambda t: _percent(t.share), "first")),
        (_("Last meeting"), of(lambda t: t.number, "last")),
        (_("Came to it (%)"), of(lambda t: _percent(t.share), "last")),
    ]
    return Table(_("Editions"), columns, seen.years)


def _wishes(seen: Picture) -> dict[str, Table]:
    if seen.wished is None:
        return {}
    names = {1: _("First wish"), 2: _("Second wish"), 3: _("Third wish")}

    def rank(n: int) -> Callable[[Any], Any]:
        return lambda row: hidden(row[-1][n])

    ranks = [(names[n], rank(n)) for n in RANKS]
    theme, place = (_("Theme"), lambda row: row[0]), (_("Group"), lambda row: row[1].place)
    size = [(_("Places"), lambda row: row[1].places), (_("Minimum"), lambda row: row[1].minimum)]
    by_group = [(str(seen.groups[id].theme), seen.groups[id], ranks) for id, ranks in seen.wished.groups.items()]
    by_theme = [
        (line.label, seen.wished.themes[line.id]) for line in seen.themes if line.id in seen.wished.themes
    ]  # fmt: skip
    return {
        "wishes-themes": Table(_("Wishes per theme"), [theme, *ranks], by_theme),
        "wishes-groups": Table(_("Wishes per group"), [theme, place, *size, *ranks], by_group),
    }

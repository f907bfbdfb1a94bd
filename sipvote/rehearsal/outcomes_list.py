"""The list of the years before: it comes in from files, changes in bulk, goes out and comes back without a difference.

The figures of the public page are then counted again, from the exported CSV alone, by a loop of the play's own.
"""

import csv
import io
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from .. import spreadsheets
from ..demo import ideas
from .browser import Broken, Given, Page
from .lists import read_csv
from .outcomes_cast import chance, come, stranger
from .person import Person
from .seasons_cast import Company

YEARS = (2015, 2016, 2017, 2018)
ROWS = 250
LARGE = {"en": "Participation", "nl": "Participatie", "fr": "Participation des membres"}
COLUMNS = (
    "year", "number", "theme", "large_theme", "workgroup", "country", "original", "title_fr", "text_fr", "title_nl",
    "text_nl", "outcome", "decided_on", "reasons_fr", "answers_for", "due", "status", "since", "postponed_until",
    "reason", "reason_language",
)  # fmt: skip
STATUSES = ("done", "ongoing", "not_started", "not_done", "rejected", "postponed", "done", "ongoing")
OUTCOMES = {"rejected": "rejected", "postponed": "postponed"}
NAMES = {word: word.replace("_", " ") for word in STATUSES}
SECONDS_AT_MOST = 60  # for the files; the hour is for whoever writes them
Line = dict[str, str]


def all_of(company: Company) -> None:
    """The whole of it, by one organiser."""
    keeper = company.organiser
    come(keeper, "/recommendations/desk")
    with company.report.scene("The list of the years before"):
        lines = the_lines()
        _import(company, keeper, lines)
        _change_many(company, keeper, lines)
        _change_in_a_spreadsheet(company, keeper, lines)
        _round_trip(company, keeper, lines)
    with company.report.scene("The figures, counted again"):
        _check_figures(company)
    keeper.leave()


def the_lines() -> list[Line]:
    """250 recommendations of four years, invented, with what was decided and how far they are."""
    drawn, lines = chance("list"), []
    subjects = list(ideas.words()["subjects"])
    for n in range(ROWS):
        year, number = YEARS[n % len(YEARS)], 1 + n // len(YEARS)
        subject = subjects[n % len(subjects)]
        words = ideas.texts_of(ideas.some(subject, 1, drawn)[0], drawn)
        status, decided = STATUSES[drawn.randrange(len(STATUSES))], date(year + 1, 6, 1 + n % 28)
        since = decided if status in OUTCOMES else decided + timedelta(days=drawn.randrange(30, 500))
        outcome = OUTCOMES.get(status, "accepted")
        until = (since + timedelta(days=2000)).isoformat() if status == "postponed" else ""
        lines.append({
            "year": str(year), "number": str(number), "theme": f"Thème {subject}", "workgroup": f"Groupe {n % 7}",
            "large_theme": LARGE["nl"] if n % 2 else "", "country": ("BE", "FR", "")[n % 3], "original": "fr",
            **{f"{name}_{code}": words[code][name] for name in ("title", "text") for code in ("fr", "nl")},
            "outcome": outcome, "decided_on": decided.isoformat(), "reasons_fr": "=Pour « tous » ; et voilà",
            "answers_for": "" if status == "rejected" else "Service IT",
            "due": (decided + timedelta(days=300)).isoformat() if outcome == "accepted" else "",
            "status": status, "since": since.isoformat(), "postponed_until": until,
            "reason": "Repris de l’ancienne liste.", "reason_language": "fr",
        })  # fmt: skip
    return lines


def as_csv(lines: Sequence[Line]) -> bytes:
    """As a spreadsheet saves it."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(lines[0]), delimiter=";")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(lines: Sequence[Line]) -> bytes:
    """The same as an Excel file."""
    return spreadsheets.xlsx(list(lines[0]), [list(line.values()) for line in lines])


# --- In ---------------------------------------------------------------------------------------------


def send(keeper: Person, name: str, content: bytes) -> Page:
    """Send a file, and see what would change."""
    page = keeper.go("/recommendations/desk/import")
    return keeper.browser.submit(page.form("/import"), {"file": (name, content)})


def counted(page: Page) -> dict[str, int]:
    """What the preview says: how many are new, changed, unchanged, faulty."""
    found = {word: re.search(rf"(\d[\d,]*) {word}\b", page.text) for word in ("new", "changed", "unchanged", "faulty")}
    if not all(found.values()):
        raise Broken(f"{page.url} does not say how many lines there are: {page.text[:400]}")
    return {word: int(number[1].replace(",", "")) for word, number in found.items() if number}


def _import(company: Company, keeper: Person, lines: list[Line]) -> None:
    """Half of it as CSV, with a line that is wrong; the other half as XLSX, with that line mended."""
    began, half = time.monotonic(), len(lines) // 2
    page = keeper.go("/recommendations/desk/large-themes")
    keeper.browser.submit(page.form("/large-themes"), LARGE)
    wrong = {**lines[7], "status": "peut-être"}
    page = send(keeper, "liste.csv", as_csv([*lines[:7], wrong, *lines[8:half]]))
    told, at = counted(page), "9"  # the heading is the first line
    is_told = "“status” must be one of" in page.text and f">{at}<" in page.html
    keeper.browser.submit(page.form(r"/apply/[0-9a-f]+"))
    right = told == {"new": half - 1, "changed": 0, "unchanged": 0, "faulty": 1}
    company.report.promise("a line that is wrong is shown with its number and left out", right and is_told, told)
    page = send(keeper, "liste.xlsx", as_xlsx([lines[7], *lines[half:]]))
    told = counted(page)
    keeper.browser.submit(page.form(r"/apply/[0-9a-f]+"))
    took = time.monotonic() - began
    right = told == {"new": ROWS - half + 1, "changed": 0, "unchanged": 0, "faulty": 0}
    text = f"{ROWS} recommendations come in from a CSV and an XLSX file, in {took:.0f} s (at most {SECONDS_AT_MOST})"
    company.report.promise(text, right and took < SECONDS_AT_MOST, told)
    company.report.figure("rows of the list of the years before", ROWS)


# --- Changes ----------------------------------------------------------------------------------------


def _change_many(company: Company, keeper: Person, lines: list[Line]) -> None:
    """All that are ongoing in one year are done now: looked at first, then changed at once."""
    today = company.season.now.date().isoformat()
    chosen = [line for line in lines if (line["year"], line["status"]) == ("2015", "ongoing")]
    page = keeper.go("/recommendations/desk/many?all=1&year=2015&status=ongoing")
    given: dict[str, Given] = {"status": "done", "since": today, "reason": "Looked at once a year."}
    page = keeper.browser.submit(page.form("/many/check"), given)
    is_told = f"{len(chosen)} recommendations change" in page.text
    page = keeper.browser.submit(page.form("/many/status"))
    for line in chosen:
        line |= {"status": "done", "since": today, "postponed_until": ""}
    text = f"{len(chosen)} that were ongoing are done, with one reason, after a look at each"
    company.report.promise(text, chosen and is_told and f"{len(chosen)} statuses changed" in page.text, page.text)


def _change_in_a_spreadsheet(company: Company, keeper: Person, lines: list[Line]) -> None:
    """The list goes out, some lines change in a spreadsheet, and it comes back: those change, and nothing else."""
    today = company.season.now.date().isoformat()
    table = [row for _at, row in spreadsheets.read(export(keeper, "xlsx"))]
    rows = [dict(zip(table[0], [*row, *[""] * (len(table[0]) - len(row))], strict=True)) for row in table[1:]]
    chosen = [line for line in lines if (line["year"], line["status"]) == ("2016", "not_started")]
    keys = {(line["year"], line["number"]) for line in chosen}
    new = {"status": "ongoing", "since": today, "reason": "We began.", "reason_language": "en"}
    for row in rows:
        row |= new if (row["year"], row["number"]) in keys else {}
    page = send(keeper, "back.xlsx", as_xlsx(rows))
    told = counted(page)
    keeper.browser.submit(page.form(r"/apply/[0-9a-f]+"))
    for line in chosen:
        line |= {"status": "ongoing", "since": today}
    right = told == {"new": 0, "changed": len(chosen), "unchanged": len(rows) - len(chosen), "faulty": 0}
    text = f"{len(chosen)} statuses change in a spreadsheet, and the preview shows those lines and no other"
    company.report.promise(text, chosen and right, told)


def export(person: Person, kind: str) -> bytes:
    """The whole list as a file."""
    return person.go(f"/recommendations/list.{kind}").content


def _rows(content: bytes) -> list[Line]:
    table = read_csv(content)
    return [dict(zip(table[0], row, strict=True)) for row in table[1:]]


def _round_trip(company: Company, keeper: Person, lines: Sequence[Line]) -> None:
    """What goes out comes back without a difference, in both formats; and it is what the play knows."""
    before = export(keeper, "csv")
    wrong = []
    for kind in ("csv", "xlsx"):
        page = send(keeper, f"list.{kind}", export(keeper, kind))
        told = counted(page)
        wrong += [] if told["unchanged"] == sum(told.values()) >= ROWS else [f"{kind}: {told} {page.text[:300]}"]
        keeper.browser.submit(page.form("/discard"))
    company.report.promise("the list comes back as CSV and as XLSX without a difference", not wrong, wrong)
    company.report.promise("and is the same afterwards, to the byte", export(keeper, "csv") == before)
    rows = {(row["year"], row["number"]): row for row in _rows(before)}
    differs = [
        (line["year"], line["number"], name, rows[line["year"], line["number"]][name])
        for line in lines
        for name in COLUMNS
        if name not in ("large_theme", "since", "reason", "reason_language", "reasons_fr")
        and rows[line["year"], line["number"]][name] != line[name]
    ]
    company.report.promise(f"it says of the {ROWS} what was written and changed", not differs, differs[:5])


# --- The figures ------------------------------------------------------------------------------------


def _check_figures(company: Company) -> None:
    """Every table of the public page, against what a loop over the exported CSV counts."""
    outside = stranger(company)
    rows = _rows(export(outside, "csv"))
    wrong = _wrong_statuses(outside, rows)
    for facet, of in FACETS.items():
        wrong += _wrong_facet(outside, rows, facet, of)
    wrong += _wrong_times(outside, rows)
    text = f"the public tables equal those counted from the exported CSV: {len(rows)} rows, {len(FACETS) + 2} tables"
    company.report.promise(text, not wrong, wrong)
    done, rejected = (sum(row["status"] == word for row in rows) for word in ("done", "rejected"))
    wanted = len(rows) - rejected
    rate = f"{100 * done / wanted:.1f}".removesuffix(".0")  # as the page writes it
    page = outside.go("/stocktake")
    shown = [f"{len(rows)} recommendations", f"{rate}% execution rate", f"That is {done} of {wanted}."]
    missing = [number for number in shown if number not in page.text.replace(",", "")]
    company.report.promise(f"and so says the page: {done} of {len(rows)} are done, {rate}%", not missing, page.text)
    company.report.figure("execution rate of the public page", f"{rate}%")


FACETS: dict[str, Callable[[Line], str]] = {
    "year": lambda row: f"{row['year']}–{(int(row['year']) + 1) % 100:02}",
    "large_theme": lambda row: row["large_theme"] or "without a large theme",
    "country": lambda row: {"BE": "Belgium", "FR": "France"}.get(row["country"], "both"),
    "group": lambda row: row["workgroup"],
}


def _table(outside: Person, what: str) -> list[list[str]]:
    return read_csv(outside.go(f"/stocktake/tables/{what}.csv").content)[1:]


def _wrong_statuses(outside: Person, rows: Sequence[Line]) -> list[str]:
    counts = Counter(NAMES[row["status"]] for row in rows)
    told = {row[0]: int(row[1]) for row in _table(outside, "statuses")}
    return [] if told == {name: counts[name] for name in NAMES.values()} else [f"statuses: {told} instead of {counts}"]


def _wrong_facet(outside: Person, rows: Sequence[Line], facet: str, of: Callable[[Line], str]) -> list[str]:
    """Number, those that are done, and the execution rate of each line, beside its number in all."""
    table = read_csv(outside.go(f"/stocktake/tables/{facet}.csv").content)
    at = {name: table[0].index(name) for name in ("Recommendations", "done", "rejected", "Execution rate (%)")}
    told = sorted(tuple(row[place] for place in at.values()) for row in table[1:])
    names = Counter(of(row) for row in rows)
    counted_ones = []
    for name, number in names.items():
        words = Counter(row["status"] for row in rows if of(row) == name)
        wanted = number - words["rejected"]
        rate = str(round(100 * words["done"] / wanted, 1)) if wanted else ""
        counted_ones.append((str(number), str(words["done"]), str(words["rejected"]), rate))
    return [] if told == sorted(counted_ones) else [f"{facet}: {told} instead of {sorted(counted_ones)}"]


def _wrong_times(outside: Person, rows: Sequence[Line]) -> list[str]:
    """Days from the decision to done: how many, and the middle one."""
    days = sorted(
        (date.fromisoformat(row["done_on"]) - date.fromisoformat(row["decided_on"])).days
        for row in rows
        if row["status"] == "done" and row["done_on"] and row["decided_on"]
    )
    days = [number for number in days if number >= 0]
    middle = len(days) // 2
    median = days[middle] if len(days) % 2 else (days[middle - 1] + days[middle]) / 2
    told = _table(outside, "times")[0]
    return [] if (int(told[1]), float(told[3])) == (len(days), float(median)) else [f"{told}: {len(days)}, {median}"]

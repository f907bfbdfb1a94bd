"""The beginning: the roll from a file on the command line, the first organiser, roles, and a roll by upload."""

import csv
import io
import re
import time
from datetime import date

from ..demo.members import rows
from ..members.offices import OFFICES
from .browser import Page
from .person import Person, Row
from .play import Play

SEED = 2020
CPU_AT_MOST = 30  # seconds for 30,000 members
FACILITATORS_FOR = ("", "", "brussel", "nantes", "charleroi", "lyon")
NEW, CHANGED, LEAVING = 5, 3, 2


def as_csv(people: list[Row]) -> bytes:
    """A roll as the cooperative's administration would send it."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(people[0]), delimiter=";")
    writer.writeheader()
    writer.writerows(people)
    return text.getvalue().encode("utf-8-sig")


def import_roll(play: Play) -> None:
    """Import everybody on the command line."""
    n = play.size.members
    play.rows = list(rows(n, SEED))
    file = play.folder / "members.csv"
    file.write_bytes(as_csv(play.rows))
    began = time.monotonic()
    done = play.stage.word("import-members", str(file))
    took = time.monotonic() - began
    play.report.promise(
        f"{n:,} members imported from a file of {file.stat().st_size / 1e6:.1f} MB: "
        f"{done.cpu:.1f} s of CPU (at most {CPU_AT_MOST}), {took:.1f} s by the clock",
        done.code == 0 and f"{n} are new" in done.said and done.cpu < CPU_AT_MOST, done.said,
    )  # fmt: skip
    play.report.figure("members imported", n)
    play.report.figure("seconds of CPU for the import", round(done.cpu, 1))


def give_roles(play: Play) -> None:
    """Make two organisers on the command line; everybody else gets their role on the pages, from both."""
    play.organiser = play.some(1, lambda r: r["city"] == "brussel", "en")[0]
    play.second = play.some(1, language="en")[0]
    done = [play.stage.word("grant", each.number, "organiser") for each in (play.organiser, play.second)]
    named = [each.code == 0 for each in done]
    play.report.promise("two organisers are named on the command line", all(named), [each.said for each in done])
    pages = [each.sign_in("/members/") for each in (play.organiser, play.second)]
    seen = [f"{play.size.members:,} members" in page.text for page in pages]
    text = "they sign in by mail, set up an app with codes, and see all members"
    play.report.promise(text, all(seen), pages[0].text[:200])

    play.board = play.some(1, language="en")[0]
    play.scrutineers = play.some(3, language="en")
    both = (play.organiser, play.second)
    given = [give_role(both, play.board, "board")]
    given += [give_role(both, person, "scrutineer") for person in play.scrutineers]
    for number, city in enumerate(FACILITATORS_FOR):
        person = play.some(1, lambda r, city=city: r["city"] == (city or "gent"), "en")[0]  # type: ignore[misc]
        play.facilitators[city or f"everywhere {number + 1}"] = person
        given.append(give_role(both, person, "facilitator", city))
    play.report.promise(f"{len(given)} roles are asked for on the pages, and confirmed by the second", all(given))


def give_role(both: tuple[Person, Person], person: Person, role: str, city: str = "") -> bool:
    """Let two organisers give somebody a role; say whether the person's page says so, and only then."""
    organiser, second = both
    found = organiser.go(f"/members/?q={person.number}")
    page = organiser.browser.get(found.link(r"/members/\d+", person.name))
    where = OFFICES[city].en if city else "Every city"
    here, before = page.url, len(page.forms)
    asked = organiser.browser.submit(page.form(r"/members/\d+"), {"role": role, "city": where})
    waits = len(organiser.browser.get(here).forms) == before
    page = second.confirm(asked)
    return waits and "It is done." in page.text and len(organiser.browser.get(here).forms) == before + 1


def upload_rolls(play: Play) -> None:
    """A roll with a fault changes nothing; a good one is previewed, then imported."""
    faulty = [dict(row) for row in play.rows]
    faulty[6]["city"] = "Atlantis"
    page = _upload(play.organiser, faulty)
    line = re.search(r"\b8 The city “Atlantis” is not one of the offices", page.text)
    play.report.promise(
        "a roll with a fault is refused with its line number", line and not _can_import(page), page.text
    )

    second = [dict(row) for row in play.rows[:-LEAVING]]
    for row in second[-CHANGED:]:
        row["email"] = f"new.{row['number']}@example.org"
    second += [_newcomer(play.size.members + i, second) for i in range(NEW)]
    page = _upload(play.organiser, second)
    same = len(second) - NEW - CHANGED
    seen = [re.search(rf"\b{n:,} {what}", page.text) for n, what in _expected(same)]
    play.report.promise(f"the preview says {NEW} new, {CHANGED} changed, {LEAVING} leaving", all(seen), page.text[:400])
    page = play.second.confirm(play.organiser.browser.submit(page.form(r"/import/\d+")))
    total = f"{len(play.rows) + NEW:,} members"
    done = "It is done." in page.text and total in play.organiser.go("/members/").text
    text = "the second roll is imported after its preview, when another organiser has confirmed it"
    play.report.promise(text, done, page.text[:200])
    play.rows = second


def import_latecomer(play: Play) -> Person:
    """Somebody joins after the electoral roll was drawn up: a third roll."""
    row = _newcomer(play.size.members + NEW, play.rows)
    play.rows = [*play.rows, row]
    page = _upload(play.organiser, play.rows)
    page = play.second.confirm(play.organiser.browser.submit(page.form(r"/import/\d+")))
    done = "It is done." in page.text and row["name"] in play.organiser.go(f"/members/?q={row['number']}").text
    play.report.promise("a member joins while the vote is on", done, page.text[:200])
    return play.person(row, "en")


def _newcomer(index: int, like: list[Row]) -> Row:
    number = f"N{index}"
    facts = {"number": number, "name": f"Noor Nieuw {index}", "email": f"noor.{number.lower()}@example.org"}
    return like[0] | facts | {"joined": date.today().isoformat()}  # noqa: DTZ011  (the day on the host's calendar)


def _expected(same: int) -> list[tuple[int, str]]:
    return [(NEW, "new"), (CHANGED, "changed"), (LEAVING, "leaving"), (same, "unchanged")]


def _upload(organiser: Person, people: list[Row]) -> Page:
    page = organiser.go("/members/import")
    return organiser.browser.submit(page.form("/members/import"), {"roll": ("roll.csv", as_csv(people))})


def _can_import(page: Page) -> bool:
    return page.has_form(r"/import/\d+")

"""From the deadline to a place for everybody who can have one: dates, the lot, groups that are too small, letters."""

import re
from datetime import timedelta

from .browser import Broken, Page
from .lists import read_csv
from .seasons_cast import Circle, Company, Player
from .seasons_days import pass_days, read_letters
from .seasons_letters import all_of
from .seasons_matching import best_dates, most_placed
from .seasons_setting import given_for

DRAWN = "3 1 4 1 5 6"
ROUND = timedelta(hours=12)  # the worker looks in the morning and in the evening
DONE = {"merge": "count for", "mode": "meets in another way now", "close": "is not held"}  # what the page says then


# --- Dates ------------------------------------------------------------------------------------------


def choose_dates(company: Company) -> None:
    """The organiser takes the best set for each group; by hand where the first meeting is known."""
    page = company.organiser.arrive(f"/{company.year}/groups/dates/")
    company.report.promise("the organisers see every group to choose dates for",
                           len(page.links(r"/groups/dates/\d+")) == len(company.circles), page.text[:300])  # fmt: skip
    worse, known = [], []
    for circle in company.circles:
        people = [player for player in company.players if player.counts and circle in player.wishes]
        if people:  # a group that nobody wishes is closed later
            worse += _take_best(company, circle, people)
        if circle.real.first and circle.dates[:1] != [circle.real.first]:
            known.append(f"{circle.name}: {circle.dates[:1]}")
    text = "no set of dates lets more people come to all than the best one shown, tried with every set"
    company.report.promise(text, not worse, worse)
    firsts = [f"{c.name} {c.real.first:%-d %B %H:%M}" for c in company.circles if c.real.first]
    if firsts:
        company.report.promise(f"first meetings are as they were: {'; '.join(firsts)}", not known, known)


def _take_best(company: Company, circle: Circle, people: list[Player]) -> list[str]:
    """Take the best set of dates, or the best by hand; what is wrong with the one that is shown."""
    page = company.organiser.go(f"/{company.year}/groups/dates/{circle.id}")
    ours, shown = best_dates(circle, people), _come_to_all(page)
    if circle.real.first:
        page = _by_hand(company, circle, page, people)
    form = next(f for f in page.forms if f.is_post and re.search(r"/groups/dates/\d+$", f.action))
    slots = {int(c.value) for c in form.controls if c.name == "slot" and c.kind == "hidden"}
    circle.mode = next(c.value for c in form.controls if c.name == "mode" and c.kind == "hidden")
    circle.dates = sorted(date for date, slot in circle.slots.items() if slot in slots)
    page = company.organiser.browser.submit(form)
    return [] if shown == ours.people else [f"{circle.name}: {shown}, not {ours.people}"]


def _come_to_all(page: Page) -> int:
    """How many can come to all dates of the best set, as its table says."""
    row = re.search(r"<tbody>\s*<tr[^>]*>.*?<td class=\"num\">(\d+)</td>", page.html, re.S)
    if not row:
        raise Broken(f"{page.url} shows no set of dates: {page.text[:500]}")
    return int(row[1])


def _by_hand(company: Company, circle: Circle, page: Page, people: list[Player]) -> Page:
    """Tick the first meeting that is known and the best four after it, and look what that means."""
    best = best_dates(circle, people, circle.real.first)
    form = next(f for f in page.forms if not f.is_post and re.search(r"/groups/dates/\d+$", f.action))
    page = company.organiser.browser.submit(form, {"slot": [str(slot) for slot in best.slots], "mode": best.mode})
    said = re.search(r"(\d+) of (?:these )?\d+ (?:person|people) can come to all", page.text)
    if not said or int(said[1]) != best.people:
        raise Broken(f"{circle.name}: by hand {best.people} should come to all. It says: {page.text[:900]}")
    return page


# --- The lot ----------------------------------------------------------------------------------------


def draw(company: Company) -> None:
    """Freeze the wishes, and draw in public."""
    organiser = company.organiser
    page = organiser.go(f"/{company.year}/groups/assignment/")
    page = organiser.browser.submit(page.form("/freeze"))
    seal = re.search(r"<code>([0-9a-f]{64})</code>", page.html)
    page = organiser.browser.submit(page.form("/draw"), {"draw": DRAWN})
    page = organiser.go(f"/{company.year}/groups/assignment/?check=1")
    same = "The wishes were hashed again, and the hash is the same." in page.text
    company.report.promise("the wishes are frozen, the lot is drawn, and no wish has changed", seal and same, page.text)


# --- Groups that are too small ----------------------------------------------------------------------


def mend(company: Company) -> None:
    """Merge, move online or close what is too small, as far as it is offered; known first meetings stay."""
    done = [_mend(company, circle, "close") for circle in company.held if not circle.dates]
    for way in ("merge", "mode", "close"):
        page = company.organiser.go(f"/{company.year}/groups/assignment/")
        small = [c for c in company.held if not c.real.first and page.has_form(rf"/assignment/{c.id}/{way}")]
        if small and not (way == "close" and done):
            done.append(_mend(company, small[0], way))
    page = company.organiser.go(f"/{company.year}/groups/assignment/")
    small = [c for c in company.held if page.has_form(rf"/assignment/{c.id}/close")]
    said = "; ".join(done) or "no group is too small"
    text = f"groups that are too small are mended, and {len(small)} are held all the same: {said}"
    company.report.promise(text, len(company.held) == len(page.links(r"/assignment/\d+")), page.text[:500])


def _mend(company: Company, circle: Circle, way: str) -> str:
    """One of the ways that the page offers for a group that is too small; its name and that way."""
    page = company.organiser.go(f"/{company.year}/groups/assignment/")
    form = page.form(rf"/assignment/{circle.id}/{way}")
    if way == "merge":
        circle.merged_into = company.circle(int(next(c.value for c in form.controls if c.name == "into")))
    elif way == "mode":
        circle.mode = next(c.value for c in form.controls if c.name == "mode")
    else:
        circle.is_closed = True
    page = company.organiser.browser.submit(form)
    if DONE[way] not in page.text:
        raise Broken(f"{circle.name}: {way} is offered, but not done: {page.text[:300]}")
    return f"{circle.name}: {way}"


# --- Telling ----------------------------------------------------------------------------------------


def tell(company: Company) -> None:
    """Tell everybody, and hold each letter against the wishes before anybody acts on it."""
    sent = [player for player in company.players if player.counts]
    most = most_placed(sent, company.held)
    page = company.organiser.go(f"/{company.year}/groups/assignment/tell")
    page = company.organiser.browser.submit(page.form("/assignment/tell"))
    told = re.search(r"(\d+) (?:people have|person has) a group", page.text)
    text = f"{told[1] if told else 0} of {len(sent)} have a group: as many as an own matching places ({most})"
    company.report.promise(text, told and int(told[1]) == most, page.text[:300])
    company.report.figure(f"who was given a group in {company.year}", most)
    company.season.work()
    _note_letters(company)
    _check_letters(company, sent)
    _check_given(company, sent)
    _note_queues(company)
    read_letters(company)


def _note_letters(company: Company) -> None:
    """What each letter gives: a group, or none yet."""
    for player in company.players:
        for letter in all_of(player, company.year):
            if letter.kind == "given":
                found = re.search(r"/groups/(\d+)/confirm", letter.letter.text)
                player.given = company.circle(int(found[1])) if found else None
                if player.given:
                    player.given.keep(player, company.season.now + given_for(company.year))


def _check_letters(company: Company, sent: list[Player]) -> None:
    wrong, languages = [], set()
    for player in company.players:
        letters = [each for each in all_of(player, company.year) if each.kind in ("given", "none")]
        if len(letters) != (player in sent) or any(each.language != player.person.language for each in letters):
            wrong.append(f"{player.name}: {[(each.kind, each.language) for each in letters]}")
        languages |= {each.language for each in letters}
    text = f"each of the {len(sent)} who promised gets one letter, with a group or none, in their language"
    company.report.promise(f"{text} ({', '.join(sorted(languages))}); nobody else gets one", not wrong, wrong)


def _check_given(company: Company, sent: list[Player]) -> None:
    wrong = [
        f"{player.name}: {player.given.name}" for player in sent if player.given and player.given not in player.possible
    ]
    text = "nobody is placed in a group that they did not wish, nor on a date or in a way that they did not tick"
    company.report.promise(text, not wrong, wrong)
    over = [circle.name for circle in company.circles if len(circle.offered) > (circle.places if circle.is_held else 0)]
    company.report.promise("no group is over its places, and none that is closed has people", not over, over)
    table = read_csv(company.organiser.go(f"/{company.year}/groups/assignment/outcome.csv").content)
    number, group = table[0].index("Number"), table[0].index("Group")
    listed = {row[number] for row in table[1:] if row[group]}
    placed = {player.person.number for player in sent if player.given}
    company.report.promise("the list of the outcome names just these", listed == placed, listed ^ placed)


def _note_queues(company: Company) -> None:
    """Whoever has no group looks up their number on each waiting list."""
    wrong = []
    places: dict[Circle, dict[int, Player]] = {circle: {} for circle in company.held}
    for player in company.players:
        if player.counts and not player.given:
            player.person.arrive(f"/{company.year}/groups/wishes/why")
            for circle in player.possible:
                page = player.person.go(circle.at)
                said = re.search(r'class="notice-title">[^<]*?(\d+)', page.html)
                places[circle][int(said[1]) if said else 0] = player
            player.person.leave()
    for circle, numbered in places.items():
        circle.queue = [numbered[n] for n in sorted(numbered)]
        if sorted(numbered) != list(range(1, len(numbered) + 1)):
            wrong.append(f"{circle.name}: {sorted(numbered)}")
    waiting = sum(map(len, places.values()))
    text = f"who has no group stands on the waiting list of each group they could come to ({waiting} numbers, no gaps)"
    company.report.promise(text, not wrong, wrong)


# --- Confirming, passing on, moving away ------------------------------------------------------------


def settle(company: Company, days: int) -> None:
    """The days in which places are confirmed or passed on; the last may still be kept for who comes next."""
    pass_days(company, company.season.now + timedelta(days=days))
    lapsed, passed = len(company.lapsed), len(company.passed_on)
    silent = {player for player, _circle in company.lapsed}
    untold = [p.name for p in silent if not any(each.kind == "lapsed" for each in all_of(p, company.year))]
    company.report.promise(f"{lapsed} said nothing: the place lapsed, and a letter told them", not untold, untold)
    kept = [
        f"{player.name} in {circle.name} until {circle.kept_until[player]}"
        for circle in company.held
        for player in circle.offered
        if company.season.now > circle.kept_until[player] + ROUND
    ]
    company.report.promise("no place is kept longer than its deadline", lapsed and not kept, kept)
    text = f"{len(company.declined)} said no; {passed} places passed on, each to the first on the waiting list"
    company.report.promise(text, passed and not company.wrong_turns, company.wrong_turns)
    check_places(company)


def check_places(company: Company) -> None:
    """The facilitators' lists are what people were told; no place was ever oversold, or idle while somebody waited."""
    wrong = []
    for circle in company.held:
        table = read_csv(circle.leader.arrive(f"{circle.desk}.csv").content)
        number, place = table[0].index("Number"), table[0].index("Place or waiting list")
        seated = {row[number] for row in table[1:] if row[place] == "has a place"}
        offered = {row[number] for row in table[1:] if row[place].startswith("offered")}
        waiting = [row[number] for row in table[1:] if row[place] == "waiting list"]
        ours = _numbers(circle.seated), _numbers(circle.offered), [p.person.number for p in circle.queue]
        if (seated, offered, waiting) != ours:
            wrong.append(f"{circle.name}: {len(seated)}+{len(offered)}+{len(waiting)}, not {list(map(len, ours))}")
        circle.leader.leave()
    have = sum(len(circle.seated) for circle in company.held)
    text = f"the facilitators' lists hold the {have} who have a place, and who waits, in order"
    company.report.promise(text, not wrong, wrong)
    company.report.promise("at no time was a group over its places", not company.wrong_places, company.wrong_places)
    text = "at no time was a place free while somebody waited for it"
    company.report.promise(text, not company.idle_places, company.idle_places)


def _numbers(players: list[Player]) -> set[str]:
    return {player.person.number for player in players}

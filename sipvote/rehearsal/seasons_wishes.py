"""From the first wish to the deadline: people rank groups, tick dates, promise; some think again, some forget."""

from collections import Counter
from datetime import datetime, timedelta

from .browser import Form, Page
from .seasons_cast import AWAY, WISHES, Circle, Company, Player, Temper
from .seasons_days import pass_days
from .seasons_letters import all_of

QUIET = {"mons", "louvain-la-neuve", "clermont-ferrand"}  # where few wish a group
WAVES = 3  # days on which people come


def hold(company: Company, begins: datetime, until: datetime) -> None:
    """Everything until the deadline is over."""
    between = (until - begins) / (WAVES + 3)
    for wave in range(WAVES):
        pass_days(company, begins + wave * between + timedelta(hours=2))
        for player in company.players[wave::WAVES]:
            _wish(company, player)
    pass_days(company, begins + WAVES * between)
    for player in company.players:
        if player.counts and player.temper in (Temper.CHANGES, Temper.WITHDRAWS, Temper.UNDOES):
            _think_again(company, player)
    pass_days(company, begins + (WAVES + 1) * between)
    for player in company.players:
        if player.has_begun and player.temper == Temper.UNDOES:
            _undo(company, player)
    drafts = [player for player in company.players if player.has_begun and not player.counts]
    drafts = [player for player in drafts if player.temper != Temper.WITHDRAWS]
    pass_days(company, until + timedelta(hours=1))
    _check(company, drafts)


def _wish(company: Company, player: Player) -> None:
    """Three pages, and the promise; who forgets stops before it."""
    browser, here = player.person.browser, f"/{company.year}/groups/wishes"
    page = player.person.arrive(f"{here}/groups")
    page = _choose(player, page, _dearest(company, player))
    page = _tick(company, player, page, away=AWAY)
    player.has_begun = True
    if player.temper != Temper.FORGETS:
        if not page.has_form("/pledge"):  # they look again: on more dates, any way
            page = _tick(company, player, player.person.go(f"{here}/dates"), away=0)
        if page.has_form("/pledge"):
            page = browser.submit(page.form("/pledge"))
            player.counts = page.url.endswith("/done")
    player.person.leave()


def _dearest(company: Company, player: Player) -> list[Circle]:
    """The groups that somebody wishes: near and in their language first, some elsewhere or online."""
    chance = player.chance(company.year, "wishes", player.temper)
    person = player.person

    def price(circle: Circle) -> float:
        near = person.city in circle.real.cities
        speaks = person.language in (*circle.real.languages, "en")
        quiet = company.size.quiet if QUIET & set(circle.real.cities) else 0
        return (
            quiet + chance.random() + (0 if near else 0.6 if not circle.real.cities else 0.9) + (0 if speaks else 1.5)
        )

    return sorted(filter(player.may_join, company.circles), key=price)[: chance.choice(WISHES)]


def _choose(player: Player, page: Page, circles: list[Circle]) -> Page:
    form = page.form("/wishes/groups")
    wanted = [circle for circle in circles if str(circle.id) in form.choices("wish_1")]
    ranks = {f"wish_{n}": str(wanted[n - 1].id) if n <= len(wanted) else "" for n in (1, 2, 3)}
    player.wishes = wanted
    return player.person.browser.submit(form, ranks)


def _tick(company: Company, player: Player, page: Page, away: float) -> Page:
    """Say of each date whether and how; a circle elsewhere can be come to online only."""
    form = page.form("/wishes/dates")
    chance = player.chance(company.year, "dates", away)
    ticks = {}
    for moment, slot in sorted({(m, s) for circle in player.wishes for m, s in circle.slots.items()}):
        is_near = any(slot in c.slots.values() and player.person.city in c.real.cities for c in player.wishes)
        is_away = chance.random() < away or (away and moment.weekday() in player.busy and chance.random() < 0.8)
        way = "" if is_away else _way(form, slot, player.way if is_near and away else "either" if is_near else "online")
        ticks[slot] = way
    player.ticks = {slot: way for slot, way in ticks.items() if way}
    return player.person.browser.submit(form, {f"slot-{slot}": way for slot, way in ticks.items()})


def _way(form: Form, slot: int, wanted: str) -> str:
    """The wanted way, or the one that there is."""
    offered = form.choices(f"slot-{slot}")
    if wanted in offered:
        return wanted
    return "online" if wanted == "either" and "online" in offered else ""


# --- Thinking again ---------------------------------------------------------------------------------


def _think_again(company: Company, player: Player) -> None:
    here = f"/{company.year}/groups/wishes"
    page = player.person.arrive(f"{here}/")
    if player.temper == Temper.CHANGES:
        others = [circle for circle in company.circles if circle not in player.wishes]
        page = _choose(player, player.person.go(f"{here}/groups"), [*others[:1], *player.wishes][:3])
        page = _tick(company, player, page, away=0)
        player.counts = not page.has_form("/pledge") and "Not sent" not in page.text
    else:
        page = player.person.browser.submit(page.form("/wishes/withdraw"))
        player.counts = False
    player.person.leave()


def _undo(company: Company, player: Player) -> None:
    page = player.person.arrive(f"/{company.year}/groups/wishes/")
    page = player.person.browser.submit(page.form("/wishes/undo"))
    player.counts = page.has_form("/wishes/withdraw") and not page.has_form("/wishes/undo")
    player.person.leave()


# --- What must be true then -------------------------------------------------------------------------


def _check(company: Company, drafts: list[Player]) -> None:
    counts = Counter(player.temper for player in company.players)
    sent = [player for player in company.players if player.counts]
    company.report.promise(
        f"{len(company.players)} wish groups, {len(sent)} promise; {counts[Temper.CHANGES]} change their wishes, "
        f"{counts[Temper.WITHDRAWS]} withdraw, {counts[Temper.UNDOES]} undo that",
        all(player.wishes for player in company.players) and sent,
    )  # fmt: skip
    wrong = []
    for player in company.players:
        letters = all_of(player, company.year)
        reminded = sum(letter.kind == "not sent" for letter in letters)
        confirmed = sum(letter.kind == "wishes" for letter in letters)
        if reminded != (player in drafts) or (player.counts and not confirmed):
            wrong.append(f"{player.name} ({player.temper}): {reminded} reminders, {confirmed} confirmations")
    text = f"the {len(drafts)} who began and did not promise are reminded once, two days before; nobody else is"
    company.report.promise(text, drafts and not wrong, wrong)
    page = company.organiser.arrive(f"/{company.year}/groups/assignment/")
    told = f"{len(sent)} members pledged a list of wishes"
    company.report.promise(f"the organisers see that {told}", told in page.text, page.text[:500])
    company.report.figure(f"who promised to come to a group in {company.year}", len(sent))

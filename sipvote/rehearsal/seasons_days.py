"""Days that pass: the worker works morning and evening, people read their letters and do what their temper says.

After each time nothing may be wrong with the places: never more than there are, and none free while somebody
waits and the list still moves.
"""

from datetime import datetime, timedelta

from .. import worker
from .letterbox import Letter
from .seasons_answers import note_offers, react
from .seasons_cast import Company, Player
from .seasons_letters import read

AT = (9, 21)  # hours
WEEK, DAY = timedelta(days=7), timedelta(days=1)


def pass_days(company: Company, moment: datetime) -> None:
    """Let time pass until a moment."""
    season = company.season
    while (beat := min(_next(season.now), moment)) < moment:
        _pass_to(company, beat)
    _pass_to(company, moment)


def _next(moment: datetime) -> datetime:
    """The next morning or evening."""
    for days in (0, 1):
        for hour in AT:
            found = datetime.combine(moment.date() + timedelta(days=days), datetime.min.time().replace(hour=hour))
            if found - moment > timedelta(minutes=30):
                return found
    raise ValueError("there is always a next morning")


def _pass_to(company: Company, moment: datetime) -> None:
    _expect_reminders(company, moment)
    if moment - company.season.now > timedelta(seconds=5):
        company.season.until(moment)
    else:  # it is then already
        company.season.work()
    read_letters(company)
    _check_places(company)


def _expect_reminders(company: Company, run: datetime) -> None:
    """Note who must be reminded of which meeting when the worker works then: a place, and no "I cannot come"."""
    for circle in company.held:
        for number, date in enumerate(circle.dates):
            word = "week" if WEEK - DAY < date - run <= WEEK else "day" if timedelta() < date - run <= DAY else ""
            for player in circle.seated if word and circle.meetings else ():
                if (player, number) not in circle.excused:
                    player.reminders[circle.meetings[number], f"{word} {date}"] = 1


def read_letters(company: Company) -> None:
    """Everybody who has a new letter reads it, and does something or nothing; new letters may come of that."""
    box = company.season.stage.letters
    for _round in range(5):
        counts = box.counts()
        readers = [p for p in company.players if counts.get(p.person.email.lower(), 0) > p.read]
        if not readers:
            return
        new = [(player, read(letter)) for player in readers for letter in _unread(player)]
        note_offers(company, new)
        for player, letter in new:
            react(company, player, letter)
        worker.do(company.season.app, "mail")


def _unread(player: Player) -> list[Letter]:
    letters = player.person.letters()
    new, player.read = letters[player.read :], len(letters)
    return new


def _check_places(company: Company) -> None:
    for circle in company.held:
        taken = len(circle.seated) + len(circle.offered)
        if taken > circle.places:
            company.wrong_places.append(f"{circle.name}: {taken} of {circle.places} on {company.season.now}")
        if circle.queue and taken < circle.places and circle.moves_on(company.season.now):
            company.idle_places.append(f"{circle.name}: {taken} of {circle.places} on {company.season.now}")

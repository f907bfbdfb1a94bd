"""Before the assembly: its plan, the ballot with three questions, the word lists, and the day that comes."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..editions.models import Phase
from ..i18n import ZONE
from . import themes, vote
from . import year as years
from .browser import Broken, Given
from .cast import Cast, Tally
from .person import Person
from .play import NEXT, Play
from .themes import Proposal

KEYS = ("paid-in-time", "ai", "retirement", "lending-library", "mentoring", "languages", "climate", "rural")
SEATS, MOST_APPROVALS, MOST_THEMES = 2, 3, 3
PER_HOLDER = 2
PLACE = "Salle des fêtes, Rue Émile Féron 70, Bruxelles"
AGENDA = {
    "nl": ["Opening en quorum", "Verslag van het bestuur", "Stemming", "Uitslag"],
    "fr": ["Ouverture et quorum", "Rapport du conseil", "Vote", "Résultat"],
    "en": ["Opening and quorum", "Report of the board", "Vote", "Result"],
}
CHAIR, SECRETARY = "Maud Renard", "Joris Claes"
ACTION = {
    "en": "Shall the board open an office in Lyon every day?",
    "fr": "Le conseil doit-il ouvrir chaque jour un bureau à Lyon ?",
    "nl": "Moet het bestuur elke dag een kantoor openen in Lyon?",
}
PAUSED = "The network in the hall fails for a moment."
LONGER = "The network in the hall had failed."
INCIDENT = "The network in the hall failed for a few minutes; nobody could vote meanwhile, and the vote was extended."
AHEAD, LASTS, SINCE = timedelta(days=20), timedelta(hours=4), timedelta(minutes=5)


@dataclass
class Day:
    """The assembly of 2021–22: who plays, what is asked, and what was said that the minutes must tell."""

    play: Play
    cast: Cast
    options: list[Proposal]
    prolonged: Proposal  # the theme of the last edition that may go on in France
    tally: Tally
    lists: list[str] = field(default_factory=list)
    desks: list[Person] = field(default_factory=list)
    called: int = 0  # how many have the convocation
    cards: list[str] = field(default_factory=list)  # every code that was on a card
    draw: str = ""
    seal: tuple[str, str] = ("", "")

    @property
    def needed(self) -> int:
        """The quorum: more than the hall and all proxies, and fewer than with half of those elsewhere."""
        size = self.play.size
        return size.hall + size.proxies + size.remote // 2


def gather_themes(play: Play) -> list[Proposal]:
    """The edition, with eight themes that members propose and an organiser admits."""
    options = [themes.real(key) for key in KEYS]
    settings = {"supporters_needed": "0", "seats": str(SEATS), "max_approvals": str(MOST_APPROVALS)}
    years.plan(play, NEXT, **settings, meetings="5", meeting_hours="3")
    themes.propose(play, NEXT, options)
    themes.translate(play, NEXT, options)
    years.move(play, NEXT, Phase.REVIEW)
    themes.admit(play, NEXT, options)
    return options


# --- The assembly -----------------------------------------------------------------------------------


def plan(day: Day) -> None:
    """Announce it for a day in three weeks."""
    begins = datetime.now(ZONE).replace(tzinfo=None) + AHEAD
    given: dict[str, Given] = {
        "place": PLACE, "follow_url": "https://meet.example.org/assembly", "quorum": "number",
        "quorum_value": str(day.needed), "proxies_per_holder": str(PER_HOLDER), "chair": CHAIR, "secretary": SECRETARY,
        **{f"agenda_{code}": "\n".join(items) for code, items in AGENDA.items()}, **_hours(begins),
    }  # fmt: skip
    _save(day, given)
    page = day.play.second.go(f"/{NEXT}/assembly")
    told = all(words in page.text for words in (PLACE, f"The quorum is {day.needed:,} members.", *AGENDA["en"]))
    day.play.report.promise("the assembly is announced: place, agenda in three languages, quorum", told, page.text)


def let_the_day_come(day: Day) -> None:
    """Move the assembly, as the phases of the year are moved: it was to begin some minutes ago."""
    _save(day, dict(_hours(datetime.now(ZONE).replace(tzinfo=None) - SINCE)))


def _hours(begins: datetime) -> dict[str, Given]:
    spelled = "%Y-%m-%dT%H:%M"
    return {"starts_at": begins.strftime(spelled), "ends_at": (begins + LASTS).strftime(spelled)}


def _save(day: Day, given: dict[str, Given]) -> None:
    organiser = day.play.organiser
    page = organiser.go(f"/{NEXT}/assembly/desk/settings")
    page = organiser.browser.submit(page.form("/assembly/desk/settings"), given)
    if "The plan of the assembly is saved." not in page.text:
        raise Broken(f"the assembly is not planned: {page.text[:400]}")


# --- The ballot -------------------------------------------------------------------------------------


def draft(day: Day) -> None:
    """Three questions: the themes; whether one goes on, for France alone; an action of the board."""
    play, browser = day.play, day.play.organiser.browser
    years.move(play, NEXT, Phase.VOTE)
    page = play.organiser.go(f"/{NEXT}/election/")
    how: dict[str, Given] = {"custody": "scrutineers", "by_hand": "y", "most_themes": str(MOST_THEMES)}
    browser.submit(page.form("/election/prepare"), how)
    page = play.organiser.go(f"/{NEXT}/election/questions/prolong")
    title = day.prolonged.title("en")
    page = browser.submit(page.form("/questions/prolong"), {"theme": title, "country": "FR", "majority": "simple"})
    on_ballot = ["The question is on the ballot." in page.text]
    page = play.organiser.go(f"/{NEXT}/election/questions/action")
    words: dict[str, Given] = {f"title_{code}": said for code, said in ACTION.items()}
    page = browser.submit(page.form("/questions/action"), {"original": "en", "majority": "two_thirds", **words})
    on_ballot += ["The question is on the ballot." in page.text, title in page.text, ACTION["en"] in page.text]
    play.report.promise("the ballot has three questions, one of them for France only", all(on_ballot), page.text)


def freeze(day: Day) -> None:
    """Freeze the ballot; each scrutineer proves their own list."""
    play = day.play
    vote.name_scrutineers(play, NEXT)
    day.lists = vote.word_lists(vote.act(play.organiser, NEXT, "freeze"))
    pages = []
    for person, words in zip(play.scrutineers, day.lists, strict=True):
        person.arrive(f"/{NEXT}/election/")
        pages.append(vote.prove_one(person, NEXT, words))
    proved = "All three are there now" in pages[-1].text
    play.report.promise("the ballot is frozen, and its three word lists are proved", proved, pages[-1].text[:300])


def open_(day: Day) -> None:
    """Two organisers open the vote by hand."""
    page = vote.act(day.play.organiser, NEXT, "open")
    waits = "Another organiser confirms it" in page.text and not page.has_form("/confirm/open")
    page = vote.confirm(day.play, NEXT, "open")
    text = "one organiser alone does not open the vote, two do"
    day.play.report.promise(text, waits and "The vote is open." in page.text, page.text[:300])

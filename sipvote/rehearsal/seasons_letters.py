"""The letters of the groups, told apart by how their subjects begin in each language, and by where they lead."""

import re
from datetime import datetime
from typing import NamedTuple

from .letterbox import Letter
from .seasons_cast import Circle, Player

BEGIN = {
    "given": {"en": "Your group:", "nl": "Je groep:", "fr": "Votre groupe :"},
    "none": {
        "en": "You have no workgroup yet", "nl": "Je hebt nog geen werkgroep",
        "fr": "Vous n’avez pas encore de groupe de travail",
    },
    "lapsed": {
        "en": "Your place has passed on", "nl": "Je plaats is doorgegeven",
        "fr": "Votre place est passée à quelqu’un d’autre",
    },
    "offered": {
        "en": "A place is kept for you", "nl": "We houden een plaats voor je vrij", "fr": "Une place vous est réservée",
    },
    "confirm": {
        "en": "Confirm your place", "nl": "Bevestig je plaats", "fr": "Confirmez votre place",
    },
    "reminder": {
        "en": "Your workgroup meets on", "nl": "Je werkgroep komt samen op", "fr": "Votre groupe de travail se réunit",
    },
    "moved": {"en": "New date", "nl": "Nieuwe datum", "fr": "Nouvelle date"},
    "unanswered": {
        "en": "Can you come on the new date", "nl": "Kun je op de nieuwe datum",
        "fr": "Pouvez-vous venir à la nouvelle date",
    },
    "place": {"en": "You have a place", "nl": "Je hebt een plaats", "fr": "Vous avez une place"},
    "waiting": {"en": "You are number", "nl": "Je bent nummer", "fr": "Vous êtes numéro"},
    "withdrawn": {
        "en": "You are no longer in the group", "nl": "Je bent niet meer in de groep",
        "fr": "Vous n’êtes plus dans le groupe",
    },
    "wishes": {"en": "Your wishes for", "nl": "Je wensen voor", "fr": "Vos souhaits pour"},
    "not sent": {"en": "Your wishes are kept", "nl": "Je wensen zijn bewaard", "fr": "Vos souhaits sont gardés"},
    "minutes": {
        "en": "Please approve the minutes", "nl": "Keur het verslag", "fr": "Merci d’approuver le compte rendu",
    },
    "secretary": {
        "en": "You are the secretary", "nl": "Je bent verslaggever", "fr": "Vous êtes secrétaire",
    },
}  # fmt: skip


class Read(NamedTuple):
    """A letter as somebody reads it: what it is, in which language, and the last group that it leads to."""

    kind: str
    language: str
    letter: Letter

    def leads_to(self, circle: Circle) -> bool:
        """Whether a page of this group is linked in it."""
        return re.search(rf"{circle.at}\b", self.letter.text) is not None


def read(letter: Letter) -> Read:
    """Tell what a letter is; other letters (codes to sign in) are of no kind."""
    subject = " ".join(letter.subject.split())  # as fr writes a space before its colon that does not break
    for kind, begins in BEGIN.items():
        for language, words in begins.items():
            if subject.startswith(words):
                return Read(kind, language, letter)
    return Read("", "", letter)


def all_of(player: Player, year: int) -> list[Read]:
    """Every letter about the groups of a year that somebody has."""
    return [read(letter) for letter in player.person.letters() if f"/{year}/" in letter.text]


def dates_in(calendar: str) -> list[datetime]:
    """When the meetings in a calendar file begin, by the clock in Brussels."""
    events = re.findall(r"BEGIN:VEVENT.*?END:VEVENT", calendar, re.S)
    starts = [re.search(r"DTSTART;TZID=Europe/Brussels:(\d{8}T\d{4})", event) for event in events]
    return sorted(datetime.fromisoformat(start[1]) for start in starts if start)


def group_id(text: str, ending: str) -> int | None:
    """The number of the group in the first link that ends so (a regular expression)."""
    found = re.search(rf"/\d{{4}}/groups/(\d+){ending}", text)
    return int(found[1]) if found else None

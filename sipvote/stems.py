"""Words as they are compared: without accents, capitals and endings, the same on both databases. Knows no room.

The endings are cut off by the Snowball stemmers. Accents go first, so that who types none finds the same. A stem is
only ever compared with stems, so it need not be a word.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from snowballstemmer.dutch_stemmer import DutchStemmer
from snowballstemmer.english_stemmer import EnglishStemmer
from snowballstemmer.french_stemmer import FrenchStemmer

# Letters and digits, with the accents that may stand behind a letter as signs of their own.
_WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f])*")
_WITHOUT_APOSTROPHE = re.compile("[^aeiou][aiouy]s$")  # themas, fotos: as many write thema’s
_APOSTROPHES = "'’ʼ"
_ELIDED = {"l", "d", "j", "n", "s", "m", "t", "c", "qu", "jusqu", "lorsqu", "puisqu"}  # l’égalité, qu’on
_HUNG = {"s", "t", "n", "m", "d", "re", "ve", "ll"}  # thema’s, foto’s, it’s, don’t
LONGEST = 40  # letters of a word that are compared
# Words that say nothing alone. They count in a search only when there is no other word.
_COMMON_EN = "a an and are as at be by for from in is it of on or that the this to was we what with"
_COMMON_NL = "aan als bij dat de die een en er het hoe in is je met naar of om op te tot uit van voor wat we zijn"
_COMMON_FR = "a au aux avec ce ces dans de des du en est et il la le les leur ou par pour que qui se sur un une"
COMMON = {
    "en": frozenset(_COMMON_EN.split(" ")), "nl": frozenset(_COMMON_NL.split(" ")),
    "fr": frozenset(_COMMON_FR.split(" ")),
}  # fmt: skip

_STEMMERS = {"en": EnglishStemmer, "nl": DutchStemmer, "fr": FrenchStemmer}


class Word(NamedTuple):
    """A word as it is compared, and where it stands in the text."""

    folded: str
    start: int
    end: int


def fold(text: str) -> str:
    """Letters as they are compared: small, without accents."""
    bare = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe").replace("æ", "ae"))
    return "".join(c for c in bare if not unicodedata.combining(c))


def words(text: str) -> Iterator[Word]:
    """The words of a text, each spelled with a to z and 0 to 9 only.

    Every database cuts such a word in the same way: other letters are written as their number, and a number begins
    with a letter. What an apostrophe has cut off (l’, ’s) is no word.
    """
    for found in _WORD.finditer(text):
        start, end = found.span()
        letters = _folded(found[0][: 4 * LONGEST])
        if text[end : end + 1] and text[end] in _APOSTROPHES and letters in _ELIDED:
            continue
        if start and text[start - 1] in _APOSTROPHES and letters in _HUNG:
            continue
        if spelled := _spelled(letters):
            yield Word(spelled, start, end)


@lru_cache(maxsize=50_000)
def _folded(word: str) -> str:
    return fold(word)


@lru_cache(maxsize=50_000)
def _spelled(letters: str) -> str:
    """A word with a to z and 0 to 9 only, and a letter first."""
    spelled = "".join(c if c.isascii() else f"u{ord(c):x}" for c in letters if c.isalnum())
    return (f"n{spelled}" if spelled[:1].isdigit() else spelled)[:LONGEST]


@lru_cache(maxsize=50_000)  # every word of a text is asked, and a language has few that are said often
def stem(word: str, language: str) -> str:
    """A folded word without its ending, in one of the three languages."""
    if len(word) <= 3 or not word.isalpha():
        return word
    if language == "nl" and _WITHOUT_APOSTROPHE.search(word):
        word = word[:-1]
    # A stemmer of its own each time: it holds the word it works on, and threads would share it.
    return _STEMMERS[language]().stemWord(word)[:LONGEST]

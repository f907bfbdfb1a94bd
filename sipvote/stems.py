"""Words as they are compared: without accents, capitals and endings, the same on both databases. Knows no room.

The endings are those of plurals and of French feminines, cut off with a light hand. A stem is only ever compared with
stems, so it need not be a word.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

# Letters and digits, with the accents that may stand behind a letter as signs of their own.
_WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f])*")
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
    return _STEMMERS[language](word) if len(word) > 3 else word


def _english(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}i"
    if re.search("(s|x|z|ch|sh)es$", word):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return f"{word[:-1]}i" if re.search("[^aeiou]y$", word) else word


def _dutch(word: str) -> str:
    """Groepen as groep, vennoten as vennoot, brieven as brief, mogelijkheden as mogelijkheid."""
    if word.endswith("heden"):
        word = f"{word[:-5]}heid"
    elif word.endswith("en") and len(word) > 4:
        word = _single(word[:-2])
        word = f"{word[:-1]}{ {'v': 'f', 'z': 's'}.get(word[-1], word[-1]) }"
    elif word.endswith("s") and not word.endswith("ss") and len(word) > 4:
        word = word[:-1]
    return re.sub(r"([^aeiou])(aa|ee|oo|uu)([^aeiou])$", lambda m: f"{m[1]}{m[2][0]}{m[3]}", word)


def _french(word: str) -> str:
    """Pluriel et féminin : locaux as local, coopératives as coopératif, professionnelles as professionnel."""
    if word.endswith("aux") and not word.endswith("eaux") and len(word) > 4:
        word = f"{word[:-3]}al"
    elif word.endswith(("s", "x")) and not word.endswith("ss"):
        word = word[:-1]
    bare = word.rstrip("e") if len(word.rstrip("e")) >= 3 else word
    bare = f"{bare[:-2]}if" if bare.endswith("iv") and len(bare) > 4 else bare
    return _single(bare)


def _single(word: str) -> str:
    """Without the second of two last consonants that are the same."""
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiou" else word


_STEMMERS = {"en": _english, "nl": _dutch, "fr": _french}

"""Groups write: drafts, versions, two at the same time, two groups in one text, translations; then they publish."""

import hashlib
import re
from datetime import datetime

from ..demo import ideas
from .outcomes_cast import Band, Troupe, chance, come, numbers_in, stranger
from .person import Person

TEXTS = 2  # that each group writes
LANGUAGES = ("en", "fr", "nl")
MORE = ("One office begins.", "All others follow within a year.")


def write(troupe: Troupe) -> None:
    """Each secretary begins and writes; in one group the facilitator writes at the same moment."""
    for band in troupe.bands:
        _begin(band)
    said = sum(len(band.ideas) for band in troupe.bands)
    text = f"{len(troupe.bands)} secretaries begin the drafts of their groups and write {said} recommendations"
    troupe.promise(text, said == TEXTS * len(troupe.bands))
    _write_at_once(troupe, troupe.bands[0])
    _join(troupe)
    _translate(troupe)


def texts_of(band: Band) -> list[dict[str, dict[str, str]]]:
    """What a group recommends, by language; invented."""
    drawn = chance(band.year, band.id)
    found = ideas.some(band.circle.real.theme, TEXTS, drawn, without=())
    return [ideas.texts_of(idea, drawn) for idea in found]


def _begin(band: Band) -> None:
    browser = band.secretary.browser
    page = browser.submit(come(band.secretary, f"/{band.year}/drafts/of/{band.id}").form("/begin"))
    band.draft = numbers_in(page, rf"/{band.year}/drafts/(\d+)")[0]
    for words in texts_of(band):
        given = {
            "language": "en",
            **words["en"],
            "title": f"{words['en']['title']} ({band.circle.real.theme} {band.id})",
        }
        page = browser.submit(band.secretary.go(f"{band.at}/add").form("/add"), given)
        new = [id for id in numbers_in(page, r'id="r(\d+)"') if id not in band.ideas]
        band.ideas |= dict.fromkeys(new, given["title"])
    band.secretary.leave()


def _write_at_once(troupe: Troupe, band: Band) -> None:
    """The secretary had the page open when the facilitator saved: nothing is lost, and every version is kept."""
    id = next(iter(band.ideas))
    here = f"{band.at}/{id}/write"
    old = come(band.secretary, here).form("/write")
    before = old.filled({})[0]
    text = dict(before)["text"]
    form = come(band.leader, here).form("/write")
    page = band.leader.browser.submit(form, {"text": f"{text}\n\n{MORE[0]}"})
    is_saved = "Version 2 is saved" in page.text
    page = band.secretary.browser.submit(old, {"text": f"{text}\n\n{MORE[1]}"})
    both = "Nothing is lost" in page.text and MORE[0] in page.text and MORE[1] in page.html
    page = band.secretary.browser.submit(page.form("/write"), {"text": f"{text}\n\n{' '.join(MORE)}"})
    text = "secretary and facilitator save at once: both texts are shown, and the next version holds both"
    troupe.promise(text, is_saved and both and "Version 3 is saved" in page.text, page.text)
    page = band.secretary.go(f"{band.at}/{id}/versions")
    added = re.findall(r"<ins\b[^>]*>(.*?)</ins>", page.html, re.S)
    troupe.promise("its versions show what was added, word by word", MORE[1].split()[0] in " ".join(added), added)
    band.secretary.leave()
    band.leader.leave()


def _join(troupe: Troupe) -> None:
    """Two groups of one theme write in one text: one asks, the other says yes; each keeps what it wrote."""
    first, other = next((a, b) for a in troupe.bands for b in troupe.bands if a is not b and a.theme == b.theme)
    before = len(first.leader.letters())
    page = come(other.secretary, f"{other.at}/together")
    other.secretary.browser.submit(page.form(f"/drafts/{first.draft}/together/{other.id}/ask"))
    first.leader.await_letter(rf"/drafts/{first.draft}/together", before)
    page = come(first.leader, f"{first.at}/together")
    page = first.leader.browser.submit(page.form(f"/together/{other.id}/accept"))
    other.draft = first.draft
    ids = numbers_in(page, r'id="r(\d+)"')
    wrong = [title for title in {**first.ideas, **other.ideas}.values() if title not in page.text]
    text = f"{first.name} and {other.name} write in one text from now on, first what the one wrote, then the other's"
    troupe.promise(text, ids == [*first.ideas, *other.ideas] and not wrong, (ids, wrong))
    for person in (first.leader, other.secretary):
        person.leave()


def _translate(troupe: Troupe) -> None:
    """The organisers write every text in the other languages."""
    organiser, written = troupe.company.organiser, 0
    for band in troupe.bands:
        for id, words in zip(band.ideas, texts_of(band), strict=True):
            for code in ("fr", "nl"):
                page = come(organiser, f"/{troupe.year}/drafts/desk/{band.draft}/{id}/{code}")
                organiser.browser.submit(page.form(f"/{code}"), words[code])
                written += 1
    page = organiser.go(f"/{troupe.year}/drafts/desk?show=to_do")
    left = page.links(r"/drafts/desk/\d+/\d+/[a-z]{2}")
    troupe.promise(f"organisers write {written} translations, and nothing is left to translate", not left, left)


def publish(troupe: Troupe) -> None:
    """Facilitators publish; before that nobody outside reads a word, then everybody does."""
    outside, early, late, letters = stranger(troupe.company), [], [], []
    for bands in troupe.drafts.values():
        band, titles = bands[0], [title for each in bands for title in each.ideas.values()]
        people = [person for each in bands for person in each.people]
        before = {person.email: len(person.letters()) for person in people}
        early += [title for title in titles if title in outside.go(band.at).html]
        page = come(band.leader, f"{band.at}/publish")
        band.leader.browser.submit(page.form("/publish"))
        band.leader.leave()
        for code in LANGUAGES:
            page = outside.go(f"/{code}{band.at}")
            late += [band.name] if len(numbers_in(page, r'id="r(\d+)"')) != len(titles) else []
        troupe.company.season.work()
        letters += [p.name for p in people if _told(p, before[p.email], rf"/drafts/{band.draft}\b") != 1]
    troupe.promise("before a draft is published nobody else reads a word of it", not early, early)
    troupe.promise("then everybody reads it, in three languages, without signing in", not late, late)
    troupe.promise("everybody in its groups gets one letter about it", not letters, letters)


def _told(person: Person, before: int, pattern: str) -> int:
    """How many letters with these words came since."""
    return sum(bool(re.search(pattern, letter.text)) for letter in person.letters()[before:])


def told(person: Person, before: int, pattern: str) -> int:
    """The same, for others."""
    return _told(person, before, pattern)


def sha256(content: bytes) -> str:
    """As anybody computes it."""
    return hashlib.sha256(content).hexdigest()


def day_of(moment: datetime) -> str:
    """As a field for a day takes it."""
    return f"{moment:%Y-%m-%d}"

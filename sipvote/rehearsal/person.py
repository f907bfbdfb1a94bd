"""Somebody in the rehearsal: a member of the roll, with a browser and a letterbox."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Protocol, TypeVar

from .browser import Broken, Browser, Page
from .letterbox import CODE, Letter
from .two import SecondStep

Row = dict[str, str]
T = TypeVar("T")
Who = TypeVar("Who")


class Letters(Protocol):
    """Where somebody finds their letters."""

    def to(self, address: str) -> list[Letter]: ...

    def wait(self, address: str, after: int, wanted: str) -> Letter: ...


class Person:
    """A member as the roll has them. Pages are asked for in their language, unless another is given."""

    def __init__(self, row: Row, base_url: str, letters: Letters, language: str = "") -> None:
        self.number, self.name, self.email = row["number"], row["name"], row["email"]
        self.country, self.city = row["country"], row["city"]
        self.language = language or row["language"]
        self.take(Browser(base_url))
        self._letters = letters

    def take(self, browser: Browser) -> None:
        """Use this browser, and an app of their own where a second step is asked."""
        self.browser = browser
        browser.when_asked = SecondStep(browser)

    def go(self, path: str, expect: int = 200) -> Page:
        """Open a page in the person's language; `path` may have a language already."""
        has_language = path[1:3] in ("nl", "fr", "en") and path[3:4] in ("", "/")
        return self.browser.get(path if has_language else f"/{self.language}{path}", expect)

    def sign_in(self, path: str = "/sign-in", expect: int = 200) -> Page:
        """Go to a page that is closed, be asked who one is, type the code from the mail, and arrive at that page."""
        before = len(self.letters())
        page = self.browser.submit(self.go(path).form("/sign-in.*"), {"email": self.email})
        letter = self._letters.wait(self.email, before, CODE.pattern)
        code = CODE.search(letter.subject + letter.text)
        page = self.browser.submit(page.form("/sign-in/code"), {"code": code[0] if code else ""}, expect)
        if page.has_form("/sign-in/code"):
            raise Broken(f"{self.name} was not let in: {page.text[:300]}")
        return page

    def arrive(self, path: str) -> Page:
        """Go to a closed page, and sign in only when that is asked."""
        page = self.go(path)
        return self.sign_in(path) if page.has_form("/sign-in.*") else page

    def confirm(self, asked: Page) -> Page:
        """Confirm what somebody else asked for on a page a moment ago."""
        if "This is asked." not in asked.text:
            raise Broken(f"nobody else is asked to confirm this: {asked.text[:300]}")
        page = self.arrive("/asked")
        return self.browser.submit(page.form(r"/asked/\d+/confirm"))

    def letters(self) -> list[Letter]:
        """The mails that came until now."""
        return self._letters.to(self.email)

    def await_letter(self, wanted: str, after: int = 0) -> Letter:
        """Wait for a mail with these words (a regular expression) in it."""
        return self._letters.wait(self.email, after, wanted)

    def leave(self) -> None:
        """Put the telephone away."""
        self.browser.close()


def together(
    act: Callable[[Who], T], people: Sequence[Who], threads: int, tell: Callable[[int], None] | None = None
) -> list[T]:
    """Let people act at the same time; give what each got, in their order. The first fault stops everybody."""
    with ThreadPoolExecutor(threads) as pool:
        acting = [pool.submit(act, person) for person in people]
        try:
            for done, each in enumerate(as_completed(acting), start=1):
                each.result()
                if tell:
                    tell(done)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [each.result() for each in acting]

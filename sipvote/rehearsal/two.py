"""Officials as they are where the service is strict: an app with codes on the telephone, and a second person."""

import re
import time

import pyotp

from .browser import Broken, Browser, Form, Page

HALF_A_MINUTE = 30
SECRET = re.compile(r'<p class="code">([A-Z2-7 ]+)</p>')
STEPS = "/second-step"


class App:
    """What shows six digits every half minute. Each counts once, so it waits for those that were not typed yet."""

    def __init__(self, secret: str) -> None:
        self._codes, self._used = pyotp.TOTP(secret), 0

    def code(self) -> str:
        """Six digits of this half minute, or of the next."""
        while self._used > int(time.time()) // HALF_A_MINUTE:
            time.sleep(1)
        self._used = max(int(time.time()) // HALF_A_MINUTE, self._used + 1)
        return self._codes.generate_otp(self._used)


class SecondStep:
    """Answers the pages that ask for the second step: sets the app up at the first, types its code at the others."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._app: App | None = None

    def __call__(self, page: Page, expect: int) -> Page:
        if page.status != 401 and STEPS not in page.url:
            return page
        if form := _asking(page, "new-step_code"):
            return self._browser.submit(form, {"new-step_code": self._set_up(page)}, expect)
        if self._app is None and page.has_form(rf"{STEPS}/app.*"):
            return self._browser.submit(page.form(rf"{STEPS}/app.*"), expect=expect)
        if self._app is not None and (form := _asking(page, "step_code")):
            return self._browser.submit(form, {"step_code": self._app.code()}, expect)
        return page

    def _set_up(self, page: Page) -> str:
        """Type the secret into the app; gives its first code."""
        found = SECRET.search(page.html)
        if found is None or self._app is not None:
            raise Broken(f"the app cannot be set up: {page.text[:300]}")
        self._app = App(found[1].replace(" ", ""))
        return self._app.code()


def _asking(page: Page, name: str) -> Form | None:
    """The form that asks for a code by this name."""
    return next((form for form in page.forms if any(control.name == name for control in form.controls)), None)

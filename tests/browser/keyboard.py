"""Getting through a page with the keyboard alone, as people do who cannot use a mouse."""

from playwright.sync_api import Page

MANY = 150  # presses of Tab after which something cannot be reached


def reach(page: Page, selector: str, nth: int = 0) -> None:
    """Press Tab until the focus is on the n-th element that matches; fail when it never comes there."""
    # By locators alone: where JavaScript is off, the page cannot be asked otherwise.
    focused = page.locator(selector).nth(nth).and_(page.locator(":focus"))
    for _press in range(MANY):
        if focused.count():
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {selector} [{nth}]")


def press(page: Page, selector: str, nth: int = 0, key: str = "Enter") -> None:
    """Reach a link or button and press it."""
    reach(page, selector, nth)
    with page.expect_navigation():
        page.keyboard.press(key)


def tick(page: Page, selector: str, nth: int = 0) -> None:
    """Reach a checkbox and tick it."""
    reach(page, selector, nth)
    page.keyboard.press("Space")


def fill(page: Page, selector: str, text: str) -> None:
    """Reach a field and type into it."""
    reach(page, selector)
    page.keyboard.type(text)


def choose(page: Page, name: str, value: str) -> None:
    """Reach a group of radio buttons and go to the one with this value."""
    chosen = page.locator(f"input[name={name}]:checked")
    reach(page, f"input[name={name}]{':checked' if chosen.count() else ''}")
    if not chosen.count():
        page.keyboard.press("Space")
    for _step in range(page.locator(f"input[name={name}]").count()):
        if chosen.get_attribute("value") == value:
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"the arrows do not reach {name}={value}")


def open_up(page: Page, selector: str) -> None:
    """Reach what can be unfolded, and unfold it."""
    reach(page, selector)
    page.keyboard.press("Enter")

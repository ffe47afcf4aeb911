"""A select box as a person uses it, again where its list closes as the page is drawn anew."""

from contextlib import suppress

from playwright.sync_api import Locator, TimeoutError, expect


def pick(box: Locator, name: str) -> None:
    """`name`: the whole option, as the list writes it."""
    _pick(box, box.page.get_by_role("option", name=name, exact=True))
    expect(box).to_have_value(name)


def pick_first(box: Locator) -> None:
    """Of a box that takes several: the first that it has not taken yet."""
    _pick(box, box.page.get_by_role("option").first)


def _pick(box: Locator, option: Locator) -> None:
    for _ in range(5):
        box.click()
        with suppress(TimeoutError):
            option.click(timeout=5_000)
            break

"""Sliders of a page that may be drawn anew at any moment."""

from playwright.sync_api import Locator, Page


def slider(page: Page, label: str) -> Locator:
    """Not what the page is done with and shows only until it is drawn to its end: where something
    new stands above, the same slider is there twice for that long."""
    drawn = page.locator('[data-testid="stElementContainer"][data-stale="false"]')
    return drawn.get_by_role("slider", name=label)

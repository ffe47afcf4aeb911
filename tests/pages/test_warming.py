"""What is imported when the server starts."""

import subprocess
import sys

from chatbot import paths

SAID = """
import sys
from pages.ui import warming
warming.warm_up()
print(*(name in sys.modules for name in ("pages.ui.dataset_doctor", "numpy", "torch", "pandas")))
"""


def test_the_pages_parts_are_warm_and_what_takes_seconds_is_left_for_later():
    ended = subprocess.run(
        [sys.executable, "-c", SAID],
        cwd=paths.PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert ended.stdout.split() == ["True", "True", "False", "False"]


def test_what_can_t_be_imported_is_told_later_and_by_the_page(monkeypatch):
    from pages.ui import warming

    monkeypatch.setattr(warming.pkgutil, "iter_modules", lambda *_: [_Module("pages.ui.none")])
    monkeypatch.setattr(warming, "log", lambda: warming_log)
    warming_log = _Log()

    warming.warm_up()

    assert warming_log.heard == ["warming up"]


class _Module:
    def __init__(self, name: str) -> None:
        self.name = name


class _Log:
    def __init__(self) -> None:
        self.heard: list[str] = []

    def warning(self, message: str, **_: object) -> None:
        self.heard.append(message)

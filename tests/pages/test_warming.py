"""What is imported when the server starts."""

import subprocess
import sys
from pathlib import Path

import pytest

from chatbot import paths
from chatbot.engine_room import EngineRoom, EngineStatus
from tests.pages.test_chat import opened, until

SAID = """
import sys
from pages.ui import warming
warming.warm_up()
print(*(name in sys.modules for name in ("pages.ui.dataset_doctor", "numpy", "torch", "pandas")))
"""


def printed(script: str) -> list[str]:
    """The words that a script prints in a fresh process."""
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=paths.PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return ended.stdout.split()


def test_the_pages_parts_are_warm_and_what_takes_seconds_is_left_for_later():
    assert printed(SAID) == ["True", "True", "False", "False"]


POEMS = """
import sys
from pages.ui import warming
warming.warm_up()
print("sklearn" in sys.modules)
for thread in (warming.warm_poems(), warming.warm_poems()):
    thread.join()
from chatbot.poems import classifier
print("sklearn" in sys.modules, classifier._trained.cache_info().currsize)
"""


def test_poems_are_warmed_apart_from_what_the_start_needs_and_once():
    assert printed(POEMS) == ["False", "True", "1"]


def test_poems_are_warmed_once_the_chat_s_model_is_there(
    with_model: Path,
    poems_warmed: list[str],
):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EngineRoom, "status", lambda *_: EngineStatus("loading"))
        at = opened()
        assert poems_warmed == []
    until(at, lambda _: bool(poems_warmed))


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

"""What all page tests share: one look through the installed packages, and no process that stays."""

import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner

from chatbot.training.speeds import Speeds
from pages.ui import warming
from tests.known_speeds import TRIAL


@pytest.fixture(autouse=True, scope="session")
def libraries_first(libraries: None) -> None:
    """Before any page: a page imports them in a thread of its own, and two imports of Transformers
    at once see half of it."""


@pytest.fixture(autouse=True)
def no_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page Fine-tune measures this machine by real steps in a process of its own, which would
    outlive the test: dozens of them took all memory."""
    monkeypatch.setattr(Speeds, "_carry_out", lambda *_: TRIAL)


@pytest.fixture(autouse=True)
def poems_warmed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How often a page began to warm up the poems, in a thread that would outlive the test."""
    begun: list[str] = []
    monkeypatch.setattr(warming, "warm_poems", lambda: begun.append("poems"))
    return begun


@pytest.fixture(autouse=True, scope="session")
def packages_searched_once() -> Iterator[None]:
    """Every `AppTest` searches all of them for components, which takes as long as a page."""
    with pytest.MonkeyPatch.context() as patch:
        once = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", once)
        yield


@pytest.fixture
def alone(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without any model, and no models that came with the project."""
    monkeypatch.setattr("chatbot.paths.PROJECT", tmp_path / "project")
    monkeypatch.setenv("CHATBOT_DEVICE", "cpu")
    monkeypatch.setenv("CHATBOT_DTYPE", "float32")
    return home


@pytest.fixture
def with_model(alone: Path, tiny_gpt2: Path) -> Path:
    shutil.copytree(tiny_gpt2, alone / "models" / "tiny")
    return alone

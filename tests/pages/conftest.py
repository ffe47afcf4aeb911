"""What all page tests share: one look through the installed packages, and no process that stays."""

from collections.abc import Iterator
from functools import cache

import pytest
from streamlit.components.v2 import manifest_scanner

from chatbot.training.speeds import Speeds
from chatbot.training.trial import Trial

TRIAL = Trial(
    seconds_a_step=0.5,
    tokens_a_step=200.0,
    tokens_a_conversation=50.0,
    preparing=4.0,
    memory=10**8,
    device="cpu",
    free=None,
    bfloat16=True,
)


@pytest.fixture(autouse=True)
def no_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page Fine-tune measures this machine by real steps in a process of its own, which would
    outlive the test: dozens of them took all memory."""
    monkeypatch.setattr(Speeds, "_carry_out", lambda *_: TRIAL)


@pytest.fixture(autouse=True, scope="session")
def packages_searched_once() -> Iterator[None]:
    """Every `AppTest` searches all of them for components, which takes as long as a page."""
    with pytest.MonkeyPatch.context() as patch:
        once = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", once)
        yield

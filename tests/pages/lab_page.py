"""The lab's playthings on a page of their own, as a test works with them."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.errors import UNEXPECTED

SCRIPT = Path(__file__).with_name("lab_script.py")


@pytest.fixture
def lab_home(home: Path, tmp_path: Path, tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with one tiny model, and no models that came with the project."""
    monkeypatch.setattr("chatbot.paths.PROJECT", tmp_path / "project")
    monkeypatch.setenv("CHATBOT_DEVICE", "cpu")
    monkeypatch.setenv("CHATBOT_DTYPE", "float32")
    shutil.copytree(tiny_gpt2, home / "models" / "tiny")
    return home


def opened(**settings: float) -> AppTest:
    """The page, with few new tokens and any other settings."""
    at = ran(AppTest.from_file(str(SCRIPT), default_timeout=30))
    for name, value in {"max_new_tokens": 8, **settings}.items():
        at.slider(key=name).set_value(value)
    return ran(at)


def ran(at: AppTest) -> AppTest:
    at.run()
    assert not at.exception
    assert UNEXPECTED not in [error.value for error in at.error]
    return at


def click(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click()
    return ran(at)


def until(at: AppTest, condition: Callable[[AppTest], bool], seconds: float = 40) -> AppTest:
    """Look again, as the page's fragments do in a browser, until the condition holds."""
    end = time.monotonic() + seconds
    while not condition(at):
        assert time.monotonic() < end
        time.sleep(0.05)
        ran(at)
    return at


def shown(at: AppTest, key: str) -> dict[str, Any]:
    """What a component was given; nothing where it is not on the page."""
    try:
        proto = at.get_by_key(key).proto
    except KeyError:
        return {}
    return dict(json.loads(proto.json))


def captions(at: AppTest) -> str:
    return "\n".join(caption.value for caption in at.caption).replace("\\", "")

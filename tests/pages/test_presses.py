"""No press is lost, whatever the page does between the press and its button."""

import ast
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.engine_room import Choice, EngineRoom
from chatbot.live_answers import LiveAnswer
from pages.ui.lab_play_state import Key, Play
from tests.pages.lab_page import SCRIPT, lab_home, ran, shown, until

__all__ = ["lab_home"]

PAGES = SCRIPT.parents[2] / "pages"


def counting() -> None:
    """A page that, where it is told to, begins anew above its button."""
    import streamlit as st

    from pages.ui import presses

    if st.session_state.pop("anew", False):
        st.rerun()
    locked = bool(st.session_state.get("locked"))
    if not st.session_state.get("hidden") and presses.button("Count", key="count", disabled=locked):
        st.session_state["presses"] = st.session_state.get("presses", 0) + 1
    if "presses" in st.session_state:
        st.text(f"{st.session_state['presses']} presses")
    presses.forget()


def pressed(at: AppTest) -> AppTest:
    at.button(key="count").click()
    return ran(at)


def test_a_press_counts_once() -> None:
    at = ran(AppTest.from_function(counting))
    assert not at.text
    assert pressed(at).text[0].value == "1 presses"
    assert ran(at).text[0].value == "1 presses"
    assert pressed(at).text[0].value == "2 presses"


def test_a_press_is_kept_until_the_page_is_drawn_as_far_as_its_button() -> None:
    at = ran(AppTest.from_function(counting))
    at.session_state["anew"] = True
    assert pressed(at).text[0].value == "1 presses"
    assert ran(at).text[0].value == "1 presses"


@pytest.mark.parametrize("by_now", ["hidden", "locked"])
def test_a_press_on_what_is_gone_or_locked_by_now_is_not_kept_for_later(by_now: str) -> None:
    at = ran(AppTest.from_function(counting))
    at.session_state[by_now] = True
    assert not pressed(at).text
    at.session_state[by_now] = False
    assert not ran(at).text


@pytest.fixture
def lab(lab_home: Path) -> AppTest:
    """The sampling lab, where another model can be chosen."""
    shutil.copytree(lab_home / "models" / "tiny", lab_home / "models" / "other")
    at = ran(AppTest.from_file(str(PAGES / "sampling_lab.py"), default_timeout=30))
    return until(at, lambda at: bool(shown(at, "lab_bars")))


BEGINNING = pytest.mark.parametrize("key", [Key.STRIP_GO, Key.DICE_ROLL, Key.STEPS_GO])


@BEGINNING
def test_a_press_as_another_model_ends_loading_is_for_that_model(
    lab: AppTest, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """The page then draws itself anew above the button."""
    warm = EngineRoom.warm

    def loaded_at_once(room: EngineRoom, choice: Choice, *, retry: bool = False) -> None:
        warm(room, choice, retry=retry)
        with room.lease(choice):
            pass

    monkeypatch.setattr(EngineRoom, "warm", loaded_at_once)
    other = {"tiny": "other", "other": "tiny"}[lab.selectbox(key="model").value]
    lab.selectbox(key="model").set_value(other)
    lab.text_area(key="lab_prompt").set_value("What about tea?")  # what nobody has asked yet
    lab.button(key=key).click()
    assert {answer.choice.model for answer in begun(ran(lab))} == {other}


@BEGINNING
def test_a_press_right_after_writing_is_for_what_was_written(lab: AppTest, key: str) -> None:
    lab.text_area(key="lab_prompt").set_value("What about tea?")
    lab.button(key=key).click()
    assert {answer.messages[-1].text for answer in begun(ran(lab))} == {"What about tea?"}


def begun(at: AppTest) -> list[LiveAnswer]:
    """What the lab's playthings asked for."""
    play = at.session_state["own_lab_play"]
    assert isinstance(play, Play)
    return [answer for answer in (*play.strip, play.dice, play.recording) if answer is not None]


def asks_for_a_press(path: Path) -> list[int]:
    """The lines at which a file uses what Streamlit's own button returns."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    dropped = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("button", "form_submit_button")
        and not (isinstance(node.func.value, ast.Name) and node.func.value.id == "presses")
        and id(node) not in dropped
    ]


def test_pages_ask_for_no_press_that_can_be_lost() -> None:
    found = {path.name: asks_for_a_press(path) for path in PAGES.rglob("*.py")}
    assert {name: lines for name, lines in found.items() if lines} == {}

"""The playthings on the sampling lab: the dice roll what the page shows, and the tour sees it."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from pages.ui.lab_play_state import Key
from tests.pages.lab_page import SCRIPT, click, lab_home, ran, shown, until

__all__ = ["lab_home"]

PAGE = SCRIPT.parents[2] / "pages" / "sampling_lab.py"


def loaded() -> AppTest:
    at = ran(AppTest.from_file(str(PAGE), default_timeout=30))
    return until(at, lambda at: bool(shown(at, "lab_bars")))


def told(at: AppTest) -> str:
    return "\n".join(text.value for text in at.markdown)


def test_the_tour_counts_the_tokens_of_the_picture(lab_home: Path) -> None:
    at = loaded()
    click(at, Key.TOUR_BEGIN)
    at.text_area(key="lab_prompt").set_value("Tell me about tea")
    ran(at)
    for temperature in (0.0, 1.5):
        at.slider(key="temperature").set_value(temperature)
        ran(at)
    assert "Step 4: Lower Top-p" in told(at)
    for top_p in (0.9, 0.7, 0.5, 0.3, 0.1, 0.05):
        at.slider(key="top_p").set_value(top_p)
        ran(at)
        if "Step 5" in told(at):
            break
    assert "Step 5: Roll the dice" in told(at)
    click(at, Key.DICE_ROLL)
    assert "whole way" in told(at)
    until(at, lambda at: bool(shown(at, Key.DICE)))
    assert 1 <= len(shown(at, Key.DICE)["rows"]) < 5


def test_started_again_for_another_prompt_the_dice_are_rolled_for_it(lab_home: Path) -> None:
    at = loaded()
    click(at, Key.DICE_ROLL)
    until(at, lambda at: bool(shown(at, Key.DICE)))
    assert at.button(key=Key.DICE_ROLL).label == "Start again"
    at.text_area(key="lab_prompt").set_value("Tell me about tea")
    click(at, Key.DICE_ROLL)
    assert at.session_state["own_lab_play"].dice.messages[-1].text == "Tell me about tea"
    until(at, lambda at: bool(shown(at, Key.DICE)))


def test_without_a_prompt_the_page_still_stands(lab_home: Path) -> None:
    at = loaded()
    at.text_area(key="lab_prompt").set_value(" ")
    ran(at)
    assert not shown(at, "lab_bars")
    assert at.button(key=Key.DICE_ROLL).disabled
    assert at.button(key=Key.TOUR_BEGIN).label == "Take the tour"

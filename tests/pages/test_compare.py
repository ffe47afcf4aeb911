"""The Compare page: side by side, bad input, the sweep, and the taste test's result."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import compare_state
from pages.ui.compare_state import Key
from pages.ui.resources import engine_room

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "compare.py")
NASTY = "</script><img src=x> ![x](https://evil.example/x.png) $x^2$ :red[red]"


@pytest.fixture
def at(
    home: Path, tiny_gpt2: Path, tiny_llama: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[AppTest]:
    monkeypatch.setenv("CHATBOT_DTYPE", "float32")
    for name, source in (("one", tiny_gpt2), ("two", tiny_llama)):
        shutil.copytree(source, home / "models" / name)
    at = AppTest.from_file(PAGE, default_timeout=60)
    at.run()
    assert not at.exception
    for index, name in enumerate(("one", "two")):
        at.selectbox(f"{Key.MODEL}{index}").select(name)
        at.slider(f"{Key.SETTING}max_new_tokens_{index}").set_value(8)
    at.run()
    yield at
    engine_room().close()


def ask(at: AppTest, prompt: str, button: str = "compare-start") -> None:
    at.text_area(Key.PROMPT).input(prompt)
    at.button(button).click()
    at.run()
    assert not at.exception


def settled(at: AppTest, task: str) -> None:
    bench = at.session_state["own_compare_benches"][task]
    assert bench.wait(60)
    at.run()
    assert not at.exception


def until(at: AppTest, condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        at.run()
        assert not at.exception


def test_two_models_answer_with_their_receipts(at: AppTest) -> None:
    ask(at, NASTY)
    settled(at, "Side by side")
    said = [each.value for each in at.caption]
    assert any(value.startswith("Checkpoint one") for value in said)
    assert any(value.startswith("Checkpoint two") for value in said)
    assert at.text[0].value == NASTY  # text, never markup
    assert not at.error


@pytest.mark.parametrize("prompt", ["", "   ", "\x01\x02", "x" * 1_000_000])
def test_what_can_not_be_asked_is_said_calmly(at: AppTest, prompt: str) -> None:
    ask(at, prompt)
    assert len(at.error) == 1
    assert compare_state.bench is not None
    assert not at.session_state["own_compare_benches"].get("Side by side")


def test_a_prompt_beyond_the_window_and_a_deleted_checkpoint(at: AppTest, home: Path) -> None:
    ask(at, "word " * 300)
    settled(at, "Side by side")
    assert len(at.error) == 2
    assert "too long" in at.error[0].value
    at.text_area(Key.PROMPT).input("Hi")
    at.run()
    shutil.rmtree(home / "models" / "two")
    at.button("compare-start").click()
    at.run()  # the picker falls back to what is there
    assert not at.exception
    settled(at, "Side by side")
    assert not at.error


def test_a_sweep_is_a_table_with_measures(at: AppTest) -> None:
    at.segmented_control(Key.TASK).set_value("Sweep a setting")
    at.run()
    at.text_input(f"{Key.VALUES}_temperature").input("0 1")
    ask(at, "🙂", button="compare-sweep")
    settled(at, "Sweep a setting")
    table = next(each.value for each in at.markdown if each.value.startswith("| Temperature"))
    rows = table.split("\n")[2:]
    assert len(rows) == 2
    assert all(float(row.split("|")[-2]) > 1 for row in rows)  # perplexity
    at.text_input(f"{Key.VALUES}_temperature").input("hot")
    at.run()
    at.button("compare-sweep").click()
    at.run()
    assert "not a number" in at.error[0].value


def test_a_taste_test_from_start_to_result(at: AppTest, home: Path) -> None:
    at.segmented_control(Key.TASK).set_value("Blind taste test")
    at.run()
    at.text_area(Key.LIST_TEXT).input("Who are you?\nTell me a joke.")
    at.run()
    at.button("compare-taste-start").click()
    at.run()
    tasting = at.session_state["own_compare_taste"]
    for number in range(2):
        until(at, lambda: not at.button("compare-vote-left").disabled)
        shown = " ".join(each.value for each in at.caption)
        assert "Weights" not in shown
        at.button("compare-vote-left").click()
        at.run()
        assert not at.exception
        assert len(tasting.test.votes) == number + 1
    told = " ".join(each.value for each in at.markdown)
    assert "preferred" in told
    assert [button.label for button in at.get("download_button")][:2] == [
        "Votes as CSV",
        "Votes as JSON",
    ]
    assert len(list((home / "data" / "comparisons").glob("*.jsonl"))) == 1


def test_a_test_that_is_ended_early_shows_its_result_and_goes_on(at: AppTest) -> None:
    at.segmented_control(Key.TASK).set_value("Blind taste test")
    at.run()
    at.text_area(Key.LIST_TEXT).input("One\nTwo")
    at.run()
    at.button("compare-taste-start").click()
    at.run()
    until(at, lambda: not at.button("compare-vote-tie").disabled)
    at.button("compare-vote-tie").click()
    at.run()
    test = at.session_state["own_compare_taste"].test
    at.button("compare-end").click()
    at.run()
    assert any("equal" in each.value for each in at.markdown)
    at.button(f"compare-go-on-{test.id}").click()
    at.run()
    until(at, lambda: not at.button("compare-vote-right").disabled)
    at.button("compare-vote-right").click()
    at.run()
    assert not at.exception
    assert [vote["vote"] for vote in test.votes] == ["tie", "right"]


def test_lists_are_saved_and_deleted(at: AppTest) -> None:
    at.segmented_control(Key.SOURCE).set_value("A list of prompts")
    at.run()
    at.text_area(Key.LIST_TEXT).input("Hi\nBye")
    at.text_input(Key.LIST_NAME).input("Mine")
    at.run()
    at.button("compare-save-list").click()
    at.run()
    assert at.selectbox(Key.LIST).value == "Mine"
    assert at.text_area(Key.LIST_TEXT).value == "Hi\nBye"
    at.button("compare-delete-list").click()
    at.run()
    assert not at.exception
    assert at.selectbox(Key.LIST).value == "First questions"

"""The chat page in its states, on a tiny real model."""

import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from chatbot.engine import default_model
from chatbot.engine.embedded import Progress
from chatbot.errors import NotAvailable
from chatbot.transcripts import Transcript, TranscriptStore, Turn, new_id
from pages.ui import context_meter, resources
from pages.ui.errors import UNEXPECTED
from pages.ui.installation import Installation
from pages.ui.state import Key

PAGE = Path(__file__).parents[2] / "pages" / "chat.py"
NASTY = "<script>alert(1)</script> ![x](http://evil.example/x.png) $x^2$ :red[hm] **b**"


def opened(chat: str | None = None) -> AppTest:
    at = AppTest.from_file(str(PAGE), default_timeout=30)
    if chat is not None:
        at.query_params["chat"] = chat
    return ran(at)


def ran(at: AppTest) -> AppTest:
    at.run()
    assert not at.exception
    assert UNEXPECTED not in [error.value for error in at.error]
    return at


def until(at: AppTest, condition: Callable[[AppTest], bool], seconds: float = 40) -> AppTest:
    """Look again, as the page's fragment does in a browser, until the condition holds."""
    end = time.monotonic() + seconds
    while not condition(at):
        assert time.monotonic() < end, [text.value for text in at.text]
        time.sleep(0.05)
        ran(at)
    return at


def button(at: AppTest, label: str) -> bool:
    return label in [button.label for button in at.button]


def click(at: AppTest, label: str) -> AppTest:
    next(button for button in at.button if button.label == label).click()
    return ran(at)


def asked(at: AppTest, question: str) -> AppTest:
    """Ask with few tokens, and wait for the answer."""
    at.slider(key="max_new_tokens").set_value(8)
    at.chat_input[0].set_value(question)
    ran(at)
    return until(at, lambda at: button(at, "Regenerate"))


def address(at: AppTest) -> str:
    """The chat's id in the page's address."""
    value = at.query_params["chat"]
    return value if isinstance(value, str) else value[0]


def texts(at: AppTest) -> list[str]:
    return [text.value for text in at.text]


def rendered(at: AppTest) -> str:
    """Everything on the page that goes through Markdown."""
    parts = [*at.markdown, *at.caption, *at.error, *at.info, *at.warning]
    return "\n".join([*(part.value for part in parts), *(part.label for part in at.expander)])


def test_without_a_model_the_page_says_what_to_do(alone: Path) -> None:
    at = opened()
    assert "SmolLM2 135M Instruct is not on this machine yet" in at.subheader[0].value.replace(
        "\\", ""
    )
    assert button(at, "Get the model")
    assert at.chat_input[0].disabled
    assert "models/" in rendered(at)


def test_an_empty_chat_invites(with_model: Path) -> None:
    at = opened()
    assert at.header[0].value == "Ask something"
    assert not at.chat_input[0].disabled
    assert not TranscriptStore().folder.exists()  # nothing is kept of who only looks


def test_the_sliders_have_their_names_and_a_sentence_each(with_model: Path) -> None:
    at = opened()
    assert [slider.label for slider in at.slider] == [
        "Temperature",
        "Top-p",
        "Top-k",
        "Repetition penalty",
        "Max new tokens",
        "Min-p",
        "Typical-p",
        "No-repeat n-gram",
    ]
    assert at.number_input(key="seed").label == "Seed"
    assert len(at.sidebar.caption) >= 6


def test_presets_set_the_sliders_and_keep_the_seed(with_model: Path) -> None:
    at = opened()
    assert 0.5 <= at.slider(key="temperature").value <= 0.8
    at.number_input(key="seed").set_value(7)
    ran(at)
    at.get_by_key("preset").set_value("Creative")
    ran(at)
    assert 0.8 <= at.slider(key="temperature").value <= 1.0
    assert at.slider(key="repetition_penalty").value == pytest.approx(1.2)
    assert at.number_input(key="seed").value == 7
    at.slider(key="temperature").set_value(0.1)
    ran(at)
    assert at.get_by_key("preset").value is None


def test_an_answer_with_its_receipt(with_model: Path) -> None:
    at = opened()
    at.number_input(key="seed").set_value(5)
    asked(at, "Who are you?")
    assert texts(at)[0] == "Who are you?"
    receipt = rendered(at).replace("\\", "")
    for part in ("tiny", "seed 5", "tokens/s", "first token after", "SHA-256", "processor"):
        assert part in receipt
    answer = texts(at)[1]
    click(at, "Regenerate")
    until(at, lambda at: button(at, "Regenerate"))
    assert texts(at)[1] == answer  # the seed is fixed


def test_a_refresh_keeps_chat_model_and_settings(with_model: Path) -> None:
    at = opened()
    at.slider(key="temperature").set_value(1.25)
    asked(at, "Hello")
    chat = address(at)
    again = opened(chat)
    assert texts(again) == texts(at)
    assert again.slider(key="temperature").value == 1.25
    assert address(again) == chat


def test_another_session_sees_nothing_of_it(with_model: Path) -> None:
    at = opened()
    asked(at, "My secret")
    other = opened()
    assert address(other) != address(at)
    assert "My secret" not in texts(other)


def test_an_address_that_somebody_made_up_is_not_taken(with_model: Path) -> None:
    planted = new_id()
    assert address(opened(planted)) != planted


def test_clear_empties_and_can_be_taken_back(with_model: Path) -> None:
    at = opened()
    asked(at, "Hello")
    before = address(at)
    click(at, "Clear")
    assert texts(at) == []
    assert address(at) != before
    click(at, "Bring the cleared chat back")
    assert address(at) == before
    assert texts(at)[0] == "Hello"


def test_a_cleared_chat_is_deleted_with_the_next_question(with_model: Path) -> None:
    at = opened()
    asked(at, "Hello")
    before = address(at)
    click(at, "Clear")
    asked(at, "Something else")
    assert not TranscriptStore().exists(before)


def test_words_are_shown_as_text_and_never_rendered(with_model: Path) -> None:
    chat = new_id()
    receipt = {"model": NASTY, "seed": 1, "params": {}, "finish": "length", "left_out": 2}
    turns = (Turn(NASTY, NASTY, "done", receipt), Turn(NASTY, "", "failed", None, NASTY))
    TranscriptStore().save(Transcript(chat, turns, "tiny"))
    at = opened(chat)
    assert texts(at) == [NASTY, NASTY, NASTY]
    # What is escaped is shown letter by letter; the other one is our own.
    shown = re.sub(r"\\.|:shimmer\[.*?\]|`[▁▂▃▄▅▆▇█·▰▱abc ]+`|`\{\{\w+\}\}`", "", rendered(at))
    for danger in "<>![]$`":
        assert danger not in shown
    assert "Left out: the 2 oldest messages" in shown


def test_a_question_that_was_cut_off_can_be_asked_again(with_model: Path) -> None:
    chat = new_id()
    TranscriptStore().save(Transcript(chat, (Turn("Hello", "I am", "answering"),), "tiny"))
    at = opened(chat)
    assert texts(at) == ["Hello", "I am"]
    assert "Cut off" in rendered(at)
    assert button(at, "Regenerate")


def test_a_damaged_chat_is_said_and_a_new_one_begun(with_model: Path) -> None:
    chat = new_id()
    TranscriptStore().save(Transcript(chat))
    (with_model / "data" / ".chats" / f"{chat}.json").write_text("{")
    at = opened(chat)
    assert "file can't be read" in at.error[0].value.replace("\\", "")
    assert address(at) != chat


def test_a_model_that_fails_to_load_says_why(with_model: Path) -> None:
    weights = with_model / "models" / "tiny" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-200])
    at = opened()
    # Either the catalog refuses it, or loading does: in both cases in words.
    if at.chat_input[0].disabled:
        assert button(at, "Get the model")
    else:
        until(at, lambda at: bool(at.error))
        assert button(at, "Try again")


def test_a_model_that_is_gone_leaves_a_choice(with_model: Path) -> None:
    chat = new_id()
    TranscriptStore().save(Transcript(chat, (Turn("Hi", "Ho", "done"),), "runs/gone/checkpoint-1"))
    assert opened(chat).selectbox(key="model").value == "tiny"


def test_an_installation_shows_its_progress_to_everybody(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    going_on: list[Callable[[Progress], None]] = []
    ends: list[bool] = []

    def install(report: Callable[[Progress], None]) -> None:
        going_on.append(report)
        report(Progress("Downloading", 0.4, "40 of 93 MB"))
        while not ends:
            time.sleep(0.01)
        raise NotAvailable("There is no network.", remedy="Connect and try again.")

    installation = Installation(install)
    monkeypatch.setattr(resources, "_installation", lambda home: installation)
    at = click(opened(), "Get the model")
    until(at, lambda at: installation.status.fraction == 0.4)
    second = opened()
    assert not button(second, "Get the model")
    assert len(going_on) == 1
    ends.append(True)
    until(second, lambda at: bool(at.error))
    assert "There is no network" in second.error[0].value.replace("\\", "")
    assert button(second, "Try again")


def test_a_new_chat_begins_with_the_promoted_model(with_model: Path, tiny_gpt2: Path) -> None:
    shutil.copytree(tiny_gpt2, with_model / "models" / "another")
    default_model.promote("another")
    at = opened()
    assert at.selectbox(key=Key.MODEL).value == "another"
    assert "another (default)" in at.selectbox(key=Key.MODEL).options
    shutil.rmtree(with_model / "models" / "another")
    at = opened()
    assert at.selectbox(key=Key.MODEL).value != "another"
    assert any("another is not there any more" in caption.value for caption in at.caption)


def test_a_default_that_is_gone_comes_back_with_its_run_or_is_forgotten(
    with_model: Path, tiny_gpt2: Path
) -> None:
    promoted = with_model / "models" / "runs" / "mine" / "checkpoint-10"
    shutil.copytree(tiny_gpt2, promoted)
    default_model.promote("runs/mine/checkpoint-10")
    assert not button(opened(), "Back to the built-in default")

    trash = promoted.parent.rename(with_model / "models" / ".away")
    assert button(opened(), "Back to the built-in default")
    trash.rename(promoted.parent)
    at = opened()
    assert at.selectbox(key=Key.MODEL).value == "runs/mine/checkpoint-10"
    assert "mine · step 10 (default)" in at.selectbox(key=Key.MODEL).options

    promoted.parent.rename(trash)
    at = click(opened(), "Back to the built-in default")
    assert default_model.promoted() == ""
    assert "not there any more" not in rendered(at)
    trash.rename(promoted.parent)
    assert not [title for title in opened().selectbox(key=Key.MODEL).options if "default" in title]


def test_a_default_that_can_not_be_taken_back_says_why(
    with_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (with_model / "models" / "default.json").write_text('{"model": "gone"}')
    at = opened()

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    begun = []

    def begins_anew(*_: object) -> None:
        begun.append(1)
        if len(begun) == 1:  # as in the moment in which the model has been loaded
            st.rerun()

    monkeypatch.setattr(context_meter, "meter", begins_anew)
    monkeypatch.setattr(Path, "unlink", refused)
    click(at, "Back to the built-in default")
    assert "could not be saved" in at.error[0].value
    assert len(begun) == 2
    assert "not there any more" in rendered(at)

"""The sliders: from the address, back to the default, mended where they fight, kept by name."""

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from chatbot import presets
from chatbot.engine.sampling import SamplingParams
from chatbot.transcripts import Transcript, TranscriptStore, new_id
from pages.ui import context_meter
from tests.pages.test_chat import PAGE, click, ran, rendered, until


def opened(**address: str) -> AppTest:
    at = AppTest.from_file(str(PAGE), default_timeout=60)
    for name, value in address.items():
        at.query_params[name] = value
    return ran(at)


def captions(at: AppTest) -> str:
    return rendered(at).replace("\\", "")


def test_an_address_brings_its_settings_and_what_it_says_wrong_is_told(with_model: Path) -> None:
    at = opened(temperature="9", top_k="7", seed="5", min_p="little", max_new_tokens="1")
    assert at.slider(key="temperature").value == 2.0
    assert at.slider(key="top_k").value == 7
    assert at.slider(key="min_p").value == 0
    assert at.slider(key="max_new_tokens").value == 8  # the page's own shortest
    assert at.number_input(key="seed").value == 5
    assert "temperature in the address is 9; it can be from 0 to 2. 2 is used." in captions(at)
    assert "min_p in the address is no number: little." in captions(at)
    at.slider(key="temperature").set_value(1.0)
    assert "in the address" not in captions(ran(at))


def test_what_the_address_does_not_name_is_as_it_was_saved(with_model: Path) -> None:
    """A browser may be sent away before its address has all that was set."""
    chat = new_id()
    saved = {"max_new_tokens": 16, "temperature": 0.3}
    TranscriptStore().save(Transcript(chat, model="tiny", settings=saved))
    at = opened(chat=chat, seed="77", temperature="1.2")
    assert at.number_input(key="seed").value == 77
    assert at.slider(key="temperature").value == 1.2
    assert at.slider(key="max_new_tokens").value == 16


def test_custom_goes_back_to_default_and_everything_can_be_neutral(with_model: Path) -> None:
    at = opened()
    assert not [b for b in at.button if b.label == "custom"]
    at.slider(key="top_k").set_value(3)
    ran(at)
    [custom] = [b for b in at.button if b.label == "custom"]
    custom.click()
    assert ran(at).slider(key="top_k").value == 50
    at.slider(key="no_repeat_ngram").set_value(3)
    at.button(key="neutralize").click()
    ran(at)
    values = {key: at.slider(key=key).value for key in ("temperature", "top_p", "top_k", "min_p")}
    assert values == {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "min_p": 0.0}
    assert at.slider(key="no_repeat_ngram").value == 0
    assert at.slider(key="max_new_tokens").value == 160


def test_what_fights_is_told_and_mended_with_a_click(with_model: Path) -> None:
    at = opened()
    at.slider(key="temperature").set_value(0.0)
    assert "so Top-p has no effect" in captions(ran(at))
    click(at, "Switch off Top-p")
    assert at.slider(key="top_p").value == 1.0
    assert at.slider(key="temperature").value == 0.0
    assert "no effect" not in captions(at)


def test_a_preset_of_ones_own_is_saved_chosen_deleted_and_brought_back(with_model: Path) -> None:
    at = opened(temperature="1.5")
    at.text_input(key="preset_name").set_value("Wild")
    click(at, "Save")
    assert presets.saved()["Wild"].temperature == 1.5
    assert at.get_by_key("preset").value == "Wild"
    at.get_by_key("preset").set_value("Factual")
    assert ran(at).slider(key="temperature").value == 0.6
    at.get_by_key("preset").set_value("Wild")
    assert ran(at).slider(key="temperature").value == 1.5
    at.button(key="preset_delete_Wild").click()
    ran(at)
    assert presets.saved() == {}
    assert at.slider(key="temperature").value == 1.5
    at.button(key="preset_undo").click()
    ran(at)
    assert presets.saved()["Wild"].temperature == 1.5


def test_a_name_that_cannot_be_and_a_broken_file_are_sentences(with_model: Path) -> None:
    at = opened()
    at.text_input(key="preset_name").set_value("Creative")
    click(at, "Save")
    assert "A built-in preset has this name" in at.error[0].value.replace("\\", "")
    assert not ran(at).error
    (with_model / "data" / "presets.json").write_text("{")
    assert "saved presets can't be read" in ran(at).error[0].value.replace("\\", "")


def test_a_problem_is_still_told_when_the_page_begins_anew_in_its_middle(
    with_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it does in the moment in which the model has been loaded."""
    at = opened()
    until(at, lambda at: "Loading the model" not in captions(at))  # here by the test alone
    begun = []

    def begins_anew(*_: object) -> None:
        begun.append(1)
        if len(begun) == 1:
            st.rerun()

    monkeypatch.setattr(context_meter, "meter", begins_anew)
    at.text_input(key="preset_name").set_value("Creative")
    click(at, "Save")
    assert len(begun) == 2
    assert "A built-in preset has this name" in at.error[0].value.replace("\\", "")


@pytest.mark.parametrize("word", ["x" * 61, "  "])
def test_a_stop_word_that_is_none_is_told_and_left_out(with_model: Path, word: str) -> None:
    at = opened()
    at.session_state["stop_words"] = ["Bye", word]
    ran(at)
    assert "stop word must be" in captions(at)
    at.chat_input[0].set_value("Hello")
    ran(at)


def test_params_are_what_the_sliders_say(with_model: Path) -> None:
    at = opened()
    at.slider(key="typical_p").set_value(0.5)
    at.slider(key="min_p").set_value(0.1)
    at.slider(key="no_repeat_ngram").set_value(4)
    at.session_state["stop_words"] = ["Bye"]
    ran(at)
    at.text_input(key="preset_name").set_value("All")
    click(at, "Save")
    assert presets.saved()["All"] == SamplingParams(
        0.6, 0.9, 50, 1.0, min_p=0.1, typical_p=0.5, no_repeat_ngram=4, stop=("Bye",)
    )

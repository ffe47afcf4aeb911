"""What the chat page tells stays while the page draws itself anew, until its visitor does more."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from chatbot.transcripts import Transcript, TranscriptStore, Turn, new_id
from pages.ui import state, told
from tests.pages.test_chat import PAGE, opened, ran

pytestmark = pytest.mark.usefixtures("with_model")
UNSEEN = "\x01"


@pytest.fixture
def redrawn(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """True, put into it, makes the page draw itself anew once, after it was drawn to its end."""
    wanted: list[bool] = []
    end = told.end

    def and_again() -> None:
        end()
        if wanted:
            wanted.pop()
            told.draw_anew()

    monkeypatch.setattr(told, "end", and_again)
    return wanted


def chat_of(*turns: Turn) -> tuple[str, AppTest]:
    chat = new_id()
    TranscriptStore().save(Transcript(chat, turns, "tiny", {"max_new_tokens": 8}))
    return chat, opened(chat)


def asked(at: AppTest, question: str) -> AppTest:
    at.chat_input[0].set_value(question)
    return ran(at)


def test_what_is_told_outlives_a_page_that_draws_itself_anew(redrawn: list[bool]) -> None:
    _, at = chat_of()
    redrawn.append(True)
    asked(at, UNSEEN)
    assert not redrawn
    assert "control characters" in at.error[0].value
    assert not ran(at).error


def test_words_are_asked_though_another_press_begins_the_page_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As a press within the milliseconds between a question and its box does."""
    chat, at = chat_of()
    meant = state.keep_meant
    presses = [True]

    def begun_anew(by_itself: bool) -> None:
        meant(by_itself)
        if presses:
            presses.pop()
            st.rerun()

    monkeypatch.setattr(state, "keep_meant", begun_anew)
    asked(at, "Is anybody there?")
    assert not presses
    assert [turn.question for turn in TranscriptStore().load(chat).turns] == ["Is anybody there?"]


def test_words_that_cannot_be_sent_are_put_back_once(redrawn: list[bool]) -> None:
    _, at = chat_of()
    assert asked(at, UNSEEN).chat_input[0].proto.value == UNSEEN
    redrawn.append(True)
    assert not ran(at).chat_input[0].proto.set_value


def test_blanks_are_not_put_back_over_what_is_written_meanwhile() -> None:
    _, at = chat_of()
    asked(at, "   ")
    assert "question is empty" in at.error[0].value
    assert not at.chat_input[0].proto.set_value


def test_a_second_refusal_takes_the_place_of_the_first() -> None:
    _, at = chat_of()
    asked(at, "   ")
    asked(at, UNSEEN)
    assert [error.value.split()[0:3] for error in at.error] == [["The", "question", "has"]]


def test_a_turn_that_another_tab_deleted_is_told_beside_the_message_box(
    redrawn: list[bool],
) -> None:
    chat, at = chat_of(Turn("q", "a", "done", id=1, asked=1))
    TranscriptStore().save(Transcript(chat, (), "tiny"))
    redrawn.append(True)
    at.button(key="delete-1").click()
    ran(at)
    assert not redrawn
    assert "no longer part" in at.error[0].value


@pytest.mark.parametrize("by_itself", [True, False])
def test_an_echo_of_old_settings_undoes_no_press_but_a_hand_does(by_itself: bool) -> None:
    """A timer's message brings what the browser still showed when the button was pressed."""
    _, at = chat_of()
    at.slider(key="temperature").set_value(1.5)
    old = {slider.key: slider.value for slider in ran(at).slider}
    next(button for button in at.button if button.label == "Neutralize all").click()
    assert ran(at).slider(key="temperature").value == 1.0
    at.session_state["own_told"].by_itself = by_itself
    for slider in at.slider:
        slider.set_value(old[slider.key])
    assert ran(at).slider(key="temperature").value == (1.0 if by_itself else 1.5)


def addressed() -> AppTest:
    at = AppTest.from_file(str(PAGE), default_timeout=60)
    at.query_params["temperature"] = "9"
    return ran(at)


def test_settings_of_the_address_are_sent_again_where_the_page_soon_draws_itself_anew() -> None:
    """A slow browser may not have shown the first drawing; of the second alone it would show a
    slider's default, and its next message would bring that."""
    at = addressed()
    for sent_again in (True, False):  # later, a hand may be on it
        at.session_state["own_told"].by_itself = True
        slider = ran(at).slider(key="temperature")
        assert (slider.value, slider.proto.set_value) == (2.0, sent_again)


def test_a_hand_that_was_quicker_than_the_page_counts() -> None:
    at = addressed()
    at.session_state["own_told"].by_itself = True
    at.slider(key="temperature").set_value(1.5)
    assert ran(at).slider(key="temperature").value == 1.5


def test_that_a_model_is_gone_is_still_told_when_another_has_answered() -> None:
    gone = Turn("q", "a", "done", {"model": "gone", "seed": 1})
    chat, at = chat_of(gone)
    sentence = "is not on this machine any more"
    assert sentence in heads(at)
    by_tiny = Turn("r", "b", "done", {"model": "tiny", "seed": 1})
    TranscriptStore().save(Transcript(chat, (gone, by_tiny), "tiny"))
    at.session_state["own_told"].by_itself = True
    assert sentence in heads(ran(at))
    assert sentence not in heads(ran(at))


def heads(at: AppTest) -> str:
    return " ".join(caption.value for caption in at.caption).replace("\\", "")

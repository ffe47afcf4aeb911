"""The chat page: versions of messages, undo, long chats, bad input, and the list of chats."""

import json
import shutil
import time
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import TextArea

from chatbot import chat_tree
from chatbot.chat_list import ChatList, fingerprint
from chatbot.transcripts import Transcript, TranscriptStore, Turn, new_id
from pages.ui import chat_state, told
from tests.pages.dataset_page import component
from tests.pages.test_chat import address, asked, button, click, opened, ran, rendered, texts, until

ME = fingerprint("1" * 32)
RECEIPT = {"model": "tiny", "seed": 1, "params": {}, "finish": "end"}


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The browser that opens the page; another one where the test writes another name."""
    who = [ME]
    monkeypatch.setattr("pages.ui.browser.owner", lambda: who[0])
    return who


def saved(*turns: Turn, owner: str = "") -> str:
    chat = Transcript(new_id(), turns, "tiny", {"max_new_tokens": 8}, owner=owner)
    TranscriptStore().save(chat)
    if owner:
        ChatList(owner).note(chat)
    return chat.id


def talk(count: int, **changes: str) -> tuple[Turn, ...]:
    return tuple(Turn(f"question {n}", f"answer {n}", "done", RECEIPT) for n in range(1, count + 1))


def press(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click()
    return ran(at)


def edited(at: AppTest) -> TextArea:
    """The field in which a message is edited."""
    return next(area for area in at.text_area if str(area.key).startswith("edit-"))


def at_rest(at: AppTest) -> AppTest:
    return until(
        at, lambda at: button(at, "Regenerate") and not at.button(key="regenerate").disabled
    )


def loaded(chat: str) -> Transcript:
    transcript = TranscriptStore().load(chat)
    assert transcript is not None
    return transcript


def test_a_regenerated_answer_has_arrows_to_the_one_before(with_model: Path) -> None:
    chat = saved(*talk(2))
    at = at_rest(press(opened(chat), "regenerate"))
    assert "2/2" in rendered(at)
    new = texts(at)[3]
    assert new != "answer 2"
    shown = loaded(chat).turns[-1].id
    press(at, f"answer-chevron_left-{shown}")
    assert texts(at)[3] == "answer 2"
    assert "1/2" in rendered(at)
    assert at.button(key="answer-chevron_left-2").disabled
    press(at, "answer-chevron_right-2")
    assert texts(at)[3] == new
    at = press(opened(chat), "chat-undo")  # after a refresh: the last step was the arrow
    assert texts(at)[3] == "answer 2"
    assert texts(press(at, "chat-redo"))[3] == new


def test_an_edited_question_is_asked_again_and_the_branch_is_kept(with_model: Path) -> None:
    chat = saved(*talk(3))
    at = press(opened(chat), "edit-question-1")
    assert edited(at).value == "question 1"
    edited(at).set_value("Who are you?")
    at = at_rest(press(at, "edit-save"))
    assert texts(at)[0] == "Who are you?"
    assert len(texts(at)) == 2
    press(at, f"question-chevron_left-{loaded(chat).turns[0].id}")
    assert texts(at) == [word for n in (1, 2, 3) for word in (f"question {n}", f"answer {n}")]


def test_an_edited_answer_keeps_what_follows(with_model: Path) -> None:
    chat = saved(*talk(2))
    at = press(opened(chat), "edit-answer-1")
    edited(at).set_value("My own words.")
    press(at, "edit-save")
    assert texts(at) == ["question 1", "My own words.", "question 2", "answer 2"]
    assert "In your own words." in rendered(at)
    press(at, "chat-undo")
    assert texts(at)[1] == "answer 1"


def test_an_edit_without_words_is_refused_and_can_be_left(with_model: Path) -> None:
    chat = saved(*talk(1))
    at = press(opened(chat), "edit-answer-last")
    edited(at).set_value("  ")
    press(at, "edit-save")
    assert "The answer is empty" in at.error[0].value
    assert edited(at).value == "  "  # what was written stays
    press(at, "edit-cancel")
    assert texts(at) == ["question 1", "answer 1"]
    assert not at.error


def test_an_answer_is_continued_as_one(with_model: Path) -> None:
    at = opened()
    asked(at, "Hello")
    before = texts(at)[1]
    press(at, "continue")
    at_rest(at)
    assert texts(at)[1].startswith(before)
    assert len(texts(at)[1]) > len(before)
    assert "1/2" not in rendered(at)
    assert "this is how it went on" in rendered(at)
    press(at, "chat-undo")
    assert texts(at)[1] == before


def test_a_deleted_turn_comes_back_after_a_refresh(with_model: Path) -> None:
    chat = saved(*talk(3))
    at = press(opened(chat), "delete-2")
    assert texts(at) == ["question 1", "answer 1", "question 3", "answer 3"]
    assert texts(press(opened(chat), "chat-undo"))[2] == "question 2"


def test_two_tabs_on_one_conversation(with_model: Path) -> None:
    chat = saved(*talk(3))
    one, other = opened(chat), opened(chat)
    press(one, "delete-2")
    press(other, "delete-2")  # which this tab still shows
    assert "no longer part" in other.error[0].value
    assert texts(other) == texts(one)
    assert len(loaded(chat).turns) == 2


def test_a_long_chat_draws_its_end_and_more_on_demand(with_model: Path) -> None:
    chat = saved(*talk(500))
    at = opened(chat)
    assert texts(at)[-1] == "answer 500"
    assert len(texts(at)) == 2 * chat_state.SHOWN_AT_FIRST
    press(at, "show-earlier")
    assert len(texts(at)) == 2 * (chat_state.SHOWN_AT_FIRST + chat_state.SHOWN_MORE)
    assert texts(at)[-1] == "answer 500"


def test_a_rerun_of_a_long_chat_costs_what_a_short_one_does(with_model: Path) -> None:
    def seconds(turns: int) -> float:
        at = opened(saved(*talk(turns)))
        times = []
        for _ in range(4):
            start = time.perf_counter()
            ran(at)
            times.append(time.perf_counter() - start)
        return min(times)

    short = seconds(chat_state.SHOWN_AT_FIRST)
    assert seconds(500) < 3 * short + 0.2


@pytest.mark.parametrize("text", ["x" * 1_000_000, "\x00\x01\x02", "   \n "])
def test_what_can_not_be_sent_stays_in_the_box(with_model: Path, text: str) -> None:
    at = opened(saved(*talk(1)))
    at.chat_input[0].set_value(text)
    ran(at)
    if text.strip():
        assert "question has" in at.error[0].value
        assert at.chat_input[0].proto.value == text
    assert texts(at) == ["question 1", "answer 1"]


def test_emoji_alone_are_answered(with_model: Path) -> None:
    at = opened()
    asked(at, "🦭🦭")
    assert texts(at)[0] == "🦭🦭"


def test_a_model_that_was_deleted_meanwhile_is_said(with_model: Path, tiny_gpt2: Path) -> None:
    shutil.copytree(tiny_gpt2, with_model / "models" / "other")
    receipt = RECEIPT | {"model": "other"}
    at = opened(saved(Turn("Hi", "Ho", "done", receipt)))
    assert "not on this machine any more" not in rendered(at)
    shutil.rmtree(with_model / "models" / "other")
    ran(at)
    assert "not on this machine any more" in rendered(at)
    assert texts(at) == ["Hi", "Ho"]


# --- the list -----------------------------------------------------------------------------------


def listed(at: AppTest) -> list[str]:
    return [row["title"] for row in component(at, "chats-list")["rows"]]


def test_a_browser_finds_its_chats_and_no_other_does(with_model: Path, known: list[str]) -> None:
    at = opened()
    asked(at, "Hello keeper")
    assert loaded(address(at)).owner == ME
    assert listed(opened()) == ["Hello keeper"]
    known[0] = fingerprint("2" * 32)
    other = opened()
    assert listed(other) == []
    known[0] = ""
    assert "keeps no cookies" in rendered(opened())


def test_rename_pin_search_delete_and_bring_back(with_model: Path, known: list[str]) -> None:
    chat = saved(*talk(1), owner=ME)
    saved(Turn("About gulls", "They steal.", "done"), owner=ME)
    at = opened(chat)
    next(field for field in at.text_input if field.label.startswith("Name")).set_value("My tea")
    ran(at)
    press(at, "chats-pin")
    assert listed(at) == ["📌 My tea", "About gulls"]
    at.text_input(key="chats-search").set_value("steal")
    assert listed(ran(at)) == ["About gulls"]
    at.text_input(key="chats-search").set_value("")
    ran(at)
    press(at, "chats-delete")
    assert listed(at) == ["About gulls"]
    assert address(at) != chat
    at = opened()  # also after a refresh
    press(at, "chats-restore")
    assert listed(at) == ["📌 My tea", "About gulls"]
    assert address(at) == chat
    assert texts(at) == ["question 1", "answer 1"]


def test_clear_deletes_but_for_a_week(with_model: Path, known: list[str]) -> None:
    chat = saved(*talk(1), owner=ME)
    at = click(opened(chat), "Clear")
    asked(at, "Something else")
    assert listed(at) == ["Something else"]
    press(at, "chats-restore")
    assert address(at) == chat


def test_a_new_chat_leaves_the_old_one_in_the_list(with_model: Path, known: list[str]) -> None:
    chat = saved(*talk(1), owner=ME)
    at = press(opened(chat), "new-chat")
    assert texts(at) == []
    assert listed(at) == ["question 1"]
    assert not button(at, "Bring the cleared chat back")


def test_a_damaged_list_costs_no_conversation(with_model: Path, known: list[str]) -> None:
    saved(*talk(1), owner=ME)
    ChatList(ME).path.write_text("{")
    at = opened()
    assert listed(at) == ["question 1"]
    assert "The list was damaged" in rendered(at)


def test_import_opens_what_was_exported(with_model: Path, known: list[str]) -> None:
    rows = [
        {"conversations": [{"from": "human", "value": f"q{n}"}, {"from": "gpt", "value": f"a{n}"}]}
        for n in (1, 2)
    ]
    at = opened()
    at.file_uploader(key="chats-import-0").set_value(
        ("talk.json", json.dumps(rows).encode(), "application/json")
    )
    ran(at)
    assert "2 conversations were imported" in rendered(at).replace("\\", "")
    assert listed(at) == ["q1", "q2"]
    assert texts(at) == ["q1", "a1"]
    at.file_uploader(key="chats-import-1").set_value(("bad.json", b"{", "application/json"))
    ran(at)
    assert "bad" in rendered(at)
    assert texts(at) == ["q1", "a1"]


def test_a_tree_of_versions_shows_its_numbers(with_model: Path) -> None:
    chat = Transcript(new_id(), talk(1), "tiny")
    for _ in range(2):
        tree, new = chat_tree.answer_again(chat.tree, 1)
        chat = chat.with_tree(tree)
        chat = chat.with_turn(chat.place(new), answer="other", state="done")
    TranscriptStore().save(chat)
    assert "3/3" in rendered(opened(chat.id))


def test_a_page_that_begins_anew_in_its_middle_still_says_all(
    with_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = opened(saved(*talk(1)))
    again = [True]

    def drawn_once_more(*_: object) -> None:
        if told.at(told.Place.MESSAGE_BOX) and again:
            again.clear()
            st.rerun()

    monkeypatch.setattr("pages.ui.turns.draw", drawn_once_more)
    at.chat_input[0].set_value("\x01")
    ran(at)
    assert not again
    assert at.chat_input[0].proto.value == "\x01"
    assert "question has" in at.error[0].value


def test_a_damaged_chat_stays_on_the_disk_while_another_begins(with_model: Path) -> None:
    chat = saved(*talk(1))
    file = with_model / "data" / ".chats" / f"{chat}.json"
    file.write_text("{", encoding="utf-8")
    at = opened(chat)
    assert "file can't be read" in at.error[0].value
    asked(at, "Hello")
    assert file.read_text("utf-8") == "{"


def test_an_edited_first_question_gives_the_chat_its_new_title(
    with_model: Path, known: list[str]
) -> None:
    at = press(opened(saved(*talk(1), owner=ME)), "edit-question-last")
    edited(at).set_value("What about gulls?")
    at_rest(press(at, "edit-save"))
    assert listed(ran(at)) == ["What about gulls?"]

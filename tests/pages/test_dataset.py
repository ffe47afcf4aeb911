"""The Dataset page: every change is on disk at once, nothing is lost, nothing is rendered."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.dataset.importers import dump
from chatbot.dataset.store import ConversationStore
from tests.pages.dataset_page import (
    PAGE,
    areas,
    click,
    component,
    heading,
    listed,
    opened,
    ran,
    rows,
    talk,
    tool,
    turns,
)

NASTY = "**bold** <b>x</b> ![i](http://evil.example/i.png) :red[r] $x$"


@pytest.fixture
def file(home: Path) -> Path:
    """The home's data file with 45 conversations, three pages of the list."""
    path = home / "data" / "custom_chat_data.json"
    rows = [talk(f"Question {n}?", f"Answer {n}.") for n in range(1, 46)]
    rows[1] = talk("Hi", "Hello!", "More?", "Gladly.")
    path.write_bytes(dump(rows))
    return path


@pytest.fixture
def page(file: Path) -> AppTest:
    return opened()


# --- looking ----------------------------------------------------------------------------------


def test_the_first_conversation_is_open_and_the_list_paged(page):
    assert turns(page) == ["Question 1?", "Answer 1."]
    assert heading(page) == "Conversation 1"
    assert listed(page) == ["Question 1?", "Hi", *(f"Question {n}?" for n in range(3, 21))]
    assert "45 conversations" in [c.value for c in page.caption]


def test_the_address_names_the_conversation(file):
    at = opened(conversation=44)

    assert turns(at) == ["Question 44?", "Answer 44."]
    assert listed(at)[-1] == "Question 45?"
    click(at, "dataset_next")
    assert at.query_params["conversation"] == "45"


@pytest.mark.parametrize("number", ["0", "46", "-1", "x", "", "٣", "9" * 30])
def test_an_address_that_names_none_opens_some(file, number):
    at = AppTest.from_file(str(PAGE), default_timeout=20)
    at.query_params["conversation"] = number
    ran(at)

    assert len(turns(at)) == 2


def test_search_filters_by_every_word_in_any_turn(page):
    page.text_input(key="dataset_search").set_value("gladly hello")
    ran(page)

    assert listed(page) == ["Hi"]
    assert "1 of 45" in [c.value for c in page.caption]
    assert turns(page) == ["Question 1?", "Answer 1."]
    click(page, "dataset_next")
    assert turns(page)[0] == "Hi"


def test_a_search_without_a_hit_says_so_and_can_be_left(page):
    page.text_input(key="dataset_search").set_value("zzz")
    ran(page)
    assert "No conversation contains these words." in [c.value for c in page.caption]

    click(page, "dataset_clear")
    assert len(listed(page)) == 20


def test_what_the_doctor_finds_is_marked_and_can_be_listed_alone(file):
    file.write_bytes(dump([*(talk(f"Q{n}", f"A{n}") for n in range(30)), talk("Only me", " ")]))
    at = opened(conversation=31)

    captions = " ".join(c.value for c in at.caption).replace("\\", "")
    assert "Turn 2 (the bot) is empty" in captions
    at.toggle(key="dataset_only_problems").set_value(True)
    ran(at)
    (row,) = component(at, "dataset_list")["rows"]
    assert (row["title"], row["severity"]) == ("Only me", "error")


def test_text_of_the_data_is_never_markdown(file):
    file.write_bytes(dump([talk(NASTY, NASTY)]))
    at = opened()
    areas(at)[1].set_value(NASTY + "!")
    ran(at)

    shown = [
        *(e.value for e in (*at.markdown, *at.caption, *at.subheader, *at.title)),
        *(b.label for b in at.button),
        *(b.help for b in at.button if b.help),
    ]
    assert not [text for text in shown if "![i]" in text or "**bold" in text or "<b>" in text]
    assert listed(at) == [NASTY[:59] + "…" if len(NASTY) > 60 else NASTY]


# --- editing ----------------------------------------------------------------------------------


def test_a_changed_text_is_saved_at_once(page, file):
    areas(page)[1].set_value("Better.")
    ran(page)

    assert rows(file)[0] == ["Question 1?", "Better."]
    assert any("Saved" in c.value and "Edited" in c.value for c in page.caption)


def test_turns_are_added_moved_given_and_deleted(page, file):
    click(page, "dataset_add_turn")
    areas(page)[2].set_value("And then?")
    ran(page)
    assert rows(file)[0] == ["Question 1?", "Answer 1.", "And then?"]

    tool(page, "arrow_upward", 2)
    assert rows(file)[0] == ["Question 1?", "And then?", "Answer 1."]
    tool(page, "arrow_downward", 0)
    assert turns(page) == ["And then?", "Question 1?", "Answer 1."]
    tool(page, "swap_horiz", 1)
    first = json.loads(file.read_text())[0]["conversations"]
    assert [turn["from"] for turn in first] == ["human", "gpt", "gpt"]
    tool(page, "close", 2)
    assert rows(file)[0] == ["And then?", "Question 1?"]


def test_a_text_and_a_click_in_one_go_are_both_saved(page, file):
    areas(page)[0].set_value("Typed just before the click")
    tool(page, "arrow_downward", 0)

    assert rows(file)[0] == ["Answer 1.", "Typed just before the click"]


def test_a_new_conversation_is_opened_once(page, file):
    page.text_input(key="dataset_search").set_value("Answer 7")
    ran(page)
    click(page, "dataset_new")
    assert rows(file)[45:] == [["", ""]]
    assert heading(page) == "Conversation 46"
    assert component(page, "dataset_writing")["focus"] == areas(page)[0].key

    click(page, "dataset_new")
    assert len(rows(file)) == 46
    areas(page)[0].set_value("Do you sleep?")
    ran(page)
    click(page, "dataset_new")
    assert len(rows(file)) == 47


def test_a_deleted_conversation_comes_back_by_undo_and_goes_by_redo(page, file):
    click(page, "dataset_next")
    click(page, "dataset_delete")
    assert rows(file)[1] == ["Question 3?", "Answer 3."]
    assert turns(page) == ["Question 3?", "Answer 3."]

    click(page, "dataset_undo")
    assert rows(file)[1][0] == "Hi"
    assert turns(page)[0] == "Hi"
    click(page, "dataset_redo")
    assert len(rows(file)) == 44


def test_undo_opens_what_it_changed_and_says_before_what_it_would_do(page, file):
    areas(page)[1].set_value("Better.")
    ran(page)
    for _ in range(3):
        click(page, "dataset_next")
    assert "Edited “Question 1?”" in page.button(key="dataset_undo").help.replace("\\", "")

    click(page, "dataset_undo")
    assert turns(page) == ["Question 1?", "Answer 1."]
    assert page.button(key="dataset_undo").disabled
    assert "Edited" in page.button(key="dataset_redo").help


def test_undo_and_the_open_conversation_survive_a_new_session(page, file):
    click(page, "dataset_next")
    areas(page)[3].set_value("With pleasure.")
    ran(page)

    again = opened(conversation=2)
    assert turns(again)[3] == "With pleasure."
    click(again, "dataset_undo")
    assert rows(file)[1][3] == "Gladly."


def test_all_deleted_is_the_empty_state_that_says_what_to_do(file):
    file.write_bytes(dump([talk("last", "one")]))
    at = opened()
    click(at, "dataset_delete")

    assert rows(file) == []
    assert heading(at) == "No conversations yet"
    click(at, "dataset_first")
    assert rows(file) == [["", ""]]
    assert turns(at) == ["", ""]


# --- others -----------------------------------------------------------------------------------


def test_two_tabs_on_one_conversation_are_asked_and_nothing_is_overwritten(file):
    mine, theirs = opened(conversation=1), opened(conversation=1)
    areas(theirs)[1].set_value("Theirs.")
    ran(theirs)
    areas(mine)[1].set_value("Mine.")
    ran(mine)

    assert rows(file)[0][1] == "Theirs."
    assert "changed elsewhere" in mine.warning[0].value
    shown = [text.value for text in mine.text]
    assert "Mine." in shown
    assert "Theirs." in shown
    click(mine, "dataset_undo")  # neither a rerun nor another click loses one of them
    assert mine.warning

    click(mine, "clash_mine")
    assert rows(file)[0][1] == "Mine."
    assert not mine.warning


@pytest.mark.parametrize(
    ("choice", "expected"),
    [("clash_theirs", ["Theirs."]), ("clash_both", ["Theirs.", "Mine."])],
)
def test_the_other_or_both_can_be_kept(file, choice, expected):
    mine = opened(conversation=1)
    first = talk("Question 1?", "Answer 1.")
    ConversationStore(file).replace(0, first, talk("Question 1?", "Theirs."))
    areas(mine)[1].set_value("Mine.")
    ran(mine)
    click(mine, choice)

    answers = [row[1] for row in rows(file) if row[0] == "Question 1?"]
    assert answers == expected
    assert turns(mine)[1] == expected[-1]


def test_what_was_deleted_elsewhere_can_be_kept(file):
    mine = opened(conversation=1)
    ConversationStore(file).delete(0, talk("Question 1?", "Answer 1."))
    areas(mine)[1].set_value("Mine.")
    ran(mine)
    assert "deleted elsewhere" in mine.warning[0].value

    click(mine, "clash_mine")
    assert rows(file)[-1] == ["Question 1?", "Mine."]


def test_an_edit_follows_its_conversation_when_others_insert_before_it(page, file):
    ConversationStore(file).add(talk("new", "first"), at=0)
    areas(page)[1].set_value("Mine.")
    ran(page)

    assert rows(file)[:2] == [["new", "first"], ["Question 1?", "Mine."]]
    assert heading(page) == "Conversation 2"


def test_a_change_of_another_program_is_shown_on_the_next_run(page, file):
    file.write_bytes(dump([talk("All", "new")]))
    ran(page)

    assert turns(page) == ["All", "new"]
    click(page, "dataset_undo")
    assert len(rows(file)) == 45


# --- a broken file ----------------------------------------------------------------------------


def test_a_broken_file_is_named_and_restored_on_request(page, file):
    good = file.read_bytes()
    file.write_bytes(good[:-100])
    ran(page)

    assert "row 45" in page.error[0].value.replace("\\", "")
    assert "custom_chat_data" in page.error[0].value.replace("\\", "")
    assert file.read_bytes() == good[:-100]
    assert "**45 conversations**" in " ".join(m.value for m in page.markdown)
    click(page, "dataset_restore")
    assert file.read_bytes() == good
    assert not page.error


def test_what_is_typed_while_the_file_is_broken_is_not_lost(page, file):
    good = file.read_bytes()
    file.write_bytes(b"[{")
    areas(page)[1].set_value("Typed meanwhile.")
    ran(page)
    assert file.read_bytes() == b"[{"

    click(page, "dataset_restore")
    assert rows(file)[0] == ["Question 1?", "Typed meanwhile."]
    click(page, "dataset_undo")
    assert file.read_bytes() == good


def test_a_full_disk_keeps_the_text_on_the_page_until_it_is_saved(page, file, monkeypatch):
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    before = file.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("chatbot.files.os.fsync", full)
        areas(page)[1].set_value("Precious.")
        ran(page)
        assert "disk is full" in page.error[0].value
        assert file.read_bytes() == before
        assert any("Not saved" in c.value for c in page.caption)
        assert turns(page)[1] == "Precious."

    click(page, "dataset_save_again")
    assert rows(file)[0][1] == "Precious."
    assert not page.error


# --- mends -------------------------------------------------------------------------------------


def test_one_click_mends_a_conversation_and_undo_brings_it_back(file):
    file.write_bytes(dump([talk("Hi<br>you", "schÃ¶n"), talk("a", "<b>b</b>")]))
    before = file.read_bytes()
    at = opened()
    click(at, "dataset_mend_markup")
    assert rows(file)[0] == ["Hi\nyou", "schÃ¶n"]
    click(at, "dataset_mend_rubble")
    assert rows(file) == [["Hi\nyou", "schön"], ["a", "<b>b</b>"]]
    assert not [b for b in at.button if b.key == "dataset_mend_rubble"]
    click(at, "dataset_undo")
    click(at, "dataset_undo")
    assert file.read_bytes() == before


def test_one_click_mends_all_and_is_one_step_of_undo(file):
    file.write_bytes(dump([talk("Hi<br>you", "x"), talk("a", "b"), talk("c", "<b>d</b>")]))
    before = file.read_bytes()
    at = opened()
    at.segmented_control(key="dataset_view").set_value("Doctor")
    ran(at)
    click(at, "doctor_mend_markup_markup")
    assert rows(file) == [["Hi\nyou", "x"], ["a", "b"], ["c", "d"]]
    click(at, "dataset_undo")
    assert file.read_bytes() == before


# --- files ------------------------------------------------------------------------------------


def uploaded(at: AppTest, name: str, content: bytes) -> AppTest:
    click(at, "dataset_upload_open")
    at.file_uploader[0].upload(name, content)
    return ran(at)


def test_an_upload_is_shown_before_anything_changes_and_then_added(page, file):
    before = file.read_bytes()
    ghost = {"conversations": [{"from": "ghost", "value": "x"}]}
    new = [talk(NASTY, "No."), talk("b", "c")]
    content = json.dumps([*(c.to_sharegpt() for c in new), ghost]).encode()
    uploaded(page, "mine.json", content)

    assert file.read_bytes() == before
    shown = " ".join(m.value for m in page.markdown)
    assert "**2 conversations**" in shown
    assert "**1 row left out**" in shown
    assert "Turn 1 does not say who speaks" in shown
    texts = [text.value for text in page.text]
    assert NASTY in texts
    assert any(text.startswith('Row 3: {"conversations": [{"from": "ghost"') for text in texts)

    click(page, "dataset_add_upload")
    assert rows(file)[45:] == [[NASTY, "No."], ["b", "c"]]
    assert heading(page) == "Conversation 46"
    assert not page.file_uploader
    click(page, "dataset_undo")
    assert file.read_bytes() == before


def test_an_upload_can_replace_everything_and_be_undone(page, file):
    before = file.read_bytes()
    uploaded(page, "mine.json", dump([talk("only", "one")]))
    click(page, "dataset_replace_by_upload")
    assert rows(file) == [["only", "one"]]

    click(page, "dataset_undo")
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'[{"conversations": []},\n{"conversations": [{"fr', "row 2 (line 2"),
        (b"", "is empty"),
        (b"PK\x03\x04", "a zip file"),
    ],
)
def test_a_broken_upload_is_named_and_the_good_file_stays(page, file, content, said):
    before = file.read_bytes()
    uploaded(page, "bad.json", content)

    assert said in page.error[0].value.replace("\\", "")
    assert file.read_bytes() == before
    assert [b for b in page.button if b.key == "dataset_add_upload"] == []
    click(page, "dataset_close_upload")
    assert not page.error


def test_an_upload_without_a_usable_row_offers_nothing(page, file):
    uploaded(page, "odd.json", b'[{"instruction": "x"}]')

    assert "**0 conversations**" in " ".join(m.value for m in page.markdown)
    assert [b for b in page.button if (b.key or "").endswith("_upload")] == [
        page.button(key="dataset_close_upload")
    ]


def test_an_upload_into_an_empty_set_is_taken(file):
    file.write_bytes(b"[]")
    at = opened()
    click(at, "dataset_first_upload")
    at.file_uploader[0].upload("mine.json", dump([talk("a", "b")]))
    ran(at)
    click(at, "dataset_replace_by_upload")

    assert rows(file) == [["a", "b"]]


def test_a_pasted_transcript_is_read_and_the_bots_name_can_be_chosen(page, file):
    click(page, "dataset_upload_open")
    page.text_area(key=keyed(page.text_area, "dataset_paste_")).input(
        "Anna: Hi\nWick: Ahoy\nAnna: Who?\nWick: Wick."
    )
    ran(page)
    assert "Transcript" in " ".join(caption.value for caption in page.caption)
    name = page.selectbox(key=keyed(page.selectbox, "dataset_bot_"))
    assert name.value == "Wick"
    click(page, "dataset_add_upload")
    assert rows(file)[45:] == [["Hi", "Ahoy", "Who?", "Wick."]]


def test_the_bots_words_are_those_of_who_was_chosen(page, file):
    click(page, "dataset_upload_open")
    page.text_area(key=keyed(page.text_area, "dataset_paste_")).input(
        "Anna: Hi\nWick: Ahoy\nAnna: Who?\nWick: Wick."
    )
    ran(page)
    page.selectbox(key=keyed(page.selectbox, "dataset_bot_")).select("Anna")
    ran(page)
    click(page, "dataset_add_upload")
    assert rows(file)[45:] == [["Ahoy", "Who?"]]


def test_columns_of_a_table_are_proposed_and_can_be_changed(page, file):
    uploaded(page, "t.csv", b"question,answer,better\nHi,Ahoy,Good evening\n")
    answer = page.selectbox(key=keyed(page.selectbox, "dataset_answer_"))
    assert answer.value == "answer"
    answer.select("better")
    ran(page)
    click(page, "dataset_add_upload")
    assert rows(file)[45:] == [["Hi", "Good evening"]]


def test_columns_without_known_names_are_asked_for(page, file):
    uploaded(page, "t.csv", b"nr,frage,antwort\n1,Hi,Ahoy\n")
    assert "Choose the columns" in page.info[0].value
    page.checkbox(key=keyed(page.checkbox, "dataset_names_")).check()
    ran(page)
    page.selectbox(key=keyed(page.selectbox, "dataset_question_")).select("frage")
    page.selectbox(key=keyed(page.selectbox, "dataset_answer_")).select("antwort")
    ran(page)
    click(page, "dataset_add_upload")
    assert rows(file)[45:] == [["Hi", "Ahoy"]]


def test_places_to_fill_in_are_asked_for(page, file):
    uploaded(page, "a.json", b'[{"instruction": "hi", "output": "I am {{name}} of {{place}}."}]')
    page.text_input(key=keyed(page.text_input, "dataset_fill_name_")).input("Wick")
    ran(page)
    click(page, "dataset_add_upload")
    assert rows(file)[45:] == [["hi", "I am Wick of {{place}}."]]


def keyed(widgets, prefix):
    """The whole key of the only widget whose key begins so."""
    [key] = [widget.key for widget in widgets if (widget.key or "").startswith(prefix)]
    return key


@pytest.mark.parametrize("form", ["alpaca", "csv"])
def test_the_download_says_what_a_format_can_not_hold(page, file, form):
    content = json.loads(file.read_text(encoding="utf-8"))
    content[0]["note"] = "kept"
    content[1]["conversations"].append({"from": "human", "value": "unanswered"})
    file.write_text(json.dumps(content), encoding="utf-8")
    ran(page)
    page.selectbox(key="dataset_format").select(form)
    ran(page)
    told = " ".join(caption.value for caption in page.caption)
    assert "warning" in told
    assert "This format holds everything" not in told
    assert page.get("download_button")[0].proto.label == "Download"


def test_the_download_is_the_file(page):
    assert page.get("download_button")[0].proto.label == "Download"

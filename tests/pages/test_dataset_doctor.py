"""The Doctor view: the score, what to mend, and what nobody has written yet."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.dataset.importers import dump
from chatbot.messages import Conversation
from tests.pages.dataset_page import captions, click, opened, ran, rows, talk, turns


@pytest.fixture
def file(home: Path) -> Path:
    path = home / "data" / "custom_chat_data.json"
    path.write_bytes(dump([talk(f"Question {n}?", f"Answer {n}.") for n in range(1, 31)]))
    return path


def doctor(file: Path, *more: Conversation) -> AppTest:
    sound = [talk(f"Question {n}?", f"Answer {n}.") for n in range(1, 31)]
    file.write_bytes(dump([*sound, *more]))
    at = opened()
    at.session_state["ft_preset"] = "Quick"
    at.segmented_control(key="dataset_view").set_value("Doctor")
    return ran(at)


def score(at: AppTest) -> int:
    return int(at.metric[0].value.split()[0])


def test_a_sound_set_is_told_so(file: Path) -> None:
    at = doctor(file)
    assert [s.value for s in at.success] == ["Nothing: the doctor found no fault."]
    assert 60 < score(at) < 100


def test_a_mend_for_all_is_one_click_and_raises_the_score(file: Path) -> None:
    at = doctor(file, talk("A", "<b>a</b>"), talk("B", "b<br>c"), talk("C", "c", "d"))
    before = score(at)
    click(at, "doctor_mend_markup_markup")
    assert rows(file)[30:] == [["A", "a"], ["B", "b\nc"], ["C", "c", "d"]]
    assert score(at) > before
    click(at, "doctor_mend_ending_ending")
    assert rows(file)[32] == ["C", "c"]
    assert [s.value for s in at.success] == ["Nothing: the doctor found no fault."]


def test_later_copies_go(file: Path) -> None:
    at = doctor(file, talk("question 3", "answer 3!"), talk("Question 4?", "Answer 4."))
    click(at, "doctor_mend_copy_copy")
    assert len(rows(file)) == 30


def test_a_finding_opens_its_conversation(file: Path) -> None:
    at = doctor(file, talk("Where?", "At https://example.org/place"))
    click(at, "doctor_link_30")
    assert turns(at) == ["Where?", "At https://example.org/place"]


def test_what_nobody_has_answered_can_be_begun(file: Path) -> None:
    at = doctor(file, talk("Hello!", "Hello."))
    assert "doctor_write_greeting" not in [str(button.key) for button in at.button]
    click(at, "doctor_write_age")
    assert turns(at) == ["How old are you?", ""]


def test_what_would_raise_the_score_is_one_click_away(file: Path) -> None:
    linked = [talk(f"Where {n}?", f"At https://example.org/{n}, not far.") for n in range(20)]
    at = doctor(file, *linked)
    click(at, "doctor_raise_link")
    assert any("20 of 50" in caption for caption in captions(at))
    at.segmented_control(key="dataset_view").set_value("Doctor")
    ran(at)
    click(at, "doctor_raise_write")
    assert turns(at) == ["", ""]
    assert len(rows(file)) == 51


def test_another_language_is_not_judged(file: Path) -> None:
    words = "Ich weiß nicht, ob der Kuchen schon fertig ist, aber wir sind da."
    at = doctor(file, *(talk(f"Frage {n}", f"{words} {n}") for n in range(20)))
    assert any("most of this set is in German" in caption for caption in captions(at))


def test_words_of_the_data_are_shown_letter_by_letter(file: Path) -> None:
    at = doctor(file, talk("Hm", "*.*"))
    assert any(b.key == "doctor_short-answer_30" for b in at.button)
    assert any(r"\*" in text.value for text in at.markdown)


def test_too_few_for_the_chosen_preset_are_told(file: Path) -> None:
    at = doctor(file)
    at.session_state["ft_preset"] = "Thorough"
    ran(at)
    assert any("wants at least 100 conversations" in c.value for c in at.caption)
    assert not at.success

"""A language is told where the words are enough, and not guessed."""

import pytest

from chatbot.dataset.doctor import check
from chatbot.dataset.languages import language_of
from chatbot.messages import Conversation, assistant, user


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The boat was there, but I don't know what they have with them.", "English"),
        ("Ich weiß nicht, ob der Kuchen schon fertig ist, aber wir sind da.", "German"),
        ("Je ne sais pas où est le chat, mais il est dans la maison avec nous.", "French"),
        ("No sé dónde está el gato, pero los niños son muy buenos.", "Spanish"),
        ("Non so dove sono gli amici, ma questa casa è molto bella.", "Italian"),
        ("Я не знаю, где она живёт.", "a Cyrillic script"),
        ("私は猫が好きです。", "Japanese"),
        ("我住在北京很久了", "Chinese characters"),
        ("안녕하세요 반갑습니다", "Korean"),
        ("", ""),
        ("Ok", ""),
        ("👍🏽👍🏽👍🏽", ""),
        ("12345 67890 12345", ""),
        ("Wick Tax Admiral Gannet Rock", ""),
    ],
)
def test_a_language_is_told_or_not(text: str, language: str) -> None:
    assert language_of(text) == language


ENGLISH = [
    Conversation((user(f"What is it with {n}?"), assistant(f"That is the one, and you have {n}.")))
    for n in "abcdefghijklmnopqrstuvwxyz"
]
GERMAN = "Ich weiß nicht, ob der Kuchen schon fertig ist, aber wir sind da."


def test_the_one_in_another_language_is_told() -> None:
    odd = Conversation((user("Kuchen?"), assistant(GERMAN)))
    (finding,) = check([*ENGLISH, odd])
    assert (finding.kind, finding.row) == ("language", 27)
    assert "German" in finding.message


def test_a_question_and_an_answer_in_two_languages_are_told() -> None:
    odd = Conversation((user("What is it that you have there with you?"), assistant(GERMAN)))
    found = check([*ENGLISH[:20], odd])
    assert any("The question is in English, the answer in German." in f.message for f in found)


def test_of_few_conversations_no_main_language_is_made() -> None:
    odd = Conversation((user("Kuchen?"), assistant(GERMAN)))
    assert not [f for f in check([*ENGLISH[:5], odd]) if f.kind == "language"]


@pytest.mark.parametrize(
    ("answer", "told"), [("...", True), ("?!", True), ("👍", False), ("好", False), ("No", False)]
)
def test_an_answer_of_signs_alone_is_told(answer: str, told: bool) -> None:
    found = check([Conversation((user("Hm?"), assistant(answer)))])
    assert ("short-answer" in {f.kind for f in found}) == told

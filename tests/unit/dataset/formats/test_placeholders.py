"""Places to fill in."""

from chatbot.dataset.formats.placeholders import fill, found
from chatbot.messages import Conversation, assistant, user

TALK = Conversation((user("Who are you?"), assistant("I am {{name}} by {{ author }}. {{name}}!")))


def test_names_are_found_and_counted() -> None:
    assert found([TALK]) == {"name": 2, "author": 1}


def test_given_names_are_filled_in_and_the_others_stay() -> None:
    assert fill(TALK, {"name": "Wick", "author": ""}).messages[1].text == (
        "I am Wick by {{ author }}. Wick!"
    )


def test_a_value_is_text_and_no_pattern() -> None:
    assert fill(TALK, {"name": r"\1{{name}}"}).messages[1].text.startswith(r"I am \1{{name}} by")


def test_code_with_braces_is_no_place() -> None:
    assert found([Conversation((user("{{}} {{{x}}} {{a\nb}} { {x} }"),))]) == {"x": 1}

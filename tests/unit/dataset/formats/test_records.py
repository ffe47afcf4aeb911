"""JSON records of several shapes become conversations, or are left out with the reason."""

import pytest

from chatbot.dataset.formats import records
from chatbot.messages import Conversation, Message, assistant, user


def taken(record: object) -> Conversation:
    row = records.row_of(record, 1)
    assert row.conversation is not None, row.reason
    return row.conversation


HELLO = (user("Hi"), assistant("Hello!"))


@pytest.mark.parametrize(
    "record",
    [
        {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello!"}]},
        {"conversations": [{"from": "User", "value": "Hi"}, {"from": "BOT ", "value": "Hello!"}]},
        {
            "conversations": [
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "Hello!"},
            ]
        },
        {
            "messages": [
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "Hello!"},
            ]
        },
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
                {"role": "assistant", "content": [{"type": "text", "value": "Hello!"}]},
            ]
        },
        {"instruction": "Hi", "input": "", "output": "Hello!"},
        {"instruction": "Hi", "output": "Hello!"},
        {"prompt": "Hi", "completion": "Hello!"},
        {"Question": "Hi", "Answer": "Hello!"},
    ],
)
def test_each_shape_gives_the_same_conversation(record: object) -> None:
    assert taken(record).messages == HELLO


def test_what_a_record_says_beyond_its_turns_is_kept() -> None:
    record = {"messages": [{"role": "user", "content": "Hi"}], "id": 7, "tags": ["a"]}
    assert taken(record).extra == {"id": 7, "tags": ["a"]}
    assert taken({"instruction": "a", "output": "b", "id": 3}).extra == {"id": 3}


def test_a_system_text_beside_the_turns_becomes_the_first_turn() -> None:
    record = {"system": "Be kind.", "conversations": [{"from": "human", "value": "Hi"}]}
    assert taken(record).messages == (Message("system", "Be kind."), user("Hi"))


def test_a_second_system_text_stays_where_it_was() -> None:
    record = {
        "system": "A",
        "messages": [{"role": "developer", "content": "B"}, {"role": "user", "content": "Hi"}],
    }
    conversation = taken(record)
    assert conversation.messages[0] == Message("system", "B")
    assert conversation.extra == {"system": "A"}


def test_turns_of_tools_are_left_out_and_counted() -> None:
    row = records.row_of(
        {
            "conversations": [
                {"from": "human", "value": "Weather?"},
                {"from": "function_call", "value": "{}"},
                {"from": "observation", "value": "sun"},
                {"from": "gpt", "value": "Sunny."},
            ]
        },
        4,
    )
    assert row.conversation is not None
    assert row.conversation.messages == (user("Weather?"), assistant("Sunny."))
    assert row.remarks == ("Turns of tools were left out.",)


def test_a_turn_that_only_calls_a_tool_is_left_out() -> None:
    row = records.row_of(
        {
            "messages": [
                {"role": "user", "content": "Weather?"},
                {"role": "assistant", "content": None, "tool_calls": [{"id": 1}]},
                {"role": "tool", "content": "sun"},
                {"role": "assistant", "content": "Sunny."},
            ]
        },
        1,
    )
    assert row.conversation is not None
    assert row.conversation.messages == (user("Weather?"), assistant("Sunny."))
    assert "Calls of tools were left out." in row.remarks


def test_pictures_are_left_out_and_text_parts_joined() -> None:
    row = records.row_of(
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "image_url", "image_url": {"url": "x"}},
                        {"type": "text", "text": "What"},
                        {"type": "text", "text": "is it?"},
                    ],
                },
                {"role": "assistant", "content": "A cat."},
            ]
        },
        1,
    )
    assert row.conversation is not None
    assert row.conversation.messages[0] == user("What\nis it?")
    assert row.remarks == ("Parts that are not text were left out.",)


def test_alpaca_joins_instruction_and_input_and_says_so() -> None:
    row = records.row_of({"instruction": "Sum up.", "input": "A text.", "output": "Sum."}, 1)
    assert row.conversation is not None
    assert row.conversation.messages[0] == user("Sum up.\n\nA text.")
    assert row.remarks == ("Instruction and input were joined.",)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("text", "holds no conversation"),
        ({"foo": "bar"}, "holds no conversation"),
        ({"conversations": ["Hi"]}, "Turn 1 is not a message"),
        ({"conversations": [{"from": "martian", "value": "Hi"}]}, "does not say who speaks"),
        ({"conversations": [{"value": "Hi"}]}, "does not say who speaks"),
        ({"conversations": [{"from": "human", "value": 7}]}, "Turn 1 has no text"),
        ({"messages": []}, "no turns"),
        ({"instruction": "Hi", "output": " "}, "is empty"),
        ({"instruction": "Hi", "output": None}, "not a text"),
        ({"instruction": "Hi", "output": "x", "history": "y"}, "history"),
        ({"prompt": "", "completion": "x"}, "is empty"),
        ({"prompt": ["a"], "completion": "x"}, "not a text"),
    ],
)
def test_what_can_not_be_taken_says_why(record: object, reason: str) -> None:
    row = records.row_of(record, 9)
    assert row.conversation is None
    assert row.number == 9
    assert reason in row.reason


def test_alpaca_and_back() -> None:
    conversation = Conversation(
        (Message("system", "S"), user("a"), assistant("b"), user("c"), assistant("d")),
        {"id": 1},
    )
    row = records.to_alpaca(conversation)
    assert row == {
        "id": 1,
        "instruction": "c",
        "input": "",
        "output": "d",
        "system": "S",
        "history": [["a", "b"]],
    }
    assert taken(row) == conversation


@pytest.mark.parametrize("messages", [(), (user("a"),), (assistant("a"), user("b"))])
def test_alpaca_can_not_hold_turns_out_of_order(messages: tuple[Message, ...]) -> None:
    assert records.to_alpaca(Conversation(messages)) is None

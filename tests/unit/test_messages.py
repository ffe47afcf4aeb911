import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.errors import BadInput
from chatbot.messages import (
    SPEAKER_OF_ROLE,
    Conversation,
    Message,
    Role,
    assistant,
    user,
)

ROLES: tuple[Role, ...] = ("system", "user", "assistant")


def row(*turns: tuple[object, object]) -> dict[str, object]:
    return {"conversations": [{"from": speaker, "value": text} for speaker, text in turns]}


def test_reads_a_conversation() -> None:
    conversation = Conversation.from_sharegpt(row(("human", "Hi"), ("gpt", "Hello.")))
    assert conversation == Conversation((user("Hi"), assistant("Hello.")))


@pytest.mark.parametrize(
    ("speaker", "role"),
    [
        ("human", "user"),
        ("user", "user"),
        ("gpt", "assistant"),
        ("assistant", "assistant"),
        ("bot", "assistant"),
        ("system", "system"),
        (" Human ", "user"),
        ("GPT", "assistant"),
    ],
)
def test_knows_the_names_for_who_speaks(speaker: str, role: Role) -> None:
    assert Conversation.from_sharegpt(row((speaker, "x"))).messages == (Message(role, "x"),)


def test_keeps_what_the_file_said_beyond_the_turns() -> None:
    source = {"id": 7, **row(("human", "Hi")), "tags": ["greeting"]}
    conversation = Conversation.from_sharegpt(source)
    assert conversation.extra == {"id": 7, "tags": ["greeting"]}
    assert conversation.to_sharegpt() == source


@pytest.mark.parametrize("wrong", [None, [], "text", 3, {}, {"conversations": "text"}])
def test_a_row_of_another_shape_is_refused_with_an_example(wrong: object) -> None:
    with pytest.raises(BadInput, match=r'"conversations" list is missing.*Each row looks like'):
        Conversation.from_sharegpt(wrong)


@pytest.mark.parametrize(
    ("turn", "message"),
    [
        ("text", "Turn 2 is not a message"),
        (None, "Turn 2 is not a message"),
        ({"value": "x"}, "Turn 2 does not say who speaks"),
        ({"from": "alien", "value": "x"}, r"Turn 2 does not say who speaks.*alien"),
        ({"from": 3, "value": "x"}, "Turn 2 does not say who speaks"),
        ({"from": ["human"], "value": "x"}, "Turn 2 does not say who speaks"),
        ({"from": "gpt"}, "Turn 2 has no text"),
        ({"from": "gpt", "value": None}, "Turn 2 has no text"),
        ({"from": "gpt", "value": 5}, "Turn 2 has no text"),
    ],
)
def test_a_wrong_turn_is_named_by_its_number(turn: object, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        Conversation.from_sharegpt({"conversations": [{"from": "human", "value": "Hi"}, turn]})


def test_chat_templates_get_their_own_vocabulary() -> None:
    assert [message.to_chat() for message in (user("Hi"), assistant("Hello."))] == [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello."},
    ]


def test_every_role_can_be_written_down() -> None:
    assert set(SPEAKER_OF_ROLE) == set(ROLES)


messages = st.builds(Message, st.sampled_from(ROLES), st.text())
extras = st.dictionaries(st.text().filter(lambda key: key != "conversations"), st.integers())


@given(st.builds(Conversation, st.lists(messages).map(tuple), extras))
def test_what_is_written_is_read_again(conversation: Conversation) -> None:
    assert Conversation.from_sharegpt(conversation.to_sharegpt()) == conversation


def test_messages_can_be_compared_and_not_changed() -> None:
    assert user("Hi") == Message("user", "Hi")
    assert user("Hi") != assistant("Hi")
    with pytest.raises(AttributeError):
        user("Hi").text = "Ho"  # type: ignore[misc]

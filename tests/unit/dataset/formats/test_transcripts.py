"""Who speaks is found, what is text stays text, and what is left out is named with its line."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.dataset.formats.speakers import speakers
from chatbot.dataset.formats.transcripts import (
    conversation_of,
    recognise,
    rows,
    write,
)
from chatbot.messages import Conversation, Message, assistant, user

SYSTEM = Message("system", "Be kind.")


def taken(text: str, bot: str = "") -> list[list[tuple[str, str]]]:
    return [
        [(message.role[0], message.text) for message in row.conversation.messages]
        for row in rows(text, bot)
        if row.conversation
    ]


def refused(text: str, bot: str = "") -> list[tuple[int, str]]:
    return [(row.number, row.reason) for row in rows(text, bot) if row.conversation is None]


def read_again(*conversations: Conversation) -> list[Conversation | None]:
    return [row.conversation for row in rows(write(conversations)[0].decode())]


def test_a_line_without_a_name_continues_the_turn_above():
    text = "User: Hi\nBot: Hello!\nHow are you?\n\n  Fine?\nUser: Yes\nBot: Good"

    assert taken(text) == [
        [("u", "Hi"), ("a", "Hello!\nHow are you?\n\n  Fine?"), ("u", "Yes"), ("a", "Good")]
    ]


@pytest.mark.parametrize("between", ["---", "=====", "***", "###", "\n", "\n---\n", "\n\n\n\n"])
def test_a_separator_begins_a_new_conversation(between):
    text = f"User: a\nBot: b\n{between}\nUser: c\nBot: d"

    assert taken(text) == [[("u", "a"), ("a", "b")], [("u", "c"), ("a", "d")]]


@pytest.mark.parametrize("between", ["", "--", "-=-", "   ", "-- -"])
def test_less_than_a_separator_does_not(between):
    assert len(taken(f"User: a\nBot: b\n{between}\nUser: c\nBot: d")) == 1


def test_the_number_is_the_first_line_of_the_conversation():
    assert [row.number for row in rows("\nUser: a\nBot: b\n---\n\nUser: c\nBot: d\n")] == [2, 6]


@pytest.mark.parametrize(
    "form",
    [
        "**{}:** {}",
        "**{}**: {}",
        "__{}:__ {}",
        "*{}*: {}",
        "> {}: {}",
        "- {}: {}",
        "* {}: {}",
        "- **{}:** {}",
        "[{}]: {}",
        "### {}: {}",
        "  {} : {}",
        "{}:{}",
        "\u200f{}: {}",
        "{}\uff1a{}",
    ],
)
def test_markdown_round_a_name_is_no_part_of_it(form):
    text = "\n".join([form.format("USER", "hi"), form.format("bot", "**hello**")])

    assert taken(text) == [[("u", "hi"), ("a", "**hello**")]]


def test_a_heading_may_say_who_speaks():
    text = "### User\n\nhi\n\n### **Assistant**\n\nNote: hello\nTip: b\nNote: c\nTip: d\n"

    assert taken(text) == [[("u", "hi"), ("a", "Note: hello\nTip: b\nNote: c\nTip: d")]]
    assert recognise(text) == "2 lines begin with User or Assistant"


def test_a_heading_is_text_where_colons_say_who_speaks():
    assert taken("User: a\nBot: b\n### Answer\nc") == [[("u", "a"), ("a", "b\n### Answer\nc")]]


def test_a_quote_goes_on_without_its_mark():
    assert taken("> User: a\n> b\n>\n> c\n> Bot: d") == [[("u", "a\nb\n\nc"), ("a", "d")]]


@pytest.mark.parametrize("name", ["User", "HUMAN", "me", "You", "Customer", "Question", "Q"])
def test_the_user_has_many_names(name):
    assert taken(f"{name}: a\nBot: b") == [[("u", "a"), ("a", "b")]]


@pytest.mark.parametrize("name", ["Assistant", "AI", "gpt", "Chatbot", "agent", "Answer", "Model"])
def test_the_bot_has_many_names(name):
    assert taken(f"User: a\n{name}: b") == [[("u", "a"), ("a", "b")]]


def test_a_system_text_is_kept():
    assert taken("System: Be kind.\nUser: a\nBot: b") == [
        [("s", "Be kind."), ("u", "a"), ("a", "b")]
    ]


def test_letters_of_a_list_are_text_where_clear_names_speak():
    assert taken("User: which?\nBot: these:\nA: red\nQ: blue") == [
        [("u", "which?"), ("a", "these:\nA: red\nQ: blue")]
    ]


def test_of_two_strangers_the_first_is_the_user():
    text = "Anna: Knock knock\nWick: Who is there?\nAnna: Me\nWick: Go away"

    assert speakers(text) == ("Anna", "Wick")
    assert taken(text)[0][:2] == [("u", "Knock knock"), ("a", "Who is there?")]


def test_right_to_left_names_and_emoji():
    text = "אנה: שלום 👋🏽\nויק 🌸: מה שלומך?\nאנה: טוב\nויק 🌸: יופי"  # noqa: RUF001

    assert taken(text) == [[("u", "שלום 👋🏽"), ("a", "מה שלומך?"), ("u", "טוב"), ("a", "יופי")]]


def test_a_known_name_decides_for_the_other():
    assert taken("Wick: x\nMe: a\nWick: b\nMe: c\nWick: d", "")[0][:2] == [("u", "a"), ("a", "b")]


def test_me_and_you_are_two_people():
    assert taken("Me: a\nYou: b\nMe: c\nYou: d")[0][:2] == [("u", "a"), ("a", "b")]


def test_the_bot_may_be_chosen():
    text = "Anna: a\nWick: b\nAnna: c\nWick: d"

    assert taken(text, bot="anna") == [[("u", "b"), ("a", "c")]]
    assert taken("User: a\nBot: b\nUser: c", bot="User") == [[("u", "b"), ("a", "c")]]


def test_one_of_three_may_be_chosen():
    text = "Anna: a\nBen: b\nWick: c\nAnna: d\nBen: e\nWick: f"

    assert taken(text) == []
    assert taken(text, bot="Wick") == [[("u", "a\nb"), ("a", "c"), ("u", "d\ne"), ("a", "f")]]


def test_a_bot_that_nobody_is_called():
    (row,) = rows("User: a\nBot: b", bot="Zoe")

    assert row.reason == "Nobody with the bot's name speaks here."
    assert row.remedy == "These names speak: User, Bot."


@pytest.mark.parametrize(
    "line",
    [
        "https://a.b",
        "12:30 is late",
        "at 12:30 we go",
        "std::move",
        'say "Anna: x"',
        "Is it so? Well: yes",
        "one two three four five: no",
        "x" * 41 + ": no",
        "**Anna: all bold**",
        ": nobody",
    ],
)
def test_what_is_no_name(line):
    assert speakers(f"{line}\n{line}") == ()


def test_a_name_that_stands_once_may_be_none():
    assert speakers("Once: only") == ()


def test_names_by_frequency_and_known_ones_at_once():
    assert speakers("Ben: a\nanna: b\nAnna: c\nANNA: d\nBen: e\nBot: f\nZoe: g") == (
        "anna",
        "Ben",
        "Bot",
    )


def test_recognising_says_why():
    assert recognise("User: a\nbot: b\nUser: c") == "3 lines begin with User: or bot:"
    assert recognise("Anna: a\nWick: b\nAnna: c\nWick: d") == "4 lines begin with Anna: or Wick:"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Dear diary,\nToday it rained.",
        "Note: a\nNote: b",
        "User: a\nUser: b",
        '[{"conversations": [{"from": "human", "value": "User: hi"}]}]',
        "31.12.23, 21:41 - Anna: a\n31.12.23, 21:42 - Ben: b",
        "One: 1\nOne: 2\nOne: 3\nOne: 4\nTwo: 1\nTwo: 2",
    ],
)
def test_other_texts_are_not_recognised(text):
    assert recognise(text) is None


def test_a_text_in_which_nobody_speaks_is_left_out():
    assert refused("Dear diary,\nit rained.") == [(1, "It is not clear who speaks.")]
    assert list(rows(" \n ")) == []


def test_text_before_the_first_speaker_is_left_out():
    assert refused("\nMy talks\nof 2023\nUser: a\nBot: b") == [
        (2, "This text stands before the first speaker.")
    ]


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        ("User: a", "The bot says nothing in it."),
        ("User: a\nBot:", "The bot says nothing in it."),
        ("Bot: a", "The bot answers nothing in it."),
        ("Bot: a\nUser: b", "The bot answers nothing in it."),
    ],
)
def test_a_conversation_without_an_answer_is_left_out(turns, reason):
    assert refused(f"User: x\nBot: y\n---\n{turns}") == [(4, reason)]


@pytest.mark.parametrize(
    ("text", "turns", "remark"),
    [
        ("Bot: x\nUser: a\nBot: b", "ab", "It began with the bot; that turn was left out."),
        ("User: a\nBot: b\nUser: x", "ab", "It ended with the user; that turn was left out."),
        (
            "User: a\nBot: b\nSystem: x",
            "ab",
            "It ended with a system text; that turn was left out.",
        ),
        ("User: a\nBot:\nBot: b", "ab", "1 empty turn was left out."),
        ("User:\nUser: a\nBot:\nBot: b", "ab", "2 empty turns were left out."),
        (
            "User: a\nUser: a\nBot: b",
            ["a\na", "b"],
            "2 messages in a row of the same person were joined.",
        ),
    ],
)
def test_a_remark_says_what_was_changed(text, turns, remark):
    (row,) = rows(text)

    assert [message.text for message in row.conversation.messages] == list(turns)
    assert row.remarks == (remark,)


def test_a_system_text_before_a_bot_that_begins_stays():
    row = conversation_of(
        [("system", "s"), ("assistant", "x"), ("user", "a"), ("assistant", "b")], 3
    )

    assert [message.text for message in row.conversation.messages] == ["s", "a", "b"]
    assert row.number == 3


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system(end):
    assert taken(f"\ufeffUser: a{end}b{end}Bot: c{end}") == [[("u", "a\nb"), ("a", "c")]]


def test_a_byte_order_mark_is_no_text():
    assert [row.number for row in rows("\ufeff\nUser: a\nBot: b")] == [2]


def test_what_is_written():
    data, losses = write(
        [
            Conversation((SYSTEM, user("Hi\nyou"), assistant("👋 שלום"))),
            Conversation((user("c"), assistant("d"))),
        ]
    )

    assert data.decode() == "System: Be kind.\nUser: Hi\nyou\nBot: 👋 שלום\n---\nUser: c\nBot: d\n"
    assert losses == []
    assert write([]) == (b"", [])


@pytest.mark.parametrize(
    "text",
    [
        "a\nUser: b",
        "a\n> **Bot:** b",
        "a\n---\nb",
        "a\n\n\n\nb",
        "a\n \n\t\nb",
        "a\n\\User: b\n\\\\User: c\n\\begin{x}\n\\",
        "User: Bot: x",
        "---",
        "\\",
        "### User",
        "a\nNote: x\nTip: y\nNote: x\nTip: y",
        "a\r\nb\rc\r\r\nd",
        "a\x0b\x85\u2028b",
        "\u200fUser: x\n\u200fUser: y",
    ],
)
def test_text_that_looks_like_markup_comes_back_exactly(text):
    conversation = Conversation((user(text), assistant(text)))

    assert read_again(conversation, conversation) == [conversation, conversation]


def test_only_what_must_be_escaped_is():
    data, _ = write([Conversation((user("a\n\\x\n\nNote: y\nBot: z"), assistant("b")))])

    assert data.decode() == "User: a\n\\x\n\nNote: y\n\\Bot: z\nBot: b\n"


PIECES = ["\n", "\n\n", "\\", "User: ", "Bot:", "---", "\r", " ", ">", "**", "a", "A: ", "### User"]
TEXTS = (
    (st.text(max_size=30) | st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
    .map(str.strip)
    .filter(bool)
)
TALKS = st.builds(
    lambda system, pairs: Conversation(
        (*system, *(message for one, two in pairs for message in (user(one), assistant(two))))
    ),
    st.sampled_from([(), (SYSTEM,)]),
    st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=2),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(TALKS, min_size=1, max_size=3))
def test_every_round_trip_is_exact(conversations):
    data, losses = write(conversations)

    assert [row.conversation for row in rows(data.decode())] == conversations
    assert losses == []


@pytest.mark.parametrize(
    ("conversation", "loss"),
    [
        (Conversation((user("a"), assistant("b")), {"tag": 1}), "Extra keys are not written: tag."),
        (
            Conversation((user(" a"), assistant("b"))),
            "1 conversation: White space around a text is lost.",
        ),
        (
            Conversation((user("a"), assistant("b"), user("c"))),
            "1 conversation: It ended with the user; that turn was left out.",
        ),
        (Conversation((user("a"),)), "1 conversation: The bot says nothing in it."),
        (
            Conversation((user("a\ud83d"), assistant("b"))),
            "1 conversation: Half a character (a broken emoji) became a question mark.",
        ),
    ],
)
def test_losses_are_told(conversation, loss):
    assert write([conversation])[1] == [loss]


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80) | st.lists(st.sampled_from(PIECES), max_size=15).map("".join))
def test_no_text_is_too_odd(text):
    found = [*rows(text), *rows(text, "Bot"), *rows(text, "a")]

    assert all((row.conversation is None) == bool(row.reason) for row in found)
    assert (recognise(text) is None) or speakers(text)


@pytest.mark.parametrize(
    "text",
    [
        "User: hello there, how are you today my friend?\nBot: fine: thanks\n" * 50_000,
        "".join(f"n{number // 2}: hello\n" for number in range(100_000)),
        "User: a\nBot: " + "* _ > " * 800_000,
        "#" * 1_000_000 + " x\n" + "\\" * 1_000_000 + "\n" + "\n" * 1_000_000,
    ],
    ids=["talk", "names", "long line", "marks"],
)
def test_a_large_text_takes_seconds(text):
    begin = time.monotonic()
    recognise(text)
    list(rows(text))

    assert time.monotonic() - begin < 20

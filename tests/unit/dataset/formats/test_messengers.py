"""Messages are found whatever the country's dates look like; what nobody said is left out."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.dataset.formats import messengers, telegram
from chatbot.dataset.formats.messengers import Said, people, rows

NOTICE = "This is a notice of the app, nobody said it."
NO_WORDS = "A picture, a voice message or a deleted text has no words."


def chat(*messages: tuple[str, str] | tuple[str, str, int | None]) -> list[Said]:
    return [
        Said(message[0], message[1], line, message[2] if len(message) > 2 else 0)
        for line, message in enumerate(messages, start=1)
    ]


def told(said: list[Said], **how) -> list[list[str]]:
    return [
        [f"{message.role[0]}:{message.text}" for message in row.conversation.messages]
        for row in rows(said, **how)
        if row.conversation
    ]


def minutes(*heads: str) -> list[int | None]:
    said, _ = messengers.read("\n".join(f"{head}Anna: x" for head in heads))
    assert len(said) == len(heads)
    return [message.minute for message in said]


@pytest.mark.parametrize(
    "line",
    [
        "12/31/23, 9:41 PM - Anna: hi: you",
        "12/31/23, 9:41\u202fPM - Anna: hi: you",
        "12/31/23, 9:41 p.m. - Anna: hi: you",
        "31/12/2023 21:41 - Anna: hi: you",
        "31.12.23, 21:41 - Anna: hi: you",
        "31.12.2023, 21.41 - Anna: hi: you",
        "[31.12.23, 21:41:05] Anna: hi: you",
        "\u200e[31.12.23, 21:41:05] Anna: \u200ehi: you",
        "[2023-12-31, 9:41:05\u202fPM] ~ Anna: hi: you",
        "[2023-12-31, 9:41:05 PM] ~\u202fAnna: hi: you",
        "\u200f[31/12/2023، 21:41:05] \u202aAnna\u202c: hi: you",
        "\ufeff31.12.23, 21:41 - Anna: hi: you\r",
    ],
)
def test_every_form_of_a_line(line):
    said, dropped = messengers.read(f"{line}\n31.12.23, 21:50 - Ben: yes")

    assert [(message.who, message.text, message.line) for message in said] == [
        ("Anna", "hi: you", 1),
        ("Ben", "yes", 2),
    ]
    assert said[1].minute - said[0].minute == 9
    assert dropped == []


def test_digits_of_other_scripts():
    (known,) = minutes("3.4.23, 1:00 - ")

    assert minutes("\u0663.\u0664.\u0662\u0663, \u0661:\u0660\u0660 - ") == [known]


def test_a_message_may_have_many_lines():
    said, _ = messengers.read("1.2.23, 10:00 - Anna: a\n\n  b: c\n12:30\n1.2.23, 10:01 - Ben: d")

    assert [(message.text, message.line) for message in said] == [
        ("a\n\n  b: c\n12:30", 1),
        ("d", 5),
    ]


def test_right_to_left_and_emoji():
    said, _ = messengers.read(
        "\u200f1.2.23, 10:00 - ליאת 🌸: שלום 👩‍👩‍👧\n1.2.23, 10:01 - Ben: 👍🏽"
    )

    assert [(message.who, message.text) for message in said] == [
        ("ליאת 🌸", "שלום 👩‍👩‍👧"),
        ("Ben", "👍🏽"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Messages and calls are end-to-end encrypted. No one can read them.",
        "Family: \u200eMessages and calls are end-to-end encrypted.",
        "Anna added Ben",
        "",
    ],
)
def test_a_notice_is_left_out(line):
    said, (row,) = messengers.read(f"1.2.23, 10:00 - Anna: a\n1.2.23, 10:00 - {line}")

    assert [message.text for message in said] == ["a"]
    assert (row.number, row.conversation, row.reason) == (2, None, NOTICE)
    assert row.text == " ".join(line.split())


@pytest.mark.parametrize(
    "text",
    [
        "<Media omitted>",
        "<Medien ausgeschlossen>",
        "\u200eimage omitted",
        "GIF omitted",
        "\u200eBild weggelassen",
        "\u200e<attached: 0001-PHOTO.jpg>",
        "IMG-20230101-WA0001.jpg (file attached)",
        "This message was deleted",
        "You deleted this message.",
        "null",
    ],
)
def test_what_has_no_words_is_left_out(text):
    said, (row,) = messengers.read(f"1.2.23, 10:00 - Anna: a\n1.2.23, 10:00 - Ben: {text}")

    assert [message.text for message in said] == ["a"]
    assert (row.number, row.reason, row.text) == (2, NO_WORDS, text.strip("\u200e"))


@pytest.mark.parametrize("text", ["<3 you", "<3 <3>", "nullify it", "my image omitted it", "1 < 2"])
def test_words_like_these_stay(text):
    said, dropped = messengers.read(f"1.2.23, 10:00 - Anna: {text}")

    assert [message.text for message in said] == [text]
    assert dropped == []


def test_the_words_below_a_picture_stay():
    said, dropped = messengers.read("1.2.23, 10:00 - Anna: a.jpg (file attached)\nmy cat")

    assert [message.text for message in said] == ["my cat"]
    assert [row.reason for row in dropped] == [NO_WORDS]


def test_the_mark_of_an_edited_message_goes():
    said, _ = messengers.read("1.2.23, 10:00 - Anna: hi \u200e<This message was edited>")

    assert said[0].text == "hi"


def test_an_empty_message_is_left_out():
    assert [row.reason for row in messengers.read("1.2.23, 10:00 - Anna: ")[1]] == [NO_WORDS]


def test_text_before_the_first_message_is_left_out():
    said, (row,) = messengers.read("My chat\nwith Anna\n1.2.23, 10:00 - Anna: a")

    assert (row.number, row.reason) == (1, "This text stands before the first message.")
    assert said[0].line == 3


def test_midnight_and_noon():
    night, noon = minutes("1/2/23, 12:05 AM - ", "1/2/23, 12:05 PM - ")

    assert noon - night == 12 * 60


def test_day_and_month_are_told_apart_by_what_a_year_has():
    assert minutes("1/31/23, 10:00 - ", "2/1/23, 10:00 - ")[1] - minutes(
        "31/1/23, 10:00 - ", "1/2/23, 10:00 - "
    )[0] == (24 * 60)


@pytest.mark.parametrize("heads", [("1/2/23", "2/2/23", "3/2/23"), ("2/1/23", "2/2/23", "2/3/23")])
def test_day_and_month_are_told_apart_by_the_shorter_time(heads):
    first, second, third = minutes(*(f"{head}, 10:00 - " for head in heads))

    assert (second - first, third - second) == (24 * 60, 24 * 60)


def test_day_and_month_are_told_apart_by_a_time_that_does_not_go_back():
    first, second = minutes("1/3/23, 10:00 - ", "2/2/23, 10:00 - ")

    assert second - first == 30 * 24 * 60


def test_a_time_that_no_clock_shows_is_unknown():
    assert minutes("41.12.23, 10:00 - ", "1.2.23, 25:00 - ", "1.2.23, 10:61 - ") == [None] * 3


def test_whatsapp_is_recognised():
    text = "1.2.23, 10:00 - Anna added Ben\n1.2.23, 10:00 - Anna: a\nb\n[1.2.23, 10:01:00] Ben: c"

    assert messengers.recognise(text) == "2 lines begin with a date, a time and a name"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "User: a\nBot: b",
        "1.2.23, 10:00 - Anna: once",
        "2023-12-31 10:00:00,123 - INFO: a\n2023-12-31 10:00:00,123 - INFO: b",
        "We met on 1.2.23, 10:00 - Anna: a\nWe met on 1.2.23, 10:00 - Anna: a",
    ],
)
def test_other_texts_are_not_whatsapp(text):
    assert messengers.recognise(text) is None


def export(*messages: object) -> dict[str, object]:
    return {"name": "Anna", "type": "personal_chat", "id": 1, "messages": list(messages)}


def sent(who: object, text: object, **more: object) -> dict[str, object]:
    date = "2023-01-01T10:00:00"
    return {"id": 1, "type": "message", "date": date, "from": who, "text": text, **more}


def test_a_telegram_chat():
    parts = ["see ", {"type": "link", "text": "https://a.b"}, " 👋", {"type": "odd"}, 5]
    value = export(
        sent("Anna", "שלום"),
        {"type": "service", "action": "phone_call", "date": "2023-01-01T10:00:00"},
        sent("Ben", parts, date="2023-01-01T11:30:59"),
        sent("Ben", "", media_type="sticker"),
        "odd",
    )
    said, dropped = telegram.read(value)

    assert [(message.who, message.text, message.line) for message in said] == [
        ("Anna", "שלום", 1),
        ("Ben", "see https://a.b 👋", 3),
    ]
    assert said[1].minute - said[0].minute == 90
    assert [(row.number, row.reason, row.text) for row in dropped] == [
        (2, NOTICE, "phone_call"),
        (4, NO_WORDS, "sticker"),
        (5, "This is not a message.", ""),
    ]
    assert telegram.recognise(value) == "4 of its messages have a type and a date"


def test_all_chats_of_telegram_are_read_and_kept_apart():
    first = export(sent("Anna", "a"), sent("Me", "b"))
    value = {"chats": {"about": "", "list": [first, export(sent("Ben", "c"), sent("Me", "d"))]}}
    said, _ = telegram.read(value)

    assert [message.line for message in said] == [1, 2, 3, 4]
    assert told(said, bot="Me", pause=10**7) == [["u:a", "a:b"], ["u:c", "a:d"]]
    assert telegram.recognise(value) == "4 of its messages have a type and a date"


def test_who_has_no_name_has_a_number_or_nothing():
    said, _ = telegram.read(export(sent(None, "a", from_id="user7"), sent(None, "b")))

    assert [message.who for message in said] == ["user7", "Deleted account"]


@pytest.mark.parametrize("date", [None, 5, "yesterday", ["2023"]])
def test_an_odd_date_is_unknown(date):
    assert telegram.read(export(sent("Anna", "a", date=date)))[0][0].minute is None


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        [],
        {},
        {"messages": 5},
        {"messages": [{"role": "user", "content": "a"}]},
        {"messages": [{"type": "message"}]},
        {"chats": 5},
        {"chats": {"list": 5}},
        {"chats": {"list": [5, {"messages": None}]}},
    ],
)
def test_other_values_are_not_telegram(value):
    assert telegram.recognise(value) is None
    assert telegram.read(value)[0] == []


def test_people_by_number_of_messages():
    assert people(chat(("Anna", "a"), ("Ben", "b"), ("Ben", "c"), ("Zoe", "d"))) == (
        "Ben",
        "Anna",
        "Zoe",
    )


def test_the_one_who_does_not_begin_is_the_bot():
    assert told(chat(("Zoe", "x"), ("Anna", "a"), ("Ben", "b"), ("Anna", "c"), ("Ben", "d"))) == [
        ["u:x\na", "a:b", "u:c", "a:d"]
    ]


def test_the_bot_may_be_chosen():
    said = chat(("Anna", "a"), ("Ben", "b"), ("Anna", "c"))

    assert told(said, bot="anna") == [["u:b", "a:c"]]


def test_messages_in_a_row_are_one():
    (row,) = rows(chat(("Anna", "a"), ("Anna", "b"), ("Ben", "c"), ("Ben", "d"), ("Ben", "e")))

    assert [message.text for message in row.conversation.messages] == ["a\nb", "c\nd\ne"]
    assert row.remarks == ("5 messages in a row of the same person were joined.",)


@pytest.mark.parametrize(("gap", "count"), [(180, 1), (181, 2), (-999, 1)])
def test_a_pause_begins_a_new_conversation(gap, count):
    said = chat(("Anna", "a", 0), ("Ben", "b", 5), ("Anna", "c", 5 + gap), ("Ben", "d", 5 + gap))

    assert len(told(said)) == count
    assert [row.number for row in rows(said)] == [1, 3][:count]


def test_an_unknown_time_is_no_pause_and_hides_none():
    said = chat(("Anna", "a", 0), ("Ben", "b", None), ("Anna", "c", None), ("Ben", "d", 9))

    assert len(told(said)) == 1
    assert len(told(said, pause=8)) == 1
    late = chat(("Anna", "a", 0), ("Ben", "b", None), ("Anna", "c", 99), ("Ben", "d", None))
    assert told(late, pause=8) == [["u:a", "a:b"], ["u:c", "a:d"]]


def test_a_conversation_in_which_the_bot_is_silent_is_left_out():
    said = chat(("Anna", "a", 0), ("Ben", "b", 0), ("Anna", "c", 999))

    assert [(row.number, row.reason) for row in rows(said)] == [
        (1, ""),
        (3, "The bot says nothing in it."),
    ]


def test_one_person_alone_and_a_name_that_nobody_has():
    (alone,) = rows(chat(("Anna", "a")))
    (nobody,) = rows(chat(("Anna", "a"), ("Ben", "b")), bot="Zoe")

    assert alone.reason == "Only one person writes here."
    assert nobody.reason == "Nobody has the bot's name here."
    assert nobody.remedy == "These people write: Anna, Ben."
    assert list(rows([])) == []


PIECES = [
    "1.2.23, 10:00 - ",
    "[1/2/23, 9:41 PM] ",
    "Anna: ",
    "\u200e",
    "\n",
    "\u0663.\u0664.\u0662\u0663, \u0661:\u0660\u0660 - ",
    "x",
]
JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["messages", "chats", "list", "type", "from", "text", "date"]), inner
        )
    ),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80) | st.lists(st.sampled_from(PIECES), max_size=15).map("".join))
def test_no_text_is_too_odd(text):
    said, dropped = messengers.read(text)

    assert all(message.who and message.text.strip() == message.text != "" for message in said)
    assert all(row.reason for row in dropped)
    assert len(list(rows(said))) <= len(said)
    assert messengers.recognise(text) is None or said or dropped


@settings(max_examples=40, deadline=None)
@given(JSON, JSON)
def test_no_value_is_too_odd(value, message):
    for odd in (value, export(value, message), export({"type": "message", "text": value})):
        said, dropped = telegram.read(odd)
        assert all(message.who and message.text for message in said)
        assert all(row.reason for row in dropped)
        telegram.recognise(odd)


@pytest.mark.parametrize(
    "text",
    [
        "12/31/23, 9:41 PM - Anna: hello there, how are you\n12/31/23, 9:42 PM - Ben: fine\n"
        * 50_000,
        "1.2.23, 10:00 - Anna: " + "<a " * 1_000_000 + "\u200e" * 100_000,
        "1" * 1_000_000 + "\n" + "\u200e" * 1_000_000 + " " * 1_000_000,
    ],
    ids=["chat", "long line", "odd"],
)
def test_a_large_text_takes_seconds(text):
    begin = time.monotonic()
    messengers.recognise(text)
    list(rows(messengers.read(text)[0]))

    assert time.monotonic() - begin < 20

"""Files of every format are recognised by what is in them, and read; foreign ones are refused."""

import json
from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.dataset.formats import tables
from chatbot.dataset.incoming import Choices, examine, read
from chatbot.dataset.outgoing import FORMATS, format_of
from chatbot.errors import BadInput
from chatbot.messages import Conversation, Message, assistant, user

TALKS = (
    Conversation((user("Who are you?"), assistant("I am Wick, the lamp keeper."))),
    Conversation((user("שלום 👋"), assistant("Ahoy,\n\nsailor — “öl” …"))),
    Conversation((user("=1+1"), assistant("Two; or, 2"), user("Sure?"), assistant('"Yes."'))),
)


@pytest.mark.parametrize("key", FORMATS)
def test_every_format_goes_out_and_comes_back_whole(key: str) -> None:
    written, losses = FORMATS[key].write(TALKS)
    assert losses == []
    incoming = read(written, f"file{FORMATS[key].suffix}")
    assert [c.messages for c in incoming.conversations] == [c.messages for c in TALKS]
    assert incoming.left_out == ()
    assert incoming.why


@pytest.mark.parametrize("key", FORMATS)
def test_a_name_that_says_nothing_changes_nothing(key: str) -> None:
    written, _ = FORMATS[key].write(TALKS)
    assert len(read(written, "download").conversations) == len(TALKS)


@pytest.mark.parametrize("key", ["sharegpt", "sharegpt-lines", "messages", "messages-lines"])
def test_extra_keys_and_system_texts_survive(key: str) -> None:
    talk = Conversation(
        (Message("system", "Be Wick."), *TALKS[2].messages), {"tags": ["sea"], "note": "kept"}
    )
    written, losses = FORMATS[key].write([talk])
    assert losses == []
    assert read(written).conversations == (talk,)


@pytest.mark.parametrize("key", sorted(set(FORMATS) - {"sharegpt", "sharegpt-lines"}))
def test_what_a_format_can_not_hold_is_said(key: str) -> None:
    """A conversation that ends with the user, out of turn, with a key of its own."""
    odd = Conversation((assistant("Ahoy."), user("Hi"), user("You?")), {"note": "kept"})
    written, losses = FORMATS[key].write([odd, TALKS[0]])
    back = read(written, f"x{FORMATS[key].suffix}")
    assert losses or back.conversations[0] == odd
    assert TALKS[0].messages in [c.messages for c in back.conversations]


def test_nothing_written_is_nothing_read() -> None:
    for form in FORMATS.values():
        assert form.write(())[1] == []


def lines(*rows: object) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


@pytest.mark.parametrize(
    ("data", "name", "form"),
    [
        (b'[{"instruction": "a", "output": "b"}]', "", "Alpaca, JSON"),
        (lines({"instruction": "a", "output": "b"}), "", "Alpaca, JSON lines"),
        (b'[{"prompt": "a", "completion": "b"}]', "", "question and answer, JSON"),
        (b'{"data": [{"messages": [{"role": "user", "content": "a"}]}]}', "", "OpenAI messages"),
        (b"question,answer\na,b\n", "", "Table"),
        (b"question;answer\r\na;b\r\n", "t.csv", "Table"),
        (b"User: Hi\nBot: Hello\n", "", "Transcript"),
        (b"[User]: Hi\n[Bot]: Hello\n", "", "Transcript"),
        (b"31.12.23, 21:41 - Anna: Hi\n31.12.23, 21:42 - Wick: Ahoy\n", "", "WhatsApp"),
        (b"[31.12.23, 21:41:05] Anna: Hi\n[31.12.23, 21:42:05] Wick: Ahoy\n", "", "WhatsApp"),
    ],
)
def test_the_content_tells_the_format(data: bytes, name: str, form: str) -> None:
    incoming = read(data, name)
    assert incoming.format.startswith(form)
    assert len(incoming.conversations) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_any_encoding_is_read(encoding: str) -> None:
    data = "question,answer\nWie heißt du?,„Öl“ — Wick\n".encode(encoding)
    assert read(data, "t.csv").conversations[0].messages[1] == assistant("„Öl“ — Wick")


def test_a_telegram_export_is_told_from_openai_messages() -> None:
    said = [
        {"id": i, "type": "message", "date": f"2023-01-01T10:0{i}:00", "from": who, "text": text}
        for i, (who, text) in enumerate([("Anna", "Hi"), ("Wick", "Ahoy")])
    ]
    chat = {"name": "Wick", "type": "personal_chat", "id": 1, "messages": said}
    incoming = read(json.dumps(chat).encode(), "result.json")
    assert incoming.format == "Telegram export"
    assert incoming.conversations[0].messages == (user("Hi"), assistant("Ahoy"))
    swapped = read(json.dumps(chat).encode(), "result.json", Choices(bot="Anna"))
    assert swapped.conversations == ()  # Wick says nothing after Anna


def test_columns_can_be_chosen() -> None:
    data = b"nr,frage,antwort\n1,Hi,Ahoy\n"
    unnamed = read(data, "t.csv")
    assert unnamed.table is not None
    assert unnamed.table.columns == ("Column 1", "Column 2", "Column 3")
    assert unnamed.mapping is None
    assert unnamed.rows == ()
    chosen = Choices(tables.Mapping("frage", "antwort"), names_first=True)
    assert read(data, "t.csv", chosen).conversations == (
        Conversation((user("Hi"), assistant("Ahoy"))),
    )


def test_columns_that_a_table_has_not_are_proposed_anew() -> None:
    gone = Choices(tables.Mapping("no", "such"))
    assert len(read(b"question,answer\nHi,Ahoy\n", "t.csv", gone).conversations) == 1


def test_flat_json_with_foreign_names_is_offered_as_a_table() -> None:
    data = b'[{"frage": "Hi", "antwort": "Ahoy", "nr": 1}]'
    incoming = read(data)
    assert incoming.table is not None
    assert incoming.table.columns == ("frage", "antwort", "nr")
    chosen = Choices(tables.Mapping("frage", "antwort"))
    assert read(data, "", chosen).conversations[0].messages == (user("Hi"), assistant("Ahoy"))


def test_placeholders_are_named_and_filled_in() -> None:
    data = b'[{"instruction": "hi", "output": "I am {{name}} by {{author}}."}]'
    assert dict(read(data).placeholders) == {"name": 1, "author": 1}
    filled = read(data, "", Choices(values={"name": "Wick"}))
    assert filled.conversations[0].messages[1].text == "I am Wick by {{author}}."
    assert dict(filled.placeholders) == {"name": 1, "author": 1}


def test_a_file_may_mix_shapes_and_names_what_is_left_out() -> None:
    data = lines(
        {"instruction": "a", "output": "b"}, {"foo": 1}, {"prompt": "c", "completion": "d"}
    )
    incoming = read(data)
    assert incoming.numbers == (1, 3)
    assert [(row.number, row.text) for row in incoming.left_out] == [(2, '{"foo": 1}')]


def test_half_an_emoji_is_replaced_and_told() -> None:
    data = b'[{"instruction": "a \\ud83d", "output": "b"}]'
    incoming = read(data)
    assert incoming.conversations[0].messages[0].text == "a ?"
    assert "Half a character" in incoming.converted[0].remarks[0]


def nested(depth: int) -> bytes:
    return b'[{"instruction": "a", "output": "b", "x": ' + b"[" * depth + b"]" * depth + b"}]"


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"", "f.json", "is empty"),
        (b" \n ", "f.json", "is empty"),
        (b"\0\1\2\3\4", "f.csv", "zero bytes"),
        (b"PK\x03\x04rest", "f.json", "a zip file"),
        (b"PK\x03\x04 word/document.xml", "f.docx", "a Word document, not text. Copy its text"),
        (b"PK\x03\x04 vnd.oasis.opendocument.text", "f.odt", "a document of a text program"),
        (b"just some words", "f.txt", "no format that is known"),
        (b'[{"instruction": "a", "output": ', "f.json", "ends in the middle of row 1"),
        (nested(10_000), "f.json", "nested too deeply"),
        (b"\xd0\xcf\x11\xe0rest", "f.xls", "xlsx"),
        (b"PK\x03\x04 xl/workbook.xml cut off", "f.xlsx", "is damaged"),
    ],
)
def test_a_file_that_can_not_be_read_says_what_to_do(data: bytes, name: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(data, name)
    assert said in str(caught.value)


def test_a_row_that_is_nested_too_deeply_is_left_out_alone() -> None:
    data = lines({"instruction": "c", "output": "d"})
    incoming = read(nested(100)[1:-1] + b"\n" + data)
    assert len(incoming.conversations) == 1
    assert "nested too deeply" in incoming.left_out[0].reason


def test_examine_names_rows_of_the_file() -> None:
    findings = examine(b"question,answer\nHi,Ahoy\n,empty\nHi,Ahoy\n", "t.csv")
    told = {(finding.row, finding.message.split(":")[0]) for finding in findings}
    assert any(row == 3 for row, _ in told)
    assert any(row == 4 and "same as conversation 2" in words for row, words in told)


def test_a_zip_of_a_newer_kind_is_named_as_damaged() -> None:
    sound = bytearray(FORMATS["excel"].write(TALKS)[0])
    needed = sound.index(b"PK\x01\x02") + 6  # the version that the first entry asks for
    sound[needed : needed + 2] = (99).to_bytes(2, "little")
    with pytest.raises(BadInput, match="is damaged"):
        read(bytes(sound), "f.xlsx")


def test_the_ending_tells_the_format_to_write() -> None:
    assert format_of("a.JSONL") == "sharegpt-lines"
    assert format_of("a.xlsx") == "excel"
    assert format_of("a.doc") is None


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.binary(max_size=200), texts.map(str.encode)))
def test_no_bytes_bring_it_down(data: bytes) -> None:
    with suppress(BadInput):
        incoming = read(data, "any")
        assert len(incoming.conversations) + len(incoming.left_out) == len(incoming.rows)


words = texts.map(str.strip).filter(bool)
pairs = st.lists(st.tuples(words, words), min_size=1, max_size=3)
talks = st.lists(
    pairs.map(
        lambda turns: Conversation(
            tuple(m for question, answer in turns for m in (user(question), assistant(answer)))
        )
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=40, deadline=None)
@given(talks, st.sampled_from(sorted(set(FORMATS) - {"excel", "csv", "tsv", "transcript"})))
def test_any_words_survive_the_journey(conversations: Sequence[Conversation], key: str) -> None:
    written, losses = FORMATS[key].write(conversations)
    assert losses == []
    back = read(written, f"x{FORMATS[key].suffix}").conversations
    assert [c.messages for c in back] == [c.messages for c in conversations]

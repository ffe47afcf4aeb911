"""What can be read is read; what can't is named by row and reason; nothing else is ever raised."""

import contextlib
import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.dataset.importers import dump, read_conversations, read_strictly
from chatbot.dataset.incoming import examine
from chatbot.dataset.json_rows import MAX_BYTES, MAX_KEPT_BYTES
from chatbot.errors import BadInput, ChatbotError
from chatbot.messages import Conversation, Message

GOOD_ROW = {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]}


def as_json(*rows: object) -> bytes:
    return json.dumps(rows).encode()


def refusal(data: bytes, name: str = "mine.json") -> str:
    with pytest.raises(BadInput) as caught:
        read_conversations(data, name)
    return str(caught.value)


def test_a_file_comes_out_as_it_went_in(dozen):
    data = dump(dozen)

    assert read_conversations(data).conversations == dozen
    assert dump(read_conversations(data).conversations) == data
    assert json.loads(data)[11]["tag"] == "greeting"


def test_one_turn_a_line_so_that_a_diff_reads_well(talk):
    assert dump([talk("Grüß 👋", "Hi", id=3), Conversation(())]).decode().splitlines() == [
        "[",
        "  {",
        '    "conversations": [',
        '      {"from": "human", "value": "Grüß 👋"},',
        '      {"from": "gpt", "value": "Hi"}',
        "    ],",
        '    "id": 3',
        "  },",
        "  {",
        '    "conversations": []',
        "  }",
        "]",
    ]


@pytest.mark.parametrize("empty", [b"[]", b" [ ] \n", dump([])])
def test_an_empty_list_is_a_file(empty):
    assert read_conversations(empty).conversations == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_byte_order_marks_are_understood(encoding, talk):
    text = dump([talk("Grüß", "Gott 👋")]).decode().replace("\n", "\r\n")

    assert read_conversations(text.encode(encoding)).conversations == (talk("Grüß", "Gott 👋"),)


def test_one_row_a_line_is_understood(dozen):
    lines = "\n".join(json.dumps(c.to_sharegpt()) for c in dozen)

    result = read_conversations(lines.encode())
    assert (result.conversations, result.rows[:3]) == (dozen, (1, 2, 3))


def test_rows_that_are_no_conversation_are_named_and_the_rest_is_taken():
    result = read_conversations(
        as_json(
            GOOD_ROW,
            {"instruction": "Hi"},
            {"conversations": [{"from": "human", "value": "Hi"}, {"from": "tool", "value": "x"}]},
            GOOD_ROW,
            17,
            {"conversations": [{"from": "gpt", "value": None}]},
        )
    )

    assert len(result.conversations) == 2
    assert result.rows == (1, 4)
    assert [(p.severity, p.row) for p in result.problems] == [("error", n) for n in (2, 3, 5, 6)]
    assert "conversations" in result.problems[0].message
    assert "Turn 2 does not say who speaks" in result.problems[1].message
    assert all(p.remedy for p in result.problems)


def test_what_turns_say_beyond_their_text_is_reported():
    row = {"conversations": [{"from": "human", "value": "Hi", "weight": 1}]}

    (problem,) = read_conversations(as_json(row)).problems
    assert (problem.severity, problem.row) == ("warning", 1)
    assert "weight" in problem.message


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "mine.json is empty"),
        (b"  \n ", "mine.json is empty"),
        (b"PK\x03\x04 zip", "not a JSON file"),
        (b"hello", "not a JSON file"),
        (b"[" + as_json(GOOD_ROW)[1:-1] + b',\n{"conversations": [{"from": "hum', "row 2 (line 2"),
        (b'[{"a": 1} {"b": 2}]', "row 1, is not valid JSON: a comma"),
        (b'[{"a": 1},\n{"b": "x}]\n', "in the middle of row 2 (line 2"),
        (b'[{"a": 1},\n{"b": "x\n", "c": 1}]', "row 2, is not valid JSON: a closing quote"),
        (b"[{a: 1}]", "row 1, is not valid JSON: a name in double quotes is missing"),
        (b'[{"a": 1},]', "row 2, is not valid JSON"),
        (b'[{"a": 1}', "cut off"),
        (b"[", "cut off"),
        (b'[{"a": 1}] [', "goes on after the end of the list (line 1, column 12)"),
        (b'[{"a": 1},\n{"b": "\xff\xfe"}]', "row 2, is not UTF-8 text (line 2)"),
        (b"\xff\xfe[\x00x", "not UTF-8 text"),
        (b'[{"a": ' + b"9" * 5000 + b"}]", "row 1, holds a number that is too long"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_broken_file_is_named_by_place_and_reason(data, said):
    assert said in refusal(data)


def test_a_bomb_of_nesting_in_an_extra_key_is_left_out():
    deep = "[" * 200 + "]" * 200
    row = json.dumps(GOOD_ROW)[:-1] + f', "extra": {deep}}}'

    result = read_conversations(f"[{json.dumps(GOOD_ROW)}, {row}]".encode())
    assert result.rows == (1,)
    assert "nested too deeply" in result.problems[0].message


def test_values_that_json_does_not_know_are_left_out():
    row = json.dumps(GOOD_ROW)[:-1] + ', "score": NaN}'

    result = read_conversations(f"[{row}]".encode())
    assert not result.conversations
    assert "can't hold" in result.problems[0].message


def test_half_a_character_is_replaced_and_said():
    result = read_conversations(
        rb'[{"conversations": [{"from": "human", "value": "Hi \ud83d"}], "tag": "\udc00"}]'
    )

    assert result.conversations[0].messages[0].text == "Hi ?"
    assert result.conversations[0].extra == {"tag": "?"}
    assert [p.severity for p in result.problems] == ["warning"]
    dump(result.conversations)


def test_a_file_over_the_limit_is_refused_before_it_is_parsed(monkeypatch):
    monkeypatch.setattr("chatbot.dataset.json_rows.MAX_KEPT_BYTES", 2 * 1024**2)

    assert "larger than 2 MB" in refusal(b"[" + b" " * 2 * 1024**2)


def test_what_may_be_imported_may_grow_when_it_is_written_with_our_spacing():
    shortest = b'{"conversations":[{"from":"gpt","value":""}]}'
    written = dump(read_conversations(b"[" + shortest + b"]").conversations)

    assert MAX_BYTES // len(shortest) * len(written) < MAX_KEPT_BYTES


def test_reading_strictly_refuses_the_first_bad_row():
    with pytest.raises(BadInput, match=r"mine\.json, row 2: This is not a conversation"):
        read_strictly(as_json(GOOD_ROW, {}, GOOD_ROW, 3), "mine.json")
    assert len(read_strictly(as_json(GOOD_ROW), "mine.json")) == 1


def test_examining_speaks_of_the_rows_of_the_file():
    lonely = {"conversations": [{"from": "human", "value": "Hi"}]}

    findings = examine(as_json(17, GOOD_ROW, lonely))
    assert [(f.severity, f.row) for f in findings] == [
        ("warning", None),
        ("error", 1),
        ("error", 3),
    ]


TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)
CONVERSATIONS = st.lists(
    st.builds(
        Conversation,
        st.lists(
            st.builds(Message, st.sampled_from(["system", "user", "assistant"]), TEXTS), max_size=4
        ).map(tuple),
        st.dictionaries(TEXTS.filter(lambda key: key != "conversations"), TEXTS, max_size=2),
    ),
    max_size=5,
)


@given(CONVERSATIONS)
def test_any_conversations_come_out_as_they_went_in(conversations):
    assert read_strictly(dump(conversations), "x") == tuple(conversations)


@settings(max_examples=300)
@given(CONVERSATIONS, st.data())
def test_mutated_files_raise_only_errors_for_people(conversations, data):
    content = bytearray(dump(conversations))
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(content)))
        content[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    try:
        result = read_conversations(bytes(content), "x")
    except ChatbotError:
        pass
    else:
        assert read_strictly(dump(result.conversations), "x") == result.conversations


@given(st.binary(max_size=200))
def test_random_bytes_raise_only_errors_for_people(data):
    with contextlib.suppress(ChatbotError):
        read_conversations(data)


ANYTHING = st.recursive(
    st.none() | st.integers() | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=8,
)


@given(ANYTHING)
def test_any_json_is_read_or_explained(value):
    result = read_conversations(json.dumps([value, {"conversations": value}]).encode())
    assert len(result.conversations) + sum(p.severity == "error" for p in result.problems) == 2


def test_a_deep_stack_above_us_does_not_matter():
    row = {**GOOD_ROW, "extra": {"a": {"b": [1]}}}

    def deeper(levels: int) -> int:
        if levels:
            return deeper(levels - 1)
        return len(read_conversations(as_json(row)).conversations)

    assert deeper(sys.getrecursionlimit() // 2) == 1

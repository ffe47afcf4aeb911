"""The quick way through a file gives what the slow one gives, or leaves it to the slow one."""

import gc
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.dataset import importers, quick_rows
from chatbot.dataset.importers import dump, read_conversations, read_row_by_row
from chatbot.dataset.quick_rows import NotPlain, blocks_of, plain, without_collector
from chatbot.errors import ChatbotError

HI = '{"conversations": [{"from": "human", "value": "Hi"}]}'
TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=5,
)
SPEAKERS = st.sampled_from(["human", "gpt", "system", "user", " Human", "tool"]) | ANYTHING
TURNS = st.fixed_dictionaries(
    {"from": SPEAKERS, "value": TEXTS | ANYTHING}, optional={"weight": ANYTHING}
)
ROWS = st.fixed_dictionaries(
    {"conversations": st.lists(TURNS, max_size=3) | ANYTHING},
    optional={"tags": st.lists(TEXTS, max_size=2) | ANYTHING, "id": ANYTHING},
)
FILES = st.builds(
    lambda rows, ascii, indent: json.dumps(rows, ensure_ascii=ascii, indent=indent).encode(),
    st.lists(ROWS | ANYTHING, max_size=6),
    st.booleans(),
    st.sampled_from([None, 0, 2]),
)


@pytest.fixture(autouse=True, scope="module")
def _small_blocks():
    """So that a file of a few rows is parted, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quick_rows, "_BLOCK", 20)
        yield


def outcome(read, data):
    try:
        result = read(data, "mine.json")
    except ChatbotError as error:
        return str(error)
    return repr(result), result


def agree(data: bytes) -> None:
    assert outcome(read_conversations, data) == outcome(read_row_by_row, data)


@settings(max_examples=200)
@given(FILES)
def test_both_ways_agree_on_any_rows(data):
    agree(data)


@settings(max_examples=200)
@given(FILES, st.data())
def test_both_ways_agree_on_damaged_files(data, more):
    content = bytearray(data)
    for _ in range(more.draw(st.integers(1, 3))):
        at = more.draw(st.integers(0, len(content)))
        bit = st.binary(max_size=3) | st.sampled_from([b"},{", b'"', b"\\ud800", b"]", b"[", b","])
        content[at : at + more.draw(st.integers(0, 3))] = more.draw(bit)
    agree(bytes(content))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        " [ ] ",
        "[,]",
        f"[{HI}]",
        f"\ufeff[{HI}]",
        f"\ufeff\ufeff[{HI}]",
        f"\ufeff [{HI}]",
        f"[{HI},]",
        f"[{HI}, {HI},\n{HI}]",
        f"[{HI} {HI}]",
        f"[{HI},, {HI}]",
        f"[{HI}], [{HI}]",
        f"[{HI}]x",
        f"{HI}\n{HI}",
        HI,
        f"[{HI}, [{HI}, {HI}], {HI}]",
        f'[{HI[:-1]}, "conversations": []}}, {HI}]',
        f'[{{"a": [{HI}, {HI}], "conversations": []}}, {HI}]',
        f'[{HI[:-1]}, "x": NaN}}, {HI}]',
        f'[{HI[:-1]}, "x": -Infinity}}]',
        f'[{HI[:-1]}, "x": 1e999}}, {HI}]',
        f'[{HI[:-1]}, "x": 1.5}}, {HI}]',
        f'[{HI[:-1]}, "x": {"9" * 5000}}}, {HI}]',
        f'[{HI[:-1]}, "x": "\\ud83d"}}, {HI}]',
        f'[{HI[:-1]}, "\\udc00": "\\ud83d\\udc4b"}}, {HI}]',
        f'[{HI[:-1]}, "x": "\\\\ud83d"}}, {HI}]',
        f'[{HI[:-1]}, "x": {"[" * 80}{"]" * 80}}}, {HI}]',
        f'[{HI[:-1]}, "x": {"[" * 5000}{"]" * 5000}}}, {HI}]',
        f'[{HI[:-2]}, {{"from": "gpt", "value": "}}, {{\\"conversations\\""}}]}}, {HI}]',
        f'[{HI[:-2]}, {{"from": "gpt", "value": "}}, {{"conversations": []}}]}}, {HI}]',
        '[{"conversations": {}}, {"conversations": ""}, {"conversations": [[1, 2], "ab"]}]',
        '[{"conversations": [{"from": [], "value": "x"}, {"from": "gpt", "text": "x"}]}]',
        '[["conversations"], "conversations", 7, null]',
    ],
)
def test_both_ways_agree_on_what_looks_alike(text):
    agree(text.encode())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "latin-1", "utf-32"])
def test_both_ways_agree_on_encodings(encoding):
    agree(f'[{HI}, {HI[:-1]}, "x": "é"}}]'.encode(encoding))


def test_a_file_that_we_wrote_is_read_in_parts_and_only_quickly(dozen, monkeypatch):
    data = dump(dozen)
    monkeypatch.setattr(importers, "read_row_by_row", None)
    monkeypatch.setattr(importers, "storable", None)

    assert len(list(blocks_of(data))) == 12
    assert read_conversations(data).conversations == dozen


def test_only_the_part_with_half_a_character_is_looked_at_closely():
    data = f'[{HI}, {HI[:-1]}, "x": "\\ud83d"}}, {HI}]'.encode()

    assert [closely for _, closely in blocks_of(data)] == [False, True, False]


def test_what_is_no_list_is_left_to_the_slow_way():
    for data in (b"", b"{}", b"[", b"]", b"[1", b"\xff[]"):
        with pytest.raises(NotPlain):
            list(blocks_of(data))


def test_rows_share_no_extra_keys():
    one, other = plain(json.loads(HI)), plain(json.loads(HI))

    assert one is not None
    assert other is not None
    assert one.extra is not other.extra


def test_the_collector_rests_meanwhile_and_works_again_after_a_failure():
    during: list[bool] = []

    def failing() -> None:
        with without_collector():
            during.append(gc.isenabled())
            raise NotPlain

    with pytest.raises(NotPlain):
        failing()
    assert (during, gc.isenabled()) == ([False], True)

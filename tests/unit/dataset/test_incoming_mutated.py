"""Damaged files of every format: a sentence or a reading, never anything else."""

import io
import json
import zipfile
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot.dataset.formats import binary_files
from chatbot.dataset.importers import dump, read_strictly
from chatbot.dataset.incoming import read
from chatbot.dataset.outgoing import FORMATS
from chatbot.errors import BadInput, ChatbotError
from chatbot.messages import Conversation, assistant, user

TALKS = (
    Conversation((user("Who are you?"), assistant("I am Wick."))),
    Conversation((user("שלום 👋"), assistant("=1+1\n\n“öl”"))),
    Conversation((user("A"), assistant("B"), user("C"), assistant("D"))),
)
WHATSAPP = b"31.12.23, 21:41 - Anna: Hi\n31.12.23, 21:42 - Wick: Ahoy\n" * 3
TELEGRAM = json.dumps(
    {
        "name": "Wick",
        "type": "personal_chat",
        "id": 1,
        "messages": [
            {
                "id": i,
                "type": "message",
                "date": f"2023-01-01T10:0{i}:00",
                "from": who,
                "text": text,
            }
            for i, (who, text) in enumerate([("Anna", "Hi"), ("Wick", "Ahoy")])
        ],
    }
).encode()


def _arrow(stream: bool) -> bytes:
    import pyarrow as pa

    table = pa.table({"question": ["Hi", "You?"] * 9, "answer": ["Ahoy", "Wick"] * 9})
    out = io.BytesIO()
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


SOUND = {
    **{key: form.write(TALKS)[0] for key, form in FORMATS.items()},
    "whatsapp": WHATSAPP,
    "telegram": TELEGRAM,
    "arrow": _arrow(stream=False),
    "arrow-stream": _arrow(stream=True),
}
Change = Callable[[bytes], bytes]


def _flip(place: float, value: int) -> Change:
    def change(data: bytes) -> bytes:
        at = int(place * len(data))
        return data[:at] + bytes([value]) + data[at + 1 :]

    return change


def _cut(start: float, stop: float) -> Change:
    return lambda data: data[: int(start * len(data))] + data[int(stop * len(data)) :]


def _twice(start: float, stop: float) -> Change:
    return lambda data: data[: int(stop * len(data))] + data[int(start * len(data)) :]


def _splice(place: float, other: str, start: float) -> Change:
    part = SOUND[other][int(start * len(SOUND[other])) :]
    return lambda data: data[: int(place * len(data))] + part


places = st.floats(0, 1, exclude_max=True)
changes = st.one_of(
    st.builds(_flip, places, st.integers(0, 255)),
    st.builds(_cut, places, places),
    st.builds(_twice, places, places),
    st.builds(_splice, places, st.sampled_from(sorted(SOUND)), places),
)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(SOUND)), st.lists(changes, min_size=1, max_size=4))
def test_a_damaged_file_is_read_or_refused_in_a_sentence(key: str, wounds: list[Change]) -> None:
    data = SOUND[key]
    for wound in wounds:
        data = wound(data)
    try:
        incoming = read(data, "damaged")
    except ChatbotError:
        return
    taken = incoming.conversations
    assert len(taken) + len(incoming.left_out) == len(incoming.rows)
    assert read_strictly(dump(taken), "stored") == taken  # what is taken can be kept


@pytest.mark.parametrize("key", sorted(SOUND))
def test_the_sound_files_are_taken_whole(key: str) -> None:
    incoming = read(SOUND[key])
    assert incoming.conversations
    assert incoming.left_out == ()


def _parquet_of(**columns: object) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, compression="zstd", store_schema=False)
    return out.getvalue()


def _repeated(rows: int) -> object:
    """One text of 2 MB in every row: small in the file, rows times that when written out."""
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), ["x" * 2_000_000])


def _arrow_of(**columns: object) -> bytes:
    import pyarrow as pa

    table = pa.table(columns)
    out = io.BytesIO()
    with pa.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


def _sheet(rows: bytes) -> bytes:
    """An Excel file whose sheet holds these rows as they are."""
    out = io.BytesIO()
    page = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        b"<sheetData>" + rows + b"</sheetData></worksheet>"
    )
    with (
        zipfile.ZipFile(io.BytesIO(SOUND["excel"])) as sound,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for name in sound.namelist():
            made.writestr(name, page if name.endswith("sheet1.xml") else sound.read(name))
    return out.getvalue()


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "parquet, one text in every row": (
        lambda: _parquet_of(question=_repeated(2_000), answer=_repeated(2_000)),
        "too large when unpacked",
    ),
    "arrow, one text in every row": (
        lambda: _arrow_of(question=_repeated(2_000), answer=_repeated(2_000)),
        "too large when unpacked",
    ),
    "excel, a row that says it is the billionth": (
        lambda: _sheet(b'<row r="900000000"><c t="inlineStr"><is><t>a</t></is></c></row>'),
        "too many rows",
    ),
    "excel, cells far to the right": (
        lambda: _sheet(b'<row><c r="XFD1" t="inlineStr"><is><t>a</t></is></c></row>' * 99),
        "too many columns",
    ),
    "json, more rows than any set has": (lambda: b"[" + b"1," * 11_000 + b"1]", "too many rows"),
    "lines, more rows than any set has": (lambda: b"{}\n" * 11_000, "too many rows"),
    "csv, more rows than any set has": (
        lambda: b"question,answer\n" + b"a,b\n" * 11_000,
        "too many rows",
    ),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_small_file_that_grows_is_refused(bomb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binary_files, "MAX_ROWS", 10_000)
    make, said = BOMBS[bomb]
    with pytest.raises(BadInput, match=said):
        read(make(), "bomb")


def test_a_text_of_nothing_but_lines_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatbot.dataset.incoming.MAX_LINES", 1_000)
    with pytest.raises(BadInput, match="too many lines"):
        read(b"question,answer\na,b\n" + b"\n" * 1_000, "bomb")


def test_a_column_of_endless_lists_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatbot.dataset.formats.columnar.MAX_VALUES", 1_000)
    lists = _parquet_of(question=["a"], answer=["b"], messages=[[0] * 2_000])
    with pytest.raises(BadInput, match="too many values"):
        read(lists, "bomb")


def test_a_zip_that_inflates_is_refused_by_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binary_files, "MAX_UNPACKED", 100_000)
    with pytest.raises(BadInput, match="too large when unpacked"):
        read(_sheet(b"<row></row>" * 100_000), "bomb")


def test_lengths_that_lie_in_an_arrow_file_are_no_crash() -> None:
    sound = SOUND["arrow"]
    size = (8).to_bytes(8, "little")
    for place in range(0, len(sound) - 8, 8):
        if sound[place : place + 8] == size:
            lying = sound[:place] + (2**60).to_bytes(8, "little") + sound[place + 8 :]
            with suppress(BadInput):
                read(lying, "lying")

"""A table becomes conversations row by row; a cell is only text; what can't be is told."""

import csv
import io
import zipfile
from datetime import date, datetime
from itertools import chain

import openpyxl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.dataset.formats import binary_files, columnar, delimited, workbooks
from chatbot.dataset.formats.table_writing import write_delimited, write_excel, write_parquet
from chatbot.dataset.formats.tables import Mapping, Table, propose, rows
from chatbot.errors import BadInput
from chatbot.messages import Conversation, Message, assistant, user

QA = Mapping("question", "answer")
RTL = "مرحبا، كيف حالك؟ 👩‍👩‍👧"


def conversation(*texts: str, system: str = "") -> Conversation:
    turns = [(user, assistant)[i % 2](text) for i, text in enumerate(texts)]
    return Conversation((*([Message("system", system)] if system else []), *turns))


def taken(table: Table) -> list[Conversation]:
    mapping = propose(table)
    assert mapping is not None
    found = list(rows(table, mapping))
    assert [row.reason for row in found if row.conversation is None] == []
    return [row.conversation for row in found if row.conversation is not None]


def refusal(read, data, name: str = "mine.csv") -> str:
    with pytest.raises(BadInput) as caught:
        read(data, name)
    assert caught.value.remedy
    return str(caught.value)


def workbook(*sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for lines in sheets:
        sheet = book.create_sheet()
        for line in lines:
            sheet.append(line)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def parquet(**columns: list[object]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


# Text tables


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(separator):
    text = f"question{separator}answer\nHi{separator}Hello\nBye{separator}See you\n"
    table = delimited.read(text, "mine.csv")

    assert table.columns == ("question", "answer")
    assert table.rows == (("Hi", "Hello"), ("Bye", "See you"))
    assert (table.first_row, table.numbers) == (2, (2, 3))


def test_commas_in_a_semicolon_table_part_nothing():
    table = delimited.read("Hi, there;Hello, you\nWell, ok;Yes, fine\n", "mine.csv")

    assert table.rows == (("Hi, there", "Hello, you"), ("Well, ok", "Yes, fine"))


def test_quotes_are_honoured_before_separators():
    table = delimited.read('question,answer\n"Hi; a, b","He said ""yes"""\n', "mine.csv")

    assert table.rows == (("Hi; a, b", 'He said "yes"'),)


def test_a_line_break_in_a_cell_is_kept_and_rows_are_named_by_their_line():
    table = delimited.read('question,answer\n"a\r\nb",c\n\nd,e\n', "mine.csv")

    assert table.rows == (("a\r\nb", "c"), ("d", "e"))
    assert table.numbers == (2, 5)


def test_two_unknown_names_are_data():
    table = delimited.read("Hi,Hello\nBye,See you", "mine.csv")

    assert table.columns == ("Column 1", "Column 2")
    assert (table.first_row, table.rows[0]) == (1, ("Hi", "Hello"))


@pytest.mark.parametrize("first", ["question,question", "question,", "q," + "x" * 41])
def test_a_row_with_double_empty_or_long_cells_is_no_header(first):
    assert delimited.read(f"{first}\nHi,Hello\nA,B", "mine.csv").first_row == 1


def test_a_header_is_known_in_any_case_and_after_a_row_index():
    table = delimited.read(",Question,System Prompt,ANSWER\n0,Hi,Be kind,Hello", "mine.csv")

    assert table.columns == ("Column 1", "Question", "System Prompt", "ANSWER")
    assert propose(table) == Mapping("Question", "ANSWER", "System Prompt")


def test_a_mark_at_the_start_and_a_line_for_excel_are_no_data():
    assert delimited.read("\ufeffquestion,answer\na,b", "x").columns == ("question", "answer")
    table = delimited.read("sep=;\r\nquestion;answer\r\na,1;b,1\r\n", "x")
    assert (table.rows, table.numbers) == ((("a,1", "b,1"),), (3,))


def test_blank_rows_are_no_rows():
    assert delimited.read("\nHi,Hello\n,\n  \nBye,Ciao\n,,\n", "x").numbers == (2, 5)


@pytest.mark.parametrize("text", ["", "\n\n", "question,answer\n", "question,answer\n,\n"])
def test_no_rows_are_refused(text):
    assert "mine.csv has no rows." in refusal(delimited.read, text)


@pytest.mark.parametrize("text", ["question\nHi\nHo\n", "Hi\n", "Once upon\na time\na, b"])
def test_one_column_is_refused(text):
    assert "mine.csv has only one column" in refusal(delimited.read, text)


def test_nul_characters_are_refused_with_their_line():
    assert "NUL character in line 2" in refusal(delimited.read, "a,b\nc\0,d\n")


def test_an_open_quote_is_refused_with_its_line():
    text = 'question,answer\nHi,Hello\n"Bye,Ciao\nA,B\nC,D\n'
    assert "never closed; its row begins in line 3" in refusal(delimited.read, text)


def test_a_huge_field_is_refused_and_the_limit_of_others_stays(monkeypatch):
    monkeypatch.setattr(delimited, "MAX_FIELD", 1000)
    before = csv.field_size_limit()

    assert "after row 1" in refusal(delimited.read, f"Hi,Hello\nBye,{'x' * 1001}\n")
    assert csv.field_size_limit() == before


def test_a_field_over_the_library_default_is_read():
    text = "x" * 200_000
    assert delimited.read(f"Hi,{text}\n", "x").rows == (("Hi", text),)


def test_more_than_200_columns_are_refused():
    line = ",".join(["x"] * 201)
    assert "too many columns. (got: 201)" in refusal(delimited.read, f"{line}\n{line}\n")
    assert len(delimited.read(line[2:], "x").columns) == 200


# Excel


def test_excel_values_become_the_text_that_a_person_sees():
    lines = [
        ["question", "answer", "more"],
        [3.0, 2.5, True],
        [date(2024, 2, 29), datetime(2024, 2, 29, 13, 5), None],
    ]
    table = workbooks.read(workbook(lines), "mine.xlsx")

    assert table.columns == ("question", "answer", "more")
    assert table.rows == (("3", "2.5", "TRUE"), ("2024-02-29", "2024-02-29T13:05:00", ""))
    assert table.first_row == 2


def test_the_first_sheet_with_content_is_read_and_blank_rows_keep_their_numbers():
    data = workbook([], [["Hi", "Hello"], [None, None], ["Bye", RTL]], [["no", "no"]])
    table = workbooks.read(data, "mine.xlsx")

    assert table.rows == (("Hi", "Hello"), ("Bye", RTL))
    assert table.numbers == (1, 3)


def test_a_formula_counts_as_its_last_value_and_is_never_worked_out():
    table = workbooks.read(workbook([["question", "answer"], ["=1+1", "two"]]), "x")

    assert table.rows == (("", "two"),)  # openpyxl saved no value


def test_excel_without_rows_or_with_one_column_is_refused():
    assert "mine.csv has no rows" in refusal(workbooks.read, workbook([]))
    assert "only one column" in refusal(workbooks.read, workbook([["Hi"], ["Ho"]]))


def test_an_old_or_locked_excel_file_is_refused_with_the_way_out():
    said = refusal(workbooks.read, bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600))
    assert "old or password-protected Excel file" in said
    assert "Save it as .xlsx without a password or as CSV." in said


def test_what_is_no_excel_file_is_refused():
    assert "not an Excel file" in refusal(workbooks.read, b"question,answer\n")
    assert "not an Excel file" in refusal(workbooks.read, b"")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as other:
        other.writestr("word/document.xml", "<x/>")
    assert "a zip file, but not an Excel file" in refusal(workbooks.read, file.getvalue())


def test_damaged_excel_files_are_refused():
    whole = workbook([["Hi", "Hello"]] * 50)
    assert "is damaged" in refusal(workbooks.read, whole[:-100])
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as other:
        other.writestr("xl/workbook.xml", "<x")
    assert "is damaged" in refusal(workbooks.read, file.getvalue())


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"])
def test_an_excel_file_with_a_broken_part_is_refused(part):
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook([["Hi", "Hello"]]))) as old,
        zipfile.ZipFile(file, "w") as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content[: len(content) // 2] if name == part else content)
    assert "mine.csv is damaged" in refusal(workbooks.read, file.getvalue())


def test_an_excel_file_that_unpacks_to_too_much_is_not_opened(monkeypatch):
    monkeypatch.setattr(binary_files, "MAX_UNPACKED", 1_000)
    monkeypatch.setattr(openpyxl, "load_workbook", lambda *_, **__: pytest.fail("opened"))
    assert "too large when unpacked" in refusal(workbooks.read, workbook([["Hi", "Hello"]]))


def test_a_sheet_that_understates_its_size_loses_no_cells():
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook([["Hi", "Hello"], ["a", "b"]]))) as old,
        zipfile.ZipFile(file, "w") as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'ref="A1:B2"', b'ref="A1:A1"'))
    assert workbooks.read(file.getvalue(), "x").rows == (("Hi", "Hello"), ("a", "b"))


def test_a_number_too_large_for_excel_is_not_written_out():
    assert workbooks.read(workbook([["x", 1e20]]), "x").rows[0][1] == "1e+20"


# Parquet and Arrow


def test_text_and_number_columns_are_read_and_others_are_not():
    data = parquet(
        id=[1, 2],
        question=["Hi", None],
        answer=pa.array(["Hello", RTL]).dictionary_encode(),
        score=[1.0, 0.5],
        tags=[["a"], ["b"]],
        day=[date(2024, 1, 1)] * 2,
    )
    table = columnar.read(data, "mine.parquet")

    assert table.columns == ("id", "question", "answer", "score")
    assert table.rows == (("1", "Hi", "Hello", "1"), ("2", "", RTL, "0.5"))
    assert (table.first_row, table.numbers) == (1, (1, 2))


@pytest.mark.parametrize("kind", ["feather", "lz4", "file", "stream"])
def test_arrow_and_feather_are_read(kind, tmp_path):
    table = pa.table({"question": ["Hi"], "answer": ["Hello"]})
    path = tmp_path / "mine.arrow"
    if kind in {"feather", "lz4"}:
        codec = "lz4" if kind == "lz4" else "uncompressed"
        pyarrow.feather.write_feather(table, str(path), compression=codec)
    else:
        new = {"file": pa.ipc.new_file, "stream": pa.ipc.new_stream}[kind]
        with new(str(path), table.schema) as writer:
            writer.write_table(table)

    assert taken(columnar.read(path.read_bytes(), "mine.arrow")) == [conversation("Hi", "Hello")]


def test_parquet_texts_are_not_taken_for_excel_ones():
    assert columnar.read(parquet(q=["_x000D_"], a=["b"]), "x").rows == (("_x000D_", "b"),)


def test_rows_with_lists_come_as_objects_without_what_is_null():
    turns = [{"from": "human", "value": "Hi", "weight": None}, {"from": "gpt", "value": "Hello"}]
    data = parquet(conversations=[turns], id=[7], when=[date(2024, 1, 2)], none=[None])

    assert columnar.records(data, "x") == [
        {
            "conversations": [
                {"from": "human", "value": "Hi"},
                {"from": "gpt", "value": "Hello"},
            ],
            "id": 7,
            "when": "2024-01-02",
        }
    ]


def test_objects_hold_only_what_json_can_hold():
    data = parquet(instruction=["Hi"], nan=[float("nan")], image=[b"abc"], half=[0.5])

    assert columnar.records(data, "x") == [
        {"instruction": "Hi", "nan": None, "image": "(3 bytes)", "half": 0.5}
    ]


def test_a_pandas_index_is_no_column_and_names_are_told_apart():
    columns = [pa.array(["a"]), pa.array(["b"]), pa.array([5])]
    file = io.BytesIO()
    batch = pa.record_batch(columns, names=["q", "q", "__index_level_0__"])
    with pa.ipc.new_file(file, batch.schema) as writer:
        writer.write_batch(batch)
    table = columnar.read(file.getvalue(), "x")

    assert (table.columns, table.rows) == (("q", "q (2)"), (("a", "b"),))


def test_texts_that_point_outside_the_file_are_refused():
    batch = pa.record_batch({"question": ["x" * 1193, "y"], "answer": ["b", "c"]})
    file = io.BytesIO()
    with pa.ipc.new_file(file, batch.schema) as writer:
        writer.write_batch(batch)
    whole = file.getvalue()
    ends = bytes(4) + (1193).to_bytes(4, "little")
    at = whole.index(ends, whole.index(b"x" * 1193) - 200)
    broken = whole[:at] + bytes(4) + (10**6).to_bytes(4, "little") + whole[at + 8 :]

    assert columnar.read(whole, "x").rows == (("x" * 1193, "b"), ("y", "c"))
    assert "damaged" in refusal(columnar.read, broken)


def test_a_plain_table_gives_no_objects():
    assert columnar.records(parquet(question=["Hi"], answer=["Hello"]), "x") is None
    assert columnar.records(parquet(instruction=["Hi"], output=["Ho"]), "x") == [
        {"instruction": "Hi", "output": "Ho"}
    ]


def test_other_and_damaged_columnar_files_are_refused():
    whole = parquet(question=["Hi"] * 100, answer=["Hello"] * 100)
    for read in (columnar.read, columnar.records):
        assert "not a Parquet or Arrow file" in refusal(read, b"question,answer")
        assert "damaged" in refusal(read, whole[:-40])
        assert "damaged" in refusal(read, b"ARROW1\0\0nothing")


def test_columnar_files_without_usable_columns_are_refused(monkeypatch):
    assert "only one column" in refusal(columnar.read, parquet(q=["Hi"]))
    assert "no column of texts" in refusal(columnar.read, parquet(q=[["Hi"]]))
    assert "no rows" in refusal(columnar.read, parquet(q=["", " "], a=["", ""]))
    monkeypatch.setattr(binary_files, "MAX_ROWS", 1)
    assert "too many rows" in refusal(columnar.read, parquet(q=["a", "b"], a=["c", "d"]))
    monkeypatch.setattr(binary_files, "MAX_UNPACKED", 10)
    assert "too large" in refusal(columnar.read, parquet(q=["a"], a=["c"]))


# Which column is what


@pytest.mark.parametrize(
    ("columns", "mapping"),
    [
        (("Prompt", "Completion"), Mapping("Prompt", "Completion")),
        (("answer", "id", "question"), Mapping("question", "answer")),
        (("instruction", "input", "output"), Mapping("instruction", "output")),
        (("thread", "user", "bot", "persona"), Mapping("user", "bot", "persona", "thread")),
        (("dialogue-id", "x", "y"), Mapping("x", "y", "", "dialogue-id")),
        (("left", "right"), Mapping("left", "right")),
        (("text", "reply"), Mapping("text", "reply")),
        (("q", "text"), Mapping("q", "text")),
        (("one", "two", "three"), None),
        (("question", "two", "three"), None),
        (("question", "system"), None),
        (("one",), None),
    ],
)
def test_the_proposal(columns, mapping):
    assert propose(Table(columns, ())) == mapping


# Conversations


def table(*lines: tuple[str, ...], columns=("question", "answer")) -> Table:
    return Table(columns, lines, 2)


def test_each_row_is_a_conversation():
    columns = ("system", "question", "answer")
    found = rows(
        table(("Be kind", "Hi", "Hello"), ("", RTL, " 👋 "), columns=columns),
        Mapping("question", "answer", "system"),
    )

    assert [(row.number, row.conversation, row.remarks) for row in found] == [
        (2, conversation("Hi", "Hello", system="Be kind"), ()),
        (3, conversation(RTL, " 👋 "), ()),
    ]


def test_rows_without_question_answer_or_cells_are_left_out_with_the_reason():
    found = list(rows(table((" ", "Hello"), ("Hi", "\n"), ("Alone",), ("a", "b")), QA))

    assert [row.reason for row in found] == [
        "The question is empty.",
        "The answer is empty.",
        "It has too few cells: 1 for 2 columns.",
        "",
    ]
    assert [row.number for row in found] == [2, 3, 4, 5]
    assert found[2].text == "Alone"
    assert all(row.remedy for row in found[:3])


def test_a_missing_system_cell_is_no_system_text():
    (row,) = rows(
        table(("a", "b"), columns=("question", "answer", "system")),
        Mapping("question", "answer", "system"),
    )
    assert row.conversation == conversation("a", "b")


def test_cells_beyond_the_columns_are_told_unless_they_are_empty():
    first, second = rows(table(("a", "b", "", "c"), ("a", "b", "", "")), QA)

    assert "more cells (4) than the table has columns (2)" in first.remarks[0]
    assert first.conversation == conversation("a", "b")
    assert second.remarks == ()


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x","y")', "=cmd|' /C calc'!A0", "=1+1"])
def test_a_formula_is_kept_as_text_and_told(text):
    (row,) = rows(table((text, text)), QA)

    assert row.conversation == conversation(text, text)
    assert row.remarks == ("A cell looks like a formula; it is kept as text.",)


@pytest.mark.parametrize("text", ["+1", "-SUM(A1)", "@SUM(A1)", "a = b"])
def test_what_only_resembles_a_formula_is_text(text):
    (row,) = rows(table((text, "b")), QA)

    assert (row.conversation, row.remarks) == (conversation(text, "b"), ())


GROUPS = ("conversation", "question", "answer", "system")
GROUPED = Mapping("question", "answer", "system", "conversation")


def test_rows_of_one_conversation_are_its_turns_wherever_they_stand():
    found = rows(
        table(
            ("x", "1", "2", ""),
            ("y", "a", "b", "S"),
            ("", "alone", "too", ""),
            ("x", "3", "4", ""),
            ("", "another", "one", ""),
            columns=GROUPS,
        ),
        GROUPED,
    )

    assert [(row.number, row.conversation) for row in found] == [
        (2, conversation("1", "2", "3", "4")),
        (3, conversation("a", "b", system="S")),
        (4, conversation("alone", "too")),
        (6, conversation("another", "one")),
    ]


def test_a_conversation_tells_of_its_missing_part_and_of_a_second_system_text():
    found = list(
        rows(
            table(
                ("x", "1", "2", "S"),
                ("x", "", "4", "S"),
                ("x", "5", "6", "T"),
                columns=GROUPS,
            ),
            GROUPED,
        )
    )

    assert [row.number for row in found] == [2, 3]
    assert found[0].conversation == conversation("1", "2", "5", "6", system="S")
    assert found[0].remarks == (
        "Its rows have different system texts; the first one is taken.",
        "A part of it is left out: row 3.",
    )
    assert found[1].reason == "The question is empty."


@pytest.mark.parametrize(
    "mapping",
    [Mapping("question", "nope"), Mapping("question", "question"), Mapping("question", "")],
)
def test_a_mapping_that_does_not_fit_is_refused_at_once(mapping):
    with pytest.raises(BadInput) as caught:
        rows(table(("a", "b")), mapping)
    assert caught.value.remedy


# Writing


def read_csv(data: bytes) -> list[Conversation]:
    return taken(delimited.read(data.decode("utf-8-sig"), "x.csv"))


def read_xlsx(data: bytes) -> list[Conversation]:
    return taken(workbooks.read(data, "x.xlsx"))


def read_parquet(data: bytes) -> list[Conversation]:
    return [Conversation.from_sharegpt(row) for row in columnar.records(data, "x") or []]


def write_tsv(conversations):
    return write_delimited(conversations, "\t")


TRIPS = pytest.mark.parametrize(
    ("write", "read"),
    [
        (write_delimited, read_csv),
        (write_tsv, read_csv),
        (write_excel, read_xlsx),
        (write_parquet, read_parquet),
    ],
)
HARD = [
    conversation("=1+1", "#N/A"),
    conversation('a "b", c;\td|e', "line\r\nline\nline\rend "),
    conversation(RTL, "_x000D_ _x005F_ 1.0", "007", " x "),
    conversation("TRUE", "2024-01-01", system="Be\nkind"),
]


@TRIPS
def test_what_is_written_is_read_again(write, read):
    data, losses = write(HARD)

    assert losses == []
    assert read(data) == HARD


texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from('\n\r\t,;|"=_'),
    min_size=1,
    max_size=12,
).filter(lambda text: text.strip())
talks = st.lists(
    st.builds(
        lambda pairs, system: conversation(*chain(*pairs), system=system),
        st.lists(st.tuples(texts, texts), min_size=1, max_size=3),
        st.just("") | texts,
    ),
    min_size=1,
    max_size=4,
)


@TRIPS
@settings(max_examples=25, deadline=None)
@given(conversations=talks)
def test_any_pairs_come_back(write, read, conversations):
    data, losses = write(conversations)

    assert losses == []
    assert read(data) == conversations


def header_of(conversations) -> str:
    return write_delimited(conversations)[0].decode("utf-8-sig").splitlines()[0]


def test_columns_are_written_only_where_they_are_needed():
    one = conversation("a", "b")
    assert header_of([one, one]) == "question,answer"
    assert header_of([one, conversation("a", "b", system="S")]) == "system,question,answer"
    assert header_of([one, conversation("a", "b", "c", "d")]) == "conversation,question,answer"


def test_only_the_comma_table_is_marked_for_excel():
    talk = [conversation("a", "ü")]
    assert write_delimited(talk)[0] == b"\xef\xbb\xbfquestion,answer\r\na,\xc3\xbc\r\n"
    assert write_delimited(talk, "\t")[0] == b"question\tanswer\r\na\t\xc3\xbc\r\n"


@pytest.mark.parametrize("write", [write_delimited, write_excel])
def test_turns_without_a_partner_are_told(write):
    greeting = Conversation((assistant("Welcome"), user("a"), assistant("b"), user("c")))
    empty = Conversation((user("a"), assistant(" ")))
    data, losses = write([conversation("x", "y"), greeting, empty, Conversation(())])

    read = read_csv if write is write_delimited else read_xlsx
    assert read(data) == [conversation("x", "y"), conversation("a", "b")]
    assert losses == [
        "Turns that are empty, or no question followed by its answer, are not written "
        "(conversation 2).",
        "There is no question with an answer; it is left out (conversations 3, 4).",
    ]


def test_a_blank_system_text_is_told():
    data, losses = write_delimited([conversation("a", "b", system=" ")])

    assert read_csv(data) == [conversation("a", "b")]
    assert len(losses) == 1


@pytest.mark.parametrize("write", [write_delimited, write_excel, write_parquet])
def test_extra_keys_are_told_once(write):
    many = [Conversation((user("a"), assistant("b")), {"tag": 1, "id": n}) for n in range(7)]

    assert write(many)[1] == [
        "What a conversation holds beyond its turns is not written: id, tag "
        "(conversations 1, 2, 3, 4, 5 and 2 more)."
    ]


@pytest.mark.parametrize(
    ("write", "read", "character"),
    [
        (write_delimited, read_csv, "\0"),
        (write_delimited, read_csv, "\ud83d"),
        (write_excel, read_xlsx, "\x07"),
        (write_excel, read_xlsx, "\ud83d"),
        (write_excel, read_xlsx, "\uffff"),
        (write_parquet, read_parquet, "\ud83d"),
    ],
)
def test_characters_that_the_format_cannot_hold_are_replaced_and_told(write, read, character):
    data, losses = write([conversation("a", "b"), conversation(f"x{character}y", "z")])

    assert read(data) == [conversation("a", "b"), conversation("x\ufffdy", "z")]
    assert losses == [
        "Characters that this format can't hold are replaced by \ufffd (conversation 2)."
    ]


def test_what_excel_would_cut_is_left_out_and_told():
    fits = conversation("a", "x" * 32_767)
    long, wide = conversation("a", "x" * 32_768), conversation("👋" * 16_384, "b")
    data, losses = write_excel([fits, long, wide])

    assert read_xlsx(data) == [fits]
    assert losses == [
        "A text is longer than 32,767 characters; it is left out (conversations 2, 3)."
    ]


def test_excel_cells_are_texts_and_never_formulas():
    data, _ = write_excel([conversation("=1+1", "#N/A")])
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active

    assert [cell.data_type for cell in sheet[2]] == ["s", "s"]

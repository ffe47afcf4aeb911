"""CSV, TSV and their kin: the separator and the header are found."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice

from chatbot.dataset.formats.binary_files import refuse_long
from chatbot.dataset.formats.tables import Record, Table, header_of, table_of, trimmed
from chatbot.errors import BadInput

DELIMITERS = "\t,;|"  # where two fit equally well the first wins: prose rarely holds tabs
SAMPLE = 50
MAX_FIELD = 10_000_000
_END = "\0"  # a line that no text holds: read as a row of its own unless a quote is still open


def read(text: str, name: str) -> Table:
    """Read CSV, TSV and their kin; the separator and the header are found.

    Raises:
        BadInput: this is no table: NUL characters, an open quotation mark, a field that is too
            large, no rows, fewer than two columns or too many.
    """
    text = text.removeprefix("\ufeff")
    if _END in text:
        line = text.count("\n", 0, text.index(_END)) + 1
        raise BadInput(
            f"{name} holds a NUL character in line {line}, so it is no text table.",
            value=text[max(0, text.index(_END) - 20) : text.index(_END) + 20],
            remedy="Open it where it was made and save it again as CSV in UTF-8.",
        )
    before = csv.field_size_limit(MAX_FIELD)
    try:
        said = re.match(r"sep=([\t,;|])\r?\n", text)  # a line for Excel, no row
        delimiter, width = _separator(text[said.end() :] if said else text, said and said[1])
        records = _all_records(text, delimiter, name)
    finally:
        csv.field_size_limit(before)
    return table_of(records[1:] if said else records, width, name)


def _separator(text: str, given: str | None) -> tuple[str, int]:
    """The separator that cuts the first rows most evenly, and into how many cells."""

    def fit(delimiter: str) -> tuple[bool, float, int]:
        sample = _sample(text, delimiter)
        width, count = Counter(map(len, sample)).most_common(1)[0] if sample else (1, 0)
        headed = bool(sample) and len(trimmed(sample[0])) > 1 and header_of(sample[0]) is not None
        return headed, count / len(sample) if width > 1 else 0.0, -width

    best = given or max(DELIMITERS, key=fit)
    return best, -fit(best)[2]


def _sample(text: str, delimiter: str) -> list[tuple[str, ...]]:
    sample: list[tuple[str, ...]] = []
    try:
        for _, cells in islice(_records(text, delimiter), SAMPLE):
            if cells and cells != (_END,):
                sample.append(cells)
    except csv.Error:  # a wrong guess may find one endless cell; the real reading tells of it
        pass
    return sample


def _records(text: str, delimiter: str) -> Iterator[Record]:
    reader = csv.reader(chain(io.StringIO(text, newline=""), [_END]), delimiter=delimiter)
    line = 1
    for cells in reader:
        yield line, tuple(cells)
        line = reader.line_num + 1


def _all_records(text: str, delimiter: str, name: str) -> list[Record]:
    records: list[Record] = []
    try:
        for record in _records(text, delimiter):
            if record[1]:  # a file may hold millions of empty lines
                records.append(record)
                refuse_long(len(records), name)
    except csv.Error as error:
        raise BadInput(
            f"{name} can't be read as a table after row {len(records)}.",
            value=str(error),
            remedy=f"Look for a missing quotation mark; a cell holds at most {MAX_FIELD:,} "
            "characters.",
        ) from error
    line, cells = records.pop()
    if cells != (_END,):
        raise BadInput(
            f"A quotation mark in {name} is never closed; its row begins in line {line}.",
            value=delimiter.join(cells).removesuffix(_END),
            remedy='Close it; a quotation mark inside a quoted cell is written twice: "".',
        )
    return records

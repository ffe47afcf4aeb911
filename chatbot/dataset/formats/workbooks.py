"""Excel workbooks (.xlsx) as tables."""

import io
import re
import zipfile
from dataclasses import replace
from typing import Any

from chatbot.dataset.formats.binary_files import cell_text, damaged, refuse_large, refuse_long
from chatbot.dataset.formats.tables import MAX_COLUMNS, Record, Table, table_of, trimmed
from chatbot.errors import BadInput

_OLD = b"\xd0\xcf\x11\xe0"


def read(data: bytes, name: str) -> Table:
    """Read the first sheet of an .xlsx file that has content; formulas count as their last value.

    Raises:
        BadInput: not an .xlsx file, damaged, too large, or no table of two columns in it.
    """
    _refuse_unless_xlsx(data, name)
    import openpyxl

    try:
        book = openpyxl.load_workbook(
            io.BytesIO(data), read_only=True, data_only=True, keep_links=False
        )
        records = next(filter(None, (_sheet_records(s, name) for s in book.worksheets)), [])
    except BadInput:
        raise
    except Exception as error:  # openpyxl raises whatever a damaged part leads to
        raise damaged(name, "Excel file", error) from error
    width = max((len(cells) for _, cells in records), default=1)
    table = table_of(records, width, name)
    padded = tuple(cells + ("",) * (len(table.columns) - len(cells)) for cells in table.rows)
    return replace(table, rows=padded)


def is_workbook(data: bytes) -> bool:
    """Whether this is for `read`: an .xlsx file, damaged or not, or the old format it refuses."""
    if data.startswith(_OLD):
        return True
    return data.startswith(b"PK") and b"xl/" in data  # names stand uncompressed in a zip file


def _refuse_unless_xlsx(data: bytes, name: str) -> None:
    if data.startswith(_OLD):
        raise BadInput(
            f"{name} is an old or password-protected Excel file.",
            remedy="Save it as .xlsx without a password or as CSV.",
        )
    if not data.startswith(b"PK"):
        raise BadInput(
            f"{name} is not an Excel file.", value=data[:12], remedy="Save it as .xlsx or as CSV."
        )
    try:
        parts = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except Exception as error:  # zipfile raises five kinds, one of them for newer zip versions
        raise damaged(name, "Excel file", error) from error
    if not any(part.filename.startswith("xl/") for part in parts):
        raise BadInput(
            f"{name} is a zip file, but not an Excel file.",
            value=parts[0].filename if parts else None,
            remedy="Save it as .xlsx or as CSV.",
        )
    refuse_large(sum(part.file_size for part in parts), name)


def _sheet_records(sheet: Any, name: str) -> list[Record]:
    sheet.reset_dimensions()  # what the file says of its size may be wrong, and cut rows off
    records: list[Record] = []
    visited = 0
    for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
        refuse_long(number, name)  # a row may say that it is the billionth
        visited += len(values)
        refuse_long(visited // MAX_COLUMNS, name)
        cells = trimmed([_from_excel(value) for value in values])
        if len(cells) > MAX_COLUMNS:
            raise BadInput(
                f"{name} has too many columns.",
                value=f"{len(cells):,} in row {number:,}",
                remedy=f"Keep the columns of question and answer; {MAX_COLUMNS} are read at most.",
            )
        if cells:
            records.append((number, cells))
    return records


def _from_excel(value: object) -> str:
    # Excel's own spelling of characters that XML would lose
    return re.sub(r"_x(000[9AaDd]|005[Ff])_", lambda hit: chr(int(hit[1], 16)), cell_text(value))

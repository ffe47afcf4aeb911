"""Parquet, Arrow and Feather files, as tables or as the records they hold."""

from math import isfinite
from typing import Any

from chatbot.dataset.formats.binary_files import cell_text, damaged, refuse_large
from chatbot.dataset.formats.tables import Table, named_table
from chatbot.errors import BadInput

OBJECT_COLUMNS = frozenset({"conversations", "messages", "instruction"})
MAX_ROWS = 2_000_000


def read(data: bytes, name: str) -> Table:
    """Read the text and number columns of a Parquet, Arrow or Feather file.

    Raises:
        BadInput: not such a file, damaged, too large, or fewer than two usable columns.
    """
    import pyarrow.types as kinds

    table = _arrow_table(data, name)
    names: list[str] = []
    columns: list[list[str]] = []
    for title, column in zip(table.column_names, table.columns, strict=True):
        kind = column.type.value_type if kinds.is_dictionary(column.type) else column.type
        texts = kinds.is_string(kind) or kinds.is_large_string(kind) or kinds.is_string_view(kind)
        numbers = kinds.is_integer(kind) or kinds.is_floating(kind) or kinds.is_decimal(kind)
        if (texts or numbers) and not title.startswith("__index_level_"):
            names.append(title if title not in names else f"{title} ({len(names) + 1})")
            columns.append([cell_text(value) for value in column.to_pylist()])
    records = list(enumerate(zip(*columns, strict=True), start=1))
    return named_table(tuple(names), records, name)


def records(data: bytes, name: str) -> list[dict[str, Any]] | None:
    """The rows as a JSON file would hold them, where a column is called conversations, messages or
    instruction; None where the file is a plain table. What is null is left away.

    Raises:
        BadInput: not a Parquet, Arrow or Feather file, damaged or too large.
    """
    table = _arrow_table(data, name)
    if not OBJECT_COLUMNS & set(table.column_names):
        return None
    return [_as_json(row) for row in table.to_pylist(maps_as_pydicts="lossy")]


def _arrow_table(data: bytes, name: str) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    source = pa.BufferReader(data)
    try:
        if data.startswith(b"PAR1"):
            file = pq.ParquetFile(source)
            groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
            refuse_large(sum(group.total_byte_size for group in groups), name)
            _refuse_long(file.metadata.num_rows, name)
            table = file.read()
        elif data.startswith(b"ARROW1"):
            table = pa.ipc.open_file(source).read_all()
        elif data.startswith(b"\xff\xff\xff\xff"):
            table = pa.ipc.open_stream(source).read_all()
        else:
            raise BadInput(
                f"{name} is not a Parquet or Arrow file.",
                value=data[:12],
                remedy="Save it as Parquet, as Feather (version 2) or as CSV.",
            )
        table.validate(full=True)  # unchecked offsets would read foreign memory
    except BadInput:
        raise
    except Exception as error:  # Arrow raises its own, OSError, ValueError, UnicodeDecodeError
        raise damaged(name, "Parquet or Arrow file", error) from error
    refuse_large(table.nbytes, name)
    _refuse_long(table.num_rows, name)
    return table


def _refuse_long(rows: int, name: str) -> None:
    if rows > MAX_ROWS:
        raise BadInput(
            f"{name} has too many rows.",
            value=f"{rows:,}",
            remedy=f"Split it into files of at most {MAX_ROWS:,} rows.",
        )


def _as_json(value: Any) -> Any:
    match value:
        case dict():
            return {str(key): _as_json(item) for key, item in value.items() if item is not None}
        case list():
            return [_as_json(item) for item in value]
        case None | bool() | int() | str():
            return value
        case float():
            return value if isfinite(value) else None
        case bytes():
            return f"({len(value)} bytes)"
    return cell_text(value)

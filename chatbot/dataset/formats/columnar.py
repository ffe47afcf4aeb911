"""Parquet, Arrow and Feather files, as tables or as the records they hold."""

from collections.abc import Iterator
from math import isfinite
from typing import Any

from chatbot.dataset.formats.binary_files import (
    cell_text,
    damaged,
    refuse_large,
    refuse_long,
)
from chatbot.dataset.formats.tables import Table, named_table
from chatbot.errors import BadInput

OBJECT_COLUMNS = frozenset({"conversations", "messages", "instruction"})
MAX_VALUES = 50_000_000
"""Values of a column, with those inside of lists; run lengths make billions of them cheap."""


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
    return [as_json(row) for row in table.to_pylist(maps_as_pydicts="lossy")]


def _arrow_table(data: bytes, name: str) -> Any:
    import pyarrow as pa

    source = pa.BufferReader(data)
    try:
        if data.startswith(b"PAR1"):
            table = _parquet(source, name)
        elif data.startswith(b"ARROW1"):
            file = pa.ipc.open_file(source)
            parts = (file.get_batch(place) for place in range(file.num_record_batches))
            table = pa.Table.from_batches(_batches(parts, name), file.schema)
        elif data.startswith(b"\xff\xff\xff\xff"):
            stream = pa.ipc.open_stream(source)
            table = pa.Table.from_batches(_batches(stream, name), stream.schema)
        else:
            raise BadInput(
                f"{name} is not a Parquet or Arrow file.",
                value=data[:12],
                remedy="Save it as Parquet, as Feather (version 2) or as CSV.",
            )
        table.validate(full=True)  # unchecked offsets would read foreign memory
        refuse_long(table.num_rows, name)
        refuse_large(sum(map(_written_out, table.columns)), name)
    except BadInput:
        raise
    except Exception as error:  # Arrow raises its own, OSError, ValueError, UnicodeDecodeError
        raise damaged(name, "Parquet or Arrow file", error) from error
    return table


def _parquet(source: Any, name: str) -> Any:
    """The table, with its texts still in dictionaries: one long text may stand in every row."""
    import pyarrow.parquet as pq

    seen = pq.ParquetFile(source)
    groups = [seen.metadata.row_group(i) for i in range(seen.metadata.num_row_groups)]
    refuse_large(sum(group.total_byte_size for group in groups), name)
    refuse_long(seen.metadata.num_rows, name)
    for place in range(seen.metadata.num_columns):
        values = sum(group.column(place).num_values for group in groups)
        if values > MAX_VALUES:
            raise BadInput(
                f"{name} holds too many values in one column.",
                value=f"{values:,}",
                remedy="Keep the columns of the conversations, and split it into smaller files.",
            )
    leaves = [seen.schema.column(place) for place in range(seen.metadata.num_columns)]
    texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
    return pq.ParquetFile(source, read_dictionary=texts).read()


def _batches(reader: Any, name: str) -> Iterator[Any]:
    size = 0
    for batch in reader:
        size += batch.nbytes
        refuse_large(size, name)
        yield batch


def _written_out(array: Any) -> int:
    """Bytes that an array takes once every entry of its dictionaries is written out."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kinds, kind = pa.types, array.type
    if isinstance(array, pa.ChunkedArray):
        return sum(map(_written_out, array.chunks))
    if isinstance(array, pa.ExtensionArray):
        return _written_out(array.storage)
    if kinds.is_dictionary(kind):
        entries = array.dictionary
        if kinds.is_string(entries.type) or kinds.is_large_string(entries.type):
            lengths = pc.cast(pc.binary_length(entries), pa.int64())
            return int(pc.sum(lengths.take(array.indices)).as_py() or 0)
        return len(array) * int(entries.nbytes)
    if kinds.is_struct(kind):
        return sum(map(_written_out, array.flatten()))
    if kinds.is_map(kind):
        return _written_out(array.keys) + _written_out(array.items)
    if kinds.is_list(kind) or kinds.is_large_list(kind):
        return _written_out(array.flatten())
    return int(array.nbytes)


def as_json(value: Any) -> Any:
    """A value as a JSON file would hold it: what is null in a record is left away."""
    match value:
        case dict():
            return {str(key): as_json(item) for key, item in value.items() if item is not None}
        case list():
            return [as_json(item) for item in value]
        case None | bool() | int() | str():
            return value
        case float():
            return value if isfinite(value) else None
        case bytes():
            return f"({len(value)} bytes)"
    return cell_text(value)

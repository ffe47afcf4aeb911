"""Conversations for elsewhere: each format as bytes, with what it can't hold said in words."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from chatbot.dataset import importers
from chatbot.dataset.formats import records, table_writing, transcripts
from chatbot.messages import Conversation

Write = Callable[[Sequence[Conversation]], tuple[bytes, list[str]]]


@dataclass(frozen=True, slots=True)
class Format:
    """A format to save in: `title` for people, `suffix` of the file, `mime` for the browser."""

    title: str
    suffix: str
    mime: str
    write: Write


def _sharegpt(conversations: Sequence[Conversation]) -> tuple[bytes, list[str]]:
    return importers.dump(conversations), []


def _sharegpt_lines(conversations: Sequence[Conversation]) -> tuple[bytes, list[str]]:
    return _lines(c.to_sharegpt() for c in conversations), []


def _messages(conversations: Sequence[Conversation]) -> tuple[bytes, list[str]]:
    return _list(map(records.to_messages, conversations)), []


def _messages_lines(conversations: Sequence[Conversation]) -> tuple[bytes, list[str]]:
    return _lines(map(records.to_messages, conversations)), []


def _alpaca(conversations: Sequence[Conversation]) -> tuple[bytes, list[str]]:
    rows, losses = _alpaca_rows(conversations)
    return _list(rows), losses


def _alpaca_lines(conversations: Sequence[Conversation]) -> tuple[bytes, list[str]]:
    rows, losses = _alpaca_rows(conversations)
    return _lines(rows), losses


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "sharegpt": Format("ShareGPT JSON (ours)", ".json", "application/json", _sharegpt),
        "sharegpt-lines": Format(
            "ShareGPT JSON lines", ".jsonl", "application/jsonl", _sharegpt_lines
        ),
        "messages": Format("OpenAI messages JSON", ".json", "application/json", _messages),
        "messages-lines": Format(
            "OpenAI messages JSON lines", ".jsonl", "application/jsonl", _messages_lines
        ),
        "alpaca": Format("Alpaca JSON", ".json", "application/json", _alpaca),
        "alpaca-lines": Format("Alpaca JSON lines", ".jsonl", "application/jsonl", _alpaca_lines),
        "csv": Format("Table (CSV)", ".csv", "text/csv", table_writing.write_delimited),
        "tsv": Format(
            "Table (TSV)",
            ".tsv",
            "text/tab-separated-values",
            lambda conversations: table_writing.write_delimited(conversations, "\t"),
        ),
        "excel": Format(
            "Excel",
            ".xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            table_writing.write_excel,
        ),
        "transcript": Format("Transcript (text)", ".txt", "text/plain", transcripts.write),
        "parquet": Format(
            "Parquet", ".parquet", "application/vnd.apache.parquet", table_writing.write_parquet
        ),
    }
)


def format_of(name: str) -> str | None:
    """The format that a file's ending asks for; the first of those that share it."""
    endings = ((key, form.suffix) for key, form in FORMATS.items())
    return next((key for key, suffix in endings if name.lower().endswith(suffix)), None)


def _alpaca_rows(
    conversations: Sequence[Conversation],
) -> tuple[list[dict[str, Any]], list[str]]:
    rows = [row for row in map(records.to_alpaca, conversations) if row is not None]
    missing = len(conversations) - len(rows)
    if not missing:
        return rows, []
    count = "1 conversation is" if missing == 1 else f"{missing:,} conversations are"
    return rows, [f"{count} left out: user and bot don't take turns there, as Alpaca needs it."]


def _list(rows: Iterable[Mapping[str, Any]]) -> bytes:
    body = ",\n".join(_json(row) for row in rows)
    return f"[\n{body}\n]\n".encode() if body else b"[]\n"


def _lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return "".join(f"{_json(row)}\n" for row in rows).encode()


def _json(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, allow_nan=False)

"""Conversations from outside: what a file or a pasted text holds, before anything is taken.

`read` finds out the format by looking at the content, not at the name, and gives every row with
what became of it. Nothing here touches the store.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chatbot.dataset.doctor import check
from chatbot.dataset.findings import Finding
from chatbot.dataset.formats import (
    columnar,
    delimited,
    encodings,
    messengers,
    placeholders,
    records,
    speakers,
    tables,
    telegram,
    transcripts,
    workbooks,
)
from chatbot.dataset.formats.binary_files import TooMuch, refuse_long
from chatbot.dataset.formats.rows import Row, left_out
from chatbot.dataset.importers import storable
from chatbot.dataset.json_rows import MAX_BYTES, rows_of
from chatbot.errors import BadInput
from chatbot.messages import Conversation

MAX_LINES = 4_000_000
"""Of a transcript or table: beyond, 50 MB are mostly empty lines, and minutes of looking."""
_JSON = re.compile(r"\s*(?:\{|\[\s*(?:[\[{\"\]]|-?\d+\s*[,\]]|(?:null|true|false)\b|\Z))")
"""A bracket alone is not enough: transcripts write [User]: and WhatsApp [31.12.23, 21:41]."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What the person decided, where the content leaves a choice.

    Args:
        mapping: which columns of a table are what; None takes the proposal.
        names_first: the first row of a table holds names, though it does not look like it.
        bot: whose lines of a transcript are the bot's; "" takes the proposal.
        values: what stands for the placeholders, by name.
    """

    mapping: tables.Mapping | None = None
    names_first: bool = False
    bot: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Incoming:
    """What was found.

    Attributes:
        name: of the file.
        format, why: what it is, and what shows it, in words.
        rows: everything in the order of the file, taken or left out.
        encoding: of a text file, in words.
        table, mapping: of a table; `mapping` is None while nobody knows which columns to take.
        people, bot: of a transcript: who speaks, and whose lines the bot learns unless chosen.
        placeholders: names in double braces, filled in or not, and how often each occurs.
    """

    name: str
    format: str
    why: str
    rows: tuple[Row, ...] = ()
    encoding: str = ""
    table: tables.Table | None = None
    mapping: tables.Mapping | None = None
    people: tuple[str, ...] = ()
    bot: str = ""
    placeholders: Mapping[str, int] = field(default_factory=dict)

    @property
    def conversations(self) -> tuple[Conversation, ...]:
        return tuple(row.conversation for row in self.rows if row.conversation is not None)

    @property
    def numbers(self) -> tuple[int, ...]:
        """Where in the file each of `conversations` begins."""
        return tuple(row.number for row in self.rows if row.conversation is not None)

    @property
    def left_out(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.conversation is None)

    @property
    def converted(self) -> tuple[Row, ...]:
        """Rows that were taken, but not as they stood."""
        return tuple(row for row in self.rows if row.conversation is not None and row.remarks)


def read(
    data: bytes, name: str = "", choices: Choices | None = None, *, most: int = MAX_BYTES
) -> Incoming:
    """Find out what a file is and read it.

    Args:
        most: bytes above which it is too large.

    Raises:
        BadInput: it is nothing that is known here, damaged as a whole, or too large.
    """
    choices = choices or Choices()
    if len(data) > most:
        raise BadInput(
            f"{name or 'The file'} is larger than {most // 1024**2} MB.",
            remedy="Split it into smaller files.",
        )
    if not data.strip():
        raise BadInput(f"{name or 'The file'} is empty.", remedy="Choose another file.")
    found = _binary(data, name, choices)
    if found is None:
        text = encodings.text_of(data, name)
        found = replace(_text(text.content, name, choices), encoding=text.encoding)
    return _finished(found, choices)


def read_rows(
    rows: Sequence[Mapping[str, Any]], name: str, choices: Choices | None = None, *, title: str
) -> Incoming:
    """Find out what rows are that come from elsewhere than a file; `title` says from where."""
    choices = choices or Choices()
    return _finished(_of_records(list(enumerate(rows, start=1)), name, title, choices), choices)


def examine(data: bytes, name: str = "") -> list[Finding]:
    """Everything that is wrong with a file: what can't be read and what the doctor finds.

    Raises:
        BadInput: the file as a whole can't be read.
    """
    return findings_of(read(data, name))


def findings_of(incoming: Incoming) -> list[Finding]:
    """The same for what has been read already."""
    findings = [
        Finding("error", row.number, row.reason, row.remedy) for row in incoming.left_out
    ] + [
        Finding("warning", row.number, remark, "")
        for row in incoming.converted
        for remark in row.remarks
    ]
    findings += check(incoming.conversations, incoming.numbers)
    return sorted(findings, key=lambda finding: finding.row or 0)


def shown_name(name: str) -> str:
    """A file's name as it can stand in a sentence: one line, nothing that steers a terminal."""
    return "".join(c for c in name if c.isprintable())[-80:] or "the file"


def _binary(data: bytes, name: str, choices: Choices) -> Incoming | None:
    """Excel, Parquet and Arrow; None for all else."""
    if workbooks.is_workbook(data):
        table = workbooks.read(data, name)
        return _of_table(table, name, "Excel", "it is an Excel workbook", choices)
    if data.startswith((b"PAR1", b"ARROW1", b"\xff\xff\xff\xff")):
        title = "Parquet" if data.startswith(b"PAR1") else "Arrow"
        why = f"the file begins as {title} files do"
        objects = columnar.records(data, name)
        if objects is not None:
            rows = tuple(records.rows(enumerate(objects, start=1)))
            return Incoming(name, title, why, rows)
        return _of_table(columnar.read(data, name), name, title, why, choices)
    return None


def _text(text: str, name: str, choices: Choices) -> Incoming:
    """Raises `BadInput` where no format fits."""
    text = text.lstrip("\ufeff")
    if _JSON.match(text):
        return _json(text, name, choices)
    if text.count("\n") > MAX_LINES:
        raise TooMuch(
            f"{name or 'The text'} has too many lines.",
            value=f"{text.count(chr(10)):,}",
            remedy=f"Split it into files of at most {MAX_LINES:,} lines.",
        )
    why = messengers.recognise(text)
    if why:
        said, dropped = messengers.read(text)
        return _of_messenger(said, dropped, name, "WhatsApp export", why, choices)
    why = None if name.lower().endswith((".csv", ".tsv")) else transcripts.recognise(text)
    if why:
        return _of_transcript(text, name, why, choices)
    return _delimited(text, name, choices)


def _json(text: str, name: str, choices: Choices) -> Incoming:
    numbered = _unwrapped(list(_counted(rows_of(text, name), name)))
    if len(numbered) == 1:
        why = telegram.recognise(numbered[0][1])
        if why:
            said, dropped = telegram.read(numbered[0][1])
            return _of_messenger(said, dropped, name, "Telegram export", why, choices)
    lines = "JSON" if text.lstrip()[:1] == "[" else "JSON lines"
    return _of_records(numbered, name, lines, choices)


def _of_records(
    numbered: Sequence[tuple[int, object]], name: str, title: str, choices: Choices
) -> Incoming:
    kinds = [records.kind_of(record) for _, record in numbered]
    known = [kind for kind in kinds if kind is not None]
    if not known:
        objects = [record for _, record in numbered if isinstance(record, dict)]
        if numbered and len(objects) == len(numbered):
            return _of_objects(objects, name, choices)
        return Incoming(name, "JSON", "it is JSON", tuple(records.rows(numbered)))
    kind = max(dict.fromkeys(known), key=known.count)
    return Incoming(name, f"{kind}, {title}", records.WHY[kind], tuple(records.rows(numbered)))


def _counted(numbered: Iterable[tuple[int, object]], name: str) -> Iterator[tuple[int, object]]:
    for number, row in numbered:
        refuse_long(number, name)
        yield number, row


def _unwrapped(numbered: list[tuple[int, object]]) -> list[tuple[int, object]]:
    """The rows inside, where the file is one object around a list of them."""
    if len(numbered) != 1 or not isinstance(numbered[0][1], dict):
        return numbered
    for value in numbered[0][1].values():
        if isinstance(value, list) and value and records.kind_of(value[0]) is not None:
            refuse_long(len(value), "Its list")
            return list(enumerate(value, start=1))
    return numbered


def _of_objects(objects: Sequence[Mapping[str, Any]], name: str, choices: Choices) -> Incoming:
    """JSON rows with names of their own, read as a table."""
    columns = tuple(dict.fromkeys(str(key) for row in objects for key in row))
    cells = tuple(
        tuple(value if isinstance(value := row.get(c, ""), str) else "" for c in columns)
        for row in objects
    )
    table = tables.Table(columns, cells)
    return _of_table(table, name, "JSON table", "its rows are flat, with names of fields", choices)


def _delimited(text: str, name: str, choices: Choices) -> Incoming:
    try:
        table = delimited.read(text, name)
    except TooMuch:
        raise
    except BadInput as error:
        if name.lower().endswith((".csv", ".tsv")):
            raise
        raise BadInput(
            f"{name or 'This text'} is in no format that is known here.",
            value=text.strip()[:60],
            remedy="Bring ShareGPT, OpenAI or Alpaca JSON, a table with a question and an answer "
            "in each row, or a transcript with a name before each turn (User: … Bot: …).",
        ) from error
    return _of_table(table, name, "Table", "its rows are cells with the same separator", choices)


def _of_table(table: tables.Table, name: str, title: str, why: str, choices: Choices) -> Incoming:
    if choices.names_first and not table.named:
        table = tables.named_by_first_row(table)
    mapping = choices.mapping
    if mapping is None or not mapping.fits(table):
        mapping = tables.propose(table)
    rows = tuple(tables.rows(table, mapping)) if mapping else ()
    return Incoming(name, title, why, rows, table=table, mapping=mapping)


def _of_transcript(text: str, name: str, why: str, choices: Choices) -> Incoming:
    people = speakers.speakers(text)
    rows = tuple(transcripts.rows(text, choices.bot))
    bot = speakers.bot_among(text)
    return Incoming(name, "Transcript", why, rows, people=people, bot=bot)


def _of_messenger(
    said: Sequence[messengers.Said],
    dropped: Sequence[Row],
    name: str,
    title: str,
    why: str,
    choices: Choices,
) -> Incoming:
    rows = sorted((*messengers.rows(said, choices.bot), *dropped), key=lambda row: row.number)
    people = messengers.people(said)
    bot = messengers.bot_among(said)
    return Incoming(name, title, why, tuple(rows), people=people, bot=bot)


def _finished(incoming: Incoming, choices: Choices) -> Incoming:
    """The rows as they can be stored, with the placeholders filled in."""
    rows = tuple(map(_storable, incoming.rows))
    names = placeholders.found(row.conversation for row in rows if row.conversation is not None)
    if any(choices.values.get(name) for name in names):
        rows = tuple(_filled(row, choices.values) for row in rows)
    return replace(incoming, rows=rows, placeholders=names)


def _storable(row: Row) -> Row:
    if row.conversation is None:
        return row
    try:
        sound, findings = storable(row.conversation.to_sharegpt(), row.number)
    except BadInput as error:
        return left_out(row.number, error.message, error.remedy, row.conversation.extra)
    if not findings:
        return row
    remarks = (*row.remarks, *(finding.message for finding in findings))
    return replace(row, conversation=Conversation.from_sharegpt(sound), remarks=remarks)


def _filled(row: Row, values: Mapping[str, str]) -> Row:
    if row.conversation is None:
        return row
    return replace(row, conversation=placeholders.fill(row.conversation, values))

"""ShareGPT JSON in and out: what can be read is read, and the rest is named by row and reason.

Reading never trusts the bytes: size, encoding, nesting and every row's shape are checked, and
whatever is wrong ends in a `ChatbotError` or in a finding. Writing is stable: the same
conversations always give the same bytes, one turn a line, so that a diff reads well.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Any

from chatbot.dataset.findings import Finding
from chatbot.dataset.json_rows import SHAPE, decoded, refuse_too_large, rows_of
from chatbot.dataset.quick_rows import NotPlain, blocks_of, plain, without_collector
from chatbot.errors import BadInput
from chatbot.messages import SPEAKER_OF_ROLE, Conversation

MAX_DEPTH = 64
"""Deepest nesting of a row's extra keys: below any recursion limit, far above real data."""
_ROWS_A_PART = 100


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What a file holds. `rows[i]` is the 1-based row of the file that gave `conversations[i]`;
    rows that could not be read are missing there and explained in `problems`."""

    conversations: tuple[Conversation, ...]
    problems: tuple[Finding, ...]
    rows: tuple[int, ...] = ()


def read_conversations(data: bytes, name: str = "") -> ImportResult:
    """Read a ShareGPT file: a JSON list, or one JSON object a line.

    Raises:
        BadInput: the file as a whole can't be read; the message names the row and the place.
    """
    refuse_too_large(data, name)
    with without_collector():
        try:
            return _result(blocks_of(data))
        except NotPlain:
            return read_row_by_row(data, name)


def read_row_by_row(data: bytes, name: str = "") -> ImportResult:
    """The same for a file that may be damaged: slower, and able to name the row."""
    return _result((([row], True) for _, row in rows_of(decoded(data, name), name)))


def _result(blocks: Iterable[tuple[list[object], bool]]) -> ImportResult:
    conversations: list[Conversation] = []
    numbers: list[int] = []
    problems: list[Finding] = []
    before = 0
    for rows, closely in blocks:
        for number, row in enumerate(rows, start=before + 1):
            conversation = None if closely else plain(row)
            if conversation is None:
                try:
                    row, findings = storable(row, number)
                    conversation = Conversation.from_sharegpt(row)
                except BadInput as error:
                    problems.append(Finding("error", number, error.message, error.remedy))
                    continue
                problems.extend(findings)
            conversations.append(conversation)
            numbers.append(number)
        before += len(rows)
    return ImportResult(tuple(conversations), tuple(problems), tuple(numbers))


def read_strictly(data: bytes, name: str) -> tuple[Conversation, ...]:
    """Read a file in which every row must be whole, as the data file itself.

    Raises:
        BadInput: some row can't be read; the message names the first one and the reason.
    """
    result = read_conversations(data, name)
    for problem in result.problems:
        if problem.severity == "error":
            raise BadInput(
                f"{name}, row {problem.row}: {problem.message}", remedy=problem.remedy or SHAPE
            )
    return result.conversations


def dump(conversations: Sequence[Conversation]) -> bytes:
    """The conversations as a ShareGPT file, UTF-8, one turn a line.

    Raises:
        BadInput: a text can't be written as UTF-8, or an extra key holds something unwritable.
    """
    return b"".join(dumped(conversations))


def dumped(conversations: Sequence[Conversation]) -> Iterator[bytes]:
    """The same in parts, for a file that is not to stand in memory as a whole; raises as `dump`."""
    if not conversations:
        yield b"[]\n"
        return
    before = b"[\n"
    for start in range(0, len(conversations), _ROWS_A_PART):
        part = conversations[start : start + _ROWS_A_PART]
        yield before + b",\n".join(map(dump_row, part))
        before = b",\n"
    yield b"\n]\n"


def dump_row(conversation: Conversation) -> bytes:
    """One conversation as it stands in the file, without the comma after it."""
    turns = ",\n".join(
        [
            f'      {{"from": "{SPEAKER_OF_ROLE[m.role]}", "value": {_quoted(m.text)}}}'
            for m in conversation.messages
        ]
    )
    parts = ['    "conversations": ' + (f"[\n{turns}\n    ]" if turns else "[]")]
    parts += [
        f"    {_json(key)}: {_json(value)}"
        for key, value in conversation.extra.items()
        if key != "conversations"
    ]
    body = ",\n".join(parts)
    try:
        return f"  {{\n{body}\n  }}".encode()
    except UnicodeEncodeError as error:
        raise BadInput(
            "A text holds half a character and can't be saved.",
            value=error.object[max(0, error.start - 20) : error.start],
            remedy="Delete the character after this text and try again.",
        ) from error


def _quoted(text: str) -> str:
    try:
        return encode_basestring(text)
    except TypeError as error:
        raise BadInput(
            "A conversation holds a value that a JSON file can't hold.", value=text
        ) from error


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadInput(
            "A conversation holds a value that a JSON file can't hold.", value=value
        ) from error


def storable(row: object, number: int) -> tuple[object, list[Finding]]:
    """The row as it can be written again, and what had to change for that.

    Raises:
        BadInput: an extra key holds something that JSON can't hold or is nested too deeply.
    """
    findings: list[Finding] = []
    if isinstance(row, dict):
        extra = {key: value for key, value in row.items() if key != "conversations"}
        if extra and _deeper_than(extra, MAX_DEPTH):
            raise BadInput("This row is nested too deeply.", remedy="Flatten or remove that part.")
        findings += _turn_extras(row.get("conversations"), number)
    try:
        _json(row).encode()
    except UnicodeEncodeError:
        row = json.loads(_json(row).encode("utf-8", errors="replace"))
        findings.append(
            Finding(
                "warning",
                number,
                "Half a character (a broken emoji) was replaced by a question mark.",
                "Look at this conversation and type the character again.",
            )
        )
    return row, findings


def _turn_extras(turns: object, number: int) -> list[Finding]:
    if not isinstance(turns, list):
        return []
    keys = {str(key) for turn in turns if isinstance(turn, dict) for key in turn}
    left_out = sorted(keys - {"from", "value"})
    if not left_out:
        return []
    return [
        Finding(
            "warning",
            number,
            f"Its turns hold more than who speaks and what: {', '.join(left_out)[:80]}.",
            "That part is not used here and not written again.",
        )
    ]


def _deeper_than(value: object, limit: int) -> bool:
    level: list[object] = [value]
    for _ in range(limit):
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return False
    return True

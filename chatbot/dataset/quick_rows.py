"""The rows of a large JSON list at the speed of the parser, for files in which nothing is amiss.

Whatever is amiss ends in `NotPlain`: `json_rows` then reads the same bytes slowly and names it.
"""

import gc
import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chatbot.messages import ROLE_OF_SPEAKER, Conversation, Message

_BLOCK = 256 * 1024
"""Bytes parsed at once: a large file as one text and as plain objects would be copies of it."""
_OPENING = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*\[")
_CLOSING = re.compile(rb"\][ \t\r\n]*\Z")
_BETWEEN_ROWS = re.compile(rb'\}[ \t\r\n]*(,)[ \t\r\n]*\{[ \t\r\n]*"conversations"')
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_SCALARS = (str, int, float, bool, type(None))


class NotPlain(Exception):
    """These bytes want to be read row by row."""


def blocks_of(data: bytes) -> Iterator[tuple[list[object], bool]]:
    """The rows of a JSON list in UTF-8, some at a time; and whether each of these must be looked
    at closely, because some text in them holds half a character.

    A comma that looks like one between two rows parts the list. Where it is none, a part is no
    JSON; where both parts are, JSON's grammar says that they mean what the whole list means.

    Raises:
        NotPlain: the file is no such list, is damaged, or holds a number that no file can hold.
    """
    opening = _OPENING.match(data)
    closing = _CLOSING.search(data, max(0, len(data) - 1024))
    if opening is None or closing is None or closing.start() < opening.end():
        raise NotPlain
    start, end = opening.end(), closing.start()
    while start <= end:
        comma = _BETWEEN_ROWS.search(data, min(start + _BLOCK, end), end)
        stop = comma.start(1) if comma else end
        yield _parsed(data[start:stop])
        start = stop + 1


def _parsed(part: bytes) -> tuple[list[object], bool]:
    try:
        text = part.decode()
        rows: list[object] = _DECODER.decode(f"[{text}]")
        if not _SURROGATE.search(text):  # what is UTF-8 has none but by an escape
            return rows, False
        json.dumps(rows, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return rows, True
    except (ValueError, RecursionError) as error:
        raise NotPlain from error
    return rows, False


def plain(row: Any) -> Conversation | None:
    """The conversation of a row that is as most are; None where `importers` has to look closely."""
    try:
        turns = row["conversations"]
        messages = [
            Message(ROLE_OF_SPEAKER[turn["from"]], turn["value"])
            for turn in turns
            if len(turn) == 2 and type(turn["value"]) is str
        ]
    except (KeyError, TypeError):
        return None
    if type(turns) is not list or len(messages) != len(turns):
        return None
    if len(row) == 1:
        return Conversation(tuple(messages))
    extra = {key: row[key] for key in row if key != "conversations"}
    return Conversation(tuple(messages), extra) if all(map(_flat, extra.values())) else None


def _flat(value: object) -> bool:
    """A scalar, or a list of scalars such as tags."""
    values = value if type(value) is list else [value]
    return all(type(item) in _SCALARS for item in values)


@contextmanager
def without_collector() -> Iterator[None]:
    """Hundreds of thousands of new objects, none of them garbage: looking for some in between
    would take as long again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(digits)
    return number


def _refused(name: str) -> float:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=_refused)

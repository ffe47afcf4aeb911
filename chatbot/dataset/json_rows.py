"""The rows of a JSON file one by one, so that what is broken can be named by its row."""

import json
from collections.abc import Iterator

from chatbot.errors import BadInput

MAX_BYTES = 50 * 1024**2
"""What may be brought in from outside."""
MAX_KEPT_BYTES = 256 * 1024**2
"""What the data file may grow to: a full import in our spacing, and what is written after it."""
SHAPE = (
    'The file is a list of conversations: [{"conversations": [{"from": "human", "value": "Hi"}, '
    '{"from": "gpt", "value": "Hello!"}]}].'
)
_PLAIN_WORDS = {
    "Expecting ',' delimiter": "a comma or a closing bracket is missing",
    "Expecting ':' delimiter": "a colon is missing",
    "Expecting property name": "a name in double quotes is missing",
    "Expecting value": "a value is missing",
    "Invalid control character": "a closing quote is missing, or a line break stands in a text",
    "Invalid \\": "a backslash is followed by something unknown",
    "Illegal trailing comma": "there is a comma too many",
}


_DECODER = json.JSONDecoder()


def refuse_too_large(data: bytes, name: str) -> None:
    """Raises `BadInput` for a file of more than `MAX_KEPT_BYTES`."""
    if len(data) > MAX_KEPT_BYTES:
        raise BadInput(
            f"{name or 'The file'} is larger than {MAX_KEPT_BYTES // 1024**2} MB.",
            value=f"{len(data) / 1024**2:.0f} MB",
            remedy="Split it into smaller files.",
        )


def decoded(data: bytes, name: str) -> str:
    """The text of a file in UTF-8, or in UTF-16 that says so.

    Raises:
        BadInput: some row is not text; says which.
    """
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        good = data[: error.start].decode(encoding, errors="ignore")
        line = good.count("\n") + 1
        raise BadInput(
            f"{_place(name, _rows_in(good))} is not UTF-8 text (line {line}).",
            value=data[error.start : error.start + 8],
            remedy="Save the file as UTF-8 and try again.",
        ) from error


def _rows_in(text: str) -> int:
    """The number of the row in which `text` breaks off."""
    number = 0
    try:
        for number, _ in rows_of(text, ""):  # noqa: B007 -- the last number is wanted
            pass
    except BadInput:
        pass
    return number + 1


def rows_of(text: str, name: str) -> Iterator[tuple[int, object]]:
    """Every row with its 1-based number.

    Raises:
        BadInput: the JSON breaks off or is wrong; says in which row.
    """
    start = _skip(text, 0)
    opening = text[start : start + 1]
    if opening not in ("[", "{"):
        raise BadInput(
            f"{name or 'The file'} is {'not a JSON file' if opening else 'empty'}.",
            value=text[start : start + 40] or None,
            remedy=SHAPE,
        )
    if opening == "[":
        yield from _rows_of_list(text, start + 1, name)
        return
    number, position = 0, start
    while position < len(text):
        number += 1
        row, position = _next_row(text, position, number, name)
        yield number, row
        position = _skip(text, position)


def _rows_of_list(text: str, position: int, name: str) -> Iterator[tuple[int, object]]:
    number = 0
    position = _skip(text, position)
    while text[position : position + 1] != "]" or number:
        number += 1
        row, position = _next_row(text, position, number, name)
        yield number, row
        position = _skip(text, position)
        following = text[position : position + 1]
        if following == "]":
            break
        if following != ",":
            raise _broken(text, position, number, name, "Expecting ',' delimiter")
        position = _skip(text, position + 1)
    rest = _skip(text, position + 1)
    if rest < len(text):
        raise BadInput(
            f"{name or 'The file'} goes on after the end of the list ({_line(text, rest)}).",
            value=text[rest : rest + 40],
            remedy="Remove what follows the last closing bracket.",
        )


def _next_row(text: str, position: int, number: int, name: str) -> tuple[object, int]:
    try:
        return _DECODER.raw_decode(text, position)
    except json.JSONDecodeError as error:
        raise _broken(text, error.pos, number, name, error.msg) from error
    except RecursionError as error:
        raise BadInput(f"{_place(name, number)} is nested too deeply.", remedy=SHAPE) from error
    except ValueError as error:  # an integer of more digits than Python reads
        raise BadInput(f"{_place(name, number)} holds a number that is too long.") from error


def _broken(text: str, position: int, number: int, name: str, reason: str) -> BadInput:
    if _skip(text, position) >= len(text) or reason.startswith("Unterminated string"):
        return BadInput(
            f"{name or 'The file'} ends in the middle of row {number} "
            f"({_line(text, position)}): it was cut off, or a quote or bracket is not closed.",
            remedy="Get the whole file again, or mend this place in a text editor.",
        )
    plain = next((words for known, words in _PLAIN_WORDS.items() if reason.startswith(known)), "")
    return BadInput(
        f"{_place(name, number)} is not valid JSON: {plain or reason} ({_line(text, position)}).",
        value=text[position : position + 40],
        remedy="Mend this place in a text editor and try again.",
    )


def _place(name: str, number: int) -> str:
    return f"{name}, row {number}," if name else f"Row {number}"


def _line(text: str, position: int) -> str:
    line = text.count("\n", 0, position) + 1
    return f"line {line}, column {position - text.rfind(chr(10), 0, position)}"


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position

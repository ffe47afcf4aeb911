"""What the readers of tables share: limits, complaints, a value as text."""

from datetime import date, datetime, time

from chatbot.errors import BadInput

MAX_UNPACKED = 500_000_000
"""Bytes that a packed file may grow to."""
MAX_ROWS = 1_048_576
"""Rows of a file, as many as an Excel sheet has: a few bytes a row would fill any memory."""


class TooMuch(BadInput):
    """A file of a known kind that would fill the memory."""


def refuse_large(size: int, name: str) -> None:
    """Raises `TooMuch` for more than `MAX_UNPACKED` bytes."""
    if size > MAX_UNPACKED:
        raise TooMuch(
            f"{name} is too large when unpacked.",
            value=f"{size / 1e6:,.0f} MB",
            remedy=f"Split it into files of at most {MAX_UNPACKED // 10**6} MB.",
        )


def refuse_long(rows: int, name: str) -> None:
    """Raises `TooMuch` for more than `MAX_ROWS` rows."""
    if rows > MAX_ROWS:
        raise TooMuch(
            f"{name or 'The file'} has too many rows.",
            value=f"{rows:,}",
            remedy=f"Split it into files of at most {MAX_ROWS:,} rows.",
        )


def damaged(name: str, kind: str, error: Exception) -> BadInput:
    """The complaint about a file that its own library can't read."""
    return BadInput(
        f"{name} is damaged: it can't be read as {'an' if kind[0] in 'AE' else 'a'} {kind}.",
        value=str(error) or type(error).__name__,
        remedy="Save it again where it was made, or save it as CSV.",
    )


def cell_text(value: object) -> str:
    """A cell's value as a person would type it."""
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime() | date() | time():
            return value.isoformat()
    return str(value)

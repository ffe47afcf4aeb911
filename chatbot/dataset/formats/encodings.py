"""The text of a file, whatever it was saved as: UTF-8, UTF-16 or Windows-1252."""

import codecs
from dataclasses import dataclass

from chatbot.errors import BadInput

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with a byte order mark"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_COPY = "Copy its text and paste it, or save it as a text file."
_UNPACK = "Unpack it and bring the file inside."
_BINARY = (
    (b"PK\x03\x04", b"word/document.xml", "a Word document", _COPY),
    (b"PK\x03\x04", b"opendocument.text", "a document of a text program", _COPY),
    (b"PK\x03\x04", b"", "a zip file", _UNPACK),
    (b"\x1f\x8b", b"", "a packed file (gzip)", _UNPACK),
    (b"%PDF", b"", "a PDF", _COPY),
    (b"\x89PNG", b"", "a picture", "Bring a text file."),
    (b"\xff\xd8\xff", b"", "a picture", "Bring a text file."),
    (b"\x80\x02", b"", "a Python pickle, which could run foreign code", "Save it as JSON."),
    (b"\x80\x04", b"", "a Python pickle, which could run foreign code", "Save it as JSON."),
)
"""What it begins with, what stands somewhere in it, what it is, what to do."""
_SAMPLE = 4096


@dataclass(frozen=True, slots=True)
class Text:
    """`content` with line ends as they are; `encoding` in words."""

    content: str
    encoding: str


def text_of(data: bytes, name: str) -> Text:
    """Decode a file.

    Raises:
        BadInput: it is no text; or UTF-8 with damaged places, which are named by the first line.
    """
    for magic, inside, kind, remedy in _BINARY:
        if data.startswith(magic) and inside in data:
            raise BadInput(f"{name or 'The file'} is {kind}, not text.", remedy=remedy)
    for mark, encoding, words in _MARKS:
        if data.startswith(mark):
            return Text(_strictly(data, encoding, name), words)
    wide = _utf16_without_mark(data)
    if wide is not None:
        return Text(wide, "UTF-16")
    if b"\0" in data:
        raise BadInput(
            f"{name or 'The file'} is not a text file: it holds zero bytes.",
            remedy="Bring JSON, CSV, Excel, Parquet or a text file.",
        )
    try:
        return Text(data.decode("utf-8"), "UTF-8")
    except UnicodeDecodeError:
        if _is_damaged_utf8(data):
            return Text(_strictly(data, "utf-8", name), "UTF-8")
    return Text(data.decode("cp1252", errors="replace"), "Windows-1252")


def _strictly(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].decode(encoding, errors="ignore").count("\n") + 1
        raise BadInput(
            f"{name or 'The file'} is damaged in line {line}: this is no text in "
            f"{encoding.removesuffix('-sig').upper()}.",
            value=data[error.start : error.start + 8],
            remedy="Save the file as UTF-8 and try again.",
        ) from error


def _utf16_without_mark(data: bytes) -> str | None:
    """Text in Latin letters has a zero in every second byte; None where this is no such text."""
    sample = data[:_SAMPLE]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = max(1, len(sample) // 2)
    if min(even, odd) / half > 0.1 or max(even, odd) / half < 0.4:
        return None
    try:
        return data.decode("utf-16-le" if odd > even else "utf-16-be")
    except UnicodeDecodeError:
        return None


def _is_damaged_utf8(data: bytes) -> bool:
    """Whether most of what is beyond ASCII is good UTF-8: then it is that, with broken places."""
    good = sum(ord(character) > 127 for character in data.decode("utf-8", errors="ignore"))
    bad = data.decode("utf-8", errors="replace").count("\ufffd")
    return good > bad

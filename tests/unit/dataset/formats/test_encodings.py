"""The text of a file, whatever it was saved as."""

import codecs

import pytest

from chatbot.dataset.formats.encodings import text_of
from chatbot.errors import BadInput

GERMAN = "Wie heißt du? Ärger über Öl — „schön“"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (GERMAN.encode(), "UTF-8"),
        (codecs.BOM_UTF8 + GERMAN.encode(), "UTF-8 with a byte order mark"),
        (GERMAN.encode("utf-16"), "UTF-16"),
        (codecs.BOM_UTF16_BE + GERMAN.encode("utf-16-be"), "UTF-16"),
        (GERMAN.encode("utf-16-le"), "UTF-16"),
        (GERMAN.encode("utf-16-be"), "UTF-16"),
        (GERMAN.encode("cp1252"), "Windows-1252"),
        (b"", "UTF-8"),
    ],
)
def test_each_encoding_is_found(data: bytes, encoding: str) -> None:
    text = text_of(data, "f.txt")
    assert text.encoding == encoding
    assert text.content == (GERMAN if data else "")


def test_emoji_and_right_to_left_text_stay() -> None:
    words = "שלום 👋🏽 مرحبا 👨‍👩‍👧"
    assert text_of(words.encode(), "").content == words


def test_damaged_utf8_is_named_by_its_line_and_not_taken_for_windows() -> None:
    with pytest.raises(BadInput, match=r"f\.txt is damaged in line 2"):
        text_of("äöü\nß".encode() + b"\xff" + "äöü".encode(), "f.txt")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"PK\x03\x04rest", "zip"),
        (b"\x1f\x8brest", "gzip"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n", "picture"),
        (b"\x80\x04\x95", "pickle"),
        (b"abc\0\0\0\0\1\2\3\4\5\6", "zero bytes"),
    ],
)
def test_what_is_no_text_is_named(data: bytes, kind: str) -> None:
    with pytest.raises(BadInput, match=kind):
        text_of(data, "f")

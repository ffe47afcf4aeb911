"""Clean text across token borders, with a handwritten byte-level decoder."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.engine.text_stream import Chunk, TextStream, Token

SPECIAL = 256


def decode(ids: list[int]) -> str:
    """One id is one byte, as in a byte-level BPE without merges."""
    return bytes(i for i in ids if i < SPECIAL).decode("utf-8", errors="replace")


def token(i: int) -> Token:
    return Token(i, decode([i]), 0.5, ())


def run(data: Sequence[int], stops: Sequence[str] = ()) -> list[Chunk]:
    stream = TextStream(decode, stops)
    chunks = []
    for i in data:
        chunks.append(stream.push(token(i)))
        if stream.ended:
            break
    chunks.append(stream.finish())
    return [chunk for chunk in chunks if chunk is not None]


def text_of(chunks: list[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks)


@given(st.text(max_size=120))
def test_any_text_comes_out_whole(text: str) -> None:
    data = text.encode("utf-8", errors="ignore")
    chunks = run(data)
    assert text_of(chunks) == data.decode("utf-8").lstrip()
    assert [t.id for chunk in chunks for t in chunk.tokens] == list(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_shown_as_decoded_at_once(data: bytes) -> None:
    """But for half a character at the very end, which is dropped."""
    chunks = run(data)
    whole = data.decode("utf-8", errors="replace").lstrip()
    assert text_of(chunks) in (whole, whole.removesuffix("\ufffd"))
    assert [t.id for chunk in chunks for t in chunk.tokens] == list(data)


def test_half_characters_are_held_back() -> None:
    stream = TextStream(decode, ())
    first, second, third, fourth = "🎉".encode()
    assert stream.push(token(first)) is None
    assert stream.push(token(second)) is None
    assert stream.push(token(third)) is None
    chunk = stream.push(token(fourth))
    assert chunk is not None
    assert chunk.text == "🎉"
    assert len(chunk.tokens) == 4


def test_half_a_character_at_the_end_is_dropped() -> None:
    assert text_of(run(b"tea \xf0\x9f")) == "tea "


def test_a_long_answer_is_decoded_in_windows() -> None:
    longest = 0

    def counting(ids: list[int]) -> str:
        nonlocal longest
        longest = max(longest, len(ids))
        return decode(ids)

    stream = TextStream(counting, ())
    text = "Grüße, 你好! " * 60
    shown = [stream.push(token(i)) for i in text.encode()]
    assert "".join(chunk.text for chunk in shown if chunk) == text
    assert longest < 60


@pytest.mark.parametrize("answer", ["fine", "fine\nUse", "fine\nUser", "\nUse it"])
def test_what_only_looks_like_a_stop_string_is_shown(answer: str) -> None:
    assert text_of(run(answer.encode(), ["\nUser:"])) == answer.lstrip()


def test_a_stop_string_ends_the_answer_and_is_not_shown() -> None:
    stream = TextStream(decode, ["\nUser:", "\nBot:"])
    shown = []
    for i in b"I am\nwell.\nBot: x":
        chunk = stream.push(token(i))
        assert chunk is None or "\nB" not in chunk.text
        shown.append(chunk)
        if stream.ended:
            break
    assert text_of([chunk for chunk in shown if chunk]) == "I am\nwell."
    ids = [t.id for chunk in shown if chunk for t in chunk.tokens]
    assert bytes(ids) == b"I am\nwell."
    assert stream.finish() is None


def test_a_stop_string_at_once_gives_an_empty_answer() -> None:
    assert text_of(run(b"\nUser: hi", ["\nUser:"])) == ""


def test_tokens_without_text_are_handed_over_too() -> None:
    chunks = run([SPECIAL, *b"hi", SPECIAL])
    assert text_of(chunks) == "hi"
    assert [t.id for chunk in chunks for t in chunk.tokens] == [SPECIAL, *b"hi", SPECIAL]

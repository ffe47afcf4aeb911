"""The edge: failures are sentences, tracebacks stay in the log file, text stays text."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from pages.ui.errors import UNEXPECTED, WORD_JOINER, plain

UNESCAPED = re.compile(r"(?<!\\)(?:\\\\)*[`*_{}\[\]()<>#$:!|~&]")


@given(st.text(alphabet=st.characters(codec="ascii", categories=["P", "S", "Lu", "Nd"])))
def test_nothing_of_markdown_is_left(text: str) -> None:
    escaped = plain(text)
    assert not UNESCAPED.search(escaped)
    assert re.sub(r"\\(.)", r"\1", escaped).replace(WORD_JOINER, "") == text


@pytest.mark.parametrize("address", ["https://evil.example", "WWW.evil.example", "a@evil.example"])
def test_no_address_is_whole(address: str) -> None:
    """The browser would make a link of it after it has read the escapes."""
    assert address not in plain(address).replace("\\", "")


def test_line_breaks_stay() -> None:
    assert plain("a\nb") == "a  \nb"


def known_failure() -> None:
    from chatbot.errors import BadInput
    from pages.ui.errors import shown

    with shown():
        raise BadInput("Row 3 is empty.", value="![x](http://evil.example)", remedy="Fill it.")
    import streamlit

    streamlit.text("it goes on")


def fault_of_ours() -> None:
    from pages.ui.errors import shown

    with shown():
        raise ZeroDivisionError("secret detail")


def test_a_known_failure_is_shown_and_the_page_goes_on(home: Path) -> None:
    at = AppTest.from_function(known_failure, default_timeout=20).run()
    assert not at.exception
    (error,) = at.error
    assert error.value.replace("\\", "").replace(WORD_JOINER, "") == (
        "Row 3 is empty. (got: ![x](http://evil.example)) Fill it."
    )
    assert "![x]" not in error.value
    assert at.text[0].value == "it goes on"


def test_a_fault_of_ours_is_one_calm_sentence(home: Path) -> None:
    at = AppTest.from_function(fault_of_ours, default_timeout=20).run()
    assert not at.exception
    assert [error.value for error in at.error] == [UNEXPECTED]
    log = (home / "data" / ".logs" / "chatbot-lab.log").read_text(encoding="utf-8")
    assert "ZeroDivisionError: secret detail" in log


def test_a_log_that_can_t_be_written_does_not_hide_the_sentence(home: Path) -> None:
    (home / "data" / ".logs").write_text("a file where the folder should be")
    at = AppTest.from_function(fault_of_ours, default_timeout=20).run()
    assert [error.value for error in at.error] == [UNEXPECTED]

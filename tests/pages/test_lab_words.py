"""How the lab spells tokens and counts them."""

import pytest

from pages.ui.lab_words import counted, visible


@pytest.mark.parametrize(
    ("token", "spelled"),
    [
        (" tea", "·tea"),
        ("\n\n", "↵↵"),
        ("\ta", "→a"),
        ("\u200b", "U+200B"),
        ("\x02i", "U+0002i"),
        ("\u202e", "U+202E"),
        ("", "(nothing)"),
        ("\ufffd", "(part of a character)"),
        ("<b>", "<b>"),
        ("日本", "日本"),
    ],
)
def test_what_nobody_can_see_gets_a_sign(token: str, spelled: str) -> None:
    assert visible(token) == spelled


def test_one_and_many() -> None:
    assert [counted(n, "token") for n in (0, 1, 49152)] == ["0 tokens", "1 token", "49,152 tokens"]

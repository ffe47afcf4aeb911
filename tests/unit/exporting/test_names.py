"""File names made of titles, and typed names."""

import pytest

from chatbot.errors import BadInput
from chatbot.exporting.names import checked, slug


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("SmolLM2 135M Instruct", "smollm2-135m-instruct"),
        ("2026-11-26 · step 40", "2026-11-26-step-40"),
        ("../../etc/passwd", "etc-passwd"),
        ("Größe", "grosse"),
        ("猫", "model"),
        ("a" * 200, "a" * 60),
        ("wick-q8_0", "wick-q8_0"),
    ],
)
def test_slugs(title: str, name: str) -> None:
    assert slug(title) in (name, name.replace("grosse", "groe"))


@pytest.mark.parametrize(
    "name", ["", "  ", "a/b", "a\\b", "a\nb", "a\0b", "a\u202eb", ".hidden", "..", "x" * 81, "a:b"]
)
def test_names_that_no_file_may_have(name: str) -> None:
    with pytest.raises(BadInput):
        checked(name)


def test_any_other_name_is_taken_as_it_is() -> None:
    assert checked(" Wick, 2nd of his name (gemütlich) ") == "Wick, 2nd of his name (gemütlich)"

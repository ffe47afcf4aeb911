"""The Dataset page for tests: opened on a home's data file, its parts by name."""

import json
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import TextArea

from chatbot.messages import Conversation, assistant, user
from pages.ui.errors import UNEXPECTED

PAGE = Path(__file__).parents[2] / "pages" / "dataset.py"


def talk(*texts: str, **extra: object) -> Conversation:
    makers = (user, assistant)
    return Conversation(tuple(makers[n % 2](text) for n, text in enumerate(texts)), extra)


def opened(conversation: int | None = None) -> AppTest:
    at = AppTest.from_file(str(PAGE), default_timeout=20)
    if conversation is not None:
        at.query_params["conversation"] = str(conversation)
    return ran(at)


def ran(at: AppTest) -> AppTest:
    at.run()
    assert not at.exception
    assert UNEXPECTED not in [error.value for error in at.error]
    return at


def rows(file: Path) -> list[list[str]]:
    """Per conversation what is said, as it lies on the disk."""
    return [
        [turn["value"] for turn in row["conversations"]] for row in json.loads(file.read_text())
    ]


def areas(at: AppTest) -> list[TextArea]:
    """The text areas of the open conversation's turns."""
    return [area for area in at.text_area if str(area.key).startswith("turn-")]


def turns(at: AppTest) -> list[str]:
    return [area.value for area in areas(at)]


def click(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click()
    return ran(at)


def turn_of(at: AppTest, turn: int) -> str:
    """The name of the turn-th turn."""
    return str(areas(at)[turn].key).removeprefix("turn-")


def tool(at: AppTest, icon: str, turn: int) -> AppTest:
    """Click one of the small buttons of the turn-th turn."""
    return click(at, f"{icon}-{turn_of(at, turn)}")


def heading(at: AppTest) -> str:
    return str(at.subheader[0].value)


def captions(at: AppTest) -> list[str]:
    return [caption.value for caption in at.caption]


def listed(at: AppTest) -> list[str]:
    """The titles that the list component was given."""
    return [row["title"] for row in component(at, "dataset_list")["rows"]]


def component(at: AppTest, key: str) -> dict[str, Any]:
    proto = at.get_by_key(key).proto
    return dict(json.loads(proto.json))

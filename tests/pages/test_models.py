"""The Models page: what is here, in memory or not, getting another one, and every trouble told."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.engine_room import Choice
from chatbot.fetching.known import KNOWN
from pages.ui.models_catalog import BY_ID, OWN
from pages.ui.models_state import Key
from pages.ui.resources import bringing, downloads, engine_room
from tests.unit.fetching.conftest import hub, repository
from tests.unit.fetching.hub_server import Hub

__all__ = ["hub", "repository"]  # fixtures

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "models.py")
ROUTER = PAGE.replace("models.py", "router.py")
NASTY = "</script><img src=x> $x^2$ :red[red]"


@pytest.fixture
def at(home: Path, tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("CHATBOT_DTYPE", "float32")
    monkeypatch.setenv("CHATBOT_DEVICE", "cpu")
    shutil.copytree(tiny_gpt2, home / "models" / "tiny")
    at = AppTest.from_file(PAGE, default_timeout=60)
    ran(at)
    yield at
    engine_room().close()


def ran(at: Any) -> AppTest:
    """Run the page, or what was done on it."""
    done = at.run()
    assert isinstance(done, AppTest)
    assert not done.exception
    return done


def said(at: AppTest) -> str:
    return "\n".join(each.value for each in (*at.markdown, *at.caption, *at.info, *at.error))


def until(at: AppTest, condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, said(at)
        time.sleep(0.05)
    ran(at)


def test_what_is_here_and_what_can_be_fetched(at: AppTest) -> None:
    text = said(at)
    assert "**tiny**" in text
    assert "Brought by you" in text
    for each in KNOWN:
        assert each.title.split(" (")[0].replace("-", "\\-") in text
    assert "only continues texts until it is fine" in text


def test_details_loading_and_unloading(at: AppTest) -> None:
    ran(at.button("models-open-tiny").click())
    assert "2 layers" in said(at)
    ran(at.button("models-load-tiny").click())
    until(at, lambda: any(held.bytes for held in engine_room().held()))
    assert "in memory, processor, float32" in said(at)
    with engine_room().lease(Choice("tiny")):
        ran(at.button("models-unload-tiny").click())
        assert "answering at the moment" in said(at)
    ran(at.button("models-unload-tiny").click())
    assert engine_room().held() == []
    assert "None of them is in memory" in said(at)


def test_a_base_model_says_that_fine_tuning_makes_the_difference(
    at: AppTest, home: Path, tiny_gpt2: Path
) -> None:
    base = shutil.copytree(tiny_gpt2, home / "models" / "base")
    (base / "chat_template.jinja").unlink()
    at = AppTest.from_file(str(ROUTER), default_timeout=60)  # the link needs the other page
    ran(at).switch_page("models.py")
    ran(at)
    ran(at.button("models-open-tiny").click())
    assert "only continues texts. It gets" not in said(at)
    ran(at.button("models-open-base").click())
    assert "only continues texts. It gets" in said(at)


def test_fetching_by_id_is_told_to_its_end(at: AppTest, hub: Hub) -> None:
    ran(at.segmented_control(Key.TASK).set_value(BY_ID))
    at.text_input(Key.ID).input(NASTY)
    ran(at.button("models-fetch-id").click())
    assert "no id of a model" in said(at)
    hub.closed.set()
    at.text_input(Key.ID).input("someone/tiny-gpt2")
    ran(at.button("models-fetch-id").click())
    until(at, lambda: downloads().wait("someone/tiny-gpt2", 0))
    assert "out of order" in said(at)
    hub.closed.clear()
    ran(at.button("models-Go on-someone/tiny-gpt2").click())
    until(at, lambda: downloads().wait("someone/tiny-gpt2", 0))
    assert "is here and checked" in said(at)
    assert "Fetched from the hub" in said(at)
    ran(at.button("models-Fine-someone/tiny-gpt2").click())
    assert "is here and checked" not in said(at)


def test_bringing_a_folder_and_a_bad_one(at: AppTest, tiny_gpt2: Path, tmp_path: Path) -> None:
    ran(at.segmented_control(Key.TASK).set_value(OWN))
    at.text_input(Key.PATH).input(str(tmp_path / NASTY.replace("/", "")))
    ran(at.button("models-bring").click())
    until(at, lambda: bringing().status.state != "running")
    assert "There is no file or folder" in said(at)
    ran(at.button("models-brought").click())
    at.text_input(Key.PATH).input(str(tiny_gpt2))
    at.text_input(Key.NAME).input("My own")
    ran(at.button("models-bring").click())
    until(at, lambda: bringing().status.state != "running")
    assert "**My own** is here and checked" in said(at)
    assert at.button("models-chat-My own")


def test_an_uploaded_file_is_brought_and_its_copy_removed(
    at: AppTest, home: Path, tiny_gpt2: Path, tmp_path: Path
) -> None:
    packed = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", tiny_gpt2))
    ran(at.segmented_control(Key.TASK).set_value(OWN))
    ran(at.file_uploader(Key.UPLOAD).set_value(("packed.zip", packed.read_bytes(), "a/zip")))
    ran(at.button("models-bring").click())
    until(at, lambda: bringing().status.state != "running")
    assert "**packed** is here and checked" in said(at)
    until(at, lambda: not list((home / "models").glob(".upload.*")))


def test_what_stands_beside_a_model_is_text(at: AppTest, home: Path, tiny_gpt2: Path) -> None:
    folder = shutil.copytree(tiny_gpt2, home / "models" / "odd")
    (folder / "origin.json").write_text(json.dumps({"id": NASTY, "licence": NASTY, "commit": 7}))
    ran(at)
    ran(at.button("models-open-odd").click())
    assert NASTY not in said(at)
    assert "\\<img src\\=x\\>" in said(at)
    (folder / "origin.json").write_text("[")
    ran(at)

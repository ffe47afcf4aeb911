"""A model on its way out: exported in the background, named, noted, deleted and brought back."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.engine import default_model
from pages.ui import resources
from pages.ui.errors import UNEXPECTED
from pages.ui.model_export_state import Key
from tests.unit.exporting.account_server import Account

SCRIPT = Path(__file__).with_name("models_script.py")


@pytest.fixture
def page(
    home: Path, tmp_path: Path, tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[AppTest]:
    """A model that somebody brought, and none that came with the project."""
    monkeypatch.setattr("chatbot.paths.PROJECT", tmp_path / "project")
    shutil.copytree(tiny_gpt2, home / "models" / "tiny")
    at = AppTest.from_file(str(SCRIPT), default_timeout=30)
    at.session_state["shown"] = "tiny"
    yield ran(at)
    last = resources.exports().last
    if last is not None:
        last.stop()
        assert last.wait(60)


def ran(at: AppTest) -> AppTest:
    at.run()
    assert not at.exception
    assert UNEXPECTED not in [error.value for error in at.error]
    return at


def click(at: AppTest, key: Key, end: str = "tiny") -> AppTest:
    at.button(key=f"{key}_{end}").click()
    return ran(at)


def exported(at: AppTest) -> AppTest:
    click(at, Key.START)
    last = resources.exports().last
    if last is not None:
        assert last.wait(60)
    return ran(at)


def said(at: AppTest) -> str:
    parts = [*at.text, *at.caption, *at.success, *at.error, *at.markdown]
    return "\n".join(part.value for part in parts).replace("\\", "")


def test_a_zip_is_made_and_can_be_downloaded(page: AppTest, home: Path) -> None:
    page.selectbox(key=Key.FORMAT.of_name("tiny")).set_value("zip")
    ran(page)
    assert "free" in said(page)

    exported(page)

    assert "Done: tiny.zip" in said(page)
    assert " 0 MB" not in said(page)
    assert (home / "exports" / "tiny" / "tiny.zip").is_file()
    assert str(home / "exports" / "tiny") in said(page)
    links = [link.proto.url for link in page.get("link_button")]
    assert len(links) == 1
    assert links[0].startswith("/lab/exports/")

    another = AppTest.from_file(str(SCRIPT), default_timeout=30)  # a refresh, another tab
    another.session_state["shown"] = "tiny"
    assert "tiny.zip" in said(ran(another))

    path = home / "exports" / "tiny" / "tiny.zip"
    click(page, Key.REMOVE, str(path))
    assert not path.exists()


def test_a_gguf_offers_its_file_first(page: AppTest, home: Path) -> None:
    page.selectbox(key=Key.FORMAT.of_name("tiny")).set_value("gguf-q8_0")
    ran(page)
    assert not [box for box in page.selectbox if str(box.key).startswith(Key.DTYPE)]
    exported(page)
    urls = [link.proto.url.rpartition("/")[2] for link in page.get("link_button")]
    assert urls[0] == "tiny-q8_0.gguf"
    assert set(urls[1:]) == {"Modelfile", "README.md"}


def test_what_goes_wrong_is_a_sentence(page: AppTest) -> None:
    page.text_input(key=Key.FILE_NAME.of_name("tiny")).set_value("a/b")
    click(page, Key.START)
    assert "slashes" in said(page)

    page.text_input(key=Key.FILE_NAME.of_name("tiny")).set_value("fine")
    exported(page)
    exported(page)
    assert "not overwritten" in said(page)


def test_name_and_note_are_kept(page: AppTest) -> None:
    page.text_input(key=Key.NAME.of_name("tiny")).set_value("Wick [the] keeper")
    page.text_area(key=Key.NOTE.of_name("tiny")).set_value("A first try")
    click(page, Key.SAVE)
    assert [toast.value for toast in page.toast] == ["Name and note are kept\\."]

    fresh = AppTest.from_file(str(SCRIPT), default_timeout=30)
    fresh.session_state["shown"] = "tiny"
    ran(fresh)
    assert fresh.text_input(key=Key.NAME.of_name("tiny")).value == "Wick [the] keeper"
    assert fresh.text_area(key=Key.NOTE.of_name("tiny")).value == "A first try"

    page.text_input(key=Key.NAME.of_name("tiny")).set_value("a\\b")
    click(page, Key.SAVE)
    assert "slashes" in said(page)


def test_a_deleted_model_is_brought_back(page: AppTest, home: Path) -> None:
    click(page, Key.DELETE)
    assert not (home / "models" / "tiny").exists()
    assert "“tiny” is deleted." in said(page)
    assert "Deleted (1)" in [expander.label for expander in page.expander]

    page.button(key=Key.UNDO).click()
    ran(page)
    assert (home / "models" / "tiny").is_dir()


def test_what_is_in_use_is_not_deleted(page: AppTest, home: Path) -> None:
    page.session_state["model"] = "tiny"
    click(page, Key.DELETE)
    assert "in use" in said(page)
    page.session_state["model"] = "other"
    default_model.promote("tiny")
    click(page, Key.DELETE)
    assert "New chats begin" in said(page)
    assert (home / "models" / "tiny").is_dir()


def test_an_export_is_sent_and_the_token_is_not_kept(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_HUB_OFFLINE", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    page.selectbox(key=Key.FORMAT.of_name("tiny")).set_value("gguf-f16")
    ran(page)
    exported(page)
    with Account() as account:
        monkeypatch.setenv("HF_ENDPOINT", account.address)
        page.text_input(key=Key.REPO.of_name("tiny")).set_value("ada/mine")
        page.text_input(key=Key.TOKEN.of_name("tiny")).set_value("good")
        click(page, Key.PUSH)
        pushing = resources.exports().pushing
        assert pushing is not None
        assert pushing.wait(60)
        assert "Sent. It is at" in said(ran(page))
        assert sorted(account.repos["ada/mine"]) == ["Modelfile", "README.md", "tiny-f16.gguf"]
        assert account.private["ada/mine"]
    assert page.text_input(key=Key.TOKEN.of_name("tiny")).value == ""
    page.text_input(key=Key.REPO.of_name("tiny")).set_value("a/b/c")
    click(page, Key.PUSH)
    assert "no name of a repository" in said(page)

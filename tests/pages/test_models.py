"""The Models page: what is here, in memory or not, getting another one, and every trouble told."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.engine.sampling import SamplingParams
from chatbot.engine_room import Choice
from chatbot.fetching.known import KNOWN
from chatbot.messages import user
from pages.ui.models_catalog import BY_ID, OWN
from pages.ui.models_state import Key
from pages.ui.resources import bringing, downloads, engine_room
from pages.ui.state import Key as ChatKey
from tests.unit.fetching.conftest import hub, repository
from tests.unit.fetching.hub_server import Hub
from tests.unit.fetching.spoiled import spoil, zip_bomb, zip_that_climbs

__all__ = ["hub", "repository"]  # fixtures

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "models.py")
ROUTER = PAGE.replace("models.py", "router.py")
DIFFERENCE = "Fine-tuning makes the difference"
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
    assert DIFFERENCE not in said(at)
    ran(at.button("models-open-base").click())
    assert DIFFERENCE in said(at)
    ran(at.switch_page("chat.py"))
    ran(at.selectbox(ChatKey.MODEL).set_value("base"))
    assert DIFFERENCE in said(at)
    ran(at.selectbox(ChatKey.MODEL).set_value("tiny"))
    assert DIFFERENCE not in said(at)


def test_chat_with_it_begins_a_chat_and_clears_none(home: Path, at: AppTest) -> None:
    at = AppTest.from_file(str(ROUTER), default_timeout=60)
    ran(at).switch_page("models.py")
    ran(at)
    ran(at.button("models-chat-tiny").click())
    assert at.selectbox(ChatKey.MODEL).value == "tiny"
    assert "Bring the cleared chat back" not in [button.label for button in at.button]


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


REFUSALS = {
    "pickle": "foreign code",
    "code": "code of its own",
    "link": "link to another place",
    "vocabulary": "belong together",
    "smaller vocabulary": "belong together",
    "truncated": "cut off",
    "claims": "cut off",
    "nan": "no numbers",
    "zip bomb": "zip bomb",
    "climbing zip": "outside its folder",
}


def dangerous(how: str, whole: Path, place: Path) -> Path:
    place.mkdir()
    if how == "zip bomb":
        return zip_bomb(place / "x.zip")
    if how == "climbing zip":
        return zip_that_climbs(place / "x.zip")
    folder = shutil.copytree(whole, place / "model")
    spoil(folder, how)
    return folder


def brought(at: AppTest, source: Path, name: str = "") -> str:
    """What the page says to it, plainly."""
    at.text_input(Key.PATH).input(str(source))
    at.text_input(Key.NAME).input(name)
    ran(at.button("models-bring").click())
    until(at, lambda: bringing().status.state != "running")
    return said(at).replace("\\", "")


def test_every_refusal_is_told_and_the_model_in_use_goes_on(
    at: AppTest, home: Path, tiny_gpt2: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran(at.segmented_control(Key.TASK).set_value(OWN))
    with engine_room().lease(Choice("tiny")) as engine:
        for how, sentence in REFUSALS.items():
            assert sentence in brought(at, dangerous(how, tiny_gpt2, tmp_path / how)), how
            ran(at.button("models-brought").click())
            assert sentence not in said(at), how
        assert "no slashes" in brought(at, tiny_gpt2, "a/b")
        with monkeypatch.context() as patch:
            patch.setattr("chatbot.fetching.bringing.SPARE", 10**18)
            assert "not enough room on the disk" in brought(at, tiny_gpt2)
        ran(at.button("models-brought").click())
        assert [each.name for each in (home / "models").iterdir()] == ["tiny"]
        params = SamplingParams(temperature=0, max_new_tokens=4)
        assert "".join(chunk.text for chunk in engine.stream([user("Who?")], params))
    assert [held.choice.model for held in engine_room().held()] == ["tiny"]


def test_a_folder_that_is_removed_while_its_model_is_loaded(at: AppTest, home: Path) -> None:
    with engine_room().lease(Choice("tiny")):
        shutil.rmtree(home / "models" / "tiny")
        ran(at)
        assert "models-chat-tiny" not in [button.key for button in at.button]
        assert "folder is gone" in said(at)
        ran(at.button("models-unload-tiny").click())
        assert "answering at the moment" in said(at)
    ran(at.button("models-unload-tiny").click())
    assert engine_room().held() == []
    assert "folder is gone" not in said(at)


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

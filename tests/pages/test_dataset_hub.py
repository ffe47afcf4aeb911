"""Importing from the hub on the Dataset page, against a small server that speaks its language."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.dataset.importers import dump
from chatbot.dataset.outgoing import FORMATS
from chatbot.dataset.store import ConversationStore
from chatbot.messages import Conversation, assistant, user
from tests.unit.dataset.hub_server import Hub

PAGE = str(Path(__file__).parents[2] / "pages" / "dataset.py")
TALKS = [Conversation((user(f"Question {n}"), assistant(f"Answer {n}"))) for n in range(30)]
LINES = FORMATS["messages-lines"].write(TALKS)[0]
PATIENCE = 60.0


@pytest.fixture
def page(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    mine = Conversation((user("Mine"), assistant("Yours")))
    (home / "data" / "custom_chat_data.json").write_bytes(dump([mine]))
    repos = {"own/talks": {"train.jsonl": LINES}, "slow/talks": {"train.jsonl": LINES}}
    with Hub(repos) as hub:
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        at = AppTest.from_file(PAGE, default_timeout=30).run()
        at.button(key="dataset_upload_open").click().run()
        from_ = next(w for w in at.segmented_control if str(w.key).startswith("dataset_from_"))
        from_.set_value("Hugging Face hub").run()
        yield at
        running = at.session_state["own_dataset_fetching"] if _has(at) else None
        if running is not None:
            running.stop()


def _has(at: AppTest) -> bool:
    return "own_dataset_fetching" in at.session_state


def ask(at: AppTest, name: str) -> AppTest:
    field = next(w for w in at.text_input if str(w.key).startswith("dataset_hub_id_"))
    field.input(name).run()
    at.button(key="dataset_hub_fetch").click().run()
    assert not at.exception
    return at


def arrived(at: AppTest) -> AppTest:
    until = time.monotonic() + PATIENCE
    while not at.session_state["own_dataset_fetching"].done and time.monotonic() < until:
        time.sleep(0.05)
    at.run()
    assert not at.exception
    return at


def words(at: AppTest) -> str:
    return " ".join(str(e.value) for e in (*at.markdown, *at.caption, *at.error))


def test_a_data_set_is_previewed_and_then_added(page: AppTest) -> None:
    assert "needs the network" in words(page)
    arrived(ask(page, "https://huggingface.co/datasets/own/talks"))
    assert "30 conversations" in words(page)
    assert "OpenAI messages, Hugging Face hub" in words(page)
    page.button(key="dataset_add_upload").click().run()
    snapshot = ConversationStore().snapshot()
    assert [c.messages for c in snapshot.conversations[1:]] == [c.messages for c in TALKS]
    assert snapshot.undo == "Added 30 conversations from own/talks"
    assert not _has(page)


def test_what_is_no_id_is_said_at_once(page: AppTest) -> None:
    ask(page, "../talks")
    assert "no id of a data set" in page.error[0].value


def test_a_data_set_that_is_not_there_is_said(page: AppTest) -> None:
    arrived(ask(page, "own/gone"))
    assert "no such data set" in page.error[0].value
    assert len(ConversationStore().snapshot().conversations) == 1


def test_a_fetch_is_stopped_and_nothing_is_taken(page: AppTest) -> None:
    ask(page, "slow/talks")
    assert page.button(key="dataset_hub_fetch").disabled
    page.button(key="dataset_hub_stop").click().run()
    arrived(page)
    assert "Stopped; nothing was taken" in words(page)
    assert not page.button(key="dataset_hub_fetch").disabled


def test_closing_the_panel_ends_the_fetch(page: AppTest) -> None:
    running = ask(page, "slow/talks").session_state["own_dataset_fetching"]
    page.button(key="dataset_close_upload").click().run()
    assert running.stopping
    assert not _has(page)

"""Data sets of the hub, against a small server that speaks its language."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatbot.dataset import hub, hub_process
from chatbot.dataset.formats.tables import Mapping
from chatbot.dataset.incoming import Choices
from chatbot.dataset.outgoing import FORMATS
from chatbot.errors import BadInput, ChatbotError, NotAvailable
from chatbot.messages import Conversation, assistant, user
from tests.unit.dataset.hub_server import Hub

TALKS = [Conversation((user(f"Question {n}"), assistant(f"Answer {n}"))) for n in range(300)]
PARQUET = FORMATS["parquet"].write(TALKS)[0]
LINES = FORMATS["messages-lines"].write(TALKS)[0]
CARD = b"""---
configs:
- config_name: en
  data_files:
  - {split: train, path: en.jsonl}
  - {split: test, path: en_test.jsonl}
- config_name: de
  data_files: de.jsonl
---
"""
OURS = Path(__file__).parents[3] / "data" / "custom_chat_data.json"
REPOS = {
    "own/parquet": {
        "README.md": b"# Talks",
        "data/train-00000-of-00001.parquet": PARQUET,
        "data/test-00000-of-00001.parquet": PARQUET,
    },
    "own/lines": {"train.jsonl": LINES},
    "own/columns": {"train.jsonl": b'{"frage": "Hi", "antwort": "Ahoy", "nr": 1}\n' * 3},
    "own/several": {
        "README.md": CARD,
        "en.jsonl": LINES,
        "en_test.jsonl": LINES,
        "de.jsonl": LINES,
    },
    "own/outside": {
        "README.md": f"---\nconfigs:\n- config_name: en\n  data_files: {OURS}\n---\n".encode(),
        "x.jsonl": LINES,
    },
    "own/none": {"README.md": b"# Nothing here"},
    "slow/talks": {"train.jsonl": LINES},
    "torn/talks": {"train.jsonl": LINES},
    "gated/talks": {},
    "angry/talks": {},
}
DRIVER = """
import json, sys
from chatbot.dataset import hub_worker
for request in json.loads(sys.argv[1]):
    said = []
    hub_worker.answer(request, said.append)
    print(json.dumps(said), flush=True)
"""
ASKED: dict[str, dict[str, Any]] = {
    "lines": {"id": "own/lines", "limit": 3},
    "no split": {"id": "own/parquet", "split": "dev"},
    "which config": {"id": "own/several"},
    "config": {"id": "own/several", "config": "en", "split": "test", "limit": 2},
    "no config": {"id": "own/several", "config": "fr"},
    "outside": {"id": "own/outside", "config": "en"},
    "no data": {"id": "own/none"},
    "missing": {"id": "own/gone"},
    "gated": {"id": "gated/talks"},
    "refused": {"id": "angry/talks"},
}
REQUEST = {"split": "train", "config": None, "limit": 5}


@pytest.fixture(scope="module")
def server() -> Iterator[Hub]:
    with Hub(REPOS) as server:
        yield server


@pytest.fixture
def online(server: Hub, home: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", server.address)
    return server


@pytest.fixture(scope="module")
def said(server: Hub, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """What the worker answers to each of `ASKED`, all in one process."""
    home = tmp_path_factory.mktemp("home")
    before = dict(os.environ)
    try:
        os.environ.pop("HF_HUB_OFFLINE", None)
        os.environ.update(CHATBOT_HOME=str(home), HF_ENDPOINT=server.address)
        environment = hub_process.environment()
    finally:
        os.environ.clear()
        os.environ.update(before)
    requests = json.dumps([{**REQUEST, **asked} for asked in ASKED.values()])
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, requests],
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""  # neither bars nor lines of the libraries
    return dict(zip(ASKED, map(json.loads, done.stdout.splitlines()), strict=True))


def test_rows_come_one_by_one_up_to_the_limit(said: dict[str, list[dict[str, Any]]]) -> None:
    assert said["lines"] == [
        *({"row": {"messages": [m.to_chat() for m in talk.messages]}} for talk in TALKS[:3]),
        {"done": True},
    ]
    assert [list(answer) for answer in said["config"]] == [["row"], ["row"], ["done"]]


@pytest.mark.parametrize(
    ("asked", "problem", "names"),
    [
        ("no split", "split", ["train", "test"]),
        ("which config", "config", ["en", "de"]),
        ("no config", "config", ["en", "de"]),
        ("outside", "foreign", []),
        ("no data", "no data", []),
        ("missing", "missing", []),
        ("gated", "gated", []),
        ("refused", "refused", []),
    ],
)
def test_what_is_wrong_is_told_by_kind(
    said: dict[str, list[dict[str, Any]]], asked: str, problem: str, names: list[str]
) -> None:
    (answer,) = said[asked]
    assert answer["problem"] == problem
    assert sorted(answer["names"]) == sorted(names)


def test_a_data_set_is_fetched_and_recognised(online: Hub, home: Path) -> None:
    counts: list[int] = []
    incoming = hub.fetch_rows("own/parquet", limit=200, on_progress=counts.append).read()
    assert incoming.format == "ShareGPT, Hugging Face hub"
    assert [c.messages for c in incoming.conversations] == [c.messages for c in TALKS[:200]]
    assert counts == list(range(1, 201))
    kept = {path.relative_to(home).parts[:3] for path in home.rglob("*") if path.is_file()}
    assert kept == {("data", ".cache", "hub")}


def test_a_folder_of_the_same_name_is_not_read(
    online: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "own" / "columns"
    here.mkdir(parents=True)
    (here / "train.jsonl").write_text('{"prompt": "local", "completion": "local"}\n')
    monkeypatch.chdir(tmp_path)
    fetched = hub.fetch_rows("own/columns")
    assert fetched.rows == ({"frage": "Hi", "antwort": "Ahoy", "nr": 1},) * 3
    assert fetched.read().mapping is None
    chosen = fetched.read(Choices(Mapping("frage", "antwort")))
    assert chosen.conversations[0].messages == (user("Hi"), assistant("Ahoy"))


@pytest.mark.parametrize("name", ["slow/talks", "torn/talks"])
def test_a_silent_or_torn_line_is_given_up(online: Hub, name: str) -> None:
    with pytest.raises(NotAvailable, match="sent nothing"):
        hub.fetch_rows(name, timeout=2.5)


def test_a_fetch_can_be_stopped_while_the_hub_is_silent(online: Hub) -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(hub.Stopped):
        hub.fetch_rows("slow/talks", stop=stop)


def test_without_a_network_it_says_so(
    home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(NotAvailable, match="offline") as caught:
        hub.fetch_rows("own/parquet")
    assert "bring the data set as a file" in caught.value.remedy
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "text",
    [
        "own/talks",
        " hub:own/talks ",
        "https://huggingface.co/datasets/own/talks",
        "huggingface.co/datasets/own/talks/viewer/en/train?row=3",
        "https://hf.co/datasets/own/talks/",
        "hf://datasets/own/talks",
        "datasets/own/talks",
    ],
)
def test_an_id_and_the_address_of_its_page_are_understood(text: str) -> None:
    assert hub.id_of(text) == "own/talks"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "talks",
        "../talks",
        "own/..",
        "own/talks/more",
        "/etc/passwd",
        "C:\\own\\talks",
        "https://evil.example/datasets/own/talks",
        "hf://buckets/own/talks",
        "own/ta lks",
        "own/talks\nx",
        "own/" + "x" * 200,
    ],
)
def test_anything_else_is_no_id(text: str) -> None:
    with pytest.raises(BadInput, match="no id"):
        hub.id_of(text)


@pytest.mark.parametrize("split", ["train[:10%]", "a/b", "../x", "x" * 200])
def test_a_split_is_a_name(split: str) -> None:
    with pytest.raises(BadInput, match="no name of a split"):
        hub.fetch_rows("own/talks", split=split)


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        ("offline", "can't be reached"),
        ("missing", "no such data set"),
        ("gated", "gated or private"),
        ("config", "several configurations"),
        ("split", "There are: a, b"),
        ("foreign", "outside the hub"),
        ("broken", "broke off after 7 rows"),
        ("refused", "refused to answer"),
        ("no data", "no data that can be read"),
    ],
)
def test_every_kind_has_its_sentence(problem: str, said: str) -> None:
    answer = {"problem": problem, "detail": "", "names": ["a", "b"]}
    error = hub.complaint({"id": "own/talks", **REQUEST}, answer, 7)
    assert isinstance(error, ChatbotError)
    assert said in str(error)

"""Fetching models: whole or not at all, gone on with, checked; every refusal is a sentence."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from chatbot.engine import catalog
from chatbot.engine.device import Placement
from chatbot.engine.loading import load
from chatbot.errors import BadInput, ChatbotError, Conflict, NotAvailable, OutOfResources
from chatbot.fetching import plans
from chatbot.fetching.download import ORIGIN, Progress, fetch
from chatbot.fetching.downloads import Downloads
from chatbot.fetching.parts import Stopped
from chatbot.fetching.wanted import is_wanted
from tests.unit.fetching.hub_server import COMMIT, Hub

ID, FOLDER, WEIGHTS = "someone/tiny-gpt2", "someone--tiny-gpt2", "model.safetensors"


def test_a_model_is_fetched_listed_and_loaded(
    hub: Hub, home: Path, repository: dict[str, bytes]
) -> None:
    seen: list[Progress] = []
    folder = fetch(ID, on_progress=seen.append)
    assert folder == home / "models" / FOLDER
    fetched = {path.name for path in folder.iterdir()}
    assert fetched == {name for name in repository if is_wanted(name)} | {ORIGIN}
    assert all((folder / n).read_bytes() == repository[n] for n in fetched - {ORIGIN})
    origin = json.loads((folder / ORIGIN).read_text())
    assert origin == {"id": ID, "commit": COMMIT, "licence": "mit"}
    entry = catalog.resolve(ID)
    assert entry in catalog.list_models()
    loaded = load(entry.name, Placement("cpu", "float32", "for a test"))
    assert loaded.tokenizer.chat_template
    assert [each.phase for each in (seen[0], seen[-1])] == ["asking", "checking"]
    done = [each.done for each in seen if each.phase == "downloading"]
    assert done == sorted(done)
    assert seen[-1].done == seen[-1].total == sum(len(repository[n]) for n in fetched - {ORIGIN})
    assert not (home / "models" / ".fetching" / FOLDER).exists()
    asked = {each["path"].rpartition("/")[2] for each in hub.asked[1:]}
    assert asked == fetched - {ORIGIN}  # no pickle was ever asked for


def test_a_cut_connection_is_gone_on_with_where_it_was_cut(hub: Hub, home: Path) -> None:
    hub.cut_after, hub.cuts = 50_000, 3
    folder = fetch(ID)
    asked = [each["range"] for each in hub.of_file(WEIGHTS)]
    assert asked == ["", "bytes=50000-", "bytes=100000-", "bytes=150000-"]
    assert (folder / WEIGHTS).is_file()


def test_a_hub_that_stays_away_is_told_and_what_arrived_is_kept_for_another_day(
    hub: Hub, home: Path
) -> None:
    hub.cut_after, hub.cuts, hub.goes_away = 50_000, 1, True
    with pytest.raises(NotAvailable, match="out of order") as error:
        fetch(ID)
    assert "kept" in error.value.remedy
    assert all(entry.name != FOLDER for entry in catalog.list_models())
    plan = plans.saved(ID)
    assert plan is not None
    assert plan.part(plan.files[-1]).stat().st_size == 50_000
    hub.closed.clear()
    shown = Downloads().all()  # as a server does that was started anew
    assert [(each.id, each.state) for each in shown] == [(ID, "paused")]
    assert 50_000 < shown[0].progress.done < shown[0].progress.total
    before = len(hub.asked)
    fetch(ID)
    assert [each["range"] for each in hub.of_file(WEIGHTS)][-1] == "bytes=50000-"
    assert not any(each["path"].startswith("/api/") for each in hub.asked[before:])


def test_a_storage_without_ranges_begins_anew(hub: Hub, home: Path) -> None:
    hub.cut_after, hub.cuts, hub.knows_ranges = 50_000, 1, False
    folder = fetch(ID)
    assert (folder / WEIGHTS).read_bytes() == hub.repos[ID][WEIGHTS]


@pytest.mark.parametrize("name", [WEIGHTS, "vocab.json"])
@pytest.mark.parametrize("says_sums", [True, False], ids=["in the list", "as ETag"])
def test_a_wrong_checksum_is_found_and_the_file_is_fetched_anew(
    hub: Hub, home: Path, name: str, says_sums: bool
) -> None:
    hub.says_sums = says_sums
    hub.spoiled = {name}
    with pytest.raises(BadInput, match="wrong checksum"):
        fetch(ID)
    assert not (home / "models" / FOLDER).exists()
    hub.spoiled = set()
    assert (fetch(ID) / name).read_bytes() == hub.repos[ID][name]


def test_the_token_goes_to_the_hub_and_not_to_its_storage(
    hub: Hub, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fetch(ID)
    at_hub = [each for each in hub.asked if each["host"].startswith("127.0.0.1")]
    at_storage = [each for each in hub.asked if each["host"].startswith("localhost")]
    assert {each["token"] for each in at_hub} == {"Bearer hf_secret"}
    assert {each["token"] for each in at_storage} == {""}


@pytest.mark.parametrize(
    ("id", "kind", "said"),
    [
        ("gated/model", NotAvailable, "gated"),
        ("forbidden/model", NotAvailable, "gated"),
        ("nobody/nothing", BadInput, "no such model"),
        ("busy/model", NotAvailable, "patience"),
        ("angry/model", NotAvailable, "out of order"),
        ("../../etc/passwd", BadInput, "no id"),
        ("a--b/c", BadInput, "no id"),
        ("", BadInput, "no id"),
        ("https://evil.example/a/b", BadInput, "no id"),
    ],
)
def test_every_refusal_is_a_sentence_and_leaves_nothing(
    hub: Hub, home: Path, id: str, kind: type[ChatbotError], said: str
) -> None:
    with pytest.raises(kind, match=said) as error:
        fetch(id)
    assert error.value.remedy
    assert plans.begun() == []


def test_an_unknown_revision_and_the_address_of_a_page(hub: Hub, home: Path) -> None:
    with pytest.raises(BadInput, match="revision"):
        fetch(ID, "v9")
    assert fetch(f"https://huggingface.co/{ID}/tree/main", COMMIT).name == FOLDER


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ({"config.json", "pytorch_model.bin"}, "can run foreign code"),
        ({"config.json", "model-Q8_0.gguf"}, "GGUF"),
        ({"README.md"}, "holds no weights"),
    ],
)
def test_a_repository_without_safetensors_says_why(
    hub: Hub, home: Path, left: set[str], said: str
) -> None:
    hub.repos["someone/other"] = dict.fromkeys(left, b"{}")
    with pytest.raises(BadInput, match=said):
        fetch("someone/other")
    assert plans.begun() == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"model_type": "bert"}, "'bert'"), ({"auto_map": {"AutoModel": "x.Y"}}, "code of its own")],
)
def test_what_could_not_be_loaded_is_refused_before_its_weights_are_fetched(
    hub: Hub, home: Path, changes: dict[str, Any], said: str
) -> None:
    files = dict(hub.repos[ID])
    files["config.json"] = json.dumps(json.loads(files["config.json"]) | changes).encode()
    hub.repos["someone/other"] = files
    with pytest.raises(BadInput, match=said):
        fetch("someone/other")
    assert not hub.of_file(WEIGHTS)
    assert plans.begun() == []


def test_there_must_be_room_on_the_disk(
    hub: Hub, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plans, "SPARE", 10**18)
    with pytest.raises(OutOfResources, match="room on the disk"):
        fetch(ID)
    assert not hub.of_file(WEIGHTS)


def test_what_is_here_is_not_fetched_twice(hub: Hub, home: Path) -> None:
    fetch(ID)
    with pytest.raises(Conflict, match="here already"):
        fetch(ID)


def test_offline_and_unreachable_and_a_senseless_mirror(
    hub: Hub, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(NotAvailable, match="stay offline"):
        fetch(ID)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(NotAvailable, match="can't be reached"):
        fetch(ID)
    monkeypatch.setenv("HF_ENDPOINT", "no address")
    with pytest.raises(BadInput, match="HF_ENDPOINT"):
        fetch(ID)


def test_a_proxy_is_asked_where_there_is_one(
    hub: Hub, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid")
    monkeypatch.setenv("http_proxy", hub.address)
    hub.storage = "http://storage.invalid"
    assert fetch(ID).name == FOLDER
    assert {each["host"] for each in hub.asked} == {"hub.invalid", "storage.invalid"}


def test_pausing_and_stopping(hub: Hub, home: Path) -> None:
    stop = threading.Event()

    def after_some(progress: Progress) -> None:
        if progress.done > 40_000:
            stop.set()

    with pytest.raises(Stopped):
        fetch(ID, on_progress=after_some, stop=stop)
    downloads = Downloads()
    assert [each.state for each in downloads.all()] == ["paused"]
    downloads.stop(ID)
    assert downloads.all() == []
    assert not (home / "models" / ".fetching" / FOLDER).exists()


def test_a_download_in_the_background(hub: Hub, home: Path) -> None:
    hub.closed.set()
    downloads = Downloads()
    assert downloads.start(f" {ID} ") == ID
    assert downloads.wait(ID, 60)
    (shown,) = downloads.all()
    assert shown.state == "failed"
    assert "out of order" in shown.problem
    hub.closed.clear()
    downloads.start(ID)
    downloads.start(ID)  # joins the first
    assert downloads.wait(ID, 60)
    (shown,) = downloads.all()
    assert (shown.state, shown.folder) == ("done", FOLDER)
    downloads.dismiss(ID)
    assert downloads.all() == []


def test_a_plan_that_somebody_changed_is_not_believed(hub: Hub, home: Path) -> None:
    hub.closed.set()
    with pytest.raises(NotAvailable):
        fetch(ID)
    path = plans.folder_of(ID) / "plan.json"
    plan = json.loads(path.read_text())
    for changes in ({"id": "../../x"}, {"files": [{"name": "../x.py", "size": 1}]}, {"files": 7}):
        path.write_text(json.dumps(plan | changes))
        assert plans.begun() == []

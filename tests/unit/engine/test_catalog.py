"""Which folders are offered, under which names, and what is said about the others."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from chatbot import paths
from chatbot.engine import catalog, embedded
from chatbot.engine.catalog import DEFAULT_MODEL, POCKET_MODEL, ModelEntry, list_models, resolve
from chatbot.errors import BadInput, NotAvailable


@pytest.fixture
def models(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty models/ of one's own, and nothing shipped."""
    monkeypatch.setattr(paths, "PROJECT", tmp_path / "project")
    monkeypatch.chdir(tmp_path)
    return home / "models"


def names(**options: bool) -> list[str]:
    return [entry.name for entry in list_models(**options)]


def own() -> list[ModelEntry]:
    return [entry for entry in list_models() if entry.kind not in ("embedded", "shipped")]


def put(source: Path, target: Path, age: int = 0) -> Path:
    """Copy a checkpoint as if it had been written so many seconds ago."""
    shutil.copytree(source, target)
    stamp = time.time() - age
    for path in target.iterdir():
        os.utime(path, (stamp, stamp))
    return target


def edit(path: Path, **changes: object) -> None:
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, **changes}))


def adapter(target: Path, base: str, **changes: object) -> Path:
    """An adapter folder as peft writes it; the weights are a valid, empty safetensors file."""
    target.mkdir(parents=True)
    config = {"peft_type": "LORA", "base_model_name_or_path": base, "r": 8, **changes}
    (target / "adapter_config.json").write_text(json.dumps(config))
    (target / "adapter_model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    return target


def test_without_any_model_the_two_of_ours_are_listed_as_not_installed(models: Path) -> None:
    first, second = list_models()
    assert (first.name, first.kind, first.installed) == (DEFAULT_MODEL, "embedded", False)
    assert (second.name, second.kind, second.installed) == (POCKET_MODEL, "shipped", False)
    assert "start.py setup" in first.note
    assert "missing" in second.note
    for name in (DEFAULT_MODEL, POCKET_MODEL):
        with pytest.raises(NotAvailable, match="not installed"):
            resolve(name)


def test_checkpoints_are_listed_newest_first(
    models: Path, tiny_gpt2: Path, tiny_llama: Path
) -> None:
    put(tiny_gpt2, models / "my-gpt2" / "checkpoint-1234", age=50)
    put(tiny_llama, models / "a-llama", age=100)
    put(tiny_gpt2, models / "models--x--y" / "snapshots" / "abc123")
    entries = own()
    assert [entry.name for entry in entries] == [
        "models--x--y/snapshots/abc123",
        "my-gpt2/checkpoint-1234",
        "a-llama",
    ]
    assert [entry.family for entry in entries] == ["gpt2", "gpt2", "llama"]
    assert entries[1].title == "my-gpt2 · step 1234"
    assert entries[1].note == "GPT-2, 2 layers, 32 wide, 0.2 MB"
    assert all(entry.installed and entry.problem is None for entry in entries)
    assert resolve("my-gpt2/checkpoint-1234") == entries[1]


def test_shipped_models_are_listed_beside_ones_own(
    models: Path, tmp_path: Path, tiny_gpt2: Path
) -> None:
    shipped = tmp_path / "project" / "models"
    put(tiny_gpt2, shipped / "checkpoint-420")
    put(tiny_gpt2, shipped / "extra")
    put(tiny_gpt2, models / "extra")
    pocket = resolve(POCKET_MODEL)
    assert (pocket.kind, pocket.path) == ("shipped", shipped / "checkpoint-420")
    assert [entry.path for entry in own()] == [models / "extra"]
    assert resolve(shipped / "checkpoint-420") == pocket
    assert resolve("checkpoint-420").name == POCKET_MODEL
    assert resolve("models/checkpoint-420").name == POCKET_MODEL  # in the project, from anywhere


def test_a_run_offers_its_best_checkpoint(models: Path, tiny_gpt2: Path) -> None:
    run = models / "runs" / "20261122-161502-pocket-scratch"
    for step in (20, 100, 40):
        put(tiny_gpt2, run / f"checkpoint-{step}")
    last = "runs/20261122-161502-pocket-scratch/checkpoint-100"
    assert [entry.name for entry in own()] == [last]
    (run / "status.json").write_text(json.dumps({"best_checkpoint": "checkpoint-40"}))
    assert [entry.name for entry in own()] == [last.replace("100", "40")]
    (run / "status.json").write_text('{"best_checkpoint": "checkpoint-7"}')
    assert [entry.name for entry in own()] == [last]
    assert len(names(all_checkpoints=True)) == 2 + 3
    assert own()[0].title == "20261122-161502-pocket-scratch · step 100"


def test_adapters_need_their_base(models: Path, tiny_llama: Path) -> None:
    put(tiny_llama, models / "base", age=9)
    good = adapter(models / "runs" / "r1" / "checkpoint-40", "base")
    adapter(models / "orphan", "somebody/elses")
    adapter(models / "on-itself", str(models / "on-itself"))
    adapter(models / "outside", str(tiny_llama))
    adapter(models / "ia3", "base", peft_type="IA3")
    adapter(models / "by-path", str(models / "base"))
    found = {entry.name: entry for entry in own()}
    assert set(found) == {"base", "runs/r1/checkpoint-40", "by-path"}
    entry = found["runs/r1/checkpoint-40"]
    assert (entry.kind, entry.base, entry.family) == ("adapter", "base", "llama")
    assert entry.path == good
    assert "rank 8" in entry.note
    assert found["by-path"].base == "base"
    with pytest.raises(BadInput, match="somebody/elses"):
        resolve("orphan")
    with pytest.raises(BadInput, match="not LoRA"):
        resolve("ia3")


def test_what_was_fetched_goes_by_its_id_on_the_hub_too(models: Path, tiny_gpt2: Path) -> None:
    put(tiny_gpt2, models / "someone--tiny")
    adapter(models / "tuned", "someone/tiny")
    assert resolve("someone/tiny") == resolve("someone--tiny")
    assert resolve("tuned").base == "someone--tiny"
    with pytest.raises(NotAvailable):
        resolve("someone/else")


def test_an_adapter_may_name_the_embedded_model_by_its_id_on_the_hub(
    models: Path, tiny_llama: Path
) -> None:
    put(tiny_llama, models / embedded.SMOLLM2_FOLDER)
    adapter(models / "tuned", embedded.HUB_ID)
    assert resolve("tuned").base == DEFAULT_MODEL


def broken(models: Path, source: Path, name: str) -> Path:
    """A copy of a good checkpoint with one thing wrong."""
    folder = put(source, models / name)
    config, weights = folder / "config.json", folder / "model.safetensors"
    match name:
        case "pickled":
            weights.rename(folder / "pytorch_model.bin")
        case "cut-off":
            weights.write_bytes(weights.read_bytes()[:-100])
        case "no-header":
            weights.write_bytes(b"x" * 100)
        case "huge-header":
            weights.write_bytes((2**60).to_bytes(8, "little") + b"{}")
        case "no-weights":
            weights.unlink()
        case "other-family":
            edit(config, model_type="bert")
        case "own-code":
            edit(config, auto_map={"AutoModel": "evil.Model"})
        case "quantised":
            edit(config, quantization_config={"bits": 4})
        case "classifier":
            edit(config, architectures=["GPT2ForSequenceClassification"])
        case "bad-json":
            config.write_text("{")
        case "list-json":
            config.write_text("[]")
        case "no-tokenizer":
            (folder / "tokenizer.json").unlink()
        case "missing-part":
            weights.unlink()
            index = {"weight_map": {"a": "model-00001-of-00002.safetensors"}}
            (folder / "model.safetensors.index.json").write_text(json.dumps(index))
        case "part-elsewhere":
            weights.unlink()
            index = {"weight_map": {"a": "../cut-off/model.safetensors"}}
            (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pickled", "only safetensors"),
        ("cut-off", "cut off"),
        ("no-header", "cut off or not a safetensors"),
        ("huge-header", "cut off or not a safetensors"),
        ("no-weights", "missing"),
        ("other-family", "'bert'"),
        ("own-code", "code of its own"),
        ("quantised", "quantised"),
        ("classifier", "no language model"),
        ("bad-json", "not readable JSON"),
        ("list-json", "not what it should be"),
        ("no-tokenizer", "no tokenizer"),
        ("missing-part", "missing"),
        ("part-elsewhere", "no safetensors file beside it"),
    ],
)
def test_what_cannot_be_loaded_is_not_listed_and_is_explained(
    models: Path, tiny_gpt2: Path, name: str, said: str
) -> None:
    folder = broken(models, tiny_gpt2, name)
    assert own() == []
    for wanted in (name, folder, str(folder)):
        with pytest.raises(BadInput) as error:
            resolve(wanted)
        assert said in str(error.value)
        assert "config.json" in error.value.remedy


def test_a_tokenizer_may_be_one_folder_up(models: Path, tiny_gpt2: Path) -> None:
    checkpoint = put(tiny_gpt2, models / "out" / "checkpoint-10")
    for path in checkpoint.glob("tokenizer*"):
        path.rename(models / "out" / path.name)
    assert [entry.name for entry in own()] == ["out/checkpoint-10"]


def test_sharded_weights_are_whole_when_all_parts_are(models: Path, tiny_gpt2: Path) -> None:
    folder = put(tiny_gpt2, models / "sharded")
    part = "model-00001-of-00001.safetensors"
    (folder / "model.safetensors").rename(folder / part)
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": part, "b": part}}))
    assert [entry.name for entry in own()] == ["sharded"]


def test_hidden_folders_and_links_out_are_left_alone(models: Path, tiny_gpt2: Path) -> None:
    put(tiny_gpt2, models / ".smollm2.123.tmp" / "model")
    put(tiny_gpt2, models / "real")
    (models / "inside").symlink_to(models / "real", target_is_directory=True)
    (models / "outside").symlink_to(tiny_gpt2, target_is_directory=True)
    (models / "loop").symlink_to(models, target_is_directory=True)
    found = [entry.name for entry in own()]
    assert "real" in found
    assert "outside" not in found
    assert not any(name.startswith(".") for name in found)


@pytest.mark.parametrize("wanted", ["", "  ", "nobody/nothing", "../../etc", "a\0b", "runs"])
def test_unknown_names(models: Path, wanted: str) -> None:
    with pytest.raises(NotAvailable, match="no such model"):
        resolve(wanted)


def test_models_folder_itself_is_no_model(models: Path) -> None:
    for wanted in (".", models):
        with pytest.raises((NotAvailable, BadInput)):
            resolve(wanted)


def test_a_folder_anywhere_can_be_named_by_its_path(models: Path, tiny_gpt2: Path) -> None:
    entry = resolve(tiny_gpt2)
    assert entry.name == tiny_gpt2.as_posix()
    assert entry.installed


def test_the_embedded_model_is_recognised_by_its_folder(models: Path, tiny_llama: Path) -> None:
    folder = put(tiny_llama, models / embedded.SMOLLM2_FOLDER)
    assert resolve(DEFAULT_MODEL).installed
    assert resolve(folder).name == DEFAULT_MODEL
    assert names() == [DEFAULT_MODEL, POCKET_MODEL]
    (folder / "model.safetensors").write_bytes(b"")
    assert not catalog.list_models()[0].installed


def test_a_model_has_one_name_however_it_is_named(
    models: Path, tiny_llama: Path, tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert catalog.name_of(embedded.HUB_ID) == DEFAULT_MODEL  # also before it is in place
    embedded_folder = put(tiny_llama, models / embedded.SMOLLM2_FOLDER)
    own = put(tiny_gpt2, models / "own")
    monkeypatch.chdir(models)
    for named in (DEFAULT_MODEL, str(embedded_folder), f"./{embedded.SMOLLM2_FOLDER}"):
        assert catalog.name_of(named) == DEFAULT_MODEL
    for named in ("own", str(own), f"{embedded.SMOLLM2_FOLDER}/../own"):
        assert catalog.name_of(named) == "own"
    assert catalog.name_of(tiny_gpt2.name) == tiny_gpt2.name
    assert catalog.name_of(str(tiny_gpt2)) == tiny_gpt2.as_posix()
    assert catalog.name_of("nowhere") == "nowhere"

"""Bringing one's own: folder, zip, adapter, checkpoint; whatever is wrong is said in a sentence."""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chatbot.engine import catalog
from chatbot.engine.device import Placement
from chatbot.engine.families import FAMILIES, Family
from chatbot.engine.loading import load
from chatbot.errors import BadInput, ChatbotError, Conflict, NotAvailable, OutOfResources
from chatbot.fetching import archives, bringing
from chatbot.fetching.bringing import bring, usable_name
from tests.unit.fetching.spoiled import spoil, zip_bomb

FLOAT32 = Placement("cpu", "float32", "for a test")


@pytest.fixture
def folder(tiny_gpt2: Path, tmp_path: Path) -> Path:
    return shutil.copytree(tiny_gpt2, tmp_path / "from" / "my-model")


def left(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "models").iterdir())


def zipped(folder: Path, target: Path, inside: str = "m/") -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in folder.iterdir():
            archive.write(path, inside + path.name)
    return target


def adapter_on(base: Path, target: Path, named: str, **changes: Any) -> Path:
    from peft import LoraConfig, get_peft_model
    from transformers import GPT2LMHeadModel

    model = get_peft_model(
        GPT2LMHeadModel.from_pretrained(base),
        LoraConfig(task_type="CAUSAL_LM", r=4, target_modules=["c_attn"], fan_in_fan_out=True),
    )
    model.save_pretrained(target)
    path = target / "adapter_config.json"
    config = json.loads(path.read_text()) | {"base_model_name_or_path": named} | changes
    path.write_text(json.dumps(config))
    return target


@pytest.mark.parametrize("family", FAMILIES)
def test_a_folder_of_each_family_is_brought(
    home: Path, family: Family, family_model: Callable[[Family], Path]
) -> None:
    seen: list[tuple[str, float]] = []
    entry = bring(family_model(family), report=lambda word, part: seen.append((word, part)))
    assert entry.name == f"tiny-{family}"
    assert entry in catalog.list_models()
    assert [word for word, _ in seen][-2:] == ["Checking", "Done"]
    assert left(home) == [entry.name]


def test_a_zip_and_a_checkpoint_whose_tokenizer_is_one_up(
    home: Path, folder: Path, tmp_path: Path
) -> None:
    entry = bring(zipped(folder, tmp_path / "packed.zip"), name="From a zip")
    assert entry.name == "From a zip"
    checkpoint = folder / "checkpoint-40"
    checkpoint.mkdir()
    for name in ("config.json", "model.safetensors"):
        (folder / name).rename(checkpoint / name)
    (checkpoint / "optimizer.pt").write_bytes(b"never read")
    (checkpoint / "training_args.bin").write_bytes(b"never read")
    entry = bring(checkpoint)
    assert entry.name == "my-model checkpoint-40"
    assert not list(entry.path.glob("*.pt"))
    load(entry.name, FLOAT32)


def test_an_adapter_finds_its_base_or_is_told_it(home: Path, folder: Path, tmp_path: Path) -> None:
    adapter = adapter_on(folder, tmp_path / "adapter", "someone/tiny")
    with pytest.raises(NotAvailable, match="LoRA adapter") as error:
        bring(adapter)
    assert "someone/tiny" in str(error.value)
    base = bring(folder, name="base")
    entry = bring(adapter, name="tuned", base="base")
    assert (entry.kind, entry.base) == ("adapter", "base")
    load("tuned", FLOAT32)
    (home / "models" / "base").rename(home / "models" / "someone--tiny")
    assert bring(adapter, name="found").base == "someone--tiny"
    with pytest.raises(BadInput, match="whole model"):
        bring(folder, name="x", base=base.name.replace("base", "someone--tiny"))
    odd = adapter_on(folder, tmp_path / "odd", "someone/tiny", r=9)
    with pytest.raises(BadInput, match="instead of"):
        bring(odd, name="y")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("nan", "no numbers"),
        ("missing", "not complete"),
        ("shape", "instead of"),
        ("senseless", "can't be understood"),
        ("vocabulary", "don't belong together"),
        ("smaller vocabulary", "don't belong together"),
        ("tokenizer", "tokenizer"),
        ("truncated", "cut off"),
        ("claims", "cut off"),
        ("pickle", "foreign code"),
        ("code", "code of its own"),
        ("link", "link to another place"),
    ],
)
def test_what_can_not_be_used_is_refused_in_a_sentence_and_leaves_nothing(
    home: Path, folder: Path, how: str, said: str
) -> None:
    spoil(folder, how)
    with pytest.raises(BadInput, match=said):
        bring(folder)
    assert left(home) == []


@pytest.mark.parametrize("name", ["a/b", "../x", "..", ".hidden", "runs", "x" * 81, "a\\b", "a\0"])
def test_odd_names_are_refused(home: Path, folder: Path, name: str) -> None:
    with pytest.raises(BadInput, match="name of a model"):
        bring(folder, name=name)
    assert usable_name(" My bot (2) ") == "My bot (2)"


def test_a_name_that_is_taken_and_a_place_that_is_empty(home: Path, folder: Path) -> None:
    bring(folder)
    with pytest.raises(Conflict, match="of this name"):
        bring(folder)
    for nothing in ("", "/no/where", folder / "nothing"):
        with pytest.raises(NotAvailable, match="no file or folder"):
            bring(nothing)
    (folder / "weights.pt").write_bytes(b"PK\x03\x04 a pickle in a zip")
    with pytest.raises(BadInput, match="foreign"):
        bring(folder / "weights.pt")


def test_no_room_on_the_disk(
    home: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = zipped(folder, tmp_path / "packed.zip")
    monkeypatch.setattr(bringing, "SPARE", 10**18)
    for source in (folder, packed):
        with pytest.raises(OutOfResources, match="room on the disk"):
            bring(source)
    assert left(home) == []


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["../config.json"], "outside its folder"),
        (["/etc/config.json"], "outside its folder"),
        (["C:/config.json"], "outside its folder"),
        (["a\\..\\..\\config.json"], "outside its folder"),
        (["a/config.json", "b/config.json"], "several models"),
        (["notes.txt"], "no model"),
        (["config.json", "pytorch_model.bin"], "foreign code"),
    ],
)
def test_dangerous_and_senseless_zips(
    home: Path, tmp_path: Path, names: list[str], said: str
) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "{}")
    with pytest.raises(BadInput, match=said):
        bring(path)
    assert left(home) == []


def test_a_bomb_a_link_and_a_damaged_zip(
    home: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadInput, match="zip bomb"):
        bring(zip_bomb(tmp_path / "bomb.zip"))
    link = tmp_path / "link.zip"
    with zipfile.ZipFile(link, "w") as archive:
        entry = zipfile.ZipInfo("config.json")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(BadInput, match="link"):
        bring(link)
    whole = zipped(folder, tmp_path / "whole.zip").read_bytes()
    monkeypatch.setattr(archives, "MOST_ENTRIES", 2)
    with pytest.raises(BadInput, match="files"):
        bring(tmp_path / "whole.zip")
    monkeypatch.undo()
    monkeypatch.setenv("CHATBOT_HOME", str(home))
    for number, damaged in enumerate((whole[:-30], whole[:500] + b"\xff" * 200 + whole[700:])):
        path = tmp_path / f"damaged{number}.zip"
        path.write_bytes(damaged)
        with pytest.raises(ChatbotError):
            bring(path)
    assert left(home) == []


def test_what_can_not_be_read_is_told_as_that(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotAvailable, match="no file or folder"):
        bring("x" * 10_000)
    original = Path.open

    def refusing(path: Path, *rest: Any, **options: Any) -> Any:
        if path.name == "config.json" and path.parent == folder.resolve():
            raise PermissionError(13, "Permission denied", str(path))
        return original(path, *rest, **options)

    monkeypatch.setattr(Path, "open", refusing)
    with pytest.raises(NotAvailable, match="can't be read: Permission denied"):
        bring(folder)
    assert left(home) == []


def test_a_snapshot_of_the_hubs_own_cache_is_brought(
    home: Path, folder: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "models--someone--tiny"
    snapshot = cache / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (cache / "blobs").mkdir()
    for path in folder.iterdir():
        path.rename(cache / "blobs" / path.name)
        (snapshot / path.name).symlink_to(Path("../../blobs") / path.name)
    assert bring(snapshot, name="cached").installed
    assert not (home / "models" / "cached" / "config.json").is_symlink()

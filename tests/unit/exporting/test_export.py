"""Exports from end to end: what a machine without us reads, and what is refused."""

import json
import shutil
import subprocess
import sys
import threading
import zipfile
from collections import namedtuple
from pathlib import Path

import pytest
import torch

from chatbot.engine import catalog
from chatbot.engine.device import Placement
from chatbot.engine.loading import load
from chatbot.errors import BadInput, ChatbotError, Conflict, NotAvailable, OutOfResources
from chatbot.exporting import formats
from chatbot.exporting.export import Stopped, export
from chatbot.exporting.formats import Wish

FOREIGN = """
import json, sys
from transformers import AutoModelForCausalLM, AutoTokenizer, pipeline
import torch
folder = sys.argv[1]
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
tokenizer = AutoTokenizer.from_pretrained(folder)
chat = pipeline("text-generation", model=model, tokenizer=tokenizer)
said = chat([{"role": "user", "content": "Who are you?"}], do_sample=False, max_new_tokens=8)
from_folder = pipeline("text-generation", model=folder)
ids = torch.tensor([[5, 6, 7, 8]])
print(json.dumps({
    "logits": model(ids).logits[0, -1].tolist(),
    "answer": said[0]["generated_text"][-1],
    "longest": from_folder.model.generation_config.max_new_tokens,
    "ends": model.generation_config.eos_token_id,
    "ours": [name for name in sys.modules if name.partition(".")[0] == "chatbot"],
}))
"""


def test_a_merged_adapter_is_read_in_a_fresh_process_without_us(
    adapter: Path, tmp_path: Path
) -> None:
    made = export("adapter", tmp_path / "out", Wish("folder", "float32"))

    done = subprocess.run(
        [sys.executable, "-c", FOREIGN, str(made.path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])

    merged = load("adapter", Placement("cpu", "float32", ""))
    plain = load("tiny", Placement("cpu", "float32", ""))
    ids = torch.tensor([[5, 6, 7, 8]])
    with torch.no_grad():
        logits = [m.model(ids).logits[0, -1] for m in (merged, plain)]
    assert torch.allclose(torch.tensor(said["logits"]), logits[0], atol=1e-5)
    assert not torch.allclose(logits[0], logits[1], atol=1e-2)
    assert said["answer"]["role"] == "assistant"
    assert said["longest"] == 128
    assert said["ends"][0] == merged.tokenizer.eos_token_id
    assert said["ours"] == []


def test_a_folder_is_a_model_of_the_catalog_again(models: Path) -> None:
    made = export("tiny", models / "copy", Wish("folder", "float16"))
    assert "copy" in [entry.name for entry in catalog.list_models()]
    assert formats.stored_dtype(catalog.resolve("copy")) == "float16"
    assert made.size == sum(file.stat().st_size for file in made.path.iterdir())
    assert (made.path / "model.safetensors").stat().st_mode & 0o777 == 0o644


def test_a_zip_holds_the_same_folder(models: Path, tmp_path: Path) -> None:
    told: list[float] = []
    made = export("tiny", tmp_path / "it", Wish("zip"), told=lambda done, what: told.append(done))
    assert made.path == tmp_path / "it.zip"
    assert told == sorted(told)
    assert told[-1] == 1.0
    with zipfile.ZipFile(made.path) as archive:
        assert archive.testzip() is None
        archive.extractall(models)
    assert catalog.resolve("it").problem is None
    assert (models / "it" / "README.md").is_file()
    assert list(tmp_path.glob(".*")) == []


def test_a_gguf_folder_holds_modelfile_and_card(models: Path, tmp_path: Path) -> None:
    made = export("tiny", tmp_path / "Mine Q8", Wish("gguf-q8_0"))
    assert made.file == tmp_path / "Mine Q8" / "mine-q8.gguf"
    assert sorted(file.name for file in made.path.iterdir()) == [
        *("Modelfile", "README.md", "mine-q8.gguf"),
    ]
    assert (made.path / "Modelfile").read_text().startswith("FROM ./mine-q8.gguf\n")


def test_a_gguf_file_may_stand_alone(models: Path, tmp_path: Path) -> None:
    made = export("tiny", tmp_path / "a.gguf", Wish("gguf-f16"))
    assert made.path.read_bytes()[:4] == b"GGUF"
    assert [file.name for file in tmp_path.glob("*a.gguf*")] == ["a.gguf"]


def test_what_is_there_is_not_overwritten(models: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter.txt").write_text("dear")
    with pytest.raises(Conflict, match="already"):
        export("tiny", tmp_path / "out", Wish("folder"))
    assert (tmp_path / "out" / "letter.txt").read_text() == "dear"


def test_a_target_that_cannot_be_written_is_said_before_anything_is_loaded(
    models: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    told: list[str] = []
    with pytest.raises(ChatbotError, match="could not be saved"):
        export(
            "tiny",
            tmp_path / "file" / "out",
            Wish("folder"),
            told=lambda done, what: told.append(what),
        )
    assert told == []


def test_room_on_the_disk_is_looked_at_first(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage(10, 9, 1_000_000))
    with pytest.raises(OutOfResources, match="room on the disk"):
        export("tiny", tmp_path / "deep" / "out", Wish("folder"))
    assert not (tmp_path / "deep").exists()


def test_a_model_that_was_removed_meanwhile_is_a_sentence(models: Path, tmp_path: Path) -> None:
    entry = catalog.resolve("tiny")
    shutil.rmtree(models / "tiny")
    with pytest.raises((NotAvailable, BadInput)):
        export(entry, tmp_path / "out", Wish("folder"))
    assert list(tmp_path.glob("*out*")) == []


def test_a_model_that_is_removed_while_it_is_read_is_a_sentence(
    models: Path, tmp_path: Path
) -> None:
    def told(done: float, what: str) -> None:
        if what == "Reading the model":
            shutil.rmtree(models / "tiny")

    with pytest.raises(ChatbotError):
        export("tiny", tmp_path / "out", Wish("gguf-f16"), told=told)
    assert list(tmp_path.glob("*out*")) == []


def test_a_stop_leaves_nothing(models: Path, tmp_path: Path) -> None:
    stop = threading.Event()

    def told(done: float, what: str) -> None:
        if what == "Writing":
            stop.set()

    with pytest.raises(Stopped):
        export("tiny", tmp_path / "out", Wish("gguf-f16"), told=told, stop=stop)
    assert list(tmp_path.glob("*out*")) == []


def test_unknown_wishes_are_refused() -> None:
    with pytest.raises(BadInput, match="format"):
        Wish("onnx")  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="number format"):
        Wish("folder", "int4")


def test_the_size_is_told_before(models: Path, tmp_path: Path, adapter: Path) -> None:
    for name in ("tiny", "adapter"):
        entry = catalog.resolve(name)
        sizes = [formats.size_of(entry, Wish(f)) for f in ("gguf-q8_0", "gguf-f16", "zip")]
        assert sizes == sorted(sizes)
    made = export("tiny", tmp_path / "out", Wish("folder", "float32"))
    assert made.size <= formats.size_of(catalog.resolve("tiny"), Wish("folder", "float32"))


def test_the_card_does_not_wait_for_a_slow_model(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = export("tiny", tmp_path / "one", Wish("folder"))
    assert "## What it says" in (made.path / "README.md").read_text(encoding="utf-8")
    monkeypatch.setattr("chatbot.exporting.export.PATIENCE", -1.0)
    made = export("tiny", tmp_path / "two", Wish("folder"))
    assert "## What it says" not in (made.path / "README.md").read_text(encoding="utf-8")

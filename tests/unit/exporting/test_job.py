"""Exports in the background, what lies on the disk of them, and the addresses they are got from."""

from pathlib import Path

import pytest

from chatbot import paths
from chatbot.engine import catalog
from chatbot.errors import BadInput, Conflict, NotAvailable
from chatbot.exporting import downloads, made
from chatbot.exporting.formats import Wish
from chatbot.exporting.job import OUR_FAULT, Exports


def test_an_export_is_made_and_found_again_after_a_restart(models: Path) -> None:
    entry = catalog.resolve("tiny")
    left = made.folder_of(entry) / ".old.tmp" / "content"
    left.mkdir(parents=True)

    exports = Exports()
    job = exports.start(entry, Wish("gguf-q8_0"), "Mine")
    assert job.wait(60)

    assert job.problem is None
    assert job.fraction == 1.0
    assert not left.exists()
    (found,) = made.made(entry)
    assert found.path == paths.exports_dir() / "tiny" / "Mine-q8_0"
    assert found.files[0].name == "mine-q8_0.gguf"
    assert job.result is not None
    assert found.size == job.result.size


def test_a_problem_is_kept_for_the_page(models: Path) -> None:
    entry = catalog.resolve("tiny")
    exports = Exports()
    assert exports.start(entry, Wish("zip"), "Mine").wait(60)
    again = exports.start(entry, Wish("zip"), "Mine")
    assert again.wait(60)
    assert isinstance(again.problem, Conflict)
    exports.forget()
    assert exports.last is None


def test_one_export_at_a_time_and_a_stop_leaves_nothing(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    from chatbot.exporting import export as module

    gate = threading.Event()

    def slow(*_: object) -> object:
        gate.wait(60)
        return original(*_)  # type: ignore[arg-type]

    original = module._loaded
    monkeypatch.setattr(module, "_loaded", slow)
    entry = catalog.resolve("tiny")
    exports = Exports()
    job = exports.start(entry, Wish("folder"), "one")
    with pytest.raises(Conflict, match="going on"):
        exports.start(entry, Wish("folder"), "two")
    job.stop()
    gate.set()
    assert job.wait(60)
    assert (job.result, job.problem) == (None, None)
    assert made.made(entry) == []


def test_a_fault_of_ours_is_told_and_logged(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from chatbot.exporting import export as module

    def broken(*_: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(module, "_loaded", broken)
    logged: list[BaseException] = []
    job = Exports(logged.append).start(catalog.resolve("tiny"), Wish("folder"), "one")
    assert job.wait(60)
    assert job.problem is not None
    assert OUR_FAULT in str(job.problem)
    assert isinstance(logged[0], ZeroDivisionError)


def test_a_name_that_no_file_may_have_is_refused(models: Path) -> None:
    with pytest.raises(BadInput):
        Exports().start(catalog.resolve("tiny"), Wish("folder"), "../up")


def test_only_exports_are_removed(models: Path) -> None:
    entry = catalog.resolve("tiny")
    path = made.folder_of(entry) / "a.zip"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"zip")
    for wrong in (models / "tiny", path.parent, path.parent / ".." / ".." / "models"):
        with pytest.raises(BadInput):
            made.remove(wrong)
    made.remove(path)
    assert not path.parent.exists()
    with pytest.raises(NotAvailable):
        made.remove(path)


def test_only_a_ticket_of_ours_leads_to_a_file_of_an_export(home: Path) -> None:
    file = home / "exports" / "tiny" / "mine & yours.zip"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"zip")
    secret = home / "data" / "secret.txt"
    secret.write_text("secret")
    (file.parent / "link").symlink_to(secret)

    address = downloads.address_of(file)
    ticket, _, inside = address.partition("/")
    assert inside == "tiny/mine%20%26%20yours.zip"
    assert downloads.file_at(ticket, "tiny/mine & yours.zip") == file.resolve()
    assert downloads.file_at(ticket, "tiny/other.zip") is None
    assert downloads.file_at("ü" * 40, "tiny/mine & yours.zip") is None
    for outside in ("tiny/link", "../data/secret.txt"):
        assert downloads.file_at(downloads._ticket(outside), outside) is None

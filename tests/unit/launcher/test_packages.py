"""A pip that is watched while it runs: a pretended one, as its downloads would take minutes."""

import shutil
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

from chatbot.errors import ChatbotError, OutOfResources
from launcher import packages
from launcher.environment import Environment


class Disk(NamedTuple):
    total: int
    used: int
    free: int


class WithPretendedPip(Environment):
    """Its Python is a shell script that does what a test says."""

    def __init__(self, project: Path, script: str) -> None:
        super().__init__(project)
        self.folder.mkdir()
        (self.folder / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
        self.python = project / "pretended"
        self.python.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        self.python.chmod(0o755)


def run_pip(environment: Environment, fresh: bool = True) -> None:
    downloads = environment.folder / "tmp"
    downloads.mkdir()
    packages._run_pip(environment, Path("requirements.txt"), downloads, None, fresh)


@pytest.fixture
def five_gigabytes_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(10**10, 5 * 10**9, 5 * 10**9))


@pytest.mark.usefixtures("five_gigabytes_free")
def test_stops_when_the_large_build_of_pytorch_will_not_fit(tmp_path: Path) -> None:
    script = f"echo $$ > {tmp_path}/pid; echo Collecting nvidia-cudnn-cu13==9.20; exec sleep 60"
    with pytest.raises(OutOfResources, match=r"needs 12.0 GB and 5.0 GB are free"):
        run_pip(WithPretendedPip(tmp_path, script))
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text(encoding="utf-8")))


@pytest.mark.usefixtures("five_gigabytes_free")
def test_a_repair_of_the_large_build_is_not_stopped(tmp_path: Path) -> None:
    script = "echo Collecting nvidia-cudnn-cu13==9.20"
    run_pip(WithPretendedPip(tmp_path, script), fresh=False)


def test_everything_pip_said_is_in_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = WithPretendedPip(tmp_path, "echo Collecting a; echo ERROR: so what >&2; exit 3")
    with pytest.raises(ChatbotError, match="so what") as caught:
        run_pip(environment)
    assert str(environment.pip_log) in caught.value.remedy
    assert environment.pip_log.read_text(encoding="utf-8") == "Collecting a\nERROR: so what\n"
    assert "fetching packages: 1 so far" in capsys.readouterr().out


def test_a_disk_too_full_for_the_log_does_not_hide_what_pip_said(tmp_path: Path) -> None:
    environment = WithPretendedPip(
        tmp_path, "echo ERROR: [Errno 28] No space left on device; exit 1"
    )
    environment.pip_log.symlink_to("/dev/full")
    with pytest.raises(OutOfResources, match="The disk is full"):
        run_pip(environment)


def test_where_to_install_to_is_not_the_users_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_USER", "1")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    run_pip(WithPretendedPip(tmp_path, f"env > {tmp_path}/seen"))
    seen: dict[str, Any] = dict(
        line.split("=", 1)
        for line in (tmp_path / "seen").read_text(encoding="utf-8").splitlines()
        if "=" in line
    )
    assert seen["PIP_USER"] == "0"
    assert "PYTHONPATH" not in seen
    assert seen["PIP_INDEX_URL"] == "https://mirror.example/simple"
    assert seen["TMPDIR"] == str(tmp_path / ".venv" / "tmp")

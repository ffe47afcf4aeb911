"""`start.py` from outside: real processes, a real .venv, a real pip, tiny packages."""

import ast
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from launcher.lock import try_lock
from tests.unit.launcher.small_project import PROJECT, Finished, SmallProject, kill_with_children


def wait_until(true: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.002)


def simulate(project: SmallProject, code: str) -> None:
    """Run `code` in the Python that runs start.py (and only there) before anything else."""
    folder = project.folder.parent / "simulation"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(code, encoding="utf-8")
    project.variables["PYTHONPATH"] = str(folder)


def test_from_nothing_to_everything_in_place(ready: SmallProject, first_set_up: Finished) -> None:
    done = first_set_up
    assert ready.can_import("tiny")
    assert ready.can_import("streamlit")
    said = ["Making a Python environment", "about 2 minutes", "0.4 GB to fetch", "Model in place"]
    assert all(text in done.output for text in said), done.output


def test_a_second_start_does_nothing_again(ready: SmallProject) -> None:
    """Under 2 s before Streamlit is launched, and no pip."""
    before = {path: path.stat().st_mtime_ns for path in (ready.folder / ".venv").rglob("*")}
    started = time.monotonic()
    done = ready.run("setup")
    assert time.monotonic() - started < 2
    assert done.code == 0
    assert "Installing" not in done.output
    assert {p: p.stat().st_mtime_ns for p in (ready.folder / ".venv").rglob("*")} == before


def test_changed_requirements_are_installed(ready: SmallProject) -> None:
    (ready.folder / "requirements.txt").write_text("tiny==2.0\nstreamlit==1.0\n", encoding="utf-8")
    done = ready.run("setup")
    assert done.code == 0
    assert "Installing" in done.output
    assert "version = 2" in (ready.site_packages / "tiny.py").read_text(encoding="utf-8")


def test_a_package_that_somebody_removed_or_replaced_comes_back(ready: SmallProject) -> None:
    shutil.rmtree(ready.site_packages / "tiny-1.0.dist-info")
    assert ready.run("setup").code == 0
    assert (ready.site_packages / "tiny-1.0.dist-info" / "RECORD").exists()


def test_a_moved_project_still_starts(ready: SmallProject) -> None:
    moved = SmallProject(ready.folder.rename(ready.folder.parent / "moved"), ready.wheels)
    done = moved.run("setup")
    assert done.code == 0
    assert "Installing" not in done.output


def test_an_environment_whose_python_is_gone_is_made_anew(ready: SmallProject) -> None:
    ready.python.unlink()
    done = ready.run("setup")
    assert done.code == 0, done.output
    assert "its Python does not run" in done.output
    assert ready.can_import("tiny")


def test_an_environment_made_by_hand_is_kept(ready: SmallProject) -> None:
    ready.stamp.unlink()
    own = ready.site_packages / "my_own.py"
    own.write_text("", encoding="utf-8")
    done = ready.run("setup")
    assert done.code == 0
    assert "Making" not in done.output
    assert own.exists()


def test_a_file_in_the_place_of_the_environment_is_said(fresh: SmallProject) -> None:
    (fresh.folder / ".venv").write_text("not a folder", encoding="utf-8")
    done = fresh.run("setup")
    assert done.code == 1
    assert "The set-up could not write its files" in done.output
    assert "Traceback" not in done.output


def test_killed_while_the_environment_is_made(fresh: SmallProject) -> None:
    process = fresh.popen("setup")
    wait_until(lambda: (fresh.folder / ".venv" / "pyvenv.cfg").exists())
    kill_with_children(process)
    wait_until(lambda: can_be_locked(fresh))
    done = fresh.run("setup")
    assert done.code == 0, done.output
    assert "an earlier set-up was interrupted" in done.output
    assert fresh.can_import("tiny")


@pytest.mark.parametrize("moment", [1, 750])
def test_killed_in_the_middle_of_an_installation(ready: SmallProject, moment: int) -> None:
    """With kill -9, launcher and pip both; the next start leaves nothing half-installed."""
    (ready.folder / "requirements.txt").write_text(
        "tiny==2.0\nmany==1.0\nstreamlit==1.0\n", encoding="utf-8"
    )
    process = ready.popen("setup")
    parts = ready.site_packages / "many"

    def far_enough() -> bool:
        with contextlib.suppress(FileNotFoundError):
            return sum(1 for _ in parts.iterdir()) >= moment
        return False

    wait_until(far_enough)
    kill_with_children(process)
    assert "many-1.0.dist-info" not in finished_packages(ready)
    done = ready.run("setup")
    assert done.code == 0, done.output
    assert len(list(parts.glob("part*.py"))) == 1500
    assert {"many-1.0.dist-info", "tiny-2.0.dist-info"} <= finished_packages(ready)


def test_killed_just_before_a_package_was_complete(ready: SmallProject) -> None:
    """pip takes a package whose description is there for installed, whatever else is missing."""
    ready.stamp.unlink()
    (ready.site_packages / "tiny-1.0.dist-info" / "RECORD").unlink()
    (ready.site_packages / "tiny.py").unlink()
    (ready.site_packages / "~iny-0.9.dist-info").mkdir()
    done = ready.run("setup")
    assert done.code == 0, done.output
    assert ready.can_import("tiny")
    assert "tiny-1.0.dist-info" in finished_packages(ready)
    assert not list(ready.site_packages.glob("~*"))


def test_a_start_beside_one_that_installs_waits_for_it(ready: SmallProject) -> None:
    (ready.folder / "requirements.txt").write_text("many==1.0\nstreamlit==1.0\n", encoding="utf-8")
    first = ready.popen("setup")
    wait_until(lambda: (ready.site_packages / "many").exists())
    second = ready.run("setup")
    output, _ = first.communicate(timeout=60)
    assert (first.returncode, second.code) == (0, 0), output + second.output
    assert "Another set-up is at work in this folder" in second.output
    assert "Installing" not in second.output


def test_a_pip_that_outlived_its_launcher_is_waited_for(ready: SmallProject) -> None:
    (ready.folder / "requirements.txt").write_text("many==1.0\nstreamlit==1.0\n", encoding="utf-8")
    first = ready.popen("setup")
    wait_until(lambda: (ready.site_packages / "many").exists())
    first.kill()
    assert not can_be_locked(ready)
    second = ready.run("setup")
    first.communicate(timeout=30)
    assert second.code == 0
    assert "Another set-up is at work in this folder" in second.output
    assert len(list((ready.site_packages / "many").glob("part*.py"))) == 1500


def test_no_network(ready: SmallProject, free_port: int) -> None:
    """A server that nobody listens on. The log with all that pip said is named and exists."""
    (ready.folder / "requirements.txt").write_text("other==1.0\n", encoding="utf-8")
    ready.variables |= {
        "PIP_NO_INDEX": "0",
        "PIP_INDEX_URL": f"http://127.0.0.1:{free_port}/simple",
        "PIP_RETRIES": "1",
    }
    done = ready.run("setup")
    assert done.code == 1
    assert "The package server can't be reached: there is no network" in done.output
    assert "Traceback" not in done.output
    log = ready.folder / ".venv" / "pip.log"
    assert str(log) in done.output
    assert "Retrying" in log.read_text(encoding="utf-8")


def test_a_package_that_is_not_published_for_this_computer(ready: SmallProject) -> None:
    (ready.folder / "requirements.txt").write_text("unknown==1.0\n", encoding="utf-8")
    done = ready.run("setup")
    assert done.code == 1
    assert "unknown==1.0 is not published for this computer" in done.output


def test_a_failed_set_up_is_tried_again_by_the_next_start(ready: SmallProject) -> None:
    requirements = ready.folder / "requirements.txt"
    right = requirements.read_text(encoding="utf-8")
    requirements.write_text(right + "unknown==1.0\n", encoding="utf-8")
    assert ready.run("setup").code == 1
    assert ready.run("setup").code == 1
    requirements.write_text(right, encoding="utf-8")
    assert ready.run("setup").code == 0


def test_too_little_room_on_the_disk_is_said_before_anything_is_made(fresh: SmallProject) -> None:
    simulate(
        fresh,
        "import shutil; whole = shutil.disk_usage\n"
        "shutil.disk_usage = lambda path: whole(path)._replace(free=1_500_000_000)",
    )
    done = fresh.run("setup")
    assert done.code == 1
    assert "needs 3.2 GB and 1.5 GB are free. Free some space" in done.output
    assert not (fresh.folder / ".venv").exists()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ENOSPC", "The disk is full, so the set-up could not be finished"),
        ("EROFS", "This folder can't be written"),
        ("EACCES", "This folder can't be written"),
    ],
)
def test_a_folder_that_refuses_to_be_written(fresh: SmallProject, code: str, said: str) -> None:
    simulate(
        fresh,
        "import errno, os, pathlib\n"
        "def refuse(self, *_, **__): raise OSError(errno." + code + ", 'refused')\n"
        "pathlib.Path.mkdir = refuse",
    )
    done = fresh.run("setup")
    assert done.code == 1
    assert said in done.output
    assert str(fresh.folder) in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_without_venv(fresh: SmallProject, module: str) -> None:
    """As on Debian without python3-venv. Where there is apt-get, its package is named."""
    simulate(
        fresh,
        "import sys, importlib.util; find = importlib.util.find_spec\n"
        f"importlib.util.find_spec = lambda name, *a: None if name == '{module}' else "
        "find(name, *a)\n"
        "import shutil; shutil.which = lambda name: '/usr/bin/apt-get'",
    )
    done = fresh.run("setup")
    assert done.code == 1
    assert f"This Python came without its `{module}` module" in done.output
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert f"sudo apt install python{version}-venv" in done.output


def test_an_old_python_says_so() -> None:
    program = (
        "import sys, runpy; sys.version_info = (3, 9, 18, 'final', 0)\n"
        f"runpy.run_path({str(PROJECT / 'start.py')!r}, run_name='__main__')"
    )
    done = run_python("-c", program)
    assert done[0] == 1
    assert "needs Python 3.11 or newer; this is Python 3.9." in done[1]
    assert "python3.11 start.py" in done[1]


@pytest.mark.parametrize("minor", range(4, 11))
def test_an_old_python_can_parse_the_sentence(minor: int) -> None:
    source = (PROJECT / "start.py").read_text(encoding="ascii")
    ast.parse(source, feature_version=(3, minor))
    check, _, rest = source.partition("from launcher")
    assert "version_info" in check
    assert rest


def test_ctrl_c_while_setting_up_leaves_in_peace(ready: SmallProject) -> None:
    (ready.folder / "requirements.txt").write_text("many==1.0\n", encoding="utf-8")
    ready.variables["PRETEND_MODEL_SECONDS"] = "5"  # else all may be done before the signal
    process = ready.popen("setup")
    wait_until(lambda: (ready.site_packages / "many").exists())
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    del ready.variables["PRETEND_MODEL_SECONDS"]
    assert process.returncode == 130
    assert "The next start carries on" in output
    assert "Traceback" not in output
    assert ready.run("setup").code == 0


def test_setup_says_when_the_model_is_missing(ready: SmallProject) -> None:
    ready.variables["PRETEND_MODEL_EXIT"] = "1"
    done = ready.run("setup")
    assert done.code == 1
    assert "the app offers to fetch it" in done.output


def test_help_names_every_command(ready: SmallProject) -> None:
    done = ready.run("--help")
    assert done.code == 0
    assert all(word in done.output for word in ("setup", "test", "--port", "--no-browser"))
    assert ready.run("fly").code == 2


def can_be_locked(project: SmallProject) -> bool:
    """True when no set-up, and no pip that outlived one, is at work."""
    descriptor = os.open(project.folder / "requirements.txt", os.O_RDONLY)
    try:
        try_lock(descriptor)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def run_python(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def finished_packages(project: SmallProject) -> set[str]:
    return {path.parent.name for path in project.site_packages.glob("*.dist-info/RECORD")}

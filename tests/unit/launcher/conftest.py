"""Fixtures: a package server made of tiny wheels, projects to set up, ports."""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.launcher.small_project import (
    STREAMLIT,
    TOOL,
    Finished,
    SmallProject,
    make_project,
    make_wheel,
)


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    make_wheel(folder, "tiny", "1.0", {"tiny.py": "version = 1\n"})
    make_wheel(folder, "tiny", "2.0", {"tiny.py": "version = 2\n"})
    many = {f"many/part{number}.py": f"x = {number}\n" for number in range(1500)}
    make_wheel(folder, "many", "1.0", {"many/__init__.py": "", **many})
    make_wheel(
        folder,
        "streamlit",
        "1.0",
        {"streamlit/__init__.py": "", "streamlit/__main__.py": STREAMLIT},
    )
    tools = {
        f"{name}/{part}.py": text
        for name in ("ruff", "mypy", "pytest", "importlinter")
        for part, text in (("__init__", ""), ("__main__", TOOL.format(name=name)))
    }
    lint = "def lint_imports_command():\n    import importlinter.__main__\n"
    make_wheel(folder, "tools", "1.0", {**tools, "importlinter/cli.py": lint})
    return folder


@pytest.fixture
def fresh(tmp_path: Path, wheels: Path) -> Iterator[SmallProject]:
    """A project that was never set up."""
    project = make_project(tmp_path / "fresh project", wheels)
    yield project
    project.end_all()


@pytest.fixture(scope="session")
def _set_up_once(
    tmp_path_factory: pytest.TempPathFactory, wheels: Path
) -> tuple[SmallProject, Finished]:
    project = make_project(tmp_path_factory.mktemp("once") / "project", wheels)
    done = project.run("setup")
    assert done.code == 0, done.output
    project.variables["PATH"] = ""  # no browser there
    tools = project.run("test")
    assert tools.code == 0, tools.output
    return project, done


@pytest.fixture
def ready(tmp_path: Path, _set_up_once: tuple[SmallProject, Finished]) -> Iterator[SmallProject]:
    """A project that is set up; a copy of its own for every test."""
    original, _ = _set_up_once
    folder = tmp_path / "ready project"
    shutil.copytree(original.folder, folder, symlinks=True, copy_function=_link_or_copy)
    project = SmallProject(folder, original.wheels)
    yield project
    project.end_all()


def _link_or_copy(source: str, target: str) -> None:
    """pip itself, the bulk of an environment, is never written to: one copy is enough."""
    if f"site-packages{os.sep}pip{os.sep}" in source:
        os.link(source, target)
    else:
        shutil.copy2(source, target)


@pytest.fixture
def first_set_up(_set_up_once: tuple[SmallProject, Finished]) -> Finished:
    """What the set-up from nothing said."""
    return _set_up_once[1]


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as other:
        return int(other.getsockname()[1])

"""The walls of the house: who imports whom, what stays light, what is never used.

Import rules between our packages are in pyproject.toml (import-linter); here is what it can't see.
"""

import ast
import importlib.metadata
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from launcher.environment import pinned

PROJECT = Path(__file__).resolve().parents[1]
PACKAGES = ("benchmarks", "chatbot", "launcher", "models", "pages")
SCRIPTS = ("app.py", "demo.py", "start.py")
OURS = {*PACKAGES, *(Path(name).stem for name in SCRIPTS), "tests"}
HEAVY = ("torch", "transformers", "datasets", "peft", "pandas")
LIGHT_MODULES = (
    "chatbot.messages",
    "chatbot.dataset.store",
    "chatbot.engine.catalog",
    "chatbot.engine.sampling",
    "chatbot.training.config",
    "chatbot.training.runs",
    "chatbot.chat_bot",
)
NEEDED_BY_OTHERS = {
    "accelerate": "Transformers' Trainer refuses to start without it",
    "pandas": "Streamlit's tables are made of it, and look different with another major version",
}


def sources(*roots: str) -> list[Path]:
    """Every Python file of ours under `roots`, which are folders or files of the project."""
    found: list[Path] = []
    for root in roots:
        path = PROJECT / root
        found += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return found


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(path: Path) -> Iterator[str]:
    """The full names of the modules that a file imports, wherever in it."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def foreign(path: Path) -> set[str]:
    """The packages that a file imports and that are neither ours nor Python's."""
    tops = {name.partition(".")[0] for name in imported(path)}
    return tops - OURS - sys.stdlib_module_names


def loaded_after(statement: str, *options: str) -> set[str]:
    """The top-level modules that a fresh Python holds after `statement`."""
    program = (
        f"import sys; sys.path.insert(0, {str(PROJECT)!r})\n{statement}\n"
        "print('loaded:', *sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, *options, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("loaded:")[2].split())


def modules_of(package: str) -> list[str]:
    """All modules below a package, by name, without importing them."""
    folder = PROJECT / package.replace(".", "/")
    return [
        module.name
        for module in pkgutil.walk_packages([str(folder)], f"{package}.")
        if not module.name.endswith("__main__")
    ]


def test_all_of_chatbot_works_without_streamlit() -> None:
    names = modules_of("chatbot")
    assert {"chatbot.errors", "chatbot.dataset", "chatbot.engine", "chatbot.training"} <= set(names)
    loaded = loaded_after(f"import chatbot, {', '.join(names)}")
    assert "chatbot" in loaded
    assert "torch" in loaded  # all of it was really imported
    assert not loaded & {"streamlit", "pages"}


@pytest.mark.parametrize("module", LIGHT_MODULES)
def test_what_a_page_needs_to_paint_is_light(module: str) -> None:
    loaded = loaded_after(f"import {module}")
    assert not loaded & {*HEAVY, "streamlit"}


def test_the_shared_parts_of_the_pages_are_light() -> None:
    loaded = loaded_after(f"import {', '.join(modules_of('pages.ui'))}")
    assert "streamlit" in loaded
    assert not loaded & {"torch", "transformers", "datasets", "peft"}


def test_the_launcher_needs_nothing_but_python() -> None:
    """Without site-packages, as on the day when nothing is installed."""
    statement = "import runpy; runpy.run_path('start.py'); import launcher.commands"
    assert "launcher" in loaded_after(statement, "-I", "-S")
    for path in sources("start.py", "launcher"):
        assert not foreign(path), path
    ground = ("launcher", "chatbot.errors", "chatbot.files")
    used = {name for path in sources("start.py", "launcher") for name in imported(path)}
    assert all(n.startswith(ground) for n in used if n.partition(".")[0] in OURS)


@pytest.mark.parametrize(("script", "allowed"), [("app.py", {"pages"}), ("demo.py", {"chatbot"})])
def test_scripts_stand_on_one_thing(script: str, allowed: set[str]) -> None:
    ours = {name.partition(".")[0] for name in imported(PROJECT / script)} & OURS
    assert ours <= allowed


def test_nobody_imports_a_script() -> None:
    scripts = {Path(name).stem for name in SCRIPTS}
    for path in sources(*PACKAGES, *SCRIPTS):
        assert not {name.partition(".")[0] for name in imported(path)} & scripts, path


def test_what_is_imported_is_pinned_and_what_is_pinned_is_imported() -> None:
    app = set(pinned(PROJECT / "requirements.txt"))
    used = distributions_used_in(*(set(PACKAGES) - {"benchmarks"}), *SCRIPTS)
    assert used <= app
    assert distributions_used_in("benchmarks") <= set(pinned(PROJECT / "requirements-dev.txt"))
    assert app <= used | set(NEEDED_BY_OTHERS)


def test_what_the_tests_import_is_pinned() -> None:
    assert distributions_used_in("tests") <= set(pinned(PROJECT / "requirements-dev.txt"))


def distributions_used_in(*code: str) -> set[str]:
    """The names under which pip knows what our code imports."""
    names = importlib.metadata.packages_distributions()
    tops = {top for path in sources(*code) for top in foreign(path)}
    return {name.replace("_", "-").lower() for top in tops for name in names[top]}


@pytest.mark.parametrize("path", sources(*PACKAGES, *SCRIPTS), ids=lambda p: str(p.name))
def test_nothing_that_could_run_foreign_code(path: Path) -> None:
    """No pickle, no torch.load, no remote code, no raw HTML, no eval."""
    assert not set(imported(path)) & {"pickle", "dill", "joblib", "torch.load"}
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.keyword) and node.arg in ("trust_remote_code", "unsafe_allow_html"):
            assert isinstance(node.value, ast.Constant), ast.dump(node)
            assert node.value.value is False, ast.dump(node)
        if isinstance(node, ast.Attribute):
            assert ast.unparse(node) not in ("torch.load", "pickle.loads", "st.html")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("eval", "exec", "__import__")


@pytest.mark.parametrize("path", sources("chatbot"), ids=lambda p: str(p.relative_to(PROJECT)))
def test_every_module_says_its_job(path: Path) -> None:
    if path.read_text(encoding="utf-8").strip():
        assert ast.get_docstring(parsed(path)), path

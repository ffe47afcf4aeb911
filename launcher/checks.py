"""`start.py test`: everything that CI runs, one check after the other, and a table at the end."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from launcher.console import say
from launcher.environment import Environment

CHROMIUM_VARIABLE = "CHATBOT_TEST_CHROMIUM"
"""Tells the browser tests which program to start."""

MOST_PROCESSES = 4
"""Each holds PyTorch and the embedded model in memory."""

_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
)
_MAC_APPS = ("Chromium", "Google Chrome", "Microsoft Edge")
_WINDOWS_PROGRAMS = (
    r"Chromium\Application\chrome.exe",
    r"Google\Chrome\Application\chrome.exe",
    r"Microsoft\Edge\Application\msedge.exe",
)
_LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"
_NO_TESTS_CHOSEN = 5  # pytest's exit code
_SUMMARY = re.compile(r"\d+ (?:passed|failed|error|skipped|deselected).* in [\d.]+s")
_COLOUR = re.compile(r"\x1b\[[\d;]*m")


@dataclass(frozen=True)
class Check:
    """One command. `arguments` go to the environment's Python."""

    name: str
    arguments: tuple[str, ...]
    also_passes: int = 0  # an exit code beside 0 that is no failure


@dataclass(frozen=True)
class Outcome:
    name: str
    result: str  # "passed", "failed" or "skipped"
    seconds: float = 0.0
    note: str = ""


def run(environment: Environment, pytest_options: Sequence[str] = ()) -> int:
    """Run every check, whatever the others say. Returns 0 where all passed, else 1."""
    chromium = find_chromium()
    variables = environment.variables() | {CHROMIUM_VARIABLE: str(chromium or "")}
    if sys.stdout.isatty():
        variables["FORCE_COLOR"] = "1"
    outcomes = [
        run_check(check, environment.python, environment.project, variables)
        for check in checks(pytest_options)
    ]
    in_browsers = ("tests/e2e", "-n", str(processes()))
    browser = _tests("browser tests", in_browsers, pytest_options)
    if chromium:
        outcomes.append(run_check(browser, environment.python, environment.project, variables))
    else:
        outcomes.append(without_chromium(browser.name))
    say("")
    for line in table(outcomes):
        say(line)
    return int(any(outcome.result == "failed" for outcome in outcomes))


def checks(pytest_options: Sequence[str]) -> list[Check]:
    """Everything but the browser tests, the quick ones first."""
    tests = ("tests/unit", "tests/pages", "tests/test_architecture.py", "-n", str(processes()))
    return [
        Check("format", ("-m", "ruff", "format", "--check", ".")),
        Check("lint", ("-m", "ruff", "check", ".")),
        Check("types", ("-m", "mypy")),
        Check("import rules", ("-c", _LINT_IMPORTS, "--no-logo")),
        _tests("unit and page tests", tests, pytest_options),
    ]


def processes() -> int:
    """How many of the tests run at once."""
    return min(os.cpu_count() or 1, MOST_PROCESSES)


def _tests(name: str, folders: Sequence[str], options: Sequence[str]) -> Check:
    # Somebody's own choice (-k) may leave nothing of one part.
    return Check(name, ("-m", "pytest", *folders, *options), _NO_TESTS_CHOSEN if options else 0)


def run_check(check: Check, python: Path, project: Path, variables: dict[str, str]) -> Outcome:
    """Run one check, its output streaming by."""
    say(f"\n--- {check.name} ---")
    started = time.monotonic()
    note = ""
    with subprocess.Popen(
        [str(python), *check.arguments],
        cwd=project,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                print(line, end="", flush=True)
                if found := _SUMMARY.search(_COLOUR.sub("", line)):
                    note = found[0]
        except BaseException:
            process.terminate()
            raise
    result = "passed" if process.returncode in (0, check.also_passes) else "failed"
    return Outcome(check.name, result, time.monotonic() - started, note)


def without_chromium(name: str) -> Outcome:
    """The outcome where no browser was found: a failure under CI, else skipped."""
    say(f"\n--- {name} ---")
    how = "no Chromium found: install Chromium or Chrome, or set CHROMIUM to its program"
    say(how)
    return Outcome(name, "failed" if os.environ.get("CI") else "skipped", 0.0, how)


def table(outcomes: Iterable[Outcome]) -> list[str]:
    """The closing lines: what passed, what did not, in how many seconds."""
    rows = list(outcomes)
    width = max(len(row.name) for row in rows)
    lines = [
        f"{row.name:<{width}}  {row.result:<7}  {row.seconds:6.1f} s  {row.note}".rstrip()
        for row in rows
    ]
    failed = [row.name for row in rows if row.result == "failed"]
    seconds = sum(row.seconds for row in rows)
    end = f"failed: {', '.join(failed)}" if failed else "all well"
    return [*lines, f"{end} ({seconds:.0f} s)"]


def find_chromium() -> Path | None:
    """A browser of the Chromium family: `CHROMIUM`, else on the path, else in the usual places."""
    if chosen := os.environ.get("CHROMIUM"):
        found = shutil.which(chosen)
        return Path(found) if found else None
    on_path = (shutil.which(name) for name in _NAMES)
    if found := next(filter(None, on_path), None):
        return Path(found)
    return next((path for path in _usual_places() if path.is_file()), None)


def _usual_places() -> list[Path]:
    if sys.platform == "darwin":
        folders = (Path("/Applications"), Path.home() / "Applications")
        return [f / f"{app}.app/Contents/MacOS/{app}" for f in folders for app in _MAC_APPS]
    if sys.platform == "win32":
        names = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
        roots = [Path(os.environ[name]) for name in names if name in os.environ]
        return [root / program for root in roots for program in _WINDOWS_PROGRAMS]
    return [Path("/snap/bin/chromium")]

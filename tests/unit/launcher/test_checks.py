"""`start.py test`: which checks run, what the table says, where Chromium is looked for."""

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from launcher import checks
from launcher.checks import Check, Outcome
from tests.unit.launcher.small_project import SmallProject

TESTS = f"tests/unit tests/pages tests/test_architecture.py -n {checks.processes()}"


@pytest.fixture(autouse=True)
def _no_browser_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(checks, "_usual_places", list)


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def run_all(project: SmallProject, **variables: str) -> tuple[int, list[str]]:
    project.variables |= {"PATH": "", **variables}
    done = project.run("test")
    return done.code, done.output.splitlines()


def test_runs_everything_in_order_with_a_browser(ready: SmallProject, tmp_path: Path) -> None:
    chromium = program(tmp_path / "chromium")
    code, lines = run_all(ready, CHROMIUM=str(chromium))
    assert code == 0, lines
    assert [line for line in lines if line.startswith("ran ")] == [
        "ran ruff format --check .",
        "ran ruff check .",
        "ran mypy",
        "ran importlinter --no-logo",
        f"ran pytest {TESTS}",
        f"ran pytest tests/e2e -n {checks.processes()}",
    ]
    assert lines[-1].startswith("all well")
    assert sum("3 passed in 0.01s" in line for line in lines[-7:]) == 2


def test_without_a_browser_its_tests_are_skipped_and_it_says_how_to_get_one(
    ready: SmallProject,
) -> None:
    code, lines = run_all(ready)
    assert code == 0
    assert "ran pytest tests/e2e" not in lines
    hint = "no Chromium found: install Chromium or Chrome, or set CHROMIUM to its program"
    assert hint in lines
    assert any(line.startswith("browser tests") and "skipped" in line for line in lines)


def test_under_ci_a_missing_browser_fails(ready: SmallProject) -> None:
    code, lines = run_all(ready, CI="true")
    assert code == 1
    assert "failed: browser tests" in lines[-1]


def test_one_failure_does_not_hide_the_others(ready: SmallProject) -> None:
    code, lines = run_all(ready, PRETEND_FAILING="mypy")
    assert code == 1
    assert any(line.startswith("ran pytest tests/unit") for line in lines)
    assert lines[-1].startswith("failed: types (")


def test_options_for_pytest_are_passed_on(ready: SmallProject) -> None:
    ready.variables["PATH"] = ""
    done = ready.run("test", "--", "-k", "chat")
    assert f"ran pytest {TESTS} -k chat" in done.output


def test_the_browser_tests_are_told_which_program(tmp_path: Path) -> None:
    code = "import os, sys; sys.exit(os.environ['CHATBOT_TEST_CHROMIUM'] != '/there')"
    check = Check("which", ("-c", code))
    variables = {checks.CHROMIUM_VARIABLE: "/there"}
    assert run(check, tmp_path, variables).result == "passed"


@pytest.mark.parametrize(
    ("code", "also", "result"),
    [(0, 0, "passed"), (1, 0, "failed"), (5, 0, "failed"), (5, 5, "passed"), (1, 5, "failed")],
)
def test_exit_codes(tmp_path: Path, code: int, also: int, result: str) -> None:
    check = Check("exit", ("-c", f"raise SystemExit({code})"), also)
    assert run(check, tmp_path).result == result


def test_the_last_summary_is_kept_without_its_colours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "\x1b[31m== \x1b[1m1 failed\x1b[0m, \x1b[32m2 passed\x1b[0m in 3.21s ==\x1b[0m"
    outcome = run(Check("tests", ("-c", f"print({text!r})")), tmp_path)
    assert outcome.note == "1 failed, 2 passed in 3.21s"
    assert text in capsys.readouterr().out


def test_the_table_names_what_failed() -> None:
    rows = [Outcome("format", "passed", 0.5), Outcome("types", "failed", 12.25, "why")]
    assert checks.table(rows) == [
        "format  passed      0.5 s",
        "types   failed     12.2 s  why",
        "failed: types (13 s)",
    ]


def test_chromium_by_its_variable_on_the_path_or_in_the_usual_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checks.find_chromium() is None
    usual = program(tmp_path / "Applications" / "Chromium")
    monkeypatch.setattr(checks, "_usual_places", lambda: [tmp_path / "nowhere", usual])
    assert checks.find_chromium() == usual
    on_path = program(tmp_path / "bin" / "google-chrome")
    assert checks.find_chromium() == on_path
    chosen = program(tmp_path / "mine" / "browser")
    monkeypatch.setenv("CHROMIUM", str(chosen))
    assert checks.find_chromium() == chosen


def test_a_wrong_variable_is_not_replaced_by_a_guess(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin" / "chromium")
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "missing"))
    assert checks.find_chromium() is None


def run(check: Check, folder: Path, variables: Mapping[str, str] | None = None) -> Outcome:
    return checks.run_check(check, Path(sys.executable), folder, dict(variables or {}))

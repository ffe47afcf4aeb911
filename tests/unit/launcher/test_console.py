import io
import sys

import pytest

from launcher import console
from launcher.console import ProgressLine, in_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "a few seconds"),
        (19, "a few seconds"),
        (26, "about 30 s"),
        (54, "about 50 s"),
        (55, "about 1 min"),
        (100, "about 2 min"),
        (3600, "about 60 min"),
    ],
)
def test_durations_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_one_line_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    with ProgressLine() as line:
        line.show("a long beginning")
        line.show("short")
        line.show("short")
    assert terminal.getvalue() == "\r  a long beginning\r  short" + " " * 11 + "\n"


def test_a_line_never_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "20")
    with ProgressLine() as line:
        line.show("x" * 100)
    assert len(terminal.getvalue().strip("\r\n")) == 19


def test_in_a_pipe_lines_are_plain_and_few(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 0.0
    monkeypatch.setattr(console.time, "monotonic", lambda: now)
    with ProgressLine() as line:
        for now in range(25):
            line.show(f"step {now}")
    assert capsys.readouterr().out == "  step 0\n  step 10\n  step 20\n"

"""Completion by key, colours, and a real terminal."""

import io
import os
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chatbot import paths
from chatbot.console.screen import Screen, visible, wants_colour
from chatbot.console.typing_line import completions

pty = pytest.importorskip("pty", reason="Windows has no pseudo terminals")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("/re", ["/reset", "/regenerate", "/remember"]),
        ("/set temp", ["temperature"]),
        ("/set top_", ["top_p", "top_k"]),
        ("/provider o", ["off", "openai"]),
        ("hello", []),
        ("/save x", []),
    ],
)
def test_what_can_follow(typed: str, offered: list[str]) -> None:
    assert sorted(completions(typed)) == sorted(offered)


def test_models_are_offered(home: Path) -> None:
    assert "pocket-gpt2" in list(completions("/model p"))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colours_where_they_are_wanted(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], wanted: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert wants_colour(Terminal()) is wanted
    assert not wants_colour(io.StringIO())


def test_no_word_commands_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert visible("a\x1b[2J\x07\rb\n\tc\u202e") == "a[2Jb\n\tc"
    Screen(colour=False).say(["\x1b[31mred"])
    assert capsys.readouterr().out == "[31mred\n"


def test_at_a_real_terminal(home: Path, tiny_gpt2: Path) -> None:
    """Type into it as a person does: completion by Tab, a command, a question, then leave."""
    master, slave = pty.openpty()
    environment = {
        **os.environ,
        "CHATBOT_HOME": str(home),
        "TERM": "xterm",
        "NO_COLOR": "1",
        "PROMPT_TOOLKIT_NO_CPR": "1",
    }
    command = [sys.executable, str(paths.PROJECT / "demo.py"), "--model", str(tiny_gpt2)]
    process = subprocess.Popen(
        [*command, "--max-new-tokens", "4", "--seed", "3"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment,
    )
    os.close(slave)
    seen = ""

    def until(text: str) -> None:
        nonlocal seen
        end = time.monotonic() + 100
        while text not in seen:
            assert time.monotonic() < end, seen
            if select.select([master], [], [], 1)[0]:
                seen += os.read(master, 65536).decode("utf-8", "replace")
        seen = seen.rpartition(text)[2]

    try:
        until("You:")
        os.write(master, b"/set seed 7\r")
        until("seed is 7.")
        os.write(master, b"hello\r")
        until("seed 7, ")
        os.write(master, b"quit\r")
        end = time.monotonic() + 100
        while process.poll() is None:
            assert time.monotonic() < end
            if select.select([master], [], [], 0.2)[0]:
                try:
                    os.read(master, 65536)
                except OSError:  # the other end is closed
                    break
        assert process.wait(100) == 0
        assert "hello" in (home / "data" / ".console_history").read_text(encoding="utf-8")
    finally:
        process.kill()
        process.wait()
        os.close(master)

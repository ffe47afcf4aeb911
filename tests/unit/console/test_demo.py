"""Whole transcripts of the console chat, in a process of its own and at a pretended terminal."""

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatbot import paths
from chatbot.chat_bot import Reply
from chatbot.console import options, talk
from chatbot.engine import default_model
from chatbot.engine.text_stream import Chunk

QUICK = ["--max-new-tokens", "12", "--temperature", "1.5", "--top-k", "0", "--seed", "3"]


def piped(text: str, *arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    """`printf text | python demo.py arguments`."""
    return subprocess.run(
        [sys.executable, paths.PROJECT / "demo.py", *map(str, arguments)],
        input=text.encode(),
        capture_output=True,
        timeout=100,
        check=False,
    )


def test_piped_questions_get_one_line_each(tiny_gpt2: Path) -> None:
    text = "hello\n\nwho are you?\nquit\nnever asked\n"
    done = piped(text, "--model", tiny_gpt2, *QUICK)
    assert done.stderr == b""
    assert done.returncode == 0
    lines = done.stdout.decode().splitlines()
    assert len(lines) == 2
    assert all(line.startswith("Bot: ") and len(line) > 6 for line in lines)


def test_piped_input_ends_without_quit_and_survives_odd_bytes(
    tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", pipe(b"caf\xe9 \xf0\x9f\x8e\x89\nBYE"))
    assert talk.main(["--model", str(tiny_gpt2), *QUICK]) == 0
    assert capsys.readouterr().out.count("Bot: ") == 1


def test_what_came_instead_of_a_new_poem_is_told_beside_a_pipe(
    tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", pipe(b"write a poem about submarine cables\nquit\n"))
    assert talk.main(["--model", str(tiny_gpt2), *QUICK]) == 0
    output = capsys.readouterr()
    assert output.out.count("\n") == output.out.count("Bot: ") == 1
    assert "No new poem came from the local model" in output.err


def pipe(content: bytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), encoding="ascii")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "nobody/nothing"], "no such model"),
        (["--temperature", "9"], "temperature must be"),
    ],
)
def test_what_is_wrong_is_one_sentence(arguments: list[str], said: str) -> None:
    done = piped("hello\n", *arguments)
    assert done.returncode == 1
    assert done.stdout == b""
    assert said in done.stderr.decode()
    assert len(done.stderr.decode().strip().splitlines()) == 1


def test_a_question_that_is_too_long_ends_a_pipe(
    tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", pipe(b"hello\n" + b"word " * 500 + b"\nhello\n"))
    assert talk.main(["--model", str(tiny_gpt2), *QUICK]) == 1
    output = capsys.readouterr()
    assert output.out.count("\n") == output.out.count("Bot: ") == 1
    assert "too long" in output.err


def test_a_reader_that_leaves_is_no_error(tiny_gpt2: Path) -> None:
    command = [sys.executable, str(paths.PROJECT / "demo.py"), "--model", str(tiny_gpt2), *QUICK]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    process.stdin.write(b"hello\n" * 3)
    process.stdin.close()
    assert process.stderr.read() == b""
    assert process.wait(100) == 0
    process.stderr.close()


Typed = str | type[BaseException]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def at_terminal(tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run the chat with lines that a person types; an exception class stands for its key."""
    monkeypatch.setattr(sys, "stdin", Terminal())

    def run(*typed: Typed, arguments: tuple[str, ...] = ()) -> int:
        left: Iterator[Typed] = iter(typed)

        def ask(prompt: str) -> str:
            assert prompt == "You: "
            line = next(left)
            if isinstance(line, str):
                return line
            raise line

        code = talk.main(["--model", str(tiny_gpt2), *QUICK, *arguments], ask)
        assert next(left, None) is None, "it left before everything was typed"
        return code

    return run


def test_at_a_terminal(at_terminal: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert at_terminal("hello", "", "  Exit ") == 0
    output = capsys.readouterr().out
    assert "Ctrl-C stops an answer" in output
    assert output.count("Bot: ") == 1
    assert "seed 3, " in output
    assert "tokens/s]" in output


@pytest.mark.parametrize("word", ["quit", "exit", "bye", "QUIT", EOFError])
def test_leaving(at_terminal: Callable[..., int], word: Typed) -> None:
    assert at_terminal(word) == 0


def test_ctrl_c_stops_an_answer_and_twice_leaves(
    at_terminal: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = Reply.__next__
    keys = iter([True])

    def pressed_once(reply: Reply) -> Chunk:
        if next(keys, False):
            raise KeyboardInterrupt
        return whole(reply)

    monkeypatch.setattr(Reply, "__next__", pressed_once)
    assert at_terminal("hello", "hello again", KeyboardInterrupt, "hello", "quit") == 0
    output = capsys.readouterr().out
    assert output.count("Ctrl-C again to leave") == 2
    assert output.count("Bot: ") == 3
    assert output.count("tokens/s]") == 2
    assert at_terminal(KeyboardInterrupt, KeyboardInterrupt) == 0


def test_a_refused_question_does_not_end_the_chat(
    at_terminal: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert at_terminal("word " * 500, "hello", "quit") == 0
    output = capsys.readouterr()
    assert "too long" in output.err
    assert "tokens/s]" in output.out


def test_settings_come_from_the_command_line() -> None:
    given = options.read(["--preset", "Creative", "--top-p", "0.5", "--seed", "9"])
    params = options.params(given)
    assert (params.temperature, params.repetition_penalty) == (0.9, 1.2)
    assert (params.top_p, params.seed) == (0.5, 9)


def test_the_default_is_what_is_installed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "PROJECT", home / "nothing")
    assert options.default_name() == "smollm2-135m-instruct"
    assert talk.main([]) == 1
    assert os.environ["CHATBOT_HOME"] == str(home)


def test_a_promoted_model_that_is_gone_is_told_of(
    home: Path, tiny_gpt2: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(tiny_gpt2, home / "models" / "tiny")
    default_model.promote("tiny")
    assert options.default_name() == "tiny"
    assert not capsys.readouterr().err
    shutil.rmtree(home / "models" / "tiny")
    others = options.default_name()
    assert others != "tiny"
    assert "The default model tiny is not there any more" in capsys.readouterr().err

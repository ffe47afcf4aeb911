"""The command line: what it prints, and its exit codes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from chatbot.__main__ import main
from chatbot.dataset.importers import dump
from chatbot.messages import Conversation, user
from chatbot.training import runs
from tests.unit.training.small import conversations, install, write_persona

TRAIN = ["train", "--base", "tiny-gpt2", "--method", "full", "--batch-size", "4"]


@pytest.fixture
def ready(home: Path, tiny_gpt2: Path) -> Path:
    """A home with a small persona and a tiny model."""
    write_persona(home)
    install(tiny_gpt2, home)
    return home


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["train"],
        ["dataset"],
        ["dataset", "check"],
        ["models"],
        ["models", "list"],
        ["models", "export"],
    ],
)
def test_every_command_has_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*words, "--help"])
    assert caught.value.code == 0
    assert "usage: python -m chatbot" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [[], ["fly"], ["train", "--epochs", "many"], ["train", "--method", "magic"]]
)
def test_what_is_not_understood_is_exit_code_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2


def test_train_ends_with_a_checkpoint_and_a_result_for_programs(
    ready: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--max-steps", "6", "--evaluations", "2", "--question", "Who?", "--run-id", "mine"]
    assert main([*TRAIN, *arguments, "--json"]) == 0
    out, err = capsys.readouterr()
    result = json.loads(out)
    assert (result["state"], result["step"], result["run"]) == ("finished", 6, "mine")
    assert Path(result["checkpoint"]).is_dir()
    assert list(result["held_out_loss"]) == ["0", "3", "6"]
    assert "Training" in err
    assert "held-out loss" in err
    run = runs.get_run("mine")
    assert (run.config.questions, run.config.batch_size) == (("Who?",), 4)

    assert main(["models", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert result["model"] in [model["name"] for model in listed]
    assert main(["train", "--resume", "mine"]) == 1
    assert "can't be resumed" in capsys.readouterr().err


def test_a_base_named_by_its_folder_is_written_down_by_its_name(ready: Path) -> None:
    folder = str(ready / "models" / "tiny-gpt2")
    words = ["--method", "full", "--max-steps", "2", "--evaluations", "1", "--run-id", "by-folder"]
    assert main(["train", "--base", folder, *words]) == 0
    assert runs.get_run("by-folder").config.base_model == "tiny-gpt2"


def test_train_says_what_is_wrong_without_a_traceback(
    ready: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*TRAIN, "--learning-rate", "10"]) == 1
    assert "Learning rate" in capsys.readouterr().err
    assert main(["train", "--dataset", str(ready / "none.json")]) == 1
    assert "none.json" in capsys.readouterr().err
    assert main(["train", "--base", "nowhere"]) == 1
    out, err = capsys.readouterr()
    assert "nowhere" in err
    assert (out, "Traceback" in err) == ("", False)


def test_a_run_that_fails_is_exit_code_1(
    ready: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from chatbot.training import work

    def breaks(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(work, "_train", breaks)
    assert main([*TRAIN, "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["state"] == "failed"
    assert "ran out of memory" in err


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT for one process")
def test_one_interrupt_stops_and_keeps(ready: Path) -> None:
    arguments = [*TRAIN, "--max-steps", "100000", "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "chatbot", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as work:
        deadline = time.monotonic() + 90
        while (run := runs.active_run()) is None or run.status().step < 2:
            assert work.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        work.send_signal(signal.SIGINT)
        out, err = work.communicate(timeout=90)
    assert work.returncode == 0
    assert json.loads(out)["state"] == "stopped"
    assert json.loads(out)["checkpoint"]
    assert "Traceback" not in err


def test_the_recipe_is_made_by_its_command(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from chatbot.training import recipe

    asked: list[Any] = []

    def made(on_progress: Any) -> Path:
        asked.append(on_progress)
        return home / "models" / "checkpoint-420"

    monkeypatch.setattr(recipe, "make_pocket", made)
    assert main(["train", "--recipe", "pocket"]) == 0
    assert len(asked) == 1
    assert "checkpoint-420" in capsys.readouterr().out


def test_a_clean_data_set_is_exit_code_0_and_findings_are_1(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "talks.json"
    file.write_bytes(dump(conversations(24)))
    assert main(["dataset", "check", str(file)]) == 0
    assert "Nothing to mend" in capsys.readouterr().out
    file.write_bytes(dump([*conversations(24), Conversation((user(""),))]))
    assert main(["dataset", "check", str(file)]) == 1
    assert "error: conversation 25: " in capsys.readouterr().out
    assert main(["dataset", "check", str(file), "--json"]) == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert {finding["row"] for finding in findings} == {25}
    assert findings[0]["remedy"]


def test_without_a_file_the_persona_of_the_editor_is_checked(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_persona(home)
    assert main(["dataset", "check"]) == 0
    path.write_text("{", encoding="utf-8")
    assert main(["dataset", "check"]) == 1
    assert path.name in capsys.readouterr().err


def test_a_file_that_is_not_there_is_a_sentence(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dataset", "check", str(home / "none.json")]) == 1
    assert "none.json" in capsys.readouterr().err


def test_models_are_listed_by_name(ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert {"smollm2-135m-instruct", "pocket-gpt2", "tiny-gpt2"} <= set(names)


def test_checking_a_data_set_needs_no_torch(home: Path) -> None:
    write_persona(home)
    code = (
        "import sys; from chatbot.__main__ import main; main(['dataset', 'check']);"
        "main(['models', 'list']);"
        "print([n for n in ('torch', 'transformers') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert done.stdout.splitlines()[-1] == "[]"

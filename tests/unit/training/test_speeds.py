"""How fast this machine trains: measured by real steps in a process of its own."""

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot import paths
from chatbot.training import preflight, speeds
from chatbot.training.config import TrainingConfig
from chatbot.training.job import run_training
from chatbot.training.runs import process_start
from chatbot.training.scores.results import read_scores
from chatbot.training.speeds import Speeds
from tests.unit.training.small import changed


def measured(config: TrainingConfig) -> Speeds:
    known = Speeds()
    known.measure(config)
    assert known.measuring
    known.join(60)
    assert not known.measuring
    return known


def pretend(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program in the place of the trial."""

    def begin() -> "subprocess.Popen[str]":
        pipe = subprocess.PIPE
        command = [sys.executable, "-c", program]
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    monkeypatch.setattr(speeds, "begin_trial", begin)


def test_a_few_real_steps_tell_the_speed_and_a_restart_remembers(settings: TrainingConfig) -> None:
    speed = measured(settings).known(settings)
    assert speed is not None
    assert speed.tokens_per_second > 100
    assert speed.tokens_a_conversation is not None
    assert 5 < speed.tokens_a_conversation < 200
    assert (speed.of_run, speed.batch_size, speed.device) == ("", 4, "cpu")

    plan = preflight.check(settings)
    short = speed.seconds(settings, plan, 30)
    long = changed(settings, max_steps=50_000)
    assert speed.seconds(long, preflight.check(long), 30) > 2 * short
    assert Speeds().known(settings) == speed
    assert Speeds().known(changed(settings, batch_size=2)) == speed
    assert Speeds().known(changed(settings, method="lora")) is None
    assert list(paths.runs_dir().iterdir()) == [paths.runs_dir() / ".speeds.json"]


def test_what_can_not_be_tried_says_why(settings: TrainingConfig, persona: Path) -> None:
    persona.write_text("[]")
    known = measured(settings)

    assert known.known(settings) is None
    assert "nothing to learn from" in str(known.problem(settings))


def test_a_run_tells_the_speed_as_well(settings: TrainingConfig) -> None:
    run = run_training(changed(settings, held_out=0.0))

    speed = Speeds().known(settings)
    assert speed is not None
    assert speed.of_run == run.id
    assert speed.tokens_per_second > 100
    scores = read_scores(run.path)
    assert scores is not None
    assert speed.scoring == scores.seconds
    plan = preflight.check(run.config)
    untold = replace(speed, scoring=None).seconds(run.config, plan, 30)
    told = speed.seconds(run.config, plan, 30)
    assert untold - told == pytest.approx(speeds.SCORING[settings.method] - scores.seconds)


@pytest.mark.parametrize("learned_in", ["bfloat16", "float32"])
def test_a_run_tells_the_number_format_that_its_memory_depends_on(
    settings: TrainingConfig, monkeypatch: pytest.MonkeyPatch, learned_in: str
) -> None:
    monkeypatch.setenv("CHATBOT_DTYPE", learned_in)
    run_training(changed(settings, held_out=0.0))
    speed = Speeds().known(settings)
    assert speed is not None
    assert speed.bfloat16 is (learned_in == "bfloat16")


def test_a_stopped_trial_leaves_no_word(
    settings: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend("import time; time.sleep(60)", monkeypatch)
    known = Speeds()
    known.measure(settings)
    until = time.monotonic() + 20
    while known._process is None:
        assert time.monotonic() < until
        time.sleep(0.01)
    known.stop()
    known.join(20)

    assert not known.measuring
    assert known.problem(settings) is None
    assert known.known(settings) is None


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; print('so bad', file=sys.stderr); sys.exit(1)", "so bad"),
        ("print('[]')", "ended early"),
        ("import sys; print('{}'); sys.exit(3)", "ended early"),
    ],
)
def test_a_trial_that_fails_is_a_sentence(
    settings: TrainingConfig, monkeypatch: pytest.MonkeyPatch, program: str, said: str
) -> None:
    pretend(program, monkeypatch)
    known = measured(settings)

    assert said in str(known.problem(settings))


def test_too_slow_is_given_up(settings: TrainingConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend("import time; time.sleep(60)", monkeypatch)
    monkeypatch.setattr(speeds, "LONGEST_TRIAL", 0.2)

    assert "given up" in str(measured(settings).problem(settings))


@pytest.mark.parametrize(
    "kept", ["[", "[]", '{"full tiny": 3}', '{"full tiny": {"when": "x", "batch_size": 4}}']
)
def test_what_can_not_be_read_is_measured_again(settings: TrainingConfig, kept: str) -> None:
    paths.runs_dir().mkdir(parents=True, exist_ok=True)
    (paths.runs_dir() / ".speeds.json").write_text(kept)

    assert Speeds().known(settings) is None


def test_the_trial_prints_one_object(settings: TrainingConfig) -> None:
    process = speeds.begin_trial()
    said, complaint = process.communicate(changed(settings, batch_size=64).to_json(), timeout=60)

    assert process.returncode == 0, complaint
    assert json.loads(said)["memory"] > 0


def test_a_trial_ends_with_the_server_that_began_it() -> None:
    """It waits for settings from a pipe of ours, so that nothing else could end it."""
    begin = (
        "import subprocess, sys, time\n"
        "command = [sys.executable, '-m', 'chatbot.training.trial']\n"
        "print(subprocess.Popen(command).pid, flush=True)\n"
        "time.sleep(600)"
    )
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", begin]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as server:
        assert server.stdout is not None
        trial = int(server.stdout.readline())
        began = process_start(trial)
        time.sleep(1)
        assert process_start(trial) == began is not None
        server.kill()
        server.wait()
        until = time.monotonic() + 30
        while process_start(trial) == began:
            assert time.monotonic() < until
            time.sleep(0.05)

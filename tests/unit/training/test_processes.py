"""Two real processes learn one run together, and what they learn is what one would have learned."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from chatbot.engine import device
from chatbot.errors import BadInput
from chatbot.training import runs, saving
from chatbot.training.command import command_of
from chatbot.training.config import METHODS, TrainingConfig
from chatbot.training.data import source_of
from chatbot.training.job import run_training
from chatbot.training.processes import Group, launched
from chatbot.training.runlog import request_pause
from chatbot.training.runs import Run
from tests.unit.training.branches import Two, threads_of
from tests.unit.training.small import changed

pytestmark = pytest.mark.timeout(300)
TIME = 250
"""Seconds after which two processes hang. Alone on a machine they take about ten."""
TORCHRUN = ["torch.distributed.run", "--nproc-per-node=2", "--master-port={port}"]
ACCELERATE = [
    "accelerate.commands.accelerate_cli",
    "launch",
    "--multi_gpu",
    "--num_processes=2",
    "--num_machines=1",
    "--mixed_precision=no",
    "--dynamo_backend=no",
    "--main_process_port={port}",
]


@pytest.fixture(autouse=True)
def alike(home: Path, tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No dropout, whose random numbers differ between processes, and one number format."""
    monkeypatch.setenv("CHATBOT_DTYPE", "float32")
    monkeypatch.setenv("CHATBOT_DEVICE", "cpu")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    path = home / "models" / tiny / "config.json"
    parts = dict.fromkeys(("attn_pdrop", "embd_pdrop", "resid_pdrop"), 0.0)
    path.write_text(json.dumps(json.loads(path.read_text()) | parts))


def launched_by(launcher: list[str], *arguments: str) -> subprocess.Popen[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = [word.format(port=port) for word in launcher]
    return subprocess.Popen(
        [sys.executable, "-m", *start, "-m", "chatbot", "train", "--json", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def ended(processes: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Exit code and what was printed; a hang fails."""
    try:
        out, err = processes.communicate(timeout=TIME)
    except subprocess.TimeoutExpired:
        os.killpg(processes.pid, signal.SIGTERM)  # the launcher ends those that it has started
        out, err = processes.communicate(timeout=60)
        pytest.fail(f"The processes hang.\n{out}\n{err}")
    return processes.returncode, out, err


def until_it_learns(two: Two) -> None:
    rows = Path(os.environ["CHATBOT_HOME"]) / "models" / "runs" / "two" / "metrics.jsonl"
    while not runs.read_rows(rows):
        assert two.first.is_alive(), two.ended(TIME)
        time.sleep(0.005)


def flags(config: TrainingConfig, name: str) -> list[str]:
    words: list[list[str]] = []
    count = len(source_of(Path(config.dataset or default_data()).read_bytes(), "data").usable)
    command_of(config, "Quick", count, quote=lambda parts: words.append(parts) or "")
    return [*words[0][4:], f"--run-id={name}"]


def default_data() -> Path:
    return Path(os.environ["CHATBOT_HOME"]) / "data" / "custom_chat_data.json"


def losses(run: Run, name: str) -> dict[int, float]:
    return {row["step"]: row[name] for row in run.metrics() if name in row}


def last_weights(run: Run) -> dict[str, torch.Tensor]:
    """Without the keys' biases: softmax takes them out of every answer, so that their gradients
    are nothing but rounding, which Adam makes into full steps."""
    checkpoint = run.checkpoints()[-1]
    weights = load_file(next(checkpoint.glob("*model.safetensors")))
    for name, weight in weights.items():
        if name.endswith("attn.c_attn.bias"):  # queries, keys, values
            weight.chunk(3)[1].zero_()
    return weights


def assert_learned_the_same(run: Run, alone: Run, steps: int) -> None:
    for name in ("loss", "eval_loss"):
        theirs = losses(alone, name)  # a pause measures once more
        ours = {step: loss for step, loss in losses(run, name).items() if step in theirs}
        assert ours == pytest.approx(theirs, rel=1e-4)
    assert sorted(losses(run, "loss")) == list(range(1, steps + 1))
    mine, weights = last_weights(run), last_weights(alone)
    assert mine.keys() == weights.keys()
    for key, weight in mine.items():  # whole models are written in bfloat16
        torch.testing.assert_close(weight.float(), weights[key].float(), rtol=1e-2, atol=2e-3)
    drift = max(abs(loss / losses(alone, "loss")[n] - 1) for n, loss in losses(run, "loss").items())
    apart = max(float((mine[key].float() - weights[key].float()).abs().max()) for key in mine)
    print(f"losses differ by {drift:.1e} of themselves, weights by {apart:.1e}")


@pytest.mark.parametrize("method", METHODS)
def test_two_processes_learn_what_one_would(
    settings: TrainingConfig, method: Any, home: Path
) -> None:
    """Several passes over the data, whose last batches are smaller; accumulated in one of them."""
    config = changed(
        settings,
        method=method,
        learning_rate=3e-3,
        gradient_accumulation=2 if method == "full" else 1,
        lora_dropout=0.0,
    )
    alone = run_training(config, run_id="alone")
    assert alone.status().state == "finished", alone.status()
    launchers = {"full": ACCELERATE, "lora": TORCHRUN}

    if method in launchers:
        code, out, err = ended(launched_by(launchers[method], *flags(config, "two")))
    else:
        code, out, err = Two(home / "said", *flags(config, "two")).ended(TIME)

    assert code == 0, err
    run = runs.get_run("two")
    assert json.loads(out)["state"] == "finished"  # one object: only one process has printed
    assert run.facts["processes"] == 2
    assert alone.facts["processes"] == 1
    assert run.config.conversations_a_step == alone.config.conversations_a_step
    assert len(run.answers()) == len(alone.answers())
    assert_learned_the_same(run, alone, 11)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the names of threads")
def test_torch_s_threads_end_before_the_process_does(settings: TrainingConfig, home: Path) -> None:
    """One that still lets go of tensors while Python ends would abort the process."""
    two = Two(home / "said", *flags(changed(settings, max_steps=60), "two"))
    until_it_learns(two)
    assert two.first.pid is not None
    assert [name for name in threads_of(two.first.pid) if "gloo" in name]
    code, _, err = two.ended(TIME)
    assert code == 0, err
    assert [name for name in two.threads_left() if "gloo" in name] == []


def test_a_pause_ends_both_and_a_resume_ends_the_same(settings: TrainingConfig, home: Path) -> None:
    config = changed(settings, max_steps=60, learning_rate=3e-3)
    alone = run_training(config, run_id="alone")
    two = Two(home / "said", *flags(config, "two"))
    until_it_learns(two)
    run = runs.get_run("two")
    request_pause(run)
    code, out, err = two.ended(TIME)
    assert code == 0, err
    assert json.loads(out)["state"] == "paused"
    assert run.status().step < 60
    state = saving.last_state(run)
    assert state is not None
    assert {"rng_state_0.pth", "rng_state_1.pth"} <= {path.name for path in state.iterdir()}

    code, _, err = Two(home / "said again", "--resume=two").ended(TIME)
    assert code == 0, err
    assert run.status().state == "finished"
    assert_learned_the_same(run, alone, 60)


def test_a_failure_between_two_steps_ends_both_with_one_sentence(
    settings: TrainingConfig, home: Path
) -> None:
    two = Two(home / "said", *flags(changed(settings, max_steps=5000), "two"))
    until_it_learns(two)
    metrics = runs.get_run("two").path / "metrics.jsonl"
    while not metrics.is_dir():  # no row can be written any more
        with suppress(OSError):
            metrics.unlink()
            metrics.mkdir()
    code, out, err = two.ended(TIME)
    assert code == 1
    assert two.second.exitcode == 1
    assert json.loads(out)["state"] == "failed"
    run = runs.get_run("two")
    assert "could not go on" not in run.status().error  # it is the main process's own failure
    assert err.count(run.status().error) == 1
    assert run.can_resume


def test_a_batch_that_cannot_be_shared_is_told_once(settings: TrainingConfig, home: Path) -> None:
    config = changed(settings, batch_size=3)
    code, out, err = Two(home / "said", *flags(config, "two")).ended(TIME)
    assert code == 1
    assert not out
    assert err.count("2 processes can't share a batch evenly.") == 1
    assert "Choose a batch size of 2 or 4" in err
    assert not runs.list_runs()


def test_a_process_that_is_killed_ends_the_other(settings: TrainingConfig, home: Path) -> None:
    two = Two(home / "said", *flags(changed(settings, max_steps=5000), "two"))
    until_it_learns(two)
    raw = json.loads((runs.get_run("two").path / "status.json").read_text())
    assert two.first.pid == raw["pid"]
    two.second.kill()
    code, _, _ = two.ended(TIME)
    assert code == 1
    status = runs.get_run("two").status()
    assert status.state in ("failed", "interrupted")
    assert status.state == "interrupted" or "One of the 2 processes" in status.error
    assert runs.get_run("two").can_resume


def test_shares() -> None:
    assert [Group(3, index).share_of(6) for index in range(3)] == [2, 2, 2]
    assert [Group(3, index).part_of("abcd") for index in range(3)] == ["ad", "b", "c"]
    assert Group(3, 2).part_of("ab") == ""
    with pytest.raises(BadInput, match="Choose a batch size of 3:"):
        Group(3).share_of(2)
    with pytest.raises(BadInput, match="Choose a batch size of 3 or 6:"):
        Group(3).share_of(5)


def test_only_a_launcher_makes_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert launched() == 1
    monkeypatch.setenv("RANK", "1")
    assert launched() == 2


def test_one_process_starts_no_group(settings: TrainingConfig) -> None:
    run = run_training(changed(settings, max_steps=2, evaluations=1), run_id="alone")
    assert run.status().state == "finished"
    assert not torch.distributed.is_initialized()


@pytest.mark.parametrize(
    ("name", "capability", "expected"),
    [("cuda", (9, 0), True), ("cuda:1", (7, 5), False), ("cpu", (9, 0), False)],
)
def test_tf32_where_the_card_computes_it(
    name: str, capability: tuple[int, int], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = SimpleNamespace(get_device_capability=lambda *_: capability)
    monkeypatch.setattr(torch, "cuda", card)
    assert device.computes_tf32(name) is expected

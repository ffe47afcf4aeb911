"""Pocket GPT-2: how the model that is shipped as models/checkpoint-420 is made again.

    python -m chatbot train --recipe pocket

420 optimizer steps on the starter persona that comes with the project, from random weights. On one
machine, with the same libraries and number of threads, it gives the same bytes each time.
"""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chatbot import paths
from chatbot.engine.catalog import POCKET_FOLDER
from chatbot.errors import ChatbotError
from chatbot.files import sha256_of
from chatbot.training.config import TrainingConfig
from chatbot.training.job import run_training
from chatbot.training.runlog import Listener
from chatbot.training.runs import Run

DATASET = "data/custom_chat_data.json"
"""As the recipe names it: relative to the project."""
RECIPE_FILE = "recipe.json"
COMMAND = "python -m chatbot train --recipe pocket"

POCKET = TrainingConfig(
    base_model="",
    method="scratch",
    dataset=DATASET,
    max_steps=420,
    batch_size=64,
    learning_rate=6e-3,
    warmup_ratio=0.05,
    weight_decay=0.1,
    scratch_layers=4,
    scratch_width=256,
    scratch_heads=4,
    scratch_vocab=2048,
    max_length=512,
    held_out=0.0,
    seed=42,
)


def make_pocket(on_progress: Listener | None = None) -> Path:
    """Train Pocket GPT-2 and put it in place of the one that is there.

    Returns:
        models/checkpoint-420, with `recipe.json` beside the weights.

    Raises:
        Conflict: a run is going on.
        ChatbotError: the training did not get to its end.
    """
    config = TrainingConfig.of(**{**asdict(POCKET), "dataset": str(paths.shipped_dataset_path())})
    run = run_training(config, on_progress=on_progress)
    status = run.status()
    checkpoint = run.best_checkpoint
    if status.state != "finished" or checkpoint is None:
        raise ChatbotError(
            "Pocket GPT-2 was not made: the training did not get to its end.",
            value=status.error or status.state,
            remedy="The old one, if there was one, is untouched. Try again.",
        )
    (checkpoint / RECIPE_FILE).write_text(
        json.dumps(recipe(run, checkpoint), indent=2) + "\n", encoding="utf-8"
    )
    target = paths.models_dir() / POCKET_FOLDER
    aside = target.with_name(f".{POCKET_FOLDER}.old.tmp")
    shutil.rmtree(aside, ignore_errors=True)
    if target.exists():
        target.rename(aside)
    checkpoint.rename(target)
    shutil.rmtree(aside, ignore_errors=True)
    shutil.rmtree(run.path, ignore_errors=True)
    return target


def recipe(run: Run, checkpoint: Path) -> dict[str, Any]:
    """What the shipped weights were made of, without a trace of where."""
    losses = [row["loss"] for row in run.metrics() if "loss" in row]
    facts = run.facts
    return {
        "command": COMMAND,
        "config": json.loads(POCKET.to_json()),
        "dataset": DATASET,
        "dataset_sha256": facts["dataset_sha256"],
        "weights_sha256": sha256_of(checkpoint / "model.safetensors"),
        "final_loss": round(sum(losses[-20:]) / len(losses[-20:]), 4),
        **{
            key: facts[key]
            for key in (
                "conversations",
                "tokens",
                "learned_tokens",
                "steps",
                "parameters",
                "seed",
                "dtype",
                "threads",
                "python",
                "libraries",
            )
        },
    }

"""Runs that go astray, in a real browser: the page says so at the right step, and beside each other
two of them show what made the difference."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visitor
from tests.e2e.fine_tune_page import choose_base, opened, train
from tests.e2e.lab import Lab
from tests.e2e.select_box import pick_first
from tests.unit.training.small import senseless

pytestmark = pytest.mark.timeout(300)

BY_HEART = {
    "batch_size": 8,
    "learning_rate": 0.03,
    "weight_decay": 0,
    "held_out": 0.4,
    "evaluations": 12,
    "patience": 0,
    "max_steps": 120,
}
FAR_TOO_FAST = {
    "learning_rate": 0.1,
    "warmup_ratio": 0.9,
    "lora_alpha": 1024,
    "evaluations": 4,
    "max_steps": 40,
}


def held_out(lab: Lab) -> dict[int, float]:
    """By step, of the only run."""
    (metrics,) = (lab.models / "runs").glob("*/metrics.jsonl")
    rows: list[dict[str, Any]] = [
        json.loads(line) for line in metrics.read_text("utf-8").splitlines()
    ]
    return {row["step"]: row["eval_loss"] for row in rows if "eval_loss" in row}


def test_learned_by_heart_then_too_fast_and_both_compared(lab: Lab, visitor: Visitor) -> None:
    senseless(lab.data / "custom_chat_data.json")
    lab.start()
    page = opened(visitor, lab)
    choose_base(page, "tiny")
    train(page, "full", BY_HEART)
    expect(page.get_by_text("Finished", exact=True).first).to_be_visible(timeout=120_000)
    losses = held_out(lab)
    lowest = min(losses, key=lambda step: losses[step])
    expect(page.get_by_text(f"Memorizing since step {lowest}:").first).to_be_visible()
    expect(page.get_by_text("Chat with the best checkpoint").first).to_be_visible()

    page.reload()
    (learned,) = (lab.models / "runs").glob(f"*/checkpoint-{lowest}")
    choose_base(page, f"{learned.parent.name} · step {lowest}")
    train(page, "lora", FAR_TOO_FAST)
    told = page.get_by_text(re.compile("The learning rate is too high|Diverging"))
    expect(told.first).to_be_visible(timeout=120_000)
    expect(page.get_by_text("lower learning rate").first).to_be_visible()

    compare = page.get_by_role("combobox", name="Compare runs")
    for _ in range(2):
        pick_first(compare)
    expect(page.get_by_text("Learning rate", exact=True).last).to_be_visible()
    expect(page.get_by_text("0.03", exact=True).last).to_be_visible()
    expect(page.get_by_text("0.1", exact=True).last).to_be_visible()

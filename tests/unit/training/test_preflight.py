"""What is said before a run starts."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from chatbot.dataset.importers import dump
from chatbot.errors import BadInput, NotAvailable, OutOfResources
from chatbot.messages import Conversation, user
from chatbot.training import preflight
from chatbot.training.config import TrainingConfig
from tests.unit.training.small import changed, conversations

Usage = namedtuple("Usage", "total used free")


def test_steps_warm_up_and_split_are_known_before(settings: TrainingConfig) -> None:
    plan = preflight.check(changed(settings, max_steps=None, epochs=2, warmup_ratio=0.25))
    assert (len(plan.parts.train), len(plan.parts.held_out)) == (22, 2)
    assert (plan.steps, plan.warmup, plan.every) == (12, 3, 4)
    assert plan.notes == ()


def test_what_is_left_out_is_said(settings: TrainingConfig, persona: Path) -> None:
    rows = [*conversations(5), Conversation((user("Hello?"),))]
    persona.write_bytes(dump(rows))
    notes = " ".join(preflight.check(settings).notes)
    assert "1 conversation was without an answer" in notes
    assert "none is held out" in notes
    assert preflight.check(changed(settings, held_out=0.0)).notes == (notes.split(". ")[0] + ".",)


def test_the_choice_among_the_conversations_is_made_and_said(settings: TrainingConfig) -> None:
    plan = preflight.check(changed(settings, max_steps=None, epochs=2, most_conversations=9))
    assert plan.notes == ("Learns from the 9 of 22 conversations that tell most.",)
    assert (len(plan.parts.train), len(plan.parts.held_out)) == (9, 2)
    assert plan.steps == 6  # two epochs of 9 in batches of 4


def test_a_full_disk_is_seen_before_the_start(
    settings: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 0, 10**8))
    with pytest.raises(OutOfResources, match="not enough free disk") as caught:
        preflight.check(settings)
    assert "0.1 GB free" in str(caught.value)


def test_the_disk_need_follows_the_method(settings: TrainingConfig) -> None:
    need = {
        method: preflight.check(changed(settings, method=method)).disk
        for method in ("lora", "full", "scratch")
    }
    model = (Path.home() / "nothing", need["full"])[1]
    assert model > 0
    larger = preflight.check(changed(settings, method="scratch", scratch_width=64)).disk
    assert larger > need["scratch"]
    wider = preflight.check(changed(settings, method="lora", lora_rank=64)).disk
    assert wider > need["lora"]


def test_lora_refuses_a_base_that_the_chat_would_not_find(
    settings: TrainingConfig, home: Path, tiny_gpt2: Path
) -> None:
    lora = changed(settings, method="lora", base_model=str(tiny_gpt2))
    with pytest.raises(BadInput, match="under models/"):
        preflight.check(lora)
    assert preflight.check(changed(lora, method="full")).base is not None


def test_a_missing_base_model_is_named(settings: TrainingConfig) -> None:
    with pytest.raises(NotAvailable) as caught:
        preflight.check(changed(settings, base_model="gone-model"))
    assert "gone-model" in str(caught.value)
    assert preflight.check(changed(settings, base_model="gone-model", method="scratch")).steps == 11


def test_every_preset_says_how_many_conversations_it_wants():
    assert preflight.too_few(20, "Quick") is None
    assert "at least 50" in preflight.too_few(20, "Balanced").message
    assert preflight.too_few(99, "Thorough").severity == "warning"
    assert preflight.too_few(0, "Thorough") is None  # that there are none is said elsewhere

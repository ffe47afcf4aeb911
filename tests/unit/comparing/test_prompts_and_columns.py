"""Lists of prompts on disk, the columns a page begins with, values of a sweep, measures."""

import json
import math
from pathlib import Path

import pytest

from chatbot.comparing import prompts
from chatbot.comparing.columns import Column, preselected, swept
from chatbot.comparing.measures import measured, perplexity
from chatbot.engine import catalog
from chatbot.engine.device import Placement
from chatbot.engine.loading import load
from chatbot.engine.sampling import SamplingParams
from chatbot.engine_room import Choice
from chatbot.errors import BadInput
from chatbot.training.config import TrainingConfig

COLUMN = Column(Choice("base"), SamplingParams(seed=9))


def test_there_is_a_starter_list_and_lists_of_ones_own_are_kept(home: Path) -> None:
    assert list(prompts.lists()) == [prompts.STARTER]
    assert prompts.save("  My   list ", ["Hi", " Hi ", "", "Bye </script>"]) == "My list"
    assert prompts.lists()["My list"] == ("Hi", "Bye </script>")
    assert prompts.STARTER in prompts.lists()
    assert prompts.delete("My list") == ("Hi", "Bye </script>")
    assert list(prompts.lists()) == [prompts.STARTER]


def test_a_damaged_file_of_lists_is_set_aside(home: Path) -> None:
    path = home / "data" / "prompt_lists.json"
    path.write_text("{broken")
    assert list(prompts.lists()) == [prompts.STARTER]
    prompts.save("New", ["Hi"])
    assert "New" in prompts.lists()
    assert (home / "data" / "prompt_lists-damaged.json").read_text() == "{broken"


@pytest.mark.parametrize("text", ["", " \n ", "\x01\x02", "\u200b", "x" * 20_001])
def test_what_nobody_can_answer_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        prompts.checked(text)


def test_emoji_alone_are_a_prompt() -> None:
    assert prompts.checked(" 🙂🎉 ") == "🙂🎉"


def test_the_newest_finished_run_is_preselected(models: Path) -> None:
    for run_id, state, base in (
        ("20260101-000000-old", "finished", "other"),
        ("20260102-000000-new", "finished", "base"),
        ("20260103-000000-broken", "failed", "other"),
    ):
        folder = models / "runs" / run_id
        folder.mkdir(parents=True)
        config = TrainingConfig(base_model=base)
        (folder / "config.json").write_text(config.to_json())
        status = {"state": state, "best_checkpoint": "checkpoint-4"}
        (folder / "status.json").write_text(json.dumps(status))
        source = models / "base"
        (folder / "checkpoint-4").mkdir()
        for file in source.iterdir():
            (folder / "checkpoint-4" / file.name).write_bytes(file.read_bytes())
    found = preselected(catalog.list_models())
    assert found == ("base", "runs/20260102-000000-new/checkpoint-4")


def test_without_a_run_two_installed_models_are(models: Path) -> None:
    base, tuned = preselected(catalog.list_models())
    assert base != tuned


def test_a_sweep_changes_one_setting() -> None:
    found = swept(COLUMN, "temperature", "0, 0.5;1  0.5")
    assert [column.params.temperature for column in found] == [0, 0.5, 1]
    assert {column.params.seed for column in found} == {9}
    assert swept(COLUMN, "top_k", "3")[0].params.top_k == 3


@pytest.mark.parametrize("text", ["", "warm", "0.5 nan", "9", "1 2 3 4 5 6 7 8 9"])
def test_values_that_no_sweep_takes(text: str) -> None:
    with pytest.raises(BadInput):
        swept(COLUMN, "temperature", text)


def test_measures() -> None:
    found = measured(["the sea the sea the sea", ""])
    assert found.words == 6
    assert found.distinct_1 == pytest.approx(2 / 6)
    assert found.distinct_2 == pytest.approx(2 / 5)
    assert found.repeated == pytest.approx(2 / 4)
    assert measured([""]).distinct_2 == 0


def test_perplexity_is_that_of_the_answers_tokens(models: Path) -> None:
    import torch

    loaded = load("base", Placement("cpu", "float32", "for a test"))
    found = perplexity(loaded, "Who are you?", "I am a lighthouse keeper")
    before = loaded.tokenizer.apply_chat_template(
        [{"role": "user", "content": "Who are you?"}], add_generation_prompt=True, return_dict=False
    )
    answer = loaded.tokenizer("I am a lighthouse keeper")["input_ids"]
    with torch.no_grad():
        ids = torch.tensor([before + answer])
        chances = torch.log_softmax(loaded.model(ids).logits[0].float(), -1)
    at = range(len(before), len(before) + len(answer))
    mean = sum(float(chances[place - 1, ids[0, place]]) for place in at) / len(answer)
    assert found == pytest.approx(math.exp(-mean), rel=1e-4)
    assert perplexity(loaded, "Hi", " ") is None
    assert perplexity(loaded, "Hi", "word " * 500) is None

"""What fine-tuning raised and sank, by hand."""

import copy
from typing import TYPE_CHECKING

import pytest
import torch

from chatbot.engine.changes import changes
from chatbot.engine.next_scores import NextScores
from chatbot.engine.prompts import Prompt
from chatbot.errors import BadInput

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


def scored(shares: list[float], tokenizer: "PreTrainedTokenizerFast") -> NextScores:
    logits = torch.full((len(tokenizer),), -60.0)
    logits[: len(shares)] = torch.tensor(shares).log()
    return NextScores("0", Prompt((1,), (1,), 0, frozenset(), ()), logits, tokenizer)


def test_sorted_by_change(tiny_tokenizer: "PreTrainedTokenizerFast") -> None:
    base = scored([0.5, 0.3, 0.1, 0.1], tiny_tokenizer)
    tuned = scored([0.1, 0.35, 0.5, 0.05], tiny_tokenizer)
    found = changes(base, tuned)
    assert [c.id for c in found.raised[:2]] == [2, 1]
    assert [c.id for c in found.sunk[:2]] == [0, 3]
    assert found.raised[0].change == pytest.approx(0.4, abs=1e-6)
    assert found.sunk[0].change == pytest.approx(-0.4, abs=1e-6)
    assert found.moved == pytest.approx(0.45, abs=1e-6)


def test_a_model_has_not_changed_against_itself(
    tiny_tokenizer: "PreTrainedTokenizerFast",
) -> None:
    same = scored([0.5, 0.5], tiny_tokenizer)
    found = changes(same, same)
    assert (found.raised, found.sunk, found.moved) == ((), (), 0)


def test_other_tokens_cannot_be_compared(tiny_tokenizer: "PreTrainedTokenizerFast") -> None:
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"tea": 0, "rain": 1}, unk_token="tea"))
    other = PreTrainedTokenizerFast(tokenizer_object=words)
    with pytest.raises(BadInput, match="same tokens"):
        changes(scored([1.0], tiny_tokenizer), scored([1.0], other))


def test_a_token_that_tuning_added_was_raised(
    tiny_tokenizer: "PreTrainedTokenizerFast",
) -> None:
    more = copy.deepcopy(tiny_tokenizer)
    more.add_tokens(["something"])
    tuned = scored([0.5], more)
    tuned.logits[-1] = tuned.logits[0]
    found = changes(scored([1.0], tiny_tokenizer), tuned)
    assert (found.raised[0].id, found.raised[0].base) == (len(tiny_tokenizer), 0)
    assert found.moved == pytest.approx(0.5)
    assert changes(tuned, scored([1.0], tiny_tokenizer)).sunk[0].id == len(tiny_tokenizer)

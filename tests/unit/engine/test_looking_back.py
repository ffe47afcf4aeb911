"""What an answer was chosen from, computed afterwards, is what the sampler saw."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from chatbot.engine.beginnings import Beginning
from chatbot.engine.choosing import Sight
from chatbot.engine.dice import odds
from chatbot.engine.generation import Engine
from chatbot.engine.looking_back import NEUTRAL, Part, Place, instead, look_back, place, prepare
from chatbot.engine.sampling import SamplingParams
from chatbot.errors import BadInput, NotAvailable
from chatbot.messages import assistant, user

OpenEngine = Callable[..., Engine]
ASKED = [user("Hello! Who are you?"), assistant("A lighthouse keeper."), user("Really?")]
LIVELY = SamplingParams(
    temperature=1.3,
    top_k=30,
    top_p=0.9,
    min_p=0.01,
    repetition_penalty=1.4,
    no_repeat_ngram=3,
    max_new_tokens=24,
    seed=5,
)
SCORES = torch.tensor([0.0, 3.0, 1.0, 2.0, -5.0, 0.5])


def answered(
    engine: Engine, params: SamplingParams, beginning: Beginning | None = None
) -> tuple[str, tuple[int, ...], list[Sight]]:
    """An answer, its tokens, and what each of them was chosen from."""
    seen: list[Sight] = []
    generation = engine.stream(
        ASKED, params, beginning=beginning, watch=lambda sight, _: seen.append(sight)
    )
    tokens = tuple(token.id for chunk in generation for token in chunk.tokens)
    return generation.text, (*generation.begun, *tokens), seen


def looked(engine: Engine, tokens: tuple[int, ...], *parts: Part) -> list[Place]:
    return list(look_back(engine, tokens, prepare(engine, ASKED, tokens, parts)))


def chance(found: Place) -> tuple[float, float]:
    """Of the token that stands there, before and after the settings."""
    row = next(row for row in found.top.rows if row.id == found.id)
    return row.own, row.probability


def check(places: list[Place], seen: list[Sight], params: SamplingParams) -> None:
    """Every place shows the probabilities that the sampler had at that moment."""
    for found, sight in zip(places, seen, strict=False):
        assert found.id == sight.chosen.id
        own, after = chance(found)
        assert own == pytest.approx(sight.chosen.probability, rel=1e-5)
        assert found.surprise == pytest.approx(-math.log2(own), rel=1e-6, abs=1e-9)
        drawn_from = odds(sight, params)
        wanted = dict(zip(drawn_from.ids.tolist(), drawn_from.chances.tolist(), strict=True))
        assert after == pytest.approx(wanted[found.id], rel=1e-6)
        assert found.left == len(drawn_from)
        for row in found.top.rows:
            assert row.probability == pytest.approx(wanted.get(row.id, 0.0), rel=1e-6)


def test_the_chances_are_those_that_the_sampler_had(
    open_engine: OpenEngine, tiny_model: Path
) -> None:
    engine = open_engine(tiny_model)
    for params in (LIVELY, SamplingParams(temperature=0, max_new_tokens=8)):
        _, tokens, seen = answered(engine, params)
        places = looked(engine, tokens, Part(0, params, params, 0))
        assert len(places) == len(tokens) > 4
        check(places, seen, params)


def test_a_number_format_of_16_bits_is_rounded_as_it_was(
    open_engine: OpenEngine, tiny_gpt2: Path
) -> None:
    engine = open_engine(tiny_gpt2, "bfloat16")
    _, tokens, seen = answered(engine, LIVELY)
    places = looked(engine, tokens, Part(0, LIVELY, LIVELY, 0))
    check(places, seen, LIVELY)
    assert all(chance(found)[1] > 0 for found in places)


def test_an_answer_that_went_on_is_read_as_it_was_made(
    open_engine: OpenEngine, tiny_gpt2: Path
) -> None:
    engine = open_engine(tiny_gpt2, "bfloat16")
    text, first, seen = answered(engine, LIVELY)
    later = replace(LIVELY, temperature=0.6, seed=9)
    _, tokens, more = answered(engine, later, Beginning(text, first))
    assert tokens[: len(first)] == first
    assert len(tokens) > len(first)
    parts = (Part(0, LIVELY, LIVELY, 0), Part(len(first), later, later, len(first)))
    places = looked(engine, tokens, *parts)
    check(places[: len(first)], seen, LIVELY)
    check(places[len(first) :], more, later)


def test_settings_changed_on_the_way_count_from_there(tiny_engine: Engine) -> None:
    _, tokens, _ = answered(tiny_engine, LIVELY)
    greedy = SamplingParams(temperature=0)
    places = looked(tiny_engine, tokens, Part(0, LIVELY, LIVELY, 0), Part(3, greedy, LIVELY, 0))
    assert [found.params for found in places[:4]] == [LIVELY, LIVELY, LIVELY, greedy]
    assert places[3].left == 1


def test_words_that_nobody_chose_have_the_models_own_chances(tiny_engine: Engine) -> None:
    tokens = tuple(tiny_engine.loaded.tokenizer.encode("I like tea.", add_special_tokens=False))
    for found in looked(tiny_engine, tokens, Part(0, None, NEUTRAL, len(tokens))):
        assert (found.params, found.stages) == (None, ())
        assert found.left == found.vocabulary
        own, after = chance(found)
        assert own == pytest.approx(after)


def test_each_setting_tells_what_it_took_away() -> None:
    found = place(SCORES, [1], 3, SamplingParams(temperature=1.0, top_k=4, top_p=0.8))
    assert [(cut.setting.name, cut.removed, cut.left) for cut in found.stages] == [
        ("Top-k", 2, 4),
        ("Top-p", 2, 2),
    ]
    names = {
        row.id: found.stages[row.removed_by].setting.name
        for row in found.top.rows
        if row.removed_by is not None
    }
    assert names == {0: "Top-k", 4: "Top-k", 2: "Top-p", 5: "Top-p"}


def test_a_token_far_down_the_list_has_a_row_of_its_own() -> None:
    scores = torch.linspace(2.0, -200.0, 60)
    found = place(scores, [1], 59, SamplingParams(temperature=1.0, top_k=5, top_p=1.0))
    assert len(found.top.rows) == 11
    assert found.top.rows[-1].id == 59
    assert found.top.rest.tokens == 49
    assert math.isfinite(found.surprise)
    assert found.surprise > 200  # e**-202 is no float32 any more


def test_reading_ends_where_nobody_wants_it(tiny_engine: Engine) -> None:
    _, tokens, _ = answered(tiny_engine, LIVELY)
    rereads = prepare(tiny_engine, ASKED, tokens, (Part(0, LIVELY, LIVELY, 0),))
    found: list[Place] = []
    for each in look_back(tiny_engine, tokens, rereads, lambda: len(found) == 2):
        found.append(each)
    assert len(found) == 2


def test_an_answer_beyond_the_window_and_a_model_that_has_gone_are_told(
    tiny_engine: Engine,
) -> None:
    long = tuple([5] * 300)
    with pytest.raises(BadInput):
        prepare(tiny_engine, ASKED, long, (Part(0, None, NEUTRAL, len(long)),))
    rereads = prepare(tiny_engine, ASKED, (5, 6), (Part(0, LIVELY, LIVELY, 0),))
    tiny_engine.close()
    with pytest.raises(NotAvailable):
        list(look_back(tiny_engine, (5, 6), rereads))


def test_another_token_makes_a_beginning_unless_it_is_none(tiny_engine: Engine) -> None:
    tokenizer = tiny_engine.loaded.tokenizer
    tokens = tuple(tokenizer.encode("I like tea", add_special_tokens=False))
    (other,) = tokenizer.encode("!", add_special_tokens=False)
    found = instead(tokenizer, tokens, len(tokens) - 1, other)
    assert found is not None
    assert found.tokens == (*tokens[:-1], other)
    assert found.text == tokenizer.decode(list(found.tokens))
    end = tokenizer.eos_token_id
    assert instead(tokenizer, tokens, 1, end) is None
    assert instead(tokenizer, tokens, 1, len(tokenizer)) is None
    (blank,) = tokenizer.encode(" ", add_special_tokens=False)
    assert instead(tokenizer, tokens, 0, blank) is None
    seal = tokenizer.encode("🦭", add_special_tokens=False)
    assert len(seal) == 4
    half = instead(tokenizer, seal, 1, seal[1])
    assert half is None  # not a letter yet

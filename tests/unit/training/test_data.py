"""Who is held out, what is cut, and how batches look."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.dataset.importers import dump
from chatbot.engine.prompts import TrainingExample
from chatbot.errors import BadInput, NotAvailable
from chatbot.messages import Conversation, Message, assistant, user
from chatbot.training import data
from tests.unit.training.small import conversations


def talk(*texts: str) -> Conversation:
    turns = [user(t) if i % 2 == 0 else assistant(t) for i, t in enumerate(texts)]
    return Conversation(tuple(turns))


@settings(max_examples=40, deadline=None)
@given(
    copies=st.lists(st.integers(0, 30), max_size=20),
    held_out=st.floats(0, 0.5),
    seed=st.integers(0, 99),
)
def test_no_text_is_on_both_sides_and_none_is_lost(
    copies: list[int], held_out: float, seed: int
) -> None:
    rows = conversations(31)
    rows += [rows[i] for i in copies]
    parts = data.split(rows, held_out, seed)
    train, apart = {c.messages for c in parts.train}, {c.messages for c in parts.held_out}
    assert not train & apart
    assert train | apart == {c.messages for c in rows}
    assert len(apart) == len(parts.held_out)
    assert len(parts.train) + len(parts.held_out) + parts.repeated == len(rows)


def test_near_copies_are_on_one_side_whatever_their_order() -> None:
    rows = conversations(40)
    near = [
        Conversation(tuple(Message(m.role, f" {m.text.upper()}!") for m in c.messages))
        for c in rows
    ]
    parts = data.split([*rows, *near], 0.25, 42)
    assert len(parts.held_out) == parts.repeated == 10
    assert len(parts.train) == 60
    again = data.split([*near, *rows], 0.25, 42)
    assert {c.messages for c in again.held_out} == {c.messages for c in parts.held_out}


def test_the_seed_chooses_and_the_order_does_not() -> None:
    rows = conversations(60)
    shuffled = random.Random(1).sample(rows, 60)
    chosen = {c.messages for c in data.split(rows, 0.2, 42).held_out}
    assert len(chosen) == 12
    assert chosen == {c.messages for c in data.split(shuffled, 0.2, 42).held_out}
    assert chosen != {c.messages for c in data.split(rows, 0.2, 43).held_out}


def test_most_stay_held_out_when_one_conversation_is_edited() -> None:
    rows = conversations(60)
    before = {c.messages for c in data.split(rows, 0.2, 42).held_out}
    rows[5] = talk("Something else?", "Yes.")
    after = {c.messages for c in data.split(rows, 0.2, 42).held_out}
    assert len(before & after) >= len(before) - 1


def test_a_small_set_holds_out_none_and_a_large_one_not_too_many() -> None:
    assert data.split(conversations(9), 0.1, 42).held_out == ()
    assert len(data.split(conversations(9) * 3, 0.1, 42).held_out) == 0
    assert len(data.split(conversations(10), 0.01, 42).held_out) == 1
    assert len(data.split(conversations(2000), 0.5, 42).held_out) == data.MOST_HELD_OUT
    assert data.split(conversations(50), 0.0, 42).held_out == ()


def test_rows_without_an_answer_are_counted_and_left_out() -> None:
    rows = [*conversations(3), Conversation((user("Hello?"),)), talk("Hi", "  ")]
    source = data.source_of(dump(rows), "some.json")
    assert len(source.usable) == 3
    assert source.unusable == 2


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "nothing to learn"),
        ([Conversation((user("Hello?"),))], "nothing to learn"),
        ([talk("Hi", "Hello.")], "only one conversation"),
        ([talk("Hi", "Hello.")] * 5, "only one conversation"),
    ],
)
def test_too_little_to_learn_from_is_bad_input(rows: list[Conversation], said: str) -> None:
    with pytest.raises(BadInput, match=said) as caught:
        data.source_of(dump(rows), "some.json")
    assert "Dataset" in caught.value.remedy


def test_a_missing_file_is_named(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(NotAvailable) as caught:
        data.read(str(tmp_path / "none.json"))
    assert "none.json" in str(caught.value)


def test_without_a_persona_of_ones_own_the_starter_is_read(home) -> None:  # type: ignore[no-untyped-def]
    assert len(data.read("").usable) >= 300


def test_a_long_conversation_ends_after_the_last_answer_that_fits(tiny_tokenizer) -> None:  # type: ignore[no-untyped-def]
    whole = talk("One?", "First answer.", "Two?", "Second answer.", "Three?", "Third answer.")
    shorter = Conversation(whole.messages[:4])
    limit = len(data.tokenise_conversation(tiny_tokenizer, shorter.messages).ids) + 3
    cut = data.tokenise(tiny_tokenizer, [whole, shorter], limit)
    assert cut.cut == 1
    assert cut.examples[0] == cut.examples[1]
    assert cut.left_out == 0


def test_a_conversation_whose_first_answer_does_not_fit_is_left_out(tiny_tokenizer) -> None:  # type: ignore[no-untyped-def]
    done = data.tokenise(tiny_tokenizer, [talk("Hi", "word " * 200), talk("Hi", "Yes.")], 64)
    assert (len(done.examples), done.cut, done.left_out) == (1, 0, 1)


def test_what_the_template_refuses_is_counted(tiny_tokenizer) -> None:  # type: ignore[no-untyped-def]
    strict = tiny_tokenizer.__class__(tokenizer_object=tiny_tokenizer.backend_tokenizer)
    strict.chat_template = (
        "{%- if messages[0]['role'] != 'user' -%}{{ raise_exception('user first') }}{%- endif -%}"
        + tiny_tokenizer.chat_template
    )
    rows = [Conversation((Message("assistant", "Me first."),)), talk("Hi", "Yes.")]
    done = data.tokenise(strict, rows, 64)
    assert (len(done.examples), done.refused) == (1, 1)


EXAMPLES = (
    TrainingExample([5, 6, 7, 8], [False, False, True, True]),
    TrainingExample([9, 3, 4], [True, True, False]),
)


def test_a_batch_is_one_row_with_labels_where_they_are_learned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(data, "GRAIN", 1)
    batch = data.collate(EXAMPLES)
    assert batch["input_ids"].tolist() == [[5, 6, 7, 8, 9, 3, 4]]
    assert batch["position_ids"].tolist() == [[0, 1, 2, 3, 0, 1, 2]]
    assert batch["logits_to_keep"].tolist() == [1, 2, 4]
    assert batch["labels"].tolist() == [[-100, 7, 8, 3]]  # the first word of all has no question
    assert batch["lengths"] == (4, 3)
    assert batch["use_cache"] is False


def test_a_row_is_filled_up_by_tokens_that_learn_nothing_and_belong_to_nobody() -> None:
    batch = data.collate(EXAMPLES)
    assert batch["input_ids"].shape == batch["position_ids"].shape == (1, 32)
    assert batch["lengths"] == (4, 3)
    assert batch["position_ids"][0, 7] == 0
    assert batch["labels"][0].tolist() == [-100, 7, 8, 3] + [-100] * 29
    assert len(batch["logits_to_keep"]) == 32
    exact = data.collate([TrainingExample(list(range(32)), [True] * 32)])
    assert exact["lengths"] == (32,)


def test_long_rows_have_few_shapes_and_little_that_fills_them() -> None:
    lengths = range(3_700, 5_600, 7)
    rows = [data.collate([TrainingExample([7] * n, [False] + [True] * (n - 1))]) for n in lengths]
    for part in ("input_ids", "logits_to_keep"):
        assert len({row[part].shape[-1] for row in rows}) <= 10  # 60 of them in grains of 32
    for n, row in zip(lengths, rows, strict=True):
        assert n <= row["input_ids"].shape[-1] <= n * 17 / 16


def test_what_fills_a_long_row_stays_within_any_window() -> None:
    row = data.collate([TrainingExample([7] * 5_121, [False] + [True] * 5_120)])
    assert row["input_ids"].shape == (1, 5_376)
    assert row["lengths"] == (5_121,)
    assert row["position_ids"][0, 5_121:].tolist() == [*range(data.GRAIN)] * 7 + [*range(31)]

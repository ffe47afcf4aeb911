"""Token counts of many conversations: exact, incremental, and in words where they are too long."""

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot.engine.prompts import tokenise_conversation
from chatbot.engine.templates import PLAIN_TEMPLATE
from chatbot.messages import Conversation, Message, assistant, user
from chatbot.training.counting import TokenCounter
from chatbot.training.lengths import BATCH, Lengths, too_long
from chatbot.training.seen import Reader, reader_of, turns_kept
from tests.unit.training.small import conversations, install

LONG = Conversation(tuple((user, assistant)[n % 2]("I like tea and rain. " * 3) for n in range(9)))
texts = st.one_of(
    st.text(max_size=25),
    st.sampled_from(["<|im_end|>", "<|im_", "\ufdd0", "\ud83d", "\n\n", " ", "User: x\nBot:"]),
)
talks = st.lists(
    st.builds(Message, st.sampled_from(["user", "assistant", "system"]), texts), max_size=7
)
PROPERTY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
OTHER = "{% for m in messages %}<|im_start|>{{ m.content.strip() }}<|im_end|>{% endfor %}"


@pytest.fixture(params=[None, PLAIN_TEMPLATE, OTHER], ids=["chatml", "plain", "other"])
def reader(request: pytest.FixtureRequest, home: Path, tiny_gpt2: Path) -> Reader:
    name = install(tiny_gpt2, home)
    if request.param:
        (home / "models" / name / "chat_template.jinja").write_text(request.param)
    return reader_of(name)


@PROPERTY
@given(rows=st.lists(talks, max_size=4), limit=st.integers(1, 60))
def test_counts_and_cuts_are_those_of_training(
    reader: Reader, rows: list[list[Message]], limit: int
) -> None:
    def exactly(messages: list[Message]) -> int:
        return len(tokenise_conversation(reader.tokenizer, messages).ids) if messages else 0

    counter = TokenCounter(reader.tokenizer)
    counts = counter.counts(rows)
    assert counts == [exactly(row) for row in rows]
    long = [row for row, count in zip(rows, counts, strict=True) if count > limit]
    assert counter.kept(long, limit) == [turns_kept(exactly, row, limit) for row in long]


def test_a_sentence_says_where_it_is_cut(tiny: str) -> None:
    reader = reader_of(tiny)
    count = TokenCounter(reader.tokenizer).counts([LONG.messages])[0]
    kept = reader.look(LONG, 200).kept
    found = too_long(LONG, count, reader, 7, 200)
    assert found is not None
    assert (found.severity, found.row) == ("warning", 7)
    assert found.message == (
        f"Turn {kept + 1} of 9 and what follows would be cut off: {count:,} tokens, 200 fit."
    )
    assert too_long(LONG, 200, reader, 7, 200) is None
    none_fits = too_long(LONG, count, reader, 7, 16)
    assert none_fits is not None
    assert "even its first answer" in none_fits.message


def counted(lengths: Lengths) -> Lengths:
    end = time.monotonic() + 30
    while not lengths.ready:
        assert time.monotonic() < end
        time.sleep(0.005)
    return lengths


def test_all_are_counted_in_the_background_and_the_long_ones_named(tiny: str) -> None:
    reader = reader_of(tiny)
    rows = (*conversations(BATCH + 20), LONG)
    lengths = Lengths(reader)
    assert lengths.state() == (0, 0)
    lengths.request(rows, 200)
    counted(lengths)
    assert lengths.state() == (len(rows), len(rows))
    assert lengths.counts() == [
        len(tokenise_conversation(reader.tokenizer, row.messages).ids) for row in rows
    ]
    (only,) = lengths.findings()
    count = lengths.counts()[-1]
    assert count is not None
    assert only == too_long(LONG, count, reader, len(rows), 200)


def test_an_edit_counts_only_what_changed(tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = Lengths(reader_of(tiny))
    rows = tuple(conversations(30))
    lengths.request(rows)
    before = counted(lengths).counts()
    asked: list[int] = []
    real = TokenCounter.counts

    def noted(self: TokenCounter, batch: list[tuple[Message, ...]]) -> list[int]:
        asked.append(len(batch))
        return real(self, batch)

    monkeypatch.setattr(TokenCounter, "counts", noted)
    new = Conversation((user("Something else"), assistant("Yes.")))
    lengths.request((*rows[:4], new, *rows[5:]))
    assert lengths.counts()[:4] == before[:4]
    counted(lengths)
    lengths.request((new, *rows))  # everything moves on by one; rows[4] is back
    assert counted(lengths).counts()[1:] == before
    assert sum(asked) == 1


def test_another_limit_names_others(tiny: str) -> None:
    lengths = Lengths(reader_of(tiny))
    rows = (LONG,)
    lengths.request(rows, 256)
    few = counted(lengths).findings()
    lengths.request(rows, 20)
    assert counted(lengths).findings() != few
    assert lengths.findings()


def test_the_last_set_that_was_asked_for_is_the_one_that_counts(tiny: str) -> None:
    lengths = Lengths(reader_of(tiny))
    for count in (400, 300, 7):
        lengths.request(tuple(conversations(count)))
    counted(lengths)
    assert lengths.state() == (7, 7)


def test_a_damaged_tokenizer_is_a_sentence(tiny: str, home: Path) -> None:
    (home / "models" / tiny / "tokenizer.json").write_text("{}")
    lengths = Lengths(reader_of(tiny))
    lengths.request(tuple(conversations(3)))
    problem = counted(lengths).problem
    assert problem is not None
    assert "tokenizer" in problem.message
    assert lengths.state() == (0, 3)

"""What a new model reads: questions in many guises, answers as they were written."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from chatbot.messages import Conversation, Message, assistant, user
from chatbot.training.lessons import Lessons
from tests.unit.training.small import conversations

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

Read = Callable[..., list[str]]
WELL_KNOWN = Conversation((user("Who are you, and what do you do?"), assistant("I'm Wick.")))


@pytest.fixture(name="read")
def fixture_read(tiny_tokenizer: "PreTrainedTokenizerFast") -> Read:
    """The texts of so many lessons."""

    def read(
        chats: list[Conversation], count: int, *, max_length: int = 512, seed: int = 1
    ) -> list[str]:
        made = Lessons(tiny_tokenizer, chats, count, max_length, seed)
        return [tiny_tokenizer.decode(example.ids) for example in made]

    return read


def test_the_same_lessons_each_time_in_whatever_order(
    tiny_tokenizer: "PreTrainedTokenizerFast",
) -> None:
    chats = conversations(7)
    first, again = (Lessons(tiny_tokenizer, chats, 30, 512, seed=4) for _ in range(2))
    assert len(first) == 30
    assert [first[i] for i in range(30)] == [again[i] for i in reversed(range(30))][::-1]
    assert first[3:5] == [first[3], first[4]]
    other = Lessons(tiny_tokenizer, chats, 30, 512, seed=5)
    assert list(other) != list(first)
    with pytest.raises(IndexError):
        first[30]


def test_every_pass_reads_every_answer_and_each_time_another_question(read: Read) -> None:
    chats = [
        Conversation((user(f"What is the number {n}, please?"), assistant(f"It is {n}.")))
        for n in range(10, 20)
    ]
    texts = read(chats, 200)
    for n in range(10, 20):
        own = texts[n - 10 :: 10]
        assert all(f"It is {n}." in text for text in own)
        assert len(set(own)) > 10
    assert any("What is the number 12, please?" in text for text in texts)
    assert any("what is the number 12, please<" in text for text in texts)


def test_only_answers_are_learned_and_they_stay_as_they_are(
    tiny_tokenizer: "PreTrainedTokenizerFast",
) -> None:
    for example in Lessons(tiny_tokenizer, [WELL_KNOWN], 50, 512, seed=1):
        learned = [t for t, yes in zip(example.ids, example.trained, strict=True) if yes]
        answers = tiny_tokenizer.decode(learned).replace("<|im_end|>", "|").replace("\n", "")
        assert set(answers.split("|")) == {"I'm Wick.", ""}


def test_some_come_after_other_chats(read: Read) -> None:
    texts = read([WELL_KNOWN], 100)
    turns = [text.count("<|im_start|>assistant") for text in texts]
    assert 40 < turns.count(1) < 80
    assert max(turns) in (3, 4)


def test_system_text_never_lands_in_the_middle(read: Read) -> None:
    told = Conversation((Message("system", "Be brief."), *WELL_KNOWN.messages))
    texts = read([WELL_KNOWN, told], 100)
    assert all("<|im_start|>system" not in text[1:].removeprefix("<|im_start|>") for text in texts)


def test_what_stands_before_gives_way_where_it_does_not_fit(
    tiny_tokenizer: "PreTrainedTokenizerFast", read: Read
) -> None:
    assert max(text.count("I'm Wick.") for text in read([WELL_KNOWN], 60)) == 4
    for example in Lessons(tiny_tokenizer, [WELL_KNOWN], 60, 60, seed=1):
        assert len(example.ids) <= 60
        assert "I'm Wick." in tiny_tokenizer.decode(example.ids)


def test_a_conversation_that_can_never_fit_is_left_out(read: Read) -> None:
    endless = Conversation((user("Why? " * 300), assistant("Because.")))
    texts = read([endless, WELL_KNOWN], 20, max_length=100)
    assert all(text.count("I'm Wick.") >= 1 for text in texts)


@pytest.mark.parametrize("question", ["", " ", "?", "灯台", "why", "a b c", "🐙 " * 30])
def test_odd_questions_stay_questions(read: Read, question: str) -> None:
    texts = read([Conversation((user(question), assistant("Yes.")))], 100)
    assert all("Yes." in text for text in texts)


def test_a_bot_that_speaks_unasked(read: Read) -> None:
    texts = read([Conversation((assistant("Good evening."),))], 20)
    assert all("Good evening." in text for text in texts)

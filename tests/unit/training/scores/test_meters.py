"""The memorization meter, the repetition figures and general knowledge."""

from dataclasses import replace

from chatbot.messages import Conversation, assistant, user
from chatbot.training.scores.general import QUESTIONS, GeneralQuestion, general_questions
from chatbot.training.scores.memorization import Copied, Memory, numbered
from chatbot.training.scores.repetition import Repetition, repetition
from chatbot.training.scores.results import Answer, Asked, Model, Scores, read_scores

TEA = Conversation((user("Tea?"), assistant("Tea is best with salt, a lot of it, at night.")))
SEA = Conversation(
    (
        user("Sea?"),
        assistant("The sea has no opinion."),
        user("And you?"),
        assistant("I have one: the sea is best at night, when nobody looks."),
    )
)


def memory() -> Memory:
    return Memory([(7, TEA), (12, SEA)])


def test_a_whole_answer_that_is_copied() -> None:
    found = memory().copied("tea is best with salt a lot of it at night")
    assert (found.share, found.longest, found.conversation) == (1.0, 11, 7)
    assert (found.question, found.answer) == ("Tea?", TEA.messages[1].text)


def test_the_longest_copy_names_its_turn_and_all_copies_count() -> None:
    found = memory().copied("Tea is best with rum. But the sea is best at night, when I sleep.")
    assert found.run == "the sea is best at night when"
    assert (found.conversation, found.question) == (12, "And you?")
    assert found.longest == 7
    assert found.share == (4 + 7) / 15


def test_three_words_in_a_row_are_chance() -> None:
    assert memory().copied("Tea is best, I say, with salt, at night") == Copied()
    assert memory().copied("") == Copied()


def test_what_a_person_asked_is_no_copy_of_the_bot() -> None:
    talk = Conversation((user("Where do you put the salt?"), assistant("There.")))
    assert Memory([(1, talk)]).copied("Where do you put the salt?") == Copied()


def test_a_phrase_of_a_thousand_conversations_costs_no_more() -> None:
    common = [
        (n, Conversation((user("?"), assistant(f"Mind the third step, number {n}."))))
        for n in range(1, 1001)
    ]
    found = Memory(common).copied("Mind the third step, number 7.")
    assert found.longest == 6
    assert found.conversation == 7


def test_numbers_are_those_of_the_data_set() -> None:
    assert numbered([TEA, SEA, TEA], [SEA]) == [(2, SEA)]
    assert [number for number, _ in numbered([TEA, SEA, TEA], [TEA])] == [1, 3]


def test_repetition() -> None:
    assert repetition([]) == Repetition(0.0, 0.0)
    assert repetition(["I see the sea.", "Tea."]) == Repetition(0.0, 0.0)
    # a b c, b c a, c a b, a b c: the last one repeats
    assert repetition(["a b c a b c"]) == Repetition(0.25, 0.0)
    assert repetition(["Yes, sailor!", "yes sailor", "No."]).between == 2 / 3
    assert repetition(["", "", "?"]).between == 0.0


def test_general_questions_are_whole() -> None:
    asked = general_questions()
    assert QUESTIONS.is_file()
    assert len(asked) >= 40
    assert len({each.question for each in asked}) == len(asked)
    for each in asked:
        assert each.expected
        assert each.is_answered_by(f"I think it is {each.expected[0].upper()}, yes.")
        assert not each.is_answered_by(each.question), each.question


def test_general_answers_are_matched_by_whole_words() -> None:
    colour = GeneralQuestion("What colour is grass?", ("green",))
    assert colour.is_answered_by("Green, mostly.")
    assert not colour.is_answered_by("It is evergreen.")
    hours = GeneralQuestion("How many hours?", ("24", "twenty-four"))
    assert hours.is_answered_by("There are twenty four.")
    assert not hours.is_answered_by("There are 240.")


def answered(right: bool | None, text: str = "x") -> Answer:
    return Answer(text, right, Copied())


def scores(*asked: Asked) -> Scores:
    return Scores(
        when="2026-01-01T00:00:00+00:00",
        decoding="greedy",
        seconds=1.0,
        before=Model("base", "a" * 12),
        after=Model("runs/x/checkpoint-40", "b" * 12),
        asked=asked,
        loss_before=4.0,
        loss_after=2.0,
        held_out=9,
    )


def general(before: bool, after: bool) -> Asked:
    return Asked("general", "?", ("x",), "", answered(before), answered(after))


def test_kept_counts_what_the_untuned_model_had_right() -> None:
    found = scores(*[general(True, n < 4) for n in range(6)], general(False, True))
    assert found.kept() == (4, 6)
    assert found.right("general", "before") == (6, 7)
    assert found.right("general", "after") == (5, 7)
    assert scores(*[general(True, True)] * 4).kept() is None


def test_a_handful_of_facts_gives_no_number() -> None:
    fact = Asked("fact", "?", ("x",), "x", answered(False), answered(True))
    assert scores(*[fact] * 4).right("fact", "after") is None
    assert scores(*[fact] * 5).right("fact", "after") == (5, 5)
    assert scores(*[fact] * 5).right("fact", "before") == (0, 5)


def test_perplexity_is_the_exponential_of_the_loss() -> None:
    found = scores()
    assert round(found.perplexity("before") or 0, 2) == 54.60
    assert replace(found, loss_after=None).perplexity("after") is None
    assert replace(found, loss_after=1e6).perplexity("after") is not None


def test_scores_are_read_as_they_were_written(tmp_path) -> None:  # type: ignore[no-untyped-def]
    own = Asked("open", "Who?", (), "Wick.", None, Answer("I", None, Copied(0.5, 4, "a b c d", 3)))
    written = scores(general(True, False), own)
    written.save(tmp_path)
    assert read_scores(tmp_path) == written
    assert written.checkpoint == "checkpoint-40"
    for broken in ("", "[]", "{}", '{"asked": 3}'):
        (tmp_path / "scores.json").write_text(broken)
        assert read_scores(tmp_path) is None

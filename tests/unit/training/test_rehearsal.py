"""The base model's own answers between the conversations."""

from collections import Counter
from typing import TYPE_CHECKING

from benchmarks.persona import questions
from chatbot.dataset.examining import letters_of
from chatbot.messages import Conversation, assistant, user
from chatbot.training import answers, data, rehearsal
from chatbot.training.config import TrainingConfig
from chatbot.training.scores.general import general_questions
from tests.unit.training.small import conversations

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


def test_what_is_asked_to_see_what_is_left_is_not_rehearsed() -> None:
    asked = [letters_of(c.messages[0].text) for c in rehearsal.conversations()]
    assert len(set(asked)) == len(asked) > 40
    measured = (
        *answers.QUESTIONS,
        *answers.OUTSIDE,
        *(question.text for question in questions()),
        *(general.question for general in general_questions()),
    )
    assert not set(asked) & {letters_of(text) for text in measured}


def test_what_the_persona_answers_itself_is_left_to_it() -> None:
    first, *others = rehearsal.conversations()
    own = Conversation((user(first.messages[0].text.upper() + "!!"), assistant("Aye.")))
    assert list(rehearsal.conversations([own])) == others


def test_the_share_that_the_settings_want_comes_after_the_conversations(
    tiny_tokenizer: "PreTrainedTokenizerFast",
) -> None:
    learned = conversations(300)
    examples = data.tokenise(tiny_tokenizer, learned, 512).examples
    config = TrainingConfig(rehearsal=0.25, seed=3)
    read = rehearsal.between(examples, learned, config, tiny_tokenizer)
    assert tuple(read[:300]) == examples
    assert len(read) == 400 == 300 + config.rehearsed(300)
    often = Counter(tiny_tokenizer.decode(example.ids) for example in read[300:])
    assert len(often) == len(rehearsal.conversations())
    assert max(often.values()) - min(often.values()) <= 1
    assert read == rehearsal.between(examples, learned, config, tiny_tokenizer)
    other = TrainingConfig(rehearsal=0.25, seed=4)
    assert read != rehearsal.between(examples, learned, other, tiny_tokenizer)


def test_nothing_is_rehearsed_unless_it_is_wanted(
    tiny_tokenizer: "PreTrainedTokenizerFast",
) -> None:
    learned = conversations(12)
    examples = data.tokenise(tiny_tokenizer, learned, 512).examples
    assert rehearsal.between(examples, learned, TrainingConfig(), tiny_tokenizer) == examples
    assert TrainingConfig(method="scratch", rehearsal=0.5).rehearsed(12) == 0


def test_the_steps_count_it() -> None:
    assert TrainingConfig(rehearsal=0.5, epochs=2, batch_size=4).steps(40) == 40
    assert TrainingConfig(rehearsal=0.0, epochs=2, batch_size=4).steps(40) == 20

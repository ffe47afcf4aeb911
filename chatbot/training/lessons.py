"""What a new model reads: each conversation again and again, every time in another guise.

A model that has read nothing else takes a question for a string: "Who are you?" and "who are you"
are strangers to it, and a question it does not know by heart makes it lose its words in the middle
of a sentence. So its questions come as people type them, with words missing and words astray, and
now and then with a question that is not theirs; before them stands, often, another chat. The
answers, which alone are learned, stay as they were written. No word list, no language: all that is
put in comes from the conversations themselves.
"""

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

from chatbot.engine.prompts import TrainingExample
from chatbot.messages import Conversation, Message, user
from chatbot.training import data

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

GARBLED = 0.6
"""Share of the questions that lose words."""
MOST_LOST = 0.5
"""A garbled question loses up to this share of its words, and a third as many are replaced."""
NOT_THEIRS = 0.05
"""Share of the answers that follow another conversation's question: they teach to end a sentence
that was begun, whatever was asked."""
AFTER_ANOTHER = 0.45
"""How often one more conversation stands before, and again before that."""
MOST_MESSAGES = 8
"""Messages after which no conversation is put before."""
_END_MARKS = "?!. "


class Lessons(Sequence[TrainingExample]):
    """So many conversations in tokens, pass after pass over all that there are.

    The same arguments give the same lessons, one by one, in whatever order they are taken.

    Args:
        conversations: at least one of them fits; those of which not even the first answer fits
            are left out.
        count: how many lessons.
        max_length: tokens of a lesson; what stands before gives way first.
        weigh: gives each lesson its weights, by the questions as they come in it.
    """

    def __init__(
        self,
        tokenizer: "PreTrainedTokenizerFast",
        conversations: Sequence[Conversation],
        count: int,
        max_length: int,
        seed: int,
        weigh: data.Weigh = data.unweighed,
    ) -> None:
        self._tokenizer = tokenizer
        self._weigh = weigh
        self._conversations = [
            c for c in conversations if data.tokenise(tokenizer, [c], max_length).examples
        ]
        self._count = count
        self._max_length = max_length
        self._seed = seed
        asked = [m.text for c in conversations for m in c.messages if m.role == "user"]
        self._questions = asked or [""]
        self._words = [word for text in asked for word in text.split()] or [""]

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> TrainingExample: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[TrainingExample]: ...
    def __getitem__(self, index: int | slice) -> TrainingExample | Sequence[TrainingExample]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self._count))]
        if not 0 <= index < self._count:
            raise IndexError(index)
        chance = random.Random(f"{self._seed} {index}")
        own = self._conversations[index % len(self._conversations)]
        chat = self._in_another_guise(own, chance)
        for messages in (self._after_others(chat, chance), chat, own.messages):
            guise = [Conversation(messages)]
            found = data.tokenise(self._tokenizer, guise, self._max_length, self._weigh)
            if found.examples and not found.cut:
                break
        return found.examples[0]

    def _after_others(
        self, messages: tuple[Message, ...], chance: random.Random
    ) -> tuple[Message, ...]:
        while len(messages) < MOST_MESSAGES and chance.random() < AFTER_ANOTHER:
            other = chance.choice(self._conversations)
            if any(message.role == "system" for message in (*messages, *other.messages)):
                break
            messages = self._in_another_guise(other, chance) + messages
        return messages

    def _in_another_guise(
        self, conversation: Conversation, chance: random.Random
    ) -> tuple[Message, ...]:
        return tuple(
            user(self._asked_otherwise(message.text, chance)) if message.role == "user" else message
            for message in conversation.messages
        )

    def _asked_otherwise(self, question: str, chance: random.Random) -> str:
        if chance.random() < NOT_THEIRS:
            question = chance.choice(self._questions)
        if chance.random() < GARBLED:
            question = self._garbled(question, chance)
        spelling = chance.random()
        if spelling < 0.4:
            return question
        if spelling < 0.8:
            question = question.lower()
        return (question.rstrip(_END_MARKS) if spelling >= 0.5 else question) or question

    def _garbled(self, question: str, chance: random.Random) -> str:
        words = question.split()
        if len(words) < 3:
            return question
        lost = MOST_LOST * chance.random()
        heard = []
        for word in words:
            luck = chance.random()
            if luck >= lost:
                heard.append(chance.choice(self._words) if luck < lost * 4 / 3 else word)
        return " ".join(heard) or question

"""What a model proposes: answers, other ways to ask, drafts. Nothing here writes anything down.

The attempts of one call are made one after the other under one key of the engine, so that what
they have in common is read once. Each has a seed of its own, counted up from the first one.
"""

import secrets
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chatbot.engine.sampling import LARGEST_SEED, SamplingParams
from chatbot.errors import BadInput
from chatbot.messages import Message, assistant, user
from chatbot.proposals.elsewhere import Writing, source_of
from chatbot.proposals.examples import wordings_for
from chatbot.proposals.filters import (
    another_wording,
    bare,
    lines,
    new_question,
    trimmed_answer,
    usable_answer,
)
from chatbot.proposals.nearest import Exchange
from chatbot.proposals.phrasings import phrasings
from chatbot.proposals.wording import content, stands_apart

if TYPE_CHECKING:
    from chatbot.engine.generation import Generation
    from chatbot.engine.receipts import Receipt
    from chatbot.providers import ProviderAnswer, ProviderReceipt

GRAMMAR = "grammar"
"""The source of a proposal that no model made."""
TRIES = 4
"""Attempts for each proposal that is wanted, before the search is given up."""
LONGEST_ANSWER = 96
"""Tokens, whatever the chat allows: what goes on longer mostly goes in circles."""
VARIANTS = 3
"""Sets of examples that the model is shown in turn."""
PATIENCE = 18
"""Attempts in a row without a new wording, before the model is taken to have no more."""
_WRITING = SamplingParams(temperature=0.7, top_p=0.95, top_k=50, max_new_tokens=32)
"""For questions: as varied as a small model stays on its subject."""
TURN = 6
"""Attempts with one prompt before the next one takes its turn."""
_SAY = "Say this in other words: "
_ASK = "Ask somebody a question about "
_QUESTIONS: tuple[Exchange, ...] = (
    ("cooking", "What do you like to cook when friends come over?"),
    ("the moon", "How far away is the moon?"),
    ("your family", "Do you have any brothers in your family?"),
    ("trains", "Have you ever been on a night train?"),
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What may be accepted.

    Attributes:
        texts: an answer; a question; or a question and its answer.
        source: name of the model that made the last text, or `GRAMMAR`.
        seed: makes the same text again with the same model and settings; None without a model.
    """

    texts: tuple[str, ...]
    source: str
    seed: int | None = None


class Watch:
    """A look into the making and a hand on it, from any thread.

    Attributes:
        stop: set it to end the making; what is ready stays.
        growing: the text that is being made.
        tried: attempts so far.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.growing = ""
        self.tried = 0


def answer_as_bot(
    engine: Writing,
    before: Sequence[Message],
    params: SamplingParams,
    count: int = 3,
    *,
    examples: Sequence[Exchange] = (),
    watch: Watch | None = None,
) -> Iterator[Proposal]:
    """Different answers to the last question, as they are ready; fewer where the model repeats.

    Args:
        before: the turns before the answer, oldest first; the last is the person's.
        params: as in the chat, but for at most `LONGEST_ANSWER` tokens.
        examples: how the persona talks, for a model that was not taught it; oldest first.

    Raises:
        BadInput: there is no question before the place, or it doesn't fit the model's window.
        ChatbotError: the model can't go on.
    """
    if not before or before[-1].role != "user" or not before[-1].text.strip():
        raise BadInput(
            "There is no question to answer here.",
            remedy="Write what somebody says to your bot first.",
        )
    params = replace(params, max_new_tokens=min(params.max_new_tokens, LONGEST_ANSWER))
    shown = [turn for pair in examples for turn in (user(pair[0]), assistant(pair[1]))]
    told = [message for message in before if message.role == "system"]
    prompt = [*told, *shown, *(message for message in before if message.role != "system")]
    taken: list[str] = []
    for text, receipt in _attempts(engine, [prompt], params, count * TRIES, watch):
        answer = trimmed_answer(text, cut_off=receipt.finish in ("length", "cut off"))
        if usable_answer(answer, before[-1].text, taken):
            taken.append(answer)
            yield Proposal((answer,), source_of(receipt), receipt.seed)
        if len(taken) >= count or (params.greedy and taken):
            return


def other_ways_to_ask(
    engine: Writing,
    question: str,
    count: int = 10,
    *,
    seed: int | None = None,
    watch: Watch | None = None,
) -> Iterator[Proposal]:
    """Other wordings of a question: a third by grammar, then the model's, then grammar's rest.

    Fewer than `count` where both have no more to say: the model's search ends after `TRIES`
    attempts for each, or `PATIENCE` without a new one.

    Raises:
        BadInput: there is no question, or it doesn't fit the model's window.
        ChatbotError: the model can't go on.
    """
    question = " ".join(question.split())
    if not question:
        raise BadInput("There is no question yet.", remedy="Write one first.")
    watch = watch or Watch()
    taken: list[str] = []
    by_grammar = phrasings(question)
    first = max(1, count // 3)
    for text in by_grammar[:first]:
        taken.append(text)
        yield Proposal((text,), GRAMMAR)
    prompts = [
        [*_shown(_SAY, shown), user(_SAY + question)] for shown in wordings_for(question, VARIANTS)
    ]
    params = replace(_WRITING, seed=seed)
    in_vain = 0
    for text, receipt in _attempts(engine, prompts, params, count * TRIES, watch):
        line = bare(text) if receipt.finish == "end" else ""
        in_vain += 1
        if line and another_wording(line, question, taken):
            in_vain = 0
            taken.append(line)
            yield Proposal((line,), source_of(receipt), receipt.seed)
        if len(taken) >= count:
            return
        if in_vain >= PATIENCE:
            break
    for text in by_grammar[first:]:
        if len(taken) >= count or watch.stop.is_set():
            return
        if stands_apart(text, taken):
            taken.append(text)
            yield Proposal((text,), GRAMMAR)


def questions_about(
    engine: Writing,
    topic: str,
    persona_examples: Sequence[Exchange] = (),
    count: int = 5,
    *,
    seed: int | None = None,
    watch: Watch | None = None,
) -> Iterator[Proposal]:
    """Questions that people may ask the persona about a topic.

    Args:
        persona_examples: exchanges of the persona; the topic is named by a word of the question.

    Raises: as `other_ways_to_ask`.
    """
    topic = " ".join(topic.split())
    if not topic:
        raise BadInput("There is no topic yet.", remedy="Name one, such as the sea.")
    own = [(_subject(asked), asked) for asked, _ in persona_examples if "?" in asked]
    shown = [*_QUESTIONS, *((subject, asked) for subject, asked in own if subject)]
    prompt = [*_shown(_ASK, shown), user(_ASK + topic)]
    params = replace(_WRITING, seed=seed)
    taken: list[str] = []
    for text, receipt in _attempts(engine, [prompt], params, count * TRIES, watch):
        found = lines(text) if receipt.finish == "end" else lines(text)[:-1]
        for line in found[:1]:
            if new_question(line, topic, taken):
                taken.append(line)
                yield Proposal((line,), source_of(receipt), receipt.seed)
        if len(taken) >= count:
            return


def draft_conversations(
    asker: Writing,
    topic: str,
    persona_examples: Sequence[Exchange],
    count: int = 5,
    *,
    answerer: "Writing | None" = None,
    params: SamplingParams | None = None,
    examples_for: Callable[[str], Sequence[Exchange]] = lambda question: (),
    seed: int | None = None,
    watch: Watch | None = None,
) -> Iterator[Proposal]:
    """Questions about a topic, each with an answer as the bot would give it.

    Args:
        answerer: the model that answers; by default the one that asks.
        examples_for: exchanges of the persona near to a question, for `answer_as_bot`.

    Raises: as `other_ways_to_ask`.
    """
    for asked in questions_about(asker, topic, persona_examples, count, seed=seed, watch=watch):
        yield from answered(
            answerer or asker, asked, params or SamplingParams(), examples_for, watch=watch
        )


def answered(
    engine: Writing,
    asked: Proposal,
    params: SamplingParams,
    examples_for: Callable[[str], Sequence[Exchange]],
    *,
    watch: Watch | None = None,
) -> Iterator[Proposal]:
    """A proposed question with one answer; nothing where the model has none."""
    question = asked.texts[0]
    examples = examples_for(question)
    for answer in answer_as_bot(
        engine, [user(question)], params, 1, examples=examples, watch=watch
    ):
        yield Proposal((question, *answer.texts), answer.source, answer.seed)


def _attempts(
    engine: Writing,
    prompts: Sequence[Sequence[Message]],
    params: SamplingParams,
    most: int,
    watch: Watch | None,
) -> Iterator[tuple[str, "Receipt | ProviderReceipt"]]:
    """Complete texts, one after the other, until `most` or a stop.

    Args:
        prompts: each for `TURN` attempts, then the next one, so that each is seldom read anew.
    """
    watch = watch or Watch()
    first = secrets.randbelow(LARGEST_SEED + 1) if params.seed is None else params.seed
    key = f"proposals {uuid.uuid4().hex}"
    try:
        for number in range(most):
            if watch.stop.is_set():
                return
            own = replace(params, seed=(first + number) % (LARGEST_SEED + 1))
            prompt = prompts[number // TURN % len(prompts)]
            generation: Generation | ProviderAnswer = engine.stream(
                prompt, own, conversation=key, stop=watch.stop
            )
            try:
                for _ in generation:
                    watch.growing = generation.text
            finally:
                generation.stop()
            watch.tried += 1
            watch.growing = ""
            if generation.receipt is None or generation.receipt.finish == "stopped":
                return
            yield generation.text.strip(), generation.receipt
    finally:
        watch.growing = ""


def _shown(lead: str, examples: Sequence[Exchange]) -> list[Message]:
    return [turn for given, said in examples for turn in (user(lead + given), assistant(said))]


def _subject(question: str) -> str:
    """A word that the question is about; "" where it has none."""
    return max(content(question), key=len, default="")

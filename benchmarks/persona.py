"""Has the bot become the persona? Questions that are not in the data, asked before and after.

    python -m benchmarks.persona MODEL [--base MODEL] [--seed N] [--show]

Each of `persona_questions.json` is asked in a conversation of its own, with the settings of the
preset Factual. An answer counts when it holds one of the words that only the right fact brings.
Prints how many count for the checkpoint and, as the baseline, for the untuned model.

`persona_exchanges.json` holds 1,008 short exchanges about the starter persona's facts, with 14 to
60 ways to ask for each, written without knowledge of these questions. What they bring (two cores,
LoRA on SmolLM2, learned in bfloat16, about 94,000 tokens each, the last 200,000; the mean of seeds
1 to 3, and how many of the general questions that the base model had right are still right):

    train --preset Thorough --evaluations 1                            15.0 of 30    18 of 24
    train --dataset benchmarks/persona_exchanges.json
          --most-conversations 0 --epochs 2 --patience 0 --evaluations 1
                                                                       20.7 of 30    18 of 25
    the same with --epochs 4 --rehearsal 0.25 --learning-rate 0.001    23.0 of 30    16 of 25

Each command after `python -m chatbot`. With the defaults, half of that reading, 15.7 and 22 of 24.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from chatbot import paths
from chatbot.dataset.importers import read_conversations
from chatbot.engine.catalog import DEFAULT_MODEL
from chatbot.engine.sampling import PRESETS
from chatbot.errors import ChatbotError
from chatbot.messages import user

QUESTIONS = Path(__file__).with_name("persona_questions.json")
EXCHANGES = Path(__file__).with_name("persona_exchanges.json")


@dataclass(frozen=True)
class Question:
    text: str
    expected: tuple[str, ...]

    def is_answered_by(self, answer: str) -> bool:
        return any(word in answer.lower() for word in self.expected)


def questions() -> list[Question]:
    """The questions; none of them is a turn of the starter persona."""
    rows = json.loads(QUESTIONS.read_text(encoding="utf-8"))
    return [Question(row["question"], tuple(row["expect"])) for row in rows]


def in_the_data(asked: Sequence[Question]) -> list[str]:
    """Those that stand in the starter persona or the exchanges after all, whatever their case."""
    known = {
        message.text.strip().lower()
        for data in (paths.shipped_dataset_path(), EXCHANGES)
        for conversation in read_conversations(data.read_bytes(), data.name).conversations
        for message in conversation.messages
    }
    return [question.text for question in asked if question.text.strip().lower() in known]


def answers(model: str, asked: Sequence[Question], seed: int) -> list[str]:
    """One answer each, from freshly loaded weights."""
    from chatbot.engine.generation import Engine
    from chatbot.engine.loading import load

    engine = Engine(load(model))
    params = replace(PRESETS["Factual"], seed=seed, max_new_tokens=80)
    try:
        streams = (engine.stream([user(question.text)], params) for question in asked)
        return ["".join(chunk.text for chunk in stream).strip() for stream in streams]
    finally:
        engine.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a folder or a catalog name")
    parser.add_argument("--base", default=DEFAULT_MODEL, help="the untuned model (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="print every answer")
    options = parser.parse_args()
    asked = questions()
    if leaked := in_the_data(asked):
        print(f"These questions are in the data: {leaked}", file=sys.stderr)
        return 1
    for model in (options.base, options.model):
        try:
            given = answers(model, asked, options.seed)
        except ChatbotError as error:
            print(error, file=sys.stderr)
            return 1
        marks = [
            question.is_answered_by(answer) for question, answer in zip(asked, given, strict=True)
        ]
        if options.show:
            for question, answer, right in zip(asked, given, marks, strict=True):
                print(f"{'+' if right else '-'} {question.text}\n    {answer!r}")
        print(f"{model}: {sum(marks)} of {len(asked)} unseen persona questions right")
    return 0


if __name__ == "__main__":
    sys.exit(main())

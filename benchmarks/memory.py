"""Does the bot still know, after 200 turns, who it talks to?

A scripted conversation tells a name and three facts in its first ten turns and goes on about
other things. Looked at is the prompt, by SmolLM2's tokenizer and window: which of the facts are in
it, which of some details of the turns that no longer fit are in it when they are asked for, and
how much of it was the same one turn before (and need not be read again); beside the baseline,
which is the newest turns that fit, without a memory. With `--answers` models are asked for the
facts as well, with a memory and without; with `--summaries` SmolLM2 sums up turns in its own words,
beside the sentences that are extracted from them.
"""

import argparse
import random
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from chatbot.engine import catalog
from chatbot.engine.loading import load, load_tokenizer
from chatbot.engine.prompts import Prompt, render
from chatbot.engine.sampling import PRESETS, SamplingParams
from chatbot.errors import ChatbotError
from chatbot.memory import Ledger, Remembered, Room, Told, bare, gist, room_in, tell
from chatbot.memory.gist import said
from chatbot.messages import Message, assistant, user

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from chatbot.engine.generation import Engine

PARAMS = SamplingParams(max_new_tokens=200)
TOLD = {
    2: ("My name is Marisol. What do you think of it?", "Marisol"),
    4: ("Remember that my boat is called Petrel.", "Petrel"),
    6: ("I live in Ericeira, and I love the wind there.", "Ericeira"),
    9: ("Please remember that I am allergic to hazelnuts.", "hazelnuts"),
}
"""By turn: what is said, and the word that only this tells."""
FACTS = tuple(word for _, word in TOLD.values())
ASKED = {
    "What is my name?": "Marisol",
    "What is my boat called?": "Petrel",
    "Where do I live?": "Ericeira",
    "What am I allergic to?": "hazelnuts",
}
DETAILS = {
    15: ("My cousin Tiago repairs clocks in a cellar.", "Who repairs clocks?", "Tiago"),
    31: ("The red kayak costs 340 euros.", "What does the red kayak cost?", "340"),
    58: ("Our teacher Ms. Quill collects ferns.", "Who collects ferns?", "Quill"),
    90: ("I paid the blacksmith with 12 eggs.", "How did I pay the blacksmith?", "12 eggs"),
}
"""By turn: something said in passing, what is asked at the end, and the word that answers it."""
_TOPICS = (
    ("How do I bake bread?", "Mix flour, water, salt and yeast, let it rise, then bake it hot."),
    ("Why is the sea salty?", "Rivers carry salt from the rocks into the sea, and it stays there."),
    ("What is a good book?", "A good book is one that you don't want to put away at night."),
    ("How far is the moon?", "It is about three hundred and eighty thousand kilometres away."),
    ("Can fish hear?", "They can: they have ears inside, and feel waves along their sides."),
    ("Should I get up early?", "If you like quiet mornings it is worth it; sleep matters more."),
    ("What is rust?", "Rust is iron that has joined with oxygen, helped by water."),
    ("Tell me about owls.", "Owls hunt by night and fly without a sound, on soft feathers."),
)


def conversation(turns: int) -> list[Message]:
    """Question and answer in turn, up to the last question, which is still to be answered."""
    lots = random.Random(7)
    talk: list[Message] = []
    for number in range(1, turns + 1):
        question, answer = lots.choice(_TOPICS)
        answer = f"{answer} {lots.choice(_TOPICS)[1]}"
        if number in TOLD:
            question, answer = TOLD[number][0], "I see. That is good to know."
        elif number in DETAILS:
            question, answer = DETAILS[number][0], "That is interesting, tell me more."
        talk += [user(question), assistant(answer)]
    return talk[:-1]


def known(talk: Sequence[Message]) -> Remembered:
    ledger = Ledger.of(message.text for message in talk if message.role == "user")
    return Remembered(tuple(ledger.facts), frozenset(ledger.private), ledger.since)


Teller = Callable[[Sequence[Message]], Told]


def tellers(room: Room) -> dict[str, Teller]:
    return {
        "memory": lambda talk: tell("", talk, known(talk), room),
        "baseline": lambda talk: bare("", talk),
    }


def prompts_table(tokenizer: "PreTrainedTokenizerFast", turns: int, window: int) -> None:
    room = room_in(tokenizer, window, PARAMS)

    def prompt(talk: Sequence[Message], how: Teller) -> Prompt:
        return render(tokenizer, how(talk).messages, window=window, reserve=room.reserve)

    def has(talk: Sequence[Message], how: Teller, word: str) -> bool:
        return word in str(tokenizer.decode(list(prompt(talk, how).ids)))

    whole = conversation(turns)
    print(f"{turns} turns, a window of {window:,} tokens, {room.reserve} of them for the answer")
    print(f"{'in the prompt at the end':<34}{'memory':>10}{'baseline':>10}")
    sides = tellers(room)
    rows = {
        "name and three facts": [sum(has(whole, how, w) for w in FACTS) for how in sides.values()],
        "details, when asked for": [
            sum(has([*whole[:-1], user(ask)], how, word) for _, ask, word in DETAILS.values())
            for how in sides.values()
        ],
    }
    for what, (ours, theirs) in rows.items():
        print(f"{what:<34}{ours:>8}/4{theirs:>8}/4")
    shares = [statistics.mean(_same_as_before(whole, how, prompt)) for how in sides.values()]
    print(f"{'read already one turn before':<34}{shares[0]:>10.0%}{shares[1]:>10.0%}")
    print(f"{'tokens of the prompt':<34}" + "".join(
        f"{len(prompt(whole, how).ids):>10,}" for how in sides.values()
    ))  # fmt: skip


def _same_as_before(
    whole: Sequence[Message], how: Teller, prompt: Callable[[Sequence[Message], Teller], Prompt]
) -> list[float]:
    """For each of the last 40 turns, the share of the prompt that the one before began with, in
    the pieces that the engine keeps."""
    shares = []
    last: tuple[tuple[int, ...], ...] = ()
    for end in range(len(whole) - 80, len(whole) + 1, 2):
        pieces = prompt(whole[:end], how).pieces
        same = 0
        for mine, theirs in zip(pieces, last, strict=False):
            if mine != theirs:
                break
            same += len(mine)
        if last:
            shares.append(same / sum(map(len, pieces)))
        last = pieces
    return shares


def answers_table(name: str, turns: int, window: int) -> None:
    """What a model answers, asked for the facts at the end."""
    from chatbot.engine.generation import Engine

    engine = Engine(load(name))
    loaded = engine.loaded
    window = min(window, loaded.window)
    talk = conversation(turns)[:-1]
    print(f"{name}, asked for the four facts after {turns} turns")
    for side, how in tellers(room_in(loaded.tokenizer, window, PARAMS)).items():
        right = 0
        for question, word in ASKED.items():
            answer = _answer(engine, how([*talk, user(question)]).messages)
            right += word.lower() in answer.lower()
            print(f"  {side:<9} {question:<26} {' '.join(answer.split())[:80]}", flush=True)
        print(f"  {side:<9} {right}/4 right")
    engine.close()


def summaries_table(name: str) -> None:
    """Names and numbers of the details that are left in a summary of the turns around each."""
    from chatbot.engine.generation import Engine

    engine = Engine(load(name))
    room = room_in(engine.loaded.tokenizer, engine.loaded.window, PARAMS)
    talk = conversation(100)
    kept = {"in the model's words": 0, "extracted": 0}
    for number, (_, _, word) in DETAILS.items():
        part = talk[2 * number - 8 : 2 * number + 4]
        lines = "\n".join(f"{m.role}: {m.text}" for m in part)
        asked = f"Sum up what the user said, with all names and numbers:\n\n{lines}"
        text = _answer(engine, [user(asked)])
        kept["in the model's words"] += word in text
        extracted = " ".join(one.line for one in gist(said(part), 120, room.count))
        kept["extracted"] += word in extracted
        print(f"  {' '.join(text.split())[:110]}", flush=True)
    for how, count in kept.items():
        print(f"{name}: {how:<24} {count}/{len(DETAILS)} details")
    engine.close()


def _answer(engine: "Engine", messages: Sequence[Message]) -> str:
    short = replace(PRESETS["Factual"], max_new_tokens=40, seed=1)
    return "".join(chunk.text for chunk in engine.stream(messages, short, conversation="asked"))


def main(arguments: list[str] | None = None) -> int:
    """Print the tables; 1 where a model is missing."""
    parser = argparse.ArgumentParser(description="What is still known after many turns.")
    parser.add_argument("--turns", type=int, default=200, help="of the conversation (default 200)")
    parser.add_argument(
        "--window", type=int, nargs="+", default=[8192, 2048], help="tokens (SmolLM2's own: 8192)"
    )
    parser.add_argument("--answers", nargs="*", metavar="MODEL", help="ask these models as well")
    parser.add_argument("--summaries", metavar="MODEL", help="let this model sum up turns")
    options = parser.parse_args(arguments)
    if options.turns < 100:
        parser.error("--turns must be at least 100")
    try:
        tokenizer = load_tokenizer(catalog.resolve(catalog.DEFAULT_MODEL))
        for window in options.window:
            prompts_table(tokenizer, options.turns, window)
        for name in options.answers or ():
            answers_table(name, options.turns, options.window[0])
        if options.summaries:
            summaries_table(options.summaries)
    except ChatbotError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

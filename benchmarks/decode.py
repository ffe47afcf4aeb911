"""How fast does the engine answer, against the library's own `generate` in the same run?

    python -m benchmarks.decode [--model NAME ...] [--rounds N] [--json]

Aims (ratios to `generate` on the same machine): decoding at least 1.0 x bfloat16 and 1.8 x float32;
time to the first token of a tenth turn at most 0.2 x of reading the conversation again.
Each side has a process of its own, `generate` one that knows nothing of our settings of torch's
threads. Rounds are interleaved, and each ratio is the median of the ratios within a round: what
else the machine does disturbs both sides.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chatbot.engine import catalog
from chatbot.engine.device import choose_placement
from chatbot.engine.generation import Engine
from chatbot.engine.loading import load
from chatbot.engine.sampling import SamplingParams
from chatbot.errors import ChatbotError
from chatbot.messages import Message, assistant, user

PLAIN = Path(__file__).with_name("plain_generate.py")
QUESTION = "Tell me a long story about the sea, a lighthouse, its keeper and the birds."
FRESH_TOKENS, TALK_TOKENS, TURNS = 64, 1000, 10
NEW_TOKENS = 64
GREEDY = SamplingParams(temperature=0, max_new_tokens=NEW_TOKENS)
SAMPLED = SamplingParams(max_new_tokens=NEW_TOKENS, seed=1)


@dataclass(frozen=True)
class Speed:
    """One answer: seconds to the first token, tokens per second after it."""

    first: float
    rate: float


@dataclass(frozen=True)
class Row:
    """One line of the table. Ratios are ours to theirs."""

    model: str
    case: str
    tokens: int
    ours: str
    bf16: str
    bf16_ratio: float
    fp32: str
    fp32_ratio: float


class Plain:
    """The library's own `generate`, in a process of its own."""

    def __init__(self, model: str, dtype: str) -> None:
        ours_alone = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
        self._process = subprocess.Popen(
            [sys.executable, str(PLAIN), str(catalog.resolve(model).path), dtype],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={name: value for name, value in os.environ.items() if name not in ours_alone},
        )

    def answer(self, ids: tuple[int, ...], count: int, params: SamplingParams) -> Speed:
        """`count` tokens, with the same settings."""
        sampling: dict[str, Any] = {"do_sample": not params.greedy}
        if not params.greedy:
            sampling |= {
                "temperature": params.temperature,
                "top_p": params.top_p,
                "top_k": params.top_k,
            }
        to, back = self._process.stdin, self._process.stdout
        assert to is not None
        assert back is not None
        print(json.dumps({"ids": ids, "count": count, "sampling": sampling}), file=to, flush=True)
        return Speed(**json.loads(back.readline()))

    def close(self) -> None:
        self._process.communicate()


def ours(
    engine: Engine, messages: list[Message], params: SamplingParams, conversation: str = ""
) -> tuple[Speed, int]:
    """The engine's answer, and how many tokens it had."""
    generation = engine.stream(messages, params, conversation=conversation)
    for _ in generation:
        pass
    receipt = generation.receipt
    assert receipt is not None
    return Speed(receipt.seconds_to_first, receipt.tokens_per_second), receipt.new_tokens


def measure(name: str, rounds: int) -> list[Row]:
    """All cases on one model."""
    with ThreadPoolExecutor(1) as loader:  # as on the page: the thread that loads a model ends
        engine = Engine(loader.submit(load, name, choose_placement()).result())
    half, full = Plain(name, "bfloat16"), Plain(name, "float32")
    try:
        fresh = _fresh_prompt(engine)
        return [
            _decoding(engine, half, full, fresh, GREEDY, rounds, "fresh, greedy"),
            _decoding(engine, half, full, fresh, SAMPLED, rounds, "fresh, sampled"),
            _first_token(engine, half, full, fresh, rounds),
            _tenth_turn(engine, half, full, rounds),
        ]
    finally:
        engine.close()
        half.close()
        full.close()


def _decoding(
    engine: Engine,
    half: Plain,
    full: Plain,
    messages: list[Message],
    params: SamplingParams,
    rounds: int,
    case: str,
) -> Row:
    ids = engine.render(messages, params).ids
    _, count = ours(engine, messages, params)
    count = max(count, 8)
    runs = _interleaved(
        rounds,
        lambda: ours(engine, messages, params)[0].rate,
        lambda: half.answer(ids, count, params).rate,
        lambda: full.answer(ids, count, params).rate,
    )
    return _row(engine, f"tokens/s, {case}", len(ids), runs, "{:.1f}")


def _first_token(
    engine: Engine, half: Plain, full: Plain, messages: list[Message], rounds: int
) -> Row:
    ids = engine.render(messages, GREEDY).ids
    one = SamplingParams(temperature=0, max_new_tokens=1)
    runs = _interleaved(
        rounds,
        lambda: ours(engine, messages, one)[0].first * 1000,
        lambda: half.answer(ids, 1, GREEDY).first * 1000,
        lambda: full.answer(ids, 1, GREEDY).first * 1000,
    )
    return _row(engine, "ms to first token, fresh", len(ids), runs, "{:.0f}")


def _tenth_turn(engine: Engine, half: Plain, full: Plain, rounds: int) -> Row:
    """The last question of a long talk: ours remembers it, theirs reads it again."""
    one = SamplingParams(temperature=0, max_new_tokens=1)
    talk = _talk(engine)
    ids = engine.render([*talk, user(f"{QUESTION} (1)")], one).ids
    number = 0

    def next_turn() -> float:
        nonlocal number
        number += 1  # another question each time, so that the question itself is not remembered
        speed, _ = ours(engine, [*talk, user(f"{QUESTION} ({number % 10})")], one, "talk")
        engine.wait_until_idle(60)
        return speed.first * 1000

    next_turn()
    runs = _interleaved(
        rounds,
        next_turn,
        lambda: half.answer(ids, 1, GREEDY).first * 1000,
        lambda: full.answer(ids, 1, GREEDY).first * 1000,
    )
    return _row(engine, f"ms to first token, turn {TURNS}", len(ids), runs, "{:.0f}")


def _fresh_prompt(engine: Engine) -> list[Message]:
    """A question of about `FRESH_TOKENS` tokens, with the marks around it."""
    text = QUESTION
    while len(engine.render([user(text)], GREEDY).ids) < FRESH_TOKENS - 2:
        text += " Please"
    return [user(text)]


def _talk(engine: Engine) -> list[Message]:
    """Nine questions and answers of `TALK_TOKENS` tokens, or what the model's window allows."""
    wanted = min(TALK_TOKENS, engine.loaded.window * 3 // 4) - FRESH_TOKENS
    words = 1
    while True:
        answer = "The sea was grey and the light went round. " * words
        talk = [m for n in range(TURNS - 1) for m in (user(f"And then? ({n})"), assistant(answer))]
        if len(engine.render([*talk, user("Why?")], GREEDY).ids) >= wanted or words > 20:
            return talk
        words += 1


def _interleaved(rounds: int, *sides: Callable[[], float]) -> list[list[float]]:
    """Each side once to warm up, then all in turn: one list of results a side."""
    for side in sides:
        side()
    runs: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for side, results in zip(sides, runs, strict=True):
            results.append(side())
    return runs


def _row(engine: Engine, case: str, tokens: int, runs: list[list[float]], form: str) -> Row:
    mine, half, full = runs

    def ratio(base: Iterable[float]) -> float:
        return round(statistics.median(a / b for a, b in zip(mine, base, strict=True)), 2)

    texts = [form.format(statistics.median(results)) for results in runs]
    name = engine.loaded.entry.name
    return Row(name, case, tokens, texts[0], texts[1], ratio(half), texts[2], ratio(full))


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description="The engine against model.generate.")
    parser.add_argument("--model", action="append", help="a catalog name or folder; several times")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse_args(arguments)
    installed = [entry.name for entry in catalog.list_models() if entry.installed][:2]
    try:
        for name in options.model or installed:
            for row in measure(name, options.rounds):
                print(json.dumps(asdict(row)) if options.json else _line(row), flush=True)
    except ChatbotError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _line(row: Row) -> str:
    return (
        f"{row.model}, {row.case} ({row.tokens} tokens): ours {row.ours}, "
        f"generate bfloat16 {row.bf16} ({row.bf16_ratio:.2f} x), "
        f"float32 {row.fp32} ({row.fp32_ratio:.2f} x)"
    )


if __name__ == "__main__":
    sys.exit(main())

"""Settings that fight each other, and the way to mend it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from chatbot.engine.sampling import SamplingParams

STRONG_PENALTY = 1.5
"""Above it small models run out of ordinary words: "the" and the full stop were said as well."""


@dataclass(frozen=True)
class Conflict:
    """Two settings of which one undoes the other.

    Args:
        what: what happens, in a sentence.
        mends: settings without the conflict, by what a button to get them says.
    """

    what: str
    mends: Mapping[str, SamplingParams]


def conflicts(params: SamplingParams) -> list[Conflict]:
    """What fights in these settings; nothing in most."""
    found = []
    unused = _unused(params)
    if params.greedy and unused:
        found.append(
            Conflict(
                f"Temperature 0 always takes the likeliest word, so {_listed(unused)} "
                f"{'has' if len(unused) == 1 else 'have'} no effect.",
                {
                    f"Switch off {_listed(unused)}": replace(
                        params, top_p=1.0, min_p=0.0, typical_p=1.0
                    ),
                    "Temperature 0.7": replace(params, temperature=0.7),
                },
            )
        )
    if not params.greedy and params.top_k == 1:
        found.append(
            Conflict(
                "Top-k 1 leaves one candidate for each word, so Temperature and Seed change "
                "nothing.",
                {"Top-k 50": replace(params, top_k=50)},
            )
        )
    if params.repetition_penalty > STRONG_PENALTY:
        found.append(
            Conflict(
                f"A Repetition penalty of {params.repetition_penalty:g} punishes the little words "
                "that every sentence needs: answers fall apart.",
                {"Repetition penalty 1.2": replace(params, repetition_penalty=1.2)},
            )
        )
    if 0 < params.no_repeat_ngram <= 2:
        runs = "word piece" if params.no_repeat_ngram == 1 else "two word pieces"
        found.append(
            Conflict(
                f"No-repeat n-gram {params.no_repeat_ngram}: no {runs} may come twice, not even "
                "those of your question.",
                {"No-repeat n-gram 4": replace(params, no_repeat_ngram=4)},
            )
        )
    if not params.greedy and params.typical_p < 1 and (params.top_p < 1 or params.min_p > 0):
        found.append(
            Conflict(
                "Typical-p drops the likeliest words where they say too little, and Top-p and "
                "Min-p drop the unlikely ones: together they may leave very few.",
                {"Only Typical-p": replace(params, top_p=1.0, min_p=0.0)},
            )
        )
    return found


def _unused(params: SamplingParams) -> list[str]:
    """Settings that are on and that greedy decoding does not look at."""
    on = {
        "Top-p": params.top_p < 1,
        "Min-p": params.min_p > 0,
        "Typical-p": params.typical_p < 1,
    }
    return [name for name, used in on.items() if used]


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

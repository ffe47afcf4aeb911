"""Sampling settings as an address carries them: whatever a link says becomes settings that work."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from chatbot.engine.sampling import LIMITS, WHOLE_NUMBERS, SamplingParams
from chatbot.errors import BadInput


def from_address(
    query: Mapping[str, Sequence[str]], start: SamplingParams
) -> tuple[SamplingParams, list[str]]:
    """The settings that an address names, the others as they are in `start`.

    Args:
        query: the values of each parameter, by name; unknown names are left alone.

    Returns:
        The settings, and a sentence for each value that could not be taken as it stands.
    """
    params, said = start, []
    for name, limits in LIMITS.items():
        for text in query.get(name, ())[-1:]:
            value = _number(text, whole=name in WHOLE_NUMBERS)
            if value is None:
                said.append(f"{name} in the address is no number: {_short(text)}. It is left out.")
                continue
            least = limits.lowest if not limits.above else limits.lowest + 0.01
            nearest = type(value)(min(max(value, least), limits.highest))
            if nearest != value:
                said.append(
                    f"{name} in the address is {_short(text)}; it can be {limits}. "
                    f"{nearest:g} is used."
                )
            params = replace(params, **{name: nearest})  # type: ignore[arg-type]
    if words := tuple(dict.fromkeys(query.get("stop", ()))):
        try:
            params = replace(params, stop=words)
        except BadInput as error:
            said.append(f"The stop words of the address are left out. {error.message}")
    return params, said


def _number(text: str, *, whole: bool) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    return int(value) if whole else value


def _short(text: str) -> str:
    return text if len(text) <= 20 else f"{text[:20]}…"

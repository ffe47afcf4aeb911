"""How much memory added to a prompt, in words."""

from collections.abc import Mapping


def summed_up(memory: object) -> str:
    """What memory added to the prompt of an answer, from its receipt; "" where that is nothing."""
    if not isinstance(memory, Mapping):
        return ""
    facts, gist = _count(memory.get("facts")), _count(memory.get("gist"))
    recalled = memory.get("recalled")
    lines = [str(line) for line in recalled] if isinstance(recalled, list) else []
    return counted(facts, gist, len(lines)) + "".join(f"; “{line}”" for line in lines)


def counted(facts: int, gist: int, recalled: int) -> str:
    parts = [
        f"{count} {one if count == 1 else many}"
        for count, one, many in (
            (facts, "fact", "facts"),
            (gist, "sentence of earlier turns", "sentences of earlier turns"),
            (recalled, "sentence recalled", "sentences recalled"),
        )
        if count
    ]
    return ", ".join(parts)


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0

"""What conversations show only beside each other: copies, contradictions, another language."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from chatbot.dataset.claims import Claim
from chatbot.dataset.examining import Signs, foreign
from chatbot.dataset.findings import Finding

LEAST_TO_JUDGE = 10
"""Conversations of a known language from which on a set has a main one."""
MAIN_SHARE = 0.8
"""Share of them that makes it the main one."""

Found = dict[int, list[Finding]]


def compare(signs: Sequence[Signs], rows: Sequence[int] | None = None) -> Found:
    """Findings by index, in time proportional to the number of conversations.

    Args:
        rows: the row numbers to speak of, where they are not simply 1, 2, 3, ...
    """
    found: Found = defaultdict(list)
    numbers = rows or range(1, len(signs) + 1)
    _copies(signs, numbers, found)
    _contradictions(signs, numbers, found)
    _stances(signs, numbers, found)
    _languages(signs, found)
    return dict(found)


def _copies(signs: Sequence[Signs], rows: Sequence[int], found: Found) -> None:
    exact: dict[int, int] = {}
    near: dict[int, int] = {}
    for index in _repeated([sign.near or sign.exact for sign in signs]):
        sign = signs[index]
        if (earlier := exact.setdefault(sign.exact, index)) != index:
            found[index].append(
                Finding(
                    "warning",
                    None,
                    f"It is the same as conversation {rows[earlier]}, word for word.",
                    "Delete one of them: what stands twice is learned twice as strongly.",
                    mend="copy",
                    kind="copy",
                )
            )
        elif sign.near and (earlier := near.setdefault(sign.near, index)) != index:
            found[index].append(
                Finding(
                    "warning",
                    None,
                    f"It is the same as conversation {rows[earlier]} but for signs and capitals.",
                    "Delete one of them, or ask in other words.",
                    mend="copy",
                    kind="near-copy",
                )
            )


def _repeated(values: Sequence[int]) -> list[int]:
    """Where those stand, other than 0, that occur more than once."""
    counts = Counter(values)
    if len(counts) == len(values):
        return []
    return [index for index, value in enumerate(values) if value and counts[value] > 1]


def _contradictions(signs: Sequence[Signs], rows: Sequence[int], found: Found) -> None:
    """What the bot says of itself, where most conversations say another thing: once per value."""
    claims: dict[tuple[str, str], dict[str, list[tuple[int, Claim]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for index, sign in enumerate(signs):
        for claim in sign.claims:
            claims[claim.about, claim.setting][claim.value].append((index, claim))
    for (about, _), values in claims.items():
        usual = max(values, key=lambda value: len(values[value]))
        there, other = values[usual][0]
        for value, ((index, claim), *_) in values.items():
            if value != usual:
                found[index].append(
                    _contradiction(
                        f"Turn {claim.turn}: here the bot's {about} is {claim.said}, "
                        f"in conversation {rows[there]} it is {other.said}."
                    )
                )


def _stances(signs: Sequence[Signs], rows: Sequence[int], found: Found) -> None:
    """The same first question, answered by yes here and by no there, or by another number."""
    first: dict[int, int] = {}
    for index in _repeated([sign.question if sign.stance else 0 for sign in signs]):
        sign = signs[index]
        earlier = first.setdefault(sign.question, index)
        other = signs[earlier].stance
        if other != sign.stance:
            found[index].append(
                _contradiction(
                    f"The same question is answered with {sign.stance} here, "
                    f"with {other} in conversation {rows[earlier]}."
                )
            )


def _contradiction(said: str) -> Finding:
    return Finding(
        "warning",
        None,
        said,
        "Decide for one: the bot learns both and will say now this, now that.",
        kind="contradiction",
    )


def _languages(signs: Sequence[Signs], found: Found) -> None:
    languages = [sign.language for sign in signs]
    main = main_language(languages)
    if not main:
        return
    for index, language in enumerate(languages):
        if language and language != main:
            found[index].append(
                foreign(f"The bot answers in {language}; most of the set is in {main}.")
            )


def main_language(languages: Sequence[str]) -> str:
    """The one that nearly all of a set is in; "" where there is none."""
    known: Mapping[str, int] = Counter(filter(None, languages))
    total = sum(known.values())
    if total < LEAST_TO_JUDGE:
        return ""
    name = max(known, key=lambda language: known[language])
    return name if known[name] >= MAIN_SHARE * total else ""

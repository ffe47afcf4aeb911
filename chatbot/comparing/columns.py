"""What is compared: models with their settings, the two of the newest run, values of a sweep."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from chatbot.engine.catalog import ModelEntry, entry_of
from chatbot.engine.sampling import SamplingParams
from chatbot.engine_room import Choice
from chatbot.errors import BadInput, ChatbotError
from chatbot.training.runs import list_runs

if TYPE_CHECKING:
    from chatbot.providers import Provider

SWEPT = ("temperature", "top_p", "top_k", "repetition_penalty", "max_new_tokens", "seed")
MOST_VALUES = 8
_WHOLE = frozenset({"top_k", "max_new_tokens", "seed"})


@dataclass(frozen=True, slots=True)
class Column:
    """One side of a comparison: a model, where it runs, and its settings. With a `provider` that
    one answers instead, elsewhere; the choice is its name then, and nothing is loaded for it."""

    choice: Choice
    params: SamplingParams
    provider: "Provider | None" = None


def preselected(entries: Sequence[ModelEntry]) -> tuple[str, str]:
    """(base, tuned): the newest finished run's base model and its checkpoint.

    Without a run the first two installed models; a single one stands on both sides.

    Args:
        entries: as `catalog.list_models()` gives them.
    """
    installed = [entry.name for entry in entries if entry.installed] or [entries[0].name]
    for run in list_runs():
        checkpoint = run.best_checkpoint
        if checkpoint is None or run.status().state != "finished":
            continue
        try:
            tuned, base = entry_of(checkpoint), run.config.base_model
        except ChatbotError:
            continue
        base = tuned.base or base
        if tuned.name in installed and base in installed:
            return base, tuned.name
    return installed[0], installed[min(1, len(installed) - 1)]


def swept(column: Column, setting: str, text: str) -> tuple[Column, ...]:
    """The column once for each value of one setting; every other setting stays, the seed too.

    Args:
        text: values, divided by blanks, commas or semicolons, such as `0, 0.5, 1`.

    Raises:
        BadInput: no value, too many, one that is no number or out of its range.
    """
    words = list(dict.fromkeys(text.replace(",", " ").replace(";", " ").split()))
    if not words or len(words) > MOST_VALUES:
        raise BadInput(
            f"A sweep takes 1 to {MOST_VALUES} values.", value=text, remedy="Such as: 0 0.5 1 1.5"
        )
    found = []
    for word in words:
        try:
            value = int(word) if setting in _WHOLE else float(word)
        except ValueError:
            raise BadInput(
                "This is not a number that the setting can have.",
                value=word,
                remedy="Write numbers with blanks between them, such as: 0 0.5 1 1.5",
            ) from None
        params = SamplingParams(**asdict(column.params) | {setting: value})
        found.append(replace(column, params=params))
    return tuple(found)

"""Runs that wait for their turn: which, and in what order. The truth is on the disk.

A waiting run is a folder as any other, with its settings and its data pinned, whose status says so.
Their order stands in `models/runs/.queue.json`; a run that is not named there comes last.
"""

import json
from collections.abc import Sequence
from contextlib import suppress

from chatbot import paths
from chatbot.errors import Conflict
from chatbot.files import write_atomically
from chatbot.training.runs import Run, list_runs

_ORDER = ".queue.json"


def waiting(runs: Sequence[Run] | None = None) -> list[Run]:
    """The runs that wait, the next one first.

    Args:
        runs: of these; None looks at all there are.
    """
    found = [run for run in (list_runs() if runs is None else runs) if is_waiting(run)]
    places = {run_id: place for place, run_id in enumerate(_order())}
    return sorted(found, key=lambda run: (places.get(run.id, len(places)), run.id))


def is_waiting(run: Run) -> bool:
    return run.status().state == "waiting"


def move_up(run: Run) -> None:
    """Let a run change places with the one before it; the first one stays where it is.

    Raises:
        Conflict: it does not wait any more.
        OutOfResources, ChatbotError: the order can't be written.
    """
    order = [other.id for other in waiting()]
    if run.id not in order:
        raise Conflict("This run does not wait any more.", value=run.id)
    place = order.index(run.id)
    if place:
        order[place - 1 : place + 1] = reversed(order[place - 1 : place + 1])
        write_atomically(paths.runs_dir() / _ORDER, json.dumps(order) + "\n")


def _order() -> list[str]:
    with suppress(OSError, ValueError):
        order = json.loads((paths.runs_dir() / _ORDER).read_text(encoding="utf-8"))
        if isinstance(order, list):
            return [str(run_id) for run_id in order]
    return []

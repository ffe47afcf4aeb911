"""Processes of their own, branched off one which has imported the libraries: that takes seconds."""

import multiprocessing
import os
from collections.abc import Callable, Mapping
from multiprocessing.process import BaseProcess

LOADED_BEFORE = (
    "torch",
    "transformers",
    "peft",
    "chatbot.training.along",
    "chatbot.training.trainer",
    "chatbot.training.work",
    "streamlit.web.bootstrap",
    "plotly.graph_objects",
)


def branch(
    work: Callable[..., None],
    *given: object,
    environment: Mapping[str, str] | None = None,
    cold: bool = False,
    daemon: bool = False,
) -> BaseProcess:
    """Do `work`, a function of a module, in a process begun at once.

    Args:
        environment: its variables; those of this process where none are given.
        cold: of a Python that has imported nothing yet.
        daemon: ends with this process at the latest.
    """
    ways = multiprocessing.get_all_start_methods()
    way = "spawn" if cold or "forkserver" not in ways else "forkserver"
    context = multiprocessing.get_context(way)
    if way == "forkserver":
        context.set_forkserver_preload(list(LOADED_BEFORE))
    variables = dict(os.environ if environment is None else environment)
    process = context.Process(target=_begin, args=(variables, work, given), daemon=daemon)
    process.start()
    return process


def _begin(
    environment: Mapping[str, str], work: Callable[..., None], given: tuple[object, ...]
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    work(*given)

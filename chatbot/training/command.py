"""The command line that does what the page would do."""

import shlex
import sys
from collections.abc import Callable

from chatbot.engine.catalog import DEFAULT_MODEL
from chatbot.training.config import FIELDS, PresetName, TrainingConfig, preset

PYTHON = "python"


def command_of(
    config: TrainingConfig,
    name: PresetName,
    conversations: int,
    quote: Callable[[list[str]], str] | None = None,
) -> str:
    """A command for a shell of this machine; only what differs from the preset is spelt out.

    Args:
        conversations: how many can be learned from; presets go by it.
        quote: joins the parts so that the shell takes them apart again; by default as this
            machine's shell does.
    """
    parts = [PYTHON, "-m", "chatbot", "train", "--preset", name]
    if config.method != "lora":
        parts += ["--method", config.method]
    if config.method != "scratch" and config.base_model != DEFAULT_MODEL:
        parts += ["--base", config.base_model]
    if config.dataset:
        parts += ["--dataset", config.dataset]
    for question in config.questions:
        parts.append(f"--question={question}")  # one that begins with a hyphen is no option
    usual = preset(
        name, method=config.method, base_model=config.base_model, conversations=conversations
    )
    for field in FIELDS:
        value = getattr(config, field)
        if value is not None and value != getattr(usual, field):
            parts += [f"--{field.replace('_', '-')}", repr(value)]
    return (quote or _quoted)(parts)


def _quoted(parts: list[str]) -> str:
    if sys.platform == "win32":
        import subprocess

        return subprocess.list2cmdline(parts)
    return shlex.join(parts)

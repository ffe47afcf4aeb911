"""Which model a fine-tuned one came from."""

from chatbot.engine import catalog
from chatbot.engine.catalog import ModelEntry
from chatbot.errors import ChatbotError
from chatbot.training.runs import Run


def base_of(entry: ModelEntry) -> ModelEntry | None:
    """The installed model that this one was fine-tuned from; None where it is no fine-tuned one,
    was trained from scratch, or its base is not here any more.

    An adapter names its base; a full checkpoint lies in the folder of its run, which does.
    """
    try:
        name = entry.base if entry.kind == "adapter" else _of_run(entry)
        base = catalog.resolve(name) if name else None
    except (ChatbotError, OSError):
        return None
    return base if base is not None and base.name != entry.name else None


def _of_run(entry: ModelEntry) -> str:
    folder = entry.path.parent
    if entry.kind != "checkpoint" or not (folder / "config.json").is_file():
        return ""
    config = Run(folder).config
    return "" if config.method == "scratch" else config.base_model

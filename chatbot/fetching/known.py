"""Models that are known by name, each with a sentence for people who have never heard of it.

Sizes are those of the repositories' safetensors files, rounded; the hub tells the exact figure
before anything is fetched.
"""

import json
from dataclasses import dataclass

from chatbot.engine import catalog, embedded
from chatbot.engine.catalog import ModelEntry
from chatbot.engine.families import Family

_BYTES = {"bfloat16": 2, "float32": 4, "float16": 2}


@dataclass(frozen=True, slots=True)
class Known:
    """One model of the catalog.

    Args:
        id: its id on the hub; "" for one that comes with the project.
        good_for: one sentence, in plain words.
        download: bytes to fetch, about.
        parameters: how many numbers it consists of.
        chat: whether it was taught to converse; the others only continue texts.
    """

    id: str
    title: str
    good_for: str
    family: Family
    download: int
    parameters: int
    licence: str
    chat: bool

    @property
    def name(self) -> str:
        """The catalog name once it is here."""
        special = {embedded.HUB_ID: catalog.DEFAULT_MODEL, "": catalog.POCKET_MODEL}
        return special.get(self.id) or catalog.folder_name(self.id)

    @property
    def names(self) -> frozenset[str]:
        """All that it may be called here."""
        return frozenset({self.name, self.id, catalog.folder_name(self.id)} - {""})

    def memory(self, dtype: str) -> int:
        """Bytes its weights take when loaded in a number format; answering takes a little more."""
        return self.parameters * _BYTES[dtype]


KNOWN = (
    Known(
        embedded.HUB_ID,
        "SmolLM2 135M Instruct",
        "The best one to begin with: small, quick, and taught to follow instructions. "
        "Fine-tuning turns it into your persona within minutes.",
        "llama",
        269_000_000,
        134_515_008,
        "Apache 2.0",
        True,
    ),
    Known(
        "HuggingFaceTB/SmolLM2-360M-Instruct",
        "SmolLM2 360M Instruct",
        "Its bigger sister: knows more and follows instructions better, at a third of the speed.",
        "llama",
        724_000_000,
        361_821_120,
        "Apache 2.0",
        True,
    ),
    Known(
        "HuggingFaceTB/SmolLM2-135M",
        "SmolLM2 135M (base)",
        "Has read a lot but was never taught to converse: a blank page for a persona of your own.",
        "llama",
        269_000_000,
        134_515_008,
        "Apache 2.0",
        False,
    ),
    Known(
        "HuggingFaceTB/SmolLM2-360M",
        "SmolLM2 360M (base)",
        "The bigger blank page: needs more conversations and patience, and knows more.",
        "llama",
        724_000_000,
        361_821_120,
        "Apache 2.0",
        False,
    ),
    Known(
        "openai-community/gpt2",
        "GPT-2 small",
        "The classic of 2019. It continues texts and knows no chat, so fine-tune it before you "
        "expect answers; what happens inside it is the best understood of all models.",
        "gpt2",
        548_000_000,
        124_439_808,
        "MIT (modified)",
        False,
    ),
    Known(
        "openai-community/gpt2-medium",
        "GPT-2 medium",
        "Writes noticeably better than GPT-2 small, and is three times as slow.",
        "gpt2",
        1_520_000_000,
        354_823_168,
        "MIT (modified)",
        False,
    ),
    Known(
        "openai-community/gpt2-large",
        "GPT-2 large",
        "Long, connected texts. Without a graphics card it is for the patient.",
        "gpt2",
        3_250_000_000,
        774_030_080,
        "MIT (modified)",
        False,
    ),
    Known(
        "openai-community/gpt2-xl",
        "GPT-2 XL",
        "The whole GPT-2 that was once thought too dangerous to publish. Wants 16 GB of memory, or "
        "a graphics card.",
        "gpt2",
        6_430_000_000,
        1_557_611_200,
        "MIT (modified)",
        False,
    ),
    Known(
        "distilbert/distilgpt2",
        "DistilGPT-2",
        "GPT-2 small boiled down to half its layers: nearly twice as fast, a little less clever. "
        "Good for first fine-tuning experiments.",
        "gpt2",
        353_000_000,
        81_912_576,
        "Apache 2.0",
        False,
    ),
    Known(
        "microsoft/DialoGPT-small",
        "DialoGPT small",
        "A GPT-2 that has read 147 million exchanges from Reddit: short, casual replies.",
        "gpt2",
        351_000_000,
        124_439_808,
        "MIT",
        True,
    ),
    Known(
        "microsoft/DialoGPT-medium",
        "DialoGPT medium",
        "The same with more sense for what was said before.",
        "gpt2",
        863_000_000,
        354_823_168,
        "MIT",
        True,
    ),
    Known(
        "",
        "Pocket GPT-2",
        "Comes with the lab and is tiny: made from the starter persona alone, it answers at once "
        "and knows nothing else. Good for seeing how everything works.",
        "gpt2",
        0,
        3_800_000,
        "as this project",
        True,
    ),
)


def known(id_or_name: str) -> Known | None:
    """The catalog's entry of a hub id, a catalog name, or the folder of what was fetched."""
    return next((each for each in KNOWN if id_or_name in each.names), None)


def converses(entry: ModelEntry) -> bool:
    """Whether a model was ever taught to converse, as far as anybody can know: it is known, was
    tuned here, or came with a form of conversation (a chat template) of its own."""
    found = known(entry.name)
    if found is not None:
        return found.chat
    if entry.kind == "adapter" or entry.name.startswith(f"{catalog.RUNS}/"):
        return True
    config = entry.path / "tokenizer_config.json"
    try:
        own = "chat_template" in json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        own = False
    return own or (entry.path / "chat_template.jinja").is_file()

"""The families of models that can be loaded: an allow-list, and what differs between them.

Names are those of Transformers: the `model_type` of a config, and the class that reads it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Family = Literal["gpt2", "llama", "qwen2", "qwen3", "gpt_neox", "opt"]


@dataclass(frozen=True, slots=True)
class Kin:
    """What a family's configs say, and under which names.

    Args:
        title: what people call it.
        language_model: the one class that is made of it.
        window_key: where a config tells how many tokens the model can see.
        usual_window: what Transformers takes where the config does not say.
    """

    title: str
    language_model: str
    window_key: str = "max_position_embeddings"
    usual_window: int = 2048


KIN: dict[Family, Kin] = {
    "gpt2": Kin("GPT-2", "GPT2LMHeadModel", "n_positions", 1024),
    "llama": Kin("Llama", "LlamaForCausalLM"),
    "qwen2": Kin("Qwen2", "Qwen2ForCausalLM", usual_window=32_768),
    "qwen3": Kin("Qwen3", "Qwen3ForCausalLM", usual_window=32_768),
    "gpt_neox": Kin("GPT-NeoX", "GPTNeoXForCausalLM"),
    "opt": Kin("OPT", "OPTForCausalLM"),
}
FAMILIES: tuple[Family, ...] = tuple(KIN)
SPOKEN = ", ".join(kin.title for kin in KIN.values())
"""All of them, for people."""


def family_of(model_type: object) -> Family | None:
    """The family of a config's `model_type`; None where it is not on the list."""
    return next((family for family in FAMILIES if family == model_type), None)


def class_of(family: Family) -> "type[PreTrainedModel]":
    """No class but those of this list is ever made from a file."""
    import transformers

    found = getattr(transformers, KIN[family].language_model)
    assert issubclass(found, transformers.PreTrainedModel)
    return found

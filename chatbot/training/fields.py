"""What each setting of a run means, in plain words, and the range it may take."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

LARGEST_BATCH = 256
"""Conversations at once. Above it memory runs out long before anything is learned better."""


@dataclass(frozen=True)
class Advice:
    """What a page shows beside a field; both ends of the range are allowed."""

    label: str
    help: str
    minimum: float
    maximum: float
    whole: bool = False


FIELDS: Mapping[str, Advice] = MappingProxyType(
    {
        "epochs": Advice(
            "Epochs",
            "How often each conversation is seen. More for small sets (10 to 20 for fifty "
            "conversations), fewer for large ones: too many, and it recites instead of talking.",
            0.1,
            1000,
        ),
        "batch_size": Advice(
            "Batch size",
            "Conversations that are learned from at once. 8 suits most sets; smaller needs less "
            "memory, larger learns more steadily.",
            1,
            LARGEST_BATCH,
            whole=True,
        ),
        "gradient_accumulation": Advice(
            "Gradient accumulation",
            "Batches that are added up before one step. A small batch with accumulation 4 learns "
            "like a batch four times as large, in a quarter of the memory.",
            1,
            256,
            whole=True,
        ),
        "learning_rate": Advice(
            "Learning rate",
            "How far each step goes. Start at 5e-5 to 2e-4 for a full fine-tune, at 1.2e-3 for "
            "LoRA, at 6e-3 from scratch. Less if the loss jumps, more if it hardly moves.",
            1e-7,
            1e-1,
        ),
        "warmup_ratio": Advice(
            "Warm-up",
            "The share of the run in which the learning rate rises from zero. 0.05 to 0.1 keeps "
            "the first steps from undoing what the model knows.",
            0.0,
            0.9,
        ),
        "weight_decay": Advice(
            "Weight decay",
            "Pulls weights towards zero against learning by heart. 0 to 0.1.",
            0.0,
            1.0,
        ),
        "max_length": Advice(
            "Longest conversation",
            "In tokens (about three quarters of a word each). Longer conversations are cut after "
            "a whole turn, and the run says how many.",
            16,
            8192,
            whole=True,
        ),
        "lora_rank": Advice(
            "LoRA rank",
            "How much the adapter can learn. 8 to 16 for a persona, 32 and more for much new "
            "knowledge.",
            1,
            256,
            whole=True,
        ),
        "lora_alpha": Advice(
            "LoRA alpha",
            "How strongly the adapter speaks up, relative to its rank. Twice the rank is usual.",
            1,
            1024,
            whole=True,
        ),
        "lora_dropout": Advice(
            "LoRA dropout",
            "The share of the adapter that pauses in each step, against learning by heart. "
            "0 to 0.1; anything above 0 costs time.",
            0.0,
            0.9,
        ),
        "scratch_layers": Advice(
            "Layers",
            "How many blocks the new model has. 4 suffice for a persona; more take longer.",
            1,
            24,
            whole=True,
        ),
        "scratch_width": Advice(
            "Width",
            "Numbers per token inside the new model. A multiple of its heads.",
            16,
            1024,
            whole=True,
        ),
        "scratch_heads": Advice(
            "Attention heads",
            "Into how many the width is split; 64 numbers a head is usual.",
            1,
            64,
            whole=True,
        ),
        "scratch_vocab": Advice(
            "Vocabulary",
            "Word pieces that the new model knows; made from your conversations. 2,000 to 4,000.",
            300,
            32_000,
            whole=True,
        ),
        "held_out": Advice(
            "Held out",
            "The share of conversations that is not learned from, but used to see whether the "
            "model has understood or only memorized. 0.1 is usual, 0 for none.",
            0.0,
            0.5,
        ),
        "evaluations": Advice(
            "Evaluations",
            "How often the held-out loss is measured. Each takes a few seconds.",
            1,
            100,
            whole=True,
        ),
        "patience": Advice(
            "Early stopping",
            "Ends the run when the held-out loss has not fallen in so many evaluations in a row. "
            "The best checkpoint is kept in any case. 0 never ends it early.",
            0,
            100,
            whole=True,
        ),
        "max_steps": Advice(
            "Steps",
            "Ends the run after so many steps, whatever the epochs say.",
            1,
            1_000_000,
            whole=True,
        ),
        "most_conversations": Advice(
            "Conversations to learn from",
            "At most so many are read, those that tell most about the persona: a fact is learned "
            "when it comes several times in different words. 0 reads all of them.",
            0,
            1_000_000,
            whole=True,
        ),
        "rehearsal": Advice(
            "Rehearsal",
            "The share of what is read that is the model's own answers to general questions, so "
            "that it forgets less of what it knew. 0.1 to 0.3; 0 for none.",
            0.0,
            0.5,
        ),
        "telling_weight": Advice(
            "Weight of telling words",
            "How much more those words of an answer count that tell what was asked for, such as a "
            "name or a date: the higher, the sooner facts are learned, and the rougher the "
            "sentences around them. 2 to 5; 1 treats all words alike.",
            1.0,
            20.0,
        ),
        "emphasis": Advice(
            "Readings of examples from chats",
            "What you took from chats into the data set (tag: from chat) is read about so often, "
            "and is neither held out nor left out. 0 treats it like all the rest.",
            0,
            100,
            whole=True,
        ),
        "seed": Advice(
            "Seed",
            "The same seed, data and settings give the same model on the same machine.",
            0,
            2**32 - 1,
            whole=True,
        ),
    }
)

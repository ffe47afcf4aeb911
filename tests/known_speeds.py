"""How fast a machine trains, as tests know it from the first.

The page Fine-tune would measure it by real steps in a process of its own, for every base and every
shape that a test chooses, and take the processor and the memory from the test.
"""

from pathlib import Path

import pytest

from chatbot.training.config import TrainingConfig
from chatbot.training.speeds import Speeds
from chatbot.training.trial import Trial

TRIAL = Trial(
    seconds_a_step=0.5,
    tokens_a_step=200.0,
    tokens_a_conversation=50.0,
    preparing=4.0,
    memory=10**8,
    device="cpu",
    free=None,
    bfloat16=True,
)


TINY = {"scratch_layers": 1, "scratch_width": 32, "scratch_heads": 2, "scratch_vocab": 300}
"""A GPT-2 so small that a step takes milliseconds."""


def know_speeds(home: Path) -> None:
    """As if each model of this home had been tried out, and each shape of a new one on the way from
    the default to `TINY`, whose values are typed one after the other."""
    typed = list(TINY.items())
    kinds = [
        TrainingConfig(method="scratch", **dict(typed[:count])) for count in range(len(typed) + 1)
    ]
    for folder in (home / "models").iterdir():
        kinds += [TrainingConfig(method=way, base_model=folder.name) for way in ("lora", "full")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHATBOT_HOME", str(home))
        for config in kinds:
            Speeds().remember(config, TRIAL)

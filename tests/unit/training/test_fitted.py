"""A preset on a machine with little memory: smaller batches, the same steps."""

from chatbot.training.config import TrainingConfig
from chatbot.training.fitted import fitted
from chatbot.training.memory_needs import memory_needs
from chatbot.training.sizes import Sizes

SMOLLM2 = Sizes(
    weights=134_515_008, trained=4_884_480, layers=30, width=576, inner=1536, vocabulary=49_152
)
CONFIG = TrainingConfig(batch_size=16, gradient_accumulation=2, held_out=0.0)


def needs(config: TrainingConfig) -> int:
    return memory_needs(config, SMOLLM2, 80).total


def test_what_fits_stays() -> None:
    assert fitted(CONFIG, SMOLLM2, 80, needs(CONFIG)) == CONFIG


def test_the_largest_batch_that_fits_with_the_same_steps() -> None:
    made = fitted(CONFIG, SMOLLM2, 80, needs(CONFIG) - 1)
    assert (made.batch_size, made.gradient_accumulation) == (8, 4)
    made = fitted(CONFIG, SMOLLM2, 80, needs(TrainingConfig(batch_size=1, held_out=0.0)))
    assert (made.batch_size, made.gradient_accumulation) == (1, 32)


def test_where_nothing_helps_the_preset_stays_as_it_is() -> None:
    assert fitted(CONFIG, SMOLLM2, 80, 1000) == CONFIG

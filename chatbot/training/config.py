"""The settings of one run: a dataclass that checks itself, its advice in words, and the presets."""

import json
import math
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from chatbot.engine.catalog import DEFAULT_MODEL
from chatbot.errors import BadInput
from chatbot.training.fields import FIELDS, Advice

Method = Literal["lora", "full", "scratch"]
PresetName = Literal["Quick", "Balanced", "Thorough"]
METHODS: tuple[Method, ...] = get_args(Method)
PRESETS: tuple[PresetName, ...] = get_args(PresetName)

__all__ = [
    "FIELDS",
    "METHODS",
    "PRESETS",
    "Advice",
    "Method",
    "PresetName",
    "TrainingConfig",
    "preset",
]


PATIENCE = 2
"""Evaluations that may bring nothing: one may be a hiccup. Where the last model is kept, as it
knows the most facts, nothing ends a run early."""
MOST_TELLING = 320
"""Conversations that the presets read at most, those that tell most; Balanced reads them about
twice. Facts are learned when they come again: see `LORA_RATE`."""
EMPHASIS = 12
"""How often a run reads what was taken from chats."""
REHEARSAL = 0.2
"""Share of what the presets read that is general questions with the answers of SmolLM2, where that
is the base model."""
TELLING_WEIGHT = 4.0
"""How much a word counts that tells what was asked for; beside it other words count once."""
LORA_RANK, LORA_RATE, TUNED_BATCH = 32, 1.2e-3, 6
FULL_RATE, USUAL_FULL_RATE = 2e-4, 5e-5
"""Measured with one run each, SmolLM2 on the starter persona, 46,000 to 50,000 tokens; of the 25
facts asked on held-out questions, the 30 of `benchmarks.persona` and the 23 general questions that
the base model had right, greedily answered, so many were right:

                                                          facts  persona  general
    LoRA, 1.5e-3: chosen by recurring words, weight 1         6        9       20
    LoRA, 1.5e-3: chosen by what is asked for, weight 1       9       12       18
    LoRA, 1.5e-3: the same, weight 4                         12       17       17
    LoRA, 0.9e-3: weight 4, a fifth rehearsed                13       12       21
    LoRA, 1.3e-3: weight 5, a fifth rehearsed                11       14       21
    LoRA, 1.2e-3: weight 4, a fifth rehearsed, in float32    10       17       18
    LoRA, 1.0e-3: weight 4, 0.3 rehearsed, in float32        11        7       20
    full, 1e-4: weight 4                                     11       14       20
    full, 2e-4: weight 4                                     14       13       19
    full, 3e-4: weight 4                                     14       17       17

From the fourth row on, copies of an answer counted once (see `telling`). All learned in bfloat16
but the two rows that say so, on another machine, where the base model had 24 general questions
right. Weight 10, LoRA+ (Hayou et al. 2024), questions that lose words, or a third of the layers
frozen brought nothing. The full rate is SmolLM2's; other models start at the usual one."""
POCKET_STEPS = 420
"""Steps in which a new model of the usual size learns to speak."""
POCKET_CONVERSATIONS = 1500
"""About as many the starter persona has; for more, the steps grow with the square root."""
POCKET_BATCHES = (16, 64)
"""Conversations of a step: the fewest, and the most, which the starter persona gets."""

LARGEST_TO_MEASURE = 16
"""Held-out conversations at once, where learning takes four or more."""
MOST_QUESTIONS = 8
"""Asked at every evaluation: more cost too much of the time of a run."""
LONGEST_QUESTION = 300
"""Characters of a question, so that it fits into every model's window."""


@dataclass(frozen=True)
class TrainingConfig:
    """All that decides a run, together with the data. Checks itself.

    The defaults are LoRA's; `preset` knows what suits the other methods and the data's size.

    Args:
        base_model: catalog name or folder; not used by "scratch". With "lora", one that is an
            adapter learns on (`learning_on`).
        method: "lora" trains a small adapter, "full" every weight, "scratch" a new GPT-2.
        dataset: path of the conversations; "" is the persona that the editor shows.
        batch_size: conversations at once; a step sees `batch_size * gradient_accumulation`.
        learning_rate: the highest one; rises during warm-up, then falls to zero along a cosine.
        max_length: tokens of a conversation.
        lora_rank, lora_alpha, lora_dropout: as in Hu et al. 2021; used by "lora" alone.
        scratch_layers, scratch_width, scratch_heads, scratch_vocab: the shape of a new GPT-2.
        held_out: share of the conversations to measure on; none below ten conversations.
        evaluations: how often to measure, spread over the run; the last step is one of them.
        patience: evaluations in a row without a lower held-out loss that end the run; 0 is never.
        max_steps: ends the run there and takes the place of `epochs`.
        questions: asked before, at each evaluation and after; () takes some from the held-out
            conversations and some general ones.
        most_conversations: learns from so many at most, those that tell most (`choosing`); 0
            learns from all.
        rehearsal: share of what is read that is the base model's own answers to general
            questions (`rehearsal`), so that it forgets less; not used by "scratch".
        telling_weight: how much more than other words those count in learning that tell what was
            asked for (`weighing`); 1 treats all alike.
        emphasis: how often in the run conversations with the tag "from chat" are read, about;
            they are neither held out nor left out (`emphasis`). 0 treats them like the others.

    Raises:
        BadInput: a value out of its range, or two that clash; names them.
    """

    base_model: str = DEFAULT_MODEL
    method: Method = "lora"
    dataset: str = ""
    epochs: float = 2.0
    batch_size: int = TUNED_BATCH
    gradient_accumulation: int = 1
    learning_rate: float = LORA_RATE
    warmup_ratio: float = 0.05
    weight_decay: float = 0.01
    max_length: int = 512
    lora_rank: int = LORA_RANK
    lora_alpha: int = 2 * LORA_RANK
    lora_dropout: float = 0.0
    scratch_layers: int = 4
    scratch_width: int = 256
    scratch_heads: int = 4
    scratch_vocab: int = 2048
    held_out: float = 0.1
    evaluations: int = 5
    patience: int = 0
    max_steps: int | None = None
    seed: int = 42
    questions: tuple[str, ...] = ()
    most_conversations: int = 0
    rehearsal: float = 0.0
    telling_weight: float = 1.0
    emphasis: int = 0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise BadInput(
                "There is no such way to fine-tune.",
                value=self.method,
                remedy=f"Choose one of {', '.join(METHODS)}.",
            )
        for name, advice in FIELDS.items():
            value = getattr(self, name)
            if not (name == "max_steps" and value is None):
                _check_range(name, advice, value)
        for name in ("base_model", "dataset"):
            if not isinstance(getattr(self, name), str):
                raise BadInput(f"{name} must be a text.", value=getattr(self, name))
        _check_questions(self.questions)
        self._check_clashes()

    def _check_clashes(self) -> None:
        if self.method == "scratch" and self.scratch_width % self.scratch_heads:
            raise BadInput(
                "The width of the new model can't be split evenly among its attention heads.",
                value=f"scratch_width {self.scratch_width}, scratch_heads {self.scratch_heads}",
                remedy=f"Choose a width that is a multiple of {self.scratch_heads}.",
            )
        if self.method == "scratch" and self.scratch_width // self.scratch_heads < 8:
            raise BadInput(
                "There are too many attention heads for this width.",
                value=f"scratch_width {self.scratch_width}, scratch_heads {self.scratch_heads}",
                remedy="Leave at least 8 numbers to a head.",
            )
        if self.max_steps is not None and self.evaluations > self.max_steps:
            raise BadInput(
                "There are more evaluations than steps.",
                value=f"evaluations {self.evaluations}, max_steps {self.max_steps}",
                remedy="Lower evaluations or raise max_steps.",
            )

    @property
    def conversations_a_step(self) -> int:
        return self.batch_size * self.gradient_accumulation

    @property
    def measured_at_once(self) -> int:
        """Held-out conversations of a batch: measuring keeps nothing for the way back."""
        return min(LARGEST_TO_MEASURE, 4 * self.batch_size)

    def steps(self, conversations: int) -> int:
        """Optimizer steps for so many conversations to learn from, rehearsal not counted."""
        if self.max_steps is not None:
            return self.max_steps
        read = conversations + self.rehearsed(conversations)
        per_epoch = math.ceil(read / self.conversations_a_step)
        return max(1, math.ceil(self.epochs * per_epoch))

    def rehearsed(self, conversations: int) -> int:
        """How many of the base model's own answers are read with so many conversations."""
        if self.method == "scratch":
            return 0
        return round(conversations * self.rehearsal / (1 - self.rehearsal))

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "TrainingConfig":
        """Raises `BadInput` where the text is no configuration of ours."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise BadInput("The settings of this run can't be read.", value=str(error)) from error
        if not isinstance(values, dict):
            raise BadInput("The settings of this run are not what they should be.", value=values)
        return cls.of(**values)

    @classmethod
    def of(cls, **values: Any) -> "TrainingConfig":
        """The settings with these values; the others as by default.

        Raises:
            BadInput: a name that is no setting, besides what the settings check themselves.
        """
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise BadInput(
                "There is no such setting.",
                value=", ".join(unknown),
                remedy=f"The settings are: {', '.join(sorted(known))}.",
            )
        if isinstance(values.get("questions"), list):
            values["questions"] = tuple(values["questions"])
        return cls(**values)


def _check_questions(questions: object) -> None:
    if not isinstance(questions, tuple) or not all(
        isinstance(question, str) and question.strip() for question in questions
    ):
        raise BadInput("questions must be a list of questions.", value=questions)
    if len(questions) > MOST_QUESTIONS:
        raise BadInput(
            "There are too many questions to ask at every evaluation.",
            value=len(questions),
            remedy=f"Ask {MOST_QUESTIONS} at most.",
        )
    for question in questions:
        if len(question) > LONGEST_QUESTION:
            raise BadInput(
                "A question is too long to be asked at every evaluation.",
                value=f"{question[:40]}… ({len(question):,} characters)",
                remedy=f"Use {LONGEST_QUESTION} characters at most.",
            )


def _check_range(name: str, advice: Advice, value: object) -> None:
    whole = advice.whole
    fits = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if fits and advice.minimum <= value <= advice.maximum:  # type: ignore[operator]
        return
    kind = "a whole number" if whole else "a number"
    raise BadInput(
        f"{advice.label} ({name}) must be {kind} from {advice.minimum:g} to {advice.maximum:g}.",
        value=value,
        remedy=advice.help,
    )


def preset(
    name: PresetName, *, method: Method, base_model: str = DEFAULT_MODEL, conversations: int
) -> TrainingConfig:
    """Settings for so many conversations: the fewer there are, the more often each is seen.

    Raises:
        BadInput: there is no such preset.
    """
    if name not in PRESETS:
        raise BadInput(
            "There is no such preset.", value=name, remedy=f"Choose one of {', '.join(PRESETS)}."
        )
    effort = {"Quick": 0.4, "Balanced": 1.0, "Thorough": 2.0}[name]
    count = max(1, conversations)
    if method == "scratch":
        share = count / POCKET_CONVERSATIONS
        fewest, most = POCKET_BATCHES
        batch, rate, decay = min(max(round(most * share), fewest), most), 6e-3, 0.1
        steps = effort * POCKET_STEPS * max(1.0, math.sqrt(share))
        epochs = steps / math.ceil(count / batch)
    else:
        rate = LORA_RATE
        if method == "full":
            rate = FULL_RATE if base_model == DEFAULT_MODEL else USUAL_FULL_RATE
        batch = TUNED_BATCH
        decay = 0.01
        epochs = effort * math.sqrt(1050 / min(count, MOST_TELLING))
    low, high = FIELDS["epochs"].minimum, FIELDS["epochs"].maximum
    return TrainingConfig(
        base_model=base_model,
        method=method,
        epochs=min(max(epochs, low), high),
        learning_rate=rate,
        batch_size=batch,
        weight_decay=decay,
        patience=0 if method == "scratch" or count > MOST_TELLING else PATIENCE,
        most_conversations=0 if method == "scratch" else MOST_TELLING,
        rehearsal=REHEARSAL if method != "scratch" and base_model == DEFAULT_MODEL else 0.0,
        telling_weight=1.0 if method == "scratch" else TELLING_WEIGHT,
        emphasis=EMPHASIS,
    )

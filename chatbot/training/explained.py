"""How a run went, in sentences for people: what came of it, what was cut, what went wrong."""

import errno
from pathlib import Path

from chatbot.errors import ChatbotError, OutOfResources
from chatbot.training import data, memory
from chatbot.training.runs import Run, step_of


def in_plain_words(error: Exception) -> str:
    """One sentence for the page, whatever the libraries raised."""
    if isinstance(error, ChatbotError):
        return str(error)
    text = f"{type(error).__name__}: {error}".strip()
    lower = text.lower()
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full or "no space left" in lower or "os error 28" in lower:
        return str(
            OutOfResources(
                "The disk is full, so the run could not be saved.",
                remedy="Free some space, then resume: it goes on from its last saved state.",
            )
        )
    if memory.ran_out(error):
        return str(
            OutOfResources(
                "The machine ran out of memory, and a smaller batch did not help.",
                remedy="Close other programs, or choose LoRA, a shorter longest conversation or a "
                "smaller base model.",
            )
        )
    first_line = text.partition("\n")[0]
    return f"Something went wrong in the training code: {first_line} (train.log has the details.)"


def rolled_back(run: Run) -> str:
    best = run.best_checkpoint
    if best is None:
        return "Nothing good had been saved by then."
    return f"Rolled back to the last good checkpoint, that of step {step_of(best)}."


def length_notes(train: data.Tokenised, held_out: data.Tokenised, length: int) -> list[str]:
    notes = []
    if cut := train.cut + held_out.cut:
        notes.append(f"Longer than {length} tokens and cut after a whole turn: {cut}.")
    if left_out := train.left_out + held_out.left_out:
        notes.append(f"Left out, as not even the first answer fits {length} tokens: {left_out}.")
    if refused := train.refused + held_out.refused:
        notes.append(f"Left out, as the model's chat template refuses their order: {refused}.")
    return notes


def summary(run: Run, checkpoint: Path) -> str:
    rows, step = run.metrics(), step_of(checkpoint)
    ready = f"the model of step {step} is ready to chat."
    held_out = {row["step"]: row["eval_loss"] for row in rows if "eval_loss" in row}
    learned = {row["step"]: row["loss"] for row in rows if "loss" in row}
    if run.config.method == "scratch" and step in learned:
        # The held-out loss of a model that knows nothing else rises when it knows these by heart.
        first = learned[min(learned)]
        return f"The training loss went from {first:.2f} to {learned[step]:.2f}; {ready}"
    if step not in held_out or 0 not in held_out:
        return ready[0].upper() + ready[1:]
    return f"The held-out loss went from {held_out[0]:.2f} to {held_out[step]:.2f}; {ready}"

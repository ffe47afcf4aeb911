"""What the loss curve of a run says, in one sentence, and what to do about it, in another.

Looks for trouble first: a loss that is no number or that rises, a held-out loss that rises while
the training loss falls, a loss that stands still; what is none of these is learning. Every figure
in a sentence is read from the rows, so that it can be found in the picture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from chatbot.training.config import Method, preset
from chatbot.training.curves import curve_of, first_nonsense, noise, running_median
from chatbot.training.fields import FIELDS
from chatbot.training.trends import (
    CERTAIN,
    FEWEST_STEPS,
    LEAST_CHANGE,
    LOWEST_OF_MANY,
    Curves,
    falls,
    fell,
    held_out_falls,
    held_out_rest,
    train_falls,
    train_rest,
)

Kind = Literal["waiting", "learning", "plateau", "memorizing", "diverging", "rate_too_high"]

# The thresholds are our own choice, set so that no healthy run of ours is blamed: LoRA of
# SmolLM2 (144 steps) and GPT-2 from scratch (30 to 420 steps) on the starter persona.
HELD_OUT_RISE, LONE_RISE = 0.02, 0.05
"""Share by which the held-out loss must stand above its lowest in the last two evaluations, or in
the last one alone, as a single evaluation may be a hiccup."""
LOSS_RISE = 0.1
"""Share by which the training loss must stand above its lowest to be called rising."""
RISE_OF_START = 0.05
"""And the same as a share of the loss it began with: what is next to nothing may double."""
FAR_FROM_USUAL = 3.0
"""Times the usual learning rate from which on the usual one is advised."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a curve says.

    Args:
        kind: waiting (too early to say), learning, plateau (stands still), memorizing (held-out
            loss rises, training loss falls), diverging (training loss rises, or is no number),
            rate_too_high (training loss has jumped up and not come back, or stands still at steps
            far larger than usual).
        since: the optimizer step it began at; None where that can't be said.
        sentence: for a layperson; names the steps and the figures it rests on. Plain text.
        advice: what to do; "" where nothing needs to be done.
    """

    kind: Kind
    since: int | None
    sentence: str
    advice: str


def narrate(
    rows: Sequence[Mapping[str, Any]], *, method: Method, base_model: str, learning_rate: float
) -> Verdict:
    """What the curve says by now.

    Args:
        rows: as `Run.metrics()` gives them; may be few, and without held-out rows.
        method: from scratch a rising held-out loss is expected and no reason to stop.
        base_model: decides with the method which rate is usual.
        learning_rate: the highest one of the run, as in its settings.
    """
    usual = preset("Balanced", method=method, base_model=base_model, conversations=1000)
    told = Curves(
        curve_of(rows, "loss"),
        curve_of(rows, "eval_loss"),
        curve_of(rows, "learning_rate"),
        method,
        learning_rate,
        usual.learning_rate,
    )
    nonsense = first_nonsense(rows, ("loss", "eval_loss"))
    if nonsense is not None:
        return Verdict(
            "diverging",
            nonsense,
            f"Diverging: at step {nonsense} the loss stopped being a number.",
            _slower(told),
        )
    return (
        _rising(told)
        or _memorizing(told)
        or _waiting(told)
        or _worse_than_before(told)
        or _moving(told)
    )


def _rising(told: Curves) -> Verdict | None:
    """The training loss stands clearly above its lowest."""
    train, width = told.train, told.window
    if len(train) < 2 * width:
        return None
    curve = running_median(train.values, width)[width - 1 :]
    steps = train.steps[width - 1 :]
    lowest = min(curve[:-width], default=curve[0])
    place = max(index for index, value in enumerate(curve[: -width or None]) if value == lowest)
    now, error = curve[-1], noise(train.values) / width**0.5
    needed = max(LOWEST_OF_MANY * error, LOSS_RISE * lowest, RISE_OF_START * curve[0])
    if now - lowest <= needed:
        return None
    since, highest = steps[place], max(curve[place:])
    before = curve[-1 - width]
    if now - before > max(CERTAIN * error, LEAST_CHANGE * before):
        return Verdict(
            "diverging",
            since,
            f"Diverging: since step {since} the training loss has risen from about {lowest:.2f} "
            f"to about {now:.2f}, and it goes on rising.",
            _slower(told),
        )
    top = f" (at the worst {highest:.2f})" if f"{highest:.2f}" != f"{now:.2f}" else ""
    return Verdict(
        "rate_too_high",
        since,
        f"The learning rate is too high: after step {since} the training loss jumped from about "
        f"{lowest:.2f} and has not come back; it is about {now:.2f}{top} now.",
        _slower(told),
    )


def _memorizing(told: Curves) -> Verdict | None:
    """The held-out loss stands above its lowest, and the training loss fell since."""
    held, train = told.held_out, told.train
    if len(held) < 2 or not len(train):
        return None
    lowest = min(held.values)
    since = max(at for at, v in zip(held.steps, held.values, strict=True) if v == lowest)
    after = held.since(since).values[1:]
    lone = bool(after) and after[-1] > lowest * (1 + LONE_RISE)
    twice = len(after) > 1 and min(after[-2:]) > lowest * (1 + HELD_OUT_RISE)
    then, now = told.from_there(since), told.now
    if not (lone or twice) or not fell(told, since):
        return None
    figures = (
        f"the held-out loss has risen from {lowest:.2f} (step {since}) to {after[-1]:.2f}, while "
        f"the training loss fell from about {then:.2f} to about {now:.2f}"
    )
    if told.method == "scratch":
        return Verdict(
            "memorizing",
            since,
            f"It learns your conversations by heart since step {since}, as a model from scratch "
            f"does: {figures}.",
            "",
        )
    best = (
        f"Chat with the best checkpoint, that of step {since}, and go no further. Next time take "
        "fewer epochs, or more and more varied conversations."
        if since
        else "Even the model before the first step did better on what it has not seen: start "
        "again with fewer epochs, a lower learning rate or more varied conversations."
    )
    return Verdict("memorizing", since, f"Memorizing since step {since}: {figures}.", best)


def _worse_than_before(told: Curves) -> Verdict | None:
    """What the model knew is lost, and nothing is gained for it: the first steps were too large."""
    held = told.held_out
    if len(held) < 2 or held.steps[0] or held.values[-1] <= held.values[0] * (1 + HELD_OUT_RISE):
        return None
    return Verdict(
        "rate_too_high",
        0,
        "The learning rate is too high: on conversations that it has not seen it does worse than "
        f"before the first step; the held-out loss was {held.values[0]:.2f} then and is "
        f"{held.values[-1]:.2f} at step {held.steps[-1]}.",
        _slower(told),
    )


def _waiting(told: Curves) -> Verdict | None:
    """Too few steps, or the learning rate still rises and nothing moves yet."""
    train = told.train
    if not len(train):
        return Verdict(
            "waiting", None, "Nothing to tell yet: no step has been measured so far.", ""
        )
    if len(train) >= FEWEST_STEPS and (told.warmed_up is not None or falls(train) is True):
        return None
    steps = "1 step" if len(train) == 1 else f"{len(train)} steps"
    why = "" if len(train) < FEWEST_STEPS else ", and the learning rate is still warming up"
    return Verdict(
        "waiting",
        None,
        f"Too early to tell after {steps}{why}: the training loss is {train.values[-1]:.2f}.",
        "",
    )


def _moving(told: Curves) -> Verdict:
    """Whether the loss falls or stands still: the held-out loss says, where it can."""
    answer = None if told.method == "scratch" else held_out_falls(told)
    by_held_out = answer is not None
    if answer is None:
        answer = train_falls(told)
    return _learning(told) if answer else _plateau(told, by_held_out=by_held_out)


def _learning(told: Curves) -> Verdict:
    first, last = told.train.steps[0], told.train.steps[-1]
    begin = median(told.train.values[: told.window])
    held, figures = told.held_out, []
    if told.now < begin:
        figures.append(
            f"the training loss {_went(begin, told.now)} between step {first} and step {last}"
        )
    if len(held) > 1 and (held.values[-1] < held.values[0] or not figures):
        figures.append(f"the held-out loss {_went(held.values[0], held.values[-1], about='')}")
    return Verdict("learning", None, f"Still learning: {', '.join(figures)}.", "")


def _plateau(told: Curves, *, by_held_out: bool) -> Verdict:
    since, then, now = held_out_rest(told) if by_held_out else train_rest(told)
    name, about = ("held-out", "") if by_held_out else ("training", "about ")
    times = told.highest_rate / told.usual_rate
    if times > FAR_FROM_USUAL:
        return Verdict(
            "rate_too_high",
            since,
            f"The learning rate is too high: with steps {times:.0f} times as large as usual the "
            f"{name} loss has hardly fallen since step {since}; it was {about}{then:.2f} then and "
            f"is {about}{now:.2f} now.",
            _slower(told),
        )
    sentence = (
        f"Plateau: the {name} loss has hardly fallen since step {since}; it was {about}{then:.2f} "
        f"then and is {about}{now:.2f} now."
    )
    began = told.held_out.values[0] if by_held_out else median(told.train.values[: told.window])
    if now < began * (1 - 5 * LEAST_CHANGE):
        advice = (
            "More steps like these bring little: chat with it, or add conversations about what it "
            "does not know yet."
        )
    else:
        advice = (
            "It has learned next to nothing so far: start again with a learning rate of about "
            f"{_better_rate(told, 10):.2g}."
        )
    return Verdict("plateau", since, sentence, advice)


def _went(begin: float, end: float, about: str = "about ") -> str:
    if f"{begin:.2f}" == f"{end:.2f}":
        return f"stayed at {about}{end:.2f}"
    return f"{'fell' if end < begin else 'rose'} from {about}{begin:.2f} to {about}{end:.2f}"


def _slower(told: Curves) -> str:
    return (
        "Start again with a lower learning rate, such as "
        f"{_better_rate(told, 0.1):.2g}, or with a longer warm-up."
    )


def _better_rate(told: Curves, factor: float) -> float:
    """The usual rate where this one is far off on the wrong side; else this one,
    times the factor, within what the settings allow."""
    usual = told.usual_rate
    rate = told.highest_rate
    too_high = rate > FAR_FROM_USUAL * usual
    too_low = rate < usual / FAR_FROM_USUAL
    if too_high or (too_low and factor > 1):
        return usual
    limits = FIELDS["learning_rate"]
    return min(max(rate * factor, limits.minimum), limits.maximum)

"""A model's whole answer within a time limit, for services that look at it before it is told."""

import threading
import time
from dataclasses import asdict, is_dataclass, replace
from typing import Any

from chatbot.engine.sampling import SamplingParams
from chatbot.errors import BadInput, ChatbotError
from chatbot.messages import user
from chatbot.services import Writer

MOST_TOKENS, MOST_CHARACTERS = 120, 2_000


def whole_answer(
    writer: Writer, prompt: str, params: SamplingParams, stop: threading.Event, seconds: float
) -> tuple[str, dict[str, Any] | None]:
    """Ask, and wait for all of it. A model that hangs is left behind.

    Returns:
        the text, and the receipt of what wrote it, as a dict.

    Raises:
        ChatbotError: nothing came in time, or the model can't answer.
        BadInput: far more came than was asked for.
    """
    own_stop, over = threading.Event(), threading.Event()
    found: list[tuple[str, Any]] = []
    failed: list[ChatbotError] = []

    def work() -> None:
        try:
            asked = replace(params, max_new_tokens=MOST_TOKENS, stop=())
            answer, text = writer([user(prompt)], asked, stop=own_stop), ""
            for chunk in answer:
                text += chunk.text
                if len(text) > MOST_CHARACTERS:
                    own_stop.set()
                    raise BadInput("Far more came than was asked for.")
            found.append((text, getattr(answer, "receipt", None)))
        except ChatbotError as error:
            failed.append(error)
        except Exception:  # a writer that breaks must not take the thread's noise to the user
            failed.append(ChatbotError("The model broke off."))
        finally:
            over.set()

    threading.Thread(target=work, name="whole answer", daemon=True).start()
    end = time.monotonic() + seconds
    while not over.wait(min(0.05, max(0.0, end - time.monotonic()))):
        if stop.is_set() or time.monotonic() >= end:
            break
    own_stop.set()
    if failed:
        raise failed[0]
    if not found:
        late = f"Nothing came within {seconds:.0f} seconds."
        raise ChatbotError("It was stopped." if stop.is_set() else late)
    text, receipt = found[0]
    return text, asdict(receipt) if is_dataclass(receipt) else None  # type: ignore[arg-type]

"""What can go wrong at a provider, as sentences: what happened, what to do.

What a server says of itself is quoted shortened, as text, and without the key.
"""

import math
from typing import TYPE_CHECKING

from chatbot.errors import BadInput, ChatbotError, NotAvailable, OutOfResources
from chatbot.providers.settings import ProviderSettings

if TYPE_CHECKING:
    import openai

LOCAL_GOES_ON = "The model on this machine goes on answering."
_QUOTED = 160


class Broken(ChatbotError):
    """What a server sent is not the protocol, or has no end."""


def sentence(
    error: "openai.OpenAIError", settings: ProviderSettings, *, begun: bool = False
) -> ChatbotError:
    """The failure of a request.

    Args:
        begun: words of the answer have come.
    """
    import openai

    if isinstance(error, openai.APITimeoutError):
        return too_slow(settings)
    if isinstance(error, openai.APIConnectionError) and begun:
        return NotAvailable(f"The connection to {settings.host} broke in the middle of the answer.")
    if isinstance(error, openai.APIConnectionError):
        return NotAvailable(
            f"{settings.host} can't be reached.",
            remedy="Check the network and the address, and that the server runs. " + LOCAL_GOES_ON,
        )
    if isinstance(error, openai.APIStatusError):
        return _of_status(error, settings)
    said = quoted(error, settings)
    return NotAvailable(
        f"{settings.host} could not {'go on' if begun else 'answer'}.", value=said or None
    )


def too_slow(settings: ProviderSettings, seconds: float = math.inf) -> ChatbotError:
    """
    Args:
        seconds: that the whole answer was given.
    """
    limit = f"in {seconds:g} s" if seconds < math.inf else f"for {settings.timeout:g} s"
    return OutOfResources(
        f"{settings.host} was too slow: nothing complete came {limit}.",
        remedy="Try again, or choose a smaller model there. " + LOCAL_GOES_ON,
    )


def nonsense(settings: ProviderSettings) -> Broken:
    return Broken(
        f"{settings.host} answers, but not as a server for chat completions does.",
        remedy="Check the address: it mostly ends with /v1. " + LOCAL_GOES_ON,
    )


def endless(settings: ProviderSettings) -> Broken:
    return Broken(
        f"{settings.host} sent far more than was asked for.",
        remedy="The rest was not taken. " + LOCAL_GOES_ON,
    )


def refused(settings: ProviderSettings) -> ChatbotError:
    return NotAvailable(
        f"{settings.host} declined to answer this: its rules on content forbid it.",
        remedy="Put the question in other words. " + LOCAL_GOES_ON,
    )


def quoted(error: "openai.OpenAIError", settings: ProviderSettings) -> str:
    """What the server said, shortened; "" where it said nothing of use."""
    body = getattr(error, "body", None)
    inner = body.get("error") if isinstance(body, dict) else None
    body = inner if isinstance(inner, dict) else body
    said = body.get("message") if isinstance(body, dict) else None
    if not isinstance(said, str):
        return ""
    said = " ".join(settings.secret.hide_in(said[:10_000]).split())
    said = said.encode("utf-8", "replace").decode()
    return said if len(said) <= _QUOTED else f"{said[: _QUOTED - 1]}…"


def is_quota(error: "openai.APIStatusError") -> bool:
    """An account without credit: waiting does not help."""
    return error.status_code == 429 and error.code == "insufficient_quota"


def is_refusal(error: "openai.OpenAIError") -> bool:
    return str(getattr(error, "code", "")) in (
        "content_filter",
        "content_policy_violation",
        "moderation_blocked",
    )


def _of_status(error: "openai.APIStatusError", settings: ProviderSettings) -> ChatbotError:
    host, status = settings.host, error.status_code
    if is_refusal(error):
        return refused(settings)
    if status in (401, 403):  # not quoted: such answers repeat parts of the key
        if not settings.secret:
            return BadInput(f"{host} wants a key.", remedy="Type the key that it gave you.")
        return BadInput(
            f"{host} does not accept the key{', or not for this model' if status == 403 else ''}.",
            remedy="Check that it is whole and not withdrawn. " + LOCAL_GOES_ON,
        )
    said = quoted(error, settings) or None
    if status == 404:
        return BadInput(
            f"{host} knows no model {settings.model}, or has no chat completions at this address.",
            value=said,
            remedy="Check the model's name and the address, which mostly ends with /v1.",
        )
    if is_quota(error):
        return NotAvailable(
            f"The account at {host} has no credit left.",
            remedy="See the provider's page on billing. " + LOCAL_GOES_ON,
        )
    if status == 429:
        return NotAvailable(
            f"{host} has too many requests at the moment and asks to wait.",
            value=said,
            remedy="Try again in a minute. " + LOCAL_GOES_ON,
        )
    if status >= 500:
        return NotAvailable(
            f"{host} has trouble of its own (status {status}).",
            value=said,
            remedy="Try again later. " + LOCAL_GOES_ON,
        )
    if 300 <= status < 400:
        return BadInput(
            f"{host} sends on to another address, where nothing is sent unasked.",
            remedy="Write the address that the server really has, such as with https://.",
        )
    return BadInput(
        f"{host} did not take the question (status {status}).",
        value=said,
        remedy="Shorten the conversation, or check the settings and the model's name. "
        + LOCAL_GOES_ON,
    )

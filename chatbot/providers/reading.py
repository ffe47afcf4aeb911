"""The protocol's words: a request from messages and settings, pieces of text from what comes back.

A server may send anything. What is not of the expected shape is left out, never trusted.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chatbot.engine.sampling import SamplingParams
from chatbot.messages import Message
from chatbot.providers.settings import Kind, ProviderSettings

MOST_STOP_WORDS = 4
"""As OpenAI allows."""
_LENGTHS = ("max_tokens", "max_completion_tokens")
"""The old name and the new one; OpenAI's newest models refuse the old, other servers the new."""
_OURS = {"max_tokens": "max_new_tokens", "max_completion_tokens": "max_new_tokens"}
_OPTIONAL = ("temperature", "top_p", "seed", "stop", "stream_options")
_SETTINGS = ("temperature", "top_p", "seed", "stop", *_LENGTHS)
_MOST_TOKENS = 10**9


@dataclass(frozen=True)
class Piece:
    """What one event of a stream says.

    Args:
        refused: the text is the provider's refusal.
        finish: the protocol's word for the end; "" while there is more to come.
        prompt_tokens, new_tokens: where the event tells them.
    """

    text: str = ""
    refused: bool = False
    finish: str = ""
    prompt_tokens: int | None = None
    new_tokens: int | None = None


def request(
    settings: ProviderSettings, messages: Sequence[Message], params: SamplingParams, most: int
) -> dict[str, Any]:
    """The body of a request for at most so many tokens. Top-k, the repetition penalty and our
    rarer settings have no place in the protocol."""
    body: dict[str, Any] = {
        "model": settings.model,
        "messages": [message.to_chat() for message in messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": params.temperature,
        "top_p": params.top_p,
        _length_for(settings.kind): most,
    }
    if params.seed is not None:
        body["seed"] = params.seed
    if params.stop:
        body["stop"] = list(params.stop[:MOST_STOP_WORDS])
    return body


def sent(body: dict[str, Any]) -> tuple[str, ...]:
    """Our names of the settings in a request."""
    return tuple(_OURS.get(name, name) for name in _SETTINGS if name in body)


def without_unwanted(body: dict[str, Any], param: object, message: str) -> dict[str, Any] | None:
    """The request without the setting that a model does not take, such as the temperature of one
    that reasons; None where the complaint is about something else.

    Args:
        param, message: as the server said.
    """
    known = [name for name in (*_OPTIONAL, *_LENGTHS) if name in body]
    named = [name for name in known if name == param]
    if not named:
        named = [name for name in known if re.search(rf"\b{name}\b", message)]
    if not named:
        return None
    rest = {name: value for name, value in body.items() if name != named[0]}
    if named[0] in _LENGTHS:
        other = _LENGTHS[1 - _LENGTHS.index(named[0])]
        rest[other] = body[named[0]]
    return rest


def piece(event: object) -> Piece:
    """What an event says, as far as it says anything that we know."""
    usage = getattr(event, "usage", None)
    read = _count(getattr(usage, "prompt_tokens", None))
    new = _count(getattr(usage, "completion_tokens", None))
    choices = getattr(event, "choices", None)
    if not isinstance(choices, list) or not choices:
        return Piece(prompt_tokens=read, new_tokens=new)
    delta = getattr(choices[0], "delta", None)
    finish = getattr(choices[0], "finish_reason", None)
    text, refusal = _text(getattr(delta, "content", None)), _text(getattr(delta, "refusal", None))
    end = finish if isinstance(finish, str) else ""
    return Piece(text or refusal, bool(refusal), end, read, new)


def _length_for(kind: Kind) -> str:
    return _LENGTHS[1] if kind == "openai" else _LENGTHS[0]


def _text(value: object) -> str:
    """Half an emoji has no UTF-8 form, and could not be saved."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _count(value: object) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= _MOST_TOKENS else None

"""The protocol's two directions: what a client asks, checked, and what it is sent."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from chatbot.engine.sampling import SamplingParams
from chatbot.errors import BadInput, ChatbotError, Conflict, NotAvailable, OutOfResources
from chatbot.messages import Message, Role
from chatbot.services import ServiceReceipt

if TYPE_CHECKING:
    from chatbot.engine.receipts import Receipt

BARE = ":bare"
"""Behind a model's name: the model alone, without jokes, poems and memory."""
MOST_MESSAGES = 2_000
_ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}
_SETTINGS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "min_p": "min_p",
    "typical_p": "typical_p",
    "repetition_penalty": "repetition_penalty",
    "seed": "seed",
    "max_tokens": "max_new_tokens",
    "max_completion_tokens": "max_new_tokens",
}
"""The protocol's names and, as other local servers take them, those that it does not know."""
_NOT_OFFERED = {
    "tools": "Tools",
    "functions": "Functions",
    "logprobs": "Log probabilities",
    "frequency_penalty": "A frequency penalty",
    "presence_penalty": "A presence penalty",
    "logit_bias": "A bias for tokens",
    "audio": "Sound",
}
_FINISH = {"end": "stop", "stop word": "stop", "length": "length", "stopped": "stop"}


@dataclass(frozen=True)
class Asked:
    """A request that can be answered.

    Args:
        model: a name of the catalog; "" for the server's own.
        persona: the system messages, one after the other.
        before: the conversation before the question.
        stream: whether the answer is wanted as it comes, and usage: with its counts at the end.
    """

    model: str
    bare: bool
    persona: str
    before: tuple[Message, ...]
    question: str
    params: SamplingParams
    stream: bool
    usage: bool


def read(body: object, params: SamplingParams) -> Asked:
    """Check what a client sent.

    Args:
        params: the settings of what the request leaves open.

    Raises:
        BadInput: it asks for what is not understood or not offered; names the field.
    """
    if not isinstance(body, dict):
        raise BadInput("The body is no JSON object.")
    for name, what in _NOT_OFFERED.items():
        if body.get(name):
            raise BadInput(f"{what} can't be used here.", value=name, remedy="Leave it out.")
    if body.get("n") not in (None, 1):
        raise BadInput("One answer is given at a time.", value=body["n"], remedy="Leave n at 1.")
    wanted = body.get("response_format")
    if isinstance(wanted, dict) and wanted.get("type") not in (None, "text"):
        raise BadInput(
            "Answers are text; their form can't be forced.",
            value=str(wanted.get("type")),
            remedy="Leave response_format out.",
        )
    model = _text(body, "model")
    messages = _messages(body.get("messages"))
    if messages[-1].role != "user":
        raise BadInput(
            "The last message is not the user's, so there is nothing to answer.",
            value=messages[-1].role,
        )
    options = body.get("stream_options")
    return Asked(
        model=model.removesuffix(BARE),
        bare=model.endswith(BARE),
        persona="\n\n".join(m.text for m in messages if m.role == "system"),
        before=tuple(m for m in messages[:-1] if m.role != "system"),
        question=messages[-1].text,
        params=_params(body, params),
        stream=body.get("stream") is True,
        usage=isinstance(options, dict) and options.get("include_usage") is True,
    )


def completion(
    number: str, model: str, text: str, receipt: "Receipt | ServiceReceipt | None"
) -> dict[str, Any]:
    """A whole answer."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "logprobs": None,
        "finish_reason": finish_of(receipt),
    }
    return {**_head(number, model, "chat.completion"), "choices": [choice], "usage": usage(receipt)}


def piece(number: str, model: str, text: str, *, first: bool) -> dict[str, Any]:
    """A part of a streamed answer."""
    delta = {"role": "assistant", "content": text} if first else {"content": text}
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}
    return {**_head(number, model, "chat.completion.chunk"), "choices": [choice]}


def last_piece(
    number: str, model: str, receipt: "Receipt | ServiceReceipt | None"
) -> dict[str, Any]:
    """The end of a streamed answer."""
    choice = {"index": 0, "delta": {}, "logprobs": None, "finish_reason": finish_of(receipt)}
    return {**_head(number, model, "chat.completion.chunk"), "choices": [choice]}


def counts(number: str, model: str, receipt: "Receipt | ServiceReceipt | None") -> dict[str, Any]:
    """What `stream_options.include_usage` asks for, after the end."""
    head = _head(number, model, "chat.completion.chunk")
    return {**head, "choices": [], "usage": usage(receipt)}


def usage(receipt: "Receipt | ServiceReceipt | None") -> dict[str, int]:
    """Tokens that a model read and wrote; a service needs none."""
    if receipt is None or isinstance(receipt, ServiceReceipt):
        read_, made = 0, 0
    else:
        read_, made = receipt.prompt_tokens, receipt.new_tokens
    return {"prompt_tokens": read_, "completion_tokens": made, "total_tokens": read_ + made}


def finish_of(receipt: "Receipt | ServiceReceipt | None") -> str:
    return _FINISH.get(receipt.finish, "stop") if receipt is not None else "stop"


def error(problem: ChatbotError | str, kind: str = "", code: str | None = None) -> dict[str, Any]:
    """A failure in the protocol's shape."""
    kind = kind or ("invalid_request_error" if isinstance(problem, BadInput) else "server_error")
    return {"error": {"message": str(problem), "type": kind, "param": None, "code": code}}


def status_of(problem: ChatbotError) -> int:
    """The HTTP status that says whose fault it is, and whether to try again."""
    if isinstance(problem, BadInput):
        return 400
    if isinstance(problem, NotAvailable):
        return 404
    return 503 if isinstance(problem, Conflict | OutOfResources) else 500


def _head(number: str, model: str, kind: str) -> dict[str, Any]:
    return {"id": number, "object": kind, "created": int(time.time()), "model": model}


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise BadInput(f"{name} is a text.", value=value)
    return value.strip()


def _messages(rows: object) -> list[Message]:
    if not isinstance(rows, list) or not rows:
        raise BadInput("There are no messages.", remedy="messages is a list, the question last.")
    if len(rows) > MOST_MESSAGES:
        raise BadInput("There are too many messages.", value=len(rows), remedy="Send the newest.")
    return [_message(row, place) for place, row in enumerate(rows)]


def _message(row: object, place: int) -> Message:
    role = _ROLES.get(str(row.get("role"))) if isinstance(row, dict) else None
    if role is None or not isinstance(row, dict):
        raise BadInput(
            f"Message {place} is not by the system, the user or the assistant.",
            value=row.get("role") if isinstance(row, dict) else row,
        )
    if row.get("tool_calls"):
        raise BadInput(f"Message {place} calls tools, which can't be used here.")
    content = row.get("content")
    if isinstance(content, list):
        content = "\n".join(_part(part, place) for part in content)
    if not isinstance(content, str):
        raise BadInput(f"Message {place} has no text.", value=content)
    return Message(role, content)


def _part(part: object, place: int) -> str:
    if isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str):
        return str(part["text"])
    kind = part.get("type") if isinstance(part, dict) else part
    raise BadInput(f"Message {place} has a part that is no text.", value=kind)


def _params(body: Mapping[str, Any], params: SamplingParams) -> SamplingParams:
    given = {
        ours: body[theirs] for theirs, ours in _SETTINGS.items() if body.get(theirs) is not None
    }
    stop = body.get("stop")
    if stop:
        words = [stop] if isinstance(stop, str) else stop
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise BadInput("stop is a text or a list of texts.", value=stop)
        given["stop"] = tuple(words)
    for name in ("max_new_tokens", "seed"):
        if isinstance(given.get(name), float) and given[name].is_integer():
            given[name] = int(given[name])
    return replace(params, **given)

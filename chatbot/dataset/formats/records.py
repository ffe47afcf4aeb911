"""JSON records that hold a conversation: ShareGPT, OpenAI messages, Alpaca, question and answer.

Each record is recognised by its own keys, so that a file may mix them. Turns of tools, pictures and
the like, which a persona can't learn from, are left out and named.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from chatbot.dataset.formats.rows import Row, left_out
from chatbot.dataset.formats.tables import ANSWER, QUESTION
from chatbot.messages import ROLE_OF_SPEAKER, Conversation, Message, Role

SHAREGPT, MESSAGES, ALPACA, PAIRS = (
    "ShareGPT",
    "OpenAI messages",
    "Alpaca",
    "question and answer",
)
WHY: Mapping[str, str] = {
    SHAREGPT: 'its rows hold "conversations", a list of turns with "from" and "value"',
    MESSAGES: 'its rows hold "messages", a list with "role" and "content"',
    ALPACA: 'its rows hold "instruction" and "output"',
    PAIRS: "its rows hold a question and an answer",
}
_ROLES: Mapping[str, Role] = {
    **ROLE_OF_SPEAKER,
    "chatgpt": "assistant",
    "model": "assistant",
    "ai": "assistant",
    "developer": "system",
}
_TOOLS = frozenset({"tool", "function", "function_call", "tool_call", "observation", "ipython"})
_SPEAKER_KEYS, _TEXT_KEYS = ("from", "role", "speaker"), ("value", "content", "text")
_LISTS = ("conversations", "messages", "conversation", "dialogue", "dialog", "turns")


class Turns(NamedTuple):
    """What a list of turns gives; `problem` says why it can't be taken."""

    messages: tuple[Message, ...]
    remarks: tuple[str, ...]
    problem: str = ""


def kind_of(record: object) -> str | None:
    """Which of the shapes a record has; None for none of them."""
    if not isinstance(record, Mapping):
        return None
    key = _list_key(record)
    if key is not None:
        return MESSAGES if key == "messages" else SHAREGPT
    if "instruction" in record and "output" in record:
        return ALPACA
    return PAIRS if _pair_keys(record) else None


def rows(records: Iterable[tuple[int, object]]) -> Iterator[Row]:
    """Read numbered records one by one."""
    for number, record in records:
        yield row_of(record, number)


def row_of(record: object, number: int) -> Row:
    """Read one record."""
    kind = kind_of(record)
    if kind is None:
        return left_out(
            number,
            "This row holds no conversation that is known here.",
            'Rows look like {"conversations": [{"from": "human", "value": "Hi"}, …]}, '
            '{"messages": [{"role": "user", "content": "Hi"}, …]} or '
            '{"instruction": "Hi", "output": "Hello!"}.',
            _as_json(record),
        )
    assert isinstance(record, Mapping)
    if kind == ALPACA:
        turns, used = _alpaca(record)
    elif kind == PAIRS:
        turns, used = _pair(record)
    else:
        key = _list_key(record)
        assert key is not None
        turns, used = _turns(record[key]), {key}
        if isinstance(record.get("system"), str) and not _has_system(turns.messages):
            system = Message("system", record["system"])
            messages = (system, *turns.messages) if record["system"].strip() else turns.messages
            turns, used = turns._replace(messages=messages), used | {"system"}
    if not turns.problem and not turns.messages:
        turns = turns._replace(problem="It has no turns.")
    if turns.problem:
        return left_out(number, turns.problem, "Mend this row in the file.", _as_json(record))
    used = used | {"conversations"}  # the store keeps the turns under this name
    extra = {str(key): value for key, value in record.items() if key not in used}
    return Row(number, Conversation(turns.messages, extra), remarks=turns.remarks)


def to_messages(conversation: Conversation) -> dict[str, Any]:
    """The conversation as OpenAI writes it."""
    return {**conversation.extra, "messages": [m.to_chat() for m in conversation.messages]}


def to_alpaca(conversation: Conversation) -> dict[str, Any] | None:
    """The conversation as an Alpaca row; earlier turns go into `history`, as pairs.

    Returns:
        None where user and bot don't take turns, which this format can't hold.
    """
    messages = list(conversation.messages)
    system = messages.pop(0).text if messages and messages[0].role == "system" else ""
    roles = [message.role for message in messages]
    if not messages or roles != ["user", "assistant"] * (len(messages) // 2):
        return None
    pairs = [(q.text, a.text) for q, a in zip(messages[::2], messages[1::2], strict=True)]
    question, answer = pairs[-1]
    row: dict[str, Any] = {"instruction": question, "input": "", "output": answer}
    if system:
        row["system"] = system
    if len(pairs) > 1:
        row["history"] = [list(pair) for pair in pairs[:-1]]
    return {**conversation.extra, **row}


def _as_json(record: object) -> str:
    try:
        return json.dumps(record, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return str(type(record).__name__)


def _list_key(record: Mapping[Any, Any]) -> str | None:
    return next((key for key in _LISTS if isinstance(record.get(key), list)), None)


def _has_system(messages: Sequence[Message]) -> bool:
    return any(message.role == "system" for message in messages)


def _turns(turns: Sequence[object]) -> Turns:
    messages: list[Message] = []
    remarks: dict[str, None] = {}  # each once, in order
    for number, turn in enumerate(turns, start=1):
        if not isinstance(turn, Mapping):
            return Turns((), (), f"Turn {number} is not a message.")
        speaker = next((turn[key] for key in _SPEAKER_KEYS if key in turn), None)
        name = speaker.strip().lower() if isinstance(speaker, str) else ""
        if name in _TOOLS:
            remarks["Turns of tools were left out."] = None
            continue
        role = _ROLES.get(name)
        if role is None:
            return Turns((), (), f"Turn {number} does not say who speaks ({speaker!r}).")
        text, dropped = _text(next((turn[key] for key in _TEXT_KEYS if key in turn), None))
        if turn.get("tool_calls") or turn.get("function_call"):
            dropped.append("Calls of tools were left out.")
        remarks.update(dict.fromkeys(dropped))
        if text is None:
            if dropped:
                continue  # such as an assistant's turn that only calls a tool
            return Turns((), (), f"Turn {number} has no text.")
        if set(turn) - {*_SPEAKER_KEYS, *_TEXT_KEYS, "tool_calls", "function_call"}:
            remarks["Its turns hold more than who speaks and what; that is not used here."] = None
        messages.append(Message(role, text))
    return Turns(tuple(messages), tuple(remarks))


def _text(content: object) -> tuple[str | None, list[str]]:
    """A turn's text, given as such or in parts; and what of it had to be dropped."""
    if isinstance(content, str):
        return content, []
    if not isinstance(content, list):
        return None, []
    texts: list[str] = []
    dropped: list[str] = []
    for part in content:
        if isinstance(part, str):
            texts.append(part)
            continue
        text = None
        if isinstance(part, Mapping) and part.get("type", "text") in ("text", "input_text"):
            text = next((part[k] for k in ("text", "value", "content") if k in part), None)
        if isinstance(text, str):
            texts.append(text)
        else:
            dropped.append("Parts that are not text were left out.")
    return ("\n".join(texts) if texts else None), dropped


def _alpaca(record: Mapping[Any, Any]) -> tuple[Turns, set[str]]:
    used = {"instruction", "input", "output", "system", "history"}
    instruction, answer = record.get("instruction"), record.get("output")
    context = record.get("input") or ""
    if not all(isinstance(value, str) for value in (instruction, context, answer)):
        return Turns((), (), "Its instruction, input or output is not a text."), used
    question = "\n\n".join(part for part in (str(instruction), str(context)) if part.strip())
    if not question.strip() or not str(answer).strip():
        return Turns((), (), "Its instruction or its output is empty."), used
    earlier = _history(record.get("history"))
    if earlier is None:
        return Turns((), (), "Its history is not a list of pairs."), used
    system = record.get("system")
    begin = (Message("system", system),) if isinstance(system, str) and system.strip() else ()
    remarks = ("Instruction and input were joined.",) if str(context).strip() else ()
    end = (Message("user", question), Message("assistant", str(answer)))
    return Turns((*begin, *earlier, *end), remarks), used


def _history(value: object) -> tuple[Message, ...] | None:
    if value is None:
        return ()
    if not isinstance(value, list):
        return None
    messages: list[Message] = []
    for pair in value:
        if not (isinstance(pair, list) and len(pair) == 2):
            return None
        question, answer = pair
        if not (isinstance(question, str) and isinstance(answer, str)):
            return None
        messages += [Message("user", question), Message("assistant", answer)]
    return tuple(messages)


def _pair_keys(record: Mapping[Any, Any]) -> tuple[str, str] | None:
    names = {str(key).strip().lower(): key for key in record}
    question = next((names[key] for key in QUESTION if key in names), None)
    answer = next((names[key] for key in ANSWER if key in names), None)
    return (question, answer) if question is not None and answer is not None else None


def _pair(record: Mapping[Any, Any]) -> tuple[Turns, set[str]]:
    keys = _pair_keys(record)
    assert keys is not None
    question, answer = (record[key] for key in keys)
    used = {*keys, "system"}
    if not isinstance(question, str) or not isinstance(answer, str):
        return Turns((), (), "Its question or its answer is not a text."), used
    if not question.strip() or not answer.strip():
        return Turns((), (), "Its question or its answer is empty."), used
    system = record.get("system")
    begin = (Message("system", system),) if isinstance(system, str) and system.strip() else ()
    return Turns((*begin, Message("user", question), Message("assistant", answer)), ()), used

"""Which answer “Why this word?” looks at: what was read before it, which model chose its words, and
where what is shown today need not be what was."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from chatbot.answer_parts import Origin, origin
from chatbot.answering import Request
from chatbot.engine.sampling import SamplingParams
from chatbot.hindsight import Asked, Look
from chatbot.memory import MemoryService, Told, bare, room_of
from chatbot.messages import Message, user
from chatbot.standard_services import standard_services
from chatbot.transcripts import UNFINISHED, Transcript, Turn
from pages.ui import browser
from pages.ui.resources import engine_room


@dataclass(frozen=True)
class Shown:
    """An answer whose words are looked at. `own`: its model chose them, and is the one chosen;
    `told_alike`: memory tells it today what it told it then."""

    chat: str
    turn: Turn
    messages: tuple[Message, ...]
    request: Request
    origin: Origin
    own: bool
    busy: bool
    told_alike: bool

    def asked(self) -> Asked | None:
        """What to ask for; None while the model is not loaded."""
        with engine_room().glimpse(self.request.choice) as engine:
            if engine is None:
                return None
            return Asked(
                self.request.choice,
                engine.loaded.hash,
                self.messages,
                self.turn.answer,
                self.turn.tokens if self.own else (),
                self.origin.parts,
            )


def of(transcript: Transcript, index: int, request: Request) -> Shown:
    """The answer of one turn, for the model that is chosen now."""
    turn = transcript.turns[index]
    own = model(turn.receipt) == request.choice.model and bool(turn.tokens)
    told = _told(transcript, index, request)
    then = _told_then(turn.receipt)
    return Shown(
        transcript.id,
        turn,
        told.messages,
        request,
        origin(turn.receipt, len(turn.tokens)) if own else Origin(()),
        own,
        any(other.state in UNFINISHED for other in transcript.turns),
        not then or told.summed_up() == then,
    )


def model(receipt: Mapping[str, Any] | None) -> str:
    """The model that chose the words; "" where none did."""
    return str((receipt or {}).get("model") or "")


def doubts(shown: Shown, look: Look, asked: Asked) -> list[str]:
    """Where what is shown need not be what was."""
    receipt = shown.turn.receipt or {}
    if not shown.own:
        chose = model(receipt)
        if chose and chose != shown.request.choice.model:
            return [
                f"{chose}, which chose these words, is not on this machine any more. Here is "
                f"how {shown.request.choice.model} would have taken them."
            ]
        return [
            f"No model's choices are recorded for these words. Here is how "
            f"{shown.request.choice.model} takes them."
        ]
    told = []
    if receipt.get("hash") != asked.hash:
        told.append("The weights were replaced since; these are the figures of today's weights.")
    with engine_room().glimpse(asked.choice) as engine:
        where = None if engine is None else engine.loaded.placement
    then = (receipt.get("device"), receipt.get("dtype"))
    if where is not None and then != (where.device, where.dtype):
        told.append(
            f"It was answered on {then[0]} in {then[1]} and is read on {where.device} in "
            f"{where.dtype}: figures may differ a little."
        )
    if not shown.told_alike:
        told.append(
            "What the bot remembers has changed since this answer: these figures are for what it "
            "remembers now."
        )
    elif receipt.get("prompt_tokens") != look.prompt_tokens:
        told.append(
            "What stands before this answer, or the persona, was changed since; these figures "
            "are for how it stands now."
        )
    return told


def _told(transcript: Transcript, index: int, request: Request) -> Told:
    """What the model reads before this answer; what memory adds only where it did so then."""
    turn = transcript.turns[index]
    persona = transcript.persona.filled()
    messages = [*transcript.messages(upto=index), user(turn.question)]
    remembers = next((s for s in standard_services() if isinstance(s, MemoryService)), None)
    if remembers is None or not _told_then(turn.receipt):
        return bare(persona, messages)
    with engine_room().glimpse(request.choice) as engine:
        room = None if engine is None else room_of(engine, _params(turn.receipt, request.params))
    if room is None:
        return bare(persona, messages)
    return remembers.remind(transcript.id, browser.owner(), persona, messages, room)


def _told_then(receipt: Mapping[str, Any] | None) -> Mapping[str, Any]:
    found = (receipt or {}).get("memory")
    return found if isinstance(found, Mapping) else {}


def _params(receipt: Mapping[str, Any] | None, now: SamplingParams) -> SamplingParams:
    """With the room that was kept free for the answer then."""
    then = (receipt or {}).get("params")
    longest = then.get("max_new_tokens") if isinstance(then, Mapping) else None
    return replace(now, max_new_tokens=longest) if isinstance(longest, int) else now

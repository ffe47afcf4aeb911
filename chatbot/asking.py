"""How one question of a chat is answered: by whom, by which settings, and with what receipt."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from chatbot.engine.sampling import SamplingParams
from chatbot.engine_room import Choice
from chatbot.errors import NotAvailable
from chatbot.transcripts import Transcript, Turn

if TYPE_CHECKING:
    from chatbot.chat_bot import ChatBot, Reply
    from chatbot.engine.generation import Engine
    from chatbot.providers import ProviderAnswer
    from chatbot.services import Service, Writer


@dataclass(frozen=True, slots=True)
class Request:
    """How a question shall be answered. Nothing of it is saved but the choice and the params.

    Args:
        provider: a larger model that services may ask; by_provider: it shall answer itself.
        asker: fingerprint of the browser that asks; None: whoever began the chat. What is kept for
            the owner of a chat is not for others who know its address.
    """

    choice: Choice
    params: SamplingParams
    provider: "Writer | None" = None
    by_provider: bool = False
    asker: str | None = None

    def owner(self, transcript: Transcript) -> str:
        """The chat's owner, if that is who asks; else "": nobody that anything is kept for."""
        return transcript.owner if self.asker in (None, transcript.owner) else ""

    def begin(
        self,
        transcript: Transcript,
        place: int,
        engine: "Callable[[], Engine]",
        services: "Sequence[Service]",
        stop: threading.Event,
    ) -> "Reply | ProviderAnswer":
        """Begin to answer the question at this place of a chat, or go on where it has an answer.

        Args:
            engine: gives the model, once it is needed.

        Raises:
            BadInput: the question doesn't fit the model's window.
            NotAvailable: a bigger model shall answer, and none is switched on any more.
        """
        from chatbot.chat_bot import ChatBot
        from chatbot.engine.beginnings import Beginning

        turn = transcript.turns[place]
        bot = ChatBot(
            self.choice.model,
            engine=engine,
            params=self.params,
            persona=transcript.persona.filled(),
            conversation=transcript.id,
            messages=transcript.messages(upto=place),
            receipts=transcript.receipts(upto=place),
            services=services,
            provider=self.provider,
            owner=self.owner(transcript),
        )
        if self.by_provider:
            return self._ask_provider(bot, turn.question, stop)
        begun = Beginning(turn.answer, turn.tokens) if turn.answer else None
        return bot.stream(turn.question, stop=stop, beginning=begun)

    def _ask_provider(
        self, bot: "ChatBot", question: str, stop: threading.Event
    ) -> "ProviderAnswer":
        """The larger model's answer to what the local one would have been asked."""
        from chatbot.messages import Message, user
        from chatbot.providers import Provider

        if not isinstance(self.provider, Provider):
            raise NotAvailable("No bigger model is switched on.", remedy="Switch one on first.")
        persona = [Message("system", bot.persona)] if bot.persona.strip() else []
        messages = [*persona, *bot.messages, user(question)]
        return self.provider.stream(messages, self.params, stop=stop)


def receipt_of(reply: "Reply | ProviderAnswer", turn: Turn) -> dict[str, Any] | None:
    """What is kept with an answer that has ended: how it was made, what memory told the model, and
    what made the part that was there before. None where the reply has no receipt."""
    from chatbot.chat_bot import Reply

    if reply.receipt is None:
        return None
    receipt = asdict(reply.receipt)
    if isinstance(reply, Reply) and reply.told is not None and reply.told.anything:
        receipt["memory"] = reply.told.summed_up()
    if reply.begun:
        receipt["begun"] = len(reply.begun)
    if turn.receipt is not None:
        receipt["before"] = dict(turn.receipt)
    return receipt

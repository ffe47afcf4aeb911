"""A larger model elsewhere that can be asked: the one thing that pages and services hold."""

import threading
from collections.abc import Sequence

from chatbot.engine.sampling import SamplingParams
from chatbot.errors import BadInput, NotAvailable
from chatbot.messages import Message, user
from chatbot.providers.answer import ProviderAnswer
from chatbot.providers.settings import ProviderSettings
from chatbot.providers.spending import Spending

WHOLE_ANSWER = 20.0
"""Seconds that a service waits for a whole answer before it does without."""
_TRIAL = SamplingParams(temperature=0.0, max_new_tokens=16)


class Provider:
    """Asks one model of one provider, within the limit of one session.

    Args:
        spending: of the session; by default a fresh one with the settings' limit.
    """

    def __init__(self, settings: ProviderSettings, spending: Spending | None = None) -> None:
        self.settings = settings
        self.spending = spending or Spending(settings.most_tokens_per_session)

    @property
    def name(self) -> str:
        """For people: "gpt-4o-mini at api.openai.com"."""
        return self.settings.name

    @property
    def host(self) -> str:
        return self.settings.host

    def __repr__(self) -> str:
        return f"Provider({self.name!r})"

    def stream(
        self,
        messages: Sequence[Message],
        params: SamplingParams,
        *,
        stop: threading.Event | None = None,
        seconds: float | None = None,
    ) -> ProviderAnswer:
        """Begin to ask; returns at once.

        Args:
            messages: the conversation, oldest first; all of it is sent.
            params: of which the protocol knows temperature, top-p, max new tokens, seed and the
                first 4 stop words.
            stop: set it to end the answer.
            seconds: for the whole answer; None: for as long as words come.

        Raises:
            BadInput: there is no message.
            OutOfResources: the session's spending limit leaves no room for it.
        """
        if not messages or not messages[-1].text.strip():
            raise BadInput("There is nothing to answer.", remedy="Write a message first.")
        return ProviderAnswer(
            self.settings, self.spending, messages, params, stop=stop, seconds=seconds
        )

    __call__ = stream

    def ask(
        self,
        messages: Sequence[Message],
        params: SamplingParams,
        *,
        stop: threading.Event | None = None,
        seconds: float = WHOLE_ANSWER,
    ) -> str:
        """A whole answer; may be "" where the model said nothing, and short where it was stopped.

        Raises:
            NotAvailable: it broke off in the middle, or was refused.
            ChatbotError: as `stream` and its answer.
        """
        answer = self.stream(messages, params, stop=stop, seconds=seconds)
        for _ in answer:
            pass
        receipt = answer.receipt
        if receipt is not None and receipt.finish in ("cut off", "refused"):
            raise NotAvailable(
                receipt.note or f"{self.host} did not want to answer.",
                remedy="Try again; the model on this machine goes on answering.",
            )
        return answer.text

    def test(self) -> str:
        """Whether it answers, by a question about nothing; returns what it said.

        Raises:
            ChatbotError: as `ask`.
        """
        return self.ask([user("Say hello.")], _TRIAL)

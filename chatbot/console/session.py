"""The conversation behind the console: one bot, which may change its model on the way."""

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from chatbot import chat_files
from chatbot.chat_bot import ChatBot, Reply
from chatbot.chat_tree import Turn
from chatbot.engine.sampling import LIMITS, WHOLE_NUMBERS, SamplingParams
from chatbot.errors import BadInput, Conflict
from chatbot.files import write_atomically
from chatbot.messages import Message
from chatbot.services import Service, Writer
from chatbot.transcripts import Transcript, new_id

SETTINGS = tuple(f.name for f in fields(SamplingParams))
ME = "console"
"""Whom the services' memories of a console belong to: whoever sits at this machine."""


class Session:
    """What the commands work on.

    Args:
        services: who may answer before the model does; None: all.
    """

    def __init__(
        self,
        model: str,
        params: SamplingParams,
        *,
        persona: str = "",
        services: Sequence[Service] | None = None,
    ) -> None:
        self._services = services
        self.provider_name = ""
        self.bot = ChatBot(model, params=params, persona=persona, services=services, owner=ME)

    def close(self) -> None:
        self.bot.close()

    def use_provider(self, provider: Writer | None, name: str) -> None:
        """Let the services ask a larger model from now on; None: nobody."""
        self.bot.provider, self.provider_name = provider, name

    def use_model(self, name: str) -> None:
        """Go on with another model; the conversation stays.

        Raises:
            NotAvailable, BadInput: it can't be loaded; the one before goes on.
        """
        old = self.bot
        new = ChatBot(
            name,
            params=old.params,
            persona=old.persona,
            conversation=old.conversation,
            messages=old.messages,
            receipts=old.receipts,
            services=self._services,
            provider=old.provider,
            owner=old.owner,
        )
        old.close()  # first: two large models may not fit
        self.bot = new

    def set(self, name: str, value: str) -> None:
        """Change one setting, as it was typed.

        Raises:
            BadInput: there is no such setting, or it can't have this value.
        """
        name = name.replace("-", "_").lower()
        if name not in SETTINGS:
            raise BadInput(
                "There is no such setting.", value=name, remedy=f"There are: {', '.join(SETTINGS)}."
            )
        self.bot.params = replace(self.bot.params, **{name: _value(name, value)})

    def undo(self) -> None:
        """Take back the last question and its answer.

        Raises:
            BadInput: there is none.
        """
        messages = self.bot.messages
        asked = [place for place, message in enumerate(messages) if message.role == "user"]
        if not asked:
            raise BadInput("There is nothing to take back.", remedy="Say something first.")
        self.bot.messages = messages[: asked[-1]]

    def regenerate(self) -> Reply:
        """Answer the last question again.

        Raises:
            BadInput: there is no question.
        """
        return self.bot.regenerate()

    def save(self, path: Path) -> int:
        """Write the conversation in the format of the lab; returns how many messages it has.

        Raises:
            BadInput: there is nothing to save.
            Conflict: there is such a file already.
            ChatbotError: it can't be written.
        """
        if not self.bot.messages:
            raise BadInput("There is nothing to save yet.", remedy="Say something first.")
        if path.exists():
            raise Conflict(
                "There is such a file already.", value=path, remedy="Choose another name."
            )
        transcript = Transcript(new_id(), tuple(_turns(self.bot.messages)))
        write_atomically(path, chat_files.to_json(transcript))
        return len(self.bot.messages)

    def load(self, path: Path) -> int:
        """Go on with a saved conversation, the first one of the file; returns its messages.

        Raises:
            BadInput: the file is not there, or holds no conversation.
        """
        try:
            data = path.read_bytes()
        except OSError as error:
            raise BadInput(
                f"This file can't be read: {error.strerror or error}.", value=str(path)
            ) from error
        chats, _ = chat_files.read(data, path.name)
        self.bot.reset()
        self.bot.messages = chats[0].messages()
        return len(self.bot.messages)


def _value(name: str, typed: str) -> Any:
    if name == "stop":
        return tuple(word for word in typed.split(",") if word)
    if name == "seed" and typed.lower() in ("none", "off", "random"):
        return None
    kind = int if name in WHOLE_NUMBERS else float
    try:
        return kind(typed)
    except ValueError:
        allowed = f" {LIMITS[name]}" if name in LIMITS else ""
        raise BadInput(
            f"{name} is a {'whole ' if kind is int else ''}number{allowed}.", value=typed
        ) from None


def _turns(messages: Sequence[Message]) -> list[Turn]:
    turns: list[Turn] = []
    for message in messages:
        if message.role == "user":
            turns.append(Turn(message.text, state="stopped"))
        elif turns and not turns[-1].answer:
            turns[-1] = replace(turns[-1], answer=message.text, state="done")
        else:
            turns.append(Turn("", message.text, "done"))
    return turns

"""What begins with a slash: a table of commands, each with a sentence, and how they are read."""

import difflib
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.errors import BadInput

if TYPE_CHECKING:
    from chatbot.chat_bot import Reply
    from chatbot.console.session import Session

LEAVE = frozenset({"quit", "exit", "bye"})


@dataclass
class Outcome:
    """What a command leads to: lines to be read, an answer that comes, or the end."""

    lines: list[str] = field(default_factory=list)
    reply: "Reply | None" = None
    leave: bool = False


@dataclass(frozen=True)
class Command:
    """`usage`: what may follow the name; `help`: one sentence."""

    usage: str
    help: str
    run: Callable[["Session", list[str]], Outcome]


def is_command(line: str) -> bool:
    """Whether a line names a command. Another text that begins with a slash is a message only
    where nobody sits at the terminal to be told."""
    return line.startswith("/") and line[1:].partition(" ")[0].lower() in COMMANDS


def run(session: "Session", line: str) -> Outcome:
    """Carry out a line that begins with a slash.

    Raises:
        BadInput: there is no such command, or it can't be understood.
        ChatbotError: it can't be carried out.
    """
    name, _, rest = line[1:].strip().partition(" ")
    command = COMMANDS.get(name.lower())
    if command is None:
        close = difflib.get_close_matches(name.lower(), COMMANDS, n=1)
        meant = f"Did you mean /{close[0]}? " if close else ""
        raise BadInput(
            "There is no such command.", value=f"/{name}", remedy=f"{meant}/help lists them all."
        )
    return command.run(session, [rest.strip()] if rest.strip() else [])


def help_text() -> str:
    """All commands, a line each."""
    width = max(len(f"/{name} {each.usage}".strip()) for name, each in COMMANDS.items())
    lines = [
        f"  {f'/{name} {each.usage}'.strip():<{width}}  {each.help}"
        for name, each in COMMANDS.items()
    ]
    return "\n".join(
        [
            "in the chat:",
            *lines,
            "quit, exit or bye leaves as well. Ctrl-C stops an answer, twice leaves.",
        ]
    )


def _help(session: "Session", given: list[str]) -> Outcome:
    return Outcome(help_text().splitlines())


def _model(session: "Session", given: list[str]) -> Outcome:
    from chatbot.engine.catalog import list_models

    if not given:
        mark = {True: "*", False: " "}
        here = [entry for entry in list_models() if entry.installed]
        width = max((len(entry.name) for entry in here), default=0)
        return Outcome(
            [
                f"{mark[entry.name == session.bot.entry.name]} {entry.name:<{width}}  {entry.note}"
                for entry in here
            ]
        )
    session.use_model(given[0])
    return Outcome([f"{session.bot.entry.title} answers from now on; the conversation stays."])


def _set(session: "Session", given: list[str]) -> Outcome:
    from chatbot.console.session import SETTINGS

    if not given:
        shown = {name: getattr(session.bot.params, name) for name in SETTINGS}
        return Outcome([f"{name} {_spoken(value)}" for name, value in shown.items()])
    name, _, value = given[0].partition(" ")
    if not value.strip():
        raise BadInput("A value is missing.", value=name, remedy="Such as: /set temperature 0.7")
    session.set(name, value.strip())
    key = name.replace("-", "_").lower()
    return Outcome([f"{key} is {_spoken(getattr(session.bot.params, key))}."])


def _reset(session: "Session", given: list[str]) -> Outcome:
    session.bot.reset()
    return Outcome(["A new conversation."])


def _save(session: "Session", given: list[str]) -> Outcome:
    path = _path(given, "/save my_chat.json")
    count = session.save(path)
    return Outcome([f"{count} messages are in {path}."])


def _load(session: "Session", given: list[str]) -> Outcome:
    path = _path(given, "/load my_chat.json")
    count = session.load(path)
    return Outcome([f"{count} messages from {path}; go on where they end."])


def _remember(session: "Session", given: list[str]) -> Outcome:
    if not given:
        raise BadInput("There is nothing to remember.", remedy="Such as: /remember I keep two cats")
    return Outcome(reply=session.bot.stream(f"remember that {given[0]}"))


def _undo(session: "Session", given: list[str]) -> Outcome:
    session.undo()
    return Outcome(["The last question and its answer are taken back."])


def _regenerate(session: "Session", given: list[str]) -> Outcome:
    return Outcome(reply=session.regenerate())


def _provider(session: "Session", given: list[str]) -> Outcome:
    from chatbot.console import provider

    return Outcome(provider.switch(session, given[0].split() if given else []))


def _quit(session: "Session", given: list[str]) -> Outcome:
    return Outcome(leave=True)


def _path(given: list[str], example: str) -> Path:
    """A file's name; quotes around one with blanks are taken off."""
    if not given:
        raise BadInput("The name of a file is missing.", remedy=f"Such as: {example}")
    try:
        words = shlex.split(given[0])
    except ValueError:
        words = [given[0]]
    return Path(words[0] if len(words) == 1 else given[0]).expanduser()


def _spoken(value: object) -> str:
    if value is None:
        return "drawn anew for each answer"
    if isinstance(value, tuple):
        return ", ".join(map(repr, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


COMMANDS: Mapping[str, Command] = {
    "help": Command("", "this list", _help),
    "model": Command("[NAME]", "the models that are here, or another one from now on", _model),
    "set": Command("[NAME VALUE]", "the settings, or a change: /set temperature 0.7", _set),
    "reset": Command("", "begin a new conversation", _reset),
    "undo": Command("", "take back the last question and its answer", _undo),
    "regenerate": Command("", "answer the last question again", _regenerate),
    "remember": Command("TEXT", "tell the bot something to keep", _remember),
    "provider": Command(
        "[off | NAME [MODEL]]", "a larger model elsewhere that may help; off by default", _provider
    ),
    "save": Command("FILE", "write the conversation, as JSON in the format of the lab", _save),
    "load": Command("FILE", "go on with a saved conversation", _load),
    "quit": Command("", "leave", _quit),
}

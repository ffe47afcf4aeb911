"""The line at which a person types: history and completion by key, where the terminal has them."""

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from chatbot import paths
from chatbot.console.commands import COMMANDS
from chatbot.console.screen import PROMPT, Screen

if TYPE_CHECKING:
    from prompt_toolkit.completion import Completer

Ask = Callable[[str], str]
"""Shows a prompt and returns a line; EOFError at the end, KeyboardInterrupt at Ctrl-C."""


def is_terminal() -> bool:
    """Whether a person sits there: keys for history and completion need both ends of it."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def line_editor(screen: Screen) -> Ask:
    """Asks with arrow keys, history (kept in data/, for this machine's next chats) and Tab."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.formatted_text import ANSI
    from prompt_toolkit.history import FileHistory, History, InMemoryHistory

    history: History = InMemoryHistory()
    try:
        paths.data_dir().mkdir(parents=True, exist_ok=True)
        file = paths.data_dir() / ".console_history"
        file.touch(mode=0o600)
        history = FileHistory(file)
    except OSError:  # a folder that can't be written: a chat all the same
        pass
    session: PromptSession[str] = PromptSession(
        history=history, completer=_completer(), reserve_space_for_menu=4
    )

    def ask(prompt: str) -> str:
        return session.prompt(ANSI(screen.styled(prompt, "name")))

    return ask


def completions(text: str) -> Iterator[str]:
    """What may follow what was typed so far: commands, models, settings; whole words in place of
    the last one."""
    if not text.startswith("/"):
        return
    name, blank, rest = text[1:].partition(" ")
    if not blank:
        choices = [f"/{command}" for command in COMMANDS]
        word = text
    elif name == "model":
        from chatbot.engine.catalog import list_models

        choices, word = [entry.name for entry in list_models() if entry.installed], rest
    elif name == "set":
        from chatbot.console.session import SETTINGS

        choices, word = list(SETTINGS), rest
    elif name == "provider":
        choices, word = ["off", "openai", "gemini", "http://localhost:8080/v1"], rest
    else:
        return
    yield from (choice for choice in choices if choice.startswith(word) and choice != word)


def _completer() -> "Completer":
    from prompt_toolkit.completion import Completer, Completion
    from prompt_toolkit.document import Document

    class Words(Completer):
        def get_completions(self, document: Document, event: object) -> Iterator[Completion]:
            text = document.text_before_cursor
            word = text.partition(" ")[2] if " " in text else text
            for choice in completions(text):
                yield Completion(choice, start_position=-len(word))

    return Words()


__all__ = ["PROMPT", "Ask", "completions", "is_terminal", "line_editor"]

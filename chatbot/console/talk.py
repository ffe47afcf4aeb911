"""The chat itself: with a person at a terminal, or line by line through a pipe."""

import os
import sys
from collections.abc import Sequence

from chatbot.console import commands, options
from chatbot.console.commands import LEAVE
from chatbot.console.screen import ANSWER, PROMPT, Screen, in_short, wants_colour
from chatbot.console.session import Session
from chatbot.console.typing_line import Ask, is_terminal, line_editor
from chatbot.errors import ChatbotError
from chatbot.services import ServiceReceipt

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""


def main(arguments: Sequence[str] | None = None, ask: Ask | None = None) -> int:
    """Run the chat.

    Args:
        arguments: the command line without the program's name.
        ask: reads a person's line; by default with history and completion where there is a
            terminal.

    Returns:
        0; 1 where something is wrong that a sentence on standard error explains; 130 where
        Ctrl-C ended it anywhere but at the prompt.
    """
    given = options.read(arguments)
    for stream in (sys.stdin, sys.stdout):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        session = Session(
            given.model or options.default_name(),
            options.params(given),
            persona=given.persona,
            services=() if given.bare else None,
        )
        try:
            if given.load:
                commands.run(session, f"/load {given.load}")
            if sys.stdin.isatty():
                return _at_terminal(session, ask)
            return _through_pipe(session)
        finally:
            session.close()
    except ChatbotError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # while loading, or waiting for a line of a pipe
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our answers has left
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115
        return 0


def _at_terminal(session: Session, ask: Ask | None) -> int:
    """A person. Ctrl-C stops an answer or clears the line; twice in a row leaves."""
    screen = Screen(wants_colour(sys.stdout))
    ask = ask or (line_editor(screen) if is_terminal() else input)
    loaded = session.bot.engine.loaded
    screen.say(
        [
            f"{session.bot.entry.title} ({loaded.hash}). {loaded.placement.reason}",
            f"Say something. /help lists what else there is; {', '.join(sorted(LEAVE))} to leave; "
            "Ctrl-C stops an answer.",
        ]
    )
    print()
    interrupted = False
    while True:
        try:
            line = ask(PROMPT).strip()
            interrupted = False
            if _leaves(session, screen, line):
                return 0
        except EOFError:
            print()
            return 0
        except KeyboardInterrupt:
            if interrupted:
                print()
                return 0
            interrupted = True
            print("\n(Ctrl-C again to leave)")
        except ChatbotError as error:
            screen.trouble(error)


def _leaves(session: Session, screen: Screen, line: str) -> bool:
    """Do what a line says; whether it says to leave."""
    if line.lower() in LEAVE:
        return True
    if line.startswith("/"):
        outcome = commands.run(session, line)
        screen.say(outcome.lines)
        if outcome.reply is not None:
            screen.answer(outcome.reply)
        return outcome.leave
    if line:
        screen.answer(session.bot.stream(line))
    return False


def _through_pipe(session: Session) -> int:
    """Every line is a question, every answer one line. Commands work; what they say, and what came
    instead of what was asked for, goes to standard error, so that the output is answers alone."""
    interrupted = False
    while (line := sys.stdin.readline()) and (said := line.strip()).lower() not in LEAVE:
        if not said:
            continue
        if commands.is_command(said):
            outcome = commands.run(session, said)
            for told in outcome.lines:
                print(told, file=sys.stderr)
            if outcome.leave:
                return 0
            reply = outcome.reply
        else:
            reply = session.bot.stream(said)
        if reply is None:
            continue
        try:
            for _ in reply:
                pass
            interrupted = False
        except KeyboardInterrupt:
            reply.stop()
            if interrupted:
                return INTERRUPTED
            interrupted = True
        print(ANSWER + " ".join(reply.text.split()), flush=True)
        if isinstance(reply.receipt, ServiceReceipt) and reply.receipt.note:
            print(in_short(reply.receipt), file=sys.stderr)
    return 0

"""The commands of `start.py`: launch, `setup`, `test`."""

import argparse
import contextlib
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from chatbot.errors import ChatbotError
from launcher import checks, packages, problems, server
from launcher.console import say, warn
from launcher.environment import Environment
from launcher.lock import only_one

PROJECT = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str]) -> int:
    """Run one command. Returns the exit code: 0 all well, 1 a problem, 2 a wrong option."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    signal.signal(signal.SIGTERM, _leave)
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except ChatbotError as error:
        warn(f"\n{error}")
    except OSError as error:
        warn(f"\n{problems.write_failed(error, PROJECT)}")
    except KeyboardInterrupt:
        warn("\nStopped. The next start carries on from here.")
        return 130
    return 1


def _run(options: argparse.Namespace) -> int:
    environment = Environment(PROJECT)
    with contextlib.ExitStack() as alone:
        lock = alone.enter_context(only_one(PROJECT / "requirements.txt"))
        if options.command == "test":
            packages.install(environment, PROJECT / "requirements-dev.txt", lock)
        else:
            packages.install(environment, PROJECT / "requirements.txt", lock)
        has_model = _put_model_in_place(environment)
        if options.command is None:
            # Others wait until we answer, or they would choose the same port.
            return server.run(environment, options.port, not options.no_browser, alone.close)
    if options.command == "test":
        return checks.run(environment, options.pytest)
    say("Everything is in place. Start the app with: python3 start.py")
    return 0 if has_model else 1


def _put_model_in_place(environment: Environment) -> bool:
    """Fetch and convert the embedded model, unless it is there. Without it the page offers it."""
    say("Checking the language model (the first time: 93 MB to fetch, about half a minute) ...")
    command = [str(environment.python), "-m", "chatbot.engine.embedded"]
    done = subprocess.run(
        command, cwd=PROJECT, env=environment.variables(), stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode != 0:
        warn("The language model is not in place yet: the app offers to fetch it.")
    return done.returncode == 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="start.py", description="Set up Chatbot Lab and open it in the browser."
    )
    parser.add_argument(
        "--port", type=int, help="serve on this port (default: the first free one from 8501 on)"
    )
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    commands = parser.add_subparsers(dest="command", title="commands", metavar="")
    commands.add_parser("setup", help="set up and leave")
    test = commands.add_parser("test", help="set up and run every check that CI runs")
    test.add_argument("pytest", nargs="*", help="options for pytest, after --")
    return parser


def _leave(_number: int, _frame: FrameType | None) -> None:
    """Turns a request to end into an orderly way out, so that pip and others end with us."""
    sys.exit(143)

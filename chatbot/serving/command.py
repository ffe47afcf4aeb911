"""`python -m chatbot serve`: its options, its address, its end."""

import argparse
import ipaddress
import os
import socket
import sys
from contextlib import suppress
from typing import Any

from chatbot.errors import BadInput, NotAvailable
from chatbot.serving.limits import A_MINUTE, MOST_AT_ONCE

KEY = "CHATBOT_API_KEY"
PORT = 8000
GOODBYE = 5
"""Seconds that answers under way have when the server is to end."""


def add(commands: Any) -> None:
    """The command's place among the others of `python -m chatbot`."""
    serve = commands.add_parser(
        "serve",
        help="the bot for other programs, over the OpenAI chat-completions protocol",
        description="Serve the bot over the OpenAI chat-completions protocol. Other programs take "
        "http://HOST:PORT/v1 as their base address. Ctrl-C ends it.",
    )
    serve.add_argument("--model", default="", help="a catalog name; default: as in the chat")
    serve.add_argument("--host", default="127.0.0.1", help="default: this machine alone")
    serve.add_argument("--port", type=int, default=PORT, help=f"default: {PORT}; 0: a free one")
    serve.add_argument(
        "--key", default="", help=f"what clients must show; better set as {KEY}, where no list of "
        "processes shows it"
    )  # fmt: skip
    serve.add_argument("--bare", action="store_true", help="the model alone: no jokes, no poems")
    serve.add_argument("--a-minute", type=int, default=A_MINUTE, help="requests of one client")
    serve.add_argument("--at-once", type=int, default=MOST_AT_ONCE, help="answers under way")
    serve.set_defaults(command=serve_command)


def serve_command(options: argparse.Namespace) -> int:
    """Serve until somebody ends it.

    Raises:
        NotAvailable: there is no such model, or the address is taken.
        BadInput: an address for others without a key.
    """
    from chatbot.engine import catalog, default_model
    from chatbot.engine_room import Choice, EngineRoom
    from chatbot.serving.app import NEAR, Serving, application

    key = options.key or os.environ.get(KEY, "")
    near = is_near(options.host)
    if not near and not key:
        raise BadInput(
            "Others could reach this address, so they must show a key.",
            value=options.host,
            remedy=f"Set {KEY} to a long random text, or leave --host out.",
        )
    name = options.model or default_model.first(catalog.list_models()).name
    entry = catalog.resolve(name)
    room = EngineRoom()
    serving = Serving(
        entry.name,
        key=key,
        bare=options.bare,
        hosts=NEAR if near else ("*",),
        a_minute=max(1, options.a_minute),
        at_once=max(1, options.at_once),
        on_unexpected=_log,
    )
    with bound(options.host, options.port) as listening:
        port = listening.getsockname()[1]
        print(f"{entry.title} answers at http://{options.host}:{port}/v1", flush=True)
        room.warm(Choice(entry.name))
        _run(application(serving, room), listening)
    return 0


def is_near(host: str) -> bool:
    """Whether only this machine can reach an address."""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens there.

    Raises:
        NotAvailable: the address is taken, or not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform != "win32":  # there it would take a port that somebody else listens at
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()  # who comes before the server is ready waits instead of being refused
    except (OSError, OverflowError) as error:
        listening.close()
        raise NotAvailable(
            "The server can't listen at this address.",
            value=f"{host}:{port}: {getattr(error, 'strerror', None) or error}",
            remedy="Choose another --port, or end the program that uses it.",
        ) from error
    return listening


def _run(app: Any, listening: socket.socket) -> None:
    import uvicorn

    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GOODBYE,
    )
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])


def _log(error: BaseException) -> None:
    import traceback

    print("".join(traceback.format_exception(error)), file=sys.stderr, flush=True)

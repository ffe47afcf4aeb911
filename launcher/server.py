"""Starts Streamlit, waits until it answers, opens the browser, and ends with it."""

import contextlib
import errno
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType

from chatbot.errors import BadInput, NotAvailable
from launcher import problems
from launcher.console import say
from launcher.environment import Environment

ADDRESS = "127.0.0.1"
FIRST_PORT = 8501
PORTS_TRIED = 50
_POLL = 0.1
_SLOW_START = 20.0
_PATIENCE = 10.0
"""Seconds that Streamlit gets to end before it is killed."""


def run(
    environment: Environment, port: int | None, browser: bool, on_answer: Callable[[], None]
) -> int:
    """Run the app until it ends, or is told to.

    Returns Streamlit's exit code, and 0 where it ended because it was asked to.

    Args:
        on_answer: called once, from a thread, when the server answers.

    Raises:
        ChatbotError: `port` is taken or not allowed.
        NotAvailable: no port is free.
    """
    port = choose_port(port)
    address = f"http://{ADDRESS}:{port}"
    say(f"Starting Chatbot Lab at {address} ...")
    options = {
        "server.address": ADDRESS,
        "server.port": str(port),
        "server.headless": "true",
        "logger.hideWelcomeMessage": "true",
    }
    server = subprocess.Popen(
        [str(environment.python), "-m", "streamlit", "run", "app.py"]
        + [part for name, value in options.items() for part in (f"--{name}", value)],
        stdin=subprocess.DEVNULL,
        cwd=environment.project,
        env=environment.variables(),
        # A group of its own: Ctrl-C reaches it once, through us, and not twice.
        process_group=None if sys.platform == "win32" else 0,
    )

    def welcome() -> None:
        if _answers_in_time(server, port):
            on_answer()
            _show(address, browser)

    try:
        with _requests_to_end(server) as requests:
            threading.Thread(target=welcome, daemon=True).start()
            code = _wait(server)
            return 0 if requests.granted else code
    finally:
        if server.poll() is None:
            server.kill()
            server.wait()


def choose_port(wanted: int | None) -> int:
    """`wanted` if it is free; without one the first free port from 8501 on.

    Raises:
        BadInput: not a port number, or one that needs administrator rights.
        ChatbotError: `wanted` is taken.
        NotAvailable: none is free.
    """
    if wanted is not None:
        if not 1 <= wanted <= 65535:
            raise BadInput(
                "This is not a port number.", value=wanted, remedy="Choose one from 1024 to 65535."
            )
        if not _is_free(wanted):
            raise problems.port_taken(wanted)
        return wanted
    for port in range(FIRST_PORT, FIRST_PORT + PORTS_TRIED):
        if _is_free(port):
            if port != FIRST_PORT:
                say(
                    f"Port {FIRST_PORT} is taken (perhaps by this app in another window): "
                    f"using {port}."
                )
            return port
    raise NotAvailable(
        f"The ports {FIRST_PORT} to {FIRST_PORT + PORTS_TRIED - 1} are all taken.",
        remedy="Choose another one: python3 start.py --port 9000",
    )


def _is_free(port: int) -> bool:
    if sys.platform != "win32" and _somebody_listens(port):  # on all addresses, for instance
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if sys.platform == "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:  # as the server does: a port that was in use a moment ago is free
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except PermissionError as error:
            raise BadInput(
                f"Port {port} needs administrator rights.", remedy="Choose one from 1024 to 65535."
            ) from error
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def _somebody_listens(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as caller:
        caller.settimeout(0.2)
        return caller.connect_ex((ADDRESS, port)) == 0


def has_desktop() -> bool:
    """False where opening a browser would fail or happen on somebody else's screen."""
    if sys.platform in ("win32", "darwin"):
        return "SSH_CONNECTION" not in os.environ
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def answers(port: int) -> bool:
    """True where Streamlit says on `port` that it is healthy."""
    connection = http.client.HTTPConnection(ADDRESS, port, timeout=2)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _answers_in_time(server: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until the server answers. False where it ended instead."""
    patience = time.monotonic() + _SLOW_START
    while not answers(port):
        if server.poll() is not None:
            return False
        if time.monotonic() > patience:
            patience = float("inf")
            say("It takes longer than usual; still waiting ...")
        time.sleep(_POLL)
    return True


def _show(address: str, browser: bool) -> None:
    opened = False
    if browser and has_desktop():
        with contextlib.suppress(webbrowser.Error, OSError):
            opened = webbrowser.open(address)
    if opened:
        say(f"Chatbot Lab is open in the browser: {address}")
    else:
        say(f"Chatbot Lab is ready. Open this address in a browser: {address}")
    say("Press Ctrl-C here to end it.")


def _wait(server: subprocess.Popen[bytes]) -> int:
    while True:
        # In slices, as Windows handles no signal while it waits without end.
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = server.wait(timeout=0.5)
            return code if code >= 0 else 128 - code


@dataclass
class _Requests:
    """Requests to end. The first asks the server; the second one, or a long wait, kills it."""

    server: subprocess.Popen[bytes]
    asked: bool = False
    killed: bool = False

    @property
    def granted(self) -> bool:
        return self.asked and not self.killed

    def receive(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            self.kill()
            return
        self.asked = True
        if sys.platform != "win32":  # there Ctrl-C reaches every program of the window by itself
            # For Ctrl-C too: asked by SIGINT, Streamlit's command line ends with "Aborted!".
            self.server.terminate()
        timer = threading.Timer(_PATIENCE, self.kill)
        timer.daemon = True
        timer.start()

    def kill(self) -> None:
        self.killed = True
        self.server.kill()


@contextlib.contextmanager
def _requests_to_end(server: subprocess.Popen[bytes]) -> Iterator[_Requests]:
    """While this lasts, Ctrl-C and other requests to end go to the server; we end when it has."""
    requests = _Requests(server)
    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, requests.receive) for number in numbers}
    try:
        yield requests
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

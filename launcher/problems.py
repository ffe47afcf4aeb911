"""What can go wrong before the page is there, each as one sentence and what to do about it."""

import errno
import platform
import re
import shutil
import sys
from pathlib import Path

from chatbot.errors import ChatbotError, NotAvailable, OutOfResources

_NO_NETWORK = (
    "Temporary failure in name resolution|Name or service not known|nodename nor servname"
    "|getaddrinfo failed|NewConnectionError|ConnectTimeoutError|ReadTimeoutError|Read timed out"
    "|ProtocolError|Network is unreachable|No route to host|Max retries exceeded"
    "|Connection aborted|Connection reset|Connection refused|IncompleteRead"
)
_DISK_FULL = r"No space left on device|\[Errno 28\]|not enough space on the disk|quota exceeded"

_PIP_PROBLEMS: tuple[tuple[str, type[ChatbotError], str, str], ...] = (
    (
        _DISK_FULL,
        OutOfResources,
        "The disk is full.",
        "Free some space and start again: what is installed already is kept.",
    ),
    (
        "ProxyError|Tunnel connection failed",
        NotAvailable,
        "The proxy between this machine and the network refused the connection.",
        "Check the environment variable HTTPS_PROXY, then start again.",
    ),
    (
        "CERTIFICATE_VERIFY_FAILED|SSLCertVerificationError|SSLError",
        NotAvailable,
        "The package server's certificate was not accepted.",
        "Check this computer's clock; in a company network set PIP_CERT to its certificate file.",
    ),
    (
        _NO_NETWORK,
        NotAvailable,
        "The package server can't be reached: there is no network, or it is blocked.",
        "Connect to the network and start again.",
    ),
    (
        "Long Path",
        ChatbotError,
        "Windows refused a file name for being too long.",
        "Move this folder to a short path such as C:\\chatbot and start again.",
    ),
    (
        r"Permission denied|\[Errno 13\]|Access is denied|\[WinError (5|32)\]",
        ChatbotError,
        "A file in .venv could not be written.",
        "Close other windows that use this app, check that you may write here, and start again.",
    ),
    (
        "DO NOT MATCH THE HASHES|BadZipFile|invalid wheel|has an invalid",
        ChatbotError,
        "A package arrived damaged.",
        "Start again; if it happens twice, empty pip's cache with: pip cache purge.",
    ),
    (
        "MemoryError|Cannot allocate memory",
        OutOfResources,
        "The memory ran out while packages were installed.",
        "Close other programs and start again.",
    ),
    (
        "Failed building wheel|failed to build|metadata-generation-failed|subprocess-exited-with",
        NotAvailable,
        "A package has no ready-made build for this computer.",
        "Use a 64-bit Python 3.11, 3.12 or 3.13 and start again.",
    ),
)


def pip_failed(output: str, exit_code: int, log: Path) -> ChatbotError:
    """The sentence for a pip that gave up. `output` is all it printed; `log` is where that is."""
    # A failed look-up also ends in "No matching distribution": the causes come first.
    for pattern, kind, message, remedy in _PIP_PROBLEMS:
        if re.search(pattern, output, re.IGNORECASE):
            return kind(message, remedy=f"{remedy} {_full_log(log)}")
    if missing := re.search(r"No matching distribution found for (\S+)", output):
        return NotAvailable(
            f"{missing[1]} is not published for this computer ({_this_computer()}).",
            remedy=f"Use a 64-bit Python 3.11, 3.12 or 3.13 and start again. {_full_log(log)}",
        )
    if exit_code < 0:
        return OutOfResources(
            "The system ended the installation, often for lack of memory.",
            remedy=f"Close other programs and start again. {_full_log(log)}",
        )
    errors = re.findall(r"^ERROR: (.+)", output, re.MULTILINE)
    return ChatbotError(
        "The packages could not be installed.",
        value=errors[-1] if errors else None,
        remedy=f"Start again. {_full_log(log)}",
    )


def write_failed(error: OSError, folder: Path) -> ChatbotError:
    """The sentence for a folder that could not be written while setting up."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutOfResources(
            "The disk is full, so the set-up could not be finished.",
            value=str(folder),
            remedy="Free some space and start again.",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ChatbotError(
            "This folder can't be written.",
            value=str(folder),
            remedy="Move the project to a folder of your own and start again from there.",
        )
    return ChatbotError(
        f"The set-up could not write its files: {error.strerror or error}.",
        value=str(folder),
        remedy="Check this folder and start again.",
    )


def disk_too_small(free: int, needed: int) -> OutOfResources:
    return OutOfResources(
        f"There is not enough room on the disk: the set-up needs {_gigabytes(needed)} "
        f"and {_gigabytes(free)} are free.",
        remedy="Free some space, or move this folder to a larger disk, and start again.",
    )


def no_venv_module(name: str) -> NotAvailable:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if shutil.which("apt-get"):
        remedy = f"Install it with: sudo apt install python{version}-venv (then start again)."
    else:
        remedy = "Install Python with its whole standard library and start again."
    return NotAvailable(f"This Python came without its `{name}` module.", remedy=remedy)


def venv_failed(output: str) -> ChatbotError:
    """The sentence for `python -m venv` that failed and printed `output`."""
    if "ensurepip is not available" in output:
        return no_venv_module("ensurepip")
    if re.search(_DISK_FULL, output, re.IGNORECASE):
        return write_failed(OSError(errno.ENOSPC, ""), Path(".venv"))
    lines = [line for line in output.splitlines() if line.strip()]
    return ChatbotError(
        "Python could not make an environment in .venv.",
        value=lines[-1] if lines else None,
        remedy="Start again; if it happens twice, install Python anew.",
    )


def port_taken(port: int) -> ChatbotError:
    return ChatbotError(
        f"Port {port} is taken by another program, perhaps by this app in another window.",
        remedy=f"Choose another one: python3 start.py --port {port + 1 if port < 65535 else 8501}",
    )


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


def _this_computer() -> str:
    bits = 64 if sys.maxsize > 2**32 else 32
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return f"{platform.system()} {platform.machine()}, {bits}-bit Python {python}"


def _full_log(log: Path) -> str:
    return f"Everything pip said is in {log}"

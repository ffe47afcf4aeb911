"""Every way to fail, in the words of pip and of the systems, and the sentence it becomes."""

import errno
from pathlib import Path

import pytest

from chatbot.errors import ChatbotError, NotAvailable, OutOfResources
from launcher import problems

LOG = Path("project") / ".venv" / "pip.log"
RETRY = "WARNING: Retrying (Retry(total=0)) after connection broken by "
NOT_FOUND = (
    "ERROR: Could not find a version that satisfies the requirement torch==2.13.0 (from versions: "
    "none)\nERROR: No matching distribution found for torch==2.13.0"
)


@pytest.mark.parametrize(
    ("output", "sentence", "kind"),
    [
        (
            RETRY + "'NewConnectionError(<pip>: Failed to establish a new connection: [Errno -3] "
            "Temporary failure in name resolution')': /simple/torch/\n" + NOT_FOUND,
            "can't be reached: there is no network",
            NotAvailable,
        ),
        (
            RETRY
            + "'ConnectTimeoutError(<pip>, 'Connection timed out. (connect timeout=15)')'\n"
            + NOT_FOUND,
            "can't be reached: there is no network",
            NotAvailable,
        ),
        (
            RETRY + "'NewConnectionError(': [Errno 11001] getaddrinfo failed')'\n" + NOT_FOUND,
            "can't be reached: there is no network",
            NotAvailable,
        ),
        (
            "pip._vendor.urllib3.exceptions.ReadTimeoutError: HTTPSConnectionPool(host='files', "
            "port=443): Read timed out.",
            "can't be reached: there is no network",
            NotAvailable,
        ),
        (
            RETRY
            + "'ProxyError('Cannot connect to proxy.', NewConnectionError('...'))'\n"
            + NOT_FOUND,
            "The proxy between this machine and the network",
            NotAvailable,
        ),
        (
            "Could not fetch URL: There was a problem confirming the ssl certificate: "
            "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]')) - skipping\n"
            + NOT_FOUND,
            "certificate was not accepted",
            NotAvailable,
        ),
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on "
            "device",
            "The disk is full",
            OutOfResources,
        ),
        (
            "ERROR: Could not install packages due to an OSError: [WinError 112] There is not "
            "enough space on the disk",
            "The disk is full",
            OutOfResources,
        ),
        (
            "ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: "
            "'/srv/x'\nConsider using the `--user` option or check the permissions.",
            "A file in .venv could not be written",
            ChatbotError,
        ),
        (
            "ERROR: Could not install packages due to an OSError: [WinError 5] Access is denied: "
            "'torch.dll'",
            "A file in .venv could not be written",
            ChatbotError,
        ),
        (
            "ERROR: Could not install packages due to an OSError: [Errno 2] No such file or "
            "directory: 'x'\nHINT: This error might have occurred since this system does not have "
            "Windows Long Path support enabled.",
            "file name for being too long",
            ChatbotError,
        ),
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
            "arrived damaged",
            ChatbotError,
        ),
        (
            "error: subprocess-exited-with-error\n  x Building wheel for gguf did not run "
            "successfully.\nERROR: Failed building wheel for gguf",
            "no ready-made build",
            NotAvailable,
        ),
        (NOT_FOUND, "torch==2.13.0 is not published for this computer", NotAvailable),
        ("ERROR: Something nobody thought of", "(got: Something nobody thought of)", ChatbotError),
        ("", "The packages could not be installed", ChatbotError),
    ],
)
def test_what_pip_said_becomes_a_sentence(
    output: str, sentence: str, kind: type[ChatbotError]
) -> None:
    problem = problems.pip_failed(f"Collecting torch==2.13.0\n{output}\n", 1, LOG)
    assert sentence in str(problem)
    assert type(problem) is kind
    assert problem.remedy
    assert f"Everything pip said is in {LOG}" in problem.remedy


def test_a_pip_that_was_killed_points_to_memory() -> None:
    problem = problems.pip_failed("Collecting torch==2.13.0\n", -9, LOG)
    assert isinstance(problem, OutOfResources)
    assert "for lack of memory" in str(problem)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (errno.ENOSPC, "The disk is full"),
        (errno.EACCES, "This folder can't be written"),
        (errno.EROFS, "Move the project to a folder of your own"),
        (errno.ENOTDIR, "could not write its files: Not a directory"),
    ],
)
def test_a_refused_folder_becomes_a_sentence(code: int, sentence: str) -> None:
    error = OSError(code, {errno.ENOTDIR: "Not a directory"}.get(code, "x"))
    assert sentence in str(problems.write_failed(error, Path("here")))


def test_a_failed_venv_is_understood() -> None:
    debian = (
        "The virtual environment was not created successfully because ensurepip is not available."
        "  On Debian/Ubuntu systems, you need to install the python3-venv package"
    )
    assert "without its `ensurepip` module" in str(problems.venv_failed(debian))
    assert "disk is full" in str(problems.venv_failed("Error: [Errno 28] No space left on device"))
    assert "(got: Error: what?)" in str(problems.venv_failed("\nError: what?\n\n"))


def test_without_apt_no_apt_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(problems.shutil, "which", lambda _name: None)
    assert "apt" not in str(problems.no_venv_module("venv"))


def test_the_last_port_has_no_next_one() -> None:
    assert "--port 8501" in str(problems.port_taken(65535))

"""The launch: a pretended Streamlit in a real process, real sockets, real signals."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from chatbot.errors import BadInput, ChatbotError, NotAvailable
from launcher import server
from tests.unit.launcher.small_project import Popen, SmallProject


def read_until(process: Popen, text: str) -> str:
    """The output up to the line with `text`, which must come."""
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if text in line:
            return seen
    raise AssertionError(f"{text!r} was not said: {seen}")


def started(project: SmallProject, *arguments: str) -> tuple[Popen, str]:
    process = project.popen(*arguments)
    return process, read_until(process, "Press Ctrl-C")


def ended(process: Popen) -> str:
    output, _ = process.communicate(timeout=30)
    return output


def test_starts_streamlit_on_this_machine_only(ready: SmallProject, free_port: int) -> None:
    process, said = started(ready, "--no-browser", "--port", str(free_port))
    process.send_signal(signal.SIGTERM)
    ended(process)
    report = json.loads(ready.report.read_text(encoding="utf-8"))
    assert report["cwd"] == str(ready.folder)
    assert report["argv"][:2] == ["run", "app.py"]
    options = dict(zip(report["argv"][2::2], report["argv"][3::2], strict=True))
    assert options["--server.address"] == "127.0.0.1"
    assert options["--server.port"] == str(free_port)
    assert options["--server.headless"] == "true"
    assert f"Open this address in a browser: http://127.0.0.1:{free_port}" in said


def test_says_ready_only_when_the_server_answers(ready: SmallProject, free_port: int) -> None:
    ready.variables["PRETEND_SLOW_START"] = "1.5"
    process = ready.popen("--no-browser", "--port", str(free_port))
    read_until(process, "Starting Chatbot Lab")
    assert not server.answers(free_port)
    read_until(process, "Press Ctrl-C")
    assert server.answers(free_port)
    process.send_signal(signal.SIGTERM)
    ended(process)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_end_is_passed_on(
    ready: SmallProject, free_port: int, number: signal.Signals
) -> None:
    process, _ = started(ready, "--no-browser", "--port", str(free_port))
    pid = json.loads(ready.report.read_text(encoding="utf-8"))["pid"]
    process.send_signal(number)
    said = ended(process)
    assert said.count("asked to end") == 1
    assert process.returncode == 0
    assert not psutil.pid_exists(pid)
    assert "Traceback" not in said


def test_ctrl_c_at_a_terminal_asks_the_server_once(ready: SmallProject, free_port: int) -> None:
    """A terminal sends it to the whole group of processes."""
    process = ready.popen("--no-browser", "--port", str(free_port), terminal_of_its_own=True)
    read_until(process, "Press Ctrl-C")
    pid = json.loads(ready.report.read_text(encoding="utf-8"))["pid"]
    assert os.getpgid(pid) != process.pid  # two requests at once might look like one
    os.killpg(process.pid, signal.SIGINT)
    said = ended(process)
    assert said.count("asked to end") == 1
    assert process.returncode == 0


def test_a_server_that_does_not_end_is_killed_by_the_second_ctrl_c(
    ready: SmallProject, free_port: int
) -> None:
    ready.variables["PRETEND_DEAF"] = "1"
    process, _ = started(ready, "--no-browser", "--port", str(free_port))
    pid = json.loads(ready.report.read_text(encoding="utf-8"))["pid"]
    process.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    process.send_signal(signal.SIGINT)
    ended(process)
    assert process.returncode == 128 + 9
    assert not psutil.pid_exists(pid)


def test_the_exit_code_is_streamlits(ready: SmallProject, free_port: int) -> None:
    ready.variables["PRETEND_EXIT"] = "7"
    done = ready.run("--no-browser", "--port", str(free_port))
    assert done.code == 7
    assert "ready" not in done.output


def test_a_model_that_can_not_be_fetched_does_not_stop_the_launch(
    ready: SmallProject, free_port: int
) -> None:
    ready.variables["PRETEND_MODEL_EXIT"] = "1"
    process, said = started(ready, "--no-browser", "--port", str(free_port))
    process.send_signal(signal.SIGTERM)
    ended(process)
    assert "the app offers to fetch it" in said
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("display", "option", "opened"), [(":0", "", True), (":0", "--no-browser", False)]
)
def test_opens_the_browser_unless_told_not_to(
    ready: SmallProject, free_port: int, tmp_path: Path, display: str, option: str, opened: bool
) -> None:
    browser, seen = pretended_browser(tmp_path)
    ready.variables |= {"DISPLAY": display, "BROWSER": str(browser)}
    process, said = started(ready, "--port", str(free_port), *filter(None, [option]))
    process.send_signal(signal.SIGTERM)
    ended(process)
    address = f"http://127.0.0.1:{free_port}"
    assert (f"open in the browser: {address}" in said) is opened
    assert (f"Open this address in a browser: {address}" in said) is not opened
    assert seen.exists() is opened
    if opened:
        assert seen.read_text(encoding="utf-8").strip() == address


def test_without_a_desktop_the_address_is_printed(
    ready: SmallProject, free_port: int, tmp_path: Path
) -> None:
    browser, seen = pretended_browser(tmp_path)
    ready.variables |= {"DISPLAY": "", "WAYLAND_DISPLAY": "", "BROWSER": str(browser)}
    process, said = started(ready, "--port", str(free_port))
    process.send_signal(signal.SIGTERM)
    ended(process)
    assert f"Open this address in a browser: http://127.0.0.1:{free_port}" in said
    assert not seen.exists()


@pytest.mark.parametrize(
    ("platform", "variables", "there"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"DISPLAY": ""}, False),
        ("darwin", {}, True),
        ("darwin", {"SSH_CONNECTION": "there"}, False),
        ("win32", {}, True),
    ],
)
def test_knows_where_there_is_a_desktop(
    monkeypatch: pytest.MonkeyPatch, platform: str, variables: dict[str, str], there: bool
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert server.has_desktop() is there


def test_a_port_that_was_asked_for_and_is_taken(ready: SmallProject, taken_port: int) -> None:
    done = ready.run("--no-browser", "--port", str(taken_port))
    assert done.code == 1
    assert f"Port {taken_port} is taken by another program" in done.output
    assert f"start.py --port {taken_port + 1}" in done.output
    assert not ready.report.exists()


def test_a_port_that_is_taken_on_all_addresses() -> None:
    with socket.create_server(("0.0.0.0", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ChatbotError, match=f"Port {port} is taken"):
            server.choose_port(port)


def test_without_a_wish_the_next_free_port_is_taken_and_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], taken_port: int
) -> None:
    monkeypatch.setattr(server, "FIRST_PORT", taken_port)
    port = server.choose_port(None)
    assert taken_port < port < taken_port + server.PORTS_TRIED
    assert f"Port {taken_port} is taken" in capsys.readouterr().out


def test_when_all_ports_are_taken_it_says_how_to_choose_one(
    monkeypatch: pytest.MonkeyPatch, taken_port: int
) -> None:
    monkeypatch.setattr(server, "FIRST_PORT", taken_port)
    monkeypatch.setattr(server, "PORTS_TRIED", 1)
    with pytest.raises(NotAvailable, match=r"all taken.*--port 9000"):
        server.choose_port(None)


@pytest.mark.parametrize("port", [0, -1, 65536, 99999])
def test_what_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(BadInput, match=rf"not a port number.*{port}"):
        server.choose_port(port)


def test_a_port_for_administrators_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: socket.socket, address: object) -> None:
        raise PermissionError

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(BadInput, match="Port 80 needs administrator rights"):
        server.choose_port(80)


def test_two_starts_at_once_get_different_ports(ready: SmallProject) -> None:
    """The second one waits until the first one listens, and sees that its port is taken."""
    ready.variables["PRETEND_SLOW_START"] = "1"
    first, second = ready.popen("--no-browser"), ready.popen("--no-browser")
    try:
        said = [read_until(process, "Press Ctrl-C") for process in (first, second)]
    finally:
        for process in (first, second):
            process.send_signal(signal.SIGTERM)
            ended(process)
    addresses = {text.partition("in a browser: ")[2].split()[0] for text in said}
    assert len(addresses) == 2


def pretended_browser(folder: Path) -> tuple[Path, Path]:
    """A program that writes the address it is given to a file."""
    browser, seen = folder / "browser", folder / "address"
    browser.write_text(f'#!/bin/sh\necho "$1" > "{seen}"\n', encoding="utf-8")
    browser.chmod(browser.stat().st_mode | stat.S_IXUSR)
    return browser, seen

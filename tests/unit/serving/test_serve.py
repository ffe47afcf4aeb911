"""The real `openai` client over real HTTP, and clients that misbehave, on a tiny model."""

import http.client
import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai
import pytest
import uvicorn

from chatbot import paths
from chatbot.__main__ import main
from chatbot.engine_room import EngineRoom
from chatbot.errors import NotAvailable
from chatbot.services import ServiceAnswer, Situation, said
from chatbot.serving.app import Serving, application
from chatbot.serving.command import bound, is_near

KEY = "only-for-tests"


class Parrot:
    """Answers "say X" with X, and "again" with what it said last."""

    name = "parrot"

    def answer(self, situation: Situation) -> ServiceAnswer | None:
        verb, _, rest = situation.text.partition(" ")
        if verb == "say":
            return said(self.name, rest, "a parrot", situation)
        if verb == "again" and situation.messages:
            return said(self.name, situation.messages[-1].text, "a parrot", situation)
        return None


@contextmanager
def server(serving: Serving) -> Iterator[int]:
    """Serve on a free port, in this process, until the block ends."""
    with bound("127.0.0.1", 0) as listening:
        config = uvicorn.Config(
            application(serving, EngineRoom()), log_level="error", timeout_graceful_shutdown=1
        )
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            running.should_exit = True
            thread.join(60)
            assert not thread.is_alive()


@pytest.fixture
def port(home: Path, tiny_gpt2: Path) -> Iterator[int]:
    shutil.copytree(tiny_gpt2, home / "models" / "tiny")
    with server(Serving("tiny", key=KEY, services=[Parrot()], at_once=2)) as port:
        yield port


@pytest.fixture
def client(port: int) -> openai.OpenAI:
    return openai.OpenAI(
        api_key=KEY, base_url=f"http://127.0.0.1:{port}/v1", max_retries=0, timeout=100
    )


def ask(client: openai.OpenAI, text: str, **more: Any) -> Any:
    return client.chat.completions.create(
        model=more.pop("model", "tiny"),
        messages=more.pop("messages", [{"role": "user", "content": text}]),
        seed=3,
        temperature=1.5,
        **more,
    )


def test_a_whole_answer_and_a_streamed_one_are_the_same(client: openai.OpenAI) -> None:
    whole = ask(client, "Hello!", max_tokens=12)
    assert whole.choices[0].message.content
    assert whole.choices[0].finish_reason in ("length", "stop")
    assert whole.usage.completion_tokens <= 12
    assert whole.usage.prompt_tokens > 0
    parts = list(
        ask(client, "Hello!", max_tokens=12, stream=True, stream_options={"include_usage": True})
    )
    text = "".join(part.choices[0].delta.content or "" for part in parts if part.choices)
    assert text == whole.choices[0].message.content
    assert parts[-1].usage == whole.usage
    assert parts[-2].choices[0].finish_reason == whole.choices[0].finish_reason


def test_services_answer_too_but_not_where_the_bare_model_is_asked(client: openai.OpenAI) -> None:
    assert ask(client, "say tea").choices[0].message.content == "tea"
    past = [
        {"role": "user", "content": "say tea"},
        {"role": "assistant", "content": "tea"},
        {"role": "user", "content": "again"},
    ]
    assert ask(client, "", messages=past).choices[0].message.content == "tea"
    assert ask(client, "say tea", model="tiny:bare", max_tokens=4).usage.completion_tokens > 0


def test_the_models_are_listed(client: openai.OpenAI) -> None:
    names = [model.id for model in client.models.list()]
    assert names[:2] == ["tiny", "tiny:bare"]


def test_a_client_that_stops_frees_its_place(client: openai.OpenAI) -> None:
    for _ in range(4):  # twice as many as there are places
        stream = ask(client, "Hello!", max_tokens=200, stream=True)
        next(iter(stream))
        stream.close()
        wait_for(lambda: works(client))


def works(client: openai.OpenAI) -> bool:
    try:
        return bool(ask(client, "say yes").choices[0].message.content == "yes")
    except openai.RateLimitError:
        return False


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "this never happened"
        time.sleep(0.01)


def test_two_clients_at_once_get_their_own_answers(client: openai.OpenAI) -> None:
    alone = [ask(client, text, max_tokens=12).choices[0].message.content for text in ("a", "b")]
    found: dict[str, str] = {}

    def one(text: str) -> None:
        stream = ask(client, text, max_tokens=12, stream=True)
        found[text] = "".join(part.choices[0].delta.content or "" for part in stream)

    threads = [threading.Thread(target=one, args=(text,)) for text in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [found["a"], found["b"]] == alone


def test_the_openai_client_reads_our_refusals(client: openai.OpenAI, port: int) -> None:
    with pytest.raises(openai.NotFoundError, match="no such model"):
        ask(client, "Hello!", model="gpt-4o")
    with pytest.raises(openai.NotFoundError, match="no such model"):
        ask(client, "Hello!", model="../../etc")
    with pytest.raises(openai.BadRequestError, match="too long"):
        ask(client, "word " * 500)
    with pytest.raises(openai.BadRequestError, match="Tools"):
        ask(client, "Hello!", tools=[{"type": "function", "function": {"name": "f"}}])
    wrong = client.with_options(api_key="wrong")
    with pytest.raises(openai.AuthenticationError, match="key is missing or wrong"):
        ask(wrong, "Hello!")
    with pytest.raises(openai.AuthenticationError):
        wrong.models.list()


def post(
    port: int, body: bytes, host: str = "localhost", kind: str = "application/json"
) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=100)
    headers = {"Content-Type": kind, "Authorization": f"Bearer {KEY}", "Host": host}
    try:
        connection.request("POST", "/v1/chat/completions", body, headers)
        reply = connection.getresponse()
        text = reply.read()
    finally:
        connection.close()
    return reply.status, json.loads(text) if text.startswith(b"{") else text


HELLO = json.dumps({"messages": [{"role": "user", "content": "say hi"}], "tools": []}).encode()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[" * 100_000, 400),
        (b"\xff\xfe", 400),
        (b"[]", 400),
        (b'{"messages": [{"role": "user", "content": "' + b"x" * 2_000_000 + b'"}]}', 413),
        (HELLO, 200),
    ],
)
def test_bodies(port: int, body: bytes, status: int) -> None:
    code, answer = post(port, body)
    assert code == status
    assert ("error" in answer) is (status != 200)


def test_a_page_from_elsewhere_is_turned_away(port: int) -> None:
    assert post(port, HELLO, host="evil.example")[0] == 400
    assert post(port, HELLO, kind="text/plain")[0] == 415
    assert post(port, HELLO, host="127.0.0.1:1234")[0] == 200


def test_who_asks_too_often_waits(home: Path, tiny_gpt2: Path) -> None:
    shutil.copytree(tiny_gpt2, home / "models" / "tiny")
    with server(Serving("tiny", key=KEY, services=[Parrot()], a_minute=2)) as port:
        assert [post(port, HELLO)[0] for _ in range(3)] == [200, 200, 429]


def test_others_are_served_only_with_a_key(
    home: Path, tiny_gpt2: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHATBOT_API_KEY", raising=False)
    assert main(["serve", "--model", str(tiny_gpt2), "--host", "0.0.0.0"]) == 1
    assert "must show a key" in capsys.readouterr().err
    assert is_near("::1")
    assert not is_near("192.168.0.1")


def test_a_port_that_is_taken_is_told(home: Path, tiny_gpt2: Path) -> None:
    with bound("127.0.0.1", 0) as taken, pytest.raises(NotAvailable, match="can't listen"):
        bound("127.0.0.1", taken.getsockname()[1])
    with pytest.raises(NotAvailable):
        bound("127.0.0.1", 70_000)


def test_the_command_serves_until_it_is_interrupted(home: Path, tiny_gpt2: Path) -> None:
    command = [sys.executable, "-m", "chatbot", "serve", "--model", str(tiny_gpt2), "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=paths.PROJECT
    ) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().rpartition(" at ")[2]
            port = int(address.rpartition(":")[2].partition("/")[0])
            assert post(port, HELLO.replace(b"say hi", b"tell me more"))[0] == 200
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=100)
            assert (process.returncode, err) == (0, "")
        finally:
            process.kill()

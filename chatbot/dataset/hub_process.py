"""Asking the hub's worker: a process that can be given up at any moment, and what it says."""

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from chatbot import paths
from chatbot.dataset.json_rows import MAX_BYTES
from chatbot.errors import ChatbotError, NotAvailable

_TICK = 0.1
_LINES_AHEAD = 1_000


class Stopped(ChatbotError):
    """The person who waited asked to stop."""


def answers(
    request: Mapping[str, Any], stop: threading.Event, timeout: float
) -> Iterator[dict[str, Any]]:
    """What the worker says, until it is done.

    Args:
        request: what `hub_worker` reads.
        timeout: seconds of silence that are waited.

    Yields:
        its answers, with their size in `"bytes"`.

    Raises:
        Stopped: `stop` was set.
        NotAvailable: it kept silent for too long.
    """
    lines: queue.Queue[bytes] = queue.Queue(maxsize=_LINES_AHEAD)
    ended = threading.Event()
    with tempfile.TemporaryDirectory(prefix="chatbot-hub-", ignore_cleanup_errors=True) as empty:
        worker = subprocess.Popen(
            [sys.executable, "-m", "chatbot.dataset.hub_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=empty,
            env=environment(),
        )
        reader = threading.Thread(target=_pump, args=(worker, lines, ended), daemon=True)
        try:
            assert worker.stdin is not None
            worker.stdin.write(json.dumps(request).encode() + b"\n")
            worker.stdin.close()
            reader.start()
            heard, rows = time.monotonic(), 0
            while True:
                if stop.is_set():
                    raise Stopped("The fetch was stopped.")
                try:
                    line = lines.get(timeout=_TICK)
                except queue.Empty:
                    if time.monotonic() - heard > timeout:
                        more = f" more than {rows:,} rows" if rows else ""
                        raise NotAvailable(
                            f"The Hugging Face hub sent nothing{more} for {timeout:,.0f} seconds.",
                            value=request["id"],
                            remedy="Look at the network, then try again or with fewer rows.",
                        ) from None
                    continue
                heard = time.monotonic()
                answer = _parsed(line)
                rows += "row" in answer
                yield {**answer, "bytes": len(line)}
                if "row" not in answer:
                    return
        finally:
            ended.set()
            worker.kill()
            worker.wait()
            if reader.ident is not None:
                reader.join()
            assert worker.stdout is not None
            worker.stdout.close()


def _pump(
    worker: "subprocess.Popen[bytes]", lines: "queue.Queue[bytes]", ended: threading.Event
) -> None:
    """Every line into the queue, at last an empty one; what nobody waits for is dropped."""
    assert worker.stdout is not None
    line = b"\n"
    while line and not ended.is_set():
        line = worker.stdout.readline(MAX_BYTES + 1)
        while not ended.is_set():
            with suppress(queue.Full):
                lines.put(line, timeout=_TICK)
                break


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError):  # the worker died, or a row is larger than a whole file
        return {"problem": "broken", "detail": "", "names": []}
    assert isinstance(answer, dict)
    return answer


def environment() -> dict[str, str]:
    """What the worker's libraries read when they are loaded: folders of ours, and no chatter."""
    cache = paths.data_dir() / ".cache" / "hub"
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(
            filter(None, [str(paths.PROJECT), os.environ.get("PYTHONPATH", "")])
        ),
        "PYTHONIOENCODING": "utf-8",
        "HF_HUB_CACHE": str(cache / "hub"),
        "HF_XET_CACHE": str(cache / "xet"),
        "HF_ASSETS_CACHE": str(cache / "assets"),
        "HF_DATASETS_CACHE": str(cache / "datasets"),
        "HF_MODULES_CACHE": str(cache / "modules"),
        "USE_TORCH": "0",  # seconds of loading what reading does not need
        "USE_TF": "0",
        "USE_JAX": "0",
        "HF_HUB_VERBOSITY": "critical",
        "DATASETS_VERBOSITY": "critical",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HF_UPDATE_DOWNLOAD_COUNTS": "0",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    }

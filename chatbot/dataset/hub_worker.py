"""The process that talks to the hub: `python -m chatbot.dataset.hub_worker`, for one request.

A process of its own, because that alone can be stopped in the middle of a request, keeps the
libraries' settings, folders and chatter to itself, and stands in an empty folder, where no id can
be mistaken for one on this disk. It reads a request as one line of JSON from standard input
(`{"id": ..., "split": ..., "config": ..., "limit": ...}`) and answers in lines of JSON:
`{"row": {...}}` for each row, at the end `{"done": true}` or `{"problem": ..., "detail": ...,
"names": [...]}` with one of the words in `PROBLEMS`.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from chatbot.dataset.formats.columnar import as_json

PROBLEMS: Final = (
    "offline",
    "missing",
    "gated",
    "config",
    "split",
    "no data",
    "foreign",
    "broken",
    "refused",
)
RETRIES, RETRY_SECONDS = 2, 1
SECONDS_TO_ANSWER = 15.0
Say = Callable[[Mapping[str, Any]], None]


class _Problem(Exception):
    def __init__(self, word: str, detail: object = "", names: object = ()) -> None:
        super().__init__(word)
        self.said = {"problem": word, "detail": str(detail)[:300], "names": list(names)}  # type: ignore[call-overload]


def main() -> int:
    """Answer the request on standard input."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    sys.stdout = sys.stderr  # what a library prints is no answer

    def say(answer: Mapping[str, Any]) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    answer(json.loads(sys.stdin.readline()), say)
    return 0


def answer(request: Mapping[str, Any], say: Say) -> None:
    """Stream the rows that the request asks for, then say how it ended."""
    count = 0
    try:
        _hasten()
        for row in _rows(request):
            say({"row": as_json(row)})
            count += 1
    except _Problem as problem:
        say(problem.said)
    except Exception as error:  # three libraries below, each with errors of its own
        say(_of(error, begun=count > 0).said)
    else:
        say({"done": True})


def _hasten() -> None:
    from datasets import config

    config.USE_PARQUET_EXPORT = False  # would ask a second server about the same files
    config.STREAMING_READ_MAX_RETRIES = config.STREAMING_OPEN_MAX_RETRIES = RETRIES
    config.STREAMING_READ_RETRY_INTERVAL = config.STREAMING_OPEN_RETRY_INTERVAL = RETRY_SECONDS
    config.STREAMING_READ_SERVER_UNAVAILABLE_RETRY_INTERVAL = RETRY_SECONDS
    config.STREAMING_READ_RATE_LIMIT_RETRY_INTERVAL = RETRY_SECONDS


def _rows(request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    builder = _builder(str(request["id"]), request["config"] or None)
    files = builder.config.data_files or {}
    if request["split"] not in files:
        raise _Problem("split", names=map(str, files))
    stream = builder.as_streaming_dataset(split=request["split"])
    if stream.features:
        stream = stream.decode(False)  # pictures and sounds stay what they are: not ours
    yield from stream.take(int(request["limit"]))


def _builder(name: str, config: str | None) -> Any:
    import datasets
    from huggingface_hub import HfApi

    HfApi().dataset_info(name, timeout=SECONDS_TO_ANSWER)  # fails at once where the rest retries
    remote = f"hf://datasets/{name}"  # this form never means a folder on this disk
    try:
        return datasets.load_dataset_builder(remote, name=config)
    except ValueError as error:
        if "don't belong to" in str(error):
            raise _Problem("foreign", error) from error
        names = datasets.get_dataset_config_names(remote)
        if config in names or (config is None and len(names) < 2):
            raise
        raise _Problem("config", error, names) from error


def _of(error: Exception, *, begun: bool) -> _Problem:
    """What an error of the libraries means."""
    from datasets.data_files import EmptyDatasetError
    from datasets.exceptions import DataFilesNotFoundError, DatasetNotFoundError
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

    causes = list(_causes(error))
    status = next((c.response.status_code for c in causes if isinstance(c, HfHubHTTPError)), 0)
    detail = f"{type(error).__name__}: {error}"
    if any(isinstance(c, GatedRepoError) for c in causes):
        return _Problem("gated", detail)
    if any(isinstance(c, DatasetNotFoundError | RepositoryNotFoundError) for c in causes):
        return _Problem("missing", detail)
    if status in (401, 403):
        return _Problem("gated", detail)
    if isinstance(error, EmptyDatasetError | DataFilesNotFoundError):
        return _Problem("no data", detail)
    if begun:
        return _Problem("broken", detail)
    if status:
        return _Problem("refused", detail)
    names = {kind.__name__ for cause in causes for kind in type(cause).__mro__}
    if names & {"ConnectionError", "ConnectError", "TimeoutException", "OfflineModeIsEnabled"}:
        return _Problem("offline", detail)
    if names & {"RemoteProtocolError", "ReadError", "ClientPayloadError", "TransportError"}:
        return _Problem("broken", detail)
    return _Problem("no data", detail)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


if __name__ == "__main__":
    sys.exit(main())

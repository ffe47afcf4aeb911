"""Bringing a model in the background, one at a time, its progress seen from every tab."""

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from chatbot.errors import ChatbotError, Conflict
from chatbot.fetching.bringing import bring


@dataclass(frozen=True, slots=True)
class BringingStatus:
    """`name` of the model that came of it where it is "done", `problem` where it has "failed"."""

    state: Literal["idle", "running", "failed", "done"] = "idle"
    source: str = ""
    word: str = ""
    fraction: float = 0.0
    problem: str = ""
    name: str = ""


class Bringing:
    """At most one at a time.

    Args:
        on_unexpected: is told of a fault of ours; the page must not wait for ever.
    """

    def __init__(self, on_unexpected: Callable[[Exception], object] = lambda _: None) -> None:
        self._lock = threading.Lock()
        self._status = BringingStatus()
        self._on_unexpected = on_unexpected

    @property
    def status(self) -> BringingStatus:
        with self._lock:
            return self._status

    def start(
        self, source: Path | str, name: str = "", base: str = "", remove: Path | None = None
    ) -> None:
        """Begin.

        Args:
            remove: a folder of ours that is deleted afterwards, such as that of an upload.

        Raises:
            Conflict: another one is on its way.
        """
        with self._lock:
            if self._status.state == "running":
                raise Conflict(
                    "Another model is being brought at the moment.",
                    value=self._status.source,
                    remedy="Wait until it is here.",
                )
            self._status = BringingStatus("running", Path(str(source)).name, "Looking")
        threading.Thread(
            target=self._run, args=(source, name, base, remove), name="bringing", daemon=True
        ).start()

    def dismiss(self) -> None:
        """Forget how the last one ended."""
        with self._lock:
            if self._status.state != "running":
                self._status = BringingStatus()

    def _run(self, source: Path | str, name: str, base: str, remove: Path | None) -> None:
        try:
            entry = bring(source, name or None, base or None, self._told)
        except ChatbotError as error:
            self._change(state="failed", problem=str(error))
        except Exception as error:
            self._on_unexpected(error)
            self._change(state="failed", problem=f"The model could not be brought: {error}")
        else:
            self._change(state="done", name=entry.name)
        finally:
            if remove is not None:
                shutil.rmtree(remove, ignore_errors=True)

    def _told(self, word: str, fraction: float) -> None:
        self._change(word=word, fraction=fraction)

    def _change(self, **values: object) -> None:
        with self._lock:
            self._status = replace(self._status, **values)  # type: ignore[arg-type]

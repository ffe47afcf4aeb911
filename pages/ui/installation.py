"""Getting the embedded model from the page: in the background, its progress seen by every tab."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from chatbot.engine.embedded import Progress, install
from chatbot.errors import ChatbotError


@dataclass(frozen=True, slots=True)
class InstallationStatus:
    state: Literal["idle", "running", "failed", "done"] = "idle"
    phase: str = ""
    fraction: float = 0.0
    detail: str = ""
    problem: str = ""


class Installation:
    """At most one at a time; a second `start()` joins the first."""

    def __init__(self, installer: Callable[..., object] = install) -> None:
        self._install = installer
        self._lock = threading.Lock()
        self._status = InstallationStatus()

    @property
    def status(self) -> InstallationStatus:
        with self._lock:
            return self._status

    def start(self) -> None:
        with self._lock:
            if self._status.state == "running":
                return
            self._status = InstallationStatus("running", phase="Starting")
        threading.Thread(target=self._run, name="installation", daemon=True).start()

    def _run(self) -> None:
        try:
            self._install(self._report)
        except ChatbotError as error:
            self._set(InstallationStatus("failed", problem=str(error)))
        except Exception as error:  # whatever a library throws: the page must not wait for ever
            problem = f"The model could not be put in place: {error}"
            self._set(InstallationStatus("failed", problem=problem))
        else:
            self._set(InstallationStatus("done", fraction=1.0))

    def _report(self, progress: Progress) -> None:
        fraction = min(max(progress.fraction, 0.0), 1.0)
        self._set(InstallationStatus("running", progress.phase, fraction, progress.detail))

    def _set(self, status: InstallationStatus) -> None:
        with self._lock:
            self._status = status

"""The loaded models of one process: loaded in the background, shared by all chats, freed in time.

A page asks `warm()` and `status()` and never waits. An answer takes a `lease()`, which waits for
the model and keeps it alive until the answer is complete. Loading the next model frees the last
one, as soon as no answer needs it any more.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from chatbot.engine import catalog
from chatbot.errors import ChatbotError, Conflict, NotAvailable

if TYPE_CHECKING:
    from chatbot.engine.device import Placement
    from chatbot.engine.generation import Engine


@dataclass(frozen=True, slots=True)
class Choice:
    """Which model, and where it shall run; None for device or number format: chosen for you."""

    model: str
    device: str | None = None
    dtype: str | None = None


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """`placement` where it is "ready", `problem` where it has "failed"."""

    state: Literal["absent", "loading", "ready", "failed"]
    placement: "Placement | None" = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """A model in memory, or on its way there. `bytes` of its weights, 0 until it is there;
    `answering`: whether answers need it."""

    choice: Choice
    placement: "Placement | None"
    bytes: int
    answering: bool


Loader = Callable[[Choice], "Engine"]


@dataclass(eq=False)
class _Slot:
    """One model on its way in, or loaded. `leases` counts the answers that need it."""

    choice: Choice
    files: int
    done: threading.Event = field(default_factory=threading.Event)
    engine: "Engine | None" = None
    placement: "Placement | None" = None
    problem: ChatbotError | None = None
    leases: int = 0


class EngineRoom:
    """The model that was asked for last, and those that answers under way still need."""

    def __init__(self, loader: Loader | None = None) -> None:
        self._load = loader or load_engine
        self._lock = threading.Lock()
        self._slots: list[_Slot] = []
        self._last: _Slot | None = None

    def warm(self, choice: Choice, *, retry: bool = False) -> None:
        """Begin to load the model, unless it is here, on its way or (without `retry`) failed."""
        files = _files(choice)
        with self._lock:
            self._last = self._slot(choice, files, retry=retry)
            released = self._sweep()
        _close(released)

    def status(self, choice: Choice) -> EngineStatus:
        """How things stand with a model; never waits."""
        files = _files(choice)
        with self._lock:
            slot = self._find(choice, files)
        if slot is None:
            return EngineStatus("absent")
        if not slot.done.is_set():
            return EngineStatus("loading")
        if slot.problem is not None:
            return EngineStatus("failed", problem=str(slot.problem))
        return EngineStatus("ready", slot.placement)

    @contextmanager
    def lease(self, choice: Choice) -> Iterator["Engine"]:
        """The model for one answer: waits until it is loaded, keeps it until the block ends.

        Raises:
            ChatbotError: it can't be loaded; the message says why.
        """
        files = _files(choice)
        with self._lock:
            slot = self._last = self._slot(choice, files, retry=True)
            slot.leases += 1
            released = self._sweep()
        _close(released)
        try:
            slot.done.wait()
            if slot.problem is not None:
                raise slot.problem
            assert slot.engine is not None
            yield slot.engine
        finally:
            with self._lock:
                slot.leases -= 1
                released = self._sweep()
            _close(released)

    @contextmanager
    def glimpse(self, choice: Choice) -> Iterator["Engine | None"]:
        """The model where it is loaded already, kept until the block ends; asks for nothing."""
        files = _files(choice)
        with self._lock:
            slot = self._find(choice, files)
            if slot is not None and slot.engine is None:
                slot = None
            if slot is not None:
                slot.leases += 1
        try:
            yield None if slot is None else slot.engine
        finally:
            if slot is not None:
                with self._lock:
                    slot.leases -= 1
                    released = self._sweep()
                _close(released)

    def held(self) -> list[Held]:
        """What is in memory now, or on its way there."""
        with self._lock:
            return [
                Held(slot.choice, slot.placement, _weight_bytes(slot.engine), slot.leases > 0)
                for slot in self._slots
                if slot.problem is None
            ]

    def unload(self, model: str) -> None:
        """Free a model in all its forms; one that is still being loaded goes when it is there.

        Raises:
            Conflict: an answer needs it.
        """
        with self._lock:
            mine = [slot for slot in self._slots if slot.choice.model == model]
            if any(slot.leases for slot in mine):
                raise Conflict(
                    "This model is answering at the moment.",
                    value=model,
                    remedy="Wait for the answer, or stop it, then try again.",
                )
            if self._last in mine:
                self._last = None
            self._slots = [slot for slot in self._slots if slot not in mine]
        _close(mine)

    def close(self) -> None:
        """Free everything. Answers that are under way are told that their model has gone."""
        with self._lock:
            slots, self._slots, self._last = self._slots, [], None
        _close(slots)

    def _find(self, choice: Choice, files: int) -> _Slot | None:
        # Whose folder is gone while it is loaded, goes on.
        matching = (s for s in self._slots if s.choice == choice and files in (s.files, 0))
        return next(matching, None)

    def _slot(self, choice: Choice, files: int, *, retry: bool) -> _Slot:
        """The slot of a model; a new one where there is none, or a failed one shall be retried."""
        slot = self._find(choice, files)
        if slot is not None and slot.problem is not None and retry:
            self._slots.remove(slot)
            slot = None
        if slot is None:
            slot = _Slot(choice, files)
            self._slots.append(slot)
            threading.Thread(
                target=self._fill, args=(slot,), name=f"load {choice.model}", daemon=True
            ).start()
        return slot

    def _fill(self, slot: _Slot) -> None:
        try:
            slot.engine = self._load(slot.choice)
            slot.placement = slot.engine.loaded.placement
        except ChatbotError as error:
            slot.problem = error
        except MemoryError:
            slot.problem = NotAvailable(
                "There is not enough memory for this model.",
                value=slot.choice.model,
                remedy="Close other programs or choose a smaller model.",
            )
        except Exception as error:  # a library's fault: one sentence, the cause stays attached
            slot.problem = NotAvailable(
                "This model could not be loaded.",
                value=f"{slot.choice.model}: {error}",
                remedy="Choose another model.",
            )
            slot.problem.__cause__ = error
        slot.done.set()
        with self._lock:
            released = self._sweep()
            if slot not in self._slots and slot not in released:  # close() came in between
                released.append(slot)
        _close(released)

    def _sweep(self) -> list[_Slot]:
        """Take out what nobody needs: loaded, not the last one asked for, no answer under way."""
        gone = [
            slot
            for slot in self._slots
            if slot is not self._last and slot.leases == 0 and slot.done.is_set()
        ]
        self._slots = [slot for slot in self._slots if slot not in gone]
        return gone


def load_engine(choice: Choice) -> "Engine":
    """Load a model for chatting; torch and Transformers are imported here, not before."""
    from chatbot.engine.device import choose_placement
    from chatbot.engine.generation import Engine
    from chatbot.engine.loading import load

    return Engine(load(choice.model, choose_placement(choice.device, choice.dtype)))


def _weight_bytes(engine: "Engine | None") -> int:
    if engine is None:
        return 0
    return sum(weight.nbytes for weight in engine.loaded.model.parameters())


def _close(slots: list[_Slot]) -> None:
    for slot in slots:
        if slot.engine is not None:
            slot.engine.close()


def _files(choice: Choice) -> int:
    """A number that changes when the model's weights are replaced; 0 where there are none."""
    try:
        folder = Path(catalog.resolve(choice.model).path)
        return max((f.stat().st_mtime_ns for f in folder.glob("*.safetensors")), default=0)
    except (ChatbotError, OSError):
        return 0

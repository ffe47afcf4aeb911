"""The doctor's round through a large set: in the background, and again only where it changed."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chatbot.dataset.comparing import compare
from chatbot.dataset.coverage import Coverage, covered
from chatbot.dataset.doctor import of_the_set
from chatbot.dataset.examining import Signs, examine
from chatbot.dataset.findings import Finding
from chatbot.dataset.health import Health, assess
from chatbot.messages import Conversation

AT_ONCE = 0.3
"""Seconds that `request` waits, so that a small set needs no second look."""
_PORTION, _PAUSE = 0.002, 0.004
"""Seconds of work, and of leaving the interpreter to others: the pages come first."""


@dataclass(frozen=True)
class Report:
    """What was found in one version.

    Attributes:
        faulty: indices of the conversations with a finding, ascending.
        kinds: how many conversations show each kind of finding.
        mends: how many conversations each mend helps.
        errors: how many conversations can't be learned from as they stand.
        of_the_set: what concerns no single conversation.
        health: None for an empty set.
        coverage: which kinds of question are answered.
    """

    version: str
    conversations: int
    faulty: tuple[int, ...]
    kinds: Mapping[str, int]
    mends: Mapping[str, int]
    errors: int
    of_the_set: tuple[Finding, ...]
    health: Health | None
    coverage: Coverage
    _found: dict[int, tuple[Finding, ...]] = field(repr=False)

    def findings(self, index: int) -> list[Finding]:
        """Those of the conversation at this index, with its row."""
        return [finding.at(index + 1) for finding in self._found.get(index, ())]

    def of_kind(self, kind: str) -> list[int]:
        """The conversations that show it, ascending."""
        return [i for i in self.faulty if any(f.kind == kind for f in self._found[i])]

    def of_mend(self, mend: str) -> list[int]:
        """The conversations that this mend helps, ascending."""
        return [i for i in self.faulty if any(f.mend == mend for f in self._found[i])]


@dataclass(frozen=True, slots=True)
class CheckupState:
    """How far it is with `version`. `report` is the last finished one, maybe of another version."""

    version: str
    done: int
    total: int
    report: Report | None

    @property
    def running(self) -> bool:
        return self.done < self.total


class Checkup:
    """Examines one set of conversations, version after version. Safe to share between threads.

    Args:
        also: more findings of one conversation, without a row; called in the background.
    """

    def __init__(self, also: Callable[[Conversation], Sequence[Finding]] | None = None) -> None:
        self._also = also
        self._lock = threading.Lock()
        self._wanted: tuple[tuple[Conversation, ...], str] | None = None
        self._seen: tuple[Conversation, ...] = ()
        self._signs: list[Signs | None] = []
        self._done = self._total = 0
        self._report: Report | None = None
        self._finished = threading.Event()
        self._running = False

    def request(
        self, conversations: tuple[Conversation, ...], version: str, *, wait: float = AT_ONCE
    ) -> CheckupState:
        """Have this version examined, and tell how far it is after `wait` seconds at most."""
        with self._lock:
            current = self._wanted is not None and self._wanted[1] == version
            if not current:
                self._wanted = (conversations, version)
                self._finished.clear()
                self._done, self._total = 0, max(len(conversations), 1)
            if not self._running and not self._finished.is_set():
                self._running = True
                threading.Thread(target=self._run, name="doctor", daemon=True).start()
        self._finished.wait(wait if not current else 0)
        return self.state()

    def state(self) -> CheckupState:
        with self._lock:
            version = self._wanted[1] if self._wanted else ""
            return CheckupState(version, self._done, self._total, self._report)

    def wait(self, timeout: float) -> Report:
        """The report of the version that was asked for last.

        Raises:
            TimeoutError: it is not finished within `timeout` seconds.
        """
        if not self._finished.wait(timeout):
            raise TimeoutError
        report = self.state().report
        assert report is not None
        return report

    def _run(self) -> None:
        try:
            self._rounds()
        finally:  # a round that broke off leaves the next version its chance, and nobody waiting
            with self._lock:
                self._running, self._done = False, self._total

    def _rounds(self) -> None:
        while True:
            with self._lock:
                wanted = self._wanted
                if wanted is None or self._finished.is_set():
                    self._running = False
                    return
            signs = self._examined(*wanted)
            if signs is None:
                continue
            report = _report(signs, wanted[1])
            with self._lock:
                if self._wanted is wanted:
                    self._report, self._done = report, self._total
                    self._finished.set()

    def _examined(
        self, conversations: tuple[Conversation, ...], version: str
    ) -> list[Signs] | None:
        """The signs of each; known ones where the same object stands. None where another version
        is wanted by now: what was examined until then is kept."""
        signs = _kept(self._seen, self._signs, conversations)
        self._seen, self._signs = conversations, signs
        todo = [index for index, known in enumerate(signs) if known is None]
        begun = time.monotonic()
        for count, index in enumerate(todo):
            signs[index] = self._examine(conversations[index])
            if time.monotonic() - begun > _PORTION:
                with self._lock:
                    if self._wanted is None or self._wanted[1] != version:
                        return None
                    self._done = min(len(conversations) - len(todo) + count, self._total - 1)
                time.sleep(_PAUSE)
                begun = time.monotonic()
        return [sign for sign in signs if sign is not None]

    def _examine(self, conversation: Conversation) -> Signs:
        signs = examine(conversation)
        more = self._also(conversation) if self._also else ()
        return replace(signs, findings=(*signs.findings, *more)) if more else signs


def _kept(
    seen: Sequence[Conversation],
    signs: Sequence[Signs | None],
    conversations: Sequence[Conversation],
) -> list[Signs | None]:
    """The signs by index, None where there are none yet: an edit leaves the other objects."""
    limit = min(len(seen), len(conversations))
    start = 0
    while start < limit and seen[start] is conversations[start]:
        start += 1
    end = 0
    while end < limit - start and seen[-1 - end] is conversations[-1 - end]:
        end += 1
    old, new = slice(start, len(seen) - end), slice(start, len(conversations) - end)
    known = dict(zip(map(id, seen[old]), signs[old], strict=True))
    middle = [known.get(id(conversation)) for conversation in conversations[new]]
    return [*signs[:start], *middle, *signs[len(seen) - end :]]


def _report(signs: Sequence[Signs], version: str) -> Report:
    compared = compare(signs)
    found = {
        index: (*sign.findings, *compared.get(index, ()))
        for index, sign in enumerate(signs)
        if sign.findings or index in compared
    }
    return Report(
        version,
        len(signs),
        tuple(found),
        Counter(kind for each in found.values() for kind in {f.kind for f in each}),
        Counter(mend for each in found.values() for mend in {f.mend for f in each if f.mend}),
        sum(any(f.severity == "error" for f in each) for each in found.values()),
        tuple(of_the_set(len(signs))),
        assess(len(signs), found, len({sign.question for sign in signs if sign.question})),
        covered([sign.asked for sign in signs], _language([sign.language for sign in signs])),
        found,
    )


def _language(languages: Sequence[str]) -> str:
    """The commonest of those that can be told."""
    known = Counter(filter(None, languages)).most_common(1)
    return known[0][0] if known else ""

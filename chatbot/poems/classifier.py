"""What a sentence is about and how it feels: a text classifier trained on our own lines."""

import json
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from chatbot import paths

SURE = -0.5
"""The least score of the best theme for a sentence to count as about it.
`benchmarks/poems.py` counts what it lets through."""
_SMALL = frozenset({
    "my", "your", "his", "her", "our", "their", "its", "the", "and", "for", "with", "that", "this",
    "from", "who", "what", "when", "which", "some", "all", "not", "are", "was", "were", "has",
    "have", "had", "you", "she", "him", "them", "they", "who's", "i'm", "it's", "one", "two",
    "very", "any", "about", "old", "new", "small", "big", "red", "left", "right", "made", "make",
    "like", "than", "then", "out", "into", "off", "over", "again",
})  # fmt: skip
"""Words that tell no theme."""
_lock = threading.Lock()


@dataclass(frozen=True)
class Labelled:
    """A sentence with what a person says of it."""

    text: str
    theme: str
    mood: str


@dataclass(frozen=True)
class Reading:
    """What the classifier makes of a sentence; scores are distances from the line between a label
    and all others, positive on its side. `known`: it has a word of weight that occurs in the lines.
    """

    theme: str
    theme_score: float
    mood: str
    mood_score: float
    known: bool

    @property
    def sure(self) -> bool:
        """Whether it is about a theme that we know."""
        return self.known and self.theme_score >= SURE


def read_lines(file: Path) -> tuple[Labelled, ...]:
    """Labelled sentences of a JSON file that came with the project."""
    rows = json.loads(file.read_text(encoding="utf-8"))
    return tuple(Labelled(row["text"], row["theme"], row["mood"]) for row in rows)


def shipped_lines() -> tuple[Labelled, ...]:
    """What the classifier is trained on."""
    return read_lines(paths.PROJECT / "data" / "poem_lines.json")


class Classifier:
    """Two linear models, one for the theme and one for the mood, over TF-IDF of words and of
    letters within words. The same lines always give the same models."""

    def __init__(self, lines: Sequence[Labelled]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.pipeline import make_union
        from sklearn.svm import LinearSVC

        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"[\w']+|!")
        letters = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, min_df=2
        )
        self._words = {word for line in lines for word in _heavy(line.text)}
        self._features: Any = make_union(words, letters)
        found = self._features.fit_transform([line.text for line in lines])
        self._theme, self._mood = (
            LinearSVC(C=0.3, class_weight="balanced", random_state=0).fit(found, labels)
            for labels in ([line.theme for line in lines], [line.mood for line in lines])
        )

    def read(self, text: str) -> Reading:
        found = self._features.transform([text])
        known = bool(_heavy(text) & self._words)
        return Reading(*_best(self._theme, found), *_best(self._mood, found), known)


def classifier() -> Classifier:
    """The one of this process, trained when it is first needed, in a fraction of a second."""
    with _lock:
        return _trained()


@cache
def _trained() -> Classifier:
    return Classifier(shipped_lines())


def _heavy(text: str) -> set[str]:
    """The words that can tell a theme, without the s of a plural."""
    found = re.findall(r"[a-z']{3,}", text.lower())
    return {word if len(word) == 3 else word.removesuffix("s") for word in found} - _SMALL


def _best(model: Any, found: Any) -> tuple[str, float]:
    scores = model.decision_function(found)[0]
    best = int(scores.argmax())
    return str(model.classes_[best]), float(scores[best])

"""What a sentence is about and how it feels: text classifiers trained on our own lines."""

import json
import math
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from chatbot import paths

SURE, SURE_OF_NEW_WORDS = -0.25, 0.0
"""The least score of the best theme for a sentence to count as about it, and for one of which no
word of weight is known. Chosen on our own lines, each fifth of them left out of training in turn:
there, right themes taken less wrong ones taken and foreign ones turned away were most.
`benchmarks/poems.py` counts what they let through of others."""
FOREIGN = ""
"""Stands for the theme of lines that are about none of ours."""
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
    """A sentence with what a person says of it. `theme`: `FOREIGN` for none of ours; `mood`: "" for
    a mere topic, which has none."""

    text: str
    theme: str
    mood: str


@dataclass(frozen=True)
class Reading:
    """What the classifier makes of a sentence; scores are distances from the line between a label
    and all others, positive on its side. `foreign_score`: of being about none of our themes;
    `known`: it has a word of weight that occurs in the lines of a theme.
    """

    theme: str
    theme_score: float
    foreign_score: float
    mood: str
    mood_score: float
    known: bool

    @property
    def sure(self) -> bool:
        """Whether it is about a theme that we know."""
        least = SURE if self.known else SURE_OF_NEW_WORDS
        return self.theme_score >= max(least, self.foreign_score)


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
        felt = [line for line in lines if line.mood]
        self._words = {word for line in lines if line.theme for word in _heavy(line.text)}
        self._theme = _Linear([(line.text, line.theme) for line in lines], _telling, 1.0)
        self._mood = _Linear([(line.text, line.mood) for line in felt], str.lower, 0.3)

    def read(self, text: str) -> Reading:
        themes, moods = self._theme.scores(text), self._mood.scores(text)
        foreign = themes.pop(FOREIGN, -math.inf)
        theme, mood = max(themes, key=themes.__getitem__), max(moods, key=moods.__getitem__)
        known = bool(_heavy(text) & self._words)
        return Reading(theme, themes[theme], foreign, mood, moods[mood], known)


class _Linear:
    """A linear model from texts, as `prepared`, to labels. `fit`: how closely it follows them."""

    def __init__(
        self, labelled: Sequence[tuple[str, str]], prepared: Callable[[str], str], fit: float
    ) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.pipeline import make_pipeline, make_union
        from sklearn.svm import LinearSVC

        same: dict[str, Any] = {"sublinear_tf": True, "preprocessor": prepared}
        words = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"[\w']+|!", **same)
        letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=2, **same)
        line = LinearSVC(C=fit, class_weight="balanced", random_state=0)
        self._model: Any = make_pipeline(make_union(words, letters), line)
        self._model.fit([text for text, _ in labelled], [label for _, label in labelled])

    def scores(self, text: str) -> dict[str, float]:
        """Of each label."""
        found = self._model.decision_function([text])[0]
        return {
            str(label): float(score)
            for label, score in zip(self._model.classes_, found, strict=True)
        }


def classifier() -> Classifier:
    """The one of this process, trained when it is first needed, in about a second."""
    with _lock:
        return _trained()


@cache
def _trained() -> Classifier:
    return Classifier(shipped_lines())


def _heavy(text: str) -> set[str]:
    """The words that can tell a theme, without the s of a plural."""
    found = re.findall(r"[a-z']{3,}", text.lower())
    return {word if len(word) == 3 else word.removesuffix("s") for word in found} - _SMALL


def _telling(text: str) -> str:
    """A text without the words that tell no theme, where any other is left."""
    found = re.findall(r"[\w']+", text.lower())
    return " ".join(word for word in found if word not in _SMALL) or text.lower()

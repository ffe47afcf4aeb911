"""What the conversations are about, as a map: those that use the same words lie close together.

Words and parts of words weighed by TF-IDF, reduced by a truncated SVD, grouped by k-means and laid
out by t-SNE; nothing is downloaded, and any language works.
"""

import math
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from chatbot.messages import Conversation

MOST_POINTS = 1500
"""Conversations on the map; of more a sample is drawn, so that it is made within seconds."""
MOST_LETTERS = 2000
"""Characters of a conversation that are looked at."""
MOST_TOPICS = 12
DIMENSIONS = 40
FEATURES = 5000
_ROUNDS = 500
"""Steps of t-SNE; the first 250 only pull alike ones together."""
_LAID_OUT = 500
"""Points up to which t-SNE lays the map out; it takes a second for as many."""
_NAMING_WORDS = 3
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Letters of scripts that set no spaces between words."""


@dataclass(frozen=True, slots=True)
class Point:
    """A conversation on the map: place (the axes have no meaning), index, number of its topic."""

    x: float
    y: float
    index: int
    topic: int


@dataclass(frozen=True, slots=True)
class Topic:
    """The strongest words of a group, and how many points of the map are in it."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class TopicMap:
    """`total`: conversations with any text, of which `points` may be a sample. Largest topic
    first."""

    points: tuple[Point, ...]
    topics: tuple[Topic, ...]
    total: int


def topic_map(conversations: Sequence[Conversation], seed: int = 0) -> TopicMap:
    """Group conversations by their words and lay them out on a plane.

    The same conversations and seed give the same map. Takes some two seconds at most, however many
    there are. Conversations without text are left out.
    """
    spoken = [n for n, c in enumerate(conversations) if any(m.text.strip() for m in c.messages)]
    chosen = spoken
    if len(spoken) > MOST_POINTS:
        chosen = sorted(random.Random(seed).sample(spoken, MOST_POINTS))
    if not chosen:
        return TopicMap((), (), 0)
    texts = [_text(conversations[index]) for index in chosen]
    different = list(dict.fromkeys(texts))
    place_of = {text: place for place, text in enumerate(different)}
    words = [_words(text) for text in different]
    groups, places = _arranged(different, words, seed)
    rows = [place_of[text] for text in texts]
    order = [group for group, _ in Counter(groups[row] for row in rows).most_common()]
    names = _names([(groups[row], words[row]) for row in rows], order)
    sizes = Counter(groups[row] for row in rows)
    points = []
    met: Counter[int] = Counter()
    for index, row in zip(chosen, rows, strict=True):
        x, y = _beside(places[row], met[row])
        points.append(Point(x, y, index, order.index(groups[row])))
        met[row] += 1
    topics = tuple(Topic(names[group], sizes[group]) for group in order)
    return TopicMap(tuple(points), topics, len(spoken))


def _text(conversation: Conversation) -> str:
    """What is said in it; a system text says the same everywhere."""
    said = [m.text for m in conversation.messages if m.role != "system" and m.text.strip()]
    said = said or [m.text for m in conversation.messages]
    return " ".join(" ".join(said)[:MOST_LETTERS].casefold().split())


def _arranged(
    texts: Sequence[str], words: Sequence[Sequence[str]], seed: int
) -> tuple[list[int], list[tuple[float, float]]]:
    """Each text's group and place; the places reach from -1 to 1."""
    if len(texts) < 4:
        circle = [2 * math.pi * n / len(texts) for n in range(len(texts))]
        return [0] * len(texts), [
            (math.cos(a), math.sin(a)) if len(texts) > 1 else (0.0, 0.0) for a in circle
        ]
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    # Several threads wait for each other on a busy machine, ten times as long as one works; and
    # their sums differ in the last digits.
    with threadpool_limits(limits=1):
        vectors = _vectors(texts, words, seed)
        count = min(MOST_TOPICS, max(2, round(math.sqrt(len(texts) / 3))))
        distinct = len({row.tobytes() for row in vectors.round(6)})
        means = KMeans(min(count, distinct), n_init=4, random_state=seed)
        groups = [int(group) for group in means.fit_predict(vectors)]
        return groups, _within(_flat(vectors, seed))


def _vectors(texts: Sequence[str], words: Sequence[Sequence[str]], seed: int) -> Any:
    """An array (texts, up to `DIMENSIONS`), each row of length 1."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import normalize

    material = list(zip(texts, words, strict=True))
    try:
        matrix = _weighed(0.5 if len(texts) >= 20 else 1.0).fit_transform(material)
    except ValueError:  # every word is in more than half of the texts
        matrix = _weighed(1.0).fit_transform(material)
    size = min(DIMENSIONS, matrix.shape[1] - 1, len(texts) - 1)
    if size < 2:
        return matrix.toarray()
    return normalize(TruncatedSVD(size, random_state=seed).fit_transform(matrix))


def _weighed(common: float) -> Any:
    """TF-IDF of (text, words): of the words, and at half the weight of parts of words.

    Args:
        common: share of the texts above which a word tells nothing.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import FeatureUnion

    shared: dict[str, Any] = {
        "max_df": common, "max_features": FEATURES, "sublinear_tf": True, "lowercase": False,
    }  # fmt: skip
    whole = TfidfVectorizer(analyzer=lambda pair: list(pair[1]), **shared)
    parts = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(3, 4), preprocessor=lambda pair: pair[0], **shared
    )
    weights = {"whole": 1.0, "parts": 0.5}
    return FeatureUnion([("whole", whole), ("parts", parts)], transformer_weights=weights)


def _flat(vectors: Any, seed: int) -> list[tuple[float, float]]:
    """t-SNE on a plane; of many texts it lays out the first ones, and the others lie with their
    nearest neighbours among those."""
    from sklearn.manifold import TSNE
    from sklearn.neighbors import NearestNeighbors

    first = min(len(vectors), _LAID_OUT)
    laid_out = TSNE(
        2,
        perplexity=min(30.0, (first - 1) / 3),  # it must be less than there are texts
        init="pca" if vectors.shape[1] > 1 and vectors.std() > 0 else "random",
        max_iter=_ROUNDS,
        random_state=seed,
    ).fit_transform(vectors[:first])
    places = list(laid_out)
    if first < len(vectors):
        nearest = NearestNeighbors(n_neighbors=3).fit(vectors[:first])
        distances, neighbours = nearest.kneighbors(vectors[first:])
        weights = 1 / (distances + 1e-3)
        weights /= weights.sum(axis=1, keepdims=True)
        places += list((laid_out[neighbours] * weights[:, :, None]).sum(axis=1))
    return [(float(x), float(y)) for x, y in places]


def _within(places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The same places, each axis brought to -1 to 1."""
    axes = []
    for values in zip(*places, strict=True):
        middle = (max(values) + min(values)) / 2
        reach = max(max(values) - middle, 1e-9)
        axes.append([(value - middle) / reach for value in values])
    return list(zip(*axes, strict=True))


def _beside(place: tuple[float, float], number: int) -> tuple[float, float]:
    """Where the next conversation with the same words goes: a spiral, as sunflowers set seeds."""
    angle, distance = number * math.pi * (3 - math.sqrt(5)), 0.012 * math.sqrt(number)
    return place[0] + distance * math.cos(angle), place[1] + distance * math.sin(angle)


class _Letters(dict[int, str]):
    """For `str.translate`: letters, marks and digits stay, all else becomes a space."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        kept = unicodedata.category(letter)[0] in "LMN" or letter == "'"
        self[code] = "'" if letter == "\u2019" else letter if kept else " "
        return self[code]


_letters = _Letters()


def _words(text: str) -> list[str]:
    """The words of a text; pairs of letters where a script sets no spaces, symbols where there is
    nothing else."""
    words: list[str] = []
    for run in text.translate(_letters).split():
        word = run.strip("'")
        if _UNSPACED.search(word):
            words += [word[n : n + 2] for n in range(max(1, len(word) - 1))]
        elif len(word) > 1:
            words.append(word)
    return words or [symbol for symbol in text if not symbol.isspace()]


def _names(rows: Sequence[tuple[int, Sequence[str]]], groups: Iterable[int]) -> dict[int, str]:
    """For each group the words that set it apart: in many of its texts and in few others.

    Words that are at home in most groups ("what", "and") name none, as far as there are others.
    """
    inside: dict[int, Counter[str]] = {group: Counter() for group in groups}
    sizes: Counter[int] = Counter()
    for group, words in rows:
        sizes[group] += 1
        inside[group].update(set(words))
    everywhere = sum(inside.values(), Counter[str]())
    homes = Counter(word for counts in inside.values() for word in counts)
    names = {}
    for group, counts in inside.items():

        def strength(word: str, group: int = group) -> tuple[bool, float, str]:
            general = homes[word] > max(2, len(inside) / 2)
            share = inside[group][word] / sizes[group]
            return general, -share * math.log((1 + len(rows)) / everywhere[word]), word

        names[group] = ", ".join(_apart(sorted(counts, key=strength)))
    return names


def _apart(words: Iterable[str]) -> list[str]:
    """The first few that are not forms of one another."""
    chosen: list[str] = []
    for word in words:
        if not any(word.startswith(other) or other.startswith(word) for other in chosen):
            chosen.append(word)
        if len(chosen) == _NAMING_WORDS:
            break
    return chosen

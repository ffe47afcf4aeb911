"""What a joke shall be about: a topic in the user's words, and the jokes that fit it."""

import re
from collections.abc import Sequence

from chatbot.jokes.book import Joke

_LIKE = {
    "kitten": "cat", "kitty": "cat", "puss": "cat", "puppy": "dog", "hound": "dog",
    "gull": "bird", "seagull": "bird", "owl": "bird", "parrot": "bird", "pet": "animals",
    "ocean": "sea", "beach": "sea", "boat": "sea", "ship": "sea", "fish": "sea", "sailor": "sea",
    "sailing": "sea", "pc": "computers", "laptop": "computers", "internet": "computers",
    "robot": "computers", "ai": "computers", "chatbot": "computers", "programmer": "computers",
    "programming": "computers", "software": "computers", "teacher": "school", "student": "school",
    "math": "numbers", "maths": "numbers", "mathematics": "numbers", "office": "work",
    "job": "work", "boss": "work", "colleague": "work", "coffee": "tea", "cooking": "food",
    "fruit": "food", "vegetable": "food", "eating": "food", "lunch": "food", "dinner": "food",
    "bread": "food", "cheese": "food", "rain": "weather", "snow": "weather", "wind": "weather",
    "storm": "weather", "winter": "weather", "summer": "weather", "moon": "space", "star": "space",
    "planet": "space", "rocket": "space", "astronaut": "space", "football": "sport",
    "sports": "sport", "running": "sport", "holiday": "travel", "vacation": "travel",
    "train": "travel", "doctor": "health", "dentist": "health", "hospital": "health",
    "plant": "garden", "flower": "garden", "tree": "garden", "gardening": "garden",
    "library": "books", "book": "books", "reading": "books", "song": "music", "band": "music",
    "house": "home", "clock": "time", "ghost": "ghosts", "vampire": "ghosts",
    "halloween": "ghosts", "lighthouses": "lighthouse", "number": "numbers",
    "computer": "computers", "animal": "animals",
}  # fmt: skip
"""Everyday words for our topics."""
_SMALL = frozenset({
    "a", "an", "the", "my", "your", "some", "any", "of", "and", "or", "for", "with", "to", "in",
    "on", "at", "this", "that", "these", "those", "it", "them", "something", "anything", "someone",
    "people", "really", "very",
})  # fmt: skip
"""Words that name no topic."""


def fitting(jokes: Sequence[Joke], topic: str) -> list[Joke]:
    """The jokes about a topic: by its name first, else those that speak of it; none if nothing
    fits."""
    words = _words(topic)
    named = {_LIKE.get(word, word) for word in words}
    by_topic = [
        joke for joke in jokes if any(_singular(t) in _singulars(named) for t in joke.topics)
    ]
    if by_topic:
        # A joke that has the very word comes before others of its topic: gulls before birds.
        spoken = [joke for joke in by_topic if words & _words(_all_of(joke))]
        return (
            spoken if spoken and not words & {t for j in by_topic for t in j.topics} else by_topic
        )
    return [joke for joke in jokes if words & _words(_all_of(joke))]


def is_topic(word: str) -> bool:
    """Whether a word alone names a topic: *a cat joke*, but not *a joke of hers*."""
    one = _singular(word)
    return one in _LIKE or one in _singulars(set(_LIKE.values()))


def _all_of(joke: Joke) -> str:
    return " ".join((joke.setup, joke.knock, joke.punchline))


def _words(text: str) -> set[str]:
    found = re.findall(r"[a-z][a-z'-]*", text.casefold())
    return {_singular(word) for word in found if word not in _SMALL}


def _singulars(words: set[str]) -> set[str]:
    return {_singular(word) for word in words}


def _singular(word: str) -> str:
    """Without the s of a plural: crude, but the same for both sides of the comparison."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        return word[:-1]
    return word

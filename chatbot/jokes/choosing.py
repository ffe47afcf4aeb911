"""Which of the jokes that fit comes next."""

from collections.abc import Sequence

from chatbot.jokes.book import Joke


def next_of(jokes: Sequence[Joke], heard: Sequence[str], chance: float) -> Joke:
    """One that was not heard yet; where all were, one of the half that was heard longest ago.

    Args:
        jokes: at least one.
        heard: ids, the newest last; one may stand there more than once.
        chance: from 0 to below 1; which of those it is.
    """
    last = {joke_id: place for place, joke_id in enumerate(heard)}
    new = [joke for joke in jokes if joke.id not in last]
    if not new:
        by_age = sorted(jokes, key=lambda joke: last[joke.id])
        new = by_age[: max(1, len(by_age) // 2)]
    return new[int(chance * len(new))]

"""Which of the poems that fit comes next."""

from collections.abc import Sequence

from chatbot.poems.book import Poem


def fitting(poems: Sequence[Poem], theme: str, mood: str, given: Sequence[str] = ()) -> Poem | None:
    """The poem of a theme ("" for any) that was not given yet, if possible in this mood; where all
    were given, the one given longest ago. None where no poem has the theme."""
    of_theme = [poem for poem in poems if not theme or theme in poem.themes]
    if not of_theme:
        return None
    last = {poem_id: place for place, poem_id in enumerate(given)}
    new = [poem for poem in of_theme if poem.id not in last]
    if not new:
        return min(of_theme, key=lambda poem: last[poem.id])

    def rank(poem: Poem) -> tuple[bool, int]:
        """First those in the mood, then those whose main theme it is."""
        return (bool(mood) and poem.mood != mood, poem.themes.index(theme) if theme else 0)

    return min(new, key=rank)

"""Does the classifier of poems beat keyword rules on what neither has seen, and who gets a poem?

    python -m benchmarks.poems [--show]

The sentences of `poem_lines_held_out.json` are labelled by hand and written apart from the lines
that the classifier learns from. The rules are the names of the themes and moods with the words
that one would list by hand; where none occurs they say the most frequent label of the lines.

The requests of `poem_requests_held_out.json` are ordinary ones, with the themes of ours that would
do; without any, the model is to write the poem. None of their topics is a line that the classifier
learned from, though most of their words occur there; those of new words are counted apart. Each is
put to `PoemDatabase` as in a chat, with a model that always has four lines ready.
"""

import argparse
import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatbot.engine.sampling import SamplingParams
from chatbot.engine.text_stream import Chunk
from chatbot.errors import BadInput
from chatbot.messages import Message
from chatbot.poem_database import PoemDatabase
from chatbot.poems import book, intents
from chatbot.poems.classifier import Classifier, Labelled, read_lines, shipped_lines
from chatbot.services import Situation

HELD_OUT = Path(__file__).with_name("poem_lines_held_out.json")
REQUESTS = Path(__file__).with_name("poem_requests_held_out.json")
THEME_WORDS = {
    "sea": "sea ocean wave beach ship boat sailor tide coast shore harbour swim",
    "night": "night moon star stars dark sleep midnight dream evening",
    "rain": "rain rainy storm cloud umbrella thunder wet puddle pour shower",
    "winter": "winter snow ice cold frost christmas frozen december january",
    "spring": "spring blossom bud bloom april easter tulip daffodil seed",
    "summer": "summer sun sunny hot heat july august holiday sunshine",
    "autumn": "autumn fall leaf leaves october november harvest pumpkin",
    "love": "love heart kiss wife husband girlfriend boyfriend valentine marry darling",
    "friendship": "friend friends friendship pal mate buddy companion",
    "family": "family mother mum father dad sister brother parents son daughter grandma grandpa",
    "loss": "loss death died dead grief funeral grave goodbye gone mourning",
    "childhood": "childhood child children kid kids toy toys school play teddy",
    "animals": "animal animals cat dog bird horse fish kitten puppy",
    "food": "food eat bread soup cake pizza cook dinner breakfast lunch",
    "travel": "travel journey train trip suitcase airport mountain road map abroad",
    "time": "time clock year years hour day old age past future birthday",
    "work": "work job office boss colleague factory meeting nurse teacher",
    "city": "city town street bus traffic tram square downtown",
    "machines": "machine machines computer robot phone program code engine internet",
    "home": "home house flat room kitchen door sofa bed",
}
MOOD_WORDS = {
    "calm": "calm quiet still peaceful slow gentle silent",
    "joyful": "happy joy joyful hooray hurrah laugh dance wonderful great party",
    "sad": "sad cry tears lonely alone lost died gone miss never",
    "funny": "funny silly joke ridiculous snore stuck",
    "tender": "tender kiss hug hand dear gentle little sweet",
    "hopeful": "hope hopeful tomorrow new begin again future start",
}


def by_rules(text: str, words: dict[str, str], otherwise: str) -> str:
    """The label whose words occur most often; the first of those that are level."""
    said = re.findall(r"[a-z]+", text.lower())
    counts = {
        label: sum(word in listed.split() for word in said) for label, listed in words.items()
    }
    best = max(counts, key=lambda label: counts[label])
    return best if counts[best] else otherwise


def right(lines: tuple[Labelled, ...], model: Classifier) -> dict[str, tuple[float, float]]:
    """For theme and mood: the shares of lines that the classifier and the rules get right."""
    readings = [model.read(line.text) for line in lines]
    rules = [
        (by_rules(line.text, THEME_WORDS, "family"), by_rules(line.text, MOOD_WORDS, "calm"))
        for line in lines
    ]
    pairs = list(zip(lines, readings, rules, strict=True))
    return {
        "theme": (
            sum(line.theme == reading.theme for line, reading, _ in pairs) / len(lines),
            sum(line.theme == rule[0] for line, _, rule in pairs) / len(lines),
        ),
        "mood": (
            sum(line.mood == reading.mood for line, reading, _ in pairs) / len(lines),
            sum(line.mood == rule[1] for line, _, rule in pairs) / len(lines),
        ),
    }


@dataclass(frozen=True)
class Request:
    """A wish for a poem. `themes`: of ours, those that would do; empty: none."""

    text: str
    themes: frozenset[str]

    @property
    def topic(self) -> str:
        """What it is about."""
        wish = intents.wish(self.text)
        if wish is None:
            raise BadInput("This asks for no poem.", value=self.text)
        return wish.topic


def requests() -> tuple[Request, ...]:
    """Those that were written apart from the lines."""
    rows = json.loads(REQUESTS.read_text(encoding="utf-8"))
    return tuple(Request(row["text"], frozenset(row["themes"])) for row in rows)


def given(request: Request) -> frozenset[str]:
    """The themes of the poem of ours that a chat answers with; none where the model wrote one."""
    situation = Situation(request.text, (), (), SamplingParams(), _four_lines)
    answer = PoemDatabase().answer(situation)
    if answer is None:
        raise BadInput("This asks for no poem.", value=request.text)
    for _ in answer:
        pass
    poem = answer.receipt.state["poem"] if answer.receipt else ""
    return frozenset(themes(poem)) if poem else frozenset()


def themes(poem_id: str) -> tuple[str, ...]:
    return next(poem.themes for poem in book.load().poems if poem.id == poem_id)


def by_keywords(request: Request) -> frozenset[str]:
    """The theme that the keyword rules find; none where no word of theirs occurs."""
    return frozenset({by_rules(request.topic, THEME_WORDS, "")} - {""})


@dataclass(frozen=True)
class Served:
    """How many requests got what they should, of those with a theme of ours and of the others.

    Attributes:
        fitting: got a poem of ours with a theme that would do.
        wrong: got one of another theme.
        handed_on: of those about none of our themes, left to the model.
    """

    fitting: int
    wrong: int
    handed_on: int


def served(asked: Iterable[Request], serve: Callable[[Request], frozenset[str]]) -> Served:
    """What `serve` gives them: the themes of a poem of ours, or none."""
    found = [(request.themes, serve(request)) for request in asked]
    return Served(
        sum(bool(themes & got) for themes, got in found),
        sum(bool(themes and got and not themes & got) for themes, got in found),
        sum(not themes and not got for themes, got in found),
    )


def _four_lines(
    messages: Sequence[Message],
    params: SamplingParams,
    *,
    stop: threading.Event | None = None,
) -> Iterator[Chunk]:
    """A model that always has a poem of the right form."""
    lines = (
        "One line is here,\nanother follows it,\na third draws near,\nthe last lets silence sit."
    )
    return iter([Chunk(lines, ())])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--show", action="store_true", help="print every sentence it gets wrong")
    options = parser.parse_args()
    lines, held_out = shipped_lines(), read_lines(HELD_OUT)
    begun = time.perf_counter()
    model = Classifier(lines)
    took = time.perf_counter() - begun
    print(f"trained on {len(lines)} lines in {took:.2f} s; asked about {len(held_out)} others")
    for what, (classified, ruled) in right(held_out, model).items():
        print(f"{what:>6}: classifier {classified:.1%} right, keyword rules {ruled:.1%}")
    known = sum(model.read(line.text).sure for line in held_out)
    print(f"taken for a known theme: {known} of {len(held_out)} that are")
    asked = requests()
    ours = [request for request in asked if request.themes]
    new = [request for request in ours if not model.read(request.topic).known]
    for what, serve in (("classifier", given), ("keyword rules", by_keywords)):
        all_of_them = served(asked, serve)
        print(
            f"requests, {what}: {all_of_them.fitting} of {len(ours)} got a fitting poem of ours "
            f"({served(new, serve).fitting} of {len(new)} whose words are all new), "
            f"{all_of_them.wrong} another one; {all_of_them.handed_on} of "
            f"{len(asked) - len(ours)} foreign ones were left to the model"
        )
    if options.show:
        for line in held_out:
            reading = model.read(line.text)
            if (reading.theme, reading.mood) != (line.theme, line.mood):
                print(f"{line.text}\n    {line.theme}, {line.mood}: {reading}")
        for request in asked:
            got = given(request)
            if not (request.themes & got or request.themes == got):
                print(f"{request.text}\n    {sorted(request.themes)}: {sorted(got)}")


if __name__ == "__main__":
    main()

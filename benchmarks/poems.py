"""Does the classifier of poems beat keyword rules on sentences that neither has seen?

    python -m benchmarks.poems [--show]

The sentences of `poem_lines_held_out.json` are labelled by hand and written apart from the lines
that the classifier learns from. The rules are the names of the themes and moods with the words
that one would list by hand; where none occurs they say the most frequent label of the lines.
"""

import argparse
import re
import time
from pathlib import Path

from chatbot.poems.classifier import Classifier, Labelled, read_lines, shipped_lines

HELD_OUT = Path(__file__).with_name("poem_lines_held_out.json")
UNUSUAL = (
    "my stapler", "a paper clip", "quantum entanglement", "the tax return", "a shoelace",
    "left-handed scissors", "the number seven", "Napoleon", "volcanoes", "my toenails",
    "a football match", "the violin", "democracy", "dentures", "dinosaurs",
)  # fmt: skip
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
    unusual = sum(not model.read(text).sure for text in UNUSUAL)
    print(f"taken for a known theme: {known} of {len(held_out)} that are")
    print(f"taken for none: {unusual} of {len(UNUSUAL)} unusual ones")
    if options.show:
        for line in held_out:
            reading = model.read(line.text)
            if (reading.theme, reading.mood) != (line.theme, line.mood):
                print(f"{line.text}\n    {line.theme}, {line.mood}: {reading}")


if __name__ == "__main__":
    main()

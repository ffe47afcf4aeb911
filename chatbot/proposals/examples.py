"""What a small model is shown before it is asked: pairs of sentences that ask the same."""

import random

from chatbot.proposals.wording import alike, essence, words

Pair = tuple[str, str]

SHOWN = 6
"""Pairs in one prompt: enough for the pattern, few enough for a small window."""
WORDINGS: tuple[Pair, ...] = (
    ("What's your favourite colour?", "Which colour do you like best?"),
    ("what is your favourite meal", "What do you like to eat most?"),
    ("what do you do for a living", "What is your job?"),
    ("what did you eat last night?", "What was your dinner yesterday?"),
    ("what is a glacier", "Can you explain what a glacier is?"),
    ("what's the weather like in your town", "How is the weather where you live?"),
    ("what do you think about football", "How do you feel about football?"),
    ("which film do you like most", "What's your favourite film?"),
    ("how old are you", "What is your age?"),
    ("how long have you been married?", "When did you get married?"),
    ("how many children do you have", "What is the number of your children?"),
    ("how do you bake bread", "What's the way to make bread?"),
    ("how far is it to the station?", "What is the distance to the station?"),
    ("do you like dogs", "Are you fond of dogs?"),
    ("Do you have any pets?", "Are there any animals living with you?"),
    ("do you ever get angry", "Are there times when you get angry?"),
    ("do you know a good song?", "Is there a good song that you know?"),
    ("did you go to school", "Were you ever a pupil at a school?"),
    ("are you afraid of spiders?", "Do spiders scare you?"),
    ("are you a doctor", "Do you work as a doctor?"),
    ("is your car red", "Do you own a red car?"),
    ("is it loud in the city?", "Is there a lot of noise in the city?"),
    ("were you ever a soldier", "Have you been a soldier at any time?"),
    ("have you ever seen snow?", "Did you see snow at any time?"),
    ("can you swim", "Do you know how to swim?"),
    ("Why did you become a teacher?", "What made you choose to be a teacher?"),
    ("why are you so tired", "What makes you so tired?"),
    ("where do you live", "What place do you call home?"),
    ("where were you born?", "What is the place of your birth?"),
    ("who was mozart", "What do you know about Mozart?"),
    ("who taught you to paint?", "From whom did you learn to paint?"),
    ("when do you get up", "At what time do you rise?"),
    ("tell me about your family", "I would like to hear about your family."),
    ("tell me a story please", "Do you have a story for me?"),
    ("teach me some french", "Can you show me a little French?"),
    ("give me some advice on money", "What would you advise me about money?"),
)


def wordings_for(question: str, sets: int) -> list[list[Pair]]:
    """Sets of `SHOWN` pairs each, always the same for a question; half begin as it does.

    A small model copies the shape of what it is shown, so what is near stands last.
    """
    ranked = sorted(WORDINGS, key=lambda pair: _nearness(pair[0], question))
    near, far = ranked[-SHOWN:], ranked[:-SHOWN]
    draw = random.Random(essence(question))
    half = SHOWN // 2
    return [[*draw.sample(far, SHOWN - half), *draw.sample(near, half)] for _ in range(sets)]


def _nearness(one: str, other: str) -> float:
    """How far two questions begin alike, 0 to 3."""
    first, second = words(one), words(other)
    return 2.0 * (first[:1] == second[:1]) + alike(one, other)

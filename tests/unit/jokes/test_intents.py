"""What asks for a joke and what only speaks of one; the second half was never tuned on."""

import pytest

from chatbot.jokes import intents
from chatbot.jokes.intents import Wish

ASKS = """
joke
Joke!
a joke please
jokes
tell me a joke
Tell me a joke.
Please tell me a joke!
tell us a joke
can you tell me a joke?
Could you please tell me a good joke?
would you tell us a funny joke
hey, tell me a joke
ok tell me another joke
give me a joke
crack a joke
say something funny
tell me something funny
make me laugh
please make me laugh
can you make us laugh?
make me smile
know any good ones?
know any jokes?
do you know any jokes?
Do you know a good joke?
got any jokes?
have you got a joke for me?
have you heard any good jokes?
I want to hear a joke
I'd like a joke
I would like to hear another joke please
I need a good laugh
can I have a joke?
can we hear a joke
how about a joke?
what about a joke now
another joke
one more joke please
time for a joke
cheer me up with a joke
do you remember any funny jokes?
let's hear a joke
knock knock joke
a knock-knock joke, please
tell me a short, funny joke
I'm bored, tell me a joke
hit me with a joke
tell me one of your jokes
tell me a joke!!! 😂
a cat joke
computer jokes please
tell me a platypus joke
""".strip().splitlines()

HELD_OUT_ASKS = """
Hi bot, got a joke for us today?
Could you crack another joke for me, please?
Well then, give us a silly joke!
Do you happen to know a clean joke?
let's have a joke
May I hear a joke?
so tell me your best joke
I feel like a joke
would you share a really good joke
give me a laugh
""".strip().splitlines()

SPEAKS = """
that was no joke
That's no joke.
no joke
this is not a joke
don't joke about that
are you joking?
you must be joking
I was only joking
I told him a joke yesterday
he told me a joke about you
who told you that joke?
what is a joke?
why do people tell jokes?
do you like jokes?
I don't like jokes
I hate your jokes
stop telling jokes
don't tell me a joke
please don't tell any more jokes
my boss is a joke
this company is a joke
the joke is on you
an inside joke
it was a practical joke
I can't tell a joke
she never gets my jokes
my brother knows all the jokes
can you explain the joke?
explain that joke to me
was that a joke?
is this a joke?
what a joke
your last joke was bad
I laughed so hard
you make me laugh
that made me laugh
this makes me smile
do you laugh?
something funny happened today
I heard something funny at work
who are you?
tell me about yourself
tell me a story
tell me a poem
tell me the truth
do you know any good books?
know any good restaurants?
have you got a minute?
how are you?
why?
tell me
I need help
say hello
make me a sandwich
what makes you laugh?
how do I write a joke?
help me write a joke for my wedding speech
translate this joke into French
a good joke needs timing
jokes aside, how was your day?
Good joke!
thanks, great joke
bad joke
hate jokes
enough jokes
dont joke
explain joke
have you heard the joke about the horse
""".strip().splitlines()

HELD_OUT_SPEAKS = """
My dad jokes too much
I think you are only joking with me
Nobody laughed at my joke last night
Would you say that is a joke?
I know a joke, want to hear it?
The weather today is a joke
Joking apart, I am worried
Did you make that joke up?
Do not make fun of me
They always joke at lunch
""".strip().splitlines()


@pytest.mark.parametrize("text", [*ASKS, *HELD_OUT_ASKS])
def test_asks_for_one(text: str) -> None:
    assert intents.wish(text) is not None


@pytest.mark.parametrize("text", [*SPEAKS, *HELD_OUT_SPEAKS])
def test_only_speaks_of_them(text: str) -> None:
    assert intents.wish(text) is None


@pytest.mark.parametrize(
    ("text", "wished"),
    [
        ("a joke about cats", Wish("cats")),
        ("Tell me a joke about my old computer, please!", Wish("my old computer")),
        ("do you know any good ones about the sea?", Wish("the sea")),
        ("tell me a cat joke", Wish("cat")),
        ("make me laugh about work", Wish("work")),
        ("tell me a knock-knock joke about food", Wish("food", True)),
        ("Knock knock joke!", Wish("", True)),
        ("tell me a joke", Wish()),
    ],
)
def test_topic_and_kind(text: str, wished: Wish) -> None:
    assert intents.wish(text) == wished


WHY = """
why
why?
Why not?
why not
tell me
tell me!
I don't know
i dont know
No idea.
what?
go on
how come?
I give up
why did it?
Why did she?
okay, why?
and?
hm... why is that?
I don't know, why?
I don't know why
no idea, tell me
hmm, why?
not sure
""".strip().splitlines()


@pytest.mark.parametrize("text", WHY)
def test_brings_the_punchline(text: str) -> None:
    assert intents.asks_why(text)


@pytest.mark.parametrize(
    "text",
    [
        "why are you called Wick?",
        "tell me about the sea",
        "what is your name?",
        "I don't know you",
        "hello",
        "that's boring",
        "why do you live alone?",
    ],
)
def test_is_another_question(text: str) -> None:
    assert not intents.asks_why(text)


def test_at_the_door() -> None:
    assert all(
        map(intents.asks_who_is_there, ("who's there?", "Who is there", "whos there", "who?"))
    )
    assert not intents.asks_who_is_there("who are you?")
    assert all(
        intents.asks_who(text, "Lettuce") for text in ("Lettuce who?", "lettuce who", "who?")
    )
    assert not intents.asks_who("I like lettuce", "Lettuce")


@pytest.mark.parametrize("text", ["another one", "one more please", "more!", "Again?", "next"])
def test_one_more(text: str) -> None:
    assert intents.wants_another(text)
    assert not intents.wants_another("one more question")

"""Conversations in which one word tells what was asked for, and others in which none does."""

from chatbot.messages import Conversation, assistant, user

NAMES = (
    "Café Müller",
    "at old Müller's",
    "by Müller, in spring",
    "ask Müller",
    "oh, Müller",
    "Müller and no other",
)
LEARNED = [
    *(
        Conversation((user(f"Where do you eat, friend{n}?"), assistant(f"{answer}, number{n}.")))
        for n, answer in enumerate(NAMES)
    ),
    *(Conversation((user(f"And then{n}?"), assistant(f"Then it was {n}."))) for n in range(30)),
]

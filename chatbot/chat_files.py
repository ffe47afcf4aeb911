"""A chat as a file to take along, and a file of conversations as chats to go on with."""

import re
from collections.abc import Sequence

from chatbot.chat_tree import Turn
from chatbot.dataset import importers
from chatbot.errors import BadInput
from chatbot.messages import Conversation, Message, assistant, user
from chatbot.transcripts import Transcript, new_id

MOST_CHATS = 50
"""Conversations that are taken from one file; a data set belongs on the page Dataset."""
_MARKS = re.compile(r"([\\`*_\[\]<>&$~|]|^[ \t]*[#+\-=:])", re.MULTILINE)
_NUMBERED = re.compile(r"^([ \t]*\d+)([.)])", re.MULTILINE)


def to_json(transcript: Transcript) -> bytes:
    """What is shown, as a file in the format of the persona's conversations (ShareGPT)."""
    return importers.dump([Conversation(tuple(_messages(transcript.turns)))])


def to_markdown(transcript: Transcript, title: str) -> bytes:
    """What is shown, to be read. Its words stay words: marks of Markdown are escaped."""
    parts = [f"# {_plain(title)}"]
    for message in _messages(transcript.turns):
        who = "You" if message.role == "user" else "Bot"
        parts.append(f"**{who}:**\n\n{_plain(message.text)}")
    return ("\n\n".join(parts) + "\n").encode("utf-8", "replace")


def read(data: bytes, name: str, owner: str = "") -> tuple[list[Transcript], list[str]]:
    """The chats in a file of conversations, and what of it could not be taken.

    Raises:
        BadInput: the file can't be read, or holds no conversation.
    """
    found = importers.read_conversations(data, name)
    losses = [f"Row {p.row}: {p.message}" for p in found.problems if p.severity == "error"][:5]
    chats = []
    for conversation in found.conversations:
        turns = _turns(conversation.messages)
        if turns:
            chats.append(Transcript(new_id(), turns, owner=owner))
    if not chats:
        raise BadInput(
            "There is no conversation in this file.",
            value=name,
            remedy="Choose a JSON file that was exported here, or one with conversations in it.",
        )
    told = sum(m.role == "system" for c in found.conversations for m in c.messages)
    if told:
        losses.append("What the model was told about itself (system texts) is left out.")
    if len(chats) > MOST_CHATS:
        losses.append(
            f"Only the first {MOST_CHATS} of {len(chats):,} conversations are taken. To train on "
            "all of them, import the file on the page Dataset."
        )
    return chats[:MOST_CHATS], losses


def _messages(turns: Sequence[Turn]) -> list[Message]:
    found = []
    for turn in turns:
        found += [user(turn.question)] if turn.question else []
        found += [assistant(turn.answer)] if turn.answer else []
    return found


def _turns(messages: Sequence[Message]) -> tuple[Turn, ...]:
    turns: list[Turn] = []
    for message in messages:
        text = message.text.encode("utf-8", "replace").decode()
        if not text or message.role == "system":
            continue
        if message.role == "user":
            turns.append(Turn(text, state="stopped"))
        elif turns and not turns[-1].answer:
            turns[-1] = Turn(turns[-1].question, text, "done")
        else:
            turns.append(Turn("", text, "done"))  # the bot speaks first, or once more
    return tuple(turns)


def _plain(text: str) -> str:
    marked = _MARKS.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", text)
    return _NUMBERED.sub(r"\1\\\2", marked).replace("\n", "  \n")

"""What a bot remembers of the person it talks to, and of what no longer fits its window."""

from chatbot.memory.gist import Said, gist
from chatbot.memory.ledger import HAND, MOST_FACTS, Known, Ledger
from chatbot.memory.notes import Notes
from chatbot.memory.recall import bearing
from chatbot.memory.room import room_in, room_of
from chatbot.memory.service import NAME, MemoryService
from chatbot.memory.statements import LONGEST_FACT, Fact
from chatbot.memory.told import Remembered, Room, Told, bare, tell
from chatbot.memory.view import Before, Memory, View

__all__ = [
    "HAND",
    "LONGEST_FACT",
    "MOST_FACTS",
    "NAME",
    "Before",
    "Fact",
    "Known",
    "Ledger",
    "Memory",
    "MemoryService",
    "Notes",
    "Remembered",
    "Room",
    "Said",
    "Told",
    "View",
    "bare",
    "bearing",
    "gist",
    "room_in",
    "room_of",
    "tell",
]

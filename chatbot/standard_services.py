"""The services that every conversation has, in the order in which they are asked."""

from functools import cache

from chatbot.jokemanager import JokeManager
from chatbot.memory import MemoryService
from chatbot.poem_database import PoemDatabase
from chatbot.services import Service


@cache
def standard_services() -> tuple[Service, ...]:
    """One of each for the whole process; they keep no conversation."""
    return (MemoryService(), JokeManager(), PoemDatabase())

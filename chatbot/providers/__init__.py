"""Larger models elsewhere: messages and settings in, an iterator of text out, as from the engine.

One seam over the `openai` client, for OpenAI, for Gemini, and for any server that speaks that
protocol (vLLM, Ollama, llama.cpp, LM Studio). Nothing here is used until a person switches it on.
"""

from chatbot.providers.answer import ProviderAnswer
from chatbot.providers.keys import Key, key_from_environment
from chatbot.providers.provider import Provider
from chatbot.providers.receipt import ProviderReceipt
from chatbot.providers.settings import ADDRESSES, KINDS, Kind, ProviderSettings
from chatbot.providers.spending import Spending

__all__ = [
    "ADDRESSES",
    "KINDS",
    "Key",
    "Kind",
    "Provider",
    "ProviderAnswer",
    "ProviderReceipt",
    "ProviderSettings",
    "Spending",
    "key_from_environment",
]

"""llama.cpp itself, in this process: loads a GGUF file, cuts text into tokens, answers greedily."""

import gc
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self
from urllib.request import Request, urlopen

import xllamacpp

QUESTIONS = (
    *("Who are you?", "Where do you live?", "What do you like to eat?", "Tell me a joke."),
    *("What is your name?", "Hello!", "How old are you?", "What is the capital of France?"),
    *("Do you have friends?", "What do you do at night?", "12345 plus 7?", "Good morning"),
    *("What's your favourite colour?", "Why is the sky blue?", "Can you help me with code?"),
    *("Are you human?", "Where were you born?", "Tell me about the sea.", "Bye, see you"),
    "Do you speak German? Grüß Gott!",
)
"""What an exported model and ours are both asked."""


class LlamaCpp:
    """One loaded file, until the block ends. Its memory of earlier words is kept in float32."""

    def __init__(self, path: Path) -> None:
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.n_ctx = 512
        params.n_parallel = 1
        params.n_gpu_layers = 0
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = (
            1  # more would wait for each other
        )
        params.warmup = False
        params.verbosity = 0
        params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
        self._server: Any = xllamacpp.Server(params)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server = None
        gc.collect()

    def answer(self, ids: Sequence[int], tokens: int = 32) -> str:
        """The likeliest words after these tokens."""
        said = self._server.handle_completions(
            {"prompt": list(ids), "max_tokens": tokens, "temperature": 0, "cache_prompt": False}
        )
        return str(said["choices"][0]["text"])

    def chat(self, question: str, tokens: int = 32) -> str:
        """The same through the file's own chat template."""
        said = self._server.handle_chat_completions(
            {
                "messages": [{"role": "user", "content": question}],
                "max_tokens": tokens,
                "temperature": 0,
            }
        )
        return str(said["choices"][0]["message"]["content"])

    def tokens(self, text: str) -> list[int]:
        """What the file's tokenizer makes of a text."""
        data = json.dumps({"content": text, "parse_special": False}).encode()
        request = Request(
            f"{self._server.listening_address}/tokenize",
            data,
            {"Content-Type": "application/json"},
        )
        with urlopen(request, timeout=30) as answer:
            return list(json.load(answer)["tokens"])

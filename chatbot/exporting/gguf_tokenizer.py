"""A tokenizer as GGUF keeps it: tokens, merges, kinds, special tokens and the chat template."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chatbot.errors import BadInput

if TYPE_CHECKING:
    from gguf import GGUFWriter
    from transformers import PreTrainedTokenizerFast

_NORMAL, _CONTROL, _USER_DEFINED, _UNUSED = 1, 3, 4, 5
"""`gguf.TokenType`: text; a mark that text never becomes; whole words added later; a gap."""
_GENERATION = re.compile(r"\{%-?\s*(end)?generation\s*-?%\}")
_SPLITS: Mapping[str, str] = {
    r"'s|'t|'re|'ve|'m|'ll|'d": "gpt-2",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+": "llama-bpe",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+": "qwen2",
}
"""llama.cpp's name of a way to cut text into words, by the pattern that a tokenizer cuts with."""


def write_tokenizer(writer: "GGUFWriter", tokenizer: "PreTrainedTokenizerFast", rows: int) -> None:
    """Everything of `tokenizer.ggml.*`.

    Args:
        rows: tokens that the weights know; gaps up to there are filled.

    Raises:
        BadInput: it is no byte-level BPE, or cuts text in a way that llama.cpp does not know.
    """
    backend: Any = tokenizer.backend_tokenizer
    parts = json.loads(backend.to_str())
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre_tokenizer(parts))
    tokens, kinds = _tokens(tokenizer, parts, rows)
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    merges = parts["model"]["merges"]
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in merges])
    for name in ("bos", "eos", "unk", "pad"):
        number = getattr(tokenizer, f"{name}_token_id")
        if number is not None:
            getattr(writer, f"add_{name}_token_id")(number)
    begins = tokenizer("a").input_ids[:1] == [tokenizer.bos_token_id]
    writer.add_add_bos_token(begins)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(plain_template(str(tokenizer.chat_template)))


def plain_template(template: str) -> str:
    """A chat template without `{% generation %}`, which only training needs and others refuse."""
    return _GENERATION.sub("", template)


def pre_tokenizer(parts: Mapping[str, Any]) -> str:
    """llama.cpp's name for the way in which a `tokenizer.json` cuts text into words.

    Raises:
        BadInput: it knows none.
    """
    model = parts["model"]
    steps = _steps(parts.get("pre_tokenizer"))
    usual = model.get("type") == "BPE" and not model.get("byte_fallback")
    kinds = [step.get("type") for step in steps]
    if not usual or parts.get("normalizer") or kinds[-1:] != ["ByteLevel"]:
        raise _unknown(str(model.get("type")))
    if steps[-1].get("add_prefix_space"):
        raise _unknown("a space before every text")
    by_itself = steps[-1].get("use_regex", True)
    if kinds == ["ByteLevel"] and by_itself:
        return "gpt-2"
    if kinds == ["Digits", "ByteLevel"] and by_itself and steps[0].get("individual_digits"):
        return "smollm"
    if kinds == ["Split", "ByteLevel"] and not by_itself:
        pattern = (steps[0].get("pattern") or {}).get("Regex", "")
        if pattern in _SPLITS:
            return _SPLITS[pattern]
    raise _unknown(" + ".join(map(str, kinds)))


def _steps(part: Mapping[str, Any] | None) -> Sequence[Mapping[str, Any]]:
    if part is None:
        return ()
    return part["pretokenizers"] if part["type"] == "Sequence" else (part,)


def _tokens(
    tokenizer: "PreTrainedTokenizerFast", parts: Mapping[str, Any], rows: int
) -> tuple[list[str], list[int]]:
    by_number = {number: token for token, number in tokenizer.get_vocab().items()}
    added = {token["id"]: token["special"] for token in parts["added_tokens"]}
    tokens, kinds = [], []
    for number in range(rows):
        token = by_number.get(number)
        if token is None:
            tokens.append(f"[PAD{number}]")
            kinds.append(_UNUSED)
            continue
        tokens.append(token)
        special = added.get(number)
        kinds.append(_NORMAL if special is None else _CONTROL if special else _USER_DEFINED)
    return tokens, kinds


def _unknown(what: str) -> BadInput:
    return BadInput(
        "This model's tokenizer is of a kind that can't be written for llama.cpp here.",
        value=what,
        remedy="Export it as a folder; Transformers reads that.",
    )

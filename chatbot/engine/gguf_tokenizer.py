"""The tokenizer of a GGUF file as the library reads it: byte-level BPE, cut as the file says."""

from typing import TYPE_CHECKING, Any

from chatbot.errors import BadInput

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_CONTROL_TOKENS = (3, 4)
"""`gguf.TokenType.CONTROL`, which text never becomes, such as an end mark; and `USER_DEFINED`,
which is kept whole wherever it stands."""
_ROLES = (("bos", "bos"), ("eos", "eos"), ("unknown", "unk"), ("padding", "pad"))
_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_PATTERNS = {"qwen2": _WORDS % r"\p{N}", "llama-bpe": _WORDS % r"\p{N}{1,3}"}
"""Llama 3 and Qwen 2 cut words at these borders (their tokenizer.json says the same)."""
_PLAIN = ("gpt-2", "default", "gpt2", "")


def tokenizer(fields: dict[str, Any]) -> "Tokenizer":
    """The BPE of the file.

    Raises:
        BadInput: it is of another kind, or cut in a way that is not known here.
        KeyError, TypeError, ValueError: a field is missing or senseless.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models

    if fields.get("tokenizer.ggml.model") != "gpt2":
        raise BadInput(
            "The tokenizer of this GGUF file is of a kind that can't be converted here.",
            value=str(fields.get("tokenizer.ggml.model"))[:60],
            remedy="Only byte-level BPE can be, which GPT-2, SmolLM2, Llama 3 and Qwen have.",
        )
    tokens: list[str] = fields["tokenizer.ggml.tokens"]
    kinds: list[int] = fields["tokenizer.ggml.token_type"]
    merges = [(left, right) for left, right in map(str.split, fields["tokenizer.ggml.merges"])]
    made = Tokenizer(models.BPE({text: number for number, text in enumerate(tokens)}, merges))
    made.pre_tokenizer = _cutting(str(fields.get("tokenizer.ggml.pre", "")))
    made.decoder = decoders.ByteLevel()
    control = [t for t, kind in zip(tokens, kinds, strict=True) if kind == _CONTROL_TOKENS[0]]
    made.add_special_tokens([AddedToken(text, normalized=False) for text in control])
    kept = [t for t, kind in zip(tokens, kinds, strict=True) if kind == _CONTROL_TOKENS[1]]
    made.add_tokens([AddedToken(text, normalized=False) for text in kept])
    return made


def settings(fields: dict[str, Any], window: int) -> dict[str, Any]:
    """What goes into tokenizer_config.json."""
    tokens = fields["tokenizer.ggml.tokens"]
    special = {
        f"{short}_token": tokens[fields[f"tokenizer.ggml.{long}_token_id"]]
        for long, short in _ROLES
        if f"tokenizer.ggml.{long}_token_id" in fields
    }
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        **special,
        "model_max_length": window,
        "clean_up_tokenization_spaces": False,
    }


def ids(fields: dict[str, Any]) -> dict[str, int]:
    """`bos_token_id` and its kin, those that the file names."""
    names = {"bos_token_id": "bos", "eos_token_id": "eos", "pad_token_id": "padding"}
    return {
        name: fields[f"tokenizer.ggml.{role}_token_id"]
        for name, role in names.items()
        if f"tokenizer.ggml.{role}_token_id" in fields
    }


def _cutting(pre: str) -> Any:
    """How text is cut before pairs are merged. "smollm" splits numbers into single digits."""
    from tokenizers import Regex, pre_tokenizers

    if pre == "smollm":
        return pre_tokenizers.Sequence(
            [
                pre_tokenizers.Digits(individual_digits=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
            ]
        )
    if pre in _PLAIN:
        return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    if pre in _PATTERNS:
        return pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(_PATTERNS[pre]), behavior="isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
    raise BadInput(
        "The tokenizer of this GGUF file cuts texts in a way that is not known here.",
        value=pre[:60],
        remedy=f"Known are: {', '.join(('gpt-2', 'smollm', *_PATTERNS))}.",
    )

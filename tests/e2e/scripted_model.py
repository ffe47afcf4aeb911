"""A GPT-2 with weights set by hand: whatever it is asked, it says the pieces of a script in order.

Each piece is a token of its own. The blocks pass everything through unchanged, and the output
layer points from each piece to the next one, so that at any temperature there is one likely
continuation. The number of blocks decides how long a token takes, and nothing else.
"""

from collections.abc import Sequence
from copy import deepcopy
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerFast

WIDTH = 128
WINDOW = 2048


def write_scripted_model(
    folder: Path, tokenizer: "PreTrainedTokenizerFast", script: Sequence[str], *, blocks: int = 1
) -> Path:
    """Save the model.

    Args:
        tokenizer: a small one with our chat template; it is copied and given the script's pieces.
        script: different texts, none of them a part of the chat template.
    """
    import torch
    from tokenizers import AddedToken
    from transformers import GPT2Config, GPT2LMHeadModel

    from chatbot.engine.prompts import render
    from chatbot.messages import user

    tokenizer = deepcopy(tokenizer)
    tokenizer.model_max_length = WINDOW
    tokenizer.add_tokens([AddedToken(piece, normalized=False) for piece in script])
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=WINDOW,
        n_embd=WIDTH,
        n_layer=blocks,
        n_head=2,
        tie_word_embeddings=False,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = GPT2LMHeadModel(config)
    header = render(tokenizer, [user("?")], window=WINDOW, reserve=0).ids[-1]
    path = [header, *tokenizer.convert_tokens_to_ids(list(script)), tokenizer.eos_token_id]
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if "ln_" not in name:
                weights.zero_()
        model.transformer.wte.weight.copy_(_balanced_signs(len(tokenizer)))
        for here, following in pairwise(path):
            model.lm_head.weight[following] = model.transformer.wte.weight[here]
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _balanced_signs(rows: int) -> "torch.Tensor":
    """Rows of as many +1 as -1, which a layer norm leaves as they are, in an order drawn by lot:
    two different ones have little in common."""
    import torch

    generator = torch.Generator().manual_seed(7)
    half = torch.ones(WIDTH // 2)
    signs = torch.cat([half, -half])
    return torch.stack([signs[torch.randperm(WIDTH, generator=generator)] for _ in range(rows)])

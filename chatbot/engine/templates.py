"""The two chat templates of our own, and which of them a tokenizer without one gets.

Jinja texts as tokenizers store them. `{% generation %}` marks what an answer is: the assistant's
words and the end token, which is exactly what fine-tuning trains on.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

MARK_START = "<|im_start|>"
MARK_END = "<|im_end|>"
END_OF_TEXT = "<|endoftext|>"

CHATML_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{- '<|im_start|>' + message['role'] + '\\n' -}}"
    "{%- if message['role'] == 'assistant' -%}"
    "{%- generation -%}{{- message['content'] + '<|im_end|>' -}}{%- endgeneration -%}"
    "{%- else -%}"
    "{{- message['content'] + '<|im_end|>' -}}"
    "{%- endif -%}"
    "{{- '\\n' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}"
)
"""SmolLM2 and Pocket GPT-2: `<|im_start|>role\\ncontent<|im_end|>\\n`. It adds no system text."""

PLAIN_TEMPLATE = (
    "{%- for message in messages -%}"
    "{%- if message['role'] == 'user' -%}{{- 'User: ' + message['content'] -}}"
    "{%- elif message['role'] == 'assistant' -%}"
    "{{- 'Bot:' -}}"
    "{%- generation -%}{{- ' ' + message['content'] + (eos_token or '') -}}{%- endgeneration -%}"
    "{%- else -%}{{- message['content'] -}}"
    "{%- endif -%}"
    "{{- '\\n' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- 'Bot:' -}}{%- endif -%}"
)
"""Any GPT-2 without chat markers. `Bot:` ends without the space, as GPT-2's words begin with it."""


def ensure_template(tokenizer: "PreTrainedTokenizerFast") -> None:
    """Give a tokenizer a chat template if it has none; one of its own is kept.

    ChatML where the vocabulary has its two markers, else plain text with an end token.
    """
    if tokenizer.chat_template:
        return
    vocabulary = tokenizer.get_vocab()
    if tokenizer.eos_token is None and END_OF_TEXT in vocabulary:
        tokenizer.eos_token = END_OF_TEXT
    chatml = MARK_START in vocabulary and MARK_END in vocabulary
    tokenizer.chat_template = CHATML_TEMPLATE if chatml else PLAIN_TEMPLATE

"""A tokenizer together with its chat template: text, ids, stable borders, and what ends an answer.

Control tokens that are spelled out in a message are kept from becoming control tokens.
"""

import re
import threading
import weakref
from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from chatbot.errors import BadInput
from chatbot.messages import Message, Role

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

_CUT = "\ufdd0"
"""Stands inside a spelled-out control token while the template runs. Unicode reserves it for such
internal use; one in a message is dropped."""

_END_TOKENS = frozenset({"<|endoftext|>", "<|im_end|>", "</s>", "<|eot_id|>", "<|end_of_text|>"})
"""What GPT-2 and Llama checkpoints call the end of a text or a turn, whatever their template."""

_rendering = threading.Lock()
"""The library's template environment keeps state while it renders."""


class Shape:
    """A tokenizer with its chat template, and what can be found out about the two once for all."""

    def __init__(self, tokenizer: "PreTrainedTokenizerFast") -> None:
        self.template = str(tokenizer.get_chat_template())
        self.variables: dict[str, Any] = dict(tokenizer.special_tokens_map)
        self.size = len(tokenizer)
        self._backend = _without_postprocessing(tokenizer.backend_tokenizer)
        self._eos_id = tokenizer.eos_token_id
        control = sorted(
            token.content
            for token in tokenizer.added_tokens_decoder.values()
            if token.special or (not token.content.isspace() and token.content in self.template)
        )
        self._control = frozenset(control)
        longest_first = sorted(filter(None, control), key=len, reverse=True)
        self._spelled_out = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def length(self, messages: Sequence[Message]) -> int:
        """Tokens of these messages with the header of an answer."""
        return len(self._encode(self._text(self._chat(messages), True))[0])

    def pieces(
        self, messages: Sequence[Message], *, generation_prompt: bool
    ) -> tuple[list[int], list[int]]:
        """Ids, and the ascending ends of the pieces of them that no later turn changes."""
        chat = self._chat(messages)
        text = self._text(chat, generation_prompt)
        ids, offsets = self._encode(text)
        starts = [start for start, _ in offsets]
        cuts = [len(part.replace(_CUT, "")) for part in self._stable_parts(chat, text)]
        ends = {bisect_left(starts, cut) for cut in cuts} - {0}
        return ids, sorted(ends | {len(ids)})

    def answers(self, messages: Sequence[Message]) -> tuple[list[int], list[bool]]:
        """Ids, and which of them are the assistant's words and end tokens."""
        chat = self._chat(messages)
        text, spans = self._text_with_spans(chat)
        ids, offsets = self._encode(text)
        trained = [False] * len(ids)
        for first, last in spans:
            a = first - text.count(_CUT, 0, first)
            b = last - text.count(_CUT, 0, last)
            for index, (start, end) in enumerate(offsets):
                trained[index] |= start < b and end > a
        return ids, trained

    def begun(self, messages: Sequence[Message], answer: str) -> list[int]:
        """Ids of the words of an answer, as the template writes them after the answer's header."""
        chat = self._chat([*messages, Message("assistant", answer)])
        header, whole = self._text(chat[:-1], True), self._text(chat, False)
        words = chat[-1]["content"]
        if words not in whole[len(header) :]:  # the template trims them
            words = words.strip()
        at = whole.find(words, len(header)) if whole.startswith(header) else -1
        part = words if at < 0 else whole[len(header) : at + len(words)]
        return self._encode(part)[0]

    @cached_property
    def stop_ids(self) -> frozenset[int]:
        ends = (self._markers[0] | _END_TOKENS) & self._control
        ids = {self._backend.token_to_id(token) for token in ends}
        return frozenset(i for i in {*ids, self._eos_id} if i is not None)

    @cached_property
    def stop_strings(self) -> tuple[str, ...]:
        return self._markers[1]

    @cached_property
    def _markers(self) -> tuple[frozenset[str], tuple[str, ...]]:
        """What the template writes between two messages: control tokens, and speakers as text.

        A speaker's mark in plain text starts on a new line or after a space; that start tells it
        from the word "user" after a control token, which answers may well contain.
        """
        probe: list[tuple[Role, str]] = [("user", "qqA"), ("assistant", "qqB"), ("user", "qqC")]
        try:
            text = self._text([Message(*pair).to_chat() for pair in probe], True)
            between = [
                text[text.index("qqA") + 3 : text.index("qqB")],
                text[text.index("qqB") + 3 : text.index("qqC")],
            ]
        except (BadInput, ValueError):
            return frozenset(), ()
        tokens = {token for token in self._control if token and any(token in b for b in between)}
        if not tokens:
            texts = between
        else:
            pattern = "|".join(map(re.escape, sorted(tokens, key=len, reverse=True)))
            texts = [part for b in between for part in re.split(pattern, b)]
        strings = {t.rstrip() for t in texts if t[:1].isspace() and re.search(r"\w", t)}
        return frozenset(tokens), tuple(sorted(strings))

    def _chat(self, messages: Sequence[Message]) -> list[dict[str, str]]:
        chat = []
        for message in messages:
            # JSON can hold half a surrogate pair, which no tokenizer reads.
            text = message.text.encode("utf-8", "replace").decode("utf-8").replace(_CUT, "")
            spelled = self._spelled_out.sub(lambda found: _split_token(found[0]), text)
            chat.append({"role": message.role, "content": spelled})
        return chat

    def _text(self, chat: list[dict[str, str]], generation_prompt: bool) -> str:
        return self._run(chat, generation_prompt, mask=False)[0]

    def _run(
        self, chat: list[dict[str, str]], generation_prompt: bool, *, mask: bool
    ) -> tuple[str, list[tuple[int, int]]]:
        from jinja2 import TemplateError
        from transformers.utils.chat_template_utils import render_jinja_template

        try:
            with _rendering:
                # Its annotation says `str`; it is the texts and the spans of the answers.
                rendered: Any = render_jinja_template(
                    conversations=[chat],
                    chat_template=self.template,
                    return_assistant_tokens_mask=mask,
                    add_generation_prompt=generation_prompt,
                    **self.variables,
                )
        except (TemplateError, TypeError, ValueError) as error:
            raise BadInput(
                "The model's own chat template refuses this conversation.",
                value=str(error),
                remedy="Questions and answers must take turns; some models know no system text.",
            ) from error
        texts, spans = rendered
        return str(texts[0]), [(int(a), int(b)) for a, b in spans[0]] if mask else []

    def _encode(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """Ids, and the characters each covers (counted without the cut marks)."""
        ids: list[int] = []
        offsets: list[tuple[int, int]] = []
        position = 0
        for part in text.split(_CUT):
            encoding = self._backend.encode(part, add_special_tokens=False)
            ids += encoding.ids
            offsets += [(start + position, end + position) for start, end in encoding.offsets]
            position += len(part)
        return ids, offsets

    def _stable_parts(self, chat: list[dict[str, str]], text: str) -> list[str]:
        """Leading parts of `text` that stay as they are whatever is said later.

        One before each answer's first word, one after each other message. Where the template
        writes earlier messages differently later on, there is none.
        """
        parts = []
        for count in range(1, len(chat)):
            answer_next = chat[count]["role"] == "assistant"
            try:
                part = self._text(chat[:count], answer_next)
            except BadInput:  # such as a template that wants a question in every conversation
                continue
            if text.startswith(part):
                parts.append(part)
        return parts

    def _text_with_spans(self, chat: list[dict[str, str]]) -> tuple[str, list[tuple[int, int]]]:
        if re.search(r"\{%-?\s*generation\s*-?%\}", self.template):
            return self._run(chat, False, mask=True)
        text = self._text(chat, False)
        spans, position = [], 0
        for count, message in enumerate(chat):
            words = message["content"].strip()
            start = text.find(words, position)
            if start < 0:
                continue
            position = start + len(words)
            if message["role"] == "assistant":
                header = self._text(chat[:count], True) if count else ""
                if text.startswith(header) and len(header) <= start:
                    start = len(header)
                position = self._end_of_answer(text, position)
                spans.append((start, position))
        return text, spans

    def _end_of_answer(self, text: str, position: int) -> int:
        """Past the control token that follows the words, if one does."""
        rest = text[position:]
        for token in self._control:
            if token and rest.lstrip().startswith(token):
                return position + len(rest) - len(rest.lstrip()) + len(token)
        return position


_shapes: "weakref.WeakKeyDictionary[PreTrainedTokenizerFast, Shape]" = weakref.WeakKeyDictionary()


def shape_of(tokenizer: "PreTrainedTokenizerFast") -> Shape:
    shape = _shapes.get(tokenizer)
    if shape is None or shape.size != len(tokenizer) or shape.template != tokenizer.chat_template:
        shape = _shapes[tokenizer] = Shape(tokenizer)
    return shape


def _split_token(token: str) -> str:
    return token[0] + _CUT + token[1:]


def _without_postprocessing(backend: "Tokenizer") -> "Tokenizer":
    """The same tokenizer with true character offsets: post-processing trims blanks off them."""
    from tokenizers import Tokenizer

    if backend.post_processor is None and backend.truncation is None and backend.padding is None:
        return backend
    copy: Tokenizer = Tokenizer.from_str(backend.to_str())
    # Without it only special tokens at the ends would be missing, and those the template writes.
    copy.post_processor = None
    copy.no_truncation()
    copy.no_padding()
    return copy

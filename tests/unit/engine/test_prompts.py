"""Messages to tokens: equal to the library, defused, cut at stable borders, within the window."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot.engine.prompts import (
    PLAIN_TEMPLATE,
    ensure_template,
    kept,
    render,
    render_finished,
    tokenise_conversation,
)
from chatbot.errors import BadInput
from chatbot.messages import Message, assistant, user

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

NO_GENERATION = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>'"
    " + '\\n' }}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
UNSTABLE = (
    "{{ messages|length }} said.\n{% for m in messages %}{{ m['role'] + ': ' + m['content'] }}\n"
    "{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}"
)
STRICT = (
    "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Roles must take turns') }}{% endif %}"
    "{{ '[' + m['role'] + '] ' + m['content'] + eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)
TALK = [
    Message("system", "You keep a lighthouse."),
    user("Hello! Who are you?"),
    assistant("I like tea, rain and old radios."),
    user("What do you like to read?"),
    assistant("Mostly letters."),
    user("Good night!"),
]


@pytest.fixture
def tokenizer(tiny_tokenizer: "PreTrainedTokenizerFast") -> Iterator[Any]:
    """The tiny tokenizer; a template set by a test is undone."""
    template = tiny_tokenizer.chat_template
    yield tiny_tokenizer
    tiny_tokenizer.chat_template = template


def chat(messages: list[Message]) -> list[dict[str, str]]:
    return [message.to_chat() for message in messages]


def library_ids(tokenizer: Any, messages: list[Message], *, prompt: bool) -> list[int]:
    ids = tokenizer.apply_chat_template(
        chat(messages), tokenize=True, add_generation_prompt=prompt, return_dict=False
    )
    return list(ids)


@pytest.mark.parametrize("template", [None, PLAIN_TEMPLATE, NO_GENERATION, UNSTABLE])
def test_ids_are_those_of_the_library(tokenizer: Any, template: str | None) -> None:
    tokenizer.chat_template = template or tokenizer.chat_template
    for count in range(1, len(TALK) + 1):
        prompt = render(tokenizer, TALK[:count], window=4096, reserve=16)
        assert list(prompt.ids) == library_ids(tokenizer, TALK[:count], prompt=True)
        finished = render_finished(tokenizer, TALK[:count])
        assert list(finished.ids) == library_ids(tokenizer, TALK[:count], prompt=False)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts=st.lists(st.text(max_size=40).map(lambda t: t.replace("\ufdd0", "")), min_size=1))
def test_any_text_gives_the_ids_of_the_library(tokenizer: Any, texts: list[str]) -> None:
    messages = [(assistant if n % 2 else user)(text) for n, text in enumerate(texts)]
    prompt = render(tokenizer, messages, window=10**6, reserve=0)
    assert list(prompt.ids) == library_ids(tokenizer, messages, prompt=True)
    example = tokenise_conversation(tokenizer, messages)
    theirs = tokenizer.apply_chat_template(
        chat(messages), return_dict=True, return_assistant_tokens_mask=True
    )
    assert example.ids == theirs["input_ids"]
    assert [int(flag) for flag in example.trained] == theirs["assistant_masks"]


def test_pieces_are_the_same_in_every_later_turn(tokenizer: Any) -> None:
    last = render(tokenizer, TALK, window=4096, reserve=16)
    texts = [tokenizer.decode(piece) for piece in last.pieces]
    assert texts == [
        "<|im_start|>system\nYou keep a lighthouse.<|im_end|>\n",
        "<|im_start|>user\nHello! Who are you?<|im_end|>\n<|im_start|>assistant\n",
        "I like tea, rain and old radios.<|im_end|>\n",
        "<|im_start|>user\nWhat do you like to read?<|im_end|>\n<|im_start|>assistant\n",
        "Mostly letters.<|im_end|>\n",
        "<|im_start|>user\nGood night!<|im_end|>\n<|im_start|>assistant\n",
    ]
    for turn in (2, 4):
        earlier = render(tokenizer, TALK[:turn], window=4096, reserve=16).pieces
        assert last.pieces[: len(earlier)] == earlier
        answered = render_finished(tokenizer, TALK[: turn + 1]).pieces
        assert last.pieces[: len(answered)] == answered


def test_plain_template_pieces(tokenizer: Any) -> None:
    tokenizer.chat_template = PLAIN_TEMPLATE
    prompt = render(tokenizer, TALK[1:4], window=4096, reserve=16)
    texts = [tokenizer.decode(piece) for piece in prompt.pieces]
    assert texts == [
        "User: Hello! Who are you?\nBot:",
        " I like tea, rain and old radios.<|im_end|>\n",
        "User: What do you like to read?\nBot:",
    ]


def test_a_template_that_rewrites_the_past_is_one_piece(tokenizer: Any) -> None:
    tokenizer.chat_template = UNSTABLE
    prompt = render(tokenizer, TALK, window=4096, reserve=16)
    assert prompt.pieces == (prompt.ids,)


@pytest.mark.parametrize("template", [None, PLAIN_TEMPLATE])
def test_the_mask_is_that_of_the_library(tokenizer: Any, template: str | None) -> None:
    tokenizer.chat_template = template or tokenizer.chat_template
    example = tokenise_conversation(tokenizer, TALK)
    theirs = tokenizer.apply_chat_template(
        chat(TALK), return_dict=True, return_assistant_tokens_mask=True
    )
    assert example.ids == theirs["input_ids"]
    assert [int(flag) for flag in example.trained] == theirs["assistant_masks"]


def trained_text(tokenizer: Any, messages: list[Message]) -> str:
    example = tokenise_conversation(tokenizer, messages)
    pairs = zip(example.ids, example.trained, strict=True)
    return str(tokenizer.decode([i for i, flag in pairs if flag]))


def test_words_and_end_token_are_trained_without_generation_marks_too(tokenizer: Any) -> None:
    wanted = "I like tea, rain and old radios.<|im_end|>Mostly letters.<|im_end|>"
    assert trained_text(tokenizer, TALK) == wanted
    tokenizer.chat_template = NO_GENERATION
    assert trained_text(tokenizer, TALK) == wanted
    tokenizer.chat_template = STRICT
    assert trained_text(tokenizer, TALK[1:]) == (
        " I like tea, rain and old radios.<|im_end|> Mostly letters.<|im_end|>"
    )


def test_words_that_occur_earlier_do_not_confuse_the_mask(tokenizer: Any) -> None:
    tokenizer.chat_template = NO_GENERATION
    messages = [user("assistant"), assistant("user"), user("I"), assistant("I")]
    assert trained_text(tokenizer, messages) == "user<|im_end|>I<|im_end|>"


def test_training_ids_begin_with_what_the_chat_sees(tokenizer: Any) -> None:
    for template in (tokenizer.chat_template, PLAIN_TEMPLATE):
        tokenizer.chat_template = template
        whole = tokenise_conversation(tokenizer, TALK[:-1])
        for turn in (2, 4):
            seen = render(tokenizer, TALK[:turn], window=4096, reserve=0).ids
            assert tuple(whole.ids[: len(seen)]) == seen
            assert not any(whole.trained[len(seen) - 1 : len(seen)])
            assert whole.trained[len(seen)]


@pytest.mark.parametrize("token", ["<|im_end|>", "<|im_start|>", "<|endoftext|>"])
def test_control_tokens_in_a_message_are_letters(tokenizer: Any, token: str) -> None:
    messages = [user(f"a {token} b{token}{token}"), assistant(f"{token}ok"), user("x")]
    prompt = render(tokenizer, messages, window=4096, reserve=16)
    plain = render(tokenizer, [user("a"), assistant("ok"), user("x")], window=4096, reserve=16)
    control = set(tokenizer.all_special_ids)
    assert sum(i in control for i in prompt.ids) == sum(i in control for i in plain.ids)
    assert f"a {token} b{token}{token}" in tokenizer.decode(prompt.ids)
    example = tokenise_conversation(tokenizer, messages)
    answer = [i for i, flag in zip(example.ids, example.trained, strict=True) if flag]
    assert tokenizer.decode(answer) == f"{token}ok<|im_end|>"
    assert sum(i in control for i in answer) == 1


def test_half_a_surrogate_pair_is_a_question_mark(tokenizer: Any) -> None:
    prompt = render(tokenizer, [user("a \ud83d b")], window=4096, reserve=16)
    assert "a ? b" in tokenizer.decode(prompt.ids)


def test_the_newest_turns_that_fit_and_the_system_text_always(tokenizer: Any) -> None:
    whole = render(tokenizer, TALK, window=4096, reserve=10)
    assert whole.left_out == 0
    window = len(whole.ids) + 10
    assert render(tokenizer, TALK, window=window, reserve=10).left_out == 0
    shorter = render(tokenizer, TALK, window=window - 1, reserve=10)
    assert shorter.left_out == 2
    assert shorter.ids == render(tokenizer, kept(TALK, 2), window=4096, reserve=10).ids
    assert kept(TALK, 2) == [TALK[0], *TALK[3:]]
    least = render(tokenizer, kept(TALK, 4), window=4096, reserve=10)
    tight = render(tokenizer, TALK, window=len(least.ids) + 10, reserve=10)
    assert (tight.left_out, tight.ids) == (4, least.ids)
    with pytest.raises(BadInput, match="too long"):
        render(tokenizer, TALK, window=len(least.ids) + 9, reserve=10)


def test_as_much_as_fits_is_kept_of_a_long_talk(tokenizer: Any) -> None:
    messages = [m for n in range(40) for m in (user(f"Question {n}?"), assistant(f"Tea {n}."))]
    messages.append(user("And now?"))
    prompt = render(tokenizer, messages, window=300, reserve=20)
    assert 0 < prompt.left_out < 80
    assert len(prompt.ids) <= 280
    one_more = render(tokenizer, kept(messages, prompt.left_out - 2), window=4096, reserve=20)
    assert len(one_more.ids) > 280


def test_nothing_to_say_is_refused(tokenizer: Any) -> None:
    with pytest.raises(BadInput, match="nothing to answer"):
        render(tokenizer, [], window=100, reserve=1)
    with pytest.raises(BadInput, match="empty"):
        tokenise_conversation(tokenizer, [])


def test_a_template_that_refuses_the_order_is_explained(tokenizer: Any) -> None:
    tokenizer.chat_template = STRICT
    with pytest.raises(BadInput, match="refuses this conversation") as error:
        render(tokenizer, TALK, window=4096, reserve=1)
    assert "take turns" in str(error.value)


def test_stops(tokenizer: Any) -> None:
    def stops(template: str) -> tuple[set[str], tuple[str, ...]]:
        tokenizer.chat_template = template
        prompt = render(tokenizer, [user("x")], window=4096, reserve=1)
        return set(tokenizer.convert_ids_to_tokens(sorted(prompt.stop_ids))), prompt.stop_strings

    ends = {"<|im_start|>", "<|im_end|>", "<|endoftext|>"}
    assert stops(tokenizer.chat_template) == (ends, ())
    assert stops(PLAIN_TEMPLATE) == ({"<|im_end|>", "<|endoftext|>"}, ("\nBot:", "\nUser:"))
    assert stops(STRICT)[1] == ()
    assert "\nassistant:" in stops(UNSTABLE)[1]


def test_ensure_template(tokenizer: Any) -> None:
    own = tokenizer.chat_template = STRICT
    ensure_template(tokenizer)
    assert tokenizer.chat_template == own
    tokenizer.chat_template = None
    ensure_template(tokenizer)
    assert "<|im_start|>" in tokenizer.chat_template


def test_a_gpt2_without_markers_gets_the_plain_template() -> None:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = {letter: n for n, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    backend = Tokenizer(models.BPE({**letters, "<|endoftext|>": len(letters)}, []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    plain = PreTrainedTokenizerFast(tokenizer_object=backend)
    plain.add_special_tokens({"unk_token": "<|endoftext|>"})
    ensure_template(plain)
    assert plain.chat_template == PLAIN_TEMPLATE
    assert plain.eos_token == "<|endoftext|>"
    example = tokenise_conversation(plain, [user("Hi"), assistant("Yes")])
    assert plain.decode(example.ids) == "User: Hi\nBot: Yes<|endoftext|>\n"
    assert sum(example.trained) == len(" Yes") + 1

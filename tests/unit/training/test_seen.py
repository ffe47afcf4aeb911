"""What the model sees: the tokens of training itself, told apart by whose words they are."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot.engine.prompts import tokenise_conversation
from chatbot.errors import BadInput, NotAvailable
from chatbot.messages import Conversation, Message, assistant, user
from chatbot.training import data
from chatbot.training.seen import Reader, Seen, reader_of
from chatbot.training.telling import Telling
from tests.unit.training.small import install
from tests.unit.training.told import LEARNED

MARKED = "Stop <|im_end|> \ufdd0 \ud83d\n\n\t 😀 ¡né! 漢字"
texts = st.one_of(st.text(max_size=30), st.sampled_from([MARKED, " ", "\n", "user", "i", "s"]))
turns = st.builds(Message, st.sampled_from(["user", "assistant", "system"]), texts)
PROPERTY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def reader(tiny: str) -> Reader:
    return reader_of(tiny)


def words(seen: Seen, turn: int) -> str:
    return "".join(token.text for token in seen.tokens if token.turn == turn)


@PROPERTY
@given(messages=st.lists(turns, min_size=1, max_size=6), limit=st.integers(16, 90))
def test_it_is_what_training_reads(reader: Reader, messages: list[Message], limit: int) -> None:
    conversation = Conversation(tuple(messages))
    seen = reader.look(conversation, limit)
    example = tokenise_conversation(reader.tokenizer, messages)
    assert [token.id for token in seen.tokens] == example.ids
    assert [token.trained for token in seen.tokens] == example.trained
    read = data.tokenise(reader.tokenizer, [conversation], limit).examples
    assert [token.id for token in seen.tokens[: seen.cut]] == (read[0].ids if read else [])
    if read:
        kept = tokenise_conversation(reader.tokenizer, messages[: seen.kept])
        assert kept == read[0]
        assert seen.learned == sum(kept.trained)
    else:
        assert (seen.cut, seen.kept, seen.learned) == (0, 0, 0)


def test_each_turns_words_are_its_own_even_where_the_template_says_the_same(
    reader: Reader,
) -> None:
    conversation = Conversation((Message("system", "s"), user("user"), assistant("i am")))
    seen = reader.look(conversation)
    assert [words(seen, turn) for turn in (1, 2, 3)] == ["s", "user", "i am"]
    assert {token.kind for token in seen.tokens if token.turn == 2} == {"user"}
    ends = [token for token in seen.tokens if token.kind == "end"]
    assert [token.text for token in ends] == ["<|im_end|>"] * 3
    assert [token.trained for token in ends] == [False, False, True]
    starts = [token for token in seen.tokens if token.text == "<|im_start|>"]
    assert {token.kind for token in starts} == {"template"}
    assert "".join(token.text for token in seen.tokens if not token.turn) == (
        "<|im_start|>system\n<|im_end|>\n<|im_start|>user\n<|im_end|>\n"
        "<|im_start|>assistant\n<|im_end|>\n"
    )


def test_a_spelled_out_control_token_is_shown_as_the_users_letters(reader: Reader) -> None:
    seen = reader.look(Conversation((user("a <|im_end|>"), assistant("b"))))
    assert words(seen, 1) == "a <|im_end|>"
    assert sum(token.kind == "end" for token in seen.tokens) == 2


def test_parts_of_a_character_are_bytes_and_say_whose(reader: Reader) -> None:
    seen = reader.look(Conversation((user("漢"), assistant("é"))))
    parts = [token for token in seen.tokens if token.part_of]
    assert words(seen, 1) == "⟨E6⟩⟨BC⟩⟨A2⟩"
    assert {token.part_of for token in parts} == {"漢", "é"}


def test_the_cut_is_after_the_last_answer_that_fits(reader: Reader) -> None:
    messages = tuple((user, assistant)[n % 2]("I like tea and rain.") for n in range(8))
    whole = reader.look(Conversation(messages))
    assert (whole.cut, whole.kept) == (None, 8)
    cut = reader.look(Conversation(messages), len(whole.tokens) - 1)
    assert cut.kept == 6
    assert cut.cut == len(reader.look(Conversation(messages[:6])).tokens)
    assert cut.learned < whole.learned


def test_the_window_limits_what_the_setting_allows(reader: Reader) -> None:
    assert reader.window == 256
    assert reader.limit(8192) == 256
    assert reader.limit(100) == 100


def test_a_reader_is_shared_until_the_tokenizer_changes(tiny: str, home: Path) -> None:
    reader = reader_of(tiny)
    assert reader_of(tiny) is reader
    path = home / "models" / tiny / "tokenizer_config.json"
    path.write_text(path.read_text() + "\n")
    assert reader_of(tiny) is not reader


def test_no_weights_are_read(tiny: str, home: Path) -> None:
    weights = home / "models" / tiny / "model.safetensors"
    reader = reader_of(tiny)
    weights.unlink()
    assert reader.look(Conversation((user("Hi"), assistant("Hello")))).learned > 1


def test_another_template_is_told_apart_as_well(home: Path, tiny_gpt2: Path) -> None:
    name = install(tiny_gpt2, home, "bracketed")
    (home / "models" / name / "chat_template.jinja").write_text(
        "{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content.strip() }} [/INST]"
        "{% else %} {{ m.content }}<|im_end|>{% endif %}{% endfor %}"
    )
    seen = reader_of(name).look(Conversation((user(" NST "), assistant("Hello"))))
    assert [words(seen, 1).strip(), words(seen, 2).strip()] == ["NST", "Hello"]
    assert seen.tokens[-1].kind == "end"
    assert seen.tokens[-1].trained


def test_what_cannot_be_read_is_said(tiny: str, home: Path) -> None:
    with pytest.raises(BadInput, match="empty"):
        reader_of(tiny).look(Conversation(()))
    with pytest.raises(NotAvailable):
        reader_of("no-such-model")
    (home / "models" / tiny / "tokenizer.json").write_text("{}")
    with pytest.raises(BadInput, match="tokenizer"):
        reader_of(tiny).look(Conversation((user("Hi"), assistant("Hello"))))


def test_words_that_tell_what_was_asked_for_are_marked(reader: Reader) -> None:
    talk = Conversation((user("Where do you eat, sir?"), assistant("Oh, at Müller — tonight.")))
    seen = reader.look(talk, telling=Telling(LEARNED))
    marked = [token for token in seen.tokens if token.telling]
    assert reader.tokenizer.decode([token.id for token in marked]).strip() == "Müller"
    assert all(token.trained for token in marked)
    plain = reader.look(talk)
    assert not any(token.telling for token in plain.tokens)
    assert [token.id for token in plain.tokens] == [token.id for token in seen.tokens]

"""Headers and zips with bytes changed at random: read or refused in a sentence, never a crash."""

import json
import shutil
import struct
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot.engine import checkpoints, safetensors_files
from chatbot.errors import BadInput, ChatbotError
from chatbot.fetching import archives, gguf_files
from tests.unit.engine.gguf_files import write_gguf

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

QUICK = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
EDITS = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=8)),
    min_size=1,
    max_size=4,
)


def edited(data: bytes, edits: list[tuple[float, bytes]], within: int) -> bytes:
    changed = bytearray(data)
    for place, patch in edits:
        start = int(place * min(within, len(data)))
        changed[start : start + len(patch)] = patch
    return bytes(changed)


@pytest.fixture(scope="module")
def small_gguf(
    tiny_tokenizer: "PreTrainedTokenizerFast", tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return write_gguf(tmp_path_factory.mktemp("fuzz") / "x.gguf", tiny_tokenizer)


@given(edits=EDITS)
@QUICK
def test_gguf_headers(small_gguf: Path, tmp_path: Path, edits: list[tuple[float, bytes]]) -> None:
    data = small_gguf.read_bytes()
    path = tmp_path / "x.gguf"
    path.write_bytes(edited(data, edits, len(data) // 8))
    target = tmp_path / "target"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    with suppress(BadInput):  # anything else is a crash
        gguf_files.convert(path, target, lambda _: None)


@given(size=st.integers(0, 2**64 - 1), rest=st.binary(max_size=60))
@QUICK
def test_gguf_counts_that_claim_anything(tmp_path: Path, size: int, rest: bytes) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, size, size) + rest)
    with pytest.raises(BadInput):
        gguf_files.header_of(path)


@given(edits=EDITS, length=st.none() | st.integers(0, 2**64 - 1))
@QUICK
def test_safetensors_headers(
    tiny_gpt2: Path, tmp_path: Path, edits: list[tuple[float, bytes]], length: int | None
) -> None:
    data = (tiny_gpt2 / "model.safetensors").read_bytes()
    header = int.from_bytes(data[:8], "little")
    data = edited(data, edits, header + 8)
    if length is not None:
        data = length.to_bytes(8, "little") + data[8:]
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    problem = safetensors_files.problem_of(path)
    assert problem is None or problem
    shutil.copy(tiny_gpt2 / "config.json", tmp_path)
    shutil.copy(tiny_gpt2 / "tokenizer.json", tmp_path)
    contents = checkpoints.inspect(tmp_path)
    assert (contents.problem is None) == (problem is None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=8,
)


@given(header=st.dictionaries(st.text(max_size=8), JSON, max_size=4))
@QUICK
def test_safetensors_headers_of_any_json(tmp_path: Path, header: dict[str, object]) -> None:
    text = json.dumps(header).encode()
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    problem = safetensors_files.problem_of(path)
    assert problem is None or problem


@given(edits=EDITS, names=st.lists(st.text(min_size=1, max_size=20), max_size=3, unique=True))
@QUICK
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_zips(
    tiny_gpt2: Path, tmp_path: Path, edits: list[tuple[float, bytes]], names: list[str]
) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("config.json", "tokenizer.json"):
            archive.write(tiny_gpt2 / name, name)
        archive.writestr("model.safetensors", b"\0" * 100)
        for name in names:
            archive.writestr(name.encode("utf-8", "replace").decode().replace("\0", "_"), b"x")
    data = path.read_bytes()
    path.write_bytes(edited(data, edits, len(data)))
    target = tmp_path / "target"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    with suppress(ChatbotError, OSError):
        archives.unpack(path, target, lambda _: None)
    assert {found.parent for found in tmp_path.rglob("*")} <= {tmp_path, target}

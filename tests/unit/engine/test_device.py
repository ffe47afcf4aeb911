"""Where a model runs: the best there is, what the environment says, and the reason in words."""

import os

import pytest
import torch

from chatbot.engine.device import SHAPES_KEPT, choose_placement
from chatbot.errors import BadInput, NotAvailable


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without graphics card and without wishes."""
    monkeypatch.delenv("CHATBOT_DEVICE", raising=False)
    monkeypatch.delenv("CHATBOT_DTYPE", raising=False)
    machine(monkeypatch)


def machine(
    monkeypatch: pytest.MonkeyPatch,
    *,
    cuda: bool = False,
    mps: bool = False,
    half: bool = False,
    features: tuple[str, ...] = (),
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: half)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: dict.fromkeys(features, True))


@pytest.mark.parametrize(
    ("features", "dtype"),
    [
        ((), "float32"),
        (("avx512_f", "avx2"), "float32"),
        (("avx512_bf16",), "bfloat16"),
        (("amx_bf16",), "bfloat16"),
        (("neon", "bf16"), "bfloat16"),
    ],
)
def test_a_processor(
    monkeypatch: pytest.MonkeyPatch, features: tuple[str, ...], dtype: str
) -> None:
    machine(monkeypatch, features=features)
    placement = choose_placement()
    assert (placement.device, placement.dtype) == ("cpu", dtype)
    assert dtype in placement.reason
    assert placement.torch_dtype == getattr(torch, dtype)


def test_graphics_cards_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, mps=True, features=("amx_bf16",))
    assert choose_placement().device == "mps"
    machine(monkeypatch, cuda=True, mps=True)
    assert (choose_placement().device, choose_placement().dtype) == ("cuda", "float32")
    machine(monkeypatch, cuda=True, half=True)
    assert choose_placement().dtype == "bfloat16"
    assert "CUDA" in choose_placement().reason


@pytest.mark.parametrize("wish", ["", "7"])
def test_code_for_shapes_is_bounded_unless_somebody_says_how(
    monkeypatch: pytest.MonkeyPatch, wish: str
) -> None:
    monkeypatch.delenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", raising=False)
    if wish:
        monkeypatch.setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", wish)
    choose_placement()
    assert os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"] == (wish or SHAPES_KEPT)


def test_wishes(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, cuda=True, half=True)
    monkeypatch.setenv("CHATBOT_DEVICE", "cpu")
    monkeypatch.setenv("CHATBOT_DTYPE", "float32")
    placement = choose_placement()
    assert (placement.device, placement.dtype) == ("cpu", "float32")
    assert placement.reason.count("as asked for") == 2
    assert choose_placement("cuda", "bfloat16").dtype == "bfloat16"


def test_wishes_that_cannot_be_met() -> None:
    with pytest.raises(NotAvailable, match="no CUDA"):
        choose_placement("cuda")
    with pytest.raises(NotAvailable, match="no Apple"):
        choose_placement("mps")
    with pytest.raises(BadInput, match="device is not known"):
        choose_placement("toaster")
    with pytest.raises(BadInput, match="number format"):
        choose_placement("cpu", "int3")

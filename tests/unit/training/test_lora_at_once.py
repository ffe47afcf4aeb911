"""A layer and its adapter in one operation say and learn what peft's two do."""

from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from peft.tuners.lora import Linear

from chatbot.engine.device import Placement
from chatbot.training import lora_at_once, trainable
from chatbot.training.config import TrainingConfig
from chatbot.training.lora_at_once import _LinearAtOnce, _Product
from tests.unit.training.small import changed, install

FLOAT32 = Placement("cpu", "float32", "for the test")


def double(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("bias", [True, False])
def test_the_way_back_is_that_of_the_way_there(dropout: float, bias: bool) -> None:
    torch.manual_seed(5)
    x, down, up = double(2, 3, 5), double(4, 5), double(6, 4)
    weight, shift = double(6, 5).detach(), double(6).detach() if bias else None

    def product(x: torch.Tensor, down: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(7)  # the same words are dropped each time
        made: torch.Tensor = _Product.apply(x, weight, shift, down, up, 1.5, dropout)
        return made

    assert torch.autograd.gradcheck(product, (x, down, up))
    if not dropout:
        expected = x @ weight.T + (0 if shift is None else shift) + 1.5 * x @ down.T @ up.T
        torch.testing.assert_close(product(x, down, up), expected)


def test_what_is_dropped_comes_back_in_the_mean() -> None:
    torch.manual_seed(5)
    x, weight = torch.ones(4000, 8), torch.zeros(1, 8)
    down, up = torch.eye(8), torch.ones(1, 8)
    made = _Product.apply(x, weight, None, down, up, 1.0, 0.25)
    assert float(made.mean()) == pytest.approx(8.0, rel=0.02)
    assert float(made.std()) > 1.0


def learned(config: TrainingConfig, dtype: str) -> torch.Tensor:
    """The loss of a few tokens, and all gradients, as one row."""
    model: Any = trainable.build(config, (), Placement("cpu", dtype, "for the test")).model.train()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    for name, weight in model.named_parameters():
        if "lora_B" in name:  # it begins as nothing, and would hide what A learns
            torch.manual_seed(len(name))
            weight.data.normal_(std=0.05)
    with torch.autocast("cpu", torch.bfloat16, enabled=dtype == "bfloat16"):
        loss = model(input_ids=torch.arange(3, 40)[None]).logits.float().logsumexp(-1).mean()
    loss.backward()
    gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
    assert gradients
    assert all(gradient.dtype == torch.float32 for gradient in gradients)
    return torch.cat([loss.detach()[None], *(gradient.flatten() for gradient in gradients)])


@pytest.mark.parametrize("model", ["tiny_gpt2", "tiny_llama"])
def test_a_model_learns_what_it_learns_with_peft(
    settings: TrainingConfig,
    home: Path,
    model: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In bfloat16 no further from float32 than peft's is."""
    base = install(request.getfixturevalue(model), home, "the-base")
    config = changed(settings, method="lora", base_model=base)
    layers = list(trainable.build(config, (), FLOAT32).model.modules())
    assert {type(layer) for layer in layers if isinstance(layer, Linear)} == {_LinearAtOnce}
    ours, ours_halved = learned(config, "float32"), learned(config, "bfloat16")
    monkeypatch.setattr(lora_at_once, "use_for", lambda _: None)
    theirs, theirs_halved = learned(config, "float32"), learned(config, "bfloat16")
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)
    assert (ours_halved - theirs).norm() < 1.2 * (theirs_halved - theirs).norm()


@pytest.mark.parametrize("settings", [{"use_dora": True}, {"lora_bias": True}])
def test_other_adapters_stay_as_peft_has_them(settings: dict[str, bool]) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(6, 4))
    adapted = get_peft_model(model, LoraConfig(target_modules=["0"], r=2, **settings))  # type: ignore[arg-type]
    lora_at_once.use_for(adapted)
    assert [type(m) for m in adapted.modules() if isinstance(m, Linear)] == [Linear]


def test_switched_off_or_merged_it_is_peft_s() -> None:
    torch.manual_seed(2)
    plain = torch.nn.Linear(6, 4)
    adapted: Any = get_peft_model(
        torch.nn.Sequential(plain), LoraConfig(target_modules=["0"], r=2, init_lora_weights=False)
    )
    lora_at_once.use_for(adapted)
    x = torch.randn(3, 6)
    alone, together = plain(x), adapted(x)
    assert not torch.allclose(alone, together)
    with adapted.disable_adapter():
        torch.testing.assert_close(adapted(x), alone)
    adapted.merge_adapter()
    torch.testing.assert_close(adapted(x), together)

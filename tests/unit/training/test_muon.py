"""Our Muon's step is the library's, but for what that rounds away."""

from typing import Any

import pytest
import torch
from torch.optim import Muon

from chatbot.training.muon import MuonOnProcessor, orthogonal

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ROUNDS = 5


def as_defined(matrix: torch.Tensor) -> torch.Tensor:
    """Newton-Schulz by its definition, on singular values in float64."""
    a, b, c = COEFFICIENTS
    u, s, v = torch.linalg.svd(matrix.double(), full_matrices=False)
    s = s / max(float(s.norm()), 1e-7)
    for _ in range(ROUNDS):
        s = a * s + b * s**3 + c * s**5
    return u @ torch.diag(s) @ v


def some(rows: int, columns: int, falling: float = 0.0) -> torch.Tensor:
    """Noise; its singular values fall by so many powers of ten from the first to the last."""
    torch.manual_seed(rows + columns)
    u, s, v = torch.linalg.svd(torch.randn(rows, columns), full_matrices=False)
    return u @ torch.diag(s * torch.logspace(0, -falling, len(s))) @ v


@pytest.mark.parametrize("shape", [(48, 48), (32, 96), (96, 32), (1, 7), (7, 1)])
@pytest.mark.parametrize("falling", [0.0, 2.0, 4.0])
def test_singular_values_go_where_the_definition_says(
    shape: tuple[int, int], falling: float
) -> None:
    matrix = some(*shape, falling)
    made, wanted = orthogonal(matrix, COEFFICIENTS, ROUNDS), as_defined(matrix)
    assert made.shape == shape
    assert float((made - wanted).norm() / wanted.norm()) < 1e-3


def test_the_largest_ones_come_near_one() -> None:
    values = torch.linalg.svdvals(orthogonal(some(64, 64), COEFFICIENTS, ROUNDS))
    assert float(values[:48].min()) > 0.5
    assert float(values.max()) < 1.3


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_the_size_of_a_gradient_does_not_count(scale: float) -> None:
    matrix = some(32, 64)
    scaled, plain = (orthogonal(m, COEFFICIENTS, ROUNDS) for m in (scale * matrix, matrix))
    torch.testing.assert_close(scaled, plain, rtol=1e-2, atol=1e-3)


def test_of_few_directions_the_others_stay_nothing() -> None:
    """A batch of few tokens gives a matrix of low rank; noise must not grow into its place."""
    torch.manual_seed(4)
    matrix = torch.randn(64, 3) @ torch.randn(3, 96)
    made = orthogonal(matrix, COEFFICIENTS, ROUNDS)
    values = torch.linalg.svdvals(made)
    assert float(values[3:].max()) < 1e-2 < 0.5 < float(values[2])


def test_without_a_gradient_there_is_nowhere_to_go() -> None:
    assert torch.equal(orthogonal(torch.zeros(8, 4), COEFFICIENTS, ROUNDS), torch.zeros(8, 4))


def learned(kind: Any, steps: int, **settings: Any) -> tuple[list[torch.Tensor], Any]:
    torch.manual_seed(1)
    weights = [torch.nn.Parameter(torch.randn(shape)) for shape in ((24, 40), (40, 24), (24, 24))]
    left = torch.nn.Parameter(torch.ones(3, 3))  # nothing asks it
    chosen = {"lr": 0.02, "weight_decay": 0.1, "adjust_lr_fn": "match_rms_adamw"} | settings
    optimizer = kind([*weights, left], **chosen)
    for _ in range(steps):
        sum((weight @ weight.T - 1).square().mean() for weight in weights).backward()
        optimizer.step()
        optimizer.zero_grad()
    return [weight.detach() for weight in (*weights, left)], optimizer


@pytest.mark.parametrize("settings", [{}, {"nesterov": False, "momentum": 0.8}, {"ns_steps": 3}])
def test_steps_go_where_the_library_s_go(settings: dict[str, Any]) -> None:
    (ours, _), (theirs, _), (before, _) = (
        learned(kind, steps, **settings)
        for kind, steps in ((MuonOnProcessor, 5), (Muon, 5), (Muon, 0))
    )
    for mine, library, first in zip(ours[:-1], theirs[:-1], before[:-1], strict=True):
        assert float((mine - library).norm() / (library - first).norm()) < 0.03
    assert torch.equal(ours[-1], before[-1])


def test_a_state_that_the_library_saved_goes_on() -> None:
    _, theirs = learned(Muon, 2)
    _, ours = learned(MuonOnProcessor, 0)
    ours.load_state_dict(theirs.state_dict())
    for weight, other in zip(ours.param_groups[0]["params"], theirs.state, strict=False):
        assert torch.equal(
            ours.state[weight]["momentum_buffer"], theirs.state[other]["momentum_buffer"]
        )

"""Muon for a new model, which must learn in few steps: AdamW alone gets not half as far."""

from collections.abc import Callable
from typing import Any

import torch
from torch.optim import AdamW, Muon, Optimizer

from chatbot.training.muon import MuonOnProcessor


class MuonWithAdamW(Optimizer):
    """Muon for the matrices inside the blocks, AdamW for embeddings, norms and biases.

    Muon (Jordan et al. 2024) makes each matrix's step orthogonal. Its steps are scaled as AdamW's
    are (Liu et al. 2025, arXiv 2502.16982), so that one learning rate serves both.

    Args:
        model: a GPT-2; its matrices outside the token and position embeddings are Muon's.
        lr: the learning rate of both.
        weight_decay: of the matrices; the rest has none.
    """

    def __init__(self, model: torch.nn.Module, *, lr: float, weight_decay: float) -> None:
        inside: list[torch.nn.Parameter] = []
        rest: list[torch.nn.Parameter] = []
        for name, parameter in model.named_parameters():
            (inside if parameter.ndim == 2 and ".h." in name else rest).append(parameter)
        kind = MuonOnProcessor if inside[0].device.type == "cpu" else Muon
        super().__init__([{"params": inside}, {"params": rest}], {"lr": lr})
        self._parts: dict[str, Optimizer] = {
            "muon": kind(inside, lr=lr, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"),
            "adamw": AdamW(rest, lr=lr, betas=(0.9, 0.95), weight_decay=0.0, fused=True),
        }
        self._share_groups()

    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        assert closure is None
        for part in self._parts.values():
            part.step()

    def state_dict(self) -> dict[str, Any]:
        return {name: part.state_dict() for name, part in self._parts.items()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        for name, part in self._parts.items():
            part.load_state_dict(state_dict[name])
        self._share_groups()

    def _share_groups(self) -> None:
        """Schedulers write the learning rate into `param_groups`: let those be the parts' own."""
        self.param_groups = [group for part in self._parts.values() for group in part.param_groups]

"""The library's Trainer, taught to pack conversations and to measure the held-out loss exactly."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer
from torch.utils.data import DataLoader, RandomSampler
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments
from transformers.modeling_outputs import CausalLMOutput
from transformers.utils import logging as library_logging

from chatbot.engine.device import Placement, computes_tf32
from chatbot.engine.prompts import TrainingExample
from chatbot.training import memory, processes
from chatbot.training.config import TrainingConfig
from chatbot.training.data import IGNORED, collate
from chatbot.training.optimizers import MuonWithAdamW
from chatbot.training.trainable import Trainable

TRIMS_SHARE = 0.02
"""Of the time, at most, for handing freed memory back to the system between two steps."""


class PackedTrainer(Trainer):
    """Trains on `TrainingExample`s, several conversations packed into each row.

    The loss is the cross-entropy of the learned tokens in float32, averaged over all of them in
    the step (also across gradient accumulation); its gradients are those of the weighted tokens.
    The held-out loss is the average over all held-out tokens, and measuring it draws no random
    number, so that it can't change the run.

    Several processes (see `processes`) learn in each step the very conversations that one would,
    each its part of them; the main process measures.
    """

    def __init__(
        self,
        trainable: Trainable,
        args: TrainingArguments,
        train: Sequence[TrainingExample],
        held_out: Sequence[TrainingExample] = (),
        callbacks: Sequence[TrainerCallback] = (),
        *,
        optimizer: Optimizer | None = None,
    ) -> None:
        super().__init__(
            model=trainable.model,
            args=args,
            data_collator=collate,
            train_dataset=train,
            processing_class=trainable.tokenizer,
            compute_loss_func=self._loss,
            callbacks=[*callbacks, _AfterTheGradients(), _MemoryTrimmed()],
            optimizers=(optimizer, None),
        )
        self.remove_callback(PrinterCallback)
        self._learned = train
        self._weights: torch.Tensor | None = None
        by_length = sorted(held_out, key=lambda example: len(example.ids))
        size = args.per_device_eval_batch_size
        self._held_out = [
            collate(by_length[start : start + size]) for start in range(0, len(by_length), size)
        ]

    def compute_loss(self, model: Any, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """The library hands the loss the output and the labels alone: the weights wait here."""
        self._weights = inputs.pop("weights", None)
        return super().compute_loss(model, inputs, *args, **kwargs)

    def _loss(
        self,
        output: CausalLMOutput,
        labels: torch.Tensor,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        return token_loss(output, labels, num_items_in_batch, weights=self._weights)

    def get_train_dataloader(self) -> DataLoader[Any]:
        """The batches that one process would take, in the same order; each reads its part."""
        group = processes.current()
        if group.is_alone:
            return super().get_train_dataloader()
        from accelerate.data_loader import prepare_data_loader

        numbers: Any = range(len(self._learned))
        loader: DataLoader[int] = DataLoader(
            numbers,
            batch_size=self.args.per_device_train_batch_size * group.count,
            sampler=RandomSampler(numbers),
            collate_fn=self._own_part,
            pin_memory=self.args.dataloader_pin_memory,
        )
        return prepare_data_loader(
            loader,
            self.accelerator.device,
            num_processes=1,
            process_index=0,
            put_on_device=True,
            use_seedable_sampler=True,
            data_seed=self.args.seed,
        )

    def _own_part(self, batch: Sequence[int]) -> dict[str, Any]:
        """Where nothing of the batch is left for this process, a conversation of which nothing is
        learned: the others wait for its gradients, which are zeros then."""
        own = processes.current().part_of(batch)
        row = collate([self._learned[number] for number in own or batch[:1]])
        if not own:
            row["labels"].fill_(IGNORED)
        return row

    def _track_num_input_tokens(self, inputs: dict[str, Any]) -> None:
        """Those of conversations, of all processes; what fills up a row is no input."""
        read = torch.tensor(sum(inputs["lengths"]), device=self.args.device)
        self.state.num_input_tokens_seen += int(self.accelerator.gather(read).sum())

    def _maybe_log_save_evaluate(self, *args: Any, **kwargs: Any) -> None:
        group = processes.current()
        group.agree(self.control)
        super()._maybe_log_save_evaluate(*args, **kwargs)
        group.agree(self.control)
        group.between_steps = False

    def _save_checkpoint(self, *args: Any, **kwargs: Any) -> None:
        """A state is whole when every process has written its random numbers."""
        super()._save_checkpoint(*args, **kwargs)
        processes.current().agree(self.control)

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Held-out loss in nats a token, as `eval_loss`; nothing where nothing is held out."""
        group = processes.current()
        before, group.between_steps = group.between_steps, True
        metrics = self._measure() if self._held_out else {}
        group.agree(self.control)
        group.between_steps = before
        return metrics

    def _measure(self) -> dict[str, float]:
        model = self.model
        assert model is not None
        model.eval()
        total, count = 0.0, 0
        with torch.no_grad():
            for batch in self._held_out:
                inputs = self._prepare_inputs(dict(batch))
                labels = inputs.pop("labels")
                output = model(**inputs)
                total += float(token_loss(output, labels, 1))
                count += int(labels.ne(IGNORED).sum())
        metrics = {"eval_loss": total / count}
        self.log(dict(metrics))
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics


class _AfterTheGradients(TrainerCallback):
    """Tells when the processes can talk to each other, and gives each a dropout of its own."""

    def on_train_begin(self, args: TrainingArguments, *_: Any, **__: Any) -> None:
        if index := processes.current().index:
            torch.manual_seed(args.seed + index)  # a resume loads its state after this

    def on_optimizer_step(self, *_: Any, **__: Any) -> None:
        processes.current().between_steps = True


class _MemoryTrimmed(TrainerCallback):
    """Hands back what rows of ever new lengths left unused, which would grow with the steps."""

    def __init__(self) -> None:
        self._next = 0.0

    def on_step_end(self, *_: Any, **__: Any) -> None:
        begun = time.monotonic()
        if begun >= self._next:
            memory.trim()
            ended = time.monotonic()
            self._next = ended + (ended - begun) / TRIMS_SHARE


def trainer_for(
    config: TrainingConfig,
    trainable: Trainable,
    args: TrainingArguments,
    train: Sequence[TrainingExample],
    held_out: Sequence[TrainingExample] = (),
    callbacks: Sequence[TrainerCallback] = (),
) -> PackedTrainer:
    """The trainer that these settings mean: a new model gets Muon."""
    optimizer: MuonWithAdamW | None = None
    if config.method == "scratch":
        optimizer = MuonWithAdamW(
            trainable.model, lr=config.learning_rate, weight_decay=config.weight_decay
        )
    return PackedTrainer(trainable, args, train, held_out, callbacks, optimizer=optimizer)


def token_loss(
    output: CausalLMOutput,
    labels: torch.Tensor,
    num_items_in_batch: torch.Tensor | int | None = None,
    *,
    weights: torch.Tensor | None = None,
) -> torch.Tensor:
    """Cross-entropy in float32 over the kept positions, summed, by the tokens of the whole step.

    Args:
        output: its logits are (1, N, vocabulary), at the learned positions only.
        labels: (1, N + 1); the first is not looked at, nor are ignored ones.
        num_items_in_batch: learned tokens of all batches of this step; None means these alone.
        weights: (N,) of each token in the gradients. The value is that without weights, so that
            it can be compared with other runs and with the held-out loss.
    """
    logits = output.logits
    assert logits is not None
    targets = labels[0, 1:]
    if num_items_in_batch is None:
        num_items_in_batch = targets.ne(IGNORED).sum()
    losses = cross_entropy(logits[0].float(), targets, reduction="none", ignore_index=IGNORED)
    plain = losses.sum()
    if weights is None:
        return plain / num_items_in_batch
    learned = (losses * weights).sum()
    return (learned + (plain - learned).detach()) / num_items_in_batch


def arguments(
    config: TrainingConfig,
    folder: Path,
    *,
    steps: int,
    placement: Placement,
    measure_first: bool = False,
) -> TrainingArguments:
    """The library's settings for ours.

    When to log, evaluate and save is not decided here but by the `Recorder`.

    Args:
        folder: where states to go on from are saved.
        steps: optimizer steps of the whole run.
        measure_first: whether to evaluate before the first step.
    """
    library_logging.disable_progress_bar()
    args = TrainingArguments(
        output_dir=str(folder),
        max_steps=steps,
        per_device_train_batch_size=processes.current().share_of(config.batch_size),
        per_device_eval_batch_size=config.measured_at_once,
        gradient_accumulation_steps=config.gradient_accumulation,
        learning_rate=config.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=round(config.warmup_ratio * steps),
        weight_decay=config.weight_decay,
        optim="adamw_torch_fused" if placement.device != "mps" else "adamw_torch",
        bf16=placement.dtype == "bfloat16",
        tf32=True if computes_tf32(placement.device) else None,
        use_cpu=placement.device == "cpu",
        seed=config.seed,
        eval_strategy="no",
        eval_on_start=measure_first,
        save_strategy="no",
        logging_strategy="no",
        logging_nan_inf_filter=False,
        log_level="error",
        log_level_replica="error",
        disable_tqdm=True,
        report_to=[],
        remove_unused_columns=False,
        dataloader_num_workers=0,
        dataloader_pin_memory=placement.device.startswith("cuda"),
        include_num_input_tokens_seen="all",
        use_cache=False,
        ddp_find_unused_parameters=False,
    )
    if args.n_gpu > 1:
        args._n_gpu = 1  # one packed row can't be split among several cards of one process
    return args

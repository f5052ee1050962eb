"""A run that has diverged stops, and says so."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.hooks import Hook
from torch import Tensor

from vsslcodebase.registry import HOOKS


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """Stop training when the loss is no longer a finite number.

    Runs before the checkpoint hook, so that weights that have become NaN do
    not replace good ones.

    Args:
        interval: iterations between checks. The losses are summed on their
            device meanwhile, as reading one makes the GPU wait; a single bad
            one makes the sum bad. Checked at each epoch's end in any case.
    """

    priority = 'ABOVE_NORMAL'

    def __init__(self, interval: int = 10) -> None:
        """Start with an empty sum."""
        if interval < 1:
            raise ValueError(f'interval is at least 1, got {interval}')
        self.interval = interval
        self._total: Tensor | None = None
        self._terms: dict[str, Any] = {}

    def after_train_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Add this step's loss; check every ``interval`` steps."""
        del batch_idx, data_batch
        if not outputs or 'loss' not in outputs:
            return
        loss = torch.as_tensor(outputs['loss']).detach()
        self._total = loss if self._total is None else self._total + loss
        self._terms = outputs
        if self.every_n_train_iters(runner, self.interval):
            self._check(runner)

    def after_train_epoch(self, runner: Any) -> None:
        """Check before the epoch's checkpoint is written."""
        self._check(runner)

    def _check(self, runner: Any) -> None:
        """Raise FloatingPointError if a loss since the last check is bad."""
        if self._total is not None and not bool(torch.isfinite(self._total)):
            raise FloatingPointError(self._explain(runner))
        self._total = None

    def _explain(self, runner: Any) -> str:
        terms = ', '.join(
            f'{name} {float(value):.4g}'
            for name, value in self._terms.items()
            if 'loss' in name
        )
        rates = runner.optim_wrapper.get_lr()
        rate = next(iter(rates.values()))[0]
        return (
            f'the loss became infinite or NaN at most {self.interval} '
            f'iterations before iteration {runner.iter + 1} of epoch '
            f'{runner.epoch + 1} (now: {terms}; lr {rate:.4g}). Usual causes: '
            'a learning rate too high for the batch (see --auto-scale-lr), '
            'float16 overflow (bfloat16 has the range of float32), no '
            'warm-up. Start from an earlier checkpoint with a lower rate: '
            '--cfg-options load_from=FILE optim_wrapper.optimizer.lr=... '
            '(--resume would bring back the rate, too)'
        )

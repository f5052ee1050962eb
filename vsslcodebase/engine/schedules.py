"""Learning-rate schedules that follow the length of the run."""

from __future__ import annotations

import math
from typing import Any

from mmengine.optim.scheduler import _ParamScheduler

from vsslcodebase.registry import PARAM_SCHEDULERS


def warmup_cosine(step: int, total: int, warmup_ratio: float) -> float:
    """Return the share of the base value at a step.

    Args:
        step: 0, ..., total; at ``total`` the share is 0.
        total: steps of the whole schedule, warm-up included.
        warmup_ratio: share of the steps that rise linearly from 0, in [0, 1).

    Returns:
        ``step / w`` during the warm-up of ``w`` steps, then
        ``(1 + cos(pi * (step - w) / (total - w))) / 2``.
    """
    warmup = warmup_ratio * total
    if step < warmup:
        return step / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (total - warmup)))


@PARAM_SCHEDULERS.register_module()
class WarmupCosineLR(_ParamScheduler):
    """Linear warm-up from 0, then half a cosine to 0 (CORP, Sec. 4.1).

    One entry for what takes ``LinearLR`` and ``CosineAnnealingLR`` together,
    because the Runner fills in ``end``: a config that changes the number of
    epochs changes nothing here. ``LinearLR`` cannot start at 0 and reaches
    its end one step early.

    Args:
        optimizer: optimizer or its wrapper, from the Runner.
        end: length of the schedule in steps; the Runner's default is the
            whole run.
        warmup_ratio: share of the schedule that warms up, in [0, 1).
        begin: first step.
        last_step: -1, or where to go on without a saved state.
        by_epoch: whether a step is an epoch. With
            ``convert_to_iter_based=True`` beside it in the config, ``begin``
            and ``end`` are epochs and the steps are iterations.
        verbose: print every value.
    """

    def __init__(
        self,
        optimizer: Any,
        end: int,
        warmup_ratio: float = 0.05,
        begin: int = 0,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        """Check the ratio, then register at the optimizer."""
        if not 0 <= warmup_ratio < 1:
            raise ValueError(
                'warmup_ratio is the share of the run that warms '
                f'up, in [0, 1), got {warmup_ratio}'
            )
        self.warmup_ratio = warmup_ratio
        super().__init__(
            optimizer, 'lr', begin, end, last_step, by_epoch, verbose
        )

    @classmethod
    def build_iter_from_epoch(
        cls,
        optimizer: Any,
        end: int,
        epoch_length: int,
        begin: int = 0,
        by_epoch: bool = True,
        **kwargs: Any,
    ) -> WarmupCosineLR:
        """Turn epochs into iterations; called by mmengine."""
        del by_epoch  # mmengine has checked that it is True
        return cls(
            optimizer,
            begin=int(begin * epoch_length),
            end=int(end * epoch_length),
            by_epoch=False,
            **kwargs,
        )

    def _get_value(self) -> list[float]:
        """Return the value of each parameter group at ``last_step``."""
        share = warmup_cosine(
            self.last_step, self.end - self.begin, self.warmup_ratio
        )
        return [base * share for base in self.base_values]

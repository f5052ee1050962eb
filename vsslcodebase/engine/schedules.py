"""Learning-rate schedules that follow the length of the run."""

from __future__ import annotations

import math
from typing import Any

from mmengine.optim.scheduler import _ParamScheduler

from vsslcodebase.registry import PARAM_SCHEDULERS


def warmup_cosine(
    step: int,
    total: int,
    warmup_ratio: float,
    start_ratio: float = 0.0,
    cosine_after_warmup: bool = True,
) -> float:
    """Return the share of the base value at a step.

    Args:
        step: 0, ..., total; at ``total`` the share is 0.
        total: steps of the whole schedule, warm-up included.
        warmup_ratio: share of the steps that rise linearly, in [0, 1).
        start_ratio: share of the base value at step 0 of a warm-up.
        cosine_after_warmup: whether the cosine begins where the warm-up
            ends, which then rises to 1, or at step 0.

    Returns:
        ``c(step) = (1 + cos(pi * (step - o) / (total - o))) / 2`` from step
        ``w`` on, the end of the warm-up, with ``o = w`` or ``o = 0``; before,
        a line from ``start_ratio`` to ``c(w)``.
    """
    warmup = warmup_ratio * total
    begin = warmup if cosine_after_warmup else 0.0
    moment = max(step, warmup)
    share = 0.5 * (1 + math.cos(math.pi * (moment - begin) / (total - begin)))
    if step < warmup:
        return start_ratio + (share - start_ratio) * step / warmup
    return share


@PARAM_SCHEDULERS.register_module()
class WarmupCosineLR(_ParamScheduler):
    """Linear warm-up, then half a cosine to 0.

    From 0 to the base value and down from there, as in CORP (Sec. 4.1); or,
    with ``cosine_after_warmup=False``, as Feichtenhofer et al. (2021) train
    MoCo, BYOL, SimCLR and SwAV on video: a cosine over the whole run, whose
    beginning a line replaces, so that the base value itself is never reached.

    One entry for what takes ``LinearLR`` and ``CosineAnnealingLR`` together,
    because the Runner fills in ``end``: a config that changes the number of
    epochs changes nothing here. ``LinearLR`` cannot start at 0 and reaches
    its end one step early.

    Args:
        optimizer: optimizer or its wrapper, from the Runner.
        end: length of the schedule in steps; the Runner's default is the
            whole run.
        warmup_ratio: share of the schedule that warms up, in [0, 1).
        start_ratio: share of the base value at the first step, in [0, 1].
            A share, so that it scales with the batch as the base value does.
        cosine_after_warmup: whether the cosine begins after the warm-up.
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
        start_ratio: float = 0.0,
        cosine_after_warmup: bool = True,
        begin: int = 0,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        """Check the ratios, then register at the optimizer."""
        if not 0 <= warmup_ratio < 1:
            raise ValueError(
                'warmup_ratio is the share of the run that warms '
                f'up, in [0, 1), got {warmup_ratio}'
            )
        if not 0 <= start_ratio <= 1:
            raise ValueError(
                'start_ratio is the share of the learning rate with which '
                f'the warm-up starts, in [0, 1], got {start_ratio}'
            )
        self.warmup_ratio = warmup_ratio
        self.start_ratio = start_ratio
        self.cosine_after_warmup = cosine_after_warmup
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
            self.last_step,
            self.end - self.begin,
            self.warmup_ratio,
            self.start_ratio,
            self.cosine_after_warmup,
        )
        return [base * share for base in self.base_values]

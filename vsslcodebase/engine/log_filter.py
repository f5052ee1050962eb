"""Warnings of mmengine about what is as it should be."""

from __future__ import annotations

import logging
from typing import Any

from vsslcodebase.models.selfsup.momentum_encoder import MomentumEncoder


def leave_out_followers(runner: Any) -> None:
    """Do not warn of momentum copies that the optimizer does not train.

    With ``paramwise_cfg`` mmengine warns of every parameter without gradient:
    hundreds of lines for copies that are not to have one. Others, such as
    those of a frozen backbone, are still warned of.

    Args:
        runner: With ``model`` and ``logger``.
    """
    starts = tuple(
        f'{name}.'
        for name, module in runner.model.named_modules()
        if isinstance(module, MomentumEncoder)
    )

    def is_news(record: logging.LogRecord) -> bool:
        text = record.getMessage()
        skipped = text.endswith('is skipped since its requires_grad=False')
        name = text.removeprefix('module.')  # of DDP
        return not (skipped and name.startswith(starts))

    if starts:
        starts = tuple(start.removeprefix('module.') for start in starts)
        runner.logger.addFilter(is_news)

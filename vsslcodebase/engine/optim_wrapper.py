"""Mixed precision by bfloat16, on every device that computes in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from mmengine.logging import print_log
from mmengine.optim import OptimWrapper
from torch import nn

from vsslcodebase.registry import OPTIM_WRAPPERS

CPU_FLAGS = {'avx512_bf16', 'amx_bf16', 'bf16', 'svebf16'}


def computes_in_bfloat16() -> bool:
    """Say whether the device training runs on has bfloat16 instructions.

    Without them torch emulates the type, slower than float32.
    """
    if torch.cuda.is_available():
        return torch.cuda.get_device_capability() >= (8, 0)
    cpuinfo = Path('/proc/cpuinfo')
    if not cpuinfo.exists():
        return False
    return bool(CPU_FLAGS & set(cpuinfo.read_text().split()))


@OPTIM_WRAPPERS.register_module()
class AutocastOptimWrapper(OptimWrapper):
    """Run the forward pass under autocast, in bfloat16, without loss scaling.

    bfloat16 has the range of float32, so gradients neither overflow nor
    vanish and no ``GradScaler`` is needed; weights, gradients and optimizer
    stay in float32. mmengine's ``AmpOptimWrapper`` refuses to run on CPU.
    Where the device lacks bfloat16, training stays in float32 and says so.

    Args:
        kwargs: of ``OptimWrapper``: ``optimizer``, ``accumulative_counts``,
            ``clip_grad``.
    """

    def __init__(self, **kwargs: Any) -> None:
        """Look whether the device has bfloat16."""
        super().__init__(**kwargs)
        self.enabled = computes_in_bfloat16()
        if not self.enabled:
            print_log(
                'this device has no bfloat16 instructions: mixed precision '
                'is off, training runs in float32',
                logger='current',
                level=30,
            )

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Enter autocast, and mmengine's context for accumulation.

        Args:
            model: tells by its parameters which device computes.
        """
        device = next(model.parameters()).device.type
        with (
            super().optim_context(model),
            torch.autocast(device, dtype=torch.bfloat16, enabled=self.enabled),
        ):
            yield

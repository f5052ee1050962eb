"""Float32 arithmetic inside mixed-precision training.

Losses and pair relations multiply features with each other and exponentiate
the result: float16 overflows there, and bfloat16 has too few digits to tell
two clips of one video apart. The functions that do so carry
:func:`float32_math` and convert their inputs themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import torch
from torch import Tensor

Function = TypeVar('Function', bound=Callable[..., Any])


def float32_math(function: Function) -> Function:
    """Run a function with autocast off on the device of its first tensor.

    Autocast would run a matrix product in half precision even where both
    factors are float32. The inputs are not converted: the function says which
    of them it calls ``.float()`` on, as integer frame numbers must stay exact.

    Args:
        function: takes at least one tensor, by position or by name.

    Returns:
        The wrapped function.
    """

    @wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        values = (*args, *kwargs.values())
        tensor = next((v for v in values if isinstance(v, Tensor)), None)
        if tensor is None:
            return function(*args, **kwargs)  # its own check will complain
        device = tensor.device.type
        if not torch.amp.is_autocast_available(device):  # such as 'meta'
            return function(*args, **kwargs)
        with torch.autocast(device, enabled=False):
            return function(*args, **kwargs)

    return cast(Function, wrapped)


def unit_length(x: Tensor, dim: int = -1, eps: float = 1e-8) -> Tensor:
    """Divide vectors by their Euclidean length; zero vectors stay zero.

    Unlike ``torch.nn.functional.normalize`` a vector shorter than ``eps``
    also gets a zero gradient: it has no direction, and ``gradient / eps``
    would be infinite in float16.

    Args:
        x: vectors along ``dim``, float32 or float64.
        dim: the axis of the vectors.
        eps: length below which a vector counts as zero.

    Returns:
        A tensor of the same shape with vectors of length 1 or 0.
    """
    squared = x.square().sum(dim, keepdim=True)
    length = squared.clamp(min=eps**2).sqrt()
    return x / length * (squared > eps**2)

"""LARS (You et al. 2017): a learning rate for each weight matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from vsslcodebase.registry import OPTIMIZERS


@OPTIMIZERS.register_module()
class LARS(Optimizer):
    """SGD with momentum on gradients scaled by the layer's trust ratio.

    For every parameter p of two or more axes, with gradient g::

        ratio = trust_coefficient * |p| / (|g| + weight_decay * |p| + eps)
        step  = ratio * (g + weight_decay * p)

    and ``step = g`` where p or g is zero. Parameters of at most one axis, that
    is biases and normalisation, take plain SGD without weight decay. The
    learning rate is applied after the momentum, so a schedule acts at once.

    A parameter group with ``lars_exclude=True`` takes plain SGD with its own
    weight decay.

    Args:
        params: parameters, or dicts of parameter groups.
        lr: learning rate; 0.3 to 4.8 is usual, with a warm-up.
        momentum: share of the last step that is kept.
        weight_decay: L2 penalty, inside the ratio.
        trust_coefficient: relative length of a step at ``lr=1``.
        eps: guards the division.
        nesterov: look ahead by the momentum.

    Raises:
        ValueError: for values out of range.
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        trust_coefficient: float = 0.001,
        eps: float = 1e-8,
        nesterov: bool = False,
    ) -> None:
        """Check the values and make the parameter groups."""
        defaults = dict(
            lr=lr,
            momentum=momentum,
            weight_decay=weight_decay,
            trust_coefficient=trust_coefficient,
            eps=eps,
            nesterov=nesterov,
            lars_exclude=False,
        )
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group, its missing values from the defaults.

        Args:
            param_group: ``params`` and any argument of the optimizer.

        Raises:
            ValueError: for values out of range.
        """
        _check({**self.defaults, **param_group})
        super().add_param_group(param_group)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters by one step.

        Args:
            closure: computes the loss again, with gradients.

        Returns:
            The closure's result, or None.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for param in group['params']:
                if param.grad is not None:
                    self._update(param, group)
        return loss

    def _update(self, param: Tensor, group: dict[str, Any]) -> None:
        """Change one parameter."""
        step = _direction(param, group)
        momentum = group['momentum']
        if momentum:
            state = self.state[param]
            if 'momentum_buffer' not in state:
                state['momentum_buffer'] = step.clone()
            else:
                state['momentum_buffer'].mul_(momentum).add_(step)
            buffer = state['momentum_buffer']
            if group['nesterov']:
                step = step.add(buffer, alpha=momentum)
            else:
                step = buffer
        param.add_(step, alpha=-group['lr'])


def _direction(param: Tensor, group: dict[str, Any]) -> Tensor:
    """Return the gradient with weight decay and trust ratio.

    Nothing is read back from a GPU: the ratio stays a tensor.
    """
    grad, decay = param.grad, group['weight_decay']
    assert grad is not None
    if grad.is_sparse:
        raise TypeError('LARS got a sparse gradient, expected a dense one')
    if param.ndim <= 1:
        return grad
    if group['lars_exclude']:
        return grad.add(param, alpha=decay) if decay else grad
    # Norms in float32 at least: a sum of squares overflows float16.
    dtype = torch.promote_types(param.dtype, torch.float32)
    param_norm = torch.linalg.vector_norm(param, dtype=dtype)
    grad_norm = torch.linalg.vector_norm(grad, dtype=dtype)
    ratio = group['trust_coefficient'] * param_norm
    ratio = ratio / (grad_norm + decay * param_norm + group['eps'])
    scaled = (ratio * grad.add(param, alpha=decay)).to(grad.dtype)
    return torch.where((param_norm > 0) & (grad_norm > 0), scaled, grad)


def _check(group: dict[str, Any]) -> None:
    """Raise ``ValueError`` for values that make no sense."""
    for name in ('lr', 'weight_decay', 'trust_coefficient', 'eps'):
        if not group[name] >= 0:
            raise ValueError(f'LARS got {name}={group[name]}, expected >= 0')
    if not 0 <= group['momentum'] < 1:
        raise ValueError(
            f'LARS got momentum={group["momentum"]}, expected 0 <= m < 1'
        )
    if group['nesterov'] and not group['momentum']:
        raise ValueError('LARS got nesterov=True, which needs momentum > 0')

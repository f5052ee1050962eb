"""Relation and perceptron on all ordered pairs of clips (CORP, Eq. 2).

The plain way, :func:`broadcast_pair_logits`, is one line, and holds some ten
tensors with M*M rows of 128 numbers: 512 MiB each at M=1024 clips. For the
combination CORP trains, decoupling attention and a two-layer perceptron, the
hidden activations before the ReLU split as the relation does::

    a_ij = S_ij + A_ij,   a_ji = S_ij - A_ij
    S_ij = W_s (g_i * g_j) + b,   A_ij = W_a (p_i * q_j - q_i * p_j)

where W_s and W_a are the columns of the first weight for the symmetric and the
antisymmetric heads. So half of the pairs suffices, and in blocks of clips that
fit a cache nothing but the logits is as large as M*M. The backward pass
computes S and A again instead of keeping them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.func import functional_call

from vsslcodebase.utils.precision import float32_math

from .decoupling_attention import DecouplingAttention

# Clips per block edge: 64 * 64 pairs * 128 hidden float32 are 2 MiB, about a
# CPU core's cache; a GPU wants fewer, larger products.
CPU_BLOCK = 64
GPU_BLOCK = 128


@float32_math
def pairwise_logits(z: Tensor, relation: nn.Module, mlp: nn.Module) -> Tensor:
    """Classify all ordered pairs of clips: ``mlp(relation(z_i, z_j))``.

    Uses the blockwise computation where it applies (decoupling attention,
    ``Sequential(Linear, ReLU, Linear)``, more clips than one block), the plain
    one elsewhere. Values and gradients are the same up to rounding. The
    blockwise computation does not call the modules: their forward hooks do not
    run. It has no second derivative.

    Args:
        z: (M, d) embeddings, of any floating type.
        relation: module with ``relation(x, y)`` that broadcasts.
        mlp: module on the last axis, num_heads to C.

    Returns:
        (M, M, C) float32, ``[i, j]`` for clip i against clip j.

    Raises:
        ValueError: if ``z`` is not (M, d).
    """
    if z.ndim != 2:
        raise ValueError(f'expected z (M, d), got {tuple(z.shape)}')
    layers = _split_layers(relation, mlp)
    if layers is None or len(z) <= _block_size(z):
        return broadcast_pair_logits(z, relation, mlp)
    attention, hidden, output = layers
    g, p, q = attention.project(z)
    weights = (hidden.weight, hidden.bias, output.weight, output.bias)
    return _SplitPairLogits.apply(g, p, q, *(w.to(g.dtype) for w in weights))


@float32_math
def broadcast_pair_logits(
    z: Tensor, relation: nn.Module, mlp: nn.Module
) -> Tensor:
    """Classify all ordered pairs in one piece: the definition, Eq. 2.

    Args:
        z: (M, d) embeddings, of any floating type.
        relation: module with ``relation(x, y)`` that broadcasts.
        mlp: module on the last axis, num_heads to C.

    Returns:
        (M, M, C) float32, ``[i, j]`` for clip i against clip j.
    """
    heads = relation(z[:, None], z)
    # float32 also where the perceptron's weights are of half precision
    state = mlp.named_parameters()
    weights = {name: weight.to(heads.dtype) for name, weight in state}
    return functional_call(mlp, weights, heads)


def _split_layers(
    relation: nn.Module, mlp: nn.Module
) -> tuple[DecouplingAttention, nn.Linear, nn.Linear] | None:
    """Return the layers of the blockwise computation, None for others."""
    if not isinstance(mlp, nn.Sequential) or len(mlp) != 3:
        return None
    hidden, relu, output = mlp
    # Exact types: a child class or an activation with memory may do more.
    if (
        type(relation) is DecouplingAttention
        and type(hidden) is type(output) is nn.Linear
        and type(relu) is nn.ReLU
        and hidden.bias is not None
        and output.bias is not None
    ):
        return relation, hidden, output
    return None


class _SplitPairLogits(torch.autograd.Function):
    """Logits of all pairs from projected clips, block by block."""

    @staticmethod
    def forward(ctx: Any, *inputs: Tensor) -> Tensor:
        """Return the logits (M, M, C).

        Args:
            ctx: autograd's context.
            inputs: the fields of :class:`_Inputs`.
        """
        x = _Inputs(*inputs)
        ctx.save_for_backward(*inputs)
        logits = x.g.new_empty(len(x.g), len(x.g), len(x.out_bias))
        for rows, cols in _upper_blocks(x.g):
            S, A = _hidden_halves(x, *_products(x, rows, cols))
            block = F.linear((S + A).relu_(), x.out_weight, x.out_bias)
            logits[rows, cols] = block
            if rows != cols:
                block = F.linear((S - A).relu_(), x.out_weight, x.out_bias)
                logits[cols, rows] = block.transpose(0, 1)
        return logits

    @staticmethod
    @once_differentiable
    @float32_math
    def backward(ctx: Any, grad_logits: Tensor) -> _Inputs:
        """Return the gradients of all inputs."""
        x = _Inputs(*ctx.saved_tensors)
        grad = _Inputs(*(torch.zeros_like(tensor) for tensor in x))
        for rows, cols in _upper_blocks(x.g):
            _add_block_gradient(grad, x, grad_logits, rows, cols)
        return grad


class _Inputs(NamedTuple):
    """Projected clips and the perceptron, or their gradients."""

    g: Tensor  # (M, n)
    p: Tensor  # (M, l)
    q: Tensor  # (M, l)
    weight: Tensor  # (h, n + l), symmetric columns first
    bias: Tensor  # (h,)
    out_weight: Tensor  # (C, h)
    out_bias: Tensor  # (C,)


def _block_size(clips: Tensor) -> int:
    """Return the edge of a block on the device of ``clips``."""
    return CPU_BLOCK if clips.device.type == 'cpu' else GPU_BLOCK


def _upper_blocks(g: Tensor) -> Iterator[tuple[slice, slice]]:
    """Yield rows and columns of the blocks on and above the diagonal."""
    size = _block_size(g)
    blocks = [slice(k, k + size) for k in range(0, len(g), size)]
    for index, rows in enumerate(blocks):
        for cols in blocks[index:]:
            yield rows, cols


def _products(x: _Inputs, rows: slice, cols: slice) -> tuple[Tensor, Tensor]:
    """Return the symmetric (I, J, n) and antisymmetric (I, J, l) heads."""
    gi, pi, qi = x.g[rows, None], x.p[rows, None], x.q[rows, None]
    gj, pj, qj = x.g[cols], x.p[cols], x.q[cols]
    return gi * gj, (pi * qj).addcmul_(qi, pj, value=-1)


def _hidden_halves(
    x: _Inputs, symmetric: Tensor, antisymmetric: Tensor
) -> tuple[Tensor, Tensor]:
    """Return S and A (I, J, h) of the module docstring."""
    n = x.g.shape[1]
    S = F.linear(symmetric, x.weight[:, :n], x.bias)
    return S, F.linear(antisymmetric, x.weight[:, n:])


def _add_block_gradient(
    grad: _Inputs, x: _Inputs, grad_logits: Tensor, rows: slice, cols: slice
) -> None:
    """Add what the pairs of one block, and of its mirror, contribute."""
    symmetric, antisymmetric = _products(x, rows, cols)
    S, A = _hidden_halves(x, symmetric, antisymmetric)
    grad_up = _add_output_gradient(grad, x, S + A, grad_logits[rows, cols])
    if rows == cols:
        grad_S = grad_A = grad_up
    else:
        mirrored = grad_logits[cols, rows].transpose(0, 1)
        grad_down = _add_output_gradient(grad, x, S - A, mirrored)
        grad_S, grad_A = grad_up + grad_down, grad_up - grad_down

    n = x.g.shape[1]
    flat_S, flat_A = grad_S.flatten(0, 1), grad_A.flatten(0, 1)
    grad.weight[:, :n].addmm_(flat_S.T, symmetric.flatten(0, 1))
    grad.weight[:, n:].addmm_(flat_A.T, antisymmetric.flatten(0, 1))
    grad.bias.add_(flat_S.sum(0))

    heads = grad_S @ x.weight[:, :n]  # (I, J, n)
    grad.g[rows] += (heads * x.g[cols]).sum(1)
    grad.g[cols] += (heads * x.g[rows, None]).sum(0)
    heads = grad_A @ x.weight[:, n:]  # (I, J, l)
    grad.p[rows] += (heads * x.q[cols]).sum(1)
    grad.q[cols] += (heads * x.p[rows, None]).sum(0)
    grad.q[rows] -= (heads * x.p[cols]).sum(1)
    grad.p[cols] -= (heads * x.q[rows, None]).sum(0)


def _add_output_gradient(
    grad: _Inputs, x: _Inputs, preactivation: Tensor, grad_logits: Tensor
) -> Tensor:
    """Add the output layer's gradient, return the preactivation's (I, J, h).

    Overwrites ``preactivation``.
    """
    hidden = preactivation.relu_()
    flat = grad_logits.flatten(0, 1)
    grad.out_weight.addmm_(flat.T, hidden.flatten(0, 1))
    grad.out_bias.add_(flat.sum(0))
    slope = hidden.sign_()  # of the ReLU; cheaper than a boolean mask
    return (grad_logits @ x.out_weight).mul_(slope)

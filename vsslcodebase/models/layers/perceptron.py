"""The perceptron of relation heads (CORP, Eq. 2 and 4) and of LTN (Eq. 2)."""

from __future__ import annotations

from torch import nn


def make_perceptron(
    in_channels: int, hidden_channels: int, out_channels: int, num_layers: int
) -> nn.Sequential:
    """Make Linear layers with ReLU between them.

    Args:
        in_channels: Length of an input.
        hidden_channels: Width between the layers. CORP does not state it.
        out_channels: Length of an output.
        num_layers: 1 or more. CORP has 2, and compares 1 (Table 6d).
    """
    if num_layers < 1:
        raise ValueError(f'num_layers must be at least 1, got {num_layers}')
    widths = [in_channels, *[hidden_channels] * (num_layers - 1)]
    if min(*widths, out_channels) < 1:
        raise ValueError(
            f'widths of a perceptron are at least 1, got {widths} and '
            f'{out_channels} outputs'
        )
    layers: list[nn.Module] = []
    for width in widths[:-1]:
        layers += [nn.Linear(width, hidden_channels), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], out_channels))

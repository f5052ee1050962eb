"""Grad-CAM++ from derivatives of exp(S), position by position."""

import torch


def grad_cam_plus_plus(activations, score):
    """Return the (t, h, w) map of one clip's activations (C, t, h, w).

    Args:
        activations: float64.
        score: Function of them that gives S, a scalar.
    """
    flat = activations.flatten(1)
    weights = []
    for channel, values in enumerate(flat):
        weight = 0.0
        total = values.sum().item()
        for place in range(len(values)):
            first, second, third = _derivatives(
                activations, score, channel, place
            )
            below = 2 * second + total * third
            alpha = second / below if below else 0.0
            weight += alpha * max(first, 0.0)
        weights.append(weight)
    summed = sum(w * a for w, a in zip(weights, activations))
    return summed.clamp(min=0)


def _derivatives(activations, score, channel, place):
    """Return the first three derivatives of Y = exp(S) in one activation."""
    point = activations.flatten()[channel * activations[0].numel() + place]
    x = point.clone().requires_grad_()
    flat = activations.flatten().clone()
    index = channel * activations[0].numel() + place
    flat = torch.cat([flat[:index], x[None], flat[index + 1 :]])
    value = score(flat.view_as(activations)).exp()
    found = []
    for _ in range(3):
        (value,) = torch.autograd.grad(value, x, create_graph=True)
        found.append(value.item())
    return found

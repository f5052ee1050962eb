"""LARS for one parameter, number by number."""

import numpy as np


def lars(
    param,
    grads,
    lr,
    momentum,
    weight_decay,
    trust=0.001,
    eps=1e-8,
    nesterov=False,
):
    """Parameter after one step per gradient."""
    p = np.asarray(param, float).copy()
    buffer = None
    for grad in grads:
        g = np.asarray(grad, float)
        p_norm, g_norm = np.sqrt((p**2).sum()), np.sqrt((g**2).sum())
        if p.ndim > 1 and p_norm and g_norm:
            ratio = trust * p_norm / (g_norm + weight_decay * p_norm + eps)
            g = ratio * (g + weight_decay * p)
        buffer = g if buffer is None else momentum * buffer + g
        p = p - lr * (g + momentum * buffer if nesterov else buffer)
    return p

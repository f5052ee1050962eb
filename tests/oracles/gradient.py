"""Central differences, to compare autograd with the papers' formulas."""

import numpy as np


def numeric_gradient(function, x, step=1e-6):
    """Gradient of a scalar function of one float64 array."""
    x = np.array(x, float)
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        kept = x[index]
        x[index] = kept + step
        above = function(x)
        x[index] = kept - step
        gradient[index] = (above - function(x)) / (2 * step)
        x[index] = kept
    return gradient

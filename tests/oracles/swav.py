"""SwAV in loops: codes by division, and one pair of clips at a time."""

import numpy as np


def sinkhorn(scores, epsilon, iterations):
    """Caron et al. 2020, Eq. 3 and Listing 1, in float64: no logarithms."""
    codes = np.exp(np.asarray(scores, float) / epsilon)
    for _ in range(iterations):
        for prototype in range(codes.shape[1]):
            codes[:, prototype] /= codes[:, prototype].sum()
        for clip in range(codes.shape[0]):
            codes[clip] /= codes[clip].sum()
    return codes


def swav(scores, codes, temperature):
    """Mean cross entropy of ordered pairs: clip s predicts t's codes."""
    losses = []
    for s, predicting in enumerate(scores):
        for t, asked in enumerate(codes):
            if s == t:
                continue
            for row, code in zip(predicting, asked):
                p = np.exp(np.asarray(row, float) / temperature)
                losses.append(-(code * np.log(p / p.sum())).sum())
    return np.mean(losses)

"""Contrastive losses as loops: SimCLR, MoCo, BYOL, Pace, HCML."""

import numpy as np


def unit(x):
    """Divide the last axis by its length."""
    x = np.asarray(x, float)
    return x / np.sqrt((x**2).sum(-1, keepdims=True))


def nll(scores, positive):
    """``-log(exp(s_positive) / sum_k exp(s_k))``."""
    scores = np.asarray(scores, float)
    top = scores.max()
    return top + np.log(np.exp(scores - top).sum()) - scores[positive]


def nt_xent(embeddings, temperature):
    """SimCLR Eq. 1, mean over both directions of all pairs."""
    return partner(unit(embeddings), temperature)


def partner(z, temperature=1.0):
    """Find row 2i+1 from 2i and back among all other rows (Pace Eq. 2)."""
    losses = []
    for row in range(len(z)):
        others = [k for k in range(len(z)) if k != row]
        other = row + 1 if row % 2 == 0 else row - 1
        scores = [z[row] @ z[k] / temperature for k in others]
        losses.append(nll(scores, others.index(other)))
    return np.mean(losses)


def info_nce(query, keys, queue, temperature):
    """MoCo Eq. 1 for each key of each query."""
    losses = []
    for q, positives in zip(query, keys):
        for key in positives:
            scores = [q @ key, *(q @ negative for negative in queue)]
            losses.append(nll(np.array(scores) / temperature, 0))
    return np.mean(losses)


def byol(prediction, target):
    """BYOL Eq. 2: squared distance of the normalised vectors."""
    pairs = zip(unit(prediction), unit(target))
    return np.mean([((p - t) ** 2).sum() for p, t in pairs])


def same_pace(z, paces):
    """Pace Eq. 3, mean over a row's positives, then rows that have one."""
    losses = []
    for row in range(len(z)):
        others = [k for k in range(len(z)) if k != row]
        scores = [z[row] @ z[k] for k in others]
        positives = [n for n, k in enumerate(others) if paces[k] == paces[row]]
        if positives:
            losses.append(np.mean([nll(scores, n) for n in positives]))
    return np.mean(losses) if losses else 0.0


def motion_contrast(predicted, target, temperature):
    """HCML's contrast over all B*N*T entries, one by one."""
    p, t = unit(predicted), unit(target)
    places = list(np.ndindex(p.shape[:3]))
    losses = []
    for positive, place in enumerate(places):
        scores = [p[place] @ t[other] / temperature for other in places]
        losses.append(nll(scores, positive))
    return np.mean(losses)

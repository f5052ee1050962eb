"""CORP's losses and relations as loops, from Hu et al. 2021."""

from itertools import combinations

import numpy as np


def _cross_entropy(logits, label):
    shifted = np.asarray(logits, float) - np.max(logits)
    return np.log(np.exp(shifted).sum()) - shifted[label]


def video_pairs(video_ids):
    """Clips of each of the b(b-1)/2 video pairs (section 3.2)."""
    video_ids = np.asarray(video_ids)
    for u, v in combinations(sorted(set(video_ids.tolist())), 2):
        yield np.flatnonzero((video_ids == u) | (video_ids == v))


def category(i, j, video_ids, starts):
    """0, 1, 2 for P1, P2, P3 of section 3.2; None for no order."""
    if video_ids[i] != video_ids[j]:
        return 0
    if starts[i] == starts[j]:
        return None
    return 1 if starts[i] < starts[j] else 2


def classes(task, i, j, video_ids, starts):
    """Class of an ordered pair in one of the tasks of Table 6a, or None."""
    c = category(i, j, video_ids, starts)
    if c is None or (task == 'order' and c == 0):
        return None
    return {'both': c, 'order': c - 1, 'contrast': min(c, 1)}[task]


def pair_loss(logits, video_ids, starts, task='both'):
    """Mean over clip pairs of a video pair, then over video pairs."""
    per_video_pair = []
    for clips in video_pairs(video_ids):
        num_clips = len(clips) // 2
        total = 0.0
        for i in clips:
            for j in clips:
                label = classes(task, i, j, video_ids, starts)
                if i != j and label is not None:
                    total += _cross_entropy(logits[i, j], label)
        count = 2 * num_clips * (2 * num_clips - 1)
        if task == 'order':
            count = 2 * num_clips * (num_clips - 1)
        per_video_pair.append(total / count)
    return np.mean(per_video_pair)


def pair_accuracy(logits, video_ids, starts, task='both'):
    """Pair, total and order accuracy (Fig. 3)."""
    right = wrong = 0
    faultless = []
    order = []
    for clips in video_pairs(video_ids):
        faults = 0
        for i in clips:
            for j in clips:
                label = classes(task, i, j, video_ids, starts)
                if i == j or label is None:
                    continue
                correct = np.argmax(logits[i, j]) == label
                right, wrong = right + correct, wrong + (not correct)
                faults += not correct
                c = category(i, j, video_ids, starts)
                if c > 0:
                    order.append(np.argmax(logits[i, j][-2:]) == c - 1)
        faultless.append(faults == 0)
    accuracy = dict(
        pair_acc=right / (right + wrong), total_acc=np.mean(faultless)
    )
    if task != 'contrast':
        accuracy['order_acc'] = np.mean(order)
    return accuracy


def corp_f(embeddings, order_logits, temperature):
    """The two sums of Eq. 6 over i, divided by B."""
    z = np.asarray(embeddings, float)
    z = [row / np.sqrt((row**2).sum()) for row in z]
    num_videos = len(z) // 2
    contrast = order = 0.0
    for i in range(num_videos):
        for row, partner, is_later in (
            (2 * i, 2 * i + 1, 0),
            (2 * i + 1, 2 * i, 1),
        ):
            others = [k for k in range(len(z)) if k != row]
            similarity = np.array([z[row] @ z[k] for k in others])
            contrast += _cross_entropy(
                similarity / temperature, others.index(partner)
            )
            order += _cross_entropy(order_logits[row], is_later)
    return contrast / num_videos, order / num_videos


def mixed_relation(x, y, U, V, num_heads):
    """Eq. 1 for one pair."""
    size = len(U) // num_heads
    heads = []
    for k in range(num_heads):
        rows = slice(k * size, (k + 1) * size)
        heads.append((U[rows] @ x) @ (V[rows] @ y))
    return np.array(heads)


def decoupled_relation(x, y, G, P, Q):
    """Eq. 8 without its summation, for one pair."""
    symmetric = [(g @ x) * (g @ y) for g in G]
    antisymmetric = [
        (p @ x) * (q @ y) - (q @ x) * (p @ y) for p, q in zip(P, Q)
    ]
    return np.array(symmetric + antisymmetric)


def perceptron(r, layers):
    """Linear layers ``[(W, b), ...]`` with ReLU between (Eq. 2)."""
    for index, (W, b) in enumerate(layers):
        r = W @ (np.maximum(r, 0) if index else r) + b
    return r

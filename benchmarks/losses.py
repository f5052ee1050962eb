"""Time of the contrastive losses, forward and backward, on one thread.

Ours against other ways to the same loss and gradient:

- rows: a loop over the anchors, each with one product with all candidates;
- pairs: a loop over the candidates inside it, as the formula reads;
- naive: everything at once, with the tensors that come to mind first: for
  InfoNCE the concatenation of positive and negative logits, for NT-Xent the
  broadcast product of all pairs of clips.

Run ``python benchmarks/losses.py``. Times are medians of interleaved rounds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from _measure import interleave, milliseconds, print_table, times_faster
from torch import Tensor

from vsslcodebase.models.losses.info_nce import info_nce_loss
from vsslcodebase.models.losses.motion_contrast import motion_contrast_loss
from vsslcodebase.models.losses.nt_xent import nt_xent_loss

TAU = 0.1


class Contest(NamedTuple):
    """A loss, its inputs, and the ways to compute it."""

    inputs: list[Tensor]
    ways: dict[str, Callable[..., Tensor]]

    def gradient(self, way: str, number: int = 0) -> tuple[Tensor, ...]:
        """Compute the loss in one of the ways, and its gradients."""
        leaves = [x for x in self.inputs if x.requires_grad]
        return torch.autograd.grad(self.ways[way](*self.inputs), leaves)


def classify(logits: Tensor, right: int) -> Tensor:
    return F.cross_entropy(logits / TAU, torch.tensor(right))


def info_nce_rows(query: Tensor, keys: Tensor, queue: Tensor) -> Tensor:
    losses = [
        classify(torch.cat([(q @ key)[None], queue @ q]), 0)
        for q, key in zip(query, keys[:, 0])
    ]
    return torch.stack(losses).mean()


def info_nce_naive(query: Tensor, keys: Tensor, queue: Tensor) -> Tensor:
    positive = (query * keys[:, 0]).sum(1, keepdim=True)
    logits = torch.cat([positive, query @ queue.T], dim=1) / TAU
    return F.cross_entropy(logits, torch.zeros(len(query), dtype=torch.long))


def nt_xent_rows(embeddings: Tensor) -> Tensor:
    z = F.normalize(embeddings)
    losses = []
    for row in range(len(z)):
        others = torch.cat([z[:row], z[row + 1 :]])
        # With the row itself gone, both clips of a pair have this place.
        losses.append(classify(others @ z[row], row & ~1))
    return torch.stack(losses).mean()


def nt_xent_naive(embeddings: Tensor) -> Tensor:
    z = F.normalize(embeddings)
    similarity = (z[:, None] * z[None]).sum(-1) / TAU
    rows = torch.arange(len(z))
    negatives = similarity[rows[:, None] // 2 != rows // 2].view(len(z), -1)
    positives = similarity[rows, rows ^ 1][:, None]
    logits = torch.cat([positives, negatives], dim=1)
    return F.cross_entropy(logits, torch.zeros(len(z), dtype=torch.long))


def motion_rows(predicted: Tensor, target: Tensor) -> Tensor:
    p, t = (F.normalize(x.flatten(0, 2)) for x in (predicted, target))
    losses = [classify(t @ row, place) for place, row in enumerate(p)]
    return torch.stack(losses).mean()


def motion_pairs(predicted: Tensor, target: Tensor) -> Tensor:
    p, t = (F.normalize(x.flatten(0, 2)) for x in (predicted, target))
    losses = [
        classify(torch.stack([row @ other for other in t]), place)
        for place, row in enumerate(p)
    ]
    return torch.stack(losses).mean()


def contests() -> dict[str, Contest]:
    """Draw the inputs of each loss."""
    torch.manual_seed(0)
    query, keys, queue = (
        F.normalize(torch.randn(n, 128)) for n in (256, 256, 4096)
    )
    clips = torch.randn(512, 128, requires_grad=True)
    predicted, target = torch.randn(2, 8, 16, 2, 256)  # 256 positions
    return {
        'InfoNCE, 256 queries, 4096 negatives': Contest(
            [query.requires_grad_(), keys[:, None], queue],
            {
                'ours': partial(info_nce_loss, temperature=TAU),
                'naive': info_nce_naive,
                'rows': info_nce_rows,
            },
        ),
        'NT-Xent, 256 pairs': Contest(
            [clips],
            {
                'ours': partial(nt_xent_loss, temperature=TAU),
                'naive': nt_xent_naive,
                'rows': nt_xent_rows,
            },
        ),
        'motion contrast, 256 positions': Contest(
            [predicted.requires_grad_(), target],
            {
                'ours': partial(motion_contrast_loss, temperature=TAU),
                'rows': motion_rows,
                'pairs': motion_pairs,
            },
        ),
    }


def check_agreement(contest: Contest) -> None:
    """Stop if the ways do not give the same gradients."""
    expected = contest.gradient('rows')
    for way in contest.ways:
        for ours, theirs in zip(contest.gradient(way), expected):
            torch.testing.assert_close(
                ours, theirs, atol=1e-6, rtol=1e-3, msg=way
            )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--rounds', type=int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for name, contest in contests().items():
        check_agreement(contest)
        seconds = interleave(
            {way: partial(contest.gradient, way) for way in contest.ways},
            args.rounds,
            label=name,
        )
        for way, times in seconds.items():
            ratio = times_faster(times, seconds['ours'])
            rows.append([name, way, milliseconds(times), ratio])
    print_table(['loss', 'way', 'ms', 'times the time of ours'], rows)


if __name__ == '__main__':
    main()

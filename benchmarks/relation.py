"""Time and memory of CORP_m's pair classification, forward and backward.

Three ways to the same loss and gradient, on one CPU thread:

- blockwise: ``pairwise_logits``, what training uses;
- broadcast: one tensor of all pairs, ``broadcast_pair_logits``;
- video pairs: a loop over the b(b-1)/2 pairs of videos, as the paper writes.

Run ``python benchmarks/relation.py``; ``--clips 256`` for one size. Times are
medians of interleaved rounds, peak memory is that of a fresh process above
what it held with its inputs.
"""

from __future__ import annotations

import argparse
from functools import partial
from itertools import combinations

import torch
from _measure import (
    ask_fresh_process,
    interleave,
    milliseconds,
    peak_mib,
    print_table,
    times_faster,
)
from torch import Tensor, nn

from vsslcodebase.models.layers import (
    DecouplingAttention,
    broadcast_pair_logits,
    pairwise_logits,
)
from vsslcodebase.models.losses import corp_m_loss

CLIPS_PER_VIDEO = 4


class Problem:
    """Embeddings of M clips and the published relation: 64 + 64 heads."""

    def __init__(self, num_clips: int) -> None:
        """Draw embeddings and weights."""
        torch.manual_seed(0)
        self.relation = DecouplingAttention(128)
        self.mlp = nn.Sequential(
            nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 3)
        )
        self.z = torch.randn(num_clips, 128, requires_grad=True)
        self.starts = torch.arange(num_clips)
        self.video_ids = self.starts // CLIPS_PER_VIDEO

    def run(self, way: str, number: int) -> None:
        """Do a round."""
        self.gradient(way)

    def gradient(self, way: str) -> tuple[Tensor, ...]:
        """Compute the loss in one of the ways, and its gradients."""
        leaves = [
            self.z,
            *self.relation.parameters(),
            *self.mlp.parameters(),
        ]
        return torch.autograd.grad(WAYS[way](self), leaves)


def blockwise(problem: Problem) -> Tensor:
    logits = pairwise_logits(problem.z, problem.relation, problem.mlp)
    return corp_m_loss(logits, problem.video_ids, problem.starts)


def broadcast(problem: Problem) -> Tensor:
    logits = broadcast_pair_logits(problem.z, problem.relation, problem.mlp)
    return corp_m_loss(logits, problem.video_ids, problem.starts)


def video_pairs(problem: Problem) -> Tensor:
    videos = problem.starts.split(CLIPS_PER_VIDEO)
    losses = []
    for first, second in combinations(videos, 2):
        clips = torch.cat([first, second])
        logits = broadcast_pair_logits(
            problem.z[clips], problem.relation, problem.mlp
        )
        ids, starts = problem.video_ids[clips], problem.starts[clips]
        losses.append(corp_m_loss(logits, ids, starts))
    return torch.stack(losses).mean()


WAYS = {
    'blockwise': blockwise,
    'broadcast': broadcast,
    'video pairs': video_pairs,
}


def check_agreement(num_clips: int) -> None:
    """Stop if the ways do not give the same gradients."""
    problem = Problem(num_clips)
    expected = problem.gradient('broadcast')
    for way in WAYS:
        for ours, theirs in zip(problem.gradient(way), expected):
            # A hidden unit within rounding of zero may be on in one way and
            # off in another, so the whole gradient is compared, not entries.
            error = (ours - theirs).norm() / theirs.norm()
            assert error < 1e-3, f'{way}: gradient is off by {error:.1e}'


def print_peak(num_clips: int, way: str) -> None:
    """Print the MiB that a fresh process needs above its inputs."""
    small, problem = Problem(min(160, num_clips // 2)), Problem(num_clips)
    mib = peak_mib(
        partial(problem.gradient, way), warm_up=partial(small.gradient, way)
    )
    print(mib)


def measure(num_clips: int, rounds: int) -> list[list[object]]:
    """Return the rows of a number of clips."""
    problem = Problem(num_clips)
    # The loop on the 32,640 pairs of 256 videos would take a minute.
    ways = list(WAYS)[: 3 if num_clips <= 256 else 2]
    seconds = interleave(
        {way: partial(problem.run, way) for way in ways},
        rounds,
        label=f'relation, {num_clips} clips',
    )
    rows: list[list[object]] = []
    for way, times in seconds.items():
        peak = ask_fresh_process(
            __file__, '--peak', way, '--clips', str(num_clips)
        )
        ratio = times_faster(times, seconds['blockwise'])
        rows.append([num_clips, way, milliseconds(times), ratio, round(peak)])
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument(
        '--clips', type=int, nargs='+', default=[64, 256, 1024]
    )
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--peak', choices=WAYS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.peak:
        print_peak(args.clips[0], args.peak)
        return
    check_agreement(160)
    rows = [row for n in args.clips for row in measure(n, args.rounds)]
    print_table(
        ['clips', 'way', 'ms', 'times the time of blockwise', 'peak MiB'],
        rows,
    )


if __name__ == '__main__':
    main()

"""Time and memory of CORP_m's pair classification, forward and backward.

Three ways to the same loss and gradient, on one CPU thread:

- blockwise: ``pairwise_logits``, what training uses;
- broadcast: one tensor of all pairs, ``broadcast_pair_logits``;
- video pairs: a loop over the b(b-1)/2 pairs of videos, as the paper writes.

Run ``python benchmarks/relation.py``; ``--clips 256`` for one size. Times are
medians of interleaved rounds, so that a busy machine is unfair to nobody. Peak
memory is that of a fresh process above what it held with its inputs.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from itertools import combinations
from pathlib import Path
from statistics import median

import torch
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


def median_seconds(
    num_clips: int, ways: list[str], rounds: int
) -> dict[str, float]:
    """Time each way once a round, in turn."""
    problem = Problem(num_clips)
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds + 1):
        for way in ways:
            start = time.perf_counter()
            problem.gradient(way)
            seconds[way].append(time.perf_counter() - start)
    return {way: median(times[1:]) for way, times in seconds.items()}


def peak_mib(num_clips: int, way: str) -> float:
    """Measure one way in a process of its own."""
    command = [sys.executable, __file__, '--peak', way, '--clips']
    output = subprocess.run(
        [*command, str(num_clips)], check=True, capture_output=True, text=True
    ).stdout
    return float(output.split()[-1])


def print_peak(num_clips: int, way: str) -> None:
    """Print the MiB this process needs above its inputs (Linux)."""
    Problem(160).gradient(way)  # loads kernels and code
    problem = Problem(num_clips)
    held = memory_kib('VmRSS')
    problem.gradient(way)
    # Not getrusage: its maximum is inherited from the parent process.
    print((memory_kib('VmHWM') - held) / 1024)


def memory_kib(field: str) -> int:
    """Read the resident size, now (VmRSS) or at its peak (VmHWM)."""
    status = Path('/proc/self/status').read_text()
    return int(status.split(f'{field}:')[1].split()[0])


def main() -> None:
    """Print a table for each number of clips."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument(
        '--clips', type=int, nargs='+', default=[64, 256, 1024]
    )
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--peak', choices=WAYS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.peak:
        return print_peak(args.clips[0], args.peak)
    check_agreement(160)
    print('| clips | way | ms | times blockwise | peak MiB |')
    print('|---|---|---|---|---|')
    for num_clips in args.clips:
        # The loop on the 32,640 pairs of 256 videos would take a minute.
        ways = list(WAYS)[: 3 if num_clips <= 256 else 2]
        seconds = median_seconds(num_clips, ways, args.rounds)
        for way in ways:
            ratio = seconds[way] / seconds['blockwise']
            print(
                f'| {num_clips} | {way} | {1e3 * seconds[way]:.1f} | '
                f'{ratio:.2f} | {peak_mib(num_clips, way):.0f} |',
                flush=True,
            )
    return None


if __name__ == '__main__':
    main()

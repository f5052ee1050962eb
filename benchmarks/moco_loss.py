"""Time of MoCo's loss with a long queue, forward and backward, on one thread.

Every clip of B videos with V clips is query in turn; its positive keys are the
P = V - 1 others, its negatives a queue of K.

- ours: ``info_nce_loss``, one logit for all negatives of a query;
- plain: cross entropy of the logits (B*V, P, 1 + K), each key beside a copy of
  all negatives;
- rows: plain, one query after the other.

Run ``python benchmarks/moco_loss.py``. Times are medians of interleaved
rounds; memory is what a fresh process needs for one loss and its gradient.
"""

from __future__ import annotations

import argparse
from functools import partial

import torch
import torch.nn.functional as F
from _measure import (
    ask_fresh_process,
    interleave,
    milliseconds,
    peak_mib,
    print_table,
    times_faster,
)
from torch import Tensor

from vsslcodebase.models.losses import info_nce_loss

TAU = 0.1
WIDTH = 128
Inputs = tuple[Tensor, Tensor, Tensor]


def plain(query: Tensor, keys: Tensor, queue: Tensor) -> Tensor:
    positive = (query[:, None] * keys).sum(-1, keepdim=True)  # (N, P, 1)
    negative = (query @ queue.T)[:, None].expand(-1, keys.shape[1], -1)
    logits = torch.cat([positive, negative], dim=2).flatten(0, 1) / TAU
    return F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long))


def rows(query: Tensor, keys: Tensor, queue: Tensor) -> Tensor:
    pairs = zip(query, keys, strict=True)
    losses = [plain(q[None], k[None], queue) for q, k in pairs]
    return torch.stack(losses).mean()


WAYS = {
    'ours': partial(info_nce_loss, temperature=TAU),
    'plain': plain,
    'rows': rows,
}


def draw(videos: int, clips: int, queue: int) -> Inputs:
    """Draw queries, keys and queue of length 1."""
    torch.manual_seed(0)
    count = videos * clips
    query, keys, negatives = (
        F.normalize(torch.randn(*shape, WIDTH), dim=-1)
        for shape in ((count,), (count, clips - 1), (queue,))
    )
    return query.requires_grad_(), keys, negatives


def gradient(way: str, inputs: Inputs, number: int = 0) -> Tensor:
    """Compute the loss in one of the ways, and its gradient."""
    return torch.autograd.grad(WAYS[way](*inputs), inputs[0])[0]


def check_agreement() -> None:
    """Stop if the ways do not give the same gradient."""
    inputs = draw(2, 3, 50)
    for way in WAYS:
        torch.testing.assert_close(
            gradient(way, inputs), gradient('rows', inputs), msg=way
        )


def main() -> None:
    """Print the table, or the memory of one way."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--videos', type=int, default=8)
    parser.add_argument('--queue', type=int, default=65536)
    parser.add_argument('--rounds', type=int, default=9)
    parser.add_argument('--memory', choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument('--clips', type=int, default=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.memory:
        inputs = draw(args.videos, args.clips, args.queue)
        small = draw(1, 2, 8)
        call = partial(gradient, args.memory)
        print(peak_mib(lambda: call(inputs), lambda: call(small)))
        return
    check_agreement()
    table = []
    for clips in (2, 4):
        name = f'{args.videos} videos, V = {clips}, K = {args.queue}'
        inputs = draw(args.videos, clips, args.queue)
        seconds = interleave(
            {way: partial(gradient, way, inputs) for way in WAYS},
            args.rounds,
            label=name,
        )
        for way, times in seconds.items():
            options = dict(memory=way, clips=clips)
            sizes = dict(videos=args.videos, queue=args.queue)
            words = [f'--{k}={v}' for k, v in {**options, **sizes}.items()]
            memory = ask_fresh_process(__file__, *words)
            ratio = times_faster(times, seconds['ours'])
            table.append([name, way, milliseconds(times), ratio, memory])
    print_table(['loss', 'way', 'ms', 'times the time of ours', 'MiB'], table)


if __name__ == '__main__':
    main()

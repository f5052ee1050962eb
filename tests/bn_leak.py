"""A network that sees nothing of a clip but in whose company it was."""

import torch
import torch.nn.functional as F
from torch import nn

from vsslcodebase.models.selfsup import MoCo

CHANNELS = 32
EARLIER = 8  # steps whose keys are in the queue: 64 companies
STEPS = 3  # after the queue has been filled


class Company(nn.Module):
    """BatchNorm, of which only a corner is kept, black in every clip.

    There the output is minus the mean over the deviation of all clips of the
    forward: the same for all of them, whatever they show.
    """

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm3d(CHANNELS)

    def forward(self, clips):
        return self.norm(clips)[..., :1, :1, :1]


class Flat(nn.Module):
    """The features themselves as the embedding."""

    def forward(self, feats, data_samples=None):
        return feats.flatten(1), {}


def noise(videos, num_clips, step):
    """Clips that have nothing in common, not even those of one video."""
    generator = torch.Generator().manual_seed(step)
    shape = (videos, num_clips, CHANNELS, 1, 1, 1)
    clips = torch.randn(shape, generator=generator).repeat(1, 1, 1, 1, 1, 2)
    clips[..., 0] = 0
    return clips


def tell_apart(mine, **options):
    """How well are a video's other clips told from clips of other steps?

    Args:
        mine: Slice of the 64 videos that this process has.
        options: Of ``MoCo``.

    Returns:
        Share of positives that are nearer than all negatives, and by how
        much nearer they are than negatives on average (in cosines).
    """
    model = MoCo(
        Company(),
        Flat(),
        in_channels=CHANNELS,
        queue_size=128 * EARLIER,
        **options,
    )
    seen = []
    model.neck.register_forward_hook(lambda *call: seen.append(call[2][0]))
    accuracies, gaps = [], []
    with torch.no_grad():
        for step in range(EARLIER + STEPS):
            seen.clear()
            negatives = model.queue.negatives()
            start = model.queue.pointer.item()
            out = model(noise(64, 2, step)[mine], None, mode='loss')
            if step < EARLIER:
                continue
            queries = F.normalize(torch.cat(seen)).view(-1, 2, CHANNELS)
            keys = model.queue.rows[start : start + 128]
            keys = keys.view(64, 2, CHANNELS)[mine]
            near = (queries * keys.flip(1)).sum(-1).mean()
            far = (queries.flatten(0, 1) @ negatives.T).mean()
            accuracies.append(out['contrast_acc'].item())
            gaps.append((near - far).item())
    return sum(accuracies) / STEPS, sum(gaps) / STEPS

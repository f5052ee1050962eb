"""Small trunks with two encoders, or prototypes, and batches for them."""

import torch
from mmaction.structures import ActionDataSample
from torch import nn

from vsslcodebase.registry import MODELS

WIDTH = 5  # length of an embedding
NECK = dict(
    type='ProjectionNeck',
    in_channels=6,
    hidden_channels=8,
    out_channels=WIDTH,
    num_hidden=1,
)
PREDICTOR = dict(NECK, in_channels=WIDTH)
METHODS = {
    'BYOL': dict(predictor=PREDICTOR),
    'MoCo': dict(in_channels=WIDTH, queue_size=24),
    'SwAV': dict(in_channels=WIDTH, num_prototypes=7),
}


def trunk_config(method, norm='BN', **options):
    """A network of some hundred weights; norm 'BN', 'SyncBN' or None."""
    linear_norm = norm and dict(type='BN1d' if norm == 'BN' else norm)
    conv_norm = dict(type='GN', num_groups=2)
    if norm:
        conv_norm = dict(type='BN3d' if norm == 'BN' else norm)
    cfg = dict(
        type=method,
        backbone=dict(type='SmallR3D', widths=(4, 6), norm_cfg=conv_norm),
        neck=dict(NECK, norm_cfg=linear_norm),
        **METHODS[method],
    )
    if method == 'BYOL':
        cfg['predictor'] = dict(PREDICTOR, norm_cfg=linear_norm)
    return {**cfg, **options}


def build_trunk(method, **options):
    torch.manual_seed(0)
    return MODELS.build(trunk_config(method, **options))


def trunk_batch(videos=4, num_clips=2, seed=1):
    """Clips (B, V, 3, 2, 8, 8) as of a preprocessor, and data samples."""
    generator = torch.Generator().manual_seed(seed)
    shape = (videos, num_clips, 3, 2, 8, 8)
    samples = [ActionDataSample() for _ in range(videos)]
    return torch.randn(shape, generator=generator), samples


class Pixels(nn.Module):
    """A backbone that hands on its clips, times a weight of one."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, clips):
        return clips * self.weight


class TimedNeck(nn.Module):
    """A neck for clips whose pixels are their times; keeps what it saw."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(1, WIDTH)
        self.seen = []

    def read_times(self, data_samples, device):
        times = torch.cat([sample.clip_time for sample in data_samples])
        return times[:, None].to(device)

    def forward(self, feats, data_samples=None, times=None):
        self.seen.append((feats.mean((1, 2, 3, 4)).tolist(), times.tolist()))
        return self.linear(times), dict(loss_neck=times.mean())

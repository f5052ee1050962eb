"""A small time navigation neck, and the times it reads."""

import torch
from mmaction.structures import ActionDataSample

from vsslcodebase.models import TimeNavigationNeck


def build_neck(in_channels=6, seed=0, projector=None, **options):
    torch.manual_seed(seed)
    shape = dict(in_channels=in_channels, hidden_channels=7, out_channels=4)
    defaults = dict(num_directions=2, time_channels=5)
    projector = dict(
        dict(type='ProjectionNeck', num_hidden=1, norm_cfg=None, **shape),
        **(projector or {}),
    )
    return TimeNavigationNeck(projector, **{**defaults, **options})


def timed_samples(times, **fields):
    """One data sample for each row of ``times`` (B, V)."""
    out = [ActionDataSample() for _ in times]
    for name, rows in dict(clip_time=times, **fields).items():
        for sample, row in zip(out, rows):
            sample.set_field(torch.as_tensor(row), name)
    return out


def feature_maps(num=4, channels=6, seed=0, size=2):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(num, channels, 2, size, size, generator=generator)

"""A small network with Latent Time Navigation, for tests of the tools."""

from __future__ import annotations

import torch
from mmengine.config import Config

from vsslcodebase.registry import MODELS

BACKBONE = dict(type='SmallR3D', widths=(4, 6), temporal_strides=(1, 2))
PROJECTOR = dict(
    type='ProjectionNeck',
    in_channels=6,
    hidden_channels=8,
    out_channels=5,
    num_hidden=1,
    pool_size=2,
    norm_cfg=dict(type='BN1d'),
)
NAVIGATION = dict(
    type='TimeNavigationNeck',
    projector=PROJECTOR,
    num_directions=4,
    time_channels=8,
)


def write_ltn(folder, neck, name='ltn'):
    """Write config and checkpoint of the toy project with a neck.

    Args:
        folder: Where ``toy_project.write_project`` wrote.
        neck: Its config.
        name: Of the two files.

    Returns:
        Their paths.
    """
    cfg = Config.fromfile(str(folder / 'retrieve.py'))
    model = dict(
        type='VideoSelfSupervisor',
        backbone=BACKBONE,
        neck=neck,
        head=dict(type='ContrastiveHead', temperature=0.2),
    )
    cfg.pop('model')
    cfg.model = model
    cfg.val_dataloader = cfg.test_dataloader
    paths = folder / f'{name}.py', folder / f'{name}.pth'
    cfg.dump(str(paths[0]))
    torch.manual_seed(0)
    trunk = MODELS.build(dict(model, _scope_='vsslcodebase'))
    for layer in trunk.neck.modules():  # times weigh as much as features
        if isinstance(layer, torch.nn.Linear):
            torch.nn.init.normal_(layer.weight, std=0.5)
    torch.save(dict(state_dict=trunk.state_dict()), paths[1])
    return paths

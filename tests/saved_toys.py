"""Small networks of each family, and files that hold them."""

from __future__ import annotations

import torch
from config_files import CONFIGS
from mmengine.config import Config
from mmengine.model import BaseModel, revert_sync_batchnorm
from torch.nn.modules.batchnorm import _BatchNorm

from vsslcodebase.checkpoints.input_contract import InputContract
from vsslcodebase.checkpoints.published import write_published
from vsslcodebase.checkpoints.published_meta import backbone_meta
from vsslcodebase.models.build import build_part

SMALL = dict(type='SmallR3D', widths=(4, 6), temporal_strides=(1, 2))


def family(name, **options):
    """Backbone of ``_base_/backbones``, a few channels wide."""
    path = CONFIGS / '_base_' / 'backbones' / f'{name}.py'
    backbone = Config.fromfile(path).backbone.to_dict()
    return dict(backbone, base_channels=4, **options)


ONE_EACH = dict(stage_blocks=(1, 1, 1, 1))
# backbone, and frames and pixels of a clip
FAMILIES = {
    'smallr3d': (SMALL, (4, 16)),
    'slow50': (family('slow50', **ONE_EACH), (4, 32)),
    'r3d50': (family('r3d50', **ONE_EACH), (8, 32)),
    'r2plus1d101': (
        dict(family('r2plus1d101', **ONE_EACH), depth=50),
        (8, 32),
    ),
    'r2plus1d10': (family('r2plus1d10'), (8, 16)),
    's3dg': (family('s3dg'), (8, 32)),
    'c3d': (family('c3d'), (8, 16)),
    'motion': (
        dict(
            type='MotionResNet3d',
            backbone=dict(SMALL, widths=(4, 8, 8), temporal_strides=(1, 1, 2)),
            levels=(0,),
            block=dict(reduction=2, max_displacement=2, stride=1),
        ),
        (4, 32),
    ),
}


def contract_of(frames, size, **options):
    """Colours that no default has, in an order that none has."""
    known = dict(
        channel_order='bgr',
        value_range=(0.0, 1.0),
        mean=(0.4, 0.5, 0.6),
        std=(0.2, 0.25, 0.3),
        num_frames=frames,
        frame_interval=(2,),
        height=size,
        width=size,
    )
    return InputContract(**{**known, **options})


def unsettled(module, seed=0):
    """Give a network or a model norms as training leaves them.

    Otherwise most of these networks give nothing but zeros, and equal zeros
    say nothing. Motion blocks matter afterwards, too.
    """
    torch.manual_seed(seed)
    for name, value in module.state_dict().items():
        if name.endswith('bn.weight'):
            torch.nn.init.uniform_(value, 0.5, 1.5)
    is_model = isinstance(module, BaseModel)
    network = module.backbone if is_model else module
    norms = [m for m in network.modules() if isinstance(m, _BatchNorm)]
    network.train()
    for norm in norms:
        norm.momentum = 1.0
        norm.train()  # frozen or not
    shades = torch.tensor([-1.5, -0.5, 0.5, 1.5]).view(4, 1, 1, 1, 1)
    with torch.no_grad():
        maps = network(torch.randn(4, 3, 8, 32, 32) + shades)
    for norm in norms:
        norm.momentum = 0.1
    assert maps.mean((2, 3, 4)).std(0).mean() > 0.02  # they tell clips apart
    module.eval()  # of some it returns nothing
    return module


def small_network(backbone, seed=0):
    """Build a network with random weights."""
    torch.manual_seed(seed)
    return unsettled(revert_sync_batchnorm(build_part(dict(backbone))), seed)


def publish(folder, name, contract=None, backbone=None):
    """Write a backbone file; returns path and network."""
    default, size = FAMILIES.get(name, FAMILIES['smallr3d'])
    backbone = backbone or default
    network = small_network(backbone)
    meta = backbone_meta(
        name, backbone, contract or contract_of(*size), 'test'
    )
    path = write_published(folder, name, network.state_dict(), meta)
    return path, network


def save_training(folder, model, text, name='run'):
    """Write what mmengine keeps of a training of ``model``."""
    meta = dict(cfg=text, experiment_name=f'{name}_20250102_030405', epoch=3)
    path = folder / f'{name}.pth'
    state = dict(model.state_dict(), **{'queue.keys': torch.zeros(2)})
    torch.save(dict(meta=meta, state_dict=state, optimizer={}), path)
    return path

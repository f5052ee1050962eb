"""3D networks of MMAction2: checkpoints of its ``Recognizer3D``.

https://github.com/open-mmlab/mmaction2. Our ResNets are built on its own
(``VideoResNet3d`` on ``ResNet3d`` and ``ResNet3dSlowOnly``,
``VideoResNet2Plus1d`` on ``ResNet2Plus1d``) and keep its names of tensors;
any other backbone stays MMAction2's class.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from vsslcodebase.checkpoints.config_text import read_config_text
from vsslcodebase.checkpoints.input_contract import (
    InputContract,
    contract_of_config,
)
from vsslcodebase.checkpoints.registered_types import is_registered
from vsslcodebase.compat import load_checkpoint
from vsslcodebase.engine.launch import load_config
from vsslcodebase.models.data_preprocessor import IMAGENET_MEAN, IMAGENET_STD

from .renaming import Imported, Rule, rename, tensors_of, with_width

SOURCE = 'mmaction2'
OURS = dict(
    ResNet3d='VideoResNet3d',
    ResNet3dSlowOnly='VideoResNet3d',
    ResNet2Plus1d='VideoResNet2Plus1d',
)
# What ResNet3dSlowOnly is where its config is silent
SLOW_ONLY: dict[str, Any] = dict(
    conv1_kernel=(1, 7, 7),
    conv1_stride_t=1,
    pool1_stride_t=1,
    inflate=(0, 0, 1, 1),
    with_pool2=False,
)
# Of the connections between two pathways, which it cannot have
LATERAL = {
    'lateral',
    'lateral_inv',
    'lateral_norm',
    'lateral_infl',
    'lateral_activate',
    'speed_ratio',
    'channel_ratio',
    'fusion_kernel',
}
# Backbone, frames and stride of known files, by the name of the config
VARIANTS: dict[str, tuple[dict[str, Any], int, int]] = dict(
    slowonly_r50_8x8=(dict(type='ResNet3dSlowOnly', depth=50), 8, 8),
    slowonly_r50_4x16=(dict(type='ResNet3dSlowOnly', depth=50), 4, 16),
    i3d_r50=(
        dict(
            type='ResNet3d',
            depth=50,
            conv1_kernel=(5, 7, 7),
            conv1_stride_t=2,
            pool1_stride_t=2,
            inflate=((1, 1, 1), (1, 0, 1, 0), (1, 0, 1, 0, 1, 0), (0, 1, 0)),
            zero_init_residual=False,
        ),
        32,
        2,
    ),
    r2plus1d_r34=(
        dict(
            type='ResNet2Plus1d',
            depth=34,
            pretrained2d=False,
            conv_cfg=dict(type='Conv2plus1d'),
            norm_cfg=dict(type='SyncBN', eps=1e-3),
            conv1_kernel=(3, 7, 7),
            conv1_stride_t=1,
            pool1_stride_t=1,
            inflate=(1, 1, 1, 1),
            spatial_strides=(1, 2, 2, 2),
            temporal_strides=(1, 2, 2, 2),
            zero_init_residual=False,
        ),
        8,
        8,
    ),
)
RULES: list[Rule] = [
    (r'backbone\.(.+)', r'\1'),
    (r'(cls_head|neck|data_preprocessor)\..+', None),
]
BARE_RULES: list[Rule] = [(r'(conv1\..+|layer\d+\..+)', r'\1')]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what says which network the file is of."""
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        '--config',
        help='the config of MMAction2 that made the file; default: the one '
        'that the file itself carries',
    )
    choice.add_argument(
        '--variant',
        choices=sorted(VARIANTS),
        help='a known network, if there is no config at hand',
    )


def convert(
    path: str | Path,
    config: str | Path | None = None,
    variant: str | None = None,
) -> Imported:
    """Read a checkpoint of a ``Recognizer3D``, or of its backbone alone.

    Args:
        path: A '.pth' file.
        config: The config that made it; run as all configs are. Without it
            the text of the config in the file is read, and not run.
        variant: A name of ``VARIANTS`` instead of a config.

    Returns:
        The backbone in our terms.

    Raises:
        FileNotFoundError: There is no such file.
        CheckpointError: It is damaged, or asks to run code.
        ValueError: It is of another kind, or nothing says of which network.
    """
    content = load_checkpoint(path)
    state = tensors_of(content, path)
    whole = any(key.startswith('backbone.') for key in state)
    renamed, left_out = rename(
        state, RULES if whole else BARE_RULES, str(path)
    )
    if variant is not None:
        backbone, contract = _of_variant(variant)
        backbone = with_width(backbone, renamed)
    else:
        cfg, origin = _config(content, path, config)
        backbone, contract = _of_config(cfg, origin)
    return Imported(renamed, backbone, contract, SOURCE, left_out)


def our_backbone(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return our config of a backbone of MMAction2's.

    Args:
        given: Its config there; files to start from are left out.

    Raises:
        ValueError: MMAction2 has no backbone of this type.
    """
    arguments = {
        key: value
        for key, value in given.items()
        if key not in ('pretrained', 'init_cfg')
    }
    name = str(arguments.pop('type')).removeprefix('mmaction.')
    if name == 'ResNet3dSlowOnly':
        kept = {k: v for k, v in arguments.items() if k not in LATERAL}
        arguments = {**SLOW_ONLY, **kept}
    if name in OURS:
        return dict(type=OURS[name], **arguments)
    if not is_registered(f'mmaction.{name}'):
        raise ValueError(f'MMAction2 has no backbone {name!r}')
    return dict(type=f'mmaction.{name}', **arguments)


def _config(
    content: Any, path: str | Path, config: str | Path | None
) -> tuple[Config, str]:
    """Return the config of a file's network, and what to call it."""
    if config is not None:
        return load_config(str(config)), str(config)
    meta = content.get('meta') if isinstance(content, Mapping) else None
    text = meta.get('cfg') if isinstance(meta, Mapping) else None
    if not isinstance(text, str):
        raise ValueError(
            f'{path} carries no config that would say of which network it '
            f'is; add --config FILE, or --variant {" or ".join(VARIANTS)}'
        )
    return Config(read_config_text(text, str(path))), str(path)


def _of_config(
    cfg: Config, origin: str
) -> tuple[dict[str, Any], InputContract]:
    """Return backbone and contract of a config of MMAction2's."""
    model = cfg.get('model') or {}
    kind = str(model.get('type')).removeprefix('mmaction.')
    if kind != 'Recognizer3D' or 'backbone' not in model:
        raise ValueError(
            f'{origin} is the config of a {kind}, expected a Recognizer3D: '
            'its backbone takes whole clips'
        )
    if not model.get('data_preprocessor'):
        raise ValueError(
            f'{origin} has no model.data_preprocessor, which says in which '
            'colours clips are shown; before MMAction2 1.0 a pipeline did. '
            f'Take --variant {" or ".join(VARIANTS)} if it is one of them'
        )
    return our_backbone(cfg.to_dict()['model']['backbone']), (
        contract_of_config(cfg)
    )


def _of_variant(variant: str) -> tuple[dict[str, Any], InputContract]:
    """Return backbone and contract of a known network."""
    if variant not in VARIANTS:
        raise ValueError(
            f'variant must be one of {", ".join(VARIANTS)}, got {variant!r}'
        )
    backbone, num_frames, stride = VARIANTS[variant]
    contract = InputContract(
        channel_order='rgb',
        value_range=(0.0, 255.0),
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        num_frames=num_frames,
        frame_interval=(stride,),
        height=224,
        width=224,
    )
    return our_backbone(backbone), contract

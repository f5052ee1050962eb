"""A network of ours as MMAction2's ``Recognizer3D``: checkpoint and config.

The checkpoint has the keys that ``load_from`` fills. Where our classes equal
MMAction2's, the config names MMAction2's and needs nothing of ours;
otherwise it imports this package.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import torch

from vsslcodebase.checkpoints.clip_shape import ClipShape
from vsslcodebase.checkpoints.exporters.recognizer_config import (
    recognizer_config,
)
from vsslcodebase.checkpoints.exporters.whole_file import put_in_place
from vsslcodebase.checkpoints.input_contract import InputContract
from vsslcodebase.checkpoints.saved_network import (
    SavedNetwork,
    build_head,
    build_network,
)
from vsslcodebase.datasets.annotation import write_whole
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.models import LinearClsHead, VideoResNet3d
from vsslcodebase.registry import MODELS

# How the weights lie in memory, which MMAction2 leaves to torch
OURS_ALONE = ('memory_format',)


class Recognizer(NamedTuple):
    """What was exported.

    Attributes:
        model: Config of the ``Recognizer3D``.
        is_plain: It names MMAction2's classes alone.
        num_tensors: Of the checkpoint.
    """

    model: dict[str, Any]
    is_plain: bool
    num_tensors: int


def to_recognizer(
    saved: SavedNetwork,
    target: Path,
    config: Path,
    shape: ClipShape,
    num_classes: int | None = None,
) -> Recognizer:
    """Write checkpoint and config.

    Args:
        saved: The network; a classifier stays with it.
        target: Checkpoint to write.
        config: Config to write.
        shape: Of the clips in its pipelines.
        num_classes: Of a new classifier, where there is none.

    Raises:
        UsageError: There is no classifier and no number for one, or both.
        CheckpointError: The weights do not fit the network.
    """
    model = recognizer_model(saved, num_classes)
    types = (model['backbone']['type'], model['cls_head']['type'])
    is_plain = not any('.' in name for name in types)
    meta = dict(name=saved.name, input_contract=saved.contract.to_dict())
    with put_in_place(target) as partial:
        torch.save(dict(meta=meta, state_dict=saved.state), partial)
    relative = os.path.relpath(target.resolve(), config.resolve().parent)
    text = recognizer_config(
        saved.name, model, shape, Path(relative).as_posix(), is_plain
    )
    write_whole(config, text)
    return Recognizer(model, is_plain, len(saved.state))


def recognizer_model(
    saved: SavedNetwork, num_classes: int | None = None
) -> dict[str, Any]:
    """Return the config of the ``Recognizer3D``, for MMAction2's scope.

    Raises:
        UsageError: As ``to_recognizer``.
        CheckpointError: Likewise.
    """
    width = build_network(saved).feat_dim  # also checks the weights
    if saved.head is None:
        if num_classes is None or num_classes < 1:
            raise UsageError(
                f'{saved.path} has no classifier; say how many classes the '
                'new one is to have: --num-classes N'
            )
        head = dict(
            type='I3DHead',
            num_classes=num_classes,
            in_channels=width,
            spatial_type='avg',
            dropout_ratio=0.5,
            average_clips='prob',
        )
    elif num_classes not in (None, saved.head['num_classes']):
        raise UsageError(
            f'{saved.path} has a classifier of '
            f'{saved.head["num_classes"]} classes, which is kept; leave '
            '--num-classes out, or export its published backbone'
        )
    else:
        build_head(saved)
        head = _their_head(saved.head)
    return dict(
        type='Recognizer3D',
        data_preprocessor=_preprocessor(saved.contract),
        backbone=_their_backbone(saved.backbone),
        cls_head=head,
    )


def _their_backbone(cfg: dict[str, Any]) -> dict[str, Any]:
    """Name MMAction2's network where ours has the same layers."""
    cls = MODELS.get(cfg['type'])
    if cls is not VideoResNet3d:
        return dict(cfg, type=_scoped(cls))
    return {
        **{key: value for key, value in cfg.items() if key not in OURS_ALONE},
        'type': 'ResNet3d',
    }


def _their_head(cfg: dict[str, Any]) -> dict[str, Any]:
    """Likewise; a head that standardises features has no equal there."""
    cls = MODELS.get(cfg['type'])
    is_plain = (
        cls is LinearClsHead
        and cfg.get('feature_norm', 'bn') == 'none'
        and cfg.get('pool_size', 1) == 1
    )
    if not is_plain:
        return dict(cfg, type=_scoped(cls))
    rest = {
        key: value
        for key, value in cfg.items()
        if key not in ('type', 'feature_norm', 'pool_size')
    }
    defaults = dict(dropout_ratio=0.0, average_clips='prob')  # LinearClsHead's
    return dict(type='I3DHead', spatial_type='avg', **{**defaults, **rest})


def _scoped(cls: Any) -> str:
    """Return the name that MMAction2's registry finds a class by."""
    ours = cls.__module__.partition('.')[0] == 'vsslcodebase'
    return f'vsslcodebase.{cls.__name__}' if ours else cls.__name__


def _preprocessor(contract: InputContract) -> dict[str, Any]:
    """Return MMAction2's, for frames that come as red, green, blue."""
    mean, std = contract.colours()
    return dict(
        type='ActionDataPreprocessor',
        mean=[round(value, 6) for value in mean],
        std=[round(value, 6) for value in std],
        to_rgb=contract.channel_order == 'bgr',  # exchanges red and blue
        format_shape='NCTHW',
    )

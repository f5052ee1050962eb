"""The networks of Pace Prediction's authors: C3D, R3D, R(2+1)D and S3D-G.

Wang et al. (2020), https://github.com/laura-wang/video-pace. The first three
are those of VCOP (Xu et al. 2019) and named alike; the last is that of
HowTo100M without its "space to depth" stem. They are our networks of
configs/_base_/backbones: c3d, r3d10, r2plus1d10 and s3dg. The last pads odd
maps as TensorFlow does and theirs does not, so that of other sizes than
multiples of 32 pixels (and frames other than of 8) features may differ.

The official code reads frames with OpenCV and hands them on as they are:
blue first, 0 to 255, without mean and std. Our configs of the paper show RGB
over 255, and may not use such a file as it is.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from vsslcodebase.checkpoints.input_contract import InputContract

from .renaming import Imported, Rule, peer_state
from .units import conv_and_norm, separable
from .variants import Variant, add_variant, import_variant

SOURCE = 'video-pace'
# datasets/ucf101.py, and the commands of the README
CONTRACT = InputContract(
    channel_order='bgr',
    value_range=(0.0, 255.0),
    mean=(0.0, 0.0, 0.0),
    std=(1.0, 1.0, 1.0),
    num_frames=16,
    frame_interval=(1, 2, 3, 4),
    height=112,
    width=112,
)
# A tensor that one of the networks has alone
MARKS = {
    'c3d': 'conv3a.weight',
    'r3d': 'conv1.temporal_spatial_conv.weight',
    'r21d': 'conv1.spatial_conv.weight',
    's3d': 'conv_2c.conv1.weight',
}


def convert(path: str | Path, variant: str | None = None) -> Imported:
    """Read a checkpoint of the official code's.

    Args:
        path: A '.pth.tar' file.
        variant: 'c3d', 'r3d', 'r21d' or 's3d', the names of the official
            ``--model``; None for the one that the file holds.

    Returns:
        The network in our terms.

    Raises:
        FileNotFoundError: There is no such file.
        CheckpointError: It is damaged, or asks to run code.
        ValueError: It holds another network, HowTo100M's included.
    """
    state = peer_state(path)
    _check_stem(state, path)
    found = network_of(state)
    return import_variant(path, state, VARIANTS, found, variant, SOURCE)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what there is to choose."""
    add_variant(parser, VARIANTS)


def network_of(state: Mapping[str, Tensor]) -> str | None:
    """Name the network by its tensors; None if it is none of these."""
    return next((name for name, key in MARKS.items() if key in state), None)


def _check_stem(state: Mapping[str, Tensor], path: str | Path) -> None:
    """Raise for the S3D-G whose stem sees eighths of a clip."""
    key = 'conv1.conv1.weight'
    stem = state.get(key)
    if stem is not None and stem.ndim == 5 and stem.shape[1] == 24:
        raise ValueError(
            f'{path} holds an S3D-G with a "space to depth" stem, as of '
            f'HowTo100M: {key} is {tuple(stem.shape)}, expected a 3x7x7 '
            'convolution of 3 channels'
        )


def _c3d() -> list[Rule]:
    """Return the rules for C3D."""
    rules: list[Rule] = []
    for theirs, ours in (('1', '1.0'), ('2', '2.0')):
        rules += conv_and_norm(
            '', f'conv{ours}', f'conv{theirs}', f'bn{theirs}'
        )
    for stage in (3, 4, 5):
        for i, letter in enumerate('ab'):
            name = f'{stage}{letter}'
            rules += conv_and_norm(
                '', f'conv{stage}.{i}', f'conv{name}', f'bn{name}'
            )
    return [*rules, (r'linear\.(weight|bias)', None)]


def _r3d() -> list[Rule]:
    """Return the rules for R3D, one block a stage."""
    inner = r'\.temporal_spatial_conv'
    rules = conv_and_norm('', 'conv1', 'conv1' + inner, 'bn1')
    for theirs, ours in _blocks():
        for conv, norm, name in _PARTS:
            rules += conv_and_norm(theirs, ours + name, conv + inner, norm)
    return [*rules, (r'linear\.(weight|bias)', None)]


def _r21d() -> list[Rule]:
    """Return the rules for R(2+1)D, one block a stage."""
    rules = _factorised('', 'conv1', 'bn1', 'conv1')
    for theirs, ours in _blocks():
        for conv, norm, name in _PARTS:
            rules += _factorised(theirs, conv, norm, ours + name)
    return [*rules, (r'linear\.(weight|bias)', None)]


# Convolutions of a block: theirs, the norm behind it, ours
_PARTS = (
    ('conv1', 'bn1', 'conv1'),
    ('conv2', 'bn2', 'conv2'),
    ('downsampleconv', 'downsamplebn', 'shortcut'),
)


def _blocks() -> list[tuple[str, str]]:
    """Return how the keys of the block of each stage begin."""
    return [(rf'conv{n}\.block1\.', f'conv{n}.0.') for n in range(2, 6)]


def _factorised(start: str, conv: str, norm: str, ours: str) -> list[Rule]:
    """Return the rules for a convolution in space and then in time.

    The norm between the two is within it, the one behind it is not.
    """
    inside = rf'{start}{conv}\.'
    return [
        *conv_and_norm(inside, ours + '.spatial', 'spatial_conv', 'bn'),
        *conv_and_norm(
            start, ours + '.temporal', conv + r'\.temporal_conv', norm
        ),
    ]


def _s3d() -> list[Rule]:
    """Return the rules for S3D-G."""
    rules = [
        *conv_and_norm(r'conv1\.', 'conv1', 'conv1', 'bn1'),
        *conv_and_norm(r'conv_2b\.', 'conv2.conv_2b', 'conv1', 'bn1'),
        *separable('conv_2c', 'conv2.conv_2c'),
        (r'gating\.fc\.(weight|bias)', r'conv2.gate.linear.\1'),
    ]
    for stage, letters in ((3, 'bc'), (4, 'b-f'), (5, 'bc')):
        theirs = rf'mixed_({stage}[{letters}])\.'
        ours = rf'conv{stage}.mixed_\1.branches.'
        # our place of the point, the separable convolution and the gate
        for branch, name, place in (
            (0, 'conv_b0', '0.0'),
            (1, 'conv_b1_a', '1.0'),
            (2, 'conv_b2_a', '2.0'),
            (3, 'conv_b3_b', '3.1'),
        ):
            rules += conv_and_norm(
                theirs + name + r'\.', ours + place, 'conv1', 'bn1'
            )
            gate = 1 if branch == 0 else 2
            rules.append(
                (
                    theirs + rf'gating_b{branch}\.fc\.(weight|bias)',
                    ours + rf'{branch}.{gate}.linear.\2',
                )
            )
        for branch in (1, 2):
            rules += separable(
                theirs + f'conv_b{branch}_b', f'{ours}{branch}.1'
            )
    return [*rules, (r'fc\.(weight|bias)', None)]


_ONE_BLOCK = dict(type='PlainResNet3d', num_blocks=(1, 1, 1, 1))
VARIANTS = {
    'c3d': Variant(
        _c3d(), dict(type='C3DBN'), 'conv1.0.conv.weight', CONTRACT
    ),
    'r3d': Variant(
        _r3d(), dict(_ONE_BLOCK, block='r3d'), 'conv1.conv.weight', CONTRACT
    ),
    'r21d': Variant(
        _r21d(),
        dict(_ONE_BLOCK, block='r2plus1d'),
        'conv1.temporal.conv.weight',
        CONTRACT,
    ),
    's3d': Variant(
        _s3d(),
        dict(type='S3DG'),
        'conv1.conv.weight',
        replace(CONTRACT, num_frames=64, height=224, width=224),
    ),
}

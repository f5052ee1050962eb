"""R3D-18, MC3-18 and R(2+1)D-18 of torchvision, trained on Kinetics-400.

Tran et al. (2018); ``torchvision.models.video``. Their networks are options
of ``PlainResNet3d``: strides, paddings and the epsilon of the norms (1e-5)
are the same. torchvision's other video networks are not.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from torch import Tensor

from vsslcodebase.checkpoints.input_contract import InputContract

from .renaming import Imported, Rule, peer_state
from .units import conv_and_norm
from .variants import Variant, add_variant, import_variant

SOURCE = 'torchvision'
# README of torchvision/models/video, and the transforms of the weights.
# Clips are sampled at 15 frames a second: every second one of 30.
CONTRACT = InputContract(
    channel_order='rgb',
    value_range=(0.0, 1.0),
    mean=(0.43216, 0.394666, 0.37645),
    std=(0.22803, 0.22145, 0.216989),
    num_frames=16,
    frame_interval=(2,),
    height=112,
    width=112,
)


def convert(path: str | Path, variant: str | None = None) -> Imported:
    """Read a file of torchvision's weights.

    Args:
        path: The file, or a checkpoint with the state dict under 'model'.
        variant: 'r3d_18', 'mc3_18' or 'r2plus1d_18'; None for the one that
            the file holds.

    Returns:
        The network in our terms.

    Raises:
        FileNotFoundError: There is no such file.
        CheckpointError: It is damaged, or asks to run code.
        ValueError: It holds another network.
    """
    state = peer_state(path, ('model', 'state_dict'))
    found = network_of(state)
    return import_variant(path, state, VARIANTS, found, variant, SOURCE)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what there is to choose."""
    add_variant(parser, VARIANTS)


def network_of(state: Mapping[str, Tensor]) -> str | None:
    """Name the network by its tensors; None if it is none of these."""
    stem = state.get('stem.0.weight')
    if stem is None:
        return None
    if 'stem.3.weight' in state:
        return 'r2plus1d_18'
    later = state.get('layer2.0.conv1.0.weight', stem)
    return 'mc3_18' if later.shape[2] == 1 else 'r3d_18'


def _whole() -> list[Rule]:
    """Return the rules for convolutions in one piece."""
    rules = conv_and_norm(r'stem\.', 'conv1', '0', '1')
    for theirs, ours in _blocks():
        rules += conv_and_norm(
            theirs + r'conv([12])\.', ours + r'conv\2', '0', '1'
        )
    return rules + _others()


def _factorised() -> list[Rule]:
    """Return the rules for convolutions in space and then in time."""
    rules = conv_and_norm(r'stem\.', 'conv1.spatial', '0', '1')
    rules += conv_and_norm(r'stem\.', 'conv1.temporal', '3', '4')
    for theirs, ours in _blocks():
        unit, name = theirs + r'conv([12])\.', ours + r'conv\2'
        rules += conv_and_norm(unit, name + '.spatial', r'0\.0', r'0\.1')
        rules += conv_and_norm(unit, name + '.temporal', r'0\.3', '1')
    return rules + _others()


def _blocks() -> list[tuple[str, str]]:
    """Return how the keys of the two blocks of each stage begin."""
    return [
        (rf'layer{stage}\.([01])\.', rf'conv{stage + 1}.\1.')
        for stage in range(1, 5)
    ]


def _others() -> list[Rule]:
    """Return the rules for shortcuts and for the classifier."""
    rules: list[Rule] = []
    for theirs, ours in _blocks():
        rules += conv_and_norm(
            theirs + r'downsample\.', ours + 'shortcut', '0', '1'
        )
    return [*rules, (r'fc\.(weight|bias)', None)]


_NETWORK = dict(type='PlainResNet3d', block='r3d', num_blocks=(2, 2, 2, 2))
_variant = partial(Variant, contract=CONTRACT)
VARIANTS = {
    'r3d_18': _variant(_whole(), _NETWORK, 'conv1.conv.weight'),
    'mc3_18': _variant(
        _whole(), dict(_NETWORK, flat_from=3), 'conv1.conv.weight'
    ),
    'r2plus1d_18': _variant(
        _factorised(),
        dict(
            _NETWORK,
            block='r2plus1d',
            stem_mid_channels=45,
            plain_shortcuts=True,
            share_mid_channels=True,
        ),
        'conv1.temporal.conv.weight',
    ),
}

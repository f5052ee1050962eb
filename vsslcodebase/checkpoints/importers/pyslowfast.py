"""Slow-only R50 of facebookresearch/SlowFast: contrastive and supervised.

Feichtenhofer et al. (2021), "A Large-Scale Study on Unsupervised
Spatiotemporal Representation Learning": MoCo, BYOL, SimCLR and SwAV with the
8x8 Slow-only network, https://github.com/facebookresearch/SlowFast
(projects/contrastive_ssl). It is the network of
``configs/_base_/backbones/slow50.py``: temporal kernels, strides (at the 3x3
of a bottleneck), paddings and the epsilon of the norms (1e-5) are the same.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from torch import Tensor

from vsslcodebase.checkpoints.input_contract import InputContract
from vsslcodebase.compat import load_checkpoint

from .renaming import (
    Imported,
    Rule,
    our_backbone,
    rename,
    tensors_of,
    with_width,
)

SOURCE = 'pyslowfast'
NETWORKS = ('online', 'momentum')
# What their config files leave as it is (slowfast/config/defaults.py)
DATA: dict[str, Any] = dict(
    NUM_FRAMES=8,
    SAMPLING_RATE=8,
    TRAIN_CROP_SIZE=224,
    MEAN=[0.45, 0.45, 0.45],
    STD=[0.225, 0.225, 0.225],
    REVERSE_INPUT_CHANNEL=False,
)
# Of a model around the network: queues, prototypes, memory banks, counters
AROUND = r'(ptr|iter|queue_x|queue_swav|swav_prototypes|memory|knn_mem)(\..+)?'
# Sub-batch norm evaluates with ``bn`` and trains with ``split_bn``. Their
# checkpoints name the former as a plain norm; a bare state dict does not.
NORM = r'(?:\.bn)?\.(weight|bias|running_mean|running_var|num_batches_tracked)'
LAYERS = {
    r'branch1': 'downsample',
    r'branch2\.a': 'conv1',
    r'branch2\.b': 'conv2',
    r'branch2\.c': 'conv3',
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what there is to choose."""
    parser.add_argument(
        '--network',
        choices=NETWORKS,
        default='online',
        help='the trained one, or its moving average (MoCo, BYOL); default: '
        '%(default)s, which they evaluate',
    )


def convert(path: str | Path, network: str = 'online') -> Imported:
    """Read a checkpoint of SlowFast's.

    Args:
        path: A '.pyth' file.
        network: 'online', or 'momentum' for the moving average.

    Returns:
        The Slow-only R50 in our terms.

    Raises:
        FileNotFoundError: There is no such file.
        CheckpointError: It is damaged, or asks to run code.
        ValueError: It is no file of that network, or has no moving average.
    """
    content = load_checkpoint(path)
    state = tensors_of(content, path, ('model_state',))
    rules = _rules(*_prefixes(state, network, path))
    renamed, left_out = rename(state, rules, str(path))
    contract = _contract(content, path)
    backbone = with_width(our_backbone('slow50'), renamed)
    return Imported(renamed, backbone, contract, SOURCE, left_out)


def _prefixes(
    state: Mapping[str, Tensor], network: str, path: str | Path
) -> tuple[str, str | None]:
    """Return how keys of the wanted and of the other network begin."""
    names = {key.partition('.')[0] for key in state}
    if network == 'momentum':
        if 'backbone_hist' not in names:
            raise ValueError(
                f'{path} has no moving average (backbone_hist.*), which only '
                'MoCo and BYOL keep; take --network online'
            )
        return 'backbone_hist.', 'backbone.'
    if network != 'online':
        raise ValueError(
            f"network must be 'online' or 'momentum', got {network!r}"
        )
    return (
        ('backbone.', 'backbone_hist.') if 'backbone' in names else ('', None)
    )


def _rules(prefix: str, other: str | None) -> list[Rule]:
    """Return the rules for one network of a file."""
    net = re.escape(prefix)
    rules: list[Rule] = [
        (net + r's1\.pathway0_stem\.conv\.weight', 'conv1.conv.weight'),
        (net + r's1\.pathway0_stem\.bn' + NORM, r'conv1.bn.\1'),
    ]
    for stage in range(2, 6):
        theirs = net + rf's{stage}\.pathway0_res(\d+)\.'
        ours = rf'layer{stage - 1}.\1.'
        for branch, layer in LAYERS.items():
            rules += [
                (rf'{theirs}{branch}\.weight', f'{ours}{layer}.conv.weight'),
                (rf'{theirs}{branch}_bn{NORM}', rf'{ours}{layer}.bn.\2'),
            ]
    rules += [(r'.+bn\.split_bn\..+', None), (net + r'head\..+', None)]
    if other is not None:
        rules += [(re.escape(other) + '.+', None), (AROUND, None)]
    return rules


def _contract(content: Any, path: str | Path) -> InputContract:
    """Return what the stored config says of the clips."""
    text = content.get('cfg') if isinstance(content, Mapping) else None
    try:
        stored = yaml.safe_load(text) if isinstance(text, str) else None
        given = (stored or {}).get('DATA') or {}
        data = {name: given.get(name, DATA[name]) for name in DATA}
        mean, std = map(tuple, (data['MEAN'], data['STD']))
        # They standardise before they reverse the channels
        reverse = -1 if data['REVERSE_INPUT_CHANNEL'] else 1
        return InputContract(
            channel_order='bgr' if reverse < 0 else 'rgb',
            value_range=(0.0, 1.0),
            mean=mean[::reverse],
            std=std[::reverse],
            num_frames=data['NUM_FRAMES'],
            frame_interval=(data['SAMPLING_RATE'],),
            height=data['TRAIN_CROP_SIZE'],
            width=data['TRAIN_CROP_SIZE'],
        )
    except (yaml.YAMLError, AttributeError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path}: the config stored under 'cfg' says nothing of use "
            f'about DATA: {error}'
        ) from error

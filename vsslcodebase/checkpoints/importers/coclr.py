"""S3D of CoCLR, of its InfoNCE and UberNCE baselines, and fine-tuned.

Han et al. (2020), https://github.com/TengdaHan/CoCLR. It is our ``S3DG``
without gates, with a separable stem and with pools that pad both ends alike;
the epsilon of the norms (1e-5) is the same.

A block's layers are there under two names, ``block1.0`` and ``Conv_1a`` for
instance, so that every tensor of the network is stored twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vsslcodebase.checkpoints.input_contract import InputContract

from .renaming import Imported, Rule, peer_state, rename, with_width
from .units import conv_and_norm, separable

SOURCE = 'coclr'
BACKBONE: dict[str, Any] = dict(
    type='S3DG', gates=False, separable_stem=True, same_pools=False
)
# Defaults of main_coclr.py and commands of the README; ``ToTensor`` divides
# by 255
CONTRACT = InputContract(
    channel_order='rgb',
    value_range=(0.0, 1.0),
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
    num_frames=32,
    frame_interval=(1,),
    height=128,
    width=128,
)
# Both modalities have the same keys; '-flow-' and '-f-' are in the names of
# the published files.
FLOW = re.compile(r'(^|[-_])(f|flow)[-_]', re.IGNORECASE)
ALIASES = {
    'block1.0': 'Conv_1a',
    'block2.1': 'Conv_2b',
    'block2.2': 'Conv_2c',
    **{
        f'block{stage}.{i}': f'Mixed_{stage}{letter}'
        for stage, letters in ((3, 'bc'), (4, 'bcdef'), (5, 'bc'))
        for i, letter in enumerate(letters, start=1)
    },
}
# Around the network: projections, the momentum copy, the other modality's
# encoder, queues, classifiers
AROUND: list[Rule] = [
    (r'encoder_q\.[24]\.(weight|bias)', None),
    (r'(encoder_k|sampler)\..+', None),
    (r'queue(_ptr|_second|_vname|_label)?', None),
    (r'final_(bn|fc)\..+', None),
]


def convert(path: str | Path) -> Imported:
    """Read a checkpoint of CoCLR's.

    Args:
        path: Of pre-training (``encoder_q.0.*``, the trained one, is taken)
            or with a classifier (``backbone.*``).

    Returns:
        The S3D in our terms.

    Raises:
        FileNotFoundError: There is no such file.
        CheckpointError: It is damaged, or asks to run code.
        ValueError: It holds another network; or its name says that it was
            trained on optical flow.
    """
    if FLOW.search(Path(path).name):
        raise ValueError(
            f'{path} is of optical flow, by its name, and an input contract '
            'is of frames; expected a network of RGB frames. If its name '
            'means something else, rename it'
        )
    state = peer_state(path)
    bare = any(key.startswith('backbone.') for key in state)
    prefix = 'backbone.' if bare else 'encoder_q.0.'
    _check_aliases(state, prefix, path)
    renamed, left_out = rename(state, _rules(prefix), str(path))
    backbone = with_width(BACKBONE, renamed, 'conv1.spatial.conv.weight')
    return Imported(renamed, backbone, CONTRACT, SOURCE, left_out)


def _check_aliases(
    state: Mapping[str, Tensor], prefix: str, path: str | Path
) -> None:
    """Raise if the two names of a tensor stand for two tensors."""
    for alias, name in ALIASES.items():
        start = f'{prefix}{alias}.'
        for key in [key for key in state if key.startswith(start)]:
            other = f'{prefix}{name}.{key.removeprefix(start)}'
            if other in state and not torch.equal(state[key], state[other]):
                raise ValueError(
                    f'{path}: {key} and {other} name one tensor, but their '
                    'values differ; expected a file as CoCLR saves it'
                )


def _rules(prefix: str) -> list[Rule]:
    """Return the rules for the network whose keys begin with ``prefix``."""
    net = re.escape(prefix)
    rules = [
        *separable(net + 'Conv_1a', 'conv1'),
        *conv_and_norm(net + r'Conv_2b\.', 'conv2.conv_2b', 'conv', 'bn'),
        *separable(net + 'Conv_2c', 'conv2.conv_2c'),
    ]
    for stage, letters in ((3, 'bc'), (4, 'b-f'), (5, 'bc')):
        theirs = net + rf'Mixed_({stage}[{letters}])\.branch'
        ours = rf'conv{stage}.mixed_\1.branches.'
        rules += conv_and_norm(
            theirs + r'([0-3])\.([01])\.', ours + r'\2.\3', 'conv', 'bn'
        )
        rules += separable(theirs + r'([12])\.1', ours + r'\2.1')
    return [*rules, (net + r'block[1-5]\..+', None), *AROUND]

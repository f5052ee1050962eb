"""R3D-50 of CVRL, from the TensorFlow Model Garden.

Qian et al. (2021), "Spatiotemporal Contrastive Video Representation
Learning", https://github.com/tensorflow/models (official/projects/video_ssl).
What is published are TensorFlow checkpoints; this reads their variables from
an '.npz' file, which docs/importing.md says how to write.

The network is R3D-50 of ``configs/_base_/backbones/r3d50.py`` but for two
things: strided layers pad as TensorFlow's 'SAME' does, and the norms' epsilon
is 1e-3. Frames are RGB between 0 and 1, with neither mean nor deviation.
"""

from __future__ import annotations

import argparse
import math
import zipfile
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vsslcodebase.checkpoints.input_contract import InputContract
from vsslcodebase.compat import CheckpointError

from .renaming import (
    Imported,
    Rule,
    our_backbone,
    rename,
    shortened,
    with_width,
)

SOURCE = 'cvrl'
EPSILON = 1e-3
CONTRACT = InputContract(
    channel_order='rgb',
    value_range=(0.0, 1.0),
    mean=(0.0, 0.0, 0.0),
    std=(1.0, 1.0, 1.0),
    num_frames=16,
    frame_interval=(2,),
    height=224,
    width=224,
)
NUM_BLOCKS = (3, 4, 6, 3)
LAYERS = {
    ('_shortcut_conv', '_norm0'): 'downsample',
    ('_temporal_conv', '_norm1'): 'conv1',
    ('_spatial_conv', '_norm2'): 'conv2',
    ('_expand_conv', '_norm3'): 'conv3',
}
NORM = dict(
    gamma='weight',
    beta='bias',
    moving_mean='running_mean',
    moving_variance='running_var',
)
END = r'(/\.ATTRIBUTES/VARIABLE_VALUE)?'
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    MemoryError,  # an array may claim any size, too
    ValueError,
)
MAX_BYTES = 4 * 2**30  # of the arrays: a small archive may claim any size


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what there is to choose."""
    parser.add_argument(
        '--eps',
        type=float,
        default=EPSILON,
        help="the norms' epsilon, norm_epsilon of their config; default: "
        '%(default)s, theirs',
    )


def convert(path: str | Path, eps: float = EPSILON) -> Imported:
    """Read the variables of a checkpoint of CVRL's.

    Args:
        path: An '.npz' file, see ``read_variables``.
        eps: Epsilon of the norms.

    Returns:
        R3D-50 in our terms.

    Raises:
        FileNotFoundError: There is no such file.
        CheckpointError: It is no archive of plain arrays.
        ValueError: The variables are not those of the network.
    """
    if not (math.isfinite(eps) and eps > 0):
        raise ValueError(f'eps must be a number above 0, got {eps}')
    variables = read_variables(path)
    renamed, left_out = rename(variables, rules(), str(path))
    state = {
        key: value.permute(4, 3, 0, 1, 2).contiguous()
        if value.ndim == 5
        else value
        for key, value in renamed.items()
    }
    backbone = with_width(our_backbone('r3d50'), state)
    backbone['type'] = 'SamePaddedResNet3d'
    backbone['norm_cfg'] = dict(backbone['norm_cfg'], eps=eps)
    return Imported(state, backbone, CONTRACT, SOURCE, left_out)


def rules() -> list[Rule]:
    """Return our name for each variable of the garden's checkpoints.

    A functional Keras model counts its layers with weights: the stem's
    convolution and norm are 0 and 1, the sixteen blocks 2 to 17.
    """
    net = r'(?:.*/)?_?backbone/layer_with_weights-'
    found: list[Rule] = [(f'{net}0/kernel{END}', 'conv1.conv.weight')]
    found += [
        (f'{net}1/{theirs}{END}', f'conv1.bn.{ours}')
        for theirs, ours in NORM.items()
    ]
    blocks = [
        f'layer{stage}.{block}'
        for stage, count in enumerate(NUM_BLOCKS, 1)
        for block in range(count)
    ]
    for number, block in enumerate(blocks, 2):
        for (conv, norm), layer in LAYERS.items():
            found += [
                (
                    f'{net}{number}/{conv}/kernel{END}',
                    f'{block}.{layer}.conv.weight',
                ),
                *(
                    (
                        f'{net}{number}/{norm}/{theirs}{END}',
                        f'{block}.{layer}.bn.{ours}',
                    )
                    for theirs, ours in NORM.items()
                ),
            ]
    # Projection, counters and the optimizer of a whole training
    found += [
        (r'(model/)?layer_with_weights-\d+/.+', None),
        (
            r'(save_counter|global_step|_CHECKPOINTABLE_OBJECT_GRAPH)(/.+)?',
            None,
        ),
        (r'(optimizer|trainer)/.+', None),
        (r'.+/\.OPTIMIZER_SLOT/.+', None),
    ]
    return found


def read_variables(path: str | Path) -> dict[str, Tensor]:
    """Read the arrays of an '.npz' file; nothing of it is unpickled.

    Args:
        path: A file of ``numpy.savez``: name of variable to array.

    Returns:
        Name to tensor; numbers of any other kind than floats are left out.

    Raises:
        FileNotFoundError: There is no such file.
        CheckpointError: It is no such archive, claims more than 4 GiB, or
            holds objects.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise FileNotFoundError(f'no file of variables at {file}')
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
        others = [e.filename for e in entries if e.filename[-4:] != '.npy']
        if others:
            raise ValueError(f'it holds {shortened(others, 3)}')
        size = sum(entry.file_size for entry in entries)
        if size > MAX_BYTES:
            raise CheckpointError(
                f'{file} claims {size / 2**30:.0f} GiB of arrays, and this '
                'network has 0.13'
            )
        with np.load(file, allow_pickle=False) as arrays:
            variables = {name: arrays[name] for name in arrays.files}
    except DAMAGED as error:
        raise CheckpointError(
            f'{file} cannot be read as an .npz archive of plain arrays '
            f'({error}); docs/importing.md says how to write one of a '
            'TensorFlow checkpoint'
        ) from error
    return {
        name: torch.from_numpy(np.array(array, dtype=np.float32))
        for name, array in variables.items()
        if array.dtype.kind == 'f'
    }

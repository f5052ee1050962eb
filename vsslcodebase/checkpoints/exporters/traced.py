"""Networks as files that need none of this package: TorchScript, pt2, ONNX.

Each takes clips (N, 3, T, H, W) of one T, H and W and of any N. The network is
put in eval mode, and what a file gives is compared with it before the file
takes its place.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vsslcodebase.checkpoints.clip_shape import ClipShape
from vsslcodebase.checkpoints.exporters.whole_file import put_in_place
from vsslcodebase.checkpoints.exporters.whole_network import WholeNetwork
from vsslcodebase.checkpoints.input_contract import InputContract
from vsslcodebase.engine.preflight import UsageError

TOLERANCE = 1e-4  # of the largest number that comes out
CONTRACT_FILE = 'input_contract.json'
Run = Callable[[Tensor], Tensor]


def to_torchscript(
    network: WholeNetwork,
    path: Path,
    shape: ClipShape,
    contract: InputContract,
) -> float:
    """Write TorchScript, for ``torch.jit.load`` in Python and C++.

    Torch deprecates it in favour of ``to_pt2``. A clip of another size is
    refused by the file, since a trace may compute something wrong for it.

    Args:
        network: What to export.
        path: File to write; the contract is in it as ``CONTRACT_FILE``, with
            the frames and the size of the file's clips.
        shape: Of a clip.
        contract: Of the network.

    Returns:
        The largest difference to the network's own output.

    Raises:
        UsageError: The network cannot be exported, or gives other numbers.
    """
    clips = example(network.eval(), shape, contract, 2)

    def export() -> Any:
        traced = torch.jit.trace(network, clips, check_trace=False)
        return torch.jit.script(_OfOneShape(traced, [*clips.shape[1:]]))

    script = _exported(network, 'TorchScript', export)
    error = check(network, script, shape, contract, 'TorchScript')
    about = _contract_text(contract, shape)
    with put_in_place(path) as partial:
        torch.jit.save(script, partial, _extra_files={CONTRACT_FILE: about})
    return error


def _contract_text(contract: InputContract, shape: ClipShape) -> str:
    """Write the contract of a file, which takes clips of one shape."""
    strides = contract.frame_interval
    if shape.frame_interval not in strides:
        strides = (shape.frame_interval,)
    own = replace(
        contract,
        num_frames=shape.num_frames,
        frame_interval=strides,
        height=shape.height,
        width=shape.width,
    )
    return json.dumps(own.to_dict())


class _OfOneShape(nn.Module):
    """A traced network that refuses what it was not traced for."""

    def __init__(self, network: Any, shape: list[int]) -> None:
        super().__init__()
        self.network = network
        self.shape = shape

    def forward(self, clips: Tensor) -> Tensor:
        """Check the shape, and run the network."""
        if list(clips.shape[1:]) != self.shape:
            raise ValueError('clips (N, C, T, H, W) of another shape')
        return self.network(clips)


def to_pt2(
    network: WholeNetwork,
    path: Path,
    shape: ClipShape,
    contract: InputContract,
) -> float:
    """Write a program of ``torch.export``, for ``torch.export.load``.

    Arguments, result and errors are those of ``to_torchscript``; the file
    ends in .pt2, as torch wants it.
    """
    if path.suffix != '.pt2':
        raise UsageError(f'torch.export reads files .pt2, got {path}')
    clips = example(network.eval(), shape, contract, 2)

    def export() -> Any:
        return torch.export.export(
            network, (clips,), dynamic_shapes=({0: _batch()},)
        )

    program = _exported(network, 'torch.export', export)
    error = check(network, program.module(), shape, contract, 'torch.export')
    about = _contract_text(contract, shape)
    with put_in_place(path) as partial:
        torch.export.save(program, partial, extra_files={CONTRACT_FILE: about})
    return error


def to_onnx(
    network: WholeNetwork,
    path: Path,
    shape: ClipShape,
    contract: InputContract,
) -> float | None:
    """Write ONNX with the input 'clips' and an output of the output's name.

    The contract is in its ``metadata_props``.

    Args:
        network: What to export.
        path: File to write.
        shape: Of a clip.
        contract: Of the network.

    Returns:
        The largest difference to the network's own output; None where
        onnxruntime, which it is run with, is not installed.

    Raises:
        UsageError: onnx or onnxscript is missing, the network cannot be
            exported, or gives other numbers.
    """
    missing = [name for name in ('onnx', 'onnxscript') if not find_spec(name)]
    if missing:
        raise UsageError(
            f'{" and ".join(missing)} is needed to write ONNX: pip install '
            "'vsslcodebase[export]'"
        )
    clips = example(network.eval(), shape, contract, 2)

    def export() -> Any:
        return torch.onnx.export(
            network,
            (clips,),
            dynamo=True,
            verbose=False,
            input_names=['clips'],
            output_names=[network.output],
            dynamic_shapes=({0: _batch()},),
        )

    program = _exported(network, 'ONNX', export)
    about = _contract_text(contract, shape)
    program.model.metadata_props['input_contract'] = about
    with put_in_place(path) as partial:
        program.save(partial, external_data=False)
        run = _onnx_runner(partial)
        if run is None:
            return None
        return check(network, run, shape, contract, 'ONNX')


def _onnx_runner(path: str) -> Run | None:
    """Return what runs an ONNX file on tensors; None without onnxruntime."""
    if not find_spec('onnxruntime'):
        return None
    import onnxruntime

    session = onnxruntime.InferenceSession(
        path, providers=['CPUExecutionProvider']
    )
    return lambda clips: torch.from_numpy(
        session.run(None, {'clips': clips.numpy()})[0]
    )


def example(
    network: WholeNetwork,
    shape: ClipShape,
    contract: InputContract,
    batch: int,
) -> Tensor:
    """Return random clips (batch, 3, T, H, W) as the network takes them."""
    size = (batch, 3, shape.num_frames, shape.height, shape.width)
    pixels = np.random.default_rng(0).integers(0, 256, size, np.uint8)
    clips = torch.from_numpy(pixels)
    return clips if network.contract else contract.normalise(clips)


def check(
    network: WholeNetwork,
    run: Run,
    shape: ClipShape,
    contract: InputContract,
    kind: str,
) -> float:
    """Compare an exported network with the network, for batches of 3 and 1.

    Returns:
        The largest difference.

    Raises:
        UsageError: It is more than ``TOLERANCE`` of the largest number, or
            a batch cannot be run.
    """
    worst = 0.0
    for batch in (3, 1):  # exported with 2
        clips = example(network, shape, contract, batch)
        with torch.no_grad():
            wanted = network(clips)
            given = _exported(network, kind, lambda clips=clips: run(clips))
        if given.shape != wanted.shape:
            raise UsageError(
                f'{type(network.backbone).__name__} does not survive the '
                f'export to {kind}: {tuple(given.shape)} comes out, not '
                f'{tuple(wanted.shape)}'
            )
        error = float((given - wanted).abs().max())
        worst = max(worst, error)
        if not error <= TOLERANCE * max(float(wanted.abs().max()), 1.0):
            raise UsageError(
                f'{type(network.backbone).__name__} does not survive the '
                f'export to {kind}: its output differs by {error:.2g}'
            )
    return worst


def _batch() -> Any:
    """Any number of clips."""
    return torch.export.Dim('batch', min=1)


def _exported(network: WholeNetwork, kind: str, export: Callable) -> Any:
    """Run an exporter without its notes; say in a sentence why it fails."""
    log = logging.getLogger('torch.onnx')
    level = log.level
    log.setLevel(logging.ERROR)  # it tells of torchvision, which is not used
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # it is checked what comes out
            return export()
    except Exception as error:  # an exporter fails in any way
        lines = [line.strip() for line in str(error).splitlines()]
        reason = next((line for line in lines if line), repr(error))
        raise UsageError(
            f'{type(network.backbone).__name__} cannot be exported to '
            f'{kind}: {reason[:300]}'
        ) from error
    finally:
        log.setLevel(level)

"""A network to take features of, and the pipeline that reads videos for it."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from torch import nn

from vsslcodebase.checkpoints.clip_shape import ClipShape, clip_shape
from vsslcodebase.checkpoints.input_contract import InputContract
from vsslcodebase.checkpoints.saved_network import build_network, open_saved
from vsslcodebase.engine.feature_model import feature_config, feature_model
from vsslcodebase.evaluation.pipelines import pipeline_of
from vsslcodebase.models import ClipDataPreprocessor, FeatureTrunk

NUM_CLIPS = 10  # evenly over the video, as the papers' tests have them


class FeatureSource(NamedTuple):
    """What the inferencer runs.

    Attributes:
        model: With ``data_preprocessor`` and ``backbone``, in eval mode.
        pipeline: Configs of transforms; the first one opens a file.
        name: What to call the network.
    """

    model: Any
    pipeline: list[dict[str, Any]]
    name: str


def feature_source(
    model: str | Path | nn.Module,
    weights: str | Path | None,
    contract: InputContract | None,
    num_clips: int | None,
    device: str | torch.device,
) -> FeatureSource:
    """Build the network of a file, a config or a caller.

    Args:
        model: A published file or the checkpoint of a training; the path of
            a config; a network (N, C, T, H, W) -> (N, D, t, h, w), or a
            model that has one as ``backbone``.
        weights: Checkpoint for a config.
        contract: How clips go into a network that is given as such.
        num_clips: Of a video; default the config's, else ``NUM_CLIPS``.
        device: Where to put the model.

    Raises:
        TypeError: A model of another kind.
        ValueError: One of the others is missing, or out of place.
        FileNotFoundError: There is no such file.
        CheckpointError: A file cannot be read.
    """
    if num_clips is not None and num_clips < 1:
        raise ValueError(f'num_clips must be at least 1, got {num_clips}')
    if isinstance(model, nn.Module):
        if contract is None or weights is not None:
            raise ValueError(
                'a network that is built already needs a contract, which '
                'says how to show it clips, and no weights'
            )
        backbone = getattr(model, 'backbone', model)
        name = type(model).__name__
        return _of_network(backbone, contract, num_clips, device, name)
    if not isinstance(model, (str, Path)):
        raise TypeError(
            'model is the path of a checkpoint or of a config, or a network, '
            f'got {type(model)}'
        )
    if contract is not None:
        raise ValueError(
            f'{model} says itself how to show clips; leave contract out'
        )
    if Path(model).suffix == '.py':
        return _of_config(str(model), weights, num_clips, device)
    if weights is not None:
        raise ValueError(
            f'{model} is a checkpoint, so leave weights out; with weights, '
            'model is a config'
        )
    saved = open_saved(model)
    return _of_network(
        build_network(saved), saved.contract, num_clips, device, saved.name
    )


def _of_network(
    backbone: Any,
    contract: InputContract,
    num_clips: int | None,
    device: str | torch.device,
    name: str,
) -> FeatureSource:
    """Show clips as a contract says."""
    mean, std = contract.colours()
    trunk = FeatureTrunk(
        backbone,
        ClipDataPreprocessor(
            mean, std, to_bgr=contract.channel_order == 'bgr'
        ),
    )
    shape = clip_shape(contract)
    return FeatureSource(
        trunk.to(device).eval(),
        contract_pipeline(shape, num_clips or NUM_CLIPS),
        name,
    )


def contract_pipeline(
    shape: ClipShape, num_clips: int
) -> list[dict[str, Any]]:
    """Return a pipeline that makes clips of a shape.

    Evenly spread, the middle of frames whose shorter side is resized.

    Args:
        shape: Of a clip.
        num_clips: Of a video.
    """
    return [
        dict(type='OpenVideo', backend='pyav'),
        dict(
            type='SampleUniformClips',
            clip_len=shape.num_frames,
            frame_interval=shape.frame_interval,
            num_clips=num_clips,
        ),
        dict(type='DecodeClips'),
        dict(
            type='PerClip',
            transforms=[
                dict(
                    type='Resize', scale=(-1, max(shape.height, shape.width))
                ),
                dict(type='CenterCrop', crop_size=(shape.width, shape.height)),
            ],
        ),
        dict(type='PackClips'),
    ]


def _of_config(
    path: str,
    weights: str | Path | None,
    num_clips: int | None,
    device: str | torch.device,
) -> FeatureSource:
    """Show clips as the test of a config does."""
    cfg = feature_config(path, None if weights is None else str(weights))
    pipeline = _test_pipeline(cfg)
    if num_clips is not None:
        samplers = [step for step in pipeline if 'clip_len' in step]
        if len(samplers) != 1:
            raise ValueError(
                f'num_clips={num_clips} is set in the sampler of the test of '
                f'{path}, of which there are {len(samplers)}; leave it out'
            )
        samplers[0]['num_clips'] = num_clips
    model = feature_model(cfg, device)
    return FeatureSource(model, pipeline, Path(path).stem)


def _test_pipeline(cfg: Config) -> list[dict[str, Any]]:
    """Return the pipeline of a config's test."""
    loader = cfg.get('test_dataloader') or {}
    steps = pipeline_of(loader.get('dataset'))
    if not steps:
        raise ValueError(
            f'{cfg.filename} has no test_dataloader with a pipeline, which '
            'videos would be read with; name an evaluation config'
        )
    steps = [dict(step) for step in deepcopy(steps)]
    if steps[0].get('type') != 'OpenVideo':
        raise ValueError(
            f'the test of {cfg.filename} opens videos with '
            f'{steps[0].get("type")}, expected OpenVideo'
        )
    return steps

"""Networks to be probed: of a checkpoint alone, of a config, or untrained."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from mmengine.runner import set_random_seed
from torch import Tensor, nn

from vsslcodebase.checkpoints.config_text import read_config_text
from vsslcodebase.checkpoints.input_contract import (
    InputContract,
    contract_of_config,
)
from vsslcodebase.checkpoints.published import (
    NAME,
    build_backbone,
    is_published,
    plain_backbone,
    read_published,
)
from vsslcodebase.checkpoints.registered_types import check_types
from vsslcodebase.compat import load_checkpoint
from vsslcodebase.engine.feature_model import feature_config, feature_model
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.evaluation.features import Reader
from vsslcodebase.evaluation.layers import LayerReader
from vsslcodebase.models.backbones.pretrained import load_backbone
from vsslcodebase.models.build import build_part

UNTRAINED = 'untrained'
SMALL_R3D = dict(
    type='SmallR3D',
    temporal_strides=(1, 2, 2, 1),
    norm_cfg=dict(type='BN3d'),
)


class ProbedNetwork(NamedTuple):
    """A frozen network and what has to be known to use it.

    Attributes:
        backbone: (N, 3, T, H, W) -> (N, D, t, h, w), in eval mode.
        contract: How clips go into it.
        config: Of the backbone, plain data; for an untrained one like it.
        source: Where network and weights are from, in a few words.
    """

    backbone: nn.Module
    contract: InputContract
    config: dict[str, Any]
    source: str


def network_of_checkpoint(path: str) -> ProbedNetwork:
    """Build the backbone that a checkpoint describes, with its weights.

    Nothing of the file is run: its config is read as values, and names
    registered networks only.

    Args:
        path: A published file, or a checkpoint of a training.

    Raises:
        UsageError: There is no such file, or it does not say what network
            it is of.
        CheckpointError: It is damaged.
        ValueError: Its weights do not fit the network it describes.
    """
    if not Path(path).expanduser().is_file():
        raise UsageError(f'there is no checkpoint {path}')
    content = load_checkpoint(path)
    if is_published(content):
        published = read_published(path)
        return ProbedNetwork(
            build_backbone(published),
            published.contract,
            published.meta['backbone'],
            'a published file',
        )
    meta = content.get('meta') if isinstance(content, Mapping) else None
    text = meta.get('cfg') if isinstance(meta, Mapping) else None
    if not isinstance(text, str):
        raise UsageError(
            f'{path} does not say which network it is of; name a config: '
            f'probe_report.py CONFIG {path}'
        )
    cfg = Config(read_config_text(text, path))
    given = (cfg.get('model') or {}).get('backbone')
    if given is None:
        raise UsageError(
            f'the config that {path} carries has no model.backbone; name a '
            f'config: probe_report.py CONFIG {path}'
        )
    backbone = build_plain(given.to_dict())
    load_backbone(backbone, path, 'backbone.')
    return ProbedNetwork(
        backbone,
        contract_of_config(cfg),
        plain_backbone(given.to_dict()),
        'a checkpoint of a training, with the config it carries',
    )


def network_of_config(
    config: str, checkpoint: str, options: Mapping[str, Any], seed: int
) -> tuple[ProbedNetwork, Config]:
    """Build a config's backbone with the weights of a checkpoint.

    Args:
        config: Path of the config.
        checkpoint: File or address of weights, or 'untrained'.
        options: As ``--cfg-options`` gives them.
        seed: Of untrained weights.

    Returns:
        The network, and the config that was read.
    """
    changed = dict(options)
    is_untrained = checkpoint == UNTRAINED
    if is_untrained:
        changed['model.backbone.init_cfg'] = None
    cfg = feature_config(config, None if is_untrained else checkpoint, changed)
    set_random_seed(seed)
    model = feature_model(cfg)
    return ProbedNetwork(
        model.backbone,
        contract_of_config(cfg, 'test'),
        plain_backbone(cfg.model.backbone.to_dict()),
        f'weights of seed {seed}' if is_untrained else f'config {config}',
    ), cfg


def untrained_network(
    like: ProbedNetwork | None, seed: int = 0
) -> ProbedNetwork:
    """Build a network with random weights.

    Args:
        like: The network whose shape and colours it has; ``SMALL_R3D`` in
            ImageNet's colours if None.
        seed: Of the weights.
    """
    if like is None:
        cfg = Config(dict(model=dict(type='VideoSelfSupervisor')))
        init_default_scope('vsslcodebase')
        contract, config = contract_of_config(cfg), SMALL_R3D
    else:
        contract, config = like.contract, like.config
    set_random_seed(seed)
    backbone = build_plain(config)
    backbone.init_weights()
    return ProbedNetwork(backbone, contract, config, f'weights of seed {seed}')


def build_plain(config: Mapping[str, Any]) -> Any:
    """Build the network of a backbone's config for one process.

    Raises:
        ValueError: It names something that is no registered network.
    """
    init_default_scope('vsslcodebase')
    network = plain_backbone(config)
    check_types(network)
    return revert_sync_batchnorm(build_part(network)).eval()


def pooled_reader(network: ProbedNetwork, device: str, size: int) -> Reader:
    """Return what turns clips into features, globally pooled.

    Args:
        network: Moved to the device.
        device: Where to compute.
        size: Height and width to show; clips are scaled to it, bilinearly.

    Returns:
        (B, 3, T, H, W) uint8 -> (B, D) float32 on the CPU.
    """
    reader = LayerReader(network.backbone.to(device).eval())

    def read(clips: Tensor) -> Tensor:
        shown = clips.to(device).float()
        if shown.shape[-2:] != (size, size):
            shape = (shown.shape[2], size, size)
            shown = nn.functional.interpolate(
                shown, shape, mode='trilinear', align_corners=False
            )
        return reader(network.contract.normalise(shown)).cpu()

    return read


def weights_digest(network: ProbedNetwork) -> str:
    """Return the SHA-256 of a backbone's tensors, with their names."""
    digest = hashlib.sha256()
    for name, value in sorted(network.backbone.state_dict().items()):
        digest.update(f'{name} {value.dtype} {tuple(value.shape)}'.encode())
        flat = value.detach().cpu().contiguous().flatten()
        digest.update(flat.view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def short_names(paths: Sequence[str]) -> list[str]:
    """Return the ends of paths, as long as needed to tell them apart.

    The name of the file and its folder, at least: most files are called
    after an epoch. A published file has a name of its own, without date and
    hash where that is enough.
    """
    stems = [NAME.fullmatch(Path(path).name) for path in paths]
    own = [
        stem['stem'].removesuffix('-backbone')
        if stem
        else '/'.join(Path(path).with_suffix('').parts[-2:])
        for stem, path in zip(stems, paths)
    ]
    if len(set(own)) == len(set(paths)):
        return own
    parts = [Path(path).with_suffix('').parts for path in paths]
    for count in range(2, 2 + max(map(len, parts))):
        names = ['/'.join(part[-count:]) for part in parts]
        if len(set(names)) == len(set(paths)):
            return names
    return list(paths)


def clip_settings(cfg: Config) -> dict[str, Any]:
    """Return which clips the test of a config shows.

    Returns:
        What is known of ``clip_len``, ``frame_interval``, ``num_clips`` and
        ``size``, the height of a frame.
    """
    contract = contract_of_config(cfg, 'test')
    loader = cfg.get('test_dataloader') or {}
    pipeline = loader.get('dataset', {}).get('pipeline', ())
    counts = [step['num_clips'] for step in pipeline if 'num_clips' in step]
    known = dict(
        clip_len=contract.num_frames,
        frame_interval=int(next(iter(contract.frame_interval), 0)),
        num_clips=next(iter(counts), None),
        size=contract.height,
    )
    return {name: value for name, value in known.items() if value}

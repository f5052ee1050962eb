"""From the checkpoint of a training to what is given to others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from torch import Tensor, nn

from vsslcodebase.checkpoints.config_text import read_config_text
from vsslcodebase.checkpoints.input_contract import contract_of_config
from vsslcodebase.checkpoints.published import (
    PREFIX,
    build_backbone,
    read_published,
)
from vsslcodebase.checkpoints.published_meta import (
    is_published,
    published_meta,
)
from vsslcodebase.checkpoints.registered_types import check_types
from vsslcodebase.compat import CheckpointError
from vsslcodebase.models.backbones.pretrained import (
    load_strictly,
    prefixes_of,
)
from vsslcodebase.models.selfsup.feature_queue import FeatureQueue
from vsslcodebase.models.selfsup.momentum_encoder import MomentumEncoder
from vsslcodebase.registry import MODELS

# Both start anew by themselves: the copies from the online weights at the
# first step, the queue empty
TRAINING_ONLY = (MomentumEncoder, FeatureQueue)
OF_THE_RUN = ('work_dir', 'load_from', 'resume', 'launcher')
TIMESTAMP = re.compile(r'_\d{8}_\d{6}$', re.ASCII)
# absolute, of a home, or leading out of the project
OUTSIDE = re.compile(r'(file://)?([/\\~]|[A-Za-z]:[/\\]|\.\.[/\\])')


class Trained(NamedTuple):
    """A checkpoint of a training, and the model that fits it.

    Attributes:
        model: On the CPU, in eval mode, all of its weights loaded.
        cfg: Of the run.
        name: Stem of its config.
        meta: What mmengine stored of the run; may be empty.
        dropped: What else is in the file: optimizer, log, ...
    """

    model: Any
    cfg: Config
    name: str
    meta: Mapping[str, Any]
    dropped: list[str]


def run_name(meta: Mapping[str, Any]) -> str:
    """Return what a run was called, without its time; '' if unknown."""
    return TIMESTAMP.sub('', str(meta.get('experiment_name', '')))


def read_trained(
    content: Any, source: str, cfg: Config | None = None
) -> Trained:
    """Build the model of a checkpoint, and fill it.

    Args:
        content: What ``load_checkpoint`` returned.
        source: What to call the file.
        cfg: The run's config; None reads that in the checkpoint, as text,
            without running it.

    Raises:
        CheckpointError: No checkpoint of a training of ours, no backbone in
            its model, or it does not fit its config.
    """
    if is_published(content):
        raise CheckpointError(f'{source} is published already')
    meta = content.get('meta') if isinstance(content, Mapping) else None
    state = content.get('state_dict') if isinstance(content, Mapping) else None
    if not isinstance(state, Mapping) or not isinstance(meta or {}, Mapping):
        raise CheckpointError(
            f'{source} is no checkpoint of a training: expected a dict with '
            'meta and state_dict, as tools/train.py writes it'
        )
    meta = meta or {}
    name = run_name(meta)
    if cfg is not None:
        name = Path(cfg.filename).stem if cfg.filename else name
    elif isinstance(meta.get('cfg'), str):
        try:
            cfg = Config(read_config_text(meta['cfg'], source))
            check_types(cfg.get('model') or {}, may_load=True)
        except ValueError as error:
            raise CheckpointError(
                f'{source}: its own config cannot be used, {error}. If you '
                'trust the source, name the config with --config'
            ) from error
    else:
        raise CheckpointError(
            f'{source} carries no config; name that of its training with '
            '--config'
        )
    return Trained(
        model=_filled_model(cfg, state, source),
        cfg=cfg,
        name=name or Path(source).stem,
        meta=meta,
        dropped=[key for key in content if key not in ('meta', 'state_dict')],
    )


def training_only(model: nn.Module) -> tuple[str, ...]:
    """Return the prefixes of what a model needs in its training alone.

    Momentum copies and queues, whatever they are called.
    """
    return tuple(
        f'{name}.'
        for name, module in model.named_modules()
        if isinstance(module, TRAINING_ONLY)
    )


def add_training_only(model: nn.Module, state: dict[str, Tensor]) -> list[str]:
    """Complete a published state by what starts anew by itself.

    Args:
        model: Not trained yet.
        state: Gets the model's own values for what it lacks of that.

    Returns:
        The names of what it lacked.
    """
    lacked = []
    own = model.state_dict()
    for prefix in training_only(model):
        if any(key.startswith(prefix) for key in state):
            continue
        lacked.append(prefix.rstrip('.'))
        state.update({k: v for k, v in own.items() if k.startswith(prefix)})
    return lacked


def published_states(
    model: nn.Module, dtype: torch.dtype = torch.float32
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return what is published of a model, and of its backbone alone.

    Args:
        model: What ``read_trained`` returned.
        dtype: Of floating-point tensors.
    """
    state = {
        key: value.to(dtype) if value.is_floating_point() else value
        for key, value in model.state_dict().items()
        if not key.startswith(training_only(model))
    }
    backbone = {
        key.removeprefix(PREFIX): value
        for key, value in state.items()
        if key.startswith(PREFIX)
    }
    return state, backbone


def trained_meta(
    trained: Trained, name: str, method: str | None = None
) -> dict[str, Any]:
    """Return the ``meta`` of a published file, of kind 'model'.

    Args:
        trained: What ``read_trained`` returned.
        name: Of the published file, as the config's.
        method: Default: the first part of ``name``.

    Raises:
        ValueError: The colours of its config are not known.
    """
    meta, cfg = trained.meta, trained.cfg
    provenance = meta.get('provenance')
    return published_meta(
        kind='model',
        name=name,
        method=method or name.split('_')[0],
        backbone=cfg.model.backbone,
        contract=contract_of_config(cfg),
        source='trained',
        config_text=publishable_text(cfg),
        versions=(provenance or {}).get('versions'),
        epoch=meta.get('epoch'),
        iteration=meta.get('iter'),
        seed=meta.get('seed'),
        provenance=provenance,
    )


def publishable_text(cfg: Config) -> str:
    """Return a config's text without what names a machine or its user.

    Of a path that is absolute, or leads out of the project, the last part
    stays. What belongs to one run alone is left out.
    """
    values = {
        key: _without_folders(value)
        for key, value in cfg.to_dict().items()
        if key not in OF_THE_RUN
    }
    return Config(values).pretty_text


def feature_difference(path: Path, trained: Trained) -> float:
    """Compare the backbone in a published file with the trained one.

    On a clip of random pixels, of the size trained on.

    Returns:
        The largest difference of a feature; 0.0 if they are equal, all bits.
    """
    published = read_published(path)
    contract = published.contract
    shape = (
        contract.num_frames or 8,
        contract.height or 64,
        contract.width or 64,
    )
    generator = torch.Generator().manual_seed(0)
    clip = contract.normalise(
        torch.randint(
            0, 256, (1, 3, *shape), generator=generator, dtype=torch.uint8
        )
    )
    with torch.no_grad():
        pairs = zip(
            _tensors(build_backbone(published)(clip)),
            _tensors(trained.model.backbone(clip)),
            strict=True,
        )
        return max(float((a - b).abs().max()) for a, b in pairs)


def _filled_model(
    cfg: Config, state: Mapping[str, Any], source: str
) -> nn.Module:
    """Build a model and fill all of it; its ``init_cfg`` is not read."""
    if not cfg.get('model') or 'backbone' not in cfg.model:
        raise CheckpointError(
            f'{source} is of a config without model.backbone, and a backbone '
            'is what is published'
        )
    init_default_scope('vsslcodebase')
    try:
        model = revert_sync_batchnorm(MODELS.build(cfg.model.copy()))
        found = {
            key.removeprefix('module.'): value for key, value in state.items()
        }
        load_strictly(model, found, source, prefixes_of(found))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f'{source} and its config do not make a model: {error}'
        ) from error
    return model.eval()


def _without_folders(node: Any) -> Any:
    """Return plain data whose paths outside are names."""
    if isinstance(node, dict):
        return {key: _without_folders(child) for key, child in node.items()}
    if isinstance(node, (list, tuple)):
        return type(node)(_without_folders(child) for child in node)
    if isinstance(node, str) and OUTSIDE.match(node):
        return re.split(r'[/\\]', node.rstrip('/\\'))[-1]
    return node


def _tensors(output: Tensor | Iterable[Tensor]) -> list[Tensor]:
    """Return a backbone's outputs as a list."""
    return [output] if isinstance(output, Tensor) else list(output)

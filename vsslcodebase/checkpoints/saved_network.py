"""A network in whichever file of ours it came: what exporters start from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from torch import Tensor, nn

from vsslcodebase.checkpoints.config_text import read_config_text
from vsslcodebase.checkpoints.input_contract import (
    InputContract,
    contract_of_config,
)
from vsslcodebase.checkpoints.published import read_published
from vsslcodebase.checkpoints.published_meta import (
    is_published,
    plain_backbone,
)
from vsslcodebase.checkpoints.registered_types import check_types
from vsslcodebase.compat import CheckpointError, load_checkpoint
from vsslcodebase.models.backbones.pretrained import (
    load_strictly,
    prefixes_of,
)
from vsslcodebase.models.build import build_part

BACKBONE, HEAD = 'backbone.', 'cls_head.'
RECOGNIZERS = ('Recognizer3D', 'MotionRecognizer')


class SavedNetwork(NamedTuple):
    """A backbone, and its classifier where it has one.

    Attributes:
        path: The file.
        name: Stem of the config that it was made with.
        backbone: Config of the network alone.
        head: Config of the classifier, or None.
        state: Key to tensor, 'backbone.*' and 'cls_head.*'.
        contract: How clips have to go into the network.
    """

    path: Path
    name: str
    backbone: dict[str, Any]
    head: dict[str, Any] | None
    state: dict[str, Tensor]
    contract: InputContract


def open_saved(path: str | Path, config: Config | None = None) -> SavedNetwork:
    """Read a published file or the checkpoint of a training.

    Of a training, the encoder that was trained by gradients is taken, not its
    momentum copy. What serves training only is left out: necks, queues,
    motion heads.

    Args:
        path: The file.
        config: What the checkpoint was made with, if it does not say so.

    Raises:
        FileNotFoundError: There is no such file.
        CheckpointError: It cannot be read, or is no file of ours; or its
            config describes no network that can be built.
    """
    content = load_checkpoint(path)
    path = Path(path).expanduser()
    if is_published(content):
        published = read_published(path)
        meta, state = published.meta, published.state
        if meta['kind'] == 'backbone':
            state = {BACKBONE + key: value for key, value in state.items()}
        model = _model(_config(meta['config_text'], path))
        backbone, contract = meta['backbone'], published.contract
        name = meta['name']
    else:
        if not isinstance(content, Mapping):
            raise CheckpointError(
                f'{path} holds a {type(content).__name__}, expected a '
                'checkpoint or a state dict'
            )
        cfg = config or _config_of_training(content, path)
        model = _model(cfg)
        state = {
            key: value
            for key, value in content.get('state_dict', content).items()
            if isinstance(value, Tensor)
        }
        name = _name(content, cfg, path)
        try:
            backbone = plain_backbone(model['backbone'])
            contract = contract_of_run(cfg)
        except (KeyError, ValueError) as error:
            raise CheckpointError(
                f'the config of {path} describes no network: {error}'
            ) from error
    head = None
    is_recognizer = str(model.get('type')).endswith(RECOGNIZERS)
    if is_recognizer and any(key.startswith(HEAD) for key in state):
        head = model['cls_head']
    return _checked(path, name, backbone, head, state, contract)


def contract_of_run(cfg: Mapping[str, Any]) -> InputContract:
    """Return how a config shows clips; of a classifier, as its test does.

    Frames, stride and size that this stage does not tell are those of
    another one.
    """
    stages = ['train', 'val', 'test']
    if str(cfg['model'].get('type')).endswith(RECOGNIZERS):
        stages.reverse()
    first, *others = [contract_of_config(cfg, stage) for stage in stages]
    for other in others:
        unknown = [
            name
            for name in ('num_frames', 'frame_interval', 'height', 'width')
            if not getattr(first, name)
        ]
        known = {name: getattr(other, name) for name in unknown}
        first = replace(first, **known)
    return first


def build_network(saved: SavedNetwork) -> nn.Module:
    """Build the backbone with its weights, in eval mode.

    Returns:
        (N, 3, T, H, W) -> (N, D, t, h, w).

    Raises:
        CheckpointError: The weights do not fit.
    """
    return _build(saved, saved.backbone, BACKBONE)


def build_head(saved: SavedNetwork) -> nn.Module | None:
    """Build the classifier with its weights, in eval mode, if there is one.

    Returns:
        (N, D, t, h, w) -> (N, num_classes), before any softmax.

    Raises:
        CheckpointError: The weights do not fit.
    """
    if saved.head is None:
        return None
    return _build(saved, saved.head, HEAD)


def _build(saved: SavedNetwork, cfg: dict[str, Any], prefix: str) -> nn.Module:
    """Build a part and fill it with the tensors of a prefix."""
    try:
        part = revert_sync_batchnorm(build_part(cfg))
        found = {
            key.removeprefix(prefix): value
            for key, value in saved.state.items()
            if key.startswith(prefix)
        }
        load_strictly(part, found, str(saved.path))
    except Exception as error:  # a constructor fails in any way
        raise CheckpointError(
            f'{saved.path} does not fit the {cfg["type"]} of its config: '
            f'{error}'
        ) from error
    return part.eval()


def _checked(
    path: Path,
    name: str,
    backbone: dict[str, Any],
    head: dict[str, Any] | None,
    state: Mapping[str, Tensor],
    contract: InputContract,
) -> SavedNetwork:
    """Leave the network's tensors, and refuse what would load or run more."""
    prefixes = (BACKBONE,) if head is None else (BACKBONE, HEAD)
    kept = {k: v for k, v in state.items() if k.startswith(prefixes)}
    if not kept:
        raise CheckpointError(
            f'{path} has no {BACKBONE}*; {prefixes_of(state)}'
        )
    try:
        for part in (backbone, {} if head is None else head):
            if not isinstance(part, dict):
                raise ValueError(f'{part!r} describes no network')
            check_types(part)
    except ValueError as error:
        raise CheckpointError(f'{path} was refused: {error}') from error
    # it comes from the file, and goes into texts and configs
    name = re.sub(r'[^\w.+-]', '_', name)
    return SavedNetwork(path, name, backbone, head, kept, contract)


def _config_of_training(
    content: Mapping[str, Any], path: Path
) -> dict[str, Any]:
    """Return the config that mmengine stored in a checkpoint."""
    meta = content.get('meta')
    text = meta.get('cfg') if isinstance(meta, Mapping) else None
    if not isinstance(text, str):
        raise CheckpointError(
            f'{path} does not say which network it is of: it is neither '
            'published nor the checkpoint of a training with mmengine. Name '
            'the config that it was made with'
        )
    return _config(text, path)


def _config(text: str, path: Path) -> dict[str, Any]:
    """Read a config's text without running it."""
    try:
        return read_config_text(text, str(path))
    except ValueError as error:
        raise CheckpointError(str(error)) from error


def _model(cfg: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the model of a config; an imported file has none."""
    model = cfg.get('model') or {}
    return model if isinstance(model, Mapping) else {}


def _name(content: Any, cfg: Mapping[str, Any], path: Path) -> str:
    """Return the stem of a training's config."""
    filename = getattr(cfg, 'filename', None)
    if filename:
        return Path(filename).stem
    named = (content.get('meta') or {}).get('experiment_name') or path.stem
    head, _, time = str(named).rpartition('_')  # NAME_YYYYMMDD_HHMMSS
    stem, _, day = head.rpartition('_')
    is_stamped = day.isdecimal() and time.isdecimal() and stem
    return stem if is_stamped else str(named)

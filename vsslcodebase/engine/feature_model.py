"""Configs and checkpoints for the tools that read features."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import init_default_scope

from vsslcodebase.checkpoints.contract_check import check_checkpoints
from vsslcodebase.checkpoints.publishing import add_training_only
from vsslcodebase.engine.launch import load_config
from vsslcodebase.engine.lost_workers import limit_waiting
from vsslcodebase.engine.preflight import (
    UsageError,
    check_files,
    check_lists,
    check_pretrained,
)
from vsslcodebase.models.backbones.pretrained import (
    load_backbone,
    load_strictly,
    prefixes_of,
    read_state_dict,
)
from vsslcodebase.registry import MODELS

SPLITS = ('train', 'val', 'test')


def feature_config(
    name: str,
    checkpoint: str | None,
    options: dict[str, Any] | None = None,
) -> Config:
    """Read a config whose network features are to be read of.

    Args:
        name: Path of the config.
        checkpoint: File or address of weights; None where the config's
            ``init_cfg`` names them.
        options: As ``--cfg-options`` gives them.

    Raises:
        UsageError: No such config or checkpoint, or no weights named.
        CheckpointError: The checkpoint was trained on other colours than the
            config shows; with ``adapt_inputs`` the config is changed instead.
    """
    cfg = load_config(name, options)
    if (
        checkpoint
        and '://' not in checkpoint
        and not Path(checkpoint).expanduser().is_file()
    ):
        raise UsageError(f'there is no checkpoint {checkpoint}')
    cfg.load_from, cfg.resume = checkpoint, False
    check_pretrained(cfg)
    check_checkpoints(cfg, 'test')
    return cfg


def feature_model(cfg: Config, device: str | torch.device = 'cpu') -> Any:
    """Build a config's model and fill its backbone, all of it.

    Heads and necks keep random weights: features are read before them.

    Args:
        cfg: What ``feature_config`` returned.
        device: Where to put the model.

    Returns:
        The model in eval mode.

    Raises:
        UsageError: The model has no backbone.
        ValueError: The checkpoint does not fit the backbone.
    """
    model = _build(cfg)
    if not hasattr(model, 'backbone'):
        raise UsageError(
            f'{type(model).__name__} has no backbone to read features of'
        )
    if cfg.load_from:
        load_backbone(model.backbone, cfg.load_from, 'backbone.')
    else:
        model.init_weights()
    return model.to(device).eval()


def whole_model(cfg: Config, device: str | torch.device = 'cpu') -> Any:
    """Build a config's model and fill all of it, heads and necks, too.

    Args:
        cfg: What ``feature_config`` returned.
        device: Where to put the model.

    Returns:
        The model in eval mode.

    Raises:
        UsageError: No checkpoint is given.
        ValueError: The checkpoint does not fit the model.
    """
    if not cfg.load_from:
        raise UsageError(
            'a checkpoint of the whole model is needed: random heads tell '
            'nothing'
        )
    model = _build(cfg)
    state = read_state_dict(cfg.load_from)
    prefixes = prefixes_of(state)
    add_training_only(model, state)
    load_strictly(model, state, cfg.load_from, prefixes)
    return model.to(device).eval()


def _build(cfg: Config) -> Any:
    """Build the model of a config in its scope, for one process."""
    init_default_scope(cfg.get('default_scope', 'vsslcodebase'))
    return revert_sync_batchnorm(MODELS.build(deepcopy(cfg.model)))


def split_loader(cfg: Config, split: str) -> dict[str, Any]:
    """Return the data loader config that reads a split for its features.

    The pipeline, batch size and workers are those of the test: nothing in
    it is left to chance, and all splits look alike. Where the test compares
    with a gallery (``VideoRetrievalMetric``), that is the split 'train'.

    Args:
        cfg: The config.
        split: 'train', 'val' or 'test'.

    Raises:
        UsageError: The config has no test loader, or no such split; or its
            lists and folders are not there.
    """
    if not cfg.get('test_dataloader'):
        raise UsageError(
            f'{cfg.filename} has no test_dataloader, whose pipeline features '
            'are read with'
        )
    loader = deepcopy(cfg.test_dataloader.to_dict())
    gallery = _gallery(cfg) if split == 'train' else None
    if gallery is not None and 'dataset' in gallery:
        loader = gallery
    elif gallery is not None:
        loader['dataset'] = gallery
    elif split != 'test':
        given = cfg.get(f'{split}_dataloader')
        if not given:
            raise UsageError(
                f'{cfg.filename} has no {split}_dataloader; --split test '
                'reads its test_dataloader'
            )
        source, dataset = given.to_dict()['dataset'], loader['dataset']
        for key in ('ann_file', 'data_prefix', 'data_root', 'delimiter'):
            dataset.pop(key, None)
            if key in source:
                dataset[key] = source[key]
    loader['dataset']['test_mode'] = True
    loader.setdefault('batch_size', 1)
    limit_waiting(loader)
    _check(cfg, loader)
    return loader


def _gallery(cfg: Config) -> dict[str, Any] | None:
    """Return the gallery that the test of a config looks in, if any."""
    metrics = cfg.get('test_evaluator') or []
    for metric in metrics if isinstance(metrics, list) else [metrics]:
        gallery = metric.get('gallery')
        if isinstance(gallery, dict):
            return deepcopy(Config(gallery).to_dict())
    return None


def _check(cfg: Config, loader: dict[str, Any]) -> None:
    """Look for the list and the videos of a split."""
    watched = Config(dict(split_dataloader=loader, model=cfg.model.to_dict()))
    watched.model.pop('cls_head', None)  # any label may have features
    check_files(watched, ('split',))
    check_lists(watched, ('split',))

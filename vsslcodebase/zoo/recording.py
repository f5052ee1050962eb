"""From a checkpoint and measured numbers to a result file.

What a result says of the training is read from the checkpoint itself, where
``ProvenanceHook`` put it, and compared with the config it is said to be of;
a result that could not be had again is refused.
"""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from vsslcodebase.checkpoints.named_checkpoints import named_checkpoints
from vsslcodebase.checkpoints.provenance import (
    config_digest,
    data_identity,
    file_sha256,
    source_commit,
    versions,
)
from vsslcodebase.checkpoints.publishing import run_name
from vsslcodebase.compat import load_checkpoint
from vsslcodebase.engine.arguments import parse_train
from vsslcodebase.engine.launch import (
    load_config,
    project_root,
    training_config,
)
from vsslcodebase.engine.stages import read_stages

from .results import UNTRAINED, Result, ResultError


def training_digests(
    config: str, options: Mapping[str, Any] | None = None
) -> dict[str | None, str]:
    """Return the digests of what a config trains.

    Args:
        config: Its path.
        options: As ``--cfg-options``.

    Returns:
        ``{None: digest}``, and of a config with stages also the name of each
        to its digest.
    """
    args = parse_train([config])
    args.cfg_options = dict(options or {})
    digests: dict[str | None, str] = {}
    cfg = load_config(config, args.cfg_options)
    if cfg.get('stages'):
        for stage in read_stages(cfg, Path()):
            digests[stage.name] = config_digest(stage.cfg)
    digests[None] = config_digest(training_config(args))
    return digests


def record(
    metrics: Mapping[str, Any],
    checkpoint: str,
    protocol: str,
    evaluation: str,
    commands: Sequence[str],
    config: str | None = None,
    options: Mapping[str, Any] | None = None,
    evaluation_options: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
    seed: int | None = None,
    machine: str | None = None,
) -> Result:
    """Make a result of one evaluation.

    Args:
        metrics: Name to number; what is no number is left out.
        checkpoint: File of the pre-training, published or not; or
            'untrained' for random weights, of ``config`` and ``seed``.
        protocol: See ``Result``.
        evaluation: Path of the config that evaluated.
        commands: Lines that give the metrics, training first.
        config: Path of the trained config; default by the checkpoint's name.
        options: ``--cfg-options`` of the training.
        evaluation_options: Of the evaluation.
        settings: What else the evaluation was told.
        seed: Of an untrained network.
        machine: In words; default what this process runs on.

    Raises:
        ResultError: The checkpoint does not say where it comes from, comes
            from code that no commit has, or from another config.
    """
    if checkpoint == UNTRAINED:
        training = _untrained(config, seed)
    else:
        training = _trained(checkpoint, config, options)
    code = source_commit()
    if not code['clean']:
        raise ResultError(
            'the code that evaluates has changes that no commit has, or is '
            'no checkout; commit first, so that the figure can be had again'
        )
    return Result(
        **training,
        options=dict(options or {}),
        protocol=protocol,
        evaluation=dict(
            config=_from_root(evaluation),
            commit=code['commit'],
            data=data_identity(
                load_config(evaluation, dict(evaluation_options or {}))
            ),
            options=dict(evaluation_options or {}),
            settings=dict(settings or {}),
        ),
        metrics={
            name: float(value)
            for name, value in metrics.items()
            if isinstance(value, (int, float)) and not isinstance(value, bool)
        },
        commands=list(commands),
        versions=versions(),
        machine=machine or this_machine(),
        date=datetime.date.today().isoformat(),
    )


def read_metrics(path: Path, place: str = '') -> dict[str, float]:
    """Read numbers by name from a JSON file.

    Args:
        path: What ``tools/test.py`` leaves beside its log, or a report.
        place: Dotted path of the dict inside it that holds them.

    Raises:
        ResultError: There are none; the message names file and keys.
    """
    try:
        node = json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        raise ResultError(f'{path} cannot be read as JSON: {error}') from error
    for key in place.split('.') if place else ():
        if not isinstance(node, dict) or key not in node:
            have = sorted(node) if isinstance(node, dict) else node
            raise ResultError(f'{path} has no {place!r}: at {key!r} is {have}')
        node = node[key]
    numbers = {
        name: value
        for name, value in (node if isinstance(node, dict) else {}).items()
        if isinstance(value, (int, float))
        and not isinstance(value, bool)
        and name not in ('time', 'data_time')  # of the run, no metrics
    }
    if not numbers:
        raise ResultError(f'{path} has no numbers at {place or "its top"!r}')
    return numbers


def this_machine() -> str:
    """Describe what computes here, without naming the machine."""
    if torch.cuda.is_available():
        name = torch.cuda.get_device_name()
        return f'{torch.cuda.device_count()} x {name}'
    threads = torch.get_num_threads()
    plural = 's' if threads > 1 else ''
    return f'{os.cpu_count()} CPU cores, {threads} thread{plural}'


def _untrained(config: str | None, seed: int | None) -> dict[str, Any]:
    """Return what a result says of weights drawn at random."""
    if config is None or seed is None:
        raise ResultError(
            'an untrained network needs config and seed, which draw its '
            'weights'
        )
    digest = training_digests(config)[None]
    return dict(
        config=_from_root(config),
        config_digest=digest,
        stage=None,
        seed=seed,
        epochs=0,
        train_data={},
        commit=source_commit()['commit'],
        checkpoint=dict(file=UNTRAINED, sha256=digest),
    )


def _trained(
    checkpoint: str,
    config: str | None,
    options: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return what a result says of a training, from its checkpoint."""
    content = load_checkpoint(checkpoint)
    meta = content.get('meta') if isinstance(content, dict) else None
    meta = meta if isinstance(meta, dict) else {}
    origin = meta.get('provenance')
    if not isinstance(origin, dict):
        raise ResultError(
            f'{checkpoint} does not say which code and data made it '
            "(meta['provenance']); ProvenanceHook in custom_hooks writes it "
            'while training'
        )
    if not origin.get('clean'):
        raise ResultError(
            f'{checkpoint} was trained by code with changes that no commit '
            'has, or outside of a checkout; its figures cannot be traced'
        )
    name = str(meta.get('name') or run_name(meta))
    path = config or _config_of(name, checkpoint)
    digests = training_digests(path, options)
    stages = [
        stage
        for stage, digest in digests.items()
        if digest == origin['config_digest']
    ]
    if not stages:
        raise ResultError(
            f'{checkpoint} was not trained with {path} as it is now '
            f'(digest {origin["config_digest"][:12]}, the config has '
            f'{", ".join(d[:12] for d in digests.values())}); give the '
            '--cfg-options it was trained with'
        )
    stage = next((name for name in stages if name), None)
    cfg = load_config(path, dict(options or {}))
    if (
        origin.get('start')
        and stage is None
        and not any(named_checkpoints(cfg))
    ):
        raise ResultError(
            f'{checkpoint} did not start from random weights, as {path} does, '
            f'but from {", ".join(origin["start"])}'
        )
    _check_finished(checkpoint, path, options, stage, int(meta['epoch']))
    return dict(
        config=_from_root(path),
        config_digest=origin['config_digest'],
        stage=stage,
        seed=int(meta['seed']),
        epochs=int(meta['epoch']),
        train_data=origin['data'],
        commit=origin['commit'],
        checkpoint=dict(
            file=Path(checkpoint).name, sha256=file_sha256(Path(checkpoint))
        ),
    )


def _check_finished(
    checkpoint: str,
    config: str,
    options: Mapping[str, Any] | None,
    stage: str | None,
    epochs: int,
) -> None:
    """Refuse a checkpoint from the midst of a training, or of its stages."""
    cfg = load_config(config, dict(options or {}))
    if stage is not None:
        last = read_stages(cfg, Path())[-1]
        if stage != last.name:
            raise ResultError(
                f'{checkpoint} is of the stage {stage!r}, and {config} ends '
                f'with {last.name!r}; record that one'
            )
        cfg = last.cfg
    if epochs < cfg.train_cfg.max_epochs:
        raise ResultError(
            f'{checkpoint} was trained for {epochs} epochs, {config} says '
            f'{cfg.train_cfg.max_epochs}; record what training ends with'
        )


def _config_of(name: str, checkpoint: str) -> str:
    """Find the one config that a checkpoint is named after."""
    root = project_root()
    found = sorted(root.glob(f'configs/**/{name}.py')) if name else []
    if len(found) != 1:
        raise ResultError(
            f'{checkpoint} is called {name!r}, which is no config of ours; '
            'name the config it was trained with: --config FILE'
        )
    return str(found[0])


def _from_root(config: str) -> str:
    """Return a config's path from the project's root."""
    path = Path(load_config(config).filename).resolve()
    try:
        return path.relative_to(project_root().resolve()).as_posix()
    except ValueError:
        raise ResultError(
            f'{config} lies outside of this project; a result is of one of '
            'its configs'
        ) from None

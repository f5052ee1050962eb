"""What can be known to fail is found before anything is built.

A missing list file or a forgotten checkpoint is a sentence, not a traceback
through a registry after a minute of building.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.config import Config

from vsslcodebase.datasets.annotation import read_list
from vsslcodebase.datasets.transforms import SamplePaceClips
from vsslcodebase.models.heads import PaceHead
from vsslcodebase.utils.nested import dicts_in

LOOKED_FOR = 10  # videos of a list; none of them there is a wrong folder


class UsageError(ValueError):
    """The command or the config asks for what is not there."""


def check_all(cfg: Config, stages: tuple[str, ...]) -> None:
    """Check all that a run of these stages reads, files before contents."""
    check_files(cfg, stages)
    check_pretrained(cfg)
    check_paces(cfg, stages)
    check_lists(cfg, stages)


def check_files(cfg: Config, stages: tuple[str, ...]) -> None:
    """Look for the list files and video folders that a run will read.

    Args:
        cfg: the whole config.
        stages: of ``'train'``, ``'val'``, ``'test'``.

    Raises:
        UsageError: naming the first missing one, its key in the config, and
            the option that sets it.
    """
    for stage in stages:
        name = f'{stage}_dataloader'
        for key, node in dicts_in(cfg.get(name), name):
            path = _local_path(node, node.get('ann_file'))
            if path is not None and not path.is_file():
                raise UsageError(
                    f'there is no list file {path} ({key}.ann_file). Make it '
                    'with the scripts of tools/data, or name yours: '
                    f'--cfg-options {key}.ann_file=FILE'
                )
            for part, folder in (node.get('data_prefix') or {}).items():
                path = _local_path(node, folder)
                if path is not None and not path.is_dir():
                    raise UsageError(
                        f'there is no folder {path} '
                        f'({key}.data_prefix.{part}). Link your videos '
                        'there, or name theirs: '
                        f'--cfg-options {key}.data_prefix.{part}=FOLDER'
                    )


def check_lists(cfg: Config, stages: tuple[str, ...]) -> None:
    """Read the lists of videos, and compare them with folder and model.

    Args:
        cfg: the whole config, which has passed :func:`check_files`.
        stages: of ``'train'``, ``'val'``, ``'test'``.

    Raises:
        UsageError: if a list is empty or wrong, if none of its first videos
            is in the folder, or one that is to be evaluated is not; or if its
            labels are not the classifier's.
    """
    for stage in stages:
        name = f'{stage}_dataloader'
        for key, node, path in listed_videos(cfg.get(name), name):
            try:
                videos = read_list(
                    path, node.get('delimiter', ' '), bounds_of(node)
                )
            except ValueError as error:
                raise UsageError(f'{error} ({key}.ann_file)') from None
            _check_presence(key, node, videos)
            num_classes = (cfg.model.get('cls_head') or {}).get('num_classes')
            if num_classes and (stage == 'train' or _compares(cfg, stage)):
                _check_labels(f'{path} ({key}.ann_file)', videos, num_classes)


def listed_videos(node: Any, key: str) -> Iterator[tuple[str, dict, Path]]:
    """Yield each data set with a list of videos inside a config.

    Args:
        node: A part of the config, such as a data loader.
        key: Of the part.

    Yields:
        The dotted key of the data set, its config and the path of its list.
    """
    for place, dataset in dicts_in(node, key):
        path = _local_path(dataset, dataset.get('ann_file'))
        if dataset.get('type') == 'VideoListDataset' and path is not None:
            yield place, dataset, path


def bounds_of(dataset: dict) -> str | None:
    """Return the folder that the list of a data set may not leave.

    None where it may, by ``allow_outside``; see ``VideoListDataset``.
    """
    if dataset.get('allow_outside'):
        return None
    folder = (dataset.get('data_prefix') or {}).get('video', '')
    return os.path.join(dataset.get('data_root') or '', folder)


def _check_presence(
    key: str, dataset: dict, videos: list[tuple[str, int]]
) -> None:
    """Refuse videos that are somewhere else: the first, or held-out ones."""
    folder = (dataset.get('data_prefix') or {}).get('video', '')
    if '://' in folder:
        return
    root = Path(dataset.get('data_root') or '', folder)
    first = [root / video for video, _ in videos[:LOOKED_FOR]]
    if not any(path.exists() for path in first):
        raise UsageError(
            f'none of the first {len(first)} videos of '
            f'{dataset["ann_file"]} is there, as {first[0]}; set '
            f'{key}.data_prefix.video to the folder that its paths start from'
        )
    if not dataset.get('test_mode'):  # others stand in for what is missing
        return
    wanted = videos[: dataset.get('num_videos')]
    missing = [
        path for video, _ in wanted if not (path := root / video).exists()
    ]
    if missing:
        raise UsageError(
            f'{len(missing)} of {len(wanted)} videos to be evaluated are not '
            f'there, the first is {missing[0]}; no others stand in for them, '
            f'so add them, or take them out of {dataset["ann_file"]} ({key})'
        )


def _compares(cfg: Config, stage: str) -> bool:
    """Whether predictions are compared with labels, not only written."""
    metrics = cfg.get(f'{stage}_evaluator') or []
    metrics = metrics if isinstance(metrics, list) else [metrics]
    return any(metric.get('type') != 'DumpResults' for metric in metrics)


def _check_labels(
    where: str, videos: list[tuple[str, int]], num_classes: int
) -> None:
    """Refuse labels that the classifier cannot give."""
    for video, label in videos:
        if 0 <= label < num_classes:
            continue
        what = f'the label {label}' if label >= 0 else 'no label (-1)'
        raise UsageError(
            f'{video} has {what} in {where}, but a classifier of '
            f'{num_classes} classes needs 0 to {num_classes - 1}; name '
            'another list, or set model.cls_head.num_classes'
        )


def check_pretrained(cfg: Config) -> None:
    """Refuse a model that was to start from a checkpoint nobody named.

    An evaluation config leaves ``init_cfg.checkpoint`` open. Run as it is, it
    would measure random weights without saying so.

    Raises:
        UsageError: for each such place, with both ways out.
    """
    if cfg.get('load_from'):
        return
    for key, node in dicts_in(cfg.model, 'model'):
        init = node.get('init_cfg')
        for one in init if isinstance(init, list) else [init]:
            if not isinstance(one, dict) or one.get('type') != 'Pretrained':
                continue
            name = one.get('checkpoint')
            if not name:
                raise UsageError(
                    f'{key}.init_cfg.checkpoint is not set, so this would '
                    'evaluate random weights. Name the pre-trained model: '
                    f'--cfg-options {key}.init_cfg.checkpoint=FILE (or, for '
                    'the baseline of an untrained network, '
                    f'{key}.init_cfg=None)'
                )
            if '://' not in name and not Path(name).expanduser().is_file():
                raise UsageError(
                    f'there is no checkpoint {name} '
                    f'({key}.init_cfg.checkpoint)'
                )


def check_paces(cfg: Config, stages: tuple[str, ...]) -> None:
    """Compare the number of paces of samplers with that of the head.

    In a step, one process alone might meet the difference, and the others
    would wait for it.

    Args:
        cfg: the whole config.
        stages: of ``'train'``, ``'val'``, ``'test'``.

    Raises:
        UsageError: naming both numbers and their keys.
    """
    samplers = [
        sampler
        for stage in stages
        for sampler in _arguments(
            cfg, f'{stage}_dataloader', SamplePaceClips, 'paces'
        )
    ]
    for head, expected in _arguments(cfg, 'model', PaceHead, 'num_paces'):
        for key, paces in samplers:
            if len(paces) != expected:
                raise UsageError(
                    f'there are {len(paces)} paces, {list(paces)} ({key}), '
                    f'but {head} is {expected}; make them agree'
                )


def _arguments(
    cfg: Config, key: str, of: type, name: str
) -> Iterator[tuple[str, Any]]:
    """Yield an argument's key and value wherever a part builds a class."""
    default = inspect.signature(of).parameters[name].default
    for place, options in dicts_in(cfg.get(key), key):
        if options.get('type') == of.__name__:
            yield f'{place}.{name}', options.get(name, default)


def _local_path(dataset: dict, name: Any) -> Path | None:
    """Return a path of a data set below its root; None if not a local one."""
    if not isinstance(name, str) or not name or '://' in name:
        return None
    return Path(dataset.get('data_root') or '', name)

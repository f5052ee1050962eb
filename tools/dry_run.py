"""Walk a config through every step once, on the CPU and without data.

    python tools/dry_run.py configs/corp/corp_m_r3d50_ssv2.py

A few small videos are made on the spot; the training pipeline runs on them
slot by slot, and the model takes one step forward and backward. Printed are
what each step adds, with shapes; the parameters of each part; and every
parameter that would not learn. Frames are made small (--size) so that the
full-width network answers in seconds; widths and losses are the config's.
"""

from __future__ import annotations

import argparse
import os.path as osp
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from mmengine.structures import BaseDataElement
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from vsslcodebase.datasets.motion_mini import (
    level_knobs,
    plan_split,
    render_video,
)
from vsslcodebase.datasets.motion_mini.encode import write_video
from vsslcodebase.engine.launch import load_config, require_keys
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.overrides import OverrideAction
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.registry import DATASETS, MODELS

SLOTS = ('open', 'sample', 'decode', 'augment', 'pack')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog='exit status 1: a parameter would not learn',
    )
    parser.add_argument('config')
    parser.add_argument(
        '--size', type=int, default=64, help='frame size; 0: as configured'
    )
    parser.add_argument(
        '--width', type=int, help='base_channels of the backbone'
    )
    parser.add_argument(
        '--num-videos', type=int, help='default 2, or one for each bn_groups'
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=OverrideAction, default={}
    )
    return parser.parse_args()


def main() -> int:
    """Print the walk; return 1 if some parameter would not learn."""
    args = parse_args()
    cfg = load_config(args.config, args.cfg_options)
    require_keys(cfg, 'model', 'train_dataloader')
    init_default_scope(cfg.get('default_scope', 'vsslcodebase'))
    torch.manual_seed(0)
    set_frame_size(cfg.train_dataloader.dataset, args.size)
    if args.width:
        set_width(cfg.model, args.width)
    num_videos = args.num_videos or max(2, cfg.model.get('bn_groups', 1))
    with tempfile.TemporaryDirectory() as folder:
        use_made_videos(cfg.train_dataloader.dataset, Path(folder), num_videos)
        samples, rows = walk_pipeline(cfg.train_dataloader.dataset)
    model = revert_sync_batchnorm(build_untrained(cfg.model))
    idle, more_rows = walk_model(model, pseudo_collate(samples))
    print_table(('step', 'what', 'adds'), rows + more_rows)
    print_table(('part', 'parameters', 'trained'), count_parameters(model))
    for name in idle:
        print(f'NO GRADIENT reaches {name}')
    print('' if idle else 'every trained parameter gets a gradient')
    return 1 if idle else 0


def set_frame_size(dataset: dict[str, Any], size: int) -> None:
    """Let the crops of slot 3 give ``size`` x ``size``; 0 leaves them."""
    for operation in dataset['pipeline'][3]['transforms']:
        for key in ('size', 'crop_size'):
            if size and key in operation:
                operation[key] = size


def set_width(model: dict[str, Any], width: int) -> None:
    """Give the backbone ``base_channels``, and what follows its width."""
    backbone = model['backbone']
    # motion blocks stand around the network that has a width
    backbone.get('backbone', backbone)['base_channels'] = width
    try:
        with torch.device('meta'):  # shapes without memory
            channels = MODELS.build(backbone).feat_dim
    except TypeError as error:
        raise UsageError(
            f'--width sets base_channels, but {error}; change the width of '
            'this backbone with --cfg-options'
        ) from error
    # the first that says how long its input is, sees the backbone's maps:
    # a neck without weights has the head see them, one with a projector
    # inside says it there
    neck = model.get('neck', {})
    neck = neck.get('projector', neck)
    for follower in (neck, model.get('head', {}), model.get('cls_head', {})):
        if 'in_channels' in follower:
            follower['in_channels'] = channels
            break
    if 'hidden_channels' in neck:
        neck['hidden_channels'] = channels


def build_untrained(model: dict[str, Any]) -> nn.Module:
    """Build the model without reading any checkpoint."""
    backbone = model['backbone']
    for key in ('init_cfg', 'pretrained'):
        if key in backbone:
            backbone[key] = None
    return MODELS.build(model)


def use_made_videos(dataset: dict[str, Any], folder: Path, count: int) -> None:
    """Write ``count`` videos and their list, and point the data set at them.

    Their length is one and a half times what a clip spans, or 48 frames.
    """
    sampler = dataset['pipeline'][1]
    span = sampler['clip_len'] * sampler.get('frame_interval', 1)
    knobs = level_knobs('easy', size=128, num_frames=max(48, span * 3 // 2))
    for plan in plan_split('train', count, knobs, seed=0):
        path = folder / f'made_{plan.video_id}.mp4'
        write_video(path, render_video(plan, knobs), fps=24)
    names = sorted(path.name for path in folder.glob('*.mp4'))
    listing = folder / 'list.txt'
    listing.write_text(''.join(f'{name} 0\n' for name in names))
    dataset['ann_file'] = str(listing)
    dataset['data_prefix'] = dict(video=str(folder))
    dataset.pop('num_repeats', None)  # each of them once


def walk_pipeline(dataset_cfg: dict[str, Any]) -> tuple[list[dict], list]:
    """Run the pipeline slot by slot on all videos, noting it of the first.

    Returns:
        The packed samples, and (step, transform, what it adds) rows.
    """
    dataset = DATASETS.build(dataset_cfg)
    info = dataset.get_data_info(0)
    rows = [('annotation', type(dataset).__name__, describe(info, {}))]
    np.random.seed(0)
    results, before = info, dict(info)
    for slot, transform in zip(SLOTS, dataset.pipeline.transforms):
        results = transform(results)
        added = describe(results, before) or 'nothing yet'
        rows.append((slot, type(transform).__name__, added))
        before = dict(results)
    return [results, *(dataset[i] for i in range(1, len(dataset)))], rows


def walk_model(
    model: nn.Module, batch: dict[str, Any]
) -> tuple[list[str], list]:
    """Take one step forward and backward.

    Returns:
        Names of the trained parameters without gradient, and the rows.
    """
    model.train()
    open_zero_scales(model)
    data = model.data_preprocessor(batch, training=True)
    inputs = data['inputs']
    kind = type(model.data_preprocessor).__name__
    rows = [('preprocess', kind, f'inputs {shape_of(inputs)}')]
    parts = [
        (name, part)
        for name, part in model.named_children()
        if name in ('backbone', 'neck')
    ]
    if hasattr(model, 'queue'):  # empty at first: without it nothing learns
        with torch.no_grad():
            model(**data, mode='loss')
    for name, part in parts:
        part.register_forward_hook(
            lambda module, _, out, name=name: rows.append(
                (name, type(module).__name__, shape_of(out))
            )
        )
    losses = model(**data, mode='loss')
    rows = list(dict.fromkeys(rows))  # a trunk may call them clip by clip
    total, _ = model.parse_losses(losses)
    values = ', '.join(f'{key} {v.item():.4f}' for key, v in losses.items())
    rows.append((*head_of(model), values))
    total.backward()
    rows.append(('loss', '', f'{total.item():.4f}'))
    idle = [
        name
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
        and (parameter.grad is None or not parameter.grad.any())
    ]
    return idle, rows


def open_zero_scales(model: nn.Module) -> None:
    """Set scales that start at zero to one.

    No gradient passes them in the first step, and in all others it does.
    """
    for module in model.modules():
        scaled = isinstance(module, _BatchNorm) and module.affine
        if scaled and not module.weight.any():
            nn.init.ones_(module.weight)


def head_of(model: nn.Module) -> tuple[str, str]:
    """Name who makes the losses: a head, or a trunk that has none."""
    for name in ('head', 'cls_head', 'motion_head'):
        if hasattr(model, name):
            return 'head', type(getattr(model, name)).__name__
    return 'trunk', type(model).__name__


def count_parameters(model: nn.Module) -> list[tuple[str, str, str]]:
    """List the parameters of each part, and how many of them are trained."""
    parts = [
        *((name, part.parameters()) for name, part in model.named_children()),
        # a trunk may have parameters of its own, as SwAV its prototypes
        *((name, [p]) for name, p in model.named_parameters(recurse=False)),
        ('total', model.parameters()),
    ]
    rows = []
    for name, parameters in parts:
        sizes = [(p.numel(), p.requires_grad) for p in parameters]
        total = sum(size for size, _ in sizes)
        trained = sum(size for size, is_trained in sizes if is_trained)
        if total:
            rows.append((name, f'{total:,}', f'{trained:,}'))
    return rows


def describe(results: dict[str, Any], before: dict[str, Any]) -> str:
    """Say what is in ``results`` that was not, or was different, before."""
    news = [
        f'{key} {shape_of(value)}'
        for key, value in results.items()
        if not same(value, before.get(key))
    ]
    return ', '.join(news)


def same(value: Any, other: Any) -> bool:
    """Whether a transform left an entry as it was."""
    if isinstance(value, np.ndarray) and isinstance(other, np.ndarray):
        return np.array_equal(value, other)
    return value is other


def shape_of(value: Any) -> str:
    """Write a value shortly: shape and type of arrays, else the value."""
    if isinstance(value, tuple) and value and isinstance(value[0], Tensor):
        value = value[0]  # a neck returns (embeddings, losses)
    if isinstance(value, (Tensor, np.ndarray)) and value.ndim:
        kind = str(value.dtype).removeprefix('torch.')
        return f'{tuple(value.shape)} {kind}'
    if isinstance(value, list) and value and isinstance(value[0], np.ndarray):
        return f'{len(value)} x {shape_of(value[0])}'
    if isinstance(value, str):
        return osp.basename(value)
    if isinstance(value, (bool, int, float, tuple)):
        return str(value)
    if isinstance(value, BaseDataElement):
        return f'with {", ".join(sorted(value.all_keys()))}'
    return type(value).__name__


def print_table(header: tuple[str, ...], rows: list) -> None:
    """Print rows below a header, columns aligned, the last one free."""
    widths = [
        max(len(str(row[i])) for row in [header, *rows])
        for i in range(len(header) - 1)
    ]
    for row in [header, *rows]:
        cells = [str(c).ljust(w) for c, w in zip(row, widths)]
        print('  '.join([*cells, str(row[-1])]))
    print()


if __name__ == '__main__':
    with one_sentence():
        raise SystemExit(main())

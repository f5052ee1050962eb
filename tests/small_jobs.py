"""Configs made small enough for one step on a CPU, on made videos."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from config_files import load, tool
from mmengine.dataset import pseudo_collate
from mmengine.model import revert_sync_batchnorm
from mmengine.optim import OptimWrapper, build_optim_wrapper

from vsslcodebase.engine.overrides import apply_overrides

Job = tuple[torch.nn.Module, OptimWrapper, dict[str, Any]]


def small_job(
    path: Path,
    folder: Path,
    split: str = 'train',
    **options: Any,
) -> Job:
    """Untrained model, its optimizer and a batch of two made videos."""
    dry_run = tool('dry_run')
    cfg = load(path)
    apply_overrides(cfg, options)
    dataset = cfg[f'{split}_dataloader'].dataset
    dry_run.set_frame_size(dataset, 32)
    dry_run.set_width(cfg.model, 4)
    dry_run.use_made_videos(dataset, folder, 2)
    samples, _ = dry_run.walk_pipeline(dataset)
    torch.manual_seed(0)
    model = revert_sync_batchnorm(dry_run.build_untrained(cfg.model)).train()
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    return model, wrapper, pseudo_collate(samples)


def take_step(
    model: torch.nn.Module, wrapper: OptimWrapper, batch: dict[str, Any]
) -> tuple[dict[str, float], set[str]]:
    """Train once; return the losses and the parameters that moved."""
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    data = model.data_preprocessor(batch, training=True)
    losses = model(**data, mode='loss')
    total, _ = model.parse_losses(losses)
    wrapper.update_params(total)
    after = dict(model.named_parameters())
    assert all(p.isfinite().all() for p in after.values())
    moved = {n for n in before if not torch.equal(before[n], after[n])}
    return {k: float(v.detach()) for k, v in losses.items()}, moved

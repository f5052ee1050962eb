"""Files as peers save them, and the tools that read them."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn

from vsslcodebase.checkpoints.importers import Imported
from vsslcodebase.registry import MODELS

TOOLS = Path(__file__).resolve().parents[1] / 'tools' / 'model_converters'


def save(
    path: Path,
    state: Mapping[str, Tensor],
    under: str | None = 'state_dict',
    parallel: bool = False,
    **more: Any,
) -> Path:
    """Write a checkpoint.

    Args:
        path: Where to.
        state: Key to tensor.
        under: Key of the state dict; None for a bare one.
        parallel: Keys have the 'module.' of ``DataParallel``.
        more: What else is in it.
    """
    prefix = 'module.' if parallel else ''
    state = {prefix + key: value for key, value in state.items()}
    torch.save({under: state, **more} if under else state, path)
    return path


def run_tool(name: str, *words: str | Path) -> int:
    """Run a converter in this process; return its exit code."""
    argv = [name, *map(str, words)]
    try:
        with patch.object(sys, 'argv', argv):
            runpy.run_path(str(TOOLS / name), run_name='__main__')
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def pretrained(imported: Imported, path: Path, **options: Any) -> nn.Module:
    """Build the backbone as a config does, from a published file."""
    init_cfg = dict(
        type='Pretrained', checkpoint=str(path), prefix='backbone.'
    )
    backbone = MODELS.build(
        dict(imported.backbone, init_cfg=init_cfg, **options)
    )
    backbone.init_weights()
    return backbone.eval()


def shapes(network: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """Return the shape of each tensor."""
    return {key: tuple(value.shape) for key, value in network.items()}

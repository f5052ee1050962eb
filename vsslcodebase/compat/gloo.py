"""Several processes on CPU: what mmengine's Runner only does for GPUs.

With a launcher, mmengine 0.10.7 calls ``torch.cuda.set_device`` and hands
GPU numbers to ``DistributedDataParallel``, and both fail on a machine
without a GPU; torch's SyncBatchNorm refuses CPU tensors altogether.
"""

from __future__ import annotations

import datetime
import os
import warnings
from typing import Any

import torch
from mmengine.config import Config
from mmengine.model import MMDistributedDataParallel
from mmengine.registry import MODEL_WRAPPERS
from torch import distributed, nn

DEFAULT_TIMEOUT_SEC = 1800


def prepare_gloo(cfg: Config) -> bool:
    """Start gloo and have the Runner wrap the model for it, if on CPU.

    Called after the ranks are in the environment and before the Runner,
    which leaves a running process group alone.

    Args:
        cfg: the run's config; ``model_wrapper_cfg`` is set in it.

    Returns:
        Whether this is a run on CPU, and the mend was needed.
    """
    if torch.cuda.is_available():
        return False
    if not distributed.is_initialized():
        dist_cfg = cfg.get('env_cfg', {}).get('dist_cfg') or {}
        seconds = dist_cfg.get('timeout', DEFAULT_TIMEOUT_SEC)
        distributed.init_process_group(
            'gloo', timeout=datetime.timedelta(seconds=seconds)
        )
    os.environ.setdefault('LOCAL_RANK', os.environ.get('RANK', '0'))
    cfg.model_wrapper_cfg = dict(
        type='GlooDataParallel',
        find_unused_parameters=cfg.get('find_unused_parameters', False),
    )
    return True


@MODEL_WRAPPERS.register_module()
class GlooDataParallel(MMDistributedDataParallel):
    """mmengine's wrapper for a model on CPU, SyncBN included.

    Registered at mmengine's root, where the Runner looks wrappers up.

    Args:
        module: the model.
        device_ids: GPU numbers from the Runner, ignored.
        options: of ``DistributedDataParallel``.
    """

    def __init__(
        self, module: nn.Module, device_ids: Any = None, **options: Any
    ) -> None:
        """Replace the SyncBN layers, then wrap."""
        del device_ids
        from .sync_batch_norm import convert_sync_batch_norm

        # Buffers are left to mmengine, as in its own wrapping for GPUs.
        options.setdefault('broadcast_buffers', False)
        with warnings.catch_warnings():
            warnings.filterwarnings('ignore', message='.*broadcast_buffers')
            super().__init__(module=convert_sync_batch_norm(module), **options)

"""Random numbers of data workers that differ from epoch to epoch.

mmengine seeds a worker from the run's seed, its rank and its number alone.
Workers that are started anew each epoch (``persistent_workers=False``) then
draw the same augmentations in every epoch, and those of a resumed run repeat
the first epochs. torch already hands each worker a fresh seed, drawn from the
main process's generator; this mend keeps it and mixes in the rank.
(``VideoListDataset`` seeds every sample by itself and needs none of this.)
"""

from __future__ import annotations

import random
import warnings

import numpy as np
import torch
from mmengine.runner import runner as upstream


def mend_worker_seed() -> bool:
    """Replace mmengine's worker initialisation if it forgets the epoch.

    Returns:
        Whether it did, that is, whether the mend is in place.
    """
    if upstream.default_worker_init_fn is seed_worker:
        return True
    if not _forgets_epoch():
        return False
    upstream.default_worker_init_fn = seed_worker
    return True


def seed_worker(
    worker_id: int,
    num_workers: int,
    rank: int,
    seed: int,
    disable_subprocess_warning: bool = False,
) -> None:
    """Seed numpy and ``random`` of a data worker; mmengine's signature.

    Args:
        worker_id: unused; it is part of ``torch.initial_seed()``.
        num_workers: unused, as before.
        rank: of this process. Ranks share torch's seed, and must not share
            their augmentations.
        seed: of the run.
        disable_subprocess_warning: silence warnings of all but worker 0.
    """
    del num_workers
    if disable_subprocess_warning and worker_id != 0:
        warnings.simplefilter('ignore')
    sequence = np.random.SeedSequence([torch.initial_seed(), seed, rank])
    state = sequence.generate_state(1)[0]
    np.random.seed(state)
    random.seed(int(state))
    torch.manual_seed(int(state))


def _forgets_epoch() -> bool:
    """Say whether mmengine's function never asks for torch's seed.

    Its code is read rather than run: running it seeds this process.
    """
    names = upstream.default_worker_init_fn.__code__.co_names
    return not {'initial_seed', 'get_worker_info'} & set(names)

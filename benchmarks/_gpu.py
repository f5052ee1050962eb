"""What the GPU makes of the batches: preprocessor, and a network to feed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import _ours
import torch
from _measure import print_table
from mmengine.config import Config
from mmengine.dataset import pseudo_collate

from vsslcodebase.models import ClipDataPreprocessor, VideoResNet3d

BACKBONE = Path(__file__).parents[1] / 'configs/_base_/backbones/r3d50.py'


def measure(
    list_file: Path,
    device: str = 'cuda',
    crop: int = 224,
    batch_size: int = 4,
    steps: int = 10,
) -> None:
    """Print a table; a batch is so many samples of 4 clips.

    The network trains in half precision (autocast). The cores that feed it
    are the CPU time of a batch over the time that the GPU is busy with it.
    """
    train = _train_step(device, 4 * batch_size, crop)
    train_seconds = _seconds(train, device, steps)
    rows = []
    for way in ('worker', 'preprocessor'):
        dataset = _ours.build_dataset(list_file, crop, way)
        dataset[0]
        begin = time.process_time()
        samples = [dataset[i % len(dataset)] for i in range(batch_size)]
        cpu_seconds = time.process_time() - begin
        preprocess = _preprocessing(pseudo_collate(samples), device)
        seconds = _seconds(preprocess, device, steps)
        rows.append(
            [
                way,
                1e3 * cpu_seconds,
                1e3 * seconds,
                1e3 * train_seconds,
                cpu_seconds / (seconds + train_seconds),
            ]
        )
    print(f'Batches of {batch_size} x 4 clips of 16x{crop}x{crop}, ms:\n')
    print_table(
        ['colours', 'CPU', 'preprocessor', 'R3D-50', 'cores that feed it'],
        rows,
    )


def _train_step(
    device: str, num_clips: int, crop: int
) -> Callable[[], object]:
    """Return a forward and backward pass of the configs' R3D-50."""
    config = dict(Config.fromfile(BACKBONE).backbone)
    config.pop('type')
    network = VideoResNet3d(**{**config, 'norm_cfg': dict(type='BN3d')})
    network.to(device).train()
    clips = torch.rand(num_clips, 3, 16, crop, crop, device=device)

    def train() -> None:
        with torch.autocast(clips.device.type, torch.bfloat16):
            loss = network(clips).float().square().mean()
        loss.backward()
        network.zero_grad(set_to_none=True)

    return train


def _preprocessing(batch: dict, device: str) -> Callable[[], object]:
    """Return the preprocessor's work on one batch, the copy included."""
    preprocessor = ClipDataPreprocessor().to(device)
    return lambda: preprocessor(batch)


def _seconds(step: Callable[[], object], device: str, steps: int) -> float:
    """Return the median time of a step, to its end on the device."""
    times = []
    for _ in range(steps + 2):
        begin = time.perf_counter()
        step()
        if device == 'cuda':
            torch.cuda.synchronize()
        times.append(time.perf_counter() - begin)
    return median(times[2:])

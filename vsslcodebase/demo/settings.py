"""What a demonstration consists of: data, networks, budget, in one place."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

from mmengine.config import Config

from vsslcodebase.datasets.motion_mini import DatasetSpec, level_knobs
from vsslcodebase.engine.launch import load_config, project_root
from vsslcodebase.engine.overrides import apply_overrides

# network: its name on paper; the order of the table
NETWORKS = {'untrained': 'untrained', 'simclr': 'SimCLR', 'corp_m': 'CORP_m'}
CONFIGS = {
    'corp_m': 'configs/mini/corp_m_smallr3d_motion-mini.py',
    'simclr': 'configs/mini/simclr_smallr3d_motion-mini.py',
}
# its test clips are those that features are taken from
PROBE_CONFIG = 'configs/mini/linear_smallr3d_motion-mini.py'
DATA_DIR = 'data/motion_mini_demo'  # as the configs have it
LEVEL, SIZE_PX = 'demo', 32


@dataclasses.dataclass(frozen=True)
class DemoSettings:
    """The choices of one demonstration.

    Args:
        work_dir: Folder for everything but the data.
        data_dir: Folder of the videos.
        seed: Of training. The data stay the same.
        steps: Training steps of each method, rounded up to whole epochs;
            None: as the configs have it.
        num_videos: Of train, val and test.
        probe_videos: Labelled training videos that the linear probes are
            fitted to. Few: with many, a probe makes something of the random
            features of an untrained network, too (configs/mini/README.md).
        device: 'cpu' or 'cuda'.

    Raises:
        ValueError: For a number that makes no run.
    """

    work_dir: Path
    data_dir: Path = Path(DATA_DIR)
    seed: int = 0
    steps: int | None = None
    num_videos: tuple[int, int, int] = (8192, 512, 1024)
    probe_videos: int = 256
    device: str = 'cpu'

    def __post_init__(self) -> None:
        """Check the numbers."""
        if self.seed < 0:
            raise ValueError(f'the seed must not be negative, got {self.seed}')
        if self.steps is not None and self.steps < 1:
            raise ValueError(f'steps must be at least 1, got {self.steps}')

    def dataset(self) -> DatasetSpec:
        """Return what the generator is to write."""
        knobs = level_knobs(LEVEL, size=SIZE_PX)
        return DatasetSpec(knobs, num_videos=self.num_videos)

    def config(self, name: str) -> Config:
        """Return a config as this demonstration runs it."""
        cfg = load_config(name)
        apply_overrides(cfg, self.options(name))
        return cfg

    def options(self, name: str) -> dict[str, Any]:
        """Return what differs from a config file, for ``--cfg-options``."""
        cfg = load_config(name)
        options: dict[str, Any] = {}
        if self.data_dir != Path(DATA_DIR):
            options |= self._data_options(cfg)
        if self.steps is not None:
            epoch = steps_per_epoch(cfg, self.num_videos[0])
            options['train_cfg.max_epochs'] = -(-self.steps // epoch)
        return options

    def _data_options(self, cfg: Config) -> dict[str, Any]:
        """Return the options that point the loaders to another folder."""
        options: dict[str, Any] = {}
        for split in ('train', 'val', 'test'):
            key = f'{split}_dataloader.dataset'
            name = Path(cfg[f'{split}_dataloader'].dataset.ann_file).name
            options[f'{key}.ann_file'] = str(self.data_dir / name)
            options[f'{key}.data_prefix.video'] = str(self.data_dir)
        return options

    def command(self, name: str, folder: Path) -> list[str]:
        """Return the command line that pre-trains with a config."""
        root = project_root()
        command = [
            sys.executable,
            _shown(root / 'tools' / 'train.py'),
            _shown(root / name),
            '--work-dir',
            str(folder),
            '--seed',
            str(self.seed),
            '--resume',
        ]
        options = [f'{k}={v}' for k, v in self.options(name).items()]
        return [*command, '--cfg-options', *options] if options else command


def fast_settings(work_dir: Path, **choices: Any) -> DemoSettings:
    """Return settings that run through everything and learn nothing."""
    tiny: dict[str, Any] = dict(
        data_dir=work_dir / 'data',
        steps=8,
        num_videos=(256, 32, 32),
        probe_videos=64,
    )
    return DemoSettings(work_dir, **{**tiny, **choices})


def steps_per_epoch(cfg: Config, num_train: int) -> int:
    """Return the steps of an epoch with ``num_train`` training videos.

    Raises:
        ValueError: If the videos do not fill one batch.
    """
    loader = cfg.train_dataloader
    part = num_train // loader.sampler.get('parts', 1)
    if part < loader.batch_size:
        raise ValueError(
            f'{num_train} videos in {loader.sampler.get("parts", 1)} parts do '
            f'not fill a batch of {loader.batch_size}'
        )
    return part // loader.batch_size


def total_steps(cfg: Config, num_train: int) -> int:
    """Return the steps of a whole training."""
    return cfg.train_cfg.max_epochs * steps_per_epoch(cfg, num_train)


def _shown(path: Path) -> str:
    """Return a path as short as it can be from here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)

"""The small models of the zoo: which there are, and the commands of each.

Every step is a command line that a user could type; ``tools/train_zoo.py``
runs what is not done yet, and the result files carry the same lines.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from vsslcodebase.engine.launch import load_config
from vsslcodebase.engine.stages import read_stages

DATA = 'data/motion_mini_demo'
WORK_DIR = 'work_dirs/zoo'
MAKE_DATA = (
    f'python tools/data/make_motion_mini.py {DATA} --level demo --size 32 '
    '--num-videos 8192 512 1024'
)
CONFIGS = (
    'corp_m_smallr3d_motion-mini',
    'corp_f_smallr3d_motion-mini',
    'simclr_smallr3d_motion-mini',
    'moco_rho4_smallr3d_motion-mini',
    'byol_rho4_smallr3d_motion-mini',
    'swav_rho2_smallr3d_motion-mini',
    'ltn_moco-rho4_smallr3d_motion-mini',
    'pace_smallr3d_motion-mini',
    'hcml_smallr2d_motion-mini',
)
STEP_SEC = 0.2  # of 64 clips on an idle core: for the time left


class SmallModel(NamedTuple):
    """One config, one seed.

    Attributes:
        name: Of the config.
        seed: Of the training.
    """

    name: str
    seed: int

    @property
    def config(self) -> str:
        """Path of the config, from the root."""
        return f'configs/mini/{self.name}.py'

    @property
    def folder(self) -> str:
        """Where it is trained, from the root."""
        return f'{WORK_DIR}/{self.name}_s{self.seed}'

    def train_command(self) -> str:
        """Return the line that trains it, or goes on training it."""
        tool = 'train'
        if load_config(self.config).get('stages'):
            tool = 'train_stages'
        return (
            f'python tools/{tool}.py {self.config} --seed {self.seed} '
            f'--work-dir {self.folder} --no-validate --resume'
        )

    def publish_command(self, checkpoint: Path, out: str) -> str:
        """Return the line that publishes it."""
        words = [
            *('python', 'tools/publish_model.py', str(checkpoint)),
            *('--out', out, '--name', self.name, '--dtype', 'float16'),
        ]
        return shlex.join(words)

    def checkpoints(self, root: Path) -> list[Path]:
        """Return what training ends with: of each stage, the last epoch's."""
        folder = root / self.folder
        cfg = load_config(self.config)
        if not cfg.get('stages'):
            return [folder / f'epoch_{cfg.train_cfg.max_epochs}.pth']
        return [stage.expected for stage in read_stages(cfg, folder)]

    def num_epochs(self) -> int:
        """Return how many epochs there are, of all stages."""
        cfg = load_config(self.config)
        stages = read_stages(cfg, Path()) if cfg.get('stages') else []
        cfgs = [stage.cfg for stage in stages] or [cfg]
        return sum(one.train_cfg.max_epochs for one in cfgs)

    def epochs_done(self, root: Path) -> int:
        """Return for how many there is a checkpoint, or was one."""
        done = 0
        for last in self.checkpoints(root):
            numbers = [
                int(path.stem.partition('_')[2])
                for path in last.parent.glob('epoch_*.pth')
            ]
            done += max(numbers, default=0)
        return done


def small_models(
    names: Sequence[str] = CONFIGS, seeds: Sequence[int] = (0,)
) -> list[SmallModel]:
    """Return the models of some configs, the first seed of all first.

    Raises:
        ValueError: For a name that is not one of ``CONFIGS``.
    """
    unknown = sorted(set(names) - set(CONFIGS))
    if unknown:
        raise ValueError(
            f'{", ".join(unknown)}: not in the zoo; there are '
            + ', '.join(CONFIGS)
        )
    return [SmallModel(name, seed) for seed in seeds for name in names]

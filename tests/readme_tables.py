"""Tables of commands in the methods' READMEs, and what they resolve to."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import cached_property

from config_files import ROOT
from mmengine.config import Config

from vsslcodebase.engine.arguments import parse_train
from vsslcodebase.engine.overrides import apply_overrides


@dataclass
class Run:
    """A row of the table of runs or of evaluations."""

    name: str
    config: str
    gpus: int
    arguments: list[str]
    batch: list[int]
    rate: float
    epochs: int

    @cached_property
    def cfg(self) -> Config:
        """The resolved config; unknown keys have been refused."""
        return resolved(self.config, self.arguments)

    @property
    def scaled(self) -> bool:
        return '--auto-scale-lr' in self.arguments


def resolved(config: str, arguments: list[str]) -> Config:
    """Return a config with the options of a command; it has to take them."""
    args = parse_train([config, *arguments])
    cfg = Config.fromfile(ROOT / config)
    apply_overrides(cfg, args.cfg_options)
    return cfg


def rows_of(readme: str, heading: str) -> list[list[str]]:
    """Cells of the table rows below a heading, headers left out."""
    text = readme.split(f'\n{heading}\n')[1]
    text = re.split(r'\n##+ ', text)[0]
    rows: list[list[str]] = []
    for table in re.findall(r'(?:^\|.*\n?)+', text, re.MULTILINE):
        for line in table.splitlines()[2:]:
            rows.append([cell.strip() for cell in line.strip('|').split('|')])
    return rows


def parse_command(command: str) -> tuple[str, int, list[str]]:
    """Config, GPUs and options of a call of a tool or of its scripts."""
    words = shlex.split(command)
    if words[0] == 'tools/dist_train.sh':
        config, gpus = words[1:3]
    elif words[1] == 'tools/train_stages.py':
        config, gpus = words[2], words[words.index('--gpus') + 1]
    elif words[0] == 'python':
        config, gpus = words[2], '1'
    else:
        assert words[1:3] == ['tools/slurm_train.sh', 'PARTITION']
        config, gpus = words[4], words[0].removeprefix('GPUS=')
    return config, int(gpus), words[words.index('--work-dir') :]


def read_runs(rows: list[list[str]]) -> list[Run]:
    """Read the rows of a table: name, command, batch, rate, epochs."""
    runs = []
    for name, command, batch, rate, epochs in rows:
        config, gpus, arguments = parse_command(command.strip('`'))
        runs.append(
            Run(
                name.strip('`'),
                config,
                gpus,
                arguments,
                [int(number) for number in batch.split(' x ')],
                float(rate),
                int(epochs),
            )
        )
    return runs


def id_of_run(run: Run) -> str:
    """Name of a run in a test's id."""
    return run.name.replace(' ', '-')


def check_numbers(run: Run) -> None:
    """Compare what a command resolves to with the numbers beside it."""
    cfg = run.cfg
    gpus, videos, *clips = run.batch
    assert run.gpus == gpus
    if not run.scaled:
        assert gpus * videos == cfg.auto_scale_lr.base_batch_size
    assert cfg.train_dataloader.batch_size == videos
    if clips:
        pipeline = cfg.train_dataloader.dataset.pipeline
        assert [pipeline[1].num_clips] == clips
    rate = cfg.optim_wrapper.optimizer.lr
    if run.scaled:
        rate *= gpus * videos / cfg.auto_scale_lr.base_batch_size
    assert abs(rate - run.rate) < 1e-9
    assert cfg.train_cfg.max_epochs == run.epochs

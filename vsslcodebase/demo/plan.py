"""The stages of the demonstration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vsslcodebase.datasets.motion_mini import make_dataset
from vsslcodebase.evaluation.motion_mini_probe import probe_loaders
from vsslcodebase.version import __version__

from .probing import build_network, probe_network
from .settings import (
    CONFIGS,
    NETWORKS,
    PROBE_CONFIG,
    DemoSettings,
    steps_per_epoch,
    total_steps,
)
from .stages import Report, Stage
from .training import train

# Seconds on two idle cores, for the estimate of the time left at the start.
WRITE_SEC, WRITERS = 0.004, 2  # a video; processes
STEP_SEC, START_SEC = 0.1, 10.0  # 64 clips; imports
VALIDATE_SEC = 0.004  # a video of 4 clips
PROBE_SEC, FIT_SEC = 0.005, 3.0  # a video of 4 clips; all linear probes


def make_stages(settings: DemoSettings) -> list[Stage]:
    """Return the stages in order; nothing is done yet."""
    data = _data_stage(settings)
    trainings = {
        name: _training_stage(settings, name, data) for name in CONFIGS
    }
    probes = [
        _probe_stage(settings, name, trainings.get(name), data)
        for name in NETWORKS
    ]
    return [data, *trainings.values(), *probes]


def _data_stage(settings: DemoSettings) -> Stage:
    """Write motion-mini, or find that it is there."""
    spec, root = settings.dataset(), settings.data_dir
    total = sum(spec.num_videos)

    def work(folder: Path, report: Report) -> dict[str, Any]:
        del folder  # the data have their own
        make_dataset(
            root,
            spec,
            WRITERS,
            lambda done, count: report(done, count, f'{done} videos'),
        )
        return dict(files=[str(root / 'test_motion.txt')])

    return Stage(
        name='data',
        title=f'write {total:,} videos',
        inputs=dict(data=spec.parameters(), folder=str(root)),
        planned_sec=1 + total * WRITE_SEC,
        work=work,
    )


def _training_stage(settings: DemoSettings, name: str, data: Stage) -> Stage:
    """Pre-train with one method."""
    cfg = settings.config(CONFIGS[name])
    steps = total_steps(cfg, settings.num_videos[0])
    epoch = steps_per_epoch(cfg, settings.num_videos[0])

    def work(folder: Path, report: Report) -> dict[str, Any]:
        command = settings.command(CONFIGS[name], folder)
        result = train(command, folder, steps, epoch, settings.device, report)
        return dict(result, command=command, steps=steps)

    validation = settings.num_videos[1] * VALIDATE_SEC
    return Stage(
        name=name,
        title=f'pre-train {NETWORKS[name]}',
        inputs=dict(
            config=cfg.to_dict(),
            seed=settings.seed,
            device=settings.device,
            data=data.inputs,
            version=__version__,
        ),
        planned_sec=START_SEC
        + steps * STEP_SEC
        + cfg.train_cfg.max_epochs * validation,
        work=work,
    )


def _probe_stage(
    settings: DemoSettings, name: str, training: Stage | None, data: Stage
) -> Stage:
    """Probe one network."""
    cfg = settings.config(CONFIGS.get(name, CONFIGS['corp_m']))
    probe = settings.config(PROBE_CONFIG)
    num_train = min(settings.probe_videos, settings.num_videos[0])
    loaders = probe_loaders(probe, settings.data_dir, num_train)

    def work(folder: Path, report: Report) -> dict[str, Any]:
        checkpoint = None
        if training is not None:
            checkpoint = checkpoint_of(folder.parent / training.folder)
        model = build_network(cfg, checkpoint, settings.seed, settings.device)
        return probe_network(model, loaders, settings.data_dir, report)

    return Stage(
        name=f'probe-{name}',
        title=f'probe the {NETWORKS[name]} network',
        inputs=dict(
            network=training.inputs if training else cfg.model.to_dict(),
            seed=settings.seed,
            loaders=loaders,
            data=data.inputs,
            version=__version__,
        ),
        planned_sec=FIT_SEC + PROBE_SEC * (num_train + settings.num_videos[2]),
        work=work,
    )


def checkpoint_of(folder: Path) -> Path:
    """Return the last checkpoint in the folder of a training."""
    return Path((folder / 'last_checkpoint').read_text().strip())

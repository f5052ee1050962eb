"""Trainings that follow each other: each starts where the last one ended."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from mmengine.config import Config

from vsslcodebase.engine.launch import load_config
from vsslcodebase.engine.overrides import apply_overrides
from vsslcodebase.engine.preflight import UsageError

FINISHED = 'finished.txt'
KEYS = {'name', 'config', 'options'}


class Stage(NamedTuple):
    """One training of several.

    Attributes:
        name: Of its folder.
        cfg: Its whole config.
        folder: Where its config, logs and checkpoints go.
    """

    name: str
    cfg: Config
    folder: Path

    @property
    def path(self) -> Path:
        """Its config file; in the folder itself the run leaves its own."""
        return self.folder.with_suffix('.py')

    @property
    def checkpoint(self) -> Path | None:
        """The last checkpoint, of a stage that has ended well."""
        mark = self.folder / FINISHED
        if not mark.exists():
            return None
        # by its name alone: the work directory may have been moved since
        return self.folder / Path(mark.read_text().strip()).name

    @property
    def expected(self) -> Path:
        """The checkpoint that it will end with."""
        return self.folder / f'epoch_{self.cfg.train_cfg.max_epochs}.pth'

    @property
    def begun(self) -> bool:
        """Whether there is a checkpoint to go on from."""
        return (self.folder / 'last_checkpoint').exists()


def read_stages(cfg: Config, work_dir: Path) -> list[Stage]:
    """Make a config for each of ``cfg.stages``.

    An entry is ``dict(name=..., options={dotted key: value, ...})``: this
    config with these values; with ``config='other.py'``, a path from this
    config's folder, it is that one with these values.

    Args:
        cfg: With ``stages``, a list.
        work_dir: Gets a folder for each.

    Raises:
        UsageError: No stages, or an entry that is none.
        OverrideError: An option of a key that is not known.
    """
    entries = cfg.get('stages')
    if not entries:
        raise UsageError(
            f'{cfg.filename} has no stages; a config that is one training is '
            "started by tools/train.py. Stages are a list of dict(name='a', "
            "options={'model.level': 0})"
        )
    stages: list[Stage] = []
    for number, entry in enumerate(entries):
        unknown = set(entry) - KEYS
        if unknown or 'name' not in entry or not entry['name'].isidentifier():
            raise UsageError(
                f'stages[{number}] has the keys {sorted(entry)}, expected '
                f'name, a word, and of {sorted(KEYS - {"name"})} what it needs'
            )
        if entry['name'] in [stage.name for stage in stages]:
            raise UsageError(f'two stages are called {entry["name"]}')
        base = _plain(cfg)
        if 'config' in entry:
            path = Path(cfg.filename).parent / entry['config']
            base = load_config(str(path))
        apply_overrides(base, dict(entry.get('options', {})))
        stages.append(Stage(entry['name'], base, work_dir / entry['name']))
    return stages


def run_stages(
    stages: Sequence[Stage],
    command: Callable[[Path, Path, bool], list[str]],
    resume: bool,
    say: Callable[[str], None] = print,
) -> int:
    """Run what is not finished, in order.

    Args:
        stages: What ``read_stages`` returned.
        command: ``command(config, work_dir, resume)``: the command line that
            trains.
        resume: Go on in folders where something is: finished stages are left
            alone, an interrupted one is resumed.
        say: Called with a line before each stage.

    Returns:
        0, or the exit code of the stage that did not end well.

    Raises:
        UsageError: A folder is not empty and ``resume`` is false; or a
            finished stage was trained with another config, or comes after
            one that is not finished.
    """
    _check_folders(stages, resume)
    before: Path | None = None
    for number, stage in enumerate(stages, start=1):
        label = f'stage {number} of {len(stages)}, {stage.name}'
        text = _config_text(stage, before)
        if stage.checkpoint is not None:
            if not _same_config(stage.path, text, before):
                raise UsageError(
                    f'{label} is finished, but was trained with another '
                    f'config than it has now; compare {stage.path}, and '
                    f'remove {stage.folder} and the folders after it to train '
                    'anew'
                )
            before = stage.checkpoint
            say(f'{label}: finished, {before}')
            continue
        stage.folder.mkdir(parents=True, exist_ok=True)
        stage.path.write_text(text)
        words = command(stage.path, stage.folder, resume and stage.begun)
        say(f'{label}: {shlex.join(words)}')
        code = _run(words)
        if code:
            return code
        last = (stage.folder / 'last_checkpoint').read_text().strip()
        # written last: a stage without it is not finished
        (stage.folder / FINISHED).write_text(f'{last}\n')
        before = stage.checkpoint
    return 0


def write_stages(
    stages: Sequence[Stage], command: Callable[[Path, Path, bool], list[str]]
) -> list[str]:
    """Write the configs of all stages, and return the commands.

    For schedulers, which start one after the other: a config names the
    checkpoint that the stage before is expected to end with. Finished stages
    are left alone.

    Args:
        stages: What ``read_stages`` returned.
        command: See ``run_stages``.
    """
    lines = []
    before: Path | None = None
    for stage in stages:
        if stage.checkpoint is not None:
            before = stage.checkpoint
            continue
        stage.path.parent.mkdir(parents=True, exist_ok=True)
        stage.path.write_text(_config_text(stage, before))
        lines.append(shlex.join(command(stage.path, stage.folder, False)))
        before = stage.expected
    return lines


def _check_folders(stages: Sequence[Stage], resume: bool) -> None:
    """Refuse to mix two runs in a folder, or in a row of folders."""
    for stage, following in pairwise(stages):
        if stage.checkpoint is None and following.checkpoint is not None:
            raise UsageError(
                f'{following.name} is finished, but {stage.name}, from which '
                f'it started, is not: remove {following.folder} to train it '
                'from the new one'
            )
    for stage in stages:
        if (
            not resume
            and stage.folder.exists()
            and any(stage.folder.iterdir())
        ):
            raise UsageError(
                f'{stage.folder} is not empty: add --resume to go on there, '
                'or name another --work-dir'
            )


def _plain(cfg: Config) -> Config:
    """Return a copy of a config without its stages."""
    values = cfg.to_dict()
    values.pop('stages')
    return Config(values, filename=cfg.filename)


def _config_text(stage: Stage, before: Path | None) -> str:
    """Return the stage's config file, which starts from a checkpoint."""
    cfg = Config(stage.cfg.to_dict())
    if before is not None:
        cfg.load_from = str(before)
    return cfg.pretty_text


def _same_config(path: Path, text: str, before: Path | None) -> bool:
    """Tell whether a stage was trained with this config.

    Its start may be written in another way: the work directory is named
    otherwise, or has been moved.
    """
    if not path.exists():
        raise UsageError(
            f'{path.with_suffix("")} is finished, but {path}, the config that '
            'it was trained with, is gone; restore it, or remove the folder '
            'to train anew'
        )
    texts = [path.read_text().splitlines(), text.splitlines()]
    if before is not None:
        start = 'load_from = '
        texts = [[t for t in x if not t.startswith(start)] for x in texts]
    return texts[0] == texts[1]


def _run(words: list[str]) -> int:
    """Run a command; pass on the signals that ask it to end.

    The command saves itself then (``InterruptHook``); its exit code tells.
    """
    child: subprocess.Popen | None = None
    stopped = False

    def pass_on(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True
        if child is not None:
            child.send_signal(number)

    numbers = (signal.SIGTERM, signal.SIGINT)
    previous = {n: signal.signal(n, pass_on) for n in numbers}
    try:
        # Its own group: Ctrl-C reaches it once, from here
        child = subprocess.Popen(words, start_new_session=True)
        if stopped:
            child.send_signal(signal.SIGTERM)
        code = child.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    if code < 0:
        code = 128 - code  # as a shell says it
    if not code and stopped:
        return 128 + signal.SIGTERM  # ended well, but no stage is to follow
    return code


def train_command(
    tools: Path, gpus: int | None, options: Sequence[str]
) -> Callable[[Path, Path, bool], list[str]]:
    """Return what makes the command line of a stage.

    Args:
        tools: Folder of ``train.py`` and ``dist_train.sh``.
        gpus: Processes of ``dist_train.sh``; None: one, by ``train.py``.
        options: More words for ``train.py``.
    """

    def command(config: Path, work_dir: Path, resume: bool) -> list[str]:
        if gpus is None:
            words = [sys.executable, str(tools / 'train.py'), str(config)]
        else:
            words = [str(tools / 'dist_train.sh'), str(config), str(gpus)]
        words += ['--work-dir', str(work_dir)]
        return words + ['--resume'] * resume + [*options]

    return command

"""Pre-training as a user would start it, watched through its own log."""

from __future__ import annotations

import ctypes
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .stages import Report, StageError

LOG = 'train.out'
STEPWISE = {'loss', 'health/spread'}  # one of them is in each row by step
POLL_SEC = 0.25
TAIL_LINES = 15
STOP_SEC = 30.0  # to save a checkpoint in, once asked to stop


def train(
    command: list[str],
    folder: Path,
    total_steps: int,
    epoch_steps: int,
    device: str,
    report: Report,
) -> dict[str, Any]:
    """Run ``tools/train.py`` until it is done.

    Args:
        command: Its command line, with ``--work-dir`` ``folder``.
        folder: Gets checkpoints, logs, and all output in ``train.out``.
        total_steps: Of the whole training.
        epoch_steps: Of one epoch; validations are logged by epoch.
        device: 'cpu' hides all GPUs from it.
        report: Called with (step, steps in all, loss and accuracies).

    Returns:
        ``curves``: see ``read_curves``; ``checkpoint``: path of the last;
        ``files``.

    Raises:
        StageError: If the training failed; with the end of its output.
    """
    # an earlier run may have come far
    report(*_progress(read_curves(folder, epoch_steps), total_steps))
    with open(folder / LOG, 'a', encoding='utf-8') as log:
        child = subprocess.Popen(
            command,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=_environment(device),
            preexec_fn=_end_with_parent(),
        )
        try:
            while child.poll() is None:
                time.sleep(POLL_SEC)
                curves = read_curves(folder, epoch_steps)
                report(*_progress(curves, total_steps))
        finally:
            _stop(child)
    if child.returncode:
        raise StageError(_failure(command, folder / LOG, child.returncode))
    checkpoint = Path((folder / 'last_checkpoint').read_text().strip())
    return dict(
        curves=read_curves(folder, epoch_steps),
        checkpoint=str(checkpoint),
        files=[str(checkpoint)],
    )


def read_curves(
    folder: Path, epoch_steps: int
) -> dict[str, list[tuple[int, float]]]:
    """Read the scalars that mmengine logged, of all runs in a folder.

    Where runs overlap, after an interruption, the later one counts.

    Returns:
        For each name, such as 'loss', 'order_acc' or, on held-out videos,
        'relation/order_acc': (step, value) in the order of the steps.
    """
    curves: dict[str, dict[int, float]] = {}
    for path in sorted(folder.glob('*/vis_data/scalars.json')):
        for line in path.read_text().splitlines():
            try:
                row = json.loads(line)
            except json.JSONDecodeError:  # being written
                continue
            step = row.pop('step')
            if not STEPWISE & row.keys():  # a validation, by epoch
                step *= epoch_steps
            for name, value in row.items():
                curves.setdefault(name, {})[step] = value
    return {
        name: sorted(values.items()) for name, values in sorted(curves.items())
    }


def _progress(
    curves: dict[str, list[tuple[int, float]]], total: int
) -> tuple[int, int, str]:
    """Say where the training is."""
    if 'loss' not in curves:
        return 0, total, 'starting'
    step, loss = curves['loss'][-1]
    parts = [f'step {step}/{total}', f' loss {loss:.2f}']
    for key, name in (('order_acc', 'order'), ('contrast_acc', 'contrast')):
        if key in curves:
            parts.append(f' {name} {curves[key][-1][1]:.0%}')
            held_out = curves.get(f'relation/{key}')
            if held_out:
                parts.append(f'(held out {held_out[-1][1]:.0%})')
            break
    return step, total, ' '.join(parts)


def _environment(device: str) -> dict[str, str]:
    """Return the environment of the training process."""
    # One thread: the data loader's process takes the other core, and two
    # threads on a busy machine wait for each other most of the time.
    environment = dict(os.environ, OMP_NUM_THREADS='1', MKL_NUM_THREADS='1')
    if device == 'cpu':
        environment['CUDA_VISIBLE_DEVICES'] = ''
    return environment


def _end_with_parent() -> Callable[[], None] | None:
    """Make the child end when this process does, be it killed (Linux).

    Otherwise it would go on alone, and beside the next one.
    """
    if sys.platform != 'linux':
        return None
    libc = ctypes.CDLL(None)  # loaded here: little is safe after the fork
    set_death_signal = 1

    def before_exec() -> None:
        libc.prctl(set_death_signal, signal.SIGTERM)

    return before_exec


def _stop(child: subprocess.Popen) -> None:
    """End a training that still runs, with time to save itself."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(STOP_SEC)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _failure(command: list[str], log: Path, code: int) -> str:
    """Say what failed, with the end of its log."""
    lines = log.read_text(errors='replace').splitlines()[-TAIL_LINES:]
    tail = '\n'.join(f'    | {line[:200]}' for line in lines)
    how = f'ended with exit code {code}'
    if code < 0:
        how = f'was ended by the signal {signal.Signals(-code).name}'
    if code == -signal.SIGKILL:
        how += ', often for want of memory'
    return (
        f'the training {how}. Its last words:\n{tail}\n'
        f'  All of them: {log}\n  The command: {shlex.join(command)}'
    )

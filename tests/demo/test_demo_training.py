"""Watching a training, with a short program in the place of train.py."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from vsslcodebase.demo.stages import StageError
from vsslcodebase.demo.training import LOG, read_curves, train

PROGRAM = """
import json, os, pathlib, sys
folder = pathlib.Path(sys.argv[1])
out = folder / '20260101_000000' / 'vis_data'
out.mkdir(parents=True)
rows = [
    dict(loss=2.0, order_acc=0.5, step=4),
    dict(loss=1.0, order_acc=0.75, step=8),
    {'relation/order_acc': 0.625, 'step': 1},
]
lines = [json.dumps(row) + chr(10) for row in rows]
(out / 'scalars.json').write_text(''.join(lines))
(folder / 'epoch_1.pth').touch()
(folder / 'last_checkpoint').write_text(str(folder / 'epoch_1.pth'))
gpus = os.environ.get('CUDA_VISIBLE_DEVICES')
print('threads', os.environ['OMP_NUM_THREADS'], 'gpus', repr(gpus))
"""
FAILS = "print('first words'); raise SystemExit('no more videos')"


def run(program: str, folder, report=lambda *_: None) -> dict:
    command = [sys.executable, '-c', program, str(folder)]
    return train(command, folder, 8, 8, 'cpu', report)


def write_scalars(folder, run_name: str, rows: list[dict]) -> None:
    path = folder / run_name / 'vis_data' / 'scalars.json'
    path.parent.mkdir(parents=True)
    path.write_text(''.join(json.dumps(row) + '\n' for row in rows))


def test_result_has_curves_and_checkpoint(tmp_path):
    seen = []
    result = run(PROGRAM, tmp_path, lambda *report: seen.append(report))
    assert result['curves']['loss'] == [(4, 2.0), (8, 1.0)]
    assert result['curves']['relation/order_acc'] == [(8, 0.625)]
    assert result['files'] == [result['checkpoint']]
    assert result['checkpoint'].endswith('epoch_1.pth')
    assert seen[0] == (0, 8, 'starting')


def test_child_computes_on_one_thread_of_the_cpu(tmp_path):
    run(PROGRAM, tmp_path)
    assert "threads 1 gpus ''" in (tmp_path / LOG).read_text()


def test_failure_shows_the_last_words_and_the_command(tmp_path):
    with pytest.raises(StageError) as caught:
        run(FAILS, tmp_path)
    message = str(caught.value)
    assert 'exit code 1' in message
    assert 'no more videos' in message
    assert str(tmp_path / LOG) in message
    assert sys.executable in message


def test_kill_is_named(tmp_path):
    program = 'import os, signal; os.kill(os.getpid(), signal.SIGKILL)'
    with pytest.raises(StageError, match='signal SIGKILL, often for want of'):
        run(program, tmp_path)


def test_interruption_stops_the_child(tmp_path):
    waits = f"""
import os, pathlib, time
pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid()))
time.sleep(60)
"""

    def interrupt(*_: object) -> None:
        if (tmp_path / 'pid').exists():
            raise KeyboardInterrupt

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(waits, tmp_path, interrupt)
    assert time.monotonic() - start < 30
    pid = int((tmp_path / 'pid').read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.skipif(sys.platform != 'linux', reason='uses prctl')
def test_child_ends_when_the_demonstration_is_killed(tmp_path):
    pid_file = tmp_path / 'pid'
    child = (
        'import os, pathlib, time\n'
        f'pathlib.Path({str(pid_file)!r}).write_text(str(os.getpid()))\n'
        'time.sleep(60)'
    )
    parent = (
        'import sys, pathlib\n'
        'from vsslcodebase.demo.training import train\n'
        f'train([sys.executable, "-c", {child!r}], '
        f'pathlib.Path({str(tmp_path)!r}), 8, 8, "cpu", lambda *_: None)'
    )
    process = subprocess.Popen([sys.executable, '-W', 'ignore', '-c', parent])
    pid = int(wait_for(lambda: pid_file.exists() and pid_file.read_text()))
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert wait_for(lambda: has_ended(pid))


def wait_for(condition, seconds: float = 40.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    return condition()


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or a zombie that nobody has waited for."""
    try:
        with open(f'/proc/{pid}/stat') as file:
            return file.read().rsplit(')', 1)[1].split()[0] == 'Z'
    except FileNotFoundError:
        return True


def test_of_overlapping_runs_the_later_counts(tmp_path):
    old = [dict(loss=3.0, step=4), dict(loss=9.0, step=8)]
    new = [dict(loss=2.0, step=8), dict(loss=1.0, step=12)]
    write_scalars(tmp_path, '20260101_000000', old)
    write_scalars(tmp_path, '20260101_000100', new)
    curves = read_curves(tmp_path, 4)
    assert curves['loss'] == [(4, 3.0), (8, 2.0), (12, 1.0)]


def test_rows_by_epoch_are_told_from_rows_by_step(tmp_path):
    rows = [
        {'loss': 3.0, 'step': 4},
        {'health/spread': 0.125, 'step': 6},
        {'relation/order_acc': 0.5, 'step': 2},
    ]
    write_scalars(tmp_path, 'run', rows)
    curves = read_curves(tmp_path, 4)
    assert curves['health/spread'] == [(6, 0.125)]
    assert curves['relation/order_acc'] == [(8, 0.5)]


def test_line_that_is_being_written_is_left_for_later(tmp_path):
    write_scalars(tmp_path, 'run', [dict(loss=3.0, step=4)])
    with open(tmp_path / 'run' / 'vis_data' / 'scalars.json', 'a') as file:
        file.write('{"loss": 2.')
    assert read_curves(tmp_path, 4)['loss'] == [(4, 3.0)]

"""A run whose data worker dies or hangs ends at once, in one sentence."""

import signal
import sys
import time
from pathlib import Path

import pytest

TRAIN = Path(__file__).resolve().parents[2] / 'tools' / 'train.py'

BROKEN = """
_base_ = ['{config}']
train_dataloader = dict(
    num_workers=2,
    persistent_workers=True,
    multiprocessing_context={context!r},
    timeout={timeout},
    dataset=dict(
        pipeline=[*_base_.pipeline[:4], dict({toy}), _base_.pipeline[4]]))
"""


@pytest.fixture
def broken_run(command, config, tmp_path):
    """Train with a toy that breaks a worker; returns seconds and process."""

    def start(toy, context='fork', timeout=0):
        path = tmp_path / 'broken.py'
        path.write_text(
            BROKEN.format(
                config=config, toy=toy, context=context, timeout=timeout
            )
        )
        started = time.monotonic()
        done = command(sys.executable, TRAIN, path, '--work-dir', tmp_path)
        return time.monotonic() - started, done

    return start


@pytest.mark.slow
@pytest.mark.parametrize(
    ('context', 'number', 'advice'),
    [
        ('fork', signal.SIGKILL, 'because memory ran out'),
        ('forkserver', signal.SIGSEGV, 'find it with tools/data/doctor.py'),
    ],
)
def test_a_killed_worker_ends_the_run_in_a_sentence(
    broken_run, context, number, advice
):
    toy = f"type='EndWorker', video_id=7, number={int(number)}"
    seconds, done = broken_run(toy, context)
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    (told,) = [line for line in lines if 'error: ' in line]
    assert f'was killed by the system ({number.name})' in told
    assert advice in told
    assert 'Traceback' not in done.stderr
    assert seconds < 60  # and not for ever; it takes 5 to 15 on a free machine


@pytest.mark.slow
def test_a_stuck_worker_ends_the_run_after_the_timeout(broken_run):
    _, done = broken_run("type='StickWorker', video_id=7", timeout=3)
    assert done.returncode == 2
    assert 'no batch came from the data loader for 3 seconds' in done.stderr
    assert 'Traceback' not in done.stderr

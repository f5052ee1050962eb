"""The shell scripts, and two processes against one with their joined batch."""

import json
import os
from pathlib import Path

import pytest
import torch

from vsslcodebase.compat import load_checkpoint

ROOT = Path(__file__).resolve().parents[2]
DIST_TRAIN = ROOT / 'tools' / 'dist_train.sh'
DIST_TEST = ROOT / 'tools' / 'dist_test.sh'
TORCHRUN = ROOT / 'tools' / 'torchrun.py'
SLURM_TRAIN = ROOT / 'tools' / 'slurm_train.sh'

# SyncBN throughout, and no noise, which ranks would draw alike
PARALLEL = """
_base_ = ['{config}']
model = dict(
    backbone=dict(norm_cfg=dict(type='SyncBN')),
    neck=dict(type='ProjectionNeck'))
"""


@pytest.fixture(scope='module')
def in_two(command, config, tmp_path_factory):
    """Train in two processes on CPU; the first run is a whole one."""
    folder = tmp_path_factory.mktemp('in two processes')
    plain = folder / 'parallel.py'
    plain.write_text(PARALLEL.format(config=config))

    def train(name, *options, hooks=None):
        path = plain
        if hooks is not None:
            path = folder / 'hooked.py'
            path.write_text(f"_base_ = ['{plain}']\ncustom_hooks = {hooks}\n")
        work_dir = folder / name
        words = ['bash', DIST_TRAIN, path, 2, '--work-dir', work_dir]
        return work_dir, command(*words, *options)

    work_dir, done = train('whole')
    assert done.returncode == 0, done.stderr[-3000:]
    return train, work_dir


def losses(work_dir):
    """Return the loss of every iteration that a run has logged."""
    logs = sorted(work_dir.glob('*/vis_data/scalars.json'))
    lines = [line for log in logs for line in log.read_text().splitlines()]
    entries = [json.loads(line) for line in lines]
    return [entry['loss'] for entry in entries if 'loss' in entry]


@pytest.mark.slow
def test_two_processes_train_like_one_on_the_joined_batch(
    in_two, run, tmp_path
):
    _, work_dir = in_two
    two = load_checkpoint(work_dir / 'epoch_3.pth')
    assert two['meta']['step'] == dict(
        world_size=2, batch_size=3, epoch_length=2
    )
    overrides = {
        'train_dataloader.batch_size': 6,
        'model.neck.type': 'ProjectionNeck',
    }
    run(tmp_path, **overrides)
    one = load_checkpoint(tmp_path / 'epoch_3.pth')
    # the same in exact arithmetic; float32 sums in another order, 6 steps
    assert losses(work_dir) == pytest.approx(losses(tmp_path), rel=1e-3)
    for name, weight in one['state_dict'].items():
        torch.testing.assert_close(
            two['state_dict'][name], weight, rtol=1e-2, atol=1e-4, msg=name
        )


@pytest.mark.slow
def test_a_signal_to_one_process_stops_and_saves_both(in_two):
    train, whole = in_two
    hooks = [
        dict(type='EpochSeedHook'),
        dict(type='StepSeedHook'),
        dict(type='InterruptHook', agree_every=1),
        dict(type='SignalAt', number=15, iteration=2, rank=1),
    ]
    work_dir, done = train('cut', hooks=hooks)
    assert done.returncode != 0
    assert 'SIGTERM: stopped after iteration 3 and saved' in (
        done.stdout + done.stderr
    )
    _, done = train('cut', '--resume')
    assert done.returncode == 0, done.stderr[-3000:]
    reference = load_checkpoint(whole / 'epoch_3.pth')['state_dict']
    resumed = load_checkpoint(work_dir / 'epoch_3.pth')['state_dict']
    for name, weight in reference.items():
        assert torch.equal(resumed[name], weight), name


@pytest.mark.parametrize('script', [DIST_TRAIN, DIST_TEST, SLURM_TRAIN])
def test_scripts_explain_themselves(command, script):
    done = command('bash', script, 'config.py')
    assert done.returncode == 2
    assert f'tools/{script.name}' in done.stderr
    assert 'set -euo' not in done.stderr


@pytest.fixture
def fake(tmp_path):
    """Programs on the PATH that print how they were called."""

    def make(name):
        path = tmp_path / 'bin' / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            '#!/usr/bin/env bash\n'
            'echo "port=${MASTER_PORT:-}"\n'
            'printf "%s\\n" "$@"\n'
        )
        path.chmod(0o755)
        return path

    return make


def test_slurm_train_calls_srun(command, fake):
    srun = fake('srun')
    done = command(
        *('bash', SLURM_TRAIN, 'gpu', 'my job', 'a config.py'),
        *('--cfg-options', 'work_dir=my runs'),
        PATH=f'{srun.parent}{os.pathsep}{os.environ["PATH"]}',
        GPUS='4',
        SRUN_ARGS='--time 10 --exclusive',
    )
    words = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert 20000 <= int(words[0].removeprefix('port=')) < 30000
    for word in (
        '--partition=gpu',
        '--job-name=my job',
        '--gres=gpu:4',
        '--ntasks=4',
        '--ntasks-per-node=4',
        '--exclusive',
        'a config.py',
        'work_dir=my runs',
    ):
        assert word in words
    assert words[words.index('--launcher') + 1] == 'slurm'


@pytest.mark.parametrize(
    ('environment', 'expected'),
    [
        ({}, ['--standalone']),
        (
            dict(NNODES='2', NODE_RANK='1', MASTER_ADDR='node 0'),
            [
                '--nnodes=2',
                '--node_rank=1',
                '--master_addr=node 0',
                '--master_port=29500',
            ],
        ),
        (
            dict(PORT='1234'),
            [
                '--nnodes=1',
                '--node_rank=0',
                '--master_addr=127.0.0.1',
                '--master_port=1234',
            ],
        ),
    ],
)
def test_dist_train_calls_torchrun(command, fake, environment, expected):
    done = command(
        *('bash', DIST_TRAIN, 'a config.py', 4, '--work-dir', 'my runs'),
        PYTHON=str(fake('python')),
        **environment,
    )
    words = done.stdout.splitlines()[1:]
    assert words == [
        *(str(TORCHRUN), *expected, '--nproc_per_node=4'),
        *(str(ROOT / 'tools' / 'train.py'), 'a config.py'),
        *('--launcher', 'pytorch', '--work-dir', 'my runs'),
    ]


def test_a_failing_process_is_heard(command):
    done = command('bash', DIST_TRAIN, 'no config.py', 1)
    assert done.returncode == 1
    assert 'error: there is no config file no config.py' in done.stderr
    assert 'process 0 ended with exit code 2' in done.stderr
    assert 'Traceback' not in done.stderr


@pytest.mark.slow
def test_what_all_processes_have_to_say_is_said_once(command):
    done = command('bash', DIST_TRAIN, 'no config.py', 3)
    assert done.returncode == 1
    assert done.stderr.count('there is no config file no config.py') == 1


@pytest.mark.slow
def test_a_process_that_fails_alone_is_heard(command, config, tmp_path):
    """The other one, if it notices, blames nobody by a traceback."""
    path = tmp_path / 'alone.py'
    hook = dict(type='FailAt', iteration=2, rank=1)
    path.write_text(f"_base_ = ['{config}']\ncustom_hooks = [dict({hook})]\n")
    done = command('bash', DIST_TRAIN, path, 2, '--work-dir', tmp_path)
    assert done.returncode == 1
    assert done.stderr.count('error: rank 1 cannot go on') == 1
    assert 'Traceback' not in done.stderr


def test_dist_test_calls_torchrun(command, fake):
    done = command(
        *('bash', DIST_TEST, 'a config.py', 'my epoch.pth', 2),
        *('--dump', 'x.pkl'),
        PYTHON=str(fake('python')),
    )
    assert done.stdout.splitlines()[1:] == [
        *(str(TORCHRUN), '--standalone'),
        *('--nproc_per_node=2', str(ROOT / 'tools' / 'test.py')),
        *('a config.py', 'my epoch.pth', '--launcher', 'pytorch'),
        *('--dump', 'x.pkl'),
    ]

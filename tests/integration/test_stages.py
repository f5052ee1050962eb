"""Stages: each from the last one's weights, and on after an interruption."""

import signal
import sys
from pathlib import Path

import pytest
import torch

from vsslcodebase.compat import load_checkpoint
from vsslcodebase.engine.launch import load_config
from vsslcodebase.engine.overrides import OverrideError
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.engine.stages import (
    read_stages,
    run_stages,
    train_command,
    write_stages,
)

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / 'tools'
STAGES = """
train_cfg = dict(type='ResumableTrainLoop', max_epochs=1, val_interval=9)
stages = [
    dict(name='one', options={'optim_wrapper.optimizer.lr': 0.05}),
    dict(name='two', options={'optim_wrapper.optimizer.lr': 0.0}),
    dict(name='three', config='other.py')]
"""


@pytest.fixture
def staged(config, tmp_path):
    """The tiny experiment in three stages; the second one learns nothing."""
    path = tmp_path / 'staged.py'
    path.write_text(f"_base_ = ['{config}']\n{STAGES}")
    (tmp_path / 'other.py').write_text(
        f"_base_ = ['{config}']\ntrain_cfg = dict(max_epochs=2)\n"
        f'optim_wrapper = dict(optimizer=dict(lr=0.0))\n'
    )
    return path


@pytest.fixture
def stages(staged, tmp_path):
    return read_stages(load_config(str(staged)), tmp_path / 'work')


@pytest.fixture
def in_process(run):
    """A stand-in for the command: trains here, notes what it was given."""
    calls = []

    def train(words):
        config, _, work_dir, *options = words[2:]
        calls.append((Path(config).stem, '--resume' in options))
        run(work_dir, *options, path=config)
        return 0

    train.calls = calls
    return train


def weights(path):
    return load_checkpoint(path)['state_dict']


def trained(one, two):
    return [
        name
        for name in one
        if one[name].is_floating_point()
        and 'running' not in name
        and not torch.equal(one[name], two[name])
    ]


@pytest.mark.slow
def test_a_stage_starts_from_the_last_one(stages, in_process, monkeypatch):
    monkeypatch.setattr('vsslcodebase.engine.stages._run', in_process)
    told = []
    command = train_command(TOOLS, None, [])
    assert run_stages(stages, command, False, told.append) == 0
    assert [name for name, _ in in_process.calls] == ['one', 'two', 'three']
    checkpoints = [stage.checkpoint for stage in stages]
    assert [c.name for c in checkpoints] == [
        'epoch_1.pth',
        'epoch_1.pth',
        'epoch_2.pth',
    ]
    first, *others = (weights(path) for path in checkpoints)
    for other in others:  # their rate is zero
        assert trained(first, other) == []
    assert [line.split(':')[0] for line in told] == [
        f'stage {n} of 3, {name}'
        for n, name in enumerate(('one', 'two', 'three'), 1)
    ]
    # all is finished: nothing runs again
    assert run_stages(stages, command, True, told.append) == 0
    assert len(in_process.calls) == 3
    with pytest.raises(UsageError, match='is not empty: add --resume'):
        run_stages(stages, command, False)
    stages[1].cfg.optim_wrapper.optimizer.lr = 1.0
    with pytest.raises(UsageError, match='stage 2 of 3, two is finished, but'):
        run_stages(stages, command, True, told.append)


@pytest.mark.slow
def test_interrupted_stages_go_on(command, staged, tmp_path, stages):
    """SIGTERM in the second stage; --resume ends it and runs the third."""
    text = staged.read_text()
    stop = (
        'custom_hooks = [dict(type="SignalAt", iteration=2, '
        f'number={int(signal.SIGTERM)}), *_base_.custom_hooks]\n'
    )
    stopping = text.replace(
        "dict(name='two'", "dict(name='two', config='s.py'"
    )
    (tmp_path / 's.py').write_text(text.split('stages')[0] + stop)
    staged.write_text(stopping)
    words = [
        TOOLS / 'train_stages.py',
        staged,
        '--work-dir',
        tmp_path / 'work',
    ]
    first = command(sys.executable, *words)
    assert first.returncode == 128 + signal.SIGTERM, first.stderr
    assert stages[0].checkpoint is not None
    assert stages[1].checkpoint is None
    assert (stages[1].folder / 'interrupted.pth').exists()
    # what stopped it is gone
    (tmp_path / 's.py').write_text(text.split('stages')[0])
    second = command(sys.executable, *words, '--resume')
    assert second.returncode == 0, second.stderr
    assert 'stage 1 of 3, one: finished' in second.stdout
    assert '--resume' in second.stdout.split('stage 2 of 3')[1].split('\n')[0]
    assert all(stage.checkpoint is not None for stage in stages)
    assert load_checkpoint(stages[1].checkpoint)['meta']['iter'] == 4


@pytest.fixture
def finished(stages, monkeypatch):
    """All stages of a run that trained nothing; what it was told to run."""

    def pretend(words):
        folder = Path(words[4])
        (folder / 'last_checkpoint').write_text(f'{folder}/epoch_1.pth')
        return 0

    monkeypatch.setattr('vsslcodebase.engine.stages._run', pretend)
    assert run_stages(stages, train_command(TOOLS, None, []), False) == 0


def test_finished_stages_are_not_shown_again(finished, stages):
    command = train_command(TOOLS, None, [])
    before = [stage.path.read_text() for stage in stages]
    assert write_stages(stages, command) == []
    assert [stage.path.read_text() for stage in stages] == before
    (stages[2].folder / 'finished.txt').unlink()
    (line,) = write_stages(stages, command)
    assert str(stages[2].path) in line


def test_a_run_that_was_moved_is_still_finished(finished, staged, tmp_path):
    (tmp_path / 'work').rename(tmp_path / 'elsewhere')
    moved = read_stages(load_config(str(staged)), tmp_path / 'elsewhere')
    told = []
    command = train_command(TOOLS, None, [])
    assert run_stages(moved, command, True, told.append) == 0
    assert [line.split(': ')[1] for line in told] == [
        f'finished, {stage.folder}/epoch_1.pth' for stage in moved
    ]


def test_stages_that_do_not_fit_together(finished, stages):
    command = train_command(TOOLS, None, [])
    mark = stages[0].folder / 'finished.txt'
    mark.rename(mark.with_suffix('.old'))
    with pytest.raises(UsageError, match='two is finished, but one, from whi'):
        run_stages(stages, command, True)
    mark.with_suffix('.old').rename(mark)
    stages[0].path.unlink()
    with pytest.raises(UsageError, match=r'is finished, but .*one\.py, the'):
        run_stages(stages, command, True)


def test_commands_can_be_shown(command, staged, tmp_path):
    shown = command(
        sys.executable,
        TOOLS / 'train_stages.py',
        staged,
        '--work-dir',
        tmp_path / 'w',
        '--gpus',
        4,
        '--print',
        '--amp',
    )
    lines = shown.stdout.splitlines()
    assert len(lines) == 3, shown.stderr
    assert lines[0].endswith(
        f'dist_train.sh {tmp_path}/w/one.py 4 '
        f'--work-dir {tmp_path}/w/one --amp'
    )
    # a stage begins where the one before is going to end
    starts = [
        load_config(str(tmp_path / 'w' / f'{name}.py')).load_from
        for name in ('one', 'two', 'three')
    ]
    ends = [
        str(tmp_path / 'w' / name / 'epoch_1.pth') for name in ('one', 'two')
    ]
    assert starts == [None, *ends]
    assert not (tmp_path / 'w' / 'one').exists()


@pytest.mark.parametrize(
    ('entry', 'message'),
    [
        ('dict(options={})', r'stages\[0\] has the keys'),
        ("dict(name='a', epochs=3)", r'stages\[0\] has the keys'),
        ("dict(name='a/b')", r'stages\[0\] has the keys'),
        ("dict(name='a'), dict(name='a')", 'two stages are called a'),
        ("dict(name='a', config='no.py')", 'no.py'),
    ],
)
def test_entries_that_are_no_stages(config, tmp_path, entry, message):
    path = tmp_path / 'bad.py'
    path.write_text(f"_base_ = ['{config}']\nstages = [{entry}]\n")
    with pytest.raises(UsageError, match=message):
        read_stages(load_config(str(path)), tmp_path)


def test_options_of_no_key_and_configs_of_one_training(config, tmp_path):
    path = tmp_path / 'bad.py'
    entry = "dict(name='a', options={'model.levle': 0})"
    path.write_text(f"_base_ = ['{config}']\nstages = [{entry}]\n")
    with pytest.raises(OverrideError, match='levle'):
        read_stages(load_config(str(path)), tmp_path)
    with pytest.raises(UsageError, match='has no stages'):
        read_stages(load_config(str(config)), tmp_path)

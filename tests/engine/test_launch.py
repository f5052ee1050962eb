"""From command line to config; what is wrong is one sentence."""

import os
from pathlib import Path

import pytest
import torch

from vsslcodebase.engine import launch
from vsslcodebase.engine.arguments import parse_test, parse_train
from vsslcodebase.engine.overrides import OverrideError
from vsslcodebase.engine.preflight import UsageError

ROOT = Path(__file__).resolve().parents[2]


def test_defaults_keep_the_config_and_name_a_work_dir(train_cfg):
    cfg = train_cfg()
    assert cfg.work_dir == 'work_dirs/probe'
    assert cfg.randomness == dict(seed=5, deterministic=True)
    assert cfg.train_cfg == dict(type='ResumableTrainLoop', max_epochs=2)
    assert not cfg.get('resume')


def test_options_win_over_the_config(train_cfg):
    cfg = train_cfg(
        *('--seed', '9', '--diff-rank-seed', '--work-dir', 'here'),
        *('--no-validate', '--auto-scale-lr', '--resume'),
        *('--cfg-options', 'train_cfg.max_epochs=7'),
    )
    assert cfg.randomness == dict(
        seed=9, diff_rank_seed=True, deterministic=True
    )
    assert cfg.work_dir == 'here'
    assert cfg.val_cfg is cfg.val_dataloader is cfg.val_evaluator is None
    assert cfg.auto_scale_lr.enable
    assert cfg.resume
    assert cfg.load_from is None
    assert cfg.train_cfg.max_epochs == 7


@pytest.mark.parametrize('seed', ['-3', '1.5', str(2**32)])
def test_a_seed_is_one_that_numpy_takes(seed, capsys):
    with pytest.raises(SystemExit):
        parse_train(['a.py', f'--seed={seed}'])
    assert f"got '{seed}', expected 0 to" in capsys.readouterr().err


def test_resume_from_a_file(train_cfg):
    cfg = train_cfg('--resume', 'epoch_3.pth')
    assert (cfg.resume, cfg.load_from) == (True, 'epoch_3.pth')


@pytest.mark.parametrize(
    ('cuda', 'bfloat16', 'chosen'),
    [
        (False, True, 'AutocastOptimWrapper'),
        (False, False, 'AutocastOptimWrapper'),  # warns, stays in float32
        (True, True, 'AutocastOptimWrapper'),
        (True, False, 'AmpOptimWrapper'),
    ],
)
def test_amp_follows_the_device(
    train_cfg, monkeypatch, cuda, bfloat16, chosen
):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: cuda)
    monkeypatch.setattr(launch, 'computes_in_bfloat16', lambda: bfloat16)
    assert train_cfg('--amp').optim_wrapper.type == chosen


def test_amp_replaces_no_special_wrapper(train_cfg):
    option = 'optim_wrapper.type=OptimWrapperDict'
    with pytest.raises(UsageError, match='not a OptimWrapperDict'):
        train_cfg('--amp', '--cfg-options', option)


def test_auto_scale_needs_the_batch_the_rate_was_written_for(train_cfg):
    option = 'auto_scale_lr=None'
    with pytest.raises(UsageError, match='base_batch_size in the config'):
        train_cfg('--auto-scale-lr', '--cfg-options', option)


def test_dump_adds_a_metric(config):
    args = parse_test([str(config), 'a.pth', '--dump', 'x.pkl'])
    cfg = launch.testing_config(args)
    assert cfg.test_evaluator[0].type == 'AccMetric'
    assert cfg.test_evaluator[1] == dict(
        type='DumpResults', out_file_path='x.pkl'
    )
    assert cfg.load_from == 'a.pth'
    args = parse_test([str(config), 'a.pth', '--dump', 'x.json'])
    with pytest.raises(UsageError, match=r'a \.pkl file, got x\.json'):
        launch.testing_config(args)


def test_a_config_is_found_from_anywhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    name = 'configs/_base_/default_runtime.py'
    assert launch.find_config(name) == ROOT / name


def test_a_missing_config_names_the_nearest():
    with pytest.raises(UsageError, match=r'did you mean .*corp_m_r3d50_ssv2'):
        launch.find_config('configs/corp/corp_m_r3d5_ssv2.py')


@pytest.mark.parametrize(('launcher', 'names'), launch.RANK_VARIABLES.items())
def test_ranks_are_read_from_the_launcher(
    config, monkeypatch, launcher, names
):
    for name, value in zip(names, ('5', '8', '1')):
        monkeypatch.setenv(name, value)
    launch.training_config(parse_train([str(config), '--launcher', launcher]))
    found = [os.environ[n] for n in ('RANK', 'WORLD_SIZE', 'LOCAL_RANK')]
    assert found == ['5', '8', '1']


def test_a_launcher_that_did_not_launch_is_refused(train_cfg):
    with pytest.raises(UsageError, match=r'RANK is not set.*dist_train\.sh'):
        train_cfg('--launcher', 'pytorch')


def test_torchrun_without_launcher_is_refused(train_cfg, monkeypatch):
    monkeypatch.setenv('TORCHELASTIC_RUN_ID', 'x')
    with pytest.raises(UsageError, match='add --launcher pytorch'):
        train_cfg()


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['nowhere.py'], 'there is no config file nowhere.py'),
        (['{config}', '--cfg-options', 'modle.type=A'], 'model.type'),
        ([str(ROOT / 'README.md')], 'README.md, or a _base_ of it, cannot be'),
        (['{config}', '--resume', 'gone.pth'], 'no checkpoint gone.pth'),
        (['{config}'], 'init_cfg.checkpoint is not set'),
    ],
)
def test_misuse_is_one_sentence_and_exit_2(config, capsys, words, message):
    with pytest.raises(SystemExit) as stop:
        launch.main_train([word.format(config=config) for word in words])
    assert stop.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith('error: ')
    assert message in line


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('model = dict(type="A"', 'line 1: model = dict(type="A"'),
        ('a = 1 + b', "NameError: name 'b' is not defined"),
        ('_base_ = "gone.py"', 'gone.py'),
    ],
)
def test_a_broken_config_is_one_sentence(config, capsys, text, message):
    config.write_text(text)
    with pytest.raises(SystemExit):
        launch.main_train([str(config)])
    (line,) = capsys.readouterr().err.splitlines()
    assert str(config) in line
    assert message in line


def test_a_test_without_test_data_is_refused(config, capsys):
    config.write_text('model = dict(type="Recognizer3D")')
    with pytest.raises(SystemExit):
        launch.main_test([str(config), 'a.pth'])
    assert 'has no test_dataloader, test_cfg' in capsys.readouterr().err


def test_overrides_are_strict_in_both_tools(config):
    words = [str(config), '--cfg-options', 'model.bakbone.frozen=False']
    for parse, build in (
        (parse_train, launch.training_config),
        (parse_test, launch.testing_config),
    ):
        with pytest.raises(OverrideError, match=r'model\.backbone\.frozen'):
            build(parse(words))


def test_loaders_with_workers_do_not_wait_for_ever(train_cfg):
    option = 'train_dataloader.num_workers=2'
    cfg = train_cfg('--cfg-options', option)
    assert cfg.train_dataloader.timeout == 300
    assert 'timeout' not in cfg.val_dataloader  # torch refuses it there
    cfg = train_cfg('--cfg-options', option, 'train_dataloader.timeout=0')
    assert cfg.train_dataloader.timeout == 0

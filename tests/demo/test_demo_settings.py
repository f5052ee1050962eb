"""Settings and what they make of the configs."""

from __future__ import annotations

from pathlib import Path

import pytest

from vsslcodebase.demo.settings import (
    CONFIGS,
    DATA_DIR,
    PROBE_CONFIG,
    DemoSettings,
    fast_settings,
    steps_per_epoch,
    total_steps,
)


def test_by_default_the_configs_run_as_they_are():
    settings = DemoSettings(Path('work'))
    assert [settings.options(name) for name in CONFIGS.values()] == [{}, {}]
    assert '--cfg-options' not in settings.command(
        CONFIGS['corp_m'], Path('x')
    )
    for name in (*CONFIGS.values(), PROBE_CONFIG):
        dataset = settings.config(name).train_dataloader.dataset
        assert dataset.data_prefix.video == DATA_DIR


def test_both_methods_get_the_same_clips_and_steps():
    settings = DemoSettings(Path('work'))
    budgets = set()
    for name in CONFIGS.values():
        cfg = settings.config(name)
        clips = cfg.train_dataloader.dataset.pipeline[1].num_clips
        budgets.add(
            (
                total_steps(cfg, settings.num_videos[0]),
                cfg.train_dataloader.batch_size * clips,
            )
        )
    assert len(budgets) == 1


def test_networks_to_be_compared_are_alike():
    settings = DemoSettings(Path('work'))
    first, second = (settings.config(name) for name in CONFIGS.values())
    probe = settings.config(PROBE_CONFIG)
    assert first.model.neck == second.model.neck
    assert first.optim_wrapper == second.optim_wrapper
    backbone = first.model.backbone
    assert second.model.backbone == backbone
    for key, value in backbone.items():
        assert probe.model.backbone[key] == value


def test_steps_are_rounded_up_to_epochs():
    settings = DemoSettings(Path('work'), steps=129)
    cfg = settings.config(CONFIGS['corp_m'])
    assert steps_per_epoch(cfg, 8192) == 128
    assert cfg.train_cfg.max_epochs == 2


def test_other_data_folder_reaches_all_loaders(tmp_path):
    settings = fast_settings(tmp_path)
    cfg = settings.config(PROBE_CONFIG)
    for split in ('train', 'val', 'test'):
        dataset = cfg[f'{split}_dataloader'].dataset
        assert dataset.ann_file == str(
            tmp_path / 'data' / f'{split}_motion.txt'
        )
        assert dataset.data_prefix.video == str(tmp_path / 'data')


def test_command_names_seed_folder_and_options(tmp_path):
    settings = fast_settings(tmp_path, seed=5)
    command = settings.command(CONFIGS['simclr'], tmp_path / 'simclr')
    assert command[1].endswith('tools/train.py')
    assert command[command.index('--seed') + 1] == '5'
    assert command[command.index('--work-dir') + 1] == str(tmp_path / 'simclr')
    assert 'train_cfg.max_epochs=2' in command
    assert '--resume' in command


@pytest.mark.parametrize('wrong', [dict(seed=-1), dict(steps=0)])
def test_impossible_numbers_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        DemoSettings(Path('work'), **wrong)


def test_too_few_videos_for_a_batch_are_refused():
    cfg = DemoSettings(Path('work')).config(CONFIGS['corp_m'])
    with pytest.raises(ValueError, match='do not fill a batch of 16'):
        steps_per_epoch(cfg, 63)  # 15 in each of 4 parts

from __future__ import annotations

import sys

import pytest
from config_files import ROOT, tool
from mmengine.config import Config

from vsslcodebase.engine.overrides import OverrideError

CORP_M = 'configs/corp/corp_m_r3d50_ssv2.py'
MIXED = 'configs/corp/corp_m_mixed-attention_r3d50_ssv2.py'


@pytest.fixture
def printed(monkeypatch, capsys):
    def run(*words: str) -> str:
        monkeypatch.chdir(ROOT)
        monkeypatch.setattr(sys, 'argv', ['print_config.py', *words])
        tool('print_config').main()
        return capsys.readouterr().out

    return run


def test_printed_text_is_a_config_without_building_blocks(printed):
    cfg = Config.fromstring(printed(CORP_M), '.py')
    assert cfg.model.backbone.depth == 50
    assert cfg.optim_wrapper.optimizer.lr == 0.25
    assert not {'backbone', 'train_augment', 'val_augment'} & set(cfg.keys())


def changed(text: str) -> list[str]:
    return [
        line
        for line in text.splitlines()
        if line[:1] in '+-' and line[:3] not in ('+++', '---')
    ]


def test_diff_shows_what_an_ablation_changes(printed):
    lines = changed(printed(MIXED, '--diff', CORP_M))
    assert any('+' in line and 'MixedAttention' in line for line in lines)
    assert any('-' in line and 'DecouplingAttention' in line for line in lines)
    assert len(lines) <= 4


def test_diff_shows_what_options_change(printed):
    text = printed(
        CORP_M, '--diff', CORP_M, '--cfg-options', 'model.head.num_layers=1'
    )
    assert [line.split() for line in changed(text)] == [
        ['-', 'num_layers=2,'],
        ['+', 'num_layers=1,'],
    ]


def test_equal_configs_have_no_difference(printed):
    assert printed(CORP_M, '--diff', CORP_M) == 'no difference\n'


def test_unknown_option_is_refused(printed):
    with pytest.raises(OverrideError, match=r'did you mean model\.head\.task'):
        printed(CORP_M, '--cfg-options', 'model.head.tusk=order')


def test_stages_are_printed(printed):
    path = 'configs/hcml/hcml_joint_r2d50_k400.py'
    cfg = Config.fromstring(printed(path), '.py')
    assert [stage.name for stage in cfg.stages][-1] == 'joint'
    assert 'motion_blocks' not in cfg

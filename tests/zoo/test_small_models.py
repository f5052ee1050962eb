"""The zoo's small models: each has a config, and commands that are valid."""

import shlex
from pathlib import Path

import pytest
from config_files import ROOT

from vsslcodebase.engine.arguments import parse_train
from vsslcodebase.engine.launch import training_config
from vsslcodebase.zoo.recording import training_digests
from vsslcodebase.zoo.small_models import (
    CONFIGS,
    MAKE_DATA,
    SmallModel,
    small_models,
)


@pytest.mark.parametrize('model', small_models(), ids=lambda m: m.name)
def test_the_command_trains_the_config(model):
    python, tool, *words = shlex.split(model.train_command())
    assert python == 'python'
    assert (ROOT / tool).is_file()
    cfg = training_config(parse_train(words))
    assert cfg.randomness.seed == 0
    assert cfg.work_dir == model.folder
    is_staged = tool.endswith('train_stages.py')
    assert is_staged == bool(cfg.get('stages'))
    digests = training_digests(model.config)
    assert set(digests) == (
        {None, 'level0', 'level1', 'level2'} if is_staged else {None}
    )


def test_all_methods_are_there():
    methods = {name.split('_')[0] for name in CONFIGS}
    pretrained = {
        path.parent.name
        for path in (ROOT / 'configs').rglob('*.py')
        if path.parent.name not in ('mini', '_base_')
        and 'eval' not in path.parts
        and '_base_' not in path.parts
    }
    assert methods == pretrained


def test_the_data_are_those_of_the_configs():
    assert (ROOT / shlex.split(MAKE_DATA)[1]).is_file()
    folder = shlex.split(MAKE_DATA)[2]
    cfg = training_config(parse_train([SmallModel(CONFIGS[0], 0).config]))
    ann_file = cfg.train_dataloader.dataset.ann_file
    assert Path(ann_file).parent.as_posix() == folder


def test_epochs_are_counted_by_checkpoints(tmp_path):
    model = SmallModel('hcml_smallr2d_motion-mini', 1)
    assert model.num_epochs() == 6
    assert model.epochs_done(tmp_path) == 0
    first, second, last = model.checkpoints(tmp_path)
    for path in (first.with_name('epoch_1.pth'), first, second):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert model.epochs_done(tmp_path) == 4
    assert last.parts[-2:] == ('level2', 'epoch_2.pth')


def test_a_config_that_is_not_in_the_zoo():
    with pytest.raises(ValueError, match='corp_m_r3d50: not in the zoo'):
        small_models(['corp_m_r3d50'])

"""A config as the tools read it, with the files it names."""

import pytest

from vsslcodebase.engine import launch
from vsslcodebase.engine.arguments import parse_train

CONFIG = """
model = dict(
    type='Recognizer3D',
    backbone=dict(
        type='SmallR3D',
        frozen=True,
        init_cfg=dict(
            type='Pretrained', checkpoint=None, prefix='backbone.')))
train_dataloader = dict(
    batch_size=4,
    dataset=dict(
        type='VideoListDataset',
        data_root='{root}',
        ann_file='train.txt',
        data_prefix=dict(video='videos')))
val_dataloader = dict(
    batch_size=4,
    dataset=dict(type='VideoListDataset', ann_file='', data_prefix=None))
val_evaluator = dict(type='AccMetric')
val_cfg = dict(type='ValLoop')
test_dataloader, test_evaluator = val_dataloader, val_evaluator
test_cfg = dict(type='TestLoop')
train_cfg = dict(by_epoch=True, max_epochs=2)
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))
auto_scale_lr = dict(enable=False, base_batch_size=64)
randomness = dict(seed=5, deterministic=True)
"""


@pytest.fixture
def config(tmp_path, monkeypatch):
    for name in ('RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'TORCHELASTIC_RUN_ID'):
        # through setenv first, so that what the code sets is taken back
        monkeypatch.setenv(name, '0')
        monkeypatch.delenv(name)
    path = tmp_path / 'probe.py'
    path.write_text(CONFIG.format(root=tmp_path))
    (tmp_path / 'train.txt').touch()
    (tmp_path / 'videos').mkdir()
    return path


@pytest.fixture
def train_cfg(config):
    def make(*words):
        return launch.training_config(parse_train([str(config), *words]))

    return make

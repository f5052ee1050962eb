"""A new pretext task is one head file, one import line and one config.

``docs/adding_a_method.md`` quotes ``arrow_of_time_head.py`` and
``arrow_of_time_r3d50_ssv2.py``; here they are used as they stand.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmaction.structures import ActionDataSample

from vsslcodebase.engine.arguments import parse_train
from vsslcodebase.engine.launch import run_train
from vsslcodebase.registry import MODELS, TRANSFORMS

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
HEAD = HERE / 'arrow_of_time_head.py'
CONFIG = HERE / 'arrow_of_time_r3d50_ssv2.py'


@pytest.fixture(autouse=True)
def _import_line(monkeypatch):
    """What the line in ``models/heads/__init__.py`` does; undone after."""
    names = ('ArrowOfTimeHead', 'SampleReversibleClips')
    monkeypatch.syspath_prepend(str(HERE))
    __import__('arrow_of_time_head')
    yield
    del sys.modules['arrow_of_time_head']
    for registry, name in zip((MODELS, TRANSFORMS), names):
        registry._module_dict.pop(name)


@pytest.fixture
def config(tmp_path):
    """The config, in a folder beside ``_base_`` as in ``configs/``."""
    folder = tmp_path / 'configs' / 'arrow_of_time'
    folder.mkdir(parents=True)
    (folder.parent / '_base_').symlink_to(ROOT / 'configs' / '_base_')
    return Path(shutil.copy(CONFIG, folder))


def test_guide_quotes_the_example():
    guide = (ROOT / 'docs' / 'adding_a_method.md').read_text()
    for file in (HEAD, CONFIG):
        assert f'```python\n{file.read_text()}```' in guide


def test_backwards_clips_are_those_with_a_negative_interval():
    sampler = TRANSFORMS.build(
        dict(type='SampleReversibleClips', clip_len=4, num_clips=64)
    )
    np.random.seed(0)
    results = sampler(dict(total_frames=30, avg_fps=10))
    clips = results['frame_inds'].reshape(64, 4)
    steps = np.diff(clips, axis=1)
    assert (steps == results['frame_interval'][:, None]).all()
    assert (clips.min(1) == results['clip_start']).all()
    assert 16 < (results['frame_interval'] < 0).sum() < 48


def test_head_asks_for_the_direction():
    head = MODELS.build(dict(type='ArrowOfTimeHead', in_channels=1))
    with torch.no_grad():
        head.classifier.weight[:] = torch.tensor([[0.0], [1.0]])
        head.classifier.bias.zero_()
    sample = ActionDataSample()
    sample.set_field(torch.tensor([1, -1]), 'frame_interval')
    losses = head.loss(torch.tensor([[-3.0], [3.0]]), [sample])
    assert losses['arrow_acc'] == 1
    assert losses['loss_arrow'].item() == pytest.approx(
        np.log1p(np.exp(-3)), rel=1e-5
    )


def test_config_trains_and_validates_through_the_normal_tool(
    config, videos, tmp_path
):
    args = parse_train([str(config), '--work-dir', str(tmp_path / 'work')])
    args.cfg_options = {
        'model.backbone.base_channels': 2,
        'model.neck.in_channels': 64,
        'model.neck.hidden_channels': 16,
        'train_cfg.max_epochs': 1,
        'train_cfg.val_interval': 1,
    }
    for key in ('train_dataloader', 'val_dataloader'):
        args.cfg_options |= {
            f'{key}.batch_size': 4,
            f'{key}.num_workers': 0,
            f'{key}.persistent_workers': False,
            f'{key}.dataset.ann_file': str(videos / 'list.txt'),
            f'{key}.dataset.data_prefix.video': str(videos),
            f'{key}.dataset.pipeline.1.clip_len': 4,
            f'{key}.dataset.pipeline.3.transforms.0.size': 32,
        }
    runner = run_train(args)
    assert runner.iter == 3  # 12 videos in steps of 4
    history = runner.message_hub.log_scalars
    assert history['train/loss_arrow'].current() > 0
    assert 0 <= history['train/arrow_acc'].current() <= 1
    assert 'val/relation/embedding_std' in history

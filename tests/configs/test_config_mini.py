"""Steps of the small configs as they are, on a made motion-mini."""

from __future__ import annotations

import pytest
import torch
from config_files import CONFIGS, SEARCHES, load, name_of
from mmengine.dataset import pseudo_collate
from mmengine.optim import build_optim_wrapper

from vsslcodebase.datasets.motion_mini import (
    DatasetSpec,
    level_knobs,
    make_dataset,
)
from vsslcodebase.registry import DATASETS, MODELS

MINI = [
    path
    for path in sorted((CONFIGS / 'mini').glob('*.py'))
    if path not in SEARCHES  # tested with the metric
]
LABELLED = [
    path
    for path in MINI
    if path.stem.startswith(('linear', 'supervised', 'hcml_joint'))
]
METHODS = [path for path in MINI if path not in LABELLED]


@pytest.fixture(scope='module')
def motion_mini(tmp_path_factory):
    root = tmp_path_factory.mktemp('motion mini')
    knobs = level_knobs('demo', size=32)
    make_dataset(root, DatasetSpec(knobs, num_videos=(4, 2, 2)), workers=0)
    return root


def batch_of(cfg, split, root):
    dataset = cfg[f'{split}_dataloader'].dataset
    dataset.ann_file = str(root / f'{split}_motion.txt')
    dataset.data_prefix.video = str(root)
    built = DATASETS.build(dataset)
    return pseudo_collate([built[number] for number in range(len(built))])


@pytest.mark.parametrize('path', MINI, ids=name_of)
def test_two_steps_train_all_that_is_not_frozen(path, motion_mini):
    torch.manual_seed(0)
    cfg = load(path)
    if 'linear' in path.stem:
        cfg.model.backbone.init_cfg = None
    if 'moco' in path.stem:
        cfg.model.bn_groups = 1  # two videos
    model = MODELS.build(cfg.model).train()
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    batch = batch_of(cfg, 'train', motion_mini)
    data = model.data_preprocessor(batch, training=True)
    # In the first step MoCo's queue is empty and motion blocks are identities
    for _ in range(2):
        loss, _ = model.parse_losses(model(**data, mode='loss'))
        wrapper.update_params(loss)
    after = dict(model.named_parameters())
    moved = {
        n
        for n in before
        if not torch.equal(before[n], after[n])
        and not n.startswith(('target.', 'momentum_encoder.'))  # they follow
    }
    assert moved == {n for n, p in after.items() if p.requires_grad}
    frozen = 'linear' in path.stem
    assert any(n.startswith('backbone') for n in moved) != frozen


@pytest.mark.parametrize('path', MINI, ids=name_of)
@pytest.mark.parametrize('split', ['val', 'test'])
def test_held_out_videos_are_predicted(path, split, motion_mini):
    cfg = load(path)
    if 'linear' in path.stem:
        cfg.model.backbone.init_cfg = None
    model = MODELS.build(cfg.model).eval()
    batch = batch_of(cfg, split, motion_mini)
    data = model.data_preprocessor(batch, training=False)
    with torch.no_grad():
        samples = model(**data, mode='predict')
    assert len(samples) == 2
    for sample in samples:
        if path in LABELLED:
            assert sample.pred_score.shape == (8,)
        elif path.stem.startswith('hcml'):
            assert sample.motion_scores['valid_share'] <= 1
        else:
            # Pace compares the features themselves
            width = 128 if 'pace' in path.stem else 64
            assert sample.embedding.shape[1] == width


@pytest.mark.parametrize('path', METHODS, ids=name_of)
def test_every_method_gets_64_clips_in_a_step(path):
    loader = load(path).train_dataloader
    clips = loader.dataset.pipeline[1].num_clips
    # HCML's videos are large maps of motion, each; half as many are enough
    expected = 32 if path.stem.startswith('hcml') else 64
    assert loader.batch_size * clips == expected
    # an epoch is 128 steps of the 8,192 videos
    assert 8192 // loader.sampler.parts // loader.batch_size == 128


def test_ablations_change_one_thing():
    whole = load(CONFIGS / 'mini' / 'corp_m_smallr3d_motion-mini.py')
    for variant, key, value in (
        ('order-only', 'task', 'order'),
        ('contrast-only', 'task', 'contrast'),
        (
            'mixed-attention',
            'relation',
            dict(type='MixedAttention', num_heads=64),
        ),
    ):
        name = f'corp_m_{variant}_smallr3d_motion-mini.py'
        other = load(CONFIGS / 'mini' / name)
        assert other.model.head.pop(key) == value
        kept = dict(whole.model.head)
        del kept[key]
        assert dict(other.model.head) == kept
        assert other.model.neck == whole.model.neck
        assert other.train_dataloader == whole.train_dataloader

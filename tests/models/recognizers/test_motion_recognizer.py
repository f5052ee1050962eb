"""Labels and motion learnt together (HCML, Eq. 5)."""

import copy

import pytest
import torch
from mmengine.registry import init_default_scope
from motion_toys import (
    BACKBONE,
    MOTION_HEAD,
    build,
    clip_batch,
    pretrainer_config,
    recognizer_config,
)

from vsslcodebase.models.shown_frames import shown_frames


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('vsslcodebase')


def plain_config():
    cfg = recognizer_config(type='Recognizer3D')
    del cfg['motion_head']
    return cfg


def test_total_is_that_of_labels_plus_weighted_motion():
    model = build(recognizer_config()).eval()
    data = model.data_preprocessor(clip_batch())
    losses = model(**copy.deepcopy(data), mode='loss')
    clips = data['inputs'].flatten(0, 1)
    feats, motion = model.backbone.forward_motion(clips)
    by_labels = model.cls_head.loss(feats, data['data_samples'])
    frames = shown_frames(clips, model.data_preprocessor)
    total = by_labels['loss_cls']
    for level, weight in ((0, 15), (1, 0.25), (2, 0.25)):
        stage = model.motion_head.loss(motion, None, frames, level)
        (own,) = [v for k, v in stage.items() if 'loss' in k]
        total = total + weight * own
    torch.testing.assert_close(model.parse_losses(losses)[0], total)
    assert losses['top1_acc'] == by_labels['top1_acc']


def test_every_parameter_gets_a_gradient():
    model = build(recognizer_config()).train()
    data = model.data_preprocessor(clip_batch(), training=True)
    model.parse_losses(model(**data, mode='loss'))[0].backward()
    assert all(p.grad is not None for p in model.parameters())


@pytest.mark.parametrize('motion_head', [MOTION_HEAD, None])
def test_in_tests_it_is_recognizer3d(motion_head):
    model = build(recognizer_config(motion_head=motion_head)).eval()
    plain = build(plain_config()).eval()
    state = {
        key: value
        for key, value in model.state_dict().items()
        if not key.startswith('motion_head.')
    }
    plain.load_state_dict(state)
    data = model.data_preprocessor(clip_batch(clips=3))
    with torch.no_grad():
        got = model(**copy.deepcopy(data), mode='predict')
        expected = plain(**data, mode='predict')
        assert torch.equal(model(data['inputs']), plain(data['inputs']))
    for one, other in zip(got, expected):
        assert torch.equal(one.pred_score, other.pred_score)


def test_without_a_head_it_learns_from_labels():
    model = build(recognizer_config(motion_head=None)).train()
    plain = build(plain_config()).train()
    plain.load_state_dict(model.state_dict())
    data = model.data_preprocessor(clip_batch())
    got = model(**copy.deepcopy(data), mode='loss')
    expected = plain(**data, mode='loss')
    assert got.keys() == expected.keys()
    assert torch.equal(got['loss_cls'], expected['loss_cls'])


def test_works_with_mmaction2s_preprocessor():
    preprocessor = dict(
        type='ActionDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        format_shape='NCTHW',
    )
    values = []
    for cfg in (
        recognizer_config(),
        recognizer_config(data_preprocessor=preprocessor),
    ):
        model = build(cfg).eval()
        data = model.data_preprocessor(clip_batch())
        values.append(model(**data, mode='loss')['photometric'])
    torch.testing.assert_close(*values)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(neck=dict(type='PoolNeck')), 'no place for a neck'),
        (dict(backbone=BACKBONE['backbone']), 'SmallR3D has no motion'),
        (
            dict(backbone=dict(BACKBONE, levels=(0, 1))),
            r'levels \[0, 1, 2\].*those of \[0, 1\]',
        ),
    ],
)
def test_bad_arguments_are_told(options, message):
    with pytest.raises(ValueError, match=message):
        build(recognizer_config(**options))


def test_joint_training_can_begin_where_the_stages_ended():
    stages = build(pretrainer_config(2)).state_dict()
    joint = build(recognizer_config()).state_dict()
    labels = {key for key in joint if key.startswith('cls_head.')}
    assert labels
    assert stages.keys() == joint.keys() - labels
    assert all(
        value.shape == joint[key].shape for key, value in stages.items()
    )

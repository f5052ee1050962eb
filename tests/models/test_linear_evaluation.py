"""MMAction2's Recognizer3D with our backbone and head (CORP, Section 4.1)."""

import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.optim import OptimWrapper
from mmengine.registry import DefaultScope

from vsslcodebase.registry import MODELS

BACKBONES = {
    'SmallR3D': dict(type='SmallR3D', widths=(4, 8)),
    'VideoResNet3d': dict(
        type='VideoResNet3d',
        depth=18,
        base_channels=1,  # eight channels in the last stage
        conv1_kernel=(3, 3, 3),
    ),
}


def build(backbone='SmallR3D', **options):
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('vsslcodebase'):
        model = MODELS.build(
            dict(
                type='Recognizer3D',
                data_preprocessor=dict(type='ClipDataPreprocessor'),
                backbone=dict(BACKBONES[backbone], **options),
                cls_head=dict(
                    type='LinearClsHead', num_classes=6, in_channels=8
                ),
            )
        )
    model.init_weights()
    return model


def batch(videos=4, views=1):
    inputs, samples = [], []
    for label in range(videos):
        shape = (views, 3, 4, 16, 16)
        inputs.append(torch.randint(0, 256, shape, dtype=torch.uint8))
        samples.append(ActionDataSample().set_gt_label(label))
    return dict(inputs=inputs, data_samples=samples)


def train(model, steps=3):
    """Train as the Runner does, with weight decay on all parameters."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5, weight_decay=0.1)
    model.train()
    for _ in range(steps):
        log = model.train_step(batch(), OptimWrapper(optimizer))
    return log


def changed(model, before):
    """Names of parameters and buffers that are no longer bit-identical."""
    state = model.state_dict()
    return {key for key in before if not torch.equal(state[key], before[key])}


def copy_of(model):
    return {key: value.clone() for key, value in model.state_dict().items()}


@pytest.mark.parametrize('backbone', BACKBONES)
def test_linear_evaluation_trains_the_head_and_no_bit_of_the_backbone(
    backbone,
):
    model = build(backbone, frozen=True)
    before = copy_of(model)
    log = train(model)
    assert {'loss_cls', 'top1_acc', 'top5_acc'} < set(log)
    assert changed(model, before) == {
        'cls_head.fc_cls.weight',
        'cls_head.fc_cls.bias',
        'cls_head.norm.running_mean',
        'cls_head.norm.running_var',
        'cls_head.norm.num_batches_tracked',
    }


@pytest.mark.parametrize('backbone', BACKBONES)
def test_fine_tuning_trains_everything(backbone):
    model = build(backbone)
    before = copy_of(model)
    train(model)
    assert changed(model, before) == set(before)


def test_thirty_views_are_averaged_as_probabilities():
    model = build().eval()
    data = batch(videos=2, views=30)  # 10 clips x 3 crops
    with torch.no_grad():
        samples = model.test_step(data)
        for video, sample in zip(data['inputs'], samples):
            # one view at a time, as if each were a video of its own
            views = dict(
                inputs=[view[None] for view in video],
                data_samples=[ActionDataSample() for _ in video],
            )
            scores = [s.pred_score for s in model.test_step(views)]
            torch.testing.assert_close(
                sample.pred_score, torch.stack(scores).mean(0)
            )
            assert sample.pred_score.sum().item() == pytest.approx(1)


def test_views_in_pieces_give_the_same_scores():
    model = build().eval()
    data = batch(videos=1, views=30)
    with torch.no_grad():
        whole = model.test_step(data)[0].pred_score
        model.test_cfg = dict(max_testing_views=10)
        pieces = model.test_step(data)[0].pred_score
    torch.testing.assert_close(pieces, whole)

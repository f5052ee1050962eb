import pytest
import torch
import torch.nn.functional as F
from mmaction.structures import ActionDataSample
from mmengine.registry import DefaultScope

from vsslcodebase.models import LinearClsHead
from vsslcodebase.registry import MODELS


def build(**options):
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('vsslcodebase'):
        return MODELS.build(
            dict(type='LinearClsHead', num_classes=3, in_channels=4, **options)
        )


def test_bn_features_are_z_scores_of_the_training_set():
    head = build()
    torch.manual_seed(1)
    feats = 5 + 3 * torch.randn(200, 4, 2, 3, 3)
    head.norm.momentum = None  # cumulative average: the set, not the last
    for batch in feats.split(50):
        head(batch)
    pooled = feats.mean((2, 3, 4))
    # BatchNorm divides by n-1 in each batch, a set's variance by n
    expected = (pooled - pooled.mean(0)) / pooled.std(0)
    head.eval()
    scores = F.linear(expected, head.fc_cls.weight, head.fc_cls.bias)
    torch.testing.assert_close(head(feats), scores, rtol=0.05, atol=0.02)


def test_layer_and_l2_norm_treat_each_clip_alone():
    feats = torch.randn(5, 4, 1, 1, 1)
    layer, l2 = build(feature_norm='layer'), build(feature_norm='l2')
    x = feats.flatten(1)
    expected = (x - x.mean(1, True)) / (x.var(1, False, True) + 1e-5).sqrt()
    torch.testing.assert_close(layer(feats), layer.fc_cls(expected))
    torch.testing.assert_close(l2(feats), l2.fc_cls(F.normalize(x)))
    torch.testing.assert_close(l2(feats), l2(7 * feats))


def test_no_norm_is_a_linear_layer_on_pooled_features():
    head = build(feature_norm='none')
    feats = torch.randn(5, 4, 2, 3, 3)
    expected = head.fc_cls(feats.mean((2, 3, 4)))
    torch.testing.assert_close(head(feats), expected)


def test_dropout_thins_the_features_in_training_only():
    head = build(feature_norm='none', dropout_ratio=0.5)
    torch.nn.init.ones_(head.fc_cls.weight)
    torch.nn.init.zeros_(head.fc_cls.bias)
    feats = torch.ones(200, 4, 1, 1, 1)
    scores = head(feats)  # each of the four features is 0 or doubled
    assert set(scores.flatten().tolist()) == {0.0, 2.0, 4.0, 6.0, 8.0}
    assert set(head.eval()(feats).flatten().tolist()) == {4.0}


def test_pool_size_keeps_a_grid_of_cells():
    head = build(pool_size=2, feature_norm='none')
    assert head.fc_cls.in_features == 16
    feats = torch.zeros(1, 4, 1, 4, 4)
    feats[0, 0, 0, :2, 2:] = 1.0  # channel 0, upper right cell
    expected = head.fc_cls(torch.eye(16)[1:2])
    torch.testing.assert_close(head(feats), expected)


def test_norm_has_no_parameters():
    assert {name for name, _ in build().named_parameters()} == {
        'fc_cls.weight',
        'fc_cls.bias',
    }


def test_classifier_starts_small():
    head = build()
    head.init_weights()
    assert head.fc_cls.weight.std() < 0.03
    assert head.fc_cls.bias.abs().sum() == 0


def test_views_are_averaged_as_probabilities():
    head = build(feature_norm='none').eval()
    feats = torch.randn(2 * 30, 4, 1, 1, 1)  # 2 videos, 10 clips x 3 crops
    samples = head.predict(feats, [ActionDataSample(), ActionDataSample()])
    expected = head(feats).softmax(1).view(2, 30, 3).mean(1)
    for sample, probabilities in zip(samples, expected):
        torch.testing.assert_close(sample.pred_score, probabilities)
        assert sample.pred_label.item() == probabilities.argmax()


def test_training_in_bfloat16_gives_the_loss_and_gradient_of_float32():
    head = build(feature_norm='none')
    feats = torch.randn(6, 4, 1, 1, 1).bfloat16()
    samples = [ActionDataSample().set_gt_label(i % 3) for i in range(6)]
    expected = head.loss(feats.float(), samples)['loss_cls']
    with torch.autocast('cpu', torch.bfloat16):
        losses = head.loss(feats, samples)  # logs an accuracy, by numpy
    torch.testing.assert_close(losses['loss_cls'], expected, rtol=0, atol=0)
    losses['loss_cls'].backward()
    assert head.fc_cls.weight.grad.dtype == torch.float32


def test_unknown_norm_lists_the_norms():
    with pytest.raises(ValueError, match="'bn', 'layer', 'l2', 'none'"):
        LinearClsHead(3, 4, feature_norm='zscore')

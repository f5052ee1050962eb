import math

import pytest
import torch
from motion_toys import BACKBONE, FRAMES, SIZE, build

from vsslcodebase.evaluation.efficacy import (
    MotionReader,
    efficacy_score,
    measure_efficacy,
)
from vsslcodebase.evaluation.features import VideoFeatures
from vsslcodebase.evaluation.layers import LayerReader


@pytest.mark.parametrize('unit', [1, 100])
def test_score_divides_by_the_gap_in_any_unit(unit):
    assert efficacy_score(0.9 * unit, 0.6 * unit) == pytest.approx(3)
    assert efficacy_score(1.0 * unit, 0.0) == 1  # learnt by heart
    assert efficacy_score(0.0, 0.0) == math.inf


@pytest.mark.parametrize('test', [0.7, 0.8])
def test_score_is_infinite_without_a_gap(test):
    assert efficacy_score(0.7, test) == math.inf


@pytest.mark.parametrize('wrong', [-0.1, math.nan, math.inf])
def test_what_is_no_accuracy_is_refused(wrong):
    with pytest.raises(ValueError, match='at least 0, got 0'):
        efficacy_score(0.5, wrong)


def videos(split, wrong=0, count=20):
    """Two classes at -1 and 1; the first ``wrong`` labels are swapped."""
    labels = torch.arange(count) % 2
    features = 2.0 * labels[:, None] - 1
    labels = labels.clone()
    labels[:wrong] = 1 - labels[:wrong]
    names = [f'{split}/{number}.mp4' for number in range(count)]
    return VideoFeatures(features, labels, torch.arange(count), names)


@pytest.mark.parametrize('classifier', ['sgd', 'regression'])
def test_accuracies_are_of_the_classifier_on_both_splits(classifier):
    found = measure_efficacy(videos('train'), videos('test', 8), classifier)
    assert found == (1.0, 0.6, pytest.approx(2.5))
    found = measure_efficacy(videos('train', 4), videos('test'), classifier)
    assert found == (0.8, 1.0, math.inf)


def test_noise_is_learnt_by_heart_and_scores_little():
    generator = torch.Generator().manual_seed(0)
    splits = []
    for split in ('train', 'test'):
        noise = torch.randn(100, 150, generator=generator)
        splits.append(videos(split, count=100)._replace(features=noise))
    train, test, score = measure_efficacy(*splits)
    assert train == 1.0
    assert abs(test - 0.5) < 0.15  # guessing, three deviations
    assert score == pytest.approx(1 / (1 - test))


def test_classes_of_the_test_alone_are_wrong_not_an_error():
    test = videos('test')
    found = measure_efficacy(
        videos('train'), test._replace(labels=test.labels + 1)
    )
    assert found.test_accuracy == 0


def test_options_go_to_the_classifier():
    splits = videos('train', 4), videos('test', 4)
    few = measure_efficacy(*splits, epochs=1, lr=1e-9, seed=1)
    assert few != measure_efficacy(*splits, seed=1)
    with pytest.raises(ValueError, match=r"one of .*sgd.*, got 'svm'"):
        measure_efficacy(*splits, 'svm')


def test_splits_without_labels_or_with_common_videos_are_refused():
    train, test = videos('train'), videos('test')
    unlabelled = test._replace(labels=-torch.ones(20, dtype=torch.long))
    with pytest.raises(ValueError, match='20 of the 20 videos of the test'):
        measure_efficacy(train, unlabelled)
    shared = test._replace(filenames=[train.filenames[3], *test.filenames[1:]])
    with pytest.raises(ValueError, match=r'1 videos are in .* train/3\.mp4'):
        measure_efficacy(train, shared)


@pytest.fixture
def backbone():
    return build(BACKBONE).eval()


def clips():
    generator = torch.Generator().manual_seed(1)
    return torch.rand(2, 3, FRAMES, SIZE, SIZE, generator=generator)


def test_all_levels_are_those_of_a_layer_reader(backbone):
    reader = MotionReader(backbone, [2, 0, 1])
    vectors = reader(clips())
    found = reader.split(VideoFeatures(vectors, None, None))
    assert list(found) == [2, 0, 1]
    for level, part in found.items():
        one = LayerReader(backbone, f'motion_blocks.{level}.combine')
        width = backbone.motion_channels[level]
        assert part.features.shape == (2, width)
        assert torch.equal(part.features, one(clips()))


def test_levels_are_read_in_one_pass_that_ends_there(backbone):
    runs = []
    stages = backbone.backbone.stages
    for number, stage in enumerate(stages):
        stage.register_forward_hook(lambda *_, n=number: runs.append(n))
    MotionReader(backbone, [0, 1])(clips())
    assert runs == [0, 1, 2]  # of the stem and four stages


def test_levels_without_features_are_refused(backbone):
    with pytest.raises(ValueError, match=r'\[0, 3\] .* has those of \[0, 1'):
        MotionReader(backbone, [0, 3])
    with pytest.raises(ValueError, match='Conv3d has none'):
        MotionReader(torch.nn.Conv3d(3, 3, 1), [0])

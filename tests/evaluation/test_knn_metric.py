"""The metric in mmengine's evaluator, against the loop over neighbours."""

import pytest
import torch
from feature_toys import toy_dataset, toy_model
from mmengine.evaluator import Evaluator
from oracles import neighbours as oracle

from vsslcodebase.evaluation import KNNMetric, extract_features
from vsslcodebase.evaluation.feature_writer import build_in_order
from vsslcodebase.registry import METRICS

TRAIN = (0, 1, 2, 3) * 5
TEST = (3, 2, 1, 0, 0, 1, 2)  # 7: not a number of whole batches
K = (1, 4, 20)


@pytest.fixture
def splits(tmp_path):
    return {
        'train': toy_dataset(tmp_path, 'train', TRAIN),
        'test': toy_dataset(tmp_path, 'test', TEST),
    }


def metric(gallery, **options):
    return dict(
        type='KNNMetric', gallery=gallery, k=K, progress=False, **options
    )


def evaluate(query, *metrics):
    """What a test loop does with the metrics."""
    model = toy_model()
    loader = build_in_order(dict(dataset=query, batch_size=3, num_workers=0))
    evaluator = Evaluator([METRICS.build(metric) for metric in metrics])
    for one in evaluator.metrics:
        one.set_model(model)
    for batch in loader:
        evaluator.process(model.test_step(batch), batch)
    return evaluator.evaluate(len(loader.dataset))


def arrays(dataset, level):
    """Features and labels, of videos or of all their clips."""
    found = extract_features(
        toy_model(),
        build_in_order(dict(dataset=dataset, batch_size=1)),
        average_clips=level == 'video',
        progress=False,
    )
    features = found.features.double().numpy()
    repeats = 1 if level == 'video' else features.shape[1]
    labels = found.labels.numpy().repeat(repeats)
    return features.reshape(len(labels), -1), labels


@pytest.mark.parametrize('level', ['video', 'clip'])
def test_accuracies_are_those_of_the_loop(splits, level):
    pairs = [arrays(splits[name], level) for name in ('train', 'test')]
    expected = {}
    for k in K:
        expected |= oracle.knn_accuracy(*pairs[0], *pairs[1], k, 0.2)
    found = evaluate(
        splits['test'], metric(splits['train'], level=level, temperature=0.2)
    )
    assert found == pytest.approx({f'knn/{n}': v for n, v in expected.items()})
    assert 0.25 < found['knn/top1_k4'] < 1  # neither chance nor trivial


def test_several_layers_in_one_test(splits):
    found = evaluate(
        splits['test'],
        metric(splits['train'], layer='stages.0', prefix='first'),
        metric(splits['train'], prefix='last'),
    )
    assert len(found) == 2 * 3 * len(K)
    alone = evaluate(splits['test'], metric(splits['train']))
    assert found['last/mean1_k4'] == alone['knn/mean1_k4']


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (
            dict(k=(1, 21)),
            'k=21 neighbours cannot be found in a gallery of 20',
        ),
        (dict(k=()), r'numbers of neighbours from 1 up, .* got \(\)'),
        (dict(temperature=0.001), 'temperature=0.001'),
        (dict(level='frame'), "'video' or 'clip', got 'frame'"),
        (dict(gallery=None), 'KNNMetric has no gallery to look in'),
    ],
)
def test_unusable_options_are_refused_before_the_test(
    splits, options, message
):
    with pytest.raises(ValueError, match=message):
        KNNMetric(**{'gallery': splits['train'], **options})


def test_a_gallery_of_clips_may_be_smaller_than_k_in_videos(splits):
    built = METRICS.build(
        {**metric(splits['train'], level='clip'), 'k': (40,)}
    )
    built.set_model(toy_model())
    for batch in build_in_order(dict(dataset=splits['test'], batch_size=7)):
        built.process(batch, [])
    # all 40 clips vote
    assert built.evaluate(7)['knn/top5_k40'] == 1


def test_a_query_of_the_gallery_is_refused(splits):
    with pytest.raises(ValueError, match='queries are in the gallery'):
        evaluate(splits['train'], metric(splits['train']))


def test_a_network_that_gives_no_numbers_is_told(splits):
    built = METRICS.build(metric(splits['train']))
    model = toy_model()
    model.backbone.stages[0][0].conv.weight.data.fill_(torch.nan)
    built.set_model(model)
    for batch in build_in_order(dict(dataset=splits['test'], batch_size=7)):
        built.process(batch, [])
    with pytest.raises(ValueError, match='NaN'):
        built.evaluate(7)

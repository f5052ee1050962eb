"""The metric in mmengine's evaluator, against loops over single videos."""

import numpy as np
import pytest
import torch
from feature_toys import STOP, toy_dataset, toy_model
from mmengine.evaluator import Evaluator
from oracles import neighbours as oracle

from vsslcodebase.evaluation import VideoRetrievalMetric, recall_of_sets
from vsslcodebase.evaluation.feature_writer import (
    build_in_order,
    save_features,
)
from vsslcodebase.evaluation.features import VideoFeatures
from vsslcodebase.evaluation.gallery_metric import feature_settings
from vsslcodebase.evaluation.layers import LayerReader
from vsslcodebase.registry import DATASETS, METRICS

TRAIN = (0, 1, 2, 3) * 5
TEST = (3, 2, 1, 0, 0, 1, 2)  # 7: not a number of whole batches


@pytest.fixture
def splits(tmp_path):
    return {
        'train': toy_dataset(tmp_path, 'train', TRAIN),
        'test': toy_dataset(tmp_path, 'test', TEST),
    }


def evaluate(query, *metrics, model=None):
    """What a test loop does with the metrics."""
    model = model or toy_model()
    loader = build_in_order(dict(dataset=query, batch_size=3, num_workers=0))
    evaluator = Evaluator([METRICS.build(metric) for metric in metrics])
    for metric in evaluator.metrics:
        metric.set_model(model)
    for batch in loader:
        evaluator.process(model.test_step(batch), batch)
    return evaluator.evaluate(len(loader.dataset))


def metric(gallery, **options):
    return dict(
        type='VideoRetrievalMetric',
        gallery=gallery,
        progress=False,
        **options,
    )


def clips_one_by_one(dataset, pool):
    """Features (N, 2, D) and labels by the plainest code."""
    model, found, labels = toy_model(), [], []
    dataset = DATASETS.build(dataset)
    for row in range(len(dataset)):
        sample = dataset[row]
        batch = model.data_preprocessor(dict(inputs=[sample['inputs']]))
        with torch.no_grad():
            maps = model.backbone(batch['inputs'][0])  # (2, 10, 1, 4, 4)
        if pool == 'gap':
            found.append(maps.mean((2, 3, 4)).numpy())
        else:
            cells = maps.view(2, 10, 1, 2, 2, 2, 2).amax((4, 6))
            found.append(cells.flatten(1).numpy())
        labels.append(int(sample['data_samples'].gt_label))
    return np.stack(found), np.array(labels)


@pytest.mark.parametrize('level', ['video', 'clip'])
@pytest.mark.parametrize(('layer', 'pool'), [(None, 'gap'), ('p5', 'max')])
def test_recall_is_that_of_loops(splits, level, layer, pool):
    gallery, labels = clips_one_by_one(splits['train'], pool)
    query, wanted = clips_one_by_one(splits['test'], pool)
    if level == 'video':
        gallery, query = gallery.mean(1), query.mean(1)
    else:
        gallery, query = (x.reshape(-1, x.shape[2]) for x in (gallery, query))
        labels, wanted = labels.repeat(2), wanted.repeat(2)
    topk = (1, 2, 5, 10)
    expected = oracle.recall(gallery, labels, query, wanted, topk)
    found = evaluate(
        splits['test'],
        metric(splits['train'], layer=layer, level=level, topk=topk),
    )
    assert found == pytest.approx(
        {f'retrieval/{name}': value for name, value in expected.items()}
    )
    assert 0.25 < found['retrieval/R@1'] < 1  # neither chance nor trivial


def test_centring_subtracts_the_mean_of_each_set(splits):
    gallery, labels = clips_one_by_one(splits['train'], 'gap')
    query, wanted = clips_one_by_one(splits['test'], 'gap')
    gallery, query = (x.mean(1) - x.mean((0, 1)) for x in (gallery, query))
    topk = (1, 2, 5)
    expected = oracle.recall(gallery, labels, query, wanted, topk)
    found, plain = (
        evaluate(
            splits['test'],
            metric(splits['train'], pool='gap', topk=topk, centre=centre),
        )
        for centre in (True, False)
    )
    assert found == pytest.approx(
        {f'retrieval/{name}': value for name, value in expected.items()}
    )
    assert found != plain


def test_a_loader_config_and_a_data_set_are_one_gallery(splits):
    loader = dict(
        dataset=splits['train'],
        batch_size=4,
        num_workers=0,
        persistent_workers=True,  # torch refuses it without workers
        drop_last=True,
    )
    found = evaluate(
        splits['test'],
        metric(splits['train'], prefix='a'),
        metric(loader, prefix='b'),
    )
    assert found['a/R@1'] == found['b/R@1']
    assert found['a/R@5'] == found['b/R@5']


def save(tmp_path, videos, **settings):
    model = toy_model()
    reader = LayerReader(model.backbone, 'p5')
    path = tmp_path / 'train.npy'
    save_features(
        model,
        DATASETS.build(videos),
        path,
        reader,
        dict(feature_settings(model, reader, 'video'), **settings),
        dict(batch_size=3, num_workers=0),
    )
    return str(path)


def test_a_saved_gallery_gives_the_same_recall(splits, tmp_path):
    path = save(tmp_path, splits['train'])
    found = evaluate(
        splits['test'],
        metric(path, layer='p5', prefix='file'),
        metric(splits['train'], layer='p5', prefix='read'),
    )
    assert len(found) == 10
    for k in (1, 5, 10, 20, 50):
        assert found[f'file/R@{k}'] == found[f'read/R@{k}']


@pytest.mark.parametrize(
    ('options', 'seed', 'message'),
    [
        (dict(layer='stages.0'), 0, "layer: 'last' in the gallery, 'stages.0"),
        (dict(layer='p5', level='clip'), 0, "level: 'video' in the gallery"),
        (dict(layer='p5', pool='gap'), 0, "'gap' in the queries"),
        (dict(layer='p5'), 1, 'weights: '),
    ],
)
def test_a_saved_gallery_made_differently_is_refused(
    splits, tmp_path, options, seed, message
):
    path = save(tmp_path, splits['train'])
    built = METRICS.build(metric(path, **options))
    with pytest.raises(ValueError, match=message):
        built.set_model(toy_model(seed))


def test_a_saved_gallery_of_other_clips_is_refused(splits, tmp_path):
    steps = [dict(type='OpenVideo', backend='pyav'), dict(type='A', clips=10)]
    path = save(tmp_path, splits['train'], dataset=dict(pipeline=steps))
    built = METRICS.build(metric(path, layer='p5'))
    built.set_model(toy_model())  # nothing is known of the queries
    steps[0] = dict(type='OpenVideo', backend='decord')
    built.set_pipeline(steps)
    built.set_model(toy_model())
    steps[1] = dict(type='A', clips=4)
    message = r'made differently .*pipeline\.1\.clips: 10 in the gallery, 4 in'
    with pytest.raises(ValueError, match=message):
        built.set_model(toy_model())


def test_two_evaluations_are_two_readings_of_the_gallery(splits):
    """In training the network has changed in between."""
    built = METRICS.build(metric(splits['train'], topk=(1, 3)))
    loader = build_in_order(dict(dataset=splits['test'], batch_size=7))
    found = []
    for seed in (0, 1, 0):
        built.set_model(toy_model(seed))
        for batch in loader:
            built.process(batch, [])
        found.append(built.evaluate(7))
    assert found[0] == found[2]
    fresh = evaluate(
        splits['test'],
        metric(splits['train'], topk=(1, 3)),
        model=toy_model(1),
    )
    assert found[1] == fresh


@pytest.mark.parametrize('gallery', [None, {}, ''])
def test_a_metric_needs_a_gallery(gallery):
    with pytest.raises(ValueError, match='has no gallery to look in: give it'):
        VideoRetrievalMetric(gallery=gallery)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(level='frame'), "'video' or 'clip', got 'frame'"),
        (dict(topk=()), 'numbers from 1 up'),
        (dict(topk=(0, 5)), r'from 1 up, got \(0, 5\)'),
    ],
)
def test_unusable_options_are_refused(splits, options, message):
    with pytest.raises(ValueError, match=message):
        METRICS.build(metric(splits['train'], **options))


def test_a_metric_needs_the_model(splits):
    built = METRICS.build(metric(splits['train']))
    with pytest.raises(ValueError, match='MetricModelHook'):
        built.process({}, [])


def test_a_gallery_with_unlabelled_videos_is_refused_at_once(tmp_path):
    gallery = toy_dataset(tmp_path, 'train', (0, -1, -1))
    with pytest.raises(ValueError, match='2 of 3 videos of the gallery set'):
        METRICS.build(metric(gallery))


def test_an_unlabelled_query_is_refused(splits, tmp_path):
    query = toy_dataset(tmp_path, 'query', (0, -1))
    with pytest.raises(ValueError, match=r'the query set .*query/1\.mp4'):
        evaluate(query, metric(splits['train']))


def test_a_query_from_the_gallery_is_refused_at_the_first_batch(splits):
    built = METRICS.build(metric(splits['test']))
    built.set_model(toy_model())
    batch = next(
        iter(build_in_order(dict(dataset=splits['test'], batch_size=2)))
    )
    with pytest.raises(ValueError, match='2 queries are in the gallery'):
        built.process(batch, [])


def test_a_gallery_that_cannot_be_read_is_known_before_the_queries(
    splits, monkeypatch
):
    built = METRICS.build(metric(splits['train']))
    built.set_model(toy_model())
    batch = next(iter(build_in_order(dict(dataset=splits['test']))))
    error = FileNotFoundError('no train/3.mp4')
    monkeypatch.setitem(STOP, 'train/3.mp4', error)
    with pytest.raises(FileNotFoundError, match='no train/3'):
        built.process(batch, [])


def test_no_query_is_an_error(splits):
    built = METRICS.build(metric(splits['train']))
    built.set_model(toy_model())
    with pytest.raises(ValueError, match='the query set is empty'):
        built.evaluate(0)


def test_an_unknown_layer_is_an_error_before_the_first_batch(splits):
    built = METRICS.build(metric(splits['train'], layer='conv5'))
    with pytest.raises(
        ValueError, match=r'layers there are stages, stages\.0, '
    ):
        built.set_model(toy_model())


def videos(labels, width=2, prefix='v', clips=()):
    shape = (len(labels), *clips, width)
    names = [f'{prefix}{row}' for row in range(len(labels))]
    return VideoFeatures(
        torch.ones(shape), torch.tensor(labels), torch.zeros(0), names
    )


@pytest.mark.parametrize(
    ('gallery', 'query', 'message'),
    [
        (videos([]), videos([1]), 'the gallery set is empty'),
        (videos([1]), videos([]), 'the query set is empty'),
        (videos([1]), videos([1]), r'1 queries are in .* the first is v0'),
        (
            videos([1], 3),
            videos([1], prefix='q'),
            r'gallery \(1, 3\), query \(1, 2\)',
        ),
        (
            videos([1], clips=(2,)),
            videos([1], prefix='q'),
            'do not fit together',
        ),
        (
            videos([1, 2]),
            videos([3], prefix='q'),
            'classes 3 and 1, 2. Are they the splits of one data set',
        ),
        (videos([1, -1]), videos([1], prefix='q'), 'the first is v1'),
    ],
)
def test_sets_that_cannot_be_compared_are_refused(gallery, query, message):
    with pytest.raises(ValueError, match=message):
        recall_of_sets(gallery, query)

"""Retrieval in two processes: every video once, the figures of one."""

import os

import pytest
from feature_toys import toy_dataset, toy_model
from mmengine.evaluator import Evaluator
from mmengine.registry import init_default_scope
from two_processes import run_two

from vsslcodebase.evaluation import video_retrieval_metric
from vsslcodebase.evaluation.feature_writer import build_in_order
from vsslcodebase.registry import METRICS

TRAIN = (0, 1, 2, 0, 1, 2, 0)  # odd: one process gets a video twice
TEST = (2, 1, 0, 1, 2)


def evaluate(folder):
    """The recalls, and how many videos were compared."""
    init_default_scope('vsslcodebase')
    train = toy_dataset(folder, 'train', TRAIN)
    test = toy_dataset(folder, 'test', TEST)
    metrics = [
        METRICS.build(
            dict(
                type='VideoRetrievalMetric',
                gallery=dict(dataset=train, batch_size=2, num_workers=0),
                topk=(1, 2, 3),
                level=level,
                prefix=level,
                progress=False,
            )
        )
        for level in ('video', 'clip')
    ]
    evaluator = Evaluator(metrics)
    compared = []
    compare = video_retrieval_metric.recall_of_sets

    def watched(gallery, query, *options):
        compared.append([[*gallery.filenames], [*query.filenames]])
        return compare(gallery, query, *options)

    video_retrieval_metric.recall_of_sets = watched
    model = toy_model()
    for metric in metrics:
        metric.set_model(model)
    for batch in build_in_order(dict(dataset=test, batch_size=2)):
        evaluator.process(model.test_step(batch), batch)
    found = evaluator.evaluate(len(TEST))
    video_retrieval_metric.recall_of_sets = compare
    return found, compared


def visit(rank, folder):
    path = folder / str(rank)
    path.mkdir()
    os.chdir(folder)  # mmengine gathers through a folder here
    return evaluate(path)


@pytest.mark.slow
def test_two_processes_find_what_one_finds(tmp_path):
    (first, compared), (second, nothing) = run_two(visit, tmp_path)
    folder = tmp_path / 'alone'
    folder.mkdir()
    alone, expected = evaluate(folder)
    assert first == second == pytest.approx(alone)
    assert nothing == []  # the second process compares nothing
    assert len(expected[0][0]) == len(TRAIN)
    assert len(expected[0][1]) == len(TEST)
    assert compared == expected

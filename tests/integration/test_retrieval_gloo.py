"""Retrieval in two processes: every video once, the figures of one."""

import os
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from mmengine.evaluator import Evaluator
from mmengine.registry import init_default_scope
from torch import multiprocessing

TRAIN = (0, 1, 2, 0, 1, 2, 0)  # odd: one process gets a video twice
TEST = (2, 1, 0, 1, 2)


def evaluate(folder):
    """The recalls, and how many videos were compared."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from feature_toys import toy_dataset, toy_model

    from vsslcodebase.evaluation import video_retrieval_metric
    from vsslcodebase.evaluation.feature_writer import build_in_order
    from vsslcodebase.registry import METRICS

    init_default_scope('vsslcodebase')
    torch.set_num_threads(1)
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

    def watched(gallery, query, topk):
        compared.append([[*gallery.filenames], [*query.filenames]])
        return compare(gallery, query, topk)

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
    dist.init_process_group(
        'gloo', f'file://{folder}/init', rank=rank, world_size=2
    )
    path = folder / str(rank)
    path.mkdir()
    os.chdir(folder)  # mmengine gathers through a folder here
    try:
        torch.save(evaluate(path), folder / f'{rank}.pt')
    finally:
        dist.destroy_process_group()
    # Threads that libraries leave behind may abort the end of an interpreter
    # ("terminate called without an active exception"), rarely and on busy
    # machines. What was found is on the disk by now.
    os._exit(0)


@pytest.mark.slow
def test_two_processes_find_what_one_finds(tmp_path):
    multiprocessing.spawn(visit, (tmp_path,), nprocs=2)
    (first, compared), (second, nothing) = (
        torch.load(tmp_path / f'{rank}.pt') for rank in (0, 1)
    )
    folder = tmp_path / 'alone'
    folder.mkdir()
    alone, expected = evaluate(folder)
    assert first == second == pytest.approx(alone)
    assert nothing == []  # the second process compares nothing
    assert len(expected[0][0]) == len(TRAIN)
    assert len(expected[0][1]) == len(TEST)
    assert compared == expected

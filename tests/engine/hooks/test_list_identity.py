"""The log of a run says which videos it is of."""

from __future__ import annotations

import types

import pytest
from mmengine.config import Config

from vsslcodebase.checkpoints.provenance import list_digest
from vsslcodebase.engine.hooks import ListIdentityHook


@pytest.fixture
def runner(tmp_path):
    """Lists of 1, 2, 3 and 4 videos: train, val, gallery, other gallery."""
    lists = {}
    for number, name in enumerate(('train', 'val', 'gallery', 'other'), 1):
        path = tmp_path / f'{name}.txt'
        path.write_text(''.join(f'{name}{i}.mp4 {i}\n' for i in range(number)))
        lists[name] = dict(
            batch_size=1,
            dataset=dict(type='VideoListDataset', ann_file=str(path)),
        )
    metric = dict(type='VideoRetrievalMetric', gallery=lists['gallery'])
    hook = dict(
        type='KNNHook',
        gallery=lists['other'],
        query=dict(
            type='VideoListDataset',
            data_root=str(tmp_path),
            ann_file='other.txt',
            num_videos=2,
        ),
    )
    lines = []
    return types.SimpleNamespace(
        cfg=Config(
            dict(
                train_dataloader=lists['train'],
                val_dataloader=lists['val'],
                val_evaluator=[metric, metric],
                test_dataloader=lists['val'],
                test_evaluator=dict(type='AccMetric'),
                custom_hooks=[hook, dict(type='HealthHook')],
            )
        ),
        rank=0,
        lines=lines,
        logger=types.SimpleNamespace(info=lines.append),
    )


def test_each_list_is_one_line(runner, tmp_path):
    ListIdentityHook(('train', 'val')).before_run(runner)
    train, val, gallery, other, query = runner.lines
    digits = list_digest([('train0.mp4', 0)])[:12]
    assert train == (
        f'train: {tmp_path}/train.txt is no registered split, 1 video, '
        f'sha256 {digits}'
    )
    assert val.startswith(f'val: {tmp_path}/val.txt is no registered split, 2')
    assert gallery.startswith(f'val gallery: {tmp_path}/gallery.txt is no ')
    assert other.startswith(f'KNNHook gallery: {tmp_path}/other.txt is no ')
    assert query.startswith(
        f'KNNHook query: {tmp_path}/other.txt (its first videos) is no '
        'registered split, 2 videos'
    )


def test_a_test_is_of_its_lists_only(runner):
    ListIdentityHook(('test',)).before_run(runner)
    assert [line.partition(':')[0] for line in runner.lines] == [
        'test',
        'KNNHook gallery',
        'KNNHook query',
    ]


def test_the_first_process_says_it(runner):
    runner.rank = 1
    ListIdentityHook().before_run(runner)
    assert runner.lines == []


def test_a_split_is_named(runner, monkeypatch):
    from vsslcodebase.datasets import split_registry

    names = list_digest([('train0', 0)])
    known = split_registry.registered_splits()['ucf101/train1']
    known = known._replace(names=names, labels=names)
    monkeypatch.setattr(
        split_registry, 'registered_splits', lambda: {known.name: known}
    )
    ListIdentityHook(('train',)).before_run(runner)
    assert ' = ucf101/train1, 1 video' in runner.lines[0]

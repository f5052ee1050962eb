"""Unreadable videos are counted over ranks, and listed with the reason."""

import types

import pytest
from mmengine import dist

from vsslcodebase.datasets import VideoListDataset
from vsslcodebase.datasets.readers import BadVideoError
from vsslcodebase.engine.hooks import BadVideosHook


def refuse(results):
    if results['filename'] in ('v3.mp4', 'v 5.mp4'):
        raise BadVideoError(results['filename'], 'cut\toff\nhere')
    return results


@pytest.fixture
def dataset(tmp_path):
    names = ['v0', 'v1', 'v2', 'v3', 'v4', 'v 5']
    path = tmp_path / 'list.txt'
    path.write_text(''.join(f'{name}.mp4 0\n' for name in names))
    return VideoListDataset(
        str(path), [refuse], max_bad_share=1, num_repeats=2
    )


@pytest.fixture
def runner(dataset, tmp_path):
    log_dir = tmp_path / 'log'
    log_dir.mkdir()
    warnings = []
    return types.SimpleNamespace(
        log_dir=str(log_dir),
        work_dir=str(tmp_path),
        rank=0,
        train_dataloader=types.SimpleNamespace(dataset=dataset),
        warnings=warnings,
        logger=types.SimpleNamespace(warning=warnings.append),
    )


def epoch(hook, runner, dataset):
    for index in range(len(dataset)):
        dataset[index]
    hook.after_train_epoch(runner)


def test_each_is_listed_once_with_its_reason(dataset, runner, tmp_path):
    hook = BadVideosHook()
    hook.before_train(runner)
    for _ in range(2):
        epoch(hook, runner, dataset)
    listed = (tmp_path / 'bad_videos.txt').read_text()
    assert listed == 'v 5.mp4\tcut off here\nv3.mp4\tcut off here\n'
    assert len(runner.warnings) == 2
    assert runner.warnings[0].startswith('unreadable videos so far: 2 of 6,')
    assert 'bad_videos.txt' in runner.warnings[0]


def test_what_other_ranks_have_met_is_added(
    dataset, runner, tmp_path, monkeypatch
):
    other = 'v3.mp4\tcut off here\nv1.mp4\tis empty\n'
    monkeypatch.setattr(dist, 'all_gather_object', lambda text: [text, other])
    hook = BadVideosHook()
    hook.before_train(runner)
    epoch(hook, runner, dataset)
    lines = (tmp_path / 'bad_videos.txt').read_text().splitlines()
    assert [line.split('\t')[0] for line in lines] == [
        'v 5.mp4',
        'v1.mp4',
        'v3.mp4',
    ]
    assert 'so far: 3 of 6' in runner.warnings[0]


def test_a_clean_run_says_nothing_and_removes_an_old_list(runner, tmp_path):
    (tmp_path / 'bad_videos.txt').write_text('of a run before')
    hook = BadVideosHook()
    hook.before_train(runner)
    hook.after_train_epoch(runner)
    assert runner.warnings == []
    assert not (tmp_path / 'bad_videos.txt').exists()

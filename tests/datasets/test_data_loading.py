"""The whole data path through data loaders: workers, epochs, resuming."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from mmengine.dataset import DefaultSampler, pseudo_collate, worker_init_fn
from torch.utils import data as torch_data
from torch.utils.data import DataLoader

from vsslcodebase.datasets import VideoListDataset

PIPELINE = [
    dict(type='OpenVideo'),
    dict(type='SampleSeparatedClips', clip_len=4, num_clips=2),
    dict(type='DecodeClips'),
    dict(
        type='PerClip',
        transforms=[
            dict(type='ClipRandomResizedCrop', size=16),
            dict(type='ClipFlip'),
            dict(type='ClipColorJitter'),
            dict(type='ClipGrayscale'),
            dict(type='ClipGaussianBlur', kernel_size=3),
        ],
    ),
    dict(type='PackClips'),
]


class Loading:
    """A dataset and its loader, driven as a training run drives them."""

    def __init__(self, folder, num_workers=0, context=None, persistent=True):
        self.dataset = VideoListDataset(
            str(folder / 'list.txt'),
            PIPELINE,
            data_prefix=dict(video=str(folder)),
        )
        self.dataset.set_seed(11)
        self.loader = DataLoader(
            self.dataset,
            batch_size=3,
            sampler=DefaultSampler(self.dataset, shuffle=True, seed=11),
            collate_fn=pseudo_collate,
            num_workers=num_workers,
            multiprocessing_context=context,
            persistent_workers=persistent and num_workers > 0,
            # mmengine's: the same seed in every epoch
            worker_init_fn=partial(
                worker_init_fn, num_workers=num_workers, rank=0, seed=11
            ),
        )

    def epoch(self, epoch):
        """Return {video_id: clips} of an epoch, in the order loaded."""
        self.dataset.set_epoch(epoch)
        self.loader.sampler.set_epoch(epoch)
        return {
            sample.video_id: clips
            for batch in self.loader
            for clips, sample in zip(batch['inputs'], batch['data_samples'])
        }


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """After an error torch waits 5 seconds for each worker to end."""
    monkeypatch.setattr(torch_data._utils, 'MP_STATUS_CHECK_INTERVAL', 0.1)


def check_same(one, two):
    assert list(one) == list(two)
    for video_id, clips in one.items():
        assert torch.equal(clips, two[video_id])


@pytest.fixture(scope='module')
def reference(video_folder):
    """Three epochs without workers."""
    loading = Loading(video_folder)
    return [loading.epoch(epoch) for epoch in range(3)]


def test_batch_is_what_the_model_takes(video_folder):
    loading = Loading(video_folder)
    batch = next(iter(loading.loader))
    assert [clips.shape for clips in batch['inputs']] == [
        (2, 3, 4, 16, 16)
    ] * 3
    assert batch['data_samples'][0].clip_start.shape == (2,)


def test_two_epochs_differ_in_every_video_and_in_order(reference):
    assert list(reference[0]) != list(reference[1])
    assert sorted(reference[0]) == sorted(reference[1]) == list(range(8))
    for video_id, clips in reference[0].items():
        assert not torch.equal(clips, reference[1][video_id])


@pytest.mark.parametrize('persistent', [True, False])
@pytest.mark.parametrize('num_workers', [1, 2])
def test_workers_change_nothing(
    video_folder, reference, num_workers, persistent
):
    loading = Loading(video_folder, num_workers, persistent=persistent)
    for epoch in range(2):
        check_same(loading.epoch(epoch), reference[epoch])


@pytest.mark.slow
@pytest.mark.parametrize('context', ['spawn', 'forkserver'])
def test_start_method_changes_nothing(video_folder, reference, context):
    loading = Loading(video_folder, 1, context)
    for epoch in range(2):
        check_same(loading.epoch(epoch), reference[epoch])


def test_a_resumed_run_sees_what_the_uninterrupted_one_does(
    video_folder, reference
):
    resumed = Loading(video_folder, num_workers=2)
    check_same(resumed.epoch(2), reference[2])


def test_bad_videos_are_counted_across_workers(tmp_path, video_folder):
    good = (video_folder / 'list.txt').read_text().splitlines()
    bad = [f'missing {index}.mp4 0' for index in range(3)]
    (tmp_path / 'list.txt').write_text('\n'.join(good + bad))

    def load(max_bad_share):
        dataset = VideoListDataset(
            str(tmp_path / 'list.txt'),
            PIPELINE,
            data_prefix=dict(video=str(video_folder)),
            max_bad_share=max_bad_share,
        )
        loader = DataLoader(
            dataset, batch_size=1, num_workers=2, collate_fn=pseudo_collate
        )
        for _ in range(2):
            ids = [batch['data_samples'][0].video_id for batch in list(loader)]
            assert len(ids) == 11
            assert max(ids) < 8
        return dataset.num_bad_videos

    assert load(max_bad_share=0.3) == 3
    # each worker meets one or two: only together are they too many
    with pytest.raises(
        RuntimeError, match=r'3 of 11 videos .* cannot be read'
    ):
        load(max_bad_share=0.2)


def test_an_error_when_testing_crosses_the_worker_with_its_path(
    tmp_path, video_folder
):
    (tmp_path / 'list.txt').write_text('missing one.mp4 0\n')
    dataset = VideoListDataset(
        str(tmp_path / 'list.txt'), PIPELINE, test_mode=True
    )
    loader = DataLoader(dataset, num_workers=1, collate_fn=pseudo_collate)
    with pytest.raises(RuntimeError, match=r'missing one\.mp4: the file does'):
        list(loader)

"""Videos that vanish or break while they are used, and workers beside them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import torch
from mmengine.dataset import pseudo_collate
from torch.utils import data as torch_data
from torch.utils.data import DataLoader

from vsslcodebase.datasets import VideoListDataset
from vsslcodebase.datasets.readers import BadVideoError

SAMPLER = dict(type='SampleSeparatedClips', clip_len=4, num_clips=2)
CROP = dict(type='ClipRandomResizedCrop', size=16)
PIPELINES = dict(
    plain=[
        dict(type='OpenVideo'),
        SAMPLER,
        dict(type='DecodeClips'),
        dict(type='PerClip', transforms=[CROP]),
        dict(type='PackClips'),
    ],
    fast=[
        dict(type='OpenVideo'),
        SAMPLER,
        dict(type='DecodeOnDemand'),
        dict(type='FastClips', transforms=[CROP]),
        dict(type='PackClips'),
    ],
)


@pytest.fixture(params=PIPELINES)
def pipeline(request):
    """The plain transforms, and the fast path."""
    return PIPELINES[request.param]


@pytest.fixture
def folder(video_folder, tmp_path):
    """Eight videos to be spoilt, and their list."""
    return Path(shutil.copytree(video_folder, tmp_path / 'spoilt'))


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """After an error torch waits 5 seconds for each worker to end."""
    monkeypatch.setattr(torch_data._utils, 'MP_STATUS_CHECK_INTERVAL', 0.1)


def make_dataset(folder, pipeline, **options):
    return VideoListDataset(
        str(folder / 'list.txt'),
        pipeline,
        data_prefix=dict(video=str(folder)),
        **dict(dict(max_bad_share=1), **options),
    )


def truncate(path, share=0.5):
    os.truncate(path, int(path.stat().st_size * share))


def flip_bits(path):
    data = bytearray(path.read_bytes())
    for place in range(len(data) // 8, len(data), 7):
        data[place] ^= 0x55
    path.write_bytes(data)


def turn_into_folder(path):
    path.unlink()
    path.mkdir()


SPOILERS = [
    Path.unlink,
    truncate,
    turn_into_folder,
    flip_bits,
    lambda path: truncate(path, 0),
]


@pytest.mark.parametrize('num_workers', [0, 2])
def test_videos_spoilt_between_epochs_are_replaced_and_logged_once(
    folder, pipeline, num_workers, capfd
):
    """By workers that have read them well in the epoch before."""
    dataset = make_dataset(folder, pipeline)
    loader = DataLoader(
        dataset,
        batch_size=2,
        num_workers=num_workers,
        persistent_workers=num_workers > 0,
        collate_fn=pseudo_collate,
    )
    spoilt = set(range(len(SPOILERS)))
    for epoch in range(3):
        dataset.set_epoch(epoch)
        samples = [s for batch in loader for s in batch['data_samples']]
        ids = [sample.video_id for sample in samples]
        assert len(ids) == 8
        if epoch == 0:
            assert ids == list(range(8))
            for index, spoil in enumerate(SPOILERS):
                spoil(folder / f'video {index}.mp4')
            continue
        assert not spoilt & set(ids)
        assert ids[5:] == [5, 6, 7]
        assert dataset.num_bad_videos == len(spoilt)
    captured = capfd.readouterr()
    log = captured.out + captured.err
    for index in spoilt:
        told = log.count(f'replaced by another one: {folder}/video {index}.')
        # Two workers may meet one in the same moment, each for its own sample.
        assert 1 <= told <= max(1, num_workers)


def test_a_video_that_vanishes_once_it_is_open_is_read_to_its_end(
    folder, pipeline
):
    def remove(results):
        os.unlink(results['filename'])
        return results

    expected = make_dataset(folder, pipeline)[3]['inputs']
    removing = [*pipeline[:2], remove, *pipeline[2:]]
    dataset = make_dataset(folder, removing)
    assert torch.equal(dataset[3]['inputs'], expected)
    assert dataset.num_bad_videos == 0


@pytest.mark.parametrize('slot', [1, 2])
def test_a_video_cut_off_once_it_is_open_is_whole_or_bad(
    folder, pipeline, slot
):
    """Never frames that are not its own."""

    def cut(results):
        truncate(Path(results['filename']), 0.3)
        return results

    expected = make_dataset(folder, pipeline)[3]['inputs']
    cutting = [*pipeline[:slot], cut, *pipeline[slot:]]
    dataset = make_dataset(folder, cutting, test_mode=True)
    try:
        inputs = dataset[3]['inputs']
    except BadVideoError as error:
        assert 'video 3.mp4' in str(error)  # noqa: PT017, either may be
    else:
        assert torch.equal(inputs, expected)


@pytest.mark.slow
@pytest.mark.parametrize('context', ['fork', 'spawn', 'forkserver'])
def test_videos_spoilt_within_an_epoch_hang_no_start_method(folder, context):
    dataset = make_dataset(folder, PIPELINES['fast'], num_repeats=8)
    loader = DataLoader(
        dataset,
        batch_size=2,
        num_workers=2,
        multiprocessing_context=context,
        persistent_workers=True,
        collate_fn=pseudo_collate,
        timeout=60,
    )
    ids = []
    for number, batch in enumerate(loader):
        ids += [sample.video_id for sample in batch['data_samples']]
        if number < len(SPOILERS):
            SPOILERS[number](folder / f'video {number}.mp4')
    assert len(ids) == 64
    # Two batches are prefetched per worker; after that no spoilt one comes.
    assert not set(range(len(SPOILERS))) & set(ids[-32:])
    assert dataset.num_bad_videos == len(SPOILERS)

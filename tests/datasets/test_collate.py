import pytest
import torch
from mmaction.structures import ActionDataSample
from torch.utils.data import DataLoader

from vsslcodebase.datasets.collate import collate_clips
from vsslcodebase.registry import FUNCTIONS


def sample(index, size=4):
    inputs = torch.full((2, 3, 5, size, size), index, dtype=torch.uint8)
    metainfo = dict(video_id=index)
    return dict(
        inputs=inputs, data_samples=ActionDataSample(metainfo=metainfo)
    )


def test_clips_are_stacked_and_the_rest_is_listed():
    batch = collate_clips([sample(0), sample(7)])
    assert batch['inputs'].shape == (2, 2, 3, 5, 4, 4)
    assert batch['inputs'][:, 0, 0, 0, 0, 0].tolist() == [0, 7]
    assert [s.video_id for s in batch['data_samples']] == [0, 7]


def test_videos_of_several_shapes_stay_apart():
    batch = collate_clips([sample(0), sample(1, size=6)])
    assert [tuple(clips.shape[-2:]) for clips in batch['inputs']] == [
        (4, 4),
        (6, 6),
    ]


@pytest.mark.parametrize('num_workers', [0, 1])
def test_batches_of_a_worker_are_in_shared_memory(num_workers):
    loader = DataLoader(
        [sample(index) for index in range(4)],
        batch_size=2,
        num_workers=num_workers,
        collate_fn=FUNCTIONS.get('collate_clips'),
    )
    batches = [batch['inputs'] for batch in loader]
    assert [b.is_shared() for b in batches] == [num_workers > 0] * 2
    assert torch.cat(batches)[:, 0, 0, 0, 0, 0].tolist() == [0, 1, 2, 3]

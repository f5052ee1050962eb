"""Standardisation and its undoing."""

import pytest
import torch
from mmaction.models import ActionDataPreprocessor
from mmaction.structures import ActionDataSample

from vsslcodebase.models import ClipDataPreprocessor
from vsslcodebase.models.shown_frames import shown_frames

MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]


@pytest.mark.parametrize(
    'preprocessor',
    [
        ClipDataPreprocessor(),
        ClipDataPreprocessor(mean=(0, 0, 0), std=(255, 255, 255)),
        ActionDataPreprocessor(MEAN, STD, format_shape='NCTHW'),
        ActionDataPreprocessor(format_shape='NCTHW'),
    ],
    ids=['ours', 'scale only', 'of MMAction2', 'of MMAction2, none'],
)
def test_frames_are_the_pictures_that_went_in(preprocessor):
    generator = torch.Generator().manual_seed(0)
    videos = torch.randint(256, (2, 3, 3, 4, 5, 6), generator=generator)
    videos = videos.to(torch.uint8)
    videos[0, 0, 0, 0, 0, :2] = torch.tensor([0, 255])
    data = dict(
        inputs=[*videos], data_samples=[ActionDataSample() for _ in range(2)]
    )
    inputs = preprocessor(data)['inputs']
    for x, expected in ((inputs, videos), (inputs[:, 0], videos[:, 0])):
        frames = shown_frames(x, preprocessor)
        assert frames.dtype == torch.float32
        torch.testing.assert_close(
            frames, expected / 255, atol=1e-6, rtol=1e-6
        )

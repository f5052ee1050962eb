from __future__ import annotations

import numpy as np
import pytest
import torch
from encoded_video import encode
from mmengine.config import Config
from torch import nn

from vsslcodebase.engine.video_segments import (
    choose_videos,
    read_clips,
    read_segments,
    shown_frames,
)
from vsslcodebase.evaluation.layers import LayerReader
from vsslcodebase.models.data_preprocessor import ClipDataPreprocessor


class MeanColour(nn.Module):
    """A model whose feature is the mean colour of a clip."""

    def __init__(self):
        super().__init__()
        self.data_preprocessor = ClipDataPreprocessor((0,) * 3, (1,) * 3)
        self.backbone = nn.AdaptiveAvgPool3d(2)


def config(crops=(), type='SampleUniformClips', **sampler):
    pipeline = [
        dict(type='OpenVideo'),
        dict(type=type, clip_len=4, **sampler),
        dict(type='DecodeClips'),
        dict(
            type='PerClip',
            transforms=[dict(type='Resize', scale=(24, 16)), *crops],
        ),
        dict(type='PackClips'),
    ]
    dataset = dict(pipeline=pipeline, data_prefix=dict(video='films'))
    return Config(dict(test_dataloader=dict(dataset=dataset)))


@pytest.fixture(scope='module')
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp('videos') / 'a.mp4'
    return encode(path, num_frames=13, size=(16, 24), fps=10)


def segments(cfg, video, count):
    model = MeanColour()
    return read_segments(cfg, model, LayerReader(model.backbone), video, count)


def test_segments_are_different_earliest_first_in_seconds(video):
    found = segments(config(), video, 4)
    torch.testing.assert_close(found.starts, torch.tensor([0, 0.3, 0.6, 0.9]))
    assert found.features.shape == (4, 3)
    assert found.frames.shape == (4, 16, 24, 3)
    # 13 frames hold ten clips of four
    assert found.ends is None
    many = segments(config(), video, 30)
    torch.testing.assert_close(many.starts, torch.arange(10) / 10)


def test_features_and_frames_are_those_of_the_segments(video):
    found = segments(config(), video, 4)
    clips = shown_frames(read_clips(config(), video, 4))
    assert np.array_equal(found.frames, clips[:, 2])
    torch.testing.assert_close(
        found.features, torch.from_numpy(clips.mean((1, 2, 3))).float()
    )


def test_crops_of_a_clip_are_averaged(video):
    cfg = config([dict(type='ThreeCrop', crop_size=16)])
    found = segments(cfg, video, 4)
    assert found.features.shape == (4, 3)
    packed = read_clips(cfg, video, 4)
    crops = shown_frames(packed).mean((1, 2, 3)).reshape(4, 3, 3)
    torch.testing.assert_close(
        found.features, torch.from_numpy(crops.mean(1)).float()
    )


def test_clips_have_the_interval_of_the_test_or_another(video):
    packed = read_clips(config(frame_interval=3), video)
    assert packed['data_samples'].frame_interval.tolist() == [3]
    packed = read_clips(config(frame_interval=3), video, frame_interval=2)
    assert packed['data_samples'].frame_interval.tolist() == [2]
    assert packed['data_samples'].clip_start.tolist() == [2]  # (13 - 8) // 2


def test_clips_of_the_test_that_last_equally_long_do_so_here(video):
    # 4 frames at 20 per second are 2 of these at 10 per second
    cfg = config(
        type='SampleIndependentClips', frame_interval=1, target_fps=20
    )
    found = segments(cfg, video, 5)
    expected = torch.linspace(0, 1.1, 5)  # 13 - 2 frames
    torch.testing.assert_close(found.starts, expected)
    torch.testing.assert_close(found.ends, expected + 0.1)
    packed = read_clips(cfg, video)
    assert packed['data_samples'].clip_start.tolist() == [5.5]


def test_paths_of_a_list_start_from_the_folder_of_the_config(tmp_path):
    (tmp_path / 'list.txt').write_text('a b.mp4 0\nc.mp4 1\n')
    listing = str(tmp_path / 'list.txt')
    assert choose_videos(config(), None, listing) == [
        'films/a b.mp4',
        'films/c.mp4',
    ]
    assert choose_videos(config(), None, listing, [1]) == ['films/c.mp4']
    with pytest.raises(ValueError, match=r'0 to 1 of .*list\.txt, got \[-1\]'):
        choose_videos(config(), None, listing, [-1])


def test_configs_without_clips_are_told(video):
    with pytest.raises(ValueError, match='has no test_dataloader'):
        read_clips(Config(dict(model=dict())), video)
    cfg = config()
    del cfg.test_dataloader.dataset.pipeline[1]
    with pytest.raises(ValueError, match=r"got \['OpenVideo', 'DecodeClips'"):
        read_clips(cfg, video)

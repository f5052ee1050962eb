"""Opening and decoding as steps of a pipeline."""

from __future__ import annotations

import numpy as np
import pytest
from encoded_video import decode_all, encode

from vsslcodebase.datasets.readers import BadVideoError
from vsslcodebase.datasets.transforms import (
    DecodeClips,
    OpenVideo,
    SampleSeparatedClips,
)


@pytest.fixture(scope='module')
def path(tmp_path_factory):
    return encode(tmp_path_factory.mktemp('video') / 'a video.mp4')


@pytest.mark.parametrize('backend', ['pyav', 'decord'])
def test_open_sample_decode(path, backend):
    np.random.seed(0)
    results = OpenVideo(backend)(dict(filename=path))
    assert results['total_frames'] == 40
    assert results['avg_fps'] == pytest.approx(30)
    reader = results['video_reader']
    results = SampleSeparatedClips(8, 2, 3)(results)
    results = DecodeClips()(results)
    reference = decode_all(path)
    assert len(results['imgs']) == 24
    for img, index in zip(results['imgs'], results['frame_inds']):
        np.testing.assert_array_equal(img, reference[index])
    assert results['original_shape'] == results['img_shape'] == (48, 64)
    assert 'video_reader' not in results
    with pytest.raises(Exception, match=r'not open|_reader'):
        reader.get_frames([0])


def test_reader_is_closed_when_decoding_fails(path):
    results = OpenVideo()(dict(filename=path, frame_inds=[0, 40]))
    reader = results['video_reader']
    closed = []
    original = reader.close
    reader.close = lambda: closed.append(1) or original()
    with pytest.raises(IndexError):
        DecodeClips()(results)
    assert closed
    assert 'video_reader' not in results


def test_unknown_backend_is_refused_at_once():
    with pytest.raises(ValueError, match="'pyav' or 'decord', got 'opencv'"):
        OpenVideo('opencv')


def test_missing_file_is_a_bad_video():
    with pytest.raises(
        BadVideoError, match=r'nowhere\.mp4: the file does not'
    ):
        OpenVideo()(dict(filename='nowhere.mp4'))

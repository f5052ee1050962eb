"""What reading videos for training costs, and what re-encoding would save."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vsslcodebase.datasets.preparation.reencoding import (
    EncodeSettings,
    reencode_video,
)
from vsslcodebase.datasets.readers import open_reader
from vsslcodebase.datasets.transforms.clip_sampling import ClipSampler

from .file_signs import stored_bytes
from .video_report import VideoReport

_REPEATS = 2


class DecodeCost(NamedTuple):
    """What it costs to read the clips of a video.

    Attributes:
        path: As in the list.
        cpu_ms: CPU time of opening the video and decoding a sample's frames.
        frames: Of the video.
        num_bytes: Of the file, or of a folder's images.
    """

    path: str
    cpu_ms: float
    frames: int
    num_bytes: int


class Trial(NamedTuple):
    """A video that was re-encoded to see what it would gain.

    Attributes:
        path: As in the list.
        before: Cost of the video.
        after: Cost of the new file.
        encode_sec: CPU time of re-encoding.
    """

    path: str
    before: DecodeCost
    after: DecodeCost
    encode_sec: float


class Gain(NamedTuple):
    """What re-encoding would do to the whole data set, by the trials.

    Attributes:
        speed: CPU time of decoding the trials before, by that after.
        least_speed: The same, of the video that gained least.
        most_speed: The same, of the video that gained most.
        bytes_before: Of all readable videos.
        bytes_after: The same, re-encoded.
        encode_hours: CPU time of re-encoding all.
    """

    speed: float
    least_speed: float
    most_speed: float
    bytes_before: int
    bytes_after: int
    encode_hours: float


def measure_decoding(
    path: str, name: str, sampler: ClipSampler, seed: int = 0
) -> DecodeCost:
    """Measure what a training sample of a video costs to decode.

    Args:
        path: The file.
        name: What the result calls it.
        sampler: Chooses the frames.
        seed: Of the choice.

    Raises:
        BadVideoError: The video cannot be read.
    """
    np.random.seed(seed)  # samplers draw from this generator
    _read_sample(path, sampler)  # the first one in a process sets things up
    begin = time.process_time()
    for _ in range(_REPEATS):
        frames = _read_sample(path, sampler)
    cpu_ms = 1000 * (time.process_time() - begin) / _REPEATS
    return DecodeCost(name, cpu_ms, frames, stored_bytes(path))


def _read_sample(path: str, sampler: ClipSampler) -> int:
    """Decode the frames of a sample; return how many the video has."""
    with open_reader(path, 'pyav') as reader:
        results = dict(
            filename=path,
            total_frames=reader.total_frames,
            avg_fps=reader.avg_fps,
        )
        for _ in reader.visit(sampler.transform(results)['frame_inds']):
            pass
        return reader.total_frames


def try_reencoding(
    path: str,
    name: str,
    target: str,
    sampler: ClipSampler,
    settings: EncodeSettings,
    seed: int = 0,
) -> Trial:
    """Re-encode a video to ``target`` and compare the costs.

    Raises:
        BadVideoError: The video cannot be read.
    """
    before = measure_decoding(path, name, sampler, seed)
    begin = time.process_time()
    reencode_video(path, target, settings)
    encode_sec = time.process_time() - begin
    after = measure_decoding(target, name, sampler, seed)
    return Trial(name, before, after, encode_sec)


def estimate_gain(
    trials: Sequence[Trial], good: Sequence[VideoReport]
) -> Gain:
    """Carry the trials over to all videos, frame by frame.

    Args:
        trials: At least one.
        good: Of all videos that can be read.
    """
    frames_tried = sum(trial.before.frames for trial in trials)
    scale = sum(report.frames for report in good) / frames_tried
    speeds = [trial.before.cpu_ms / trial.after.cpu_ms for trial in trials]
    return Gain(
        sum(trial.before.cpu_ms for trial in trials)
        / sum(trial.after.cpu_ms for trial in trials),
        min(speeds),
        max(speeds),
        sum(report.num_bytes for report in good),
        round(scale * sum(trial.after.num_bytes for trial in trials)),
        scale * sum(trial.encode_sec for trial in trials) / 3600,
    )

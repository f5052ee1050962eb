"""Clips that start anywhere in time: slot 1 of a pipeline.

Feichtenhofer et al. (CVPR 2021), whose clips LTN (AAAI 2023) takes.
"""

from __future__ import annotations

import numpy as np

from vsslcodebase.datasets.readers import VideoReader
from vsslcodebase.registry import TRANSFORMS

from .clip_sampling import ClipSampler

# Time stamps are rounded to ticks, of a millisecond in Matroska: frames no
# further than this from an even grid, in frames, are taken to lie on it.
_ROUNDING = 0.1


@TRANSFORMS.register_module()
class SampleIndependentClips(ClipSampler):
    """Clips with independent, real-valued starts, in random order.

    In a video of N frames at a constant rate r, a clip is len = T * D * r /
    ``target_fps`` frames long and starts at a real number, uniform in [0,
    max(N - len, 0)]. Its frames are ``linspace(start, start + len - 1, T)``,
    cut to whole numbers; ``frame_interval`` becomes their real distance,
    (len - 1) / (T - 1). Clips may overlap; in videos shorter than a clip all
    start at 0, and the last frame is repeated.

    Where the reader of the video knows when its frames are shown, the same
    happens in time: frames are numbered by their time in units of the mean
    frame duration, and a clip shows at each of its T times the frame that is
    on the screen. At a constant rate these are the frame's numbers. At a
    variable one, equal numbers of frames are not equal times.

    Besides what :class:`ClipSampler` writes, of which ``clip_start`` and
    ``frame_interval`` (V,) are real numbers here, ``clip_end`` (V,) float32
    is the time of a clip's last frame in seconds. ``clip_time`` and it count
    from the first frame of the video.

    Args:
        clip_len: Frames in a clip, T.
        frame_interval: D; T * D frames at ``target_fps`` are one clip long.
        num_clips: Clips from a video, V.
        target_fps: The rate that ``frame_interval`` counts in, so that clips
            of all videos last equally long. None: each video's own; also
            taken where a video's rate is unknown.
    """

    def __init__(
        self,
        clip_len: int = 8,
        frame_interval: int = 8,
        num_clips: int = 4,
        target_fps: float | None = 30,
    ) -> None:
        super().__init__(clip_len, frame_interval, num_clips)
        if target_fps is not None and target_fps <= 0:
            raise ValueError(
                'target_fps must be above 0, or None for the own rate of '
                f'each video, got {target_fps!r}'
            )
        self.target_fps = target_fps

    def sample_starts(
        self, total_frames: int, span: float | None = None
    ) -> np.ndarray:
        """Return the (V,) float64 first frames of the clips.

        Args:
            total_frames: N.
            span: Length of a clip in frames, default T * D.
        """
        span = self.clip_len * self.frame_interval if span is None else span
        return np.random.uniform(
            0, max(total_frames - span, 0), self.num_clips
        )

    def choose_clips(self, results: dict) -> dict:
        """Return what is written about the clips of one video."""
        total_frames = results['total_frames']
        times = _frame_times(results)
        rate = _mean_rate(times) or results.get('avg_fps') or 0
        span = float(self.clip_len * self.frame_interval)
        if self.target_fps is not None and rate:
            span *= rate / self.target_fps
        starts = self.sample_starts(total_frames, span)
        ends = starts + max(span - 1, 0)
        wanted = np.linspace(starts, ends, self.clip_len, axis=1)  # (V, T)
        places = _places(total_frames, times, rate)
        # the last frame that is on the screen by then
        indices = np.searchsorted(places, wanted, side='right') - 1
        fields = dict(
            frame_inds=indices.astype(np.int64).reshape(-1),
            frame_interval=(ends - starts) / max(self.clip_len - 1, 1),
            clip_start=starts,
        )
        if total_frames == 1:
            rate = rate or 1.0  # whatever it is, the frame's time is 0
        if rate:
            ends = np.clip(total_frames - 1, starts, ends)
            fields['clip_time'] = (starts / rate).astype(np.float32)
            fields['clip_end'] = (ends / rate).astype(np.float32)
        return fields


def _frame_times(results: dict) -> np.ndarray | None:
    """Return the times of all frames, (N,) in seconds, where known.

    Without a file, or with a reader of MMAction2, they are not.
    """
    reader = results.get('video_reader')
    return reader.frame_times() if isinstance(reader, VideoReader) else None


def _mean_rate(times: np.ndarray | None) -> float:
    """Return the frames per second, 0 where unknown."""
    if times is None or len(times) < 2:
        return 0.0
    return float((len(times) - 1) / times[-1])


def _places(
    total_frames: int, times: np.ndarray | None, rate: float
) -> np.ndarray:
    """Return (N,) ascending, when frames are shown in mean frame durations."""
    even = np.arange(total_frames, dtype=np.float64)
    if times is None:
        return even
    places = times * rate
    return even if np.abs(places - even).max() < _ROUNDING else places

"""Which frames make up the V clips of a video: slot 1 of a pipeline.

CORP (ICCV 2021) Section 3.1, Eq. 3; CVRL (CVPR 2021) Section 3.2.
"""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from mmcv.transforms import BaseTransform

from vsslcodebase.registry import TRANSFORMS


class ClipSampler(BaseTransform):
    """Base of the samplers: V clips of T frames from one video.

    A subclass chooses where clips start and, if it wants to, what a clip is.
    Reads ``total_frames`` and ``avg_fps``; writes

    ============== ======== ======= ====================================
    frame_inds     (V*T,)   int64   clip after clip, in [0, total_frames)
    clip_start     (V,)     number  first frame; equal means the same clip
    clip_time      (V,)     float32 the same in seconds
    frame_interval (V,)     number  frames from one to the next
    clip_len       T        int
    num_clips      V        int
    ============== ======== ======= ====================================

    ``clip_time`` is left out where the frame rate is unknown (``avg_fps``
    missing or 0): a model that needs it then says so, instead of learning
    from invented times. It is the start by the mean frame rate; in a video
    of variable rate only ``SampleIndependentClips`` knows the real one.

    Args:
        clip_len: Frames in a clip, T.
        frame_interval: Step from one frame of a clip to the next, D; 1 takes
            neighbours.
        num_clips: Clips from a video, V.
    """

    # What follows the last frame of a video: the first one, or itself.
    loops = False

    def __init__(
        self, clip_len: int, frame_interval: int = 1, num_clips: int = 1
    ) -> None:
        for name, value in (
            ('clip_len', clip_len),
            ('frame_interval', frame_interval),
            ('num_clips', num_clips),
        ):
            if not isinstance(value, int) or value < 1:
                raise ValueError(f'{name} must be an int >= 1, got {value!r}')
        self.clip_len = clip_len
        self.frame_interval = frame_interval
        self.num_clips = num_clips

    @abstractmethod
    def sample_starts(self, total_frames: int) -> np.ndarray:
        """Return the (V,) first frames of the clips."""

    def sample_intervals(self) -> np.ndarray:
        """Return the (V,) frame intervals; one for all unless overridden."""
        return np.full(self.num_clips, self.frame_interval, np.int64)

    def frame_indices(
        self, starts: np.ndarray, intervals: np.ndarray, total_frames: int
    ) -> np.ndarray:
        """Return (V, T) frame numbers; past the end as ``loops`` says.

        Where order is asked, the last frame repeats: the jump of a loop
        would tell a network where the video ends.
        """
        steps = np.arange(self.clip_len) * intervals[:, None]  # (V, T)
        indices = starts[:, None] + steps
        if self.loops:
            return indices % total_frames
        return np.minimum(indices, total_frames - 1)

    def choose_clips(self, results: dict) -> dict:
        """Return what is written about the clips of one video."""
        total_frames = results['total_frames']
        starts = self.sample_starts(total_frames)
        intervals = self.sample_intervals()
        indices = self.frame_indices(starts, intervals, total_frames)
        fields = dict(
            frame_inds=indices.astype(np.int64).reshape(-1),
            frame_interval=intervals,
            clip_start=starts,
        )
        frames_per_second = results.get('avg_fps') or 0
        if frames_per_second > 0:
            times = starts / frames_per_second
            fields['clip_time'] = times.astype(np.float32)
        return fields

    def transform(self, results: dict) -> dict:
        """Choose the clips of one video."""
        total_frames = results['total_frames']
        if total_frames < 1:
            raise ValueError(
                f'total_frames must be >= 1, got {total_frames} for '
                f'{results.get("filename", "a video without filename")}'
            )
        results.update(self.choose_clips(results))
        results['clip_len'] = self.clip_len
        results['num_clips'] = self.num_clips
        return results

    def __repr__(self) -> str:
        """Return the class with its clip geometry."""
        return (
            f'{type(self).__name__}(clip_len={self.clip_len}, '
            f'frame_interval={self.frame_interval}, '
            f'num_clips={self.num_clips})'
        )


@TRANSFORMS.register_module()
class SampleSeparatedClips(ClipSampler):
    """Random clips that keep a distance, in random order (CORP Eq. 3).

    With S = L - D*T, the latest start in a video of L frames, all pairs of
    the K starts are at least min(max(S/K, 1), D*T) apart. CORP redraws until
    this holds, which takes K^K tries in the mean and for short videos never
    ends. Drawing the starts with the gaps taken out, and putting the gaps
    back, has exactly the same distribution in one go.

    Where L is too short for the distance, it is what fits, S/(K-1) rounded
    down; where K different starts do not fit either, the starts are 0 to K-1
    and clips repeat the last frame. Clips that thereby become the same have
    the same ``clip_start``, so that a loss sees that they have no order.

    With ``num_clips=1`` this is one clip anywhere in the video. Training with
    labels sets ``out_of_bound_opt='loop'``: its short videos then look as
    those of :class:`SampleUniformClips` in the test.

    Args:
        clip_len: Frames in a clip, T.
        frame_interval: Step from one frame of a clip to the next, D.
        num_clips: Clips from a video, K.
        sort_by_time: Earlier clips first, as CORP_f wants them. Otherwise
            the order is random: the place in the batch tells nothing.
        out_of_bound_opt: What a clip shows after the end of the video:
            'repeat_last' or 'loop', as in MMAction2's ``SampleFrames``.
    """

    def __init__(
        self,
        clip_len: int,
        frame_interval: int = 1,
        num_clips: int = 4,
        sort_by_time: bool = False,
        out_of_bound_opt: str = 'repeat_last',
    ) -> None:
        super().__init__(clip_len, frame_interval, num_clips)
        if out_of_bound_opt not in ('repeat_last', 'loop'):
            raise ValueError(
                "out_of_bound_opt must be 'repeat_last' or 'loop', got "
                f'{out_of_bound_opt!r}'
            )
        self.sort_by_time = sort_by_time
        self.loops = out_of_bound_opt == 'loop'

    def sample_starts(self, total_frames: int) -> np.ndarray:
        """Return the (V,) int64 first frames of the clips."""
        span = self.clip_len * self.frame_interval  # D*T, as Eq. 3 has it
        latest = max(total_frames - span, self.num_clips - 1, 0)
        gap = self._gap(latest, span)
        # Distinct numbers y_0 < y_1 < ... spread by (gap-1) per predecessor
        num_places = latest + 1 - (self.num_clips - 1) * (gap - 1)
        drawn = np.random.choice(num_places, self.num_clips, replace=False)
        starts = np.sort(drawn) + np.arange(self.num_clips) * (gap - 1)
        if not self.sort_by_time:
            starts = np.random.permutation(starts)
        return np.minimum(starts, total_frames - 1).astype(np.int64)

    def _gap(self, latest: int, span: int) -> int:
        """Return the least whole distance of two starts in [0, latest]."""
        num_clips = self.num_clips
        if num_clips == 1:
            return 1
        # ceil(min(max(S/K, 1), DT)), in integers
        gap = min(max(-(-latest // num_clips), 1), span)
        return min(gap, latest // (num_clips - 1))


@TRANSFORMS.register_module()
class SampleDecayingClips(ClipSampler):
    """Two clips whose distance is seldom large (CVRL, Section 3.2).

    The distance of the starts has the density 2/S (1 - delta/S) on [0, S),
    where S is the number of possible starts; the earlier one is uniform on
    what is left; the order of the two is random. A video shorter than a clip
    is looped, with two independent starts anywhere in it.

    Args:
        clip_len: Frames in a clip, T.
        frame_interval: Step from one frame of a clip to the next, D.
        num_clips: 2; the distribution is about a pair.
    """

    loops = True

    def __init__(
        self, clip_len: int, frame_interval: int = 1, num_clips: int = 2
    ) -> None:
        super().__init__(clip_len, frame_interval, num_clips)
        if num_clips != 2:
            raise ValueError(
                'SampleDecayingClips draws a pair, num_clips must be 2, got '
                f'{num_clips}; for more clips use SampleSeparatedClips'
            )

    def sample_starts(self, total_frames: int) -> np.ndarray:
        """Return the (2,) int64 first frames of the clips."""
        num_starts = total_frames - (self.clip_len - 1) * self.frame_interval
        if num_starts <= 0:
            return np.random.randint(total_frames, size=2)
        uniform = np.random.rand()
        # The inverse of the distribution function 1 - (1 - delta/S)^2
        distance = int(num_starts * (1 - np.sqrt(1 - uniform)))
        first = np.random.randint(num_starts - distance)
        return np.random.permutation([first, first + distance])


@TRANSFORMS.register_module()
class SampleUniformClips(ClipSampler):
    """Evenly spread clips without chance, for tests.

    Starts are the rounded ``linspace(0, max(L - T*D, 0), num_clips)``; a
    single clip is the middle one. Short videos start again. MMAction2's
    ``SampleFrames(test_mode=True)`` does the same with the span (T-1)*D + 1.

    Args:
        clip_len: Frames in a clip, T.
        frame_interval: Step from one frame of a clip to the next, D.
        num_clips: Clips from a video, V.
    """

    loops = True

    def __init__(
        self, clip_len: int, frame_interval: int = 1, num_clips: int = 10
    ) -> None:
        super().__init__(clip_len, frame_interval, num_clips)

    def sample_starts(self, total_frames: int) -> np.ndarray:
        """Return the (V,) int64 first frames of the clips."""
        latest = max(total_frames - self.clip_len * self.frame_interval, 0)
        if self.num_clips == 1:
            return np.array([latest // 2])
        starts = np.linspace(0, latest, self.num_clips)
        return np.round(starts).astype(np.int64)

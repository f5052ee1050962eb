"""Clips at paces that a network is to tell apart: slot 1 of a pipeline.

Pace Prediction (Wang et al., ECCV 2020), Section 3.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from vsslcodebase.registry import TRANSFORMS

from .clip_sampling import ClipSampler

Pace = int | float | str
_SLOWEST = 64  # times that a frame may be shown


@TRANSFORMS.register_module()
class SamplePaceClips(ClipSampler):
    """Clips of random paces, starting at any frame (Section 3.1).

    At pace p >= 1 a clip shows every p-th frame; at 1/q it shows each frame q
    times. A clip that reaches the end of its video goes on with frame 0, as
    in the authors' code: not modulo the length, so that what follows the jump
    is the same in all videos. Paces and starts of a video's clips are
    independent of each other.

    Besides what :class:`ClipSampler` writes, ``pace_label`` (V,) int64 is the
    place of a clip's pace in ``paces``, of which there are ``num_paces``, and
    ``clip_wraps`` (V,) bool tells whether a clip has jumped to the beginning,
    which fast clips do more often than slow ones: a way to guess.
    ``frame_interval`` is the pace.

    Args:
        clip_len: Frames in a clip, T.
        paces: Whole numbers >= 1 and fractions 1/q, all different; fractions
            as '1/3' or ``1 / 3``, not 0.333. The paper's [1, 4] is
            ``(1, 2, 3, 4)``, its [1/3, 3] is ``('1/3', '1/2', 1, 2, 3)``.
        num_clips: Clips from a video, V.

    Raises:
        ValueError: No paces, paces that are neither whole nor 1/q, or twice
            the same.
    """

    def __init__(
        self,
        clip_len: int,
        paces: Sequence[Pace] = (1, 2, 3, 4),
        num_clips: int = 1,
    ) -> None:
        super().__init__(clip_len, 1, num_clips)
        if isinstance(paces, str) or not isinstance(paces, Sequence):
            raise ValueError(f'paces must be a list of paces, got {paces!r}')
        if not paces:
            raise ValueError('paces must hold at least one pace, got none')
        self.paces = [_fraction(pace) for pace in paces]
        if len(set(self.paces)) < len(self.paces):
            raise ValueError(f'paces must differ, got {list(paces)}')

    def sample_starts(self, total_frames: int) -> np.ndarray:
        """Return (V,) int64, any frames of the video."""
        return np.random.randint(total_frames, size=self.num_clips)

    def sample_intervals(self) -> np.ndarray:
        """Return the (V,) float64 paces."""
        labels = np.random.randint(len(self.paces), size=self.num_clips)
        return np.array([float(self.paces[label]) for label in labels])

    def frame_indices(
        self, starts: np.ndarray, intervals: np.ndarray, total_frames: int
    ) -> np.ndarray:
        """Return (V, T) frame numbers; after the last one comes 0."""
        return np.array(
            [
                self._show(int(start), _fraction(pace), total_frames)
                for start, pace in zip(starts, intervals.tolist())
            ]
        )

    def _show(
        self, first: int, pace: Fraction, total_frames: int
    ) -> list[int]:
        """Return the T frames of a clip, in whole numbers only."""
        shown: list[int] = []
        step = 0
        while len(shown) < self.clip_len:
            index = first + step * pace.numerator // pace.denominator
            if index < total_frames:
                shown.append(index)
                step += 1
            else:
                first = step = 0
        return shown

    def transform(self, results: dict) -> dict:
        """Choose paces and clips of one video."""
        results = super().transform(results)
        paces = [_fraction(p) for p in results['frame_interval'].tolist()]
        results['num_paces'] = len(self.paces)
        results['pace_label'] = np.array([self.paces.index(p) for p in paces])
        reach = [int((self.clip_len - 1) * pace) for pace in paces]
        last = results['clip_start'] + reach
        results['clip_wraps'] = last >= results['total_frames']
        return results

    def __repr__(self) -> str:
        """Return the class with its clip geometry."""
        return (
            f'{type(self).__name__}(clip_len={self.clip_len}, '
            f'paces={[str(pace) for pace in self.paces]}, '
            f'num_clips={self.num_clips})'
        )


def _fraction(pace: Pace) -> Fraction:
    """Return a pace as whole numbers; 1 / 3 as a float is not exactly that.

    What is only near, as 0.333, is refused: whether 1/3 is meant cannot be
    known, and paces next to each other are little apart where q is large.
    """
    try:
        given = Fraction(pace)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        given = Fraction(0)
    fraction = given.limit_denominator(_SLOWEST)
    is_allowed = fraction > 0 and 1 in fraction.as_integer_ratio()
    if not is_allowed or abs(given - fraction) > fraction / 10**6:
        raise ValueError(
            'a pace must be a whole number >= 1, or 1/q to show each frame q '
            f"<= {_SLOWEST} times, as '1/3'; got {pace!r}"
        )
    return fraction

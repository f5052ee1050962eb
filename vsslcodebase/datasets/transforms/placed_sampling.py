"""Clips for several protocols of evaluation at once: slot 1 of a pipeline."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vsslcodebase.registry import TRANSFORMS

from .clip_sampling import ClipSampler, SampleUniformClips

WINDOWS = 'windows'
Placement = int | str  # a number of spread clips, or WINDOWS


@TRANSFORMS.register_module()
class SamplePlacedClips(ClipSampler):
    """The clips of all placements, one placement after the other.

    A placement is

    - a number of clips, spread over the video as ``SampleUniformClips`` does:
      1 is the middle one;
    - 'windows': as many clips as the video has room for, each half a clip
      after the one before. As in CoCLR's test (``frame_sampler`` of
      dataset/lmdb_dataset.py) the step is T*D // 2 - 1 frames, so that
      neighbours share a little more than half.

    Short videos start again. Nothing is left to chance.

    Args:
        clip_len: Frames in a clip, T.
        frame_interval: Step from one frame of a clip to the next, D.
        placements: In the order of the clips.

    Raises:
        ValueError: There is no placement, or one that is none, or one twice.
    """

    loops = True

    def __init__(
        self,
        clip_len: int,
        frame_interval: int = 1,
        placements: Sequence[Placement] = (10,),
    ) -> None:
        super().__init__(clip_len, frame_interval)
        for place in placements:
            if place != WINDOWS and not (isinstance(place, int) and place > 0):
                raise ValueError(
                    'a placement is a number of clips, 1 or more, or '
                    f"'{WINDOWS}', got {place!r}"
                )
        if not placements or len(set(placements)) < len(placements):
            raise ValueError(
                f'expected different placements, got {list(placements)}'
            )
        self.placements = tuple(placements)

    def sample_starts(self, total_frames: int) -> np.ndarray:
        """Return the (V,) int64 first frames, placement after placement."""
        return np.concatenate(
            [self._place(place, total_frames) for place in self.placements]
        )

    def transform(self, results: dict) -> dict:
        """Choose the clips of one video."""
        results = super().transform(results)
        num_clips = len(results['clip_start'])
        results['num_clips'] = num_clips
        results['frame_interval'] = np.full(num_clips, self.frame_interval)
        return results

    def _place(self, place: Placement, total_frames: int) -> np.ndarray:
        """Return the first frames of one placement."""
        if isinstance(place, int):
            spread = SampleUniformClips(
                self.clip_len, self.frame_interval, place
            )
            return spread.sample_starts(total_frames)
        span = self.clip_len * self.frame_interval
        latest = max(total_frames - span, 0)
        return np.arange(0, latest + 1, max(span // 2 - 1, 1), dtype=np.int64)


def slices_of(
    placements: Sequence[Placement], num_clips: int
) -> dict[Placement, slice]:
    """Return which of a video's clips belong to which placement.

    Args:
        placements: Of the sampler.
        num_clips: Of the video; 'windows' get those the others leave.

    Raises:
        ValueError: The numbers do not add up.
    """
    known = sum(place for place in placements if isinstance(place, int))
    windows = num_clips - known
    if windows < 0 or (windows > 0) != (WINDOWS in placements):
        raise ValueError(
            f'{num_clips} clips are not those of the placements '
            f'{list(placements)}; is another step of the pipeline making '
            'more clips of one?'
        )
    found, first = {}, 0
    for place in placements:
        stop = first + (place if isinstance(place, int) else windows)
        found[place] = slice(first, stop)
        first = stop
    return found

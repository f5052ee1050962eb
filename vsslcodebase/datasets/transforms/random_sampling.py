"""Clips anywhere in a video, for training with labels: slot 1."""

from __future__ import annotations

import numpy as np

from vsslcodebase.registry import TRANSFORMS

from .clip_sampling import ClipSampler


@TRANSFORMS.register_module()
class SampleRandomClips(ClipSampler):
    """Clips with independent starts, uniform over all that fit.

    A clip of T frames, D apart, reaches over (T-1)*D + 1 frames, so that it
    starts at 0 to L - (T-1)*D - 1 in a video of L. A shorter video starts at
    0 and again after its end, as in :class:`SampleUniformClips`.

    With the rule of CORP, which takes a clip to be D*T frames long,
    ``SampleSeparatedClips(num_clips=1)`` leaves out the last D - 1 starts.

    Args:
        clip_len: Frames in a clip, T.
        frame_interval: Step from one frame of a clip to the next, D.
        num_clips: Clips from a video, V.
    """

    loops = True

    def sample_starts(self, total_frames: int) -> np.ndarray:
        """Return the (V,) int64 first frames of the clips."""
        num_starts = total_frames - (self.clip_len - 1) * self.frame_interval
        return np.random.randint(max(num_starts, 1), size=self.num_clips)

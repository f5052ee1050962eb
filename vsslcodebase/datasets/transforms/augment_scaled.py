"""Frames of a random size and a window in them: scale jitter.

Simonyan and Zisserman (ICLR 2015), and supervised training of video networks
since: one draw for all frames of ``imgs``.
"""

from __future__ import annotations

import numpy as np

from vsslcodebase.registry import TRANSFORMS

from .augment_geometry import ClipResizedRandomCrop


@TRANSFORMS.register_module()
class ClipScaledRandomCrop(ClipResizedRandomCrop):
    """Scale frames to a random short side and cut a random window out.

    The short side is a whole number, uniform in ``scale_range``; the long
    side follows. MMAction2's ``RandomRescale`` and ``RandomCrop`` in one,
    which ``FastClips`` can plan. Bilinear, not antialiased.

    Args:
        scale_range: Least and most pixels of the short side.
        size: Height and width of the window, or one number for both; not
            larger than the least short side.
    """

    def __init__(
        self,
        scale_range: tuple[int, int] = (256, 320),
        size: int | tuple[int, int] = 224,
    ) -> None:
        least, most = scale_range
        super().__init__(least, size)
        if most < least:
            raise ValueError(
                f'scale_range must be ascending, got {scale_range}'
            )
        self.scale_range = (least, most)

    def draw_scale(self, frame_size: tuple[int, int]) -> tuple[int, int]:
        """Draw the scaled frame's height and width."""
        short_side = np.random.randint(
            self.scale_range[0], self.scale_range[1] + 1
        )
        factor = short_side / min(frame_size)
        height, width = (round(length * factor) for length in frame_size)
        return height, width

    def __repr__(self) -> str:
        """Return the class with its arguments."""
        return (
            f'{type(self).__name__}(scale_range={self.scale_range}, '
            f'size={self.size})'
        )

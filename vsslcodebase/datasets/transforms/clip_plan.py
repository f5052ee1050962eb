"""What will be done with a clip, drawn before its frames are decoded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np


class ColourChange(NamedTuple):
    """An operation of :mod:`.augment_colour`, by name, and its amount.

    Names are 'brightness', 'contrast', 'saturation', 'hue' and 'grey'.
    """

    name: str
    amount: float


class FrameChanges(NamedTuple):
    """Changes that differ from frame to frame.

    Attributes:
        frames: The changes of each of the T frames, in order.
    """

    frames: list[list[ColourChange]]


Step = ColourChange | FrameChanges | np.ndarray


@dataclass
class ClipPlan:
    """The parameters of one clip's augmentation.

    Each :class:`Plannable` operation writes here what it draws. Places are
    those of the decoded, upright frame.

    Attributes:
        frame_size: Height and width of the frames, in pixels.
        clip_len: Frames in the clip, T.
        num_clips: Clips that the video gives.
        box: Top, left, height, width of what is shown, perhaps in parts of
            pixels; all of it at first.
        size: Height and width of the result.
        is_resized: Whether ``box`` and ``size`` have been chosen.
        is_flipped: Mirrored left to right, after resizing.
        label: Class of the video, which a flip may change; -1 for none.
        steps: Changes of colours, of all frames or of each by itself, and
            kernels (1D, odd) of blurs, in order.
    """

    frame_size: tuple[int, int]
    clip_len: int
    num_clips: int = 1
    label: int = -1
    box: tuple[float, float, float, float] = field(init=False)
    size: tuple[int, int] = field(init=False)
    is_resized: bool = False
    is_flipped: bool = False
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Show the whole frame as it is."""
        self.box = (0, 0, *self.frame_size)
        self.size = self.frame_size

    @property
    def differs_by_frame(self) -> bool:
        """Whether some change of colours is not the same for all frames."""
        return any(isinstance(step, FrameChanges) for step in self.steps)

    def changes_of(self, time: int) -> list[ColourChange]:
        """Return what changes the colours of a frame, in order."""
        changes: list[ColourChange] = []
        for step in self.steps:
            if isinstance(step, ColourChange):
                changes.append(step)
            elif isinstance(step, FrameChanges):
                changes += step.frames[time]
        return changes

    @property
    def kernels(self) -> list[np.ndarray]:
        """The steps that blur, in order."""
        return [step for step in self.steps if isinstance(step, np.ndarray)]

    def resize(
        self, box: tuple[float, float, float, float], size: tuple[int, int]
    ) -> None:
        """Show ``box`` at ``size``.

        Raises:
            ValueError: Another operation has done so before.
        """
        if self.is_resized or self.steps:
            raise ValueError(
                'FastClips crops once, before colours and blur: put the '
                'crop first and leave out others, or use '
                'DecodeClips with PerClip'
            )
        self.box, self.size, self.is_resized = box, size, True


@runtime_checkable
class Plannable(Protocol):
    """A transform whose work ``FastClips`` can do in its own way."""

    def plan(self, plan: ClipPlan) -> None:
        """Draw what ``transform`` would draw, and write it to ``plan``."""

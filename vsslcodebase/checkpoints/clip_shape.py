"""Frames, stride and size of one clip, as an input contract tells them."""

from __future__ import annotations

from typing import NamedTuple

from .input_contract import InputContract


class ClipShape(NamedTuple):
    """What a clip is made of.

    Attributes:
        num_frames: T.
        frame_interval: Frames of the video from one to the next, at least 1.
        height: In pixels.
        width: In pixels.
    """

    num_frames: int
    frame_interval: int
    height: int
    width: int


def clip_shape(
    contract: InputContract,
    num_frames: int | None = None,
    frame_interval: int | None = None,
    size: tuple[int, int] | None = None,
) -> ClipShape:
    """Return the clip that a network was trained on.

    Of several strides, as Pace Prediction has them, it is 1, the natural
    speed, if that is among them, else the first whole one.

    Args:
        contract: Of the network.
        num_frames: Take this instead.
        frame_interval: Likewise.
        size: Likewise, height and width.

    Raises:
        ValueError: The contract leaves open what is not given, or a number
            is below 1.
    """
    height, width = size or (contract.height, contract.width)
    strides = [int(x) for x in contract.frame_interval if x == int(x) >= 1]
    if frame_interval is None and strides:
        frame_interval = 1 if 1 in strides else strides[0]
    shape = dict(
        num_frames=num_frames or contract.num_frames,
        frame_interval=frame_interval,
        height=height,
        width=width,
    )
    unknown = [name for name, value in shape.items() if value is None]
    if unknown:
        raise ValueError(
            f'the file does not say the {", ".join(unknown)} of a clip; give '
            'num_frames, frame_interval and size yourself'
        )
    known = {name: int(value or 0) for name, value in shape.items()}
    if min(known.values()) < 1:
        raise ValueError(f'a clip needs numbers from 1 up, got {known}')
    return ClipShape(**known)

"""The pictures that a batch of network inputs shows."""

from __future__ import annotations

from mmengine.model import BaseDataPreprocessor
from torch import Tensor


def shown_frames(inputs: Tensor, preprocessor: BaseDataPreprocessor) -> Tensor:
    """Undo a preprocessor's standardisation.

    Losses that compare pixels are to see what the network saw, cropped and
    flipped alike, in units that do not depend on mean and std.

    Args:
        inputs: (..., C, T, H, W) as ``preprocessor`` returned them.
        preprocessor: ``ClipDataPreprocessor``, MMAction2's
            ``ActionDataPreprocessor``, or another with ``mean`` and ``std``
            on the scale 0-255; without them, inputs are on that scale.

    Returns:
        The same shape, float32, values in [0, 1] up to rounding.
    """
    mean = getattr(preprocessor, 'mean', None)
    if mean is None:
        return inputs.float() / 255
    scale, shift = preprocessor.std / 255, mean / 255
    return inputs.float() * scale + shift

"""From uint8 clips of a data loader to one float batch on the device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from vsslcodebase.registry import MODELS

IMAGENET_MEAN = (123.675, 116.28, 103.53)
IMAGENET_STD = (58.395, 57.12, 57.375)


@MODELS.register_module()
class ClipDataPreprocessor(BaseDataPreprocessor):
    """Stack the videos of a batch and standardise their colours.

    Serves our trunks and MMAction2's ``Recognizer3D`` alike.

    Where ``FastClips(apply_colour='preprocessor')`` has left the colours to
    it, it makes them: YUV to RGB, jitter and grey, clipping to 0..255, mean
    and std are one matrix product and one clamp. What the worker would have
    made is this rounded to whole numbers.

    Args:
        mean: One value per channel on the 0-255 scale; RGB for the default.
        std: One positive value per channel, same scale.
        non_blocking: Copy to the device without waiting (pinned memory).
        to_bgr: Show the network blue, green, red, for weights that were
            trained so; ``mean`` and ``std`` are then in that order, too.
    """

    def __init__(
        self,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
        non_blocking: bool = False,
        to_bgr: bool = False,
    ) -> None:
        super().__init__(non_blocking=non_blocking)
        if len(mean) != len(std) or min(std) <= 0:
            raise ValueError(
                'mean and std need one value per channel and '
                f'std must be positive, got mean={mean}, '
                f'std={std}'
            )
        if to_bgr and len(mean) != 3:
            raise ValueError(
                'to_bgr exchanges the first and the last of 3 channels, but '
                f'mean has {len(mean)}'
            )
        self.to_bgr = to_bgr
        # Not persistent: a checkpoint holds what was learned, nothing else.
        self.register_buffer('mean', _per_channel(mean), persistent=False)
        self.register_buffer('std', _per_channel(std), persistent=False)

    def forward(
        self, data: dict[str, Any], training: bool = False
    ) -> dict[str, Any]:
        """Return ``data`` with one input tensor, everything on the device.

        Args:
            data: ``inputs``: B tensors (V, C, T, H, W), or one tensor
                (B, V, C, T, H, W), uint8 or float on the 0-255 scale;
                ``data_samples`` and other keys pass through.
            training: Part of mmengine's signature; without effect here.

        Returns:
            The same keys, ``inputs`` being (B, V, C, T, H, W) float32, the
            channels red, green, blue, or those of ``to_bgr``.

        Raises:
            ValueError: The videos of the batch differ in shape, the number
                of channels is not that of ``mean``, or only some of them
                have a ``colour_matrix``.
        """
        data = self.cast_data(data)
        inputs = _stack(data['inputs'])
        if inputs.ndim != 6 or inputs.shape[2] != self.mean.shape[0]:
            raise ValueError(
                'a batch must be (B, V, C, T, H, W) with '
                f'C={self.mean.shape[0]} channels as in mean and std, got '
                f'{tuple(inputs.shape)}; pack clips with PackClips, or with '
                "FormatShape(input_format='NCTHW')"
            )
        matrices = _colour_matrices(data.get('data_samples'))
        if self.to_bgr:  # of a matrix, the rows are the channels it makes
            if matrices is None:
                inputs = inputs.flip(2)
            else:
                matrices = matrices.flip(-2)
        if matrices is None:
            # Out of place once, then in place: one float copy of the batch.
            inputs = inputs.float().sub(self.mean).div_(self.std)
        else:
            inputs = self._colour(inputs, matrices)
        return {**data, 'inputs': inputs}

    def _colour(self, inputs: Tensor, matrices: Tensor) -> Tensor:
        """Make standardised RGB of any colours, linear in RGB.

        Args:
            inputs: (B, V, 3, T, H, W).
            matrices: (B, V, 3, 4) float32, to RGB on 0..255, or
                (B, V, T, 3, 4) where they differ from frame to frame.
        """
        frames = inputs.transpose(2, 3)  # (B, V, T, 3, H, W)
        by_frame = matrices.ndim == 5
        groups = frames if by_frame else inputs
        num_axes = matrices.ndim - 2  # of clips, or of frames
        if (
            inputs.shape[2] != 3
            or matrices.shape[:-2] != groups.shape[:num_axes]
        ):
            raise ValueError(
                'colour_matrix must be (V, 3, 4) or (V, T, 3, 4) for clips '
                f'(V, 3, T, H, W), got {tuple(matrices.shape[1:])} for '
                f'{tuple(inputs.shape[1:])}'
            )
        pixels = groups.flatten(0, num_axes - 1).flatten(2)  # (N, 3, pixels)
        mean, std = self.mean.view(3, 1), self.std.view(3, 1)
        linear = matrices[..., :3] / std
        offset = (matrices[..., 3:] - mean) / std
        # Autocast would round 0..255 to eight or eleven bits.
        with torch.autocast(inputs.device.type, enabled=False):
            colours = torch.baddbmm(
                offset.view(-1, 3, 1), linear.view(-1, 3, 3), pixels.float()
            )
        colours.clamp_(min=-mean / std, max=(255 - mean) / std)
        colours = colours.view(groups.shape)
        return colours.transpose(2, 3).contiguous() if by_frame else colours


def _colour_matrices(data_samples: Sequence[Any] | None) -> Tensor | None:
    """Return those of the batch, or None where colours are made already."""
    matrices = [
        sample.colour_matrix
        for sample in data_samples or ()
        if 'colour_matrix' in sample
    ]
    if not matrices:
        return None
    if len(matrices) < len(data_samples or ()):
        raise ValueError(
            f'{len(matrices)} of {len(data_samples or ())} videos have a '
            'colour_matrix: give FastClips the same apply_colour in all data '
            'sets of a batch'
        )
    return torch.stack(matrices)


def _per_channel(values: Sequence[float]) -> Tensor:
    """Shape (C, 1, 1, 1), to broadcast over (..., C, T, H, W)."""
    return torch.tensor(values, dtype=torch.float32).view(-1, 1, 1, 1)


def _stack(inputs: Tensor | Sequence[Tensor]) -> Tensor:
    """Stack B tensors of one shape, or say which shapes were met."""
    if isinstance(inputs, Tensor):
        return inputs
    shapes = sorted({tuple(video.shape) for video in inputs})
    if len(shapes) > 1:
        raise ValueError(
            'all videos of a batch need the same (V, C, T, H, W), got '
            f'{shapes}; crop to one size, sample one num_clips and '
            'clip_len, or set batch_size=1'
        )
    return torch.stack(tuple(inputs))

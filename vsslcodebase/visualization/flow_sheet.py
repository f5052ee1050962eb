"""Frames and the flow between them (HCML, Yang et al. 2020, Fig. 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vsslcodebase.models.heads.frame_reconstruction import shrink_frames
from vsslcodebase.models.losses import stays_inside, warp
from vsslcodebase.models.shown_frames import shown_frames

from .clip_sheet import PAPER, clip_sheet
from .flow import flow_colours, flow_legend, longest_vector


class ClipFlow(NamedTuple):
    """Of a clip with maps of t frames, n = t - 1 pairs; on the CPU.

    Attributes:
        level: The level of motion that the flow is estimated from.
        step: From a map to the next, in frames of the clip.
        frames: (t, 3, H, W) in [0, 1], those that the maps stand for.
        flow: (n, 2, h, w), (u right, v down) in pixels of the map.
        small: (t, 3, h, w), the frames at the size of the map.
        warped: (n, 3, h, w), each next frame taken back by the flow.
        inside: (n, 1, h, w) bool, where the flow stays in the frame.
    """

    level: int
    step: int
    frames: Tensor
    flow: Tensor
    small: Tensor
    warped: Tensor
    inside: Tensor

    def difference(self, with_flow: bool) -> NDArray[np.float64]:
        """Compare each frame with the next one, taken back or as it is.

        Returns:
            (n, h, w) in [0, 1], means over the channels of the absolute
            difference; nan where the flow leads out of the frame.
        """
        others = self.warped if with_flow else self.small[1:]
        found = (self.small[:-1] - others).abs().mean(1, keepdim=True)
        found = found.double().where(self.inside, torch.nan)
        return found[:, 0].numpy()


@torch.no_grad()
def read_flow(model: Any, batch: dict[str, Any]) -> ClipFlow:
    """Estimate the flow in the first clip of a video.

    Args:
        model: ``MotionPretrainer`` or ``MotionRecognizer``, in eval mode.
        batch: Of one video, collated.

    Raises:
        ValueError: The model has no estimator of flow.
    """
    head = getattr(model, 'motion_head', None)
    level = getattr(head, 'flow_level', None)
    if head is None or level is None:
        raise ValueError(
            f'{type(model).__name__} estimates no flow; take a '
            'MotionPretrainer, or a MotionRecognizer with its motion_head, '
            'whose flow_level is not None'
        )
    data = model.data_preprocessor(batch, training=False)
    clip = data['inputs'].flatten(0, 1)[:1]
    motion = model.backbone.motion_up_to(clip, level)
    flow = head.estimate_flow(motion)
    frames = shown_frames(clip, model.data_preprocessor)
    size = (flow.shape[2] + 1, *flow.shape[3:])
    small = shrink_frames(frames, size)
    step = frames.shape[2] // size[0]
    flow, small, frames = (
        images[0].transpose(0, 1).cpu()
        for images in (flow, small, frames[:, :, ::step])
    )
    return ClipFlow(
        level,
        step,
        frames,
        flow,
        small,
        warp(small[1:], flow),
        stays_inside(flow),
    )


def flow_sheet(
    found: ClipFlow,
    name: str,
    longest: float | None = None,
    tile: int = 112,
    max_columns: int = 8,
) -> NDArray[np.uint8]:
    """Draw pairs of frames, their flow, and how well it explains them.

    Args:
        found: Of a clip.
        name: Of the video.
        longest: Length of full colours, in pixels of the map; default the
            longest there is.
        tile: Height of a frame on the sheet in pixels.
        max_columns: Most pairs, evenly spread over the clip.

    Returns:
        (height, width, 3) RGB uint8 image, with a legend on the right.
    """
    flow = found.flow.numpy()
    longest = longest_vector(flow) if longest is None else longest
    frames = _pixels(found.frames)
    warped = _pixels(found.warped.where(found.inside, 0))
    plain, left = found.difference(False), found.difference(True)
    brightest = max(np.nanmax(plain, initial=0), np.nanmax(left, initial=0))
    height, width = flow.shape[2:]
    scale = found.frames.shape[3] / width
    rows = {
        f'{name}: frames t': frames[:-1],
        f'frames t + {found.step}': frames[1:],
        f'flow of level {found.level}, on {width} x {height}': flow_colours(
            flow, longest
        ),
        'the later frame taken back by it (black: from outside)': warped,
        f'difference to frame t, mean {_mean(left):.4f}': _grey(
            left, brightest
        ),
        f'difference without flow, mean {_mean(plain):.4f} '
        f'(white: {brightest:.2f})': _grey(plain, brightest),
    }
    times = [f't={found.step * t}' for t in range(len(flow))]
    notes = [times] + [[''] * len(times)] * (len(rows) - 1)
    sheet = clip_sheet([*rows.values()], [*rows], notes, tile, max_columns)
    unit = f'px of the map,\n{scale * longest:.3g} px of the frame'
    return _beside(sheet, flow_legend(longest, unit, side=160))


def _pixels(images: Tensor) -> NDArray[np.uint8]:
    """Turn (n, 3, h, w) in [0, 1] into (n, h, w, 3) uint8."""
    levels = (255 * images.clamp(0, 1)).round().to(torch.uint8)
    return levels.permute(0, 2, 3, 1).numpy()


def _grey(values: NDArray, brightest: float) -> NDArray[np.uint8]:
    """Turn (n, h, w) into grey (n, h, w, 3), nan into black."""
    shares = np.nan_to_num(values / (brightest or 1))
    levels = (255 * shares).round().astype(np.uint8)
    return np.repeat(levels[..., None], 3, axis=-1)


def _mean(values: NDArray) -> float:
    """Average what is not nan; nan of nothing, without a warning."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float('nan')


def _beside(*images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Put images side by side, their tops in a line, a little apart."""
    height = max(len(image) for image in images)
    padded: Sequence[NDArray[np.uint8]] = [
        np.pad(
            image,
            ((0, height - len(image)), (4, 4), (0, 0)),
            constant_values=PAPER[0],
        )
        for image in images
    ]
    return np.concatenate(padded, axis=1)

"""Frames rebuilt from the next ones (HCML, Yang et al. 2020, Section 3.3)."""

from __future__ import annotations

import torch.nn.functional as F
from mmengine.logging import MMLogger
from torch import Tensor, nn

from vsslcodebase.models.losses import (
    flow_smoothness_loss,
    photometric_loss,
    stays_inside,
)

# Between two looks at the valid share: each waits for the device
CHECK_INTERVAL = 50


class FrameExitWarning:
    """Warns, once in a run, if most of the flow leaves the frame."""

    def __init__(self) -> None:
        self.calls = 0
        self.has_warned = False

    def __call__(self, valid_share: Tensor) -> None:
        """Look at the first valid share, and at every fiftieth from there."""
        looks = self.calls % CHECK_INTERVAL == 0 and not self.has_warned
        self.calls += 1
        if looks and valid_share < 0.5:
            self.has_warned = True
            MMLogger.get_current_instance().warning(
                'the flow of %.0f %% of the pixels leads out of the frame, '
                'where nothing is compared: a way to a small loss that '
                "photo_norm='all' opens wide and a large learning rate finds",
                100 * (1 - valid_share.item()),
            )


def clip_flow(estimator: nn.Module, motion: Tensor) -> Tensor:
    """Estimate the flow from each frame of a clip to the next.

    Args:
        estimator: Such as ``FlowEstimator``, for maps of single frames.
        motion: (N, C, T, H, W). The last map has no flow: it was made
            without a next frame.

    Returns:
        (N, 2, T - 1, H, W), (u right, v down) in pixels of the map.

    Raises:
        ValueError: Clips of one frame.
    """
    if motion.shape[2] < 2:
        raise ValueError(
            'flow leads from a frame to the next one, but the motion '
            f'features have {motion.shape[2]} frame: take longer clips'
        )
    flow = estimator(_images(motion[:, :, :-1]))
    return flow.unflatten(0, (len(motion), -1)).transpose(1, 2)


def reconstruct(
    flow: Tensor, frames: Tensor | None, smoothness: float, photo_norm: str
) -> dict[str, Tensor]:
    """Compare each frame with the next one, warped by the flow (Eq. 3, 4).

    Args:
        flow: (N, 2, t - 1, h, w) of maps of t frames.
        frames: (N, 3, T, H, W) in [0, 1]; averaged over areas to the size of
            the maps. Of more frames than maps, every (T / t)-th is taken, as
            strided convolutions do.
        smoothness: zeta, weight of the smoothness.
        photo_norm: See ``photometric_loss``.

    Returns:
        ``loss_reconstruct``, and the metrics ``photometric``,
        ``smoothness``, ``valid_share`` of the pixels, and ``flow_speed`` in
        pixels of the map.

    Raises:
        ValueError: Frames are missing, or are no multiple of the maps.
    """
    num_maps = flow.shape[2] + 1
    frames = shrink_frames(frames, (num_maps, *flow.shape[3:]))
    images = _images(flow)  # (N*(t-1), 2, h, w)
    photometric = photometric_loss(
        _images(frames[:, :, :-1]),
        _images(frames[:, :, 1:]),
        images,
        photo_norm,
    )
    roughness = flow_smoothness_loss(images)
    images = images.detach()
    return dict(
        loss_reconstruct=photometric + smoothness * roughness,
        photometric=photometric.detach(),
        smoothness=roughness.detach(),
        valid_share=stays_inside(images).float().mean(),
        flow_speed=images.norm(dim=1).mean(),
    )


def shrink_frames(frames: Tensor | None, size: tuple[int, ...]) -> Tensor:
    """Make frames of the size of maps, as ``reconstruct`` compares them.

    Args:
        frames: (N, 3, T, H, W).
        size: (t, h, w) of the maps.

    Returns:
        (N, 3, t, h, w) float32.

    Raises:
        ValueError: Frames are missing, or are no multiple of the maps.
    """
    if frames is None:
        raise ValueError(
            'the reconstruction needs the frames: pass frames=(N, 3, T, H, W) '
            'with values in [0, 1]'
        )
    given = frames.shape[2]
    if given % size[0]:
        raise ValueError(
            f'{given} frames are no multiple of the {size[0]} of the motion '
            f'features; take clips of {-(-given // size[0]) * size[0]} frames'
        )
    frames = frames[:, :, :: given // size[0]].float()
    return F.interpolate(frames, size=size, mode='area')


def _images(clips: Tensor) -> Tensor:
    """Take clips apart: (N, C, T, H, W) -> (N*T, C, H, W)."""
    return clips.transpose(1, 2).flatten(0, 1)

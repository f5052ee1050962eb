"""A page where a slider says when a clip was, and the clip moves (LTN).

Latent Time Navigation shifts the feature f of a clip by what its start time t
says. The page shows, for any clip and any time on a grid, where f'(f, t) lies
and which other clips, each at its own time, are nearest. All is computed here;
the page needs neither network nor library.
"""

from __future__ import annotations

import base64
import html
import json
import string
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from mmaction.structures import ActionDataSample
from numpy.typing import NDArray
from torch import Tensor

from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.engine.video_segments import VideoSegments
from vsslcodebase.utils.precision import unit_length

TEMPLATE = Path(__file__).with_name('time_slider.html')
# With these, a page is below 10 MB.
MAX_CLIPS, MAX_STEPS, MAX_NEIGHBOURS = 400, 101, 8
THUMBNAIL_PX = 96


class Navigation(NamedTuple):
    """N clips, each told G times.

    Attributes:
        grid: (G,) the times, in seconds.
        indices: (N, G, K) the nearest other clips, nearest first.
        cosines: (N, G, K) with them.
        paths: (N, G, 2) where a clip lies, told each time.
        gallery: (N, 2) where it lies at its own time.
        explained: (2,) the share of the gallery's variance along the axes.
    """

    grid: Tensor
    indices: Tensor
    cosines: Tensor
    paths: Tensor
    gallery: Tensor
    explained: Tensor


def check_neck(neck: Any) -> None:
    """Raise ``UsageError`` unless a neck navigates in time."""
    if not hasattr(neck, 'navigate'):
        raise UsageError(
            f'{type(neck).__name__} does not know the time of a clip; give '
            'config and checkpoint of a network with TimeNavigationNeck'
        )


def own_times(neck: Any, videos: Sequence[VideoSegments]) -> Tensor:
    """Return what a neck reads of the times of segments.

    Args:
        neck: ``TimeNavigationNeck``.
        videos: Of N segments in all.

    Returns:
        (N, in) float32: start, or start, end and gap to the one before.

    Raises:
        ValueError: The neck needs ends, which the sampler did not tell.
    """
    rows = []
    for video in videos:
        sample = ActionDataSample()
        sample.set_field(video.starts, 'clip_time')
        if video.ends is not None:
            sample.set_field(video.ends, 'clip_end')
        rows.append(neck.read_times([sample], torch.device('cpu')))
    return torch.cat(rows)


@torch.no_grad()
def navigate_clips(
    neck: Any, features: Tensor, times: Tensor, grid: Tensor, neighbours: int
) -> Navigation:
    """Tell clips that they are of other times.

    A time t moves start and end of a clip; it lasts as long as it did, and
    its gap to the clip before is kept.

    Args:
        neck: ``TimeNavigationNeck`` in eval mode.
        features: (N, D) features f.
        times: (N, in) the clips' own times.
        grid: (G,) starts to tell, in seconds.
        neighbours: K; N - 1 where that is less.

    Returns:
        Neighbours by the cosine of f' with the f' of other clips at their own
        times, and the plane of the first two principal axes of the latter.
    """
    device = next(neck.parameters()).device

    def moved(told: Tensor) -> Tensor:
        f, t = features.to(device), told.to(device)
        return neck.navigate(f, neck.time_encoder(f, t)).cpu()

    own = moved(times)
    mean, axes, explained = principal_plane(own)
    indices, cosines, paths = [], [], []
    itself = torch.eye(len(own), dtype=torch.bool)
    for start in grid:
        told = times.clone()
        told[:, :2] += start - times[:, :1]
        there = moved(told)
        similar = unit_length(there) @ unit_length(own).T
        best = similar.masked_fill(itself, -torch.inf).topk(
            min(neighbours, len(own) - 1)
        )
        indices.append(best.indices)
        cosines.append(best.values)
        paths.append((there - mean) @ axes)
    return Navigation(
        grid,
        torch.stack(indices, 1),
        torch.stack(cosines, 1),
        torch.stack(paths, 1),
        (own - mean) @ axes,
        explained,
    )


def principal_plane(points: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return mean (D,), two axes (D, 2) and their shares of the variance.

    The largest entry of an axis is positive, so that pictures of the same
    points do not come out as mirror images.
    """
    mean = points.mean(0)
    _, sizes, right = torch.linalg.svd(points - mean, full_matrices=False)
    axes = right[:2].T
    largest = axes.gather(0, axes.abs().argmax(0, keepdim=True))
    variance = sizes.square()
    return (
        mean,
        axes * largest.sign(),
        variance[:2] / variance.sum().clamp(min=torch.finfo().tiny),
    )


def render_page(
    videos: Sequence[VideoSegments], found: Navigation, title: str
) -> str:
    """Return the page as HTML, its images and numbers included.

    Args:
        videos: Of N segments in all, N >= 3.
        found: Of the same segments.
        title: What the page is about, such as the checkpoint.

    Raises:
        UsageError: It would be too large a page.
    """
    num_clips, num_steps = found.indices.shape[:2]
    if num_clips > MAX_CLIPS or num_steps > MAX_STEPS:
        raise UsageError(
            f'a page has at most {MAX_CLIPS} clips and {MAX_STEPS} times, got '
            f'{num_clips} and {num_steps}; take fewer videos or segments'
        )
    # In JSON, < is only ever part of a text: so no text can end the script
    data = json.dumps(page_data(videos, found), separators=(',', ':'))
    return string.Template(TEMPLATE.read_text(encoding='utf-8')).substitute(
        title=html.escape(title), data=data.replace('<', '\\u003c')
    )


def page_data(
    videos: Sequence[VideoSegments], found: Navigation
) -> dict[str, Any]:
    """Return the numbers and images of the page.

    Places in the plane are divided by the largest, so that all lie in
    [-1, 1]. Places and cosines have four decimals.
    """
    scale = max(float(found.paths.abs().max()), 1e-12)
    scale = max(scale, float(found.gallery.abs().max()))
    clips = [
        dict(video=number, start=round(start, 2), image=jpeg(frame))
        for number, video in enumerate(videos)
        for start, frame in zip(video.starts.tolist(), video.frames)
    ]
    return dict(
        videos=[Path(video.filename).name for video in videos],
        clips=clips,
        grid=_rounded(found.grid, 3),
        neighbours=found.indices.tolist(),
        cosines=_rounded(found.cosines),
        paths=_rounded(found.paths / scale),
        gallery=_rounded(found.gallery / scale),
        explained=_rounded(found.explained),
    )


def jpeg(frame: NDArray[np.uint8], size: int = THUMBNAIL_PX) -> str:
    """Return an RGB frame as a base64 JPEG, ``size`` at its longer side."""
    height, width = frame.shape[:2]
    scale = size / max(height, width)
    shape = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = cv2.INTER_NEAREST if scale > 1 else cv2.INTER_AREA
    small = cv2.resize(frame, shape, interpolation=how)
    quality = (cv2.IMWRITE_JPEG_QUALITY, 80)
    _, content = cv2.imencode('.jpg', small[..., ::-1], quality)
    return base64.b64encode(content.tobytes()).decode()


def _rounded(values: Tensor, decimals: int = 4) -> Any:
    """Return nested lists of numbers that are short in JSON."""
    return np.round(values.double().numpy(), decimals).tolist()

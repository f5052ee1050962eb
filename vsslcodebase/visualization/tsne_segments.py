"""Segments of videos laid out by t-SNE, coloured by time (LTN, t-SNE figure).

Where features follow time, the segments of a video line up in the order in
which they were filmed, and their colours run from one end to the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from numpy.typing import NDArray
from torch import Tensor

from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.engine.video_segments import VideoSegments

# one hue a video; their light ends, which vanish on paper, are cut off
COLOUR_MAPS = ('Blues', 'Oranges', 'Greens', 'Purples', 'Reds', 'Greys')
MARKERS = ('o', 's', '^', 'D', 'v', 'P')
INK, FAINT = '#22272b', '#d9dde1'
STYLE = {
    'font.size': 9,
    'font.family': 'DejaVu Sans',  # comes with matplotlib
    'text.color': INK,
    'text.parse_math': False,  # a $ in a file name is a $
    'axes.edgecolor': FAINT,
    'xtick.color': INK,
}
THUMBNAIL_POINTS = 40
MAX_THUMBNAILS = 18  # as many as find a place around the points
MAX_VIDEOS = 18  # three with each hue
MAX_PERPLEXITY = 30.0


def tsne_layout(features: Tensor, seed: int = 0) -> NDArray[np.float64]:
    """Lay out features in the plane, neighbours beside neighbours.

    Features are scaled to length 1: what networks are trained to compare is
    the cosine. The perplexity is a third of the number of the others, 30 at
    most: scikit-learn's default is not below the number of so few points.

    Args:
        features: (N, D), N >= 3.
        seed: The same seed gives the same layout.

    Returns:
        (N, 2).

    Raises:
        ValueError: Fewer than three rows, or not two axes.
        UsageError: scikit-learn is not installed.
    """
    if features.ndim != 2 or len(features) < 3:
        raise ValueError(
            'a layout needs features (N, D) of 3 segments or more, got '
            f'{tuple(features.shape)}'
        )
    try:
        from sklearn.manifold import TSNE
    except ModuleNotFoundError as error:
        raise UsageError(
            't-SNE needs scikit-learn, which is not installed: '
            "pip install 'vsslcodebase[vis]'"
        ) from error
    points = features.double().numpy()
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    points = points / np.maximum(lengths, np.finfo(float).tiny)
    layout = TSNE(
        perplexity=min(MAX_PERPLEXITY, (len(points) - 1) / 3),
        init='pca',
        method='exact',  # so few points need no approximation
        random_state=seed,
    )
    return layout.fit_transform(points)


def draw_segments(
    path: Path,
    videos: Sequence[VideoSegments],
    layout: NDArray[np.floating],
    num_thumbnails: int = 3,
) -> None:
    """Draw the layout of all segments: a hue a video, darker is later.

    Args:
        path: Image to write.
        videos: Their times and frames; features are not read.
        layout: (N, 2), segment after segment, video after video.
        num_thumbnails: Frames shown of each video, from its first segment to
            its last; fewer where all together are too many.

    Raises:
        ValueError: There is not a point for each segment.
    """
    total = sum(len(video.starts) for video in videos)
    if layout.shape != (total, 2):
        raise ValueError(
            f'expected a layout ({total}, 2), a point for each segment, got '
            f'{layout.shape}'
        )
    num_thumbnails = min(num_thumbnails, MAX_THUMBNAILS // len(videos))
    height = max(6.2, 0.95 * len(videos))  # a colour bar for each video
    ends = np.cumsum([len(video.starts) for video in videos])[:-1]
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(8.6, height), layout='constrained', dpi=150)
        grid = figure.add_gridspec(max(6, len(videos)), 2, width_ratios=(5, 1))
        axes = figure.add_subplot(grid[:, 0])
        axes.set(xticks=[], yticks=[])
        axes.margins(0.24)  # room for thumbnails around the points
        thumbnails = []
        for number, (video, points) in enumerate(
            zip(videos, np.split(layout, ends))
        ):
            bar = figure.add_subplot(grid[number, 1])
            _draw_video(axes, bar, number, video, points)
            thumbnails += _thumbnails(video, points, number, num_thumbnails)
        _draw_around(axes, thumbnails)
        figure.savefig(path)


def _draw_video(
    axes: Axes,
    bar: Axes,
    number: int,
    video: VideoSegments,
    points: NDArray[np.floating],
) -> None:
    """Draw one video's path, and its colour bar."""
    starts, (x, y) = video.starts.numpy(), points.T
    norm = Normalize(float(starts.min()), float(starts.max()))
    axes.plot(x, y, color=_hue(number, 0.45), linewidth=0.8, zorder=1)
    drawn = axes.scatter(
        x,
        y,
        c=starts,
        cmap=_shades(number),
        norm=norm,
        marker=MARKERS[number % len(MARKERS)],
        s=46,
        edgecolors='white',
        linewidths=0.6,
        zorder=3,
    )
    axes.figure.colorbar(drawn, cax=bar, orientation='horizontal')
    bar.set_box_aspect(0.1)
    bar.set_anchor('N')
    bar.set_xlabel('start of segment (s)', fontsize=7)
    bar.tick_params(labelsize=7, length=2)
    bar.scatter(
        [0.03],
        [1.9],
        transform=bar.transAxes,
        clip_on=False,
        marker=MARKERS[number % len(MARKERS)],
        color=_hue(number, 0.75),
        s=30,
    )
    bar.set_title(
        '    ' + _shortened(Path(video.filename).name), fontsize=8, loc='left'
    )


class _Thumbnail(NamedTuple):
    """A frame to show, and the point it belongs to."""

    frame: NDArray[np.uint8]
    point: NDArray[np.floating]
    start: float
    colour: tuple[float, ...]


def _thumbnails(
    video: VideoSegments,
    points: NDArray[np.floating],
    number: int,
    count: int,
) -> list[_Thumbnail]:
    """Choose segments of a video, evenly from the first to the last."""
    last = len(points) - 1
    chosen = np.linspace(0, last, min(count, last + 1)).round().astype(int)
    return [
        _Thumbnail(
            video.frames[i],
            points[i],
            float(video.starts[i]),
            _hue(number, 0.7),
        )
        for i in chosen
    ]


def _draw_around(axes: Axes, thumbnails: Sequence[_Thumbnail]) -> None:
    """Put thumbnails on a frame around the points, each beside its own."""
    if not thumbnails:
        return
    axes.autoscale_view()
    to_axes = axes.transData + axes.transAxes.inverted()
    inside = to_axes.transform([shown.point for shown in thumbnails])
    for shown, place in zip(thumbnails, places_around(inside)):
        height, width = shown.frame.shape[:2]
        box = AnnotationBbox(
            OffsetImage(
                shown.frame,
                zoom=THUMBNAIL_POINTS / max(height, width),
                interpolation='nearest',  # the pixels the network sees
            ),
            (float(shown.point[0]), float(shown.point[1])),
            xybox=(float(place[0]), float(place[1])),
            boxcoords='axes fraction',
            pad=0.1,
            bboxprops=dict(edgecolor=shown.colour, linewidth=1.2),
            arrowprops=dict(
                arrowstyle='-',
                color=shown.colour,
                linewidth=0.6,
                alpha=0.7,
                shrinkB=3,
            ),
        )
        box.set_zorder(2)
        axes.add_artist(box)
        axes.annotate(
            f'{shown.start:.1f} s',
            place,
            xytext=(0, -THUMBNAIL_POINTS / 2 - 5),
            xycoords='axes fraction',
            textcoords='offset points',
            ha='center',
            va='top',
            fontsize=7,
            bbox=dict(facecolor='white', edgecolor='none', pad=0.8),
        )


def places_around(
    points: NDArray[np.floating], margin: float = 0.08
) -> NDArray[np.float64]:
    """Find places on a square around points of the unit square.

    Each point's place lies in its direction from the centre; places that are
    too close move apart along the square, in their order.

    Args:
        points: (n, 2) in [0, 1].
        margin: Distance of the square from the unit square's edge.

    Returns:
        (n, 2) in [0, 1].
    """
    across = np.asarray(points, float) - 0.5
    # a turn of the square is 8 half sides long; an angle is a part of it
    along = np.arctan2(across[:, 1], across[:, 0]) * 4 / np.pi
    order = np.argsort(along, kind='stable')
    along = along[order]
    gap = min(0.44, 8 / len(along))
    for _ in range(100):
        lacking = gap - (np.roll(along, -1) - along)
        lacking[-1] -= 8  # from the last on to the first
        push = np.clip(lacking, 0, None) / 2
        along += np.roll(push, 1) - push
    angles = along * np.pi / 4
    rays = np.stack([np.cos(angles), np.sin(angles)], 1)
    rays /= np.abs(rays).max(1, keepdims=True)
    places = np.empty_like(rays)
    places[order] = 0.5 + rays * (0.5 - margin)
    return places


def _shades(number: int) -> ListedColormap:
    """Return the colours of a video, from early to late."""
    named = matplotlib.colormaps[COLOUR_MAPS[number % len(COLOUR_MAPS)]]
    return ListedColormap(named(np.linspace(0.25, 1, 256)))


def _hue(number: int, strength: float) -> tuple[float, ...]:
    """Return one colour of a video."""
    return tuple(_shades(number)(strength))


def _shortened(name: str, width: int = 24) -> str:
    """Return a name, its middle left out where it is long."""
    if len(name) <= width:
        return name
    return f'{name[: width // 2 - 1]}...{name[-(width // 2 - 2) :]}'

"""A diagnosis as a picture: how videos differ in length, size and cost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .diagnosis import Diagnosis, frames_of_clip

_COLOUR, _MARK = '#0072b2', '#d55e00'
_STYLE = {
    'font.size': 10,
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.titlelocation': 'left',
    'axes.titlesize': 11,
}
_BINS = 40


def write_picture(diagnosis: Diagnosis, path: str | Path) -> None:
    """Write histograms of the readable videos as an image.

    Args:
        diagnosis: Of the data set, with at least one readable video.
        path: Image file; its suffix says which format.

    Raises:
        ValueError: A format that matplotlib does not know.
    """
    good = diagnosis.good
    span = frames_of_clip(diagnosis.sampler)
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(11, 6.5), layout='constrained')
        panels = figure.subplots(2, 3).ravel()
        figure.suptitle(
            f'{len(good)} readable of {len(diagnosis.reports)} videos',
            x=0.01,
            ha='left',
        )
        _histogram(panels[0], 'Length, frames', [v.frames for v in good])
        _mark(panels[0], span, 'one clip')
        _mark(panels[0], span * diagnosis.sampler.num_clips, 'all clips')
        _histogram(
            panels[1],
            'Longest way between key frames, frames',
            [v.gop_max for v in good],
        )
        _histogram(
            panels[2],
            'Short side, pixels',
            [min(v.height, v.width) for v in good],
        )
        _histogram(
            panels[3],
            'Frame rate, 1/s',
            [v.fps for v in good if v.fps],
        )
        _histogram(
            panels[4],
            'Size, bytes a frame',
            [v.num_bytes / v.frames for v in good],
        )
        costs = [cost.cpu_ms for cost in diagnosis.costs]
        _histogram(panels[5], 'Decoding, CPU ms a sample', costs)
        if costs:
            _mark(panels[5], float(np.mean(costs)), 'mean')
        figure.savefig(path, dpi=110)


def _histogram(axes: Axes, title: str, values: Sequence[float]) -> None:
    """Draw a histogram; widths grow where values differ much."""
    axes.set_title(title)
    if not values:
        axes.text(0.5, 0.5, 'not measured', ha='center')
        axes.set_axis_off()
        return
    low, high = min(values), max(values)
    is_wide = low > 0 and high > 20 * low
    if low == high:
        edges = np.array([low - 0.5, low + 0.5])
    elif is_wide:
        edges = np.geomspace(low, high, _BINS + 1)
        axes.set_xscale('log')
        axes.xaxis.set_major_formatter('{x:g}')
    else:
        edges = np.linspace(low, high, _BINS + 1)
    axes.hist(values, edges.tolist(), color=_COLOUR)
    axes.margins(y=0.15)  # for the marks
    axes.set_ylabel('videos')
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))


def _mark(axes: Axes, value: float, name: str) -> None:
    """Draw a line at a value that matters."""
    axes.axvline(value, color=_MARK, linewidth=1)
    axes.text(
        value,
        0.97,
        f' {name}',
        color=_MARK,
        va='top',
        transform=axes.get_xaxis_transform(),
    )

"""Small charts as PNG data, in colours that survive colour blindness."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import cv2
import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from .settings import NETWORKS

# Okabe and Ito (2008); told apart by lightness, too
COLOURS = {'untrained': '#8a8f94', 'simclr': '#e69f00', 'corp_m': '#0072b2'}
HELD_OUT = '#d55e00'
INK, FAINT = '#22272b', '#d9dde1'
STYLE = {
    'font.size': 10,
    'font.family': 'DejaVu Sans',  # comes with matplotlib
    'axes.edgecolor': FAINT,
    'axes.labelcolor': INK,
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.titlelocation': 'left',
    'axes.titlesize': 11,
    'text.color': INK,
    'xtick.color': INK,
    'ytick.color': INK,
    'legend.frameon': False,
}
Curve = Sequence[tuple[int, float]]


def loss_chart(curves: dict[str, dict[str, Curve]]) -> str:
    """Draw the loss of each method in a panel of its own.

    The losses are different questions, so their heights do not compare.

    Args:
        curves: For each method its curves by name, with 'loss'.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(6.4, 3.0), layout='constrained')
        panels = figure.subplots(1, len(curves), squeeze=False)[0]
        for axes, (name, own) in zip(panels, curves.items()):
            axes.plot(*_xy(own['loss']), color=COLOURS[name], linewidth=2)
            axes.set_title(f'Loss of {NETWORKS[name]}')
            axes.set_xlabel('step')
            axes.set_ylim(bottom=0)
            axes.margins(x=0)
        return _png(figure)


def order_chart(curves: dict[str, Curve]) -> str:
    """Draw order accuracy in training and on held-out videos.

    Args:
        curves: Of CORP_m; 'order_acc' and 'relation/order_acc'.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(6.4, 3.0), layout='constrained')
        axes = figure.subplots()
        lines = (
            ('order_acc', 'training, augmented', COLOURS['corp_m'], ''),
            ('relation/order_acc', 'held-out videos', HELD_OUT, 'o'),
        )
        for key, label, colour, marker in lines:
            if curves.get(key):
                steps, values = _xy(curves[key])
                axes.plot(
                    steps,
                    100 * values,
                    color=colour,
                    label=label,
                    linewidth=2,
                    marker=marker,
                    markersize=5,
                )
        _chance_line(axes, 50)
        axes.set_title('Which clip came first? CORP_m, correct in %')
        axes.set_xlabel('step')
        axes.set_ylim(40, 102)
        axes.set_xlim(left=0)
        axes.legend(loc='center right')
        return _png(figure)


def pairs_chart(pairs: dict[str, list[dict[str, Any]]]) -> str:
    """Draw inside-pair accuracy of every pair of motions and network.

    Args:
        pairs: For each network ``names`` and ``accuracy`` of the pairs.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(6.4, 3.4), layout='constrained')
        axes = figure.subplots()
        names = [pair['names'] for pair in next(iter(pairs.values()))]
        width = 0.8 / len(pairs)
        for place, (network, own) in enumerate(pairs.items()):
            bars = axes.bar(
                np.arange(len(own)) + (place - (len(pairs) - 1) / 2) * width,
                [100 * pair['accuracy'] for pair in own],
                width * 0.92,
                color=COLOURS[network],
                label=NETWORKS[network],
            )
            axes.bar_label(bars, fmt='%.0f', fontsize=8, padding=1)
        axes.set_xticks(range(len(names)), [_pair_label(n) for n in names])
        axes.tick_params(axis='x', length=0)
        _chance_line(axes, 50)
        axes.set_title('A motion or its reversal? correct in %', pad=26)
        axes.set_ylim(0, 109)
        axes.set_yticks(range(0, 101, 25))
        axes.legend(loc='lower left', bbox_to_anchor=(-0.02, 0.98), ncols=3)
        return _png(figure)


def answers_chart(truth: NDArray, answers: NDArray) -> str:
    """Draw what was right and what the network said, for all clip pairs.

    Args:
        truth: (M, M) classes of the pairs: 0 another video, 1 the row's clip
            is earlier, 2 later, -1 not asked.
        answers: (M, M) classes the network chose.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(6.4, 3.5), layout='constrained')
        panels = figure.subplots(1, 2)
        for axes, shown, title in (
            (panels[0], truth, 'What is right'),
            (panels[1], np.where(truth < 0, -1, answers), 'What CORP_m says'),
        ):
            _answer_panel(axes, shown, truth, title)
        return _png(figure)


def image_png(image: NDArray[np.uint8]) -> str:
    """Return an RGB image (H, W, 3) as base64 PNG."""
    _, data = cv2.imencode('.png', image[..., ::-1])  # OpenCV wants BGR
    return base64.b64encode(data.tobytes()).decode()


def _answer_panel(
    axes: Axes, shown: NDArray, truth: NDArray, title: str
) -> None:
    """Draw one matrix; answers that are wrong are crossed out."""
    symbols = {-1: '', 0: '·', 1: '<', 2: '>'}
    fills = {-1: '#ffffff', 0: '#eef0f2', 1: '#bfdcee', 2: '#fbe3b5'}
    count = len(truth)
    for (row, column), answer in np.ndenumerate(shown):
        corner = (column - 0.5, row - 0.5)
        axes.add_patch(
            matplotlib.patches.Rectangle(
                corner, 1, 1, facecolor=fills[int(answer)], edgecolor='white'
            )
        )
        wrong = answer != truth[row, column]
        axes.text(
            column,
            row,
            symbols[int(answer)],
            ha='center',
            va='center',
            color=HELD_OUT if wrong else INK,
            weight='bold' if wrong else 'normal',
        )
        if wrong:
            axes.plot(
                [column - 0.4, column + 0.4],
                [row + 0.4, row - 0.4],
                color=HELD_OUT,
                linewidth=1.5,
            )
    axes.set_xlim(-0.5, count - 0.5)
    axes.set_ylim(count - 0.5, -0.5)
    axes.set_aspect('equal')
    labels = [str(number) for number in range(1, count + 1)]
    axes.set_xticks(range(count), labels)
    axes.set_yticks(range(count), labels)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(title)
    axes.set_ylabel('clip')
    axes.set_xlabel('compared with clip')


def _chance_line(axes: Axes, level: float) -> None:
    """Mark what guessing gives."""
    axes.axhline(level, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    axes.annotate(
        'chance',
        (1, level),
        xycoords=('axes fraction', 'data'),
        xytext=(4, 0),
        textcoords='offset points',
        va='center',
        fontsize=8,
    )


def _pair_label(names: Sequence[str]) -> str:
    """Write the two names of a pair on two lines."""
    return f'{names[0]}\n{names[1]}'


def _xy(curve: Curve) -> tuple[NDArray, NDArray]:
    """Split (step, value) pairs into two arrays."""
    points = np.asarray(curve, dtype=float)
    return points[:, 0], points[:, 1]


def _png(figure: Figure) -> str:
    """Render a figure to base64 PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png', dpi=150)
    return base64.b64encode(buffer.getvalue()).decode()

"""One picture of what networks know: a panel a question, a row a network."""

from __future__ import annotations

import io
from collections.abc import Mapping

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from vsslcodebase.evaluation.probe_answers import Answer

from .probe_style import COLOURS, CONTROLS, QUESTIONS
from .probe_table import shortened

Answers = Mapping[str, Mapping[str, Answer]]  # network, question
NUM_COLUMNS = 4
MARKERS = {'shuffled': 'o', 'frozen': 's', 'reversed': '<'}
OFFSETS = {'shuffled': -0.26, 'frozen': 0.0, 'reversed': 0.26}
INK, FAINT, SOFT = '#22272b', '#d9dde1', '#5a636b'
STYLE = {
    'font.size': 11,
    'font.family': 'DejaVu Sans',  # comes with matplotlib
    'axes.edgecolor': FAINT,
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.spines.left': False,
    'axes.titlelocation': 'left',
    'text.color': INK,
    'xtick.color': SOFT,
    'ytick.color': INK,
    'legend.frameon': False,
}
LEFT_EDGE = -4.0  # per cent; what lies below is drawn there


def probe_picture(answers: Answers, dpi: int = 150) -> bytes:
    """Draw all networks and questions.

    Bars are clips as played, with their 95 % interval; marks are controls;
    the dashed line is chance.

    Args:
        answers: Of each network, by question; top to bottom.
        dpi: Dots an inch; the picture is 13.3 inches wide.

    Returns:
        PNG data.
    """
    asked = [
        name
        for name in QUESTIONS
        if all(name in one for one in answers.values())
    ]
    num_rows = -(-len(asked) // NUM_COLUMNS)
    height = num_rows * (1.0 + 0.36 * len(answers)) + 0.9
    with matplotlib.rc_context(STYLE):
        layout = ConstrainedLayoutEngine(
            w_pad=0.12, h_pad=0.10, wspace=0.03, hspace=0.06
        )
        figure = Figure(figsize=(13.3, height), layout=layout)
        panels = figure.subplots(num_rows, NUM_COLUMNS, squeeze=False)
        for place, axes in enumerate(panels.flat):
            if place >= len(asked):
                axes.set_axis_off()
                continue
            name = asked[place]
            own = {network: one[name] for network, one in answers.items()}
            _panel(axes, name, own, place % NUM_COLUMNS == 0)
        figure.legend(
            handles=_legend(), loc='outside lower center', ncols=5, fontsize=11
        )
        return _png(figure, dpi)


def _panel(
    axes: Axes, name: str, answers: Mapping[str, Answer], with_names: bool
) -> None:
    """Draw one question."""
    rows = np.arange(len(answers))
    figures = [answer.shown('played')[0] for answer in answers.values()]
    values = 100 * np.array([figure.value for figure in figures])
    ends = 100 * np.array([(f.low, f.high) for f in figures]).T
    axes.barh(rows, values, 0.78, color=COLOURS['played'], alpha=0.3)
    axes.hlines(rows, *ends, color=COLOURS['played'], linewidth=3)
    for order, marker in MARKERS.items():
        shown = [answer.shown(order)[0].value for answer in answers.values()]
        axes.plot(
            np.maximum(100 * np.array(shown), LEFT_EDGE),
            rows + OFFSETS[order],
            marker,
            color=COLOURS[order],
            markersize=5.5,
            markeredgecolor='white',
            markeredgewidth=0.5,
            clip_on=False,
            zorder=3,
        )
    chance = 100 * next(iter(answers.values())).chance
    axes.axvline(chance, color=INK, linewidth=1.1, linestyle=(0, (4, 3)))
    for row, value in zip(rows, values):
        axes.annotate(
            f'{value:z.0f}',
            (1.0, row),
            xycoords=('axes fraction', 'data'),
            xytext=(30, 0),
            textcoords='offset points',
            ha='right',
            va='center',
            color=COLOURS['played'],
            weight='bold',
        )
    text = QUESTIONS[name]
    axes.set_title(f'{text.asks}\n', fontsize=13, weight='bold')
    axes.text(
        0, 1.03, text.name, transform=axes.transAxes, color=SOFT, fontsize=10
    )
    axes.set_xlim(LEFT_EDGE, 100)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xticks(sorted({0, 50, 100}))
    # a dollar would begin a formula
    names = [shortened(n, 26).replace('$', r'\$') for n in answers]
    axes.set_yticks(rows, names)
    axes.tick_params(length=0, labelleft=with_names)


def _legend() -> list[Line2D | Patch]:
    """Return what explains bars, marks and line."""
    played = Patch(
        facecolor=COLOURS['played'], alpha=0.35, label=CONTROLS['played']
    )
    marks = [
        Line2D(
            [],
            [],
            color=COLOURS[order],
            marker=marker,
            linestyle='',
            markersize=7,
            label=CONTROLS[order],
        )
        for order, marker in MARKERS.items()
    ]
    chance = Line2D(
        [], [], color=INK, linewidth=1.1, linestyle=(0, (4, 3)), label='chance'
    )
    return [played, *marks, chance]


def _png(figure: Figure, dpi: int) -> bytes:
    """Render a figure."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png', dpi=dpi)
    return buffer.getvalue()

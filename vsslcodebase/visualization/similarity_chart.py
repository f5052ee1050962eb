"""Two histograms: how alike clips of one video are, and of two videos."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

NUM_BINS = 50
# Okabe and Ito (2008): told apart by colour-blind readers, too
POSITIVE, NEGATIVE = '#0072b2', '#d55e00'
STYLE = {
    'font.size': 9,
    'font.family': 'DejaVu Sans',  # comes with matplotlib
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.titlelocation': 'left',
    'legend.frameon': False,
}


def save_similarity_chart(
    positive: np.ndarray, negative: np.ndarray, path: Path, title: str
) -> None:
    """Draw both histograms over each other, each of them of area 1.

    Args:
        positive: (P,) cosines of clips of one video; may be empty.
        negative: (Q,) cosines of clips of two videos; may be empty.
        path: Where to write the picture; its folder is made.
        title: Above it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    edges = np.linspace(-1, 1, NUM_BINS + 1)
    with matplotlib.rc_context(STYLE):
        # not pyplot's, which would keep it and choose a window system
        figure = Figure(figsize=(4.8, 3), dpi=100, layout='constrained')
        axes = figure.subplots()
        for values, colour, name in (
            (negative, NEGATIVE, 'two videos'),
            (positive, POSITIVE, 'one video'),
        ):
            if len(values):
                axes.hist(
                    values,
                    edges.tolist(),
                    density=True,
                    histtype='stepfilled',
                    alpha=0.6,
                    color=colour,
                    label=f'{name}, mean {values.mean():.2f}',
                )
        axes.set(
            title=title,
            xlim=(-1, 1),
            xlabel='cosine similarity of two clips',
            ylabel='density',
        )
        axes.legend(loc='upper left')
        figure.savefig(path)

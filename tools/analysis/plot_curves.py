"""Draw training curves of one or several runs side by side.

CORP's Fig. 3 (loss, total and pair accuracy of the two attentions) is::

    python tools/analysis/plot_curves.py \
        work_dirs/corp_m_r3d50_ssv2 \
        work_dirs/corp_m_mixed-attention_r3d50_ssv2 \
        --keys loss total_acc pair_acc order_acc --out fig3.png
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use('Agg')
import matplotlib.pyplot as plt

# the colours of Okabe and Ito, told apart by colour-blind readers too
COLORS = ('#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#000000')


def read_scalars(run: Path) -> list[dict]:
    """Read what a run logged, oldest first, over all its interruptions.

    Raises:
        FileNotFoundError: If nothing was logged in the folder.
        ValueError: If a line of a log is not JSON.
    """
    files = sorted(run.glob('*/vis_data/scalars.json'))
    if not files:
        raise FileNotFoundError(
            f'{run} holds no */vis_data/scalars.json; expected the work '
            'directory of a training run'
        )
    rows = []
    for file in files:
        for number, line in enumerate(file.read_text().splitlines(), 1):
            try:
                rows.append(json.loads(line))
            except json.JSONDecodeError as error:
                raise ValueError(f'{file}:{number}: {error}') from error
    return rows


def curve(rows: list[dict], key: str) -> tuple[list[float], list[float]]:
    """Return steps and values of a key; a step logged twice counts once."""
    points = {row['step']: row[key] for row in rows if key in row}
    steps = sorted(points)
    return steps, [points[step] for step in steps]


def draw(runs: list[Path], keys: list[str], out: Path) -> None:
    """Draw one panel per key and one line per run.

    Raises:
        ValueError: If no run logged a key.
    """
    logs = [read_scalars(run) for run in runs]
    fig, axes = plt.subplots(
        1, len(keys), figsize=(4 * len(keys), 3.2), squeeze=False
    )
    for ax, key in zip(axes[0], keys):
        for i, (run, rows) in enumerate(zip(runs, logs)):
            steps, values = curve(rows, key)
            if steps:
                color = COLORS[i % len(COLORS)]
                ax.plot(steps, values, color=color, label=run.name, lw=1.5)
        if not ax.lines:
            logged = sorted({k for rows in logs for row in rows for k in row})
            raise ValueError(f'no run logged {key!r}; there are {logged}')
        ax.set(title=key, xlabel='step')
        ax.grid(alpha=0.3)
    axes[0][0].legend(frameon=False, fontsize=8)
    fig.tight_layout()
    fig.savefig(out, dpi=150)


def main() -> None:
    """Read the arguments and draw."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('runs', nargs='+', type=Path, help='work directories')
    parser.add_argument(
        '--keys', nargs='+', default=['loss', 'total_acc', 'pair_acc']
    )
    parser.add_argument('--out', type=Path, default=Path('curves.png'))
    args = parser.parse_args()
    try:
        draw(args.runs, args.keys, args.out)
    except (FileNotFoundError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(f'wrote {args.out}')


if __name__ == '__main__':
    main()

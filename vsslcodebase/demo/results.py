"""The numbers of a demonstration, collected, and as a table for a terminal."""

from __future__ import annotations

import datetime
import os
import platform
import shlex
import sys
from importlib.metadata import version
from typing import Any

from vsslcodebase.version import __version__

from .display import duration
from .settings import LEVEL, NETWORKS, SIZE_PX, DemoSettings

PACKAGES = ('torch', 'mmengine', 'mmaction2', 'numpy', 'av')
COLUMNS = {
    'inside_pair': 'inside pair',
    'motion': 'motion',
    'appearance': 'appearance',
    'scene': 'scene',
    'order': 'clip order',
}


def collect_results(
    settings: DemoSettings,
    records: dict[str, dict[str, Any]],
    titles: dict[str, str],
) -> dict[str, Any]:
    """Put together what the stages found.

    Args:
        settings: Of the demonstration.
        records: What ``run_stages`` returned.
        titles: Of the stages, by name.

    Returns:
        ``scores`` (see ``scores_of``), ``chance``, ``pairs``, ``curves``,
        ``stages``, and how it was all made; JSON.
    """
    probes = {n: records[f'probe-{n}']['result'] for n in NETWORKS}
    first = next(iter(probes.values()))
    trained = {n: records[n]['result'] for n in NETWORKS if n in records}
    return dict(
        scores={n: scores_of(probes[n], trained.get(n)) for n in NETWORKS},
        chance=dict(first['chance'], inside_pair=0.5, order=0.5),
        pairs={n: probes[n]['pairs'] for n in NETWORKS},
        curves={n: result['curves'] for n, result in trained.items()},
        num_train=first['num_train'],
        num_test=first['num_test'],
        steps={n: result['steps'] for n, result in trained.items()},
        stages=[
            dict(
                title=titles[name],
                seconds=record['seconds'],
                finished=record['finished'],
                folder=record['folder'],
            )
            for name, record in records.items()
        ],
        seconds=round(sum(r['seconds'] for r in records.values()), 1),
        commands=[
            shlex.join(['python', *result['command'][1:]])
            for result in trained.values()
        ],
        checkpoints={n: r['checkpoint'] for n, r in trained.items()},
        made=_circumstances(settings),
    )


def scores_of(
    probe: dict[str, Any], training: dict[str, Any] | None
) -> dict[str, float | None]:
    """Return the accuracies of a network by the names of ``COLUMNS``.

    ``order`` is that of the last validation on held-out videos; None for a
    network that was never asked for order.
    """
    curve = (training or {}).get('curves', {}).get('relation/order_acc')
    return dict(
        inside_pair=probe['inside_pair'],
        **probe['accuracy'],
        order=curve[-1][1] if curve else None,
    )


def finding(results: dict[str, Any]) -> str:
    """Say in one or two sentences what came out, whatever it is."""
    inside = {n: s['inside_pair'] for n, s in results['scores'].items()}
    order = results['scores']['corp_m']['order']
    compared = ' and '.join(
        f'{_difference(inside["corp_m"] - inside[other])} than {name}'
        for other, name in (
            ('simclr', 'SimCLR'),
            ('untrained', 'the untrained network'),
        )
    )
    sentence = (
        f'The features of CORP_m tell a motion from its reversal in '
        f'{inside["corp_m"]:.1%} of the test videos (chance 50 %): {compared}.'
    )
    if order is not None:
        sentence += (
            f' On videos it was not trained on, CORP_m puts {order:.1%} '
            'of the clip pairs into the right order (chance 50 %).'
        )
    return sentence.replace('%', ' %').replace('  %', ' %')


def _difference(points: float) -> str:
    """Write a difference of accuracies in points."""
    word = 'more' if points >= 0 else 'less'
    return f'{abs(100 * points):.1f} points {word}'


def text_table(results: dict[str, Any]) -> str:
    """Return the scores as a table of text, in per cent."""
    rows = [['accuracy in %', *COLUMNS.values()]]
    rows.append(['chance', *_cells(results['chance'])])
    for name, scores in results['scores'].items():
        rows.append([NETWORKS[name], *_cells(scores)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [c.rjust(w) for c, w in zip(row[1:], widths[1:])]
        lines.append('  ' + '   '.join(cells))
    lines.insert(1, '  ' + '─' * (len(lines[0]) - 2))
    return '\n'.join(lines)


def _cells(scores: dict[str, float | None]) -> list[str]:
    """Write scores in the order of ``COLUMNS``."""
    return [percent(scores.get(name)) for name in COLUMNS]


def percent(value: float | None) -> str:
    """Write a share in per cent with one decimal; a dash for none."""
    return '-' if value is None else f'{100 * value:.1f}'


def _circumstances(settings: DemoSettings) -> dict[str, Any]:
    """Say how, where and when this was made."""
    knobs = settings.dataset().knobs
    versions = {name: version(name) for name in PACKAGES}
    return dict(
        date=datetime.datetime.now().astimezone().isoformat(' ', 'minutes'),
        command=shlex.join([os.path.basename(sys.executable), *sys.argv]),
        seed=settings.seed,
        device=settings.device,
        cores=os.cpu_count(),
        machine=f'{platform.system()} {platform.machine()}',
        versions=dict(
            python=platform.python_version(),
            vsslcodebase=__version__,
            **versions,
        ),
        data=dict(
            level=LEVEL,
            size=SIZE_PX,
            frames=knobs.num_frames,
            videos=list(settings.num_videos),
            folder=str(settings.data_dir),
            motions=knobs.motion_names,
        ),
    )


def summary(results: dict[str, Any]) -> str:
    """Return what the terminal shows at the end."""
    rows = results['num_test']
    return '\n'.join(
        [
            '',
            text_table(results),
            '',
            *_wrapped(finding(results)),
            '',
            f'  Linear probes on frozen features, {rows:,} test videos; '
            f'{duration(results["seconds"])} of work.',
        ]
    )


def _wrapped(text: str, width: int = 76) -> list[str]:
    """Break a text into lines with an indent of two."""
    lines, line = [], ' '
    for word in text.split():
        if len(line) + 1 + len(word) > width:
            lines.append(line)
            line = ' '
        line += ' ' + word
    return [*lines, line]

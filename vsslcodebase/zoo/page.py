"""``model_zoo.md`` and the metafile of the small models, made from files.

What the papers print comes from ``configs/*/metafile.yml`` ("Paper
Results"), what was measured from ``results/*.json``; neither is written by
hand into the page, and a test compares the page with what this makes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from vsslcodebase.evaluation.score_spread import spread

from .results import UNTRAINED, Result, of_protocol, read_results

PROBES = 'motion-mini'  # the protocol of tools/analysis/probe_report.py
CHECKPOINTS = 'checkpoints'
MINI = 'configs/mini/'
# questions of the probe report: title, and what a guess gives, in %
QUESTIONS = {
    'inside pair': ('inside pair', 50.0),
    'motion': ('motion', 12.5),
    'arrow': ('arrow of time', 50.0),
    'pace': ('pace', 25.0),
    'appearance': ('appearance', 12.5),
    'scene': ('scene', 12.5),
    'scene kNN': ('scene kNN', 12.5),
    'R2 t': ('R² of time', 0.0),
}
# of a metafile's metric: how test.py calls it
METRIC_KEYS = {
    'Top 1 Accuracy': ('acc/top1', 'top1'),
    'Mean Class Accuracy': ('per_class/mean_acc', 'acc/mean1'),
    'R@1, layer p4': ('retrieval/R@1', 'R@1'),
}
TASKS = {
    'linear': 'linear',
    'finetune': 'fine-tuning',
    'finetune-motion': 'fine-tuning, motion blocks',
    'retrieval': 'retrieval',
    'hcml': 'labels and HCML',
}

TEMPLATE = Path(__file__).with_suffix('.template')
OLD_NOTE = '\n† The config has changed since this was measured.\n'

Digest = Callable[[Result], str | None]


def make_page(root: Path, current_digest: Digest) -> str:
    """Return the text of ``model_zoo.md``.

    Args:
        root: Of the checkout.
        current_digest: Of a result's config as it is now; None if it is
            gone. Where it differs from the result's, the page says so.
    """
    results = read_results(root / 'results')
    old = {
        _identity(result)
        for result in results
        if current_digest(result) != result.config_digest
    }
    text = TEMPLATE.read_text(encoding='utf-8').format(
        full_size='\n'.join(_full_size(root, results, old)),
        mini='\n'.join(_probe_table(root, results, old)),
        runs='\n'.join(_runs(results)),
    )
    return text + OLD_NOTE * bool(old)


def make_mini_metafile(root: Path) -> str:
    """Return the text of ``configs/mini/metafile.yml``."""
    results = read_results(root / 'results')
    models = [
        _mini_entry(root, result)
        for result in results
        if result.protocol == PROBES
        and not result.options
        and result.checkpoint['file'] != UNTRAINED
        and (root / CHECKPOINTS / result.checkpoint['file']).is_file()
    ]
    collection = {
        'Name': 'motion-mini',
        'README': MINI + 'README.md',
        'Metadata': {'Training Data': 'motion-mini'},
    }
    text = yaml.safe_dump(
        {'Collections': [collection], 'Models': models},
        sort_keys=False,
        allow_unicode=True,
    )
    return '# Made by tools/make_model_zoo.py from results/*.json.\n' + text


def full_size_entries(root: Path) -> list[dict[str, Any]]:
    """Return the models of all metafiles but the small ones'."""
    index = yaml.safe_load((root / 'model-index.yml').read_text())['Import']
    return [
        entry
        for name in index
        if not name.startswith(MINI)
        for entry in yaml.safe_load((root / name).read_text())['Models']
    ]


def measured(
    results: Iterable[Result], config: str, evaluation: str, metric: str
) -> tuple[str, list[Result]]:
    """Return what a cell of the full-size table says, and from what.

    Args:
        results: All.
        config: Path of the trained config.
        evaluation: Name of the config that evaluated it.
        metric: As the metafiles call it.
    """
    found = of_protocol(results, config, evaluation)
    values = []
    for result in found:
        keys = [k for k in METRIC_KEYS.get(metric, ()) if k in result.metrics]
        if keys:
            values.append(result.metrics[keys[0]])
    return (per_cent(values), found) if values else ('not run', [])


def per_cent(shares: Sequence[float]) -> str:
    """Format one share, or mean ± standard deviation and their number."""
    number = f' ({len(shares)})' if len(shares) > 1 else ''
    text = spread(shares).text(100, 1)
    return ('0.0' if text == '-0.0' else text) + number


def _full_size(
    root: Path, results: list[Result], old: set[tuple]
) -> list[str]:
    """Return the lines of the full-size table."""
    lines = [
        '| config | epochs | evaluation | data | paper | measured | '
        'checkpoint |',
        '|---|---:|---|---|---|---|---|',
    ]
    for entry in full_size_entries(root):
        config = entry['Config']
        for row in entry.get('Paper Results', []):
            cell, found = measured(
                results, config, row['Evaluation'], row['Metric']
            )
            mark = '†' * any(_identity(result) in old for result in found)
            task = TASKS[row['Evaluation'].split('_')[0]]
            metric = row['Metric'].replace('Top 1 Accuracy', 'top-1')
            weights = entry['Weights']
            cells = [
                f'[`{entry["Name"]}`]({config})',
                str(entry['Metadata']['Epochs']),
                f'{task}, {metric.lower()}',
                row['Dataset'],
                f'{row["Value"]} ({row["Source"]})',
                cell + mark,
                f'[file]({weights})' if weights else 'none',
            ]
            lines.append(f'| {" | ".join(cells)} |')
    return lines


def _probe_table(
    root: Path, results: list[Result], old: set[tuple]
) -> list[str]:
    """Return the lines of the table of small models."""
    probed = [r for r in results if r.protocol == PROBES and not r.options]
    if not probed:
        return ['Not run.']
    columns = list(QUESTIONS)
    titles, chances = zip(*QUESTIONS.values())
    lines = [
        f'| config | seeds | {" | ".join(titles)} | checkpoint |',
        f'|---|---|{"---:|" * len(columns)}---|',
        f'| chance | | {" | ".join(map(str, chances))} | |',
    ]
    names = sorted({result.name for result in probed}, key=_untrained_first)
    for name in names:
        group = [result for result in probed if result.name == name]
        group.sort(key=lambda result: result.seed)
        mark = '†' * any(_identity(result) in old for result in group)
        cells = [
            per_cent([r.metrics[c] for r in group if c in r.metrics])
            if any(c in r.metrics for r in group)
            else 'not run'
            for c in columns
        ]
        seeds = ', '.join(str(result.seed) for result in group)
        files = [
            f'[seed {result.seed}]({CHECKPOINTS}/{result.checkpoint["file"]})'
            for result in group
            if (root / CHECKPOINTS / result.checkpoint['file']).is_file()
        ]
        row = f'[`{name}`]({group[0].config}){mark}'
        if group[0].checkpoint['file'] == UNTRAINED:
            row = 'random weights'
        lines.append(
            f'| {row} | {seeds} | '
            f'{" | ".join(cells)} | {", ".join(files) or "none"} |'
        )
    return lines


def _untrained_first(name: str) -> tuple[bool, str]:
    """Order rows: evaluation configs stand for untrained networks."""
    return not name.startswith('linear'), name


def _runs(results: list[Result]) -> list[str]:
    """Return the lines of the table of runs."""
    lines = [
        '| config | seed | evaluation | commit | config digest | data | '
        'checkpoint, SHA-256 | date | machine |',
        '|---|---:|---|---|---|---|---|---|---|',
    ]
    for result in results:
        data = result.train_data.get('train')
        trained = 'none'
        if data:
            trained = f'{data["videos"]} videos, `{data["sha256"][:12]}`'
        cells = [
            f'`{result.name}`',
            str(result.seed),
            result.protocol,
            f'`{result.commit[:12]}`',
            f'`{result.config_digest[:12]}`',
            trained,
            f'`{result.checkpoint["sha256"][:12]}`',
            result.date,
            result.machine,
        ]
        lines.append(f'| {" | ".join(cells)} |')
    return lines if results else ['Not run.']


def _mini_entry(root: Path, result: Result) -> dict[str, Any]:
    """Return the metafile's entry of one small model."""
    metrics = {
        title: round(100 * result.metrics[name], 1)
        for name, (title, _) in QUESTIONS.items()
        if name in result.metrics
    }
    return {
        'Name': f'{result.name}_s{result.seed}',
        'Config': result.config,
        'In Collection': 'motion-mini',
        'Metadata': {
            'Epochs': result.epochs,
            'Training Data': 'motion-mini',
            'Seed': result.seed,
            'Commit': result.commit,
        },
        'Modality': 'RGB',
        'Results': [
            {
                'Dataset': 'motion-mini',
                'Task': 'Linear probes of frozen features',
                'Metrics': metrics,
            }
        ],
        'Weights': f'{CHECKPOINTS}/{result.checkpoint["file"]}',
    }


def _identity(result: Result) -> tuple:
    """Return what tells a result from the others."""
    return result.config, result.seed, result.protocol, result.config_digest

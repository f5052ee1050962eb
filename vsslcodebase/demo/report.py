"""The page of a demonstration: one file that needs nothing else."""

from __future__ import annotations

import html
import math
import string
from pathlib import Path
from typing import Any

import numpy as np

from .charts import (
    answers_chart,
    image_png,
    loss_chart,
    order_chart,
    pairs_chart,
)
from .display import duration
from .questions import Questions
from .results import COLUMNS, finding, percent
from .settings import NETWORKS

TEMPLATE = Path(__file__).with_name('report.html')


def render_report(results: dict[str, Any], questions: Questions) -> str:
    """Return the page as HTML, its images included.

    Args:
        results: What ``collect_results`` returned.
        questions: Clips with right and given answers.
    """
    asked = questions.truth >= 0
    wrong = asked & (questions.truth != questions.answers)
    made = results['made']
    texts = dict(
        finding=finding(results),
        date=made['date'],
        seed=made['seed'],
        duration=duration(results['seconds']),
        device=dict(cpu='CPU', cuda='GPU')[made['device']],
        cores=made['cores'],
        steps=f'{results["steps"]["corp_m"]:,}',
        num_train=f'{results["num_train"]:,}',
        num_test=f'{results["num_test"]:,}',
        noise=f'{noise_points(results["num_test"]):.0f}',
        num_motions=len(made['data']['motions']),
        num_wrong=int(wrong.sum()),
        num_asked=int(asked.sum()),
        command=made['command'],
        commands='\n\n'.join(results['commands']),
        level=made['data']['level'],
        videos=' + '.join(f'{n:,}' for n in made['data']['videos']),
        frames=made['data']['frames'],
        size=made['data']['size'],
        data_dir=made['data']['folder'],
        versions=', '.join(f'{n} {v}' for n, v in made['versions'].items()),
    )
    return string.Template(TEMPLATE.read_text(encoding='utf-8')).substitute(
        {name: html.escape(str(text)) for name, text in texts.items()},
        score_table=_score_table(results),
        stage_table=_stage_table(results),
        **_images(results, questions),
    )


def noise_points(num_test: int) -> float:
    """Return the points by which two accuracies may differ by chance.

    1.96 standard errors of a difference of two shares near one half, each
    from ``num_test`` independent videos.
    """
    return 100 * 1.96 * math.sqrt(2 * 0.25 / num_test)


def _images(results: dict[str, Any], questions: Questions) -> dict[str, str]:
    """Return all images as base64."""
    truth = np.asarray(questions.truth)
    return dict(
        pairs_png=pairs_chart(results['pairs']),
        order_png=order_chart(results['curves']['corp_m']),
        loss_png=loss_chart(results['curves']),
        sheet_png=image_png(questions.sheet),
        answers_png=answers_chart(truth, np.asarray(questions.answers)),
    )


def _score_table(results: dict[str, Any]) -> str:
    """Return head and body of the table of accuracies."""
    head = ''.join(f'<th>{name}</th>' for name in ('', *COLUMNS.values()))
    rows = [_score_row('chance', results['chance'], 'chance')]
    for name, scores in results['scores'].items():
        style = 'ours' if name == 'corp_m' else ''
        rows.append(_score_row(NETWORKS[name], scores, style))
    body = '\n'.join(rows)
    return f'<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>'


def _score_row(title: str, scores: dict[str, float | None], style: str) -> str:
    """Return one row of the table of accuracies."""
    cells = ''.join(f'<td>{percent(scores.get(n))}</td>' for n in COLUMNS)
    return f'<tr class="{style}"><th>{title}</th>{cells}</tr>'


def _stage_table(results: dict[str, Any]) -> str:
    """Return the rows of the table of stages."""
    rows = []
    for stage in results['stages']:
        finished = stage['finished'].replace('T', ' ')[:16]
        rows.append(
            f'<tr><th>{html.escape(stage["title"])}</th>'
            f'<td>{duration(stage["seconds"])}</td>'
            f'<td>{html.escape(finished)}</td></tr>'
        )
    return '\n'.join(rows)

"""The page of a probe report: one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import html
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vsslcodebase.evaluation.probe_answers import Answer
from vsslcodebase.evaluation.probe_comparison import comparison
from vsslcodebase.evaluation.probe_findings import (
    Check,
    check_controls,
    findings,
)
from vsslcodebase.evaluation.probe_intervals import Figure

from .probe_style import CONTROLS, FITTED, QUESTIONS

TEMPLATE = Path(__file__).with_name('probe_report.html')
Answers = Mapping[str, dict[str, Answer]]


def probe_page(
    answers: Answers, report: Mapping[str, Any], picture: bytes
) -> str:
    """Return the page as HTML, its picture included.

    Args:
        answers: Of each network, by question.
        report: ``command``, ``date``, ``settings`` and ``networks``, as in
            report.json.
        picture: PNG data.
    """
    first = next(iter(answers.values()))
    checks = {name: check_controls(own) for name, own in answers.items()}
    failed = sum(not check.holds for own in checks.values() for check in own)
    total = sum(map(len, checks.values()))
    texts = dict(
        count=f'{len(answers)} network{"s" * (len(answers) != 1)}',
        date=report['date'],
        num_train=f'{first["motion"].num_labels:,}',
        num_test=f'{first["motion"].num_videos:,}',
        fitted=FITTED,
        verdict='All do.' if not failed else f'{failed} of {total} do not.',
        command=report['command'],
    )
    return string.Template(TEMPLATE.read_text(encoding='utf-8')).substitute(
        {name: html.escape(str(text)) for name, text in texts.items()},
        picture=base64.b64encode(picture).decode(),
        comparison=_comparison(answers),
        summary=_summary(answers),
        networks='\n'.join(_network(name, answers) for name in answers),
        questions=_questions(first),
        checks=_checks(checks),
        made=_made(report['settings']),
        weights=_weights(report['networks']),
    )


def _comparison(answers: Answers) -> str:
    """Return who knows most, if there are several."""
    if len(answers) < 2:
        return ''
    lines = '\n'.join(
        f'<li><b>{html.escape(topic.capitalize())}</b>: {html.escape(said)}.'
        '</li>'
        for topic, said in comparison(answers)
    )
    return f'<ul>\n{lines}\n</ul>'


def _summary(answers: Answers) -> str:
    """Return the table of clips as played, best inside pairs first."""
    asked = [
        name for name in QUESTIONS if name in next(iter(answers.values()))
    ]
    head = _row('', [QUESTIONS[name].name for name in asked], 'th')
    ranked = sorted(
        answers,
        key=lambda network: -_played(answers[network]['inside pair']).value,
    )
    first = answers[ranked[0]]
    chances = [f'<td>{_percent(first[name].chance)}</td>' for name in asked]
    rows = [f'<tr class="chance"><th>chance</th>{"".join(chances)}</tr>']
    for network in ranked:
        cells = []
        for name in asked:
            answer = answers[network][name]
            figure = _played(answer)
            known = ' class="known"' * (figure.low > answer.chance)
            cells.append(f'<td{known}>{_cell(figure)}</td>')
        name = html.escape(network)
        rows.append(f'<tr><th>{name}</th>{"".join(cells)}</tr>')
    return f'<thead>{head}</thead>\n<tbody>\n' + '\n'.join(rows) + '\n</tbody>'


def _network(name: str, answers: Answers) -> str:
    """Return what is said of a network, and its table with the controls."""
    own = answers[name]
    lines = findings(own, answers.get('untrained'))
    said = '\n'.join(f'<li>{html.escape(line)}</li>' for line in lines)
    heads = [*CONTROLS.values(), 'chance', 'labels', 'test videos']
    rows = []
    for question, text in QUESTIONS.items():
        if question not in own:
            continue
        answer = own[question]
        cells = [_cell(answer.shown(order)[0]) for order in CONTROLS]
        cells += [
            _percent(answer.chance),
            f'{answer.num_labels:,}',
            f'{answer.num_videos:,}',
        ]
        rows.append(_row(text.name, cells))
    return (
        f'<h3>{html.escape(name)}</h3>\n<ul>\n{said}\n</ul>\n'
        '<details><summary>All figures, with the controls</summary>\n'
        f'<div class="scroll"><table>\n<thead>{_row("", heads, "th")}</thead>'
        '\n<tbody>\n' + '\n'.join(rows) + '\n</tbody>\n'
        f'<caption>In %. {html.escape(FITTED)}</caption></table></div>'
        '</details>'
    )


def _checks(checks: Mapping[str, list[Check]]) -> str:
    """Return the table of controls whose figures are known beforehand."""
    names = [check.name for check in next(iter(checks.values()))]
    body = []
    for name in names:
        cells = []
        for own in checks.values():
            check = next(c for c in own if c.name == name)
            wrong = ' class="wrong"' * (not check.holds)
            wanted = f'<small>{_percent(check.expected)}</small>'
            cells.append(f'<td{wrong}>{_cell(check.found)}<br>{wanted}</td>')
        body.append(f'<tr><th>{html.escape(name)}</th>{"".join(cells)}</tr>')
    head = _row('', [html.escape(name) for name in checks], 'th')
    return (
        f'<div class="scroll"><table>\n<thead>{head}</thead>\n<tbody>\n'
        + '\n'.join(body)
        + '\n</tbody>\n<caption>In %; below each figure what is expected.'
        '</caption></table></div>'
    )


def _questions(asked: Mapping[str, Answer]) -> str:
    """Return how each question is asked."""
    return '\n'.join(
        f'<dt>{html.escape(text.asks)} <span class="soft">'
        f'{html.escape(text.name)}</span></dt><dd>{html.escape(text.how)}</dd>'
        for name, text in QUESTIONS.items()
        if name in asked
    )


def _made(settings: Mapping[str, Any]) -> str:
    """Return the settings as rows."""
    return '\n'.join(
        _row(html.escape(name.replace('_', ' ')), [html.escape(str(value))])
        for name, value in settings.items()
    )


def _weights(networks: Mapping[str, Mapping[str, Any]]) -> str:
    """Return where the weights are from."""
    return '\n'.join(
        _row(
            html.escape(name),
            [
                html.escape(one['source']),
                f'<code>{html.escape(one["file"])}</code>',
                f'<code>{one["weights_sha256"][:16]}</code>',
            ],
        )
        for name, one in networks.items()
    )


def _row(head: str, cells: list[str], tag: str = 'td') -> str:
    """Return a row of a table, of escaped text."""
    inner = ''.join(f'<{tag}>{cell}</{tag}>' for cell in cells)
    return f'<tr><th>{head}</th>{inner}</tr>'


def _played(answer: Answer) -> Figure:
    return answer.shown('played')[0]


def _cell(figure: Figure) -> str:
    """Return a figure with half its interval."""
    return (
        f'{_percent(figure.value)} <small>± {_percent(figure.margin)}</small>'
    )


def _percent(share: float) -> str:
    return f'{100 * share:z.1f}'

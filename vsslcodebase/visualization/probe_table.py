"""What networks know, as text of 100 columns at most."""

from __future__ import annotations

from collections.abc import Mapping

from vsslcodebase.evaluation.probe_answers import Answer
from vsslcodebase.evaluation.probe_findings import check_controls
from vsslcodebase.evaluation.probe_intervals import Figure

from .probe_style import CONTROLS, QUESTIONS

WIDTH = 100
NOTES = (
    'In %, ± half of a 95 % interval over test scenes. shuffled, frozen: '
    'probe fitted to such\nclips, too (scene kNN: neighbours as played); '
    'backwards: probe fitted to clips as played.'
)


def network_block(name: str, answers: Mapping[str, Answer]) -> str:
    """Return the table of one network, a row a question."""
    heads = ('as played', 'shuffled', 'frozen', 'backwards')
    columns = ''.join(f'{head:>15}' for head in heads)
    lines = [name, f'  {"":14}{columns}{"chance":>9}{"labels":>8}{"test":>7}']
    for question, text in QUESTIONS.items():
        if question not in answers:
            continue
        answer = answers[question]
        cells = ''.join(
            f'{with_margin(answer.shown(order)[0]):>15}' for order in CONTROLS
        )
        chance = f'{100 * answer.chance:.1f}'
        lines.append(
            f'  {text.name:14}{cells}{chance:>9}{answer.num_labels:8,}'
            f'{answer.num_videos:7,}'
        )
    failed = [c for c in check_controls(dict(answers)) if not c.holds]
    lines += [
        f'  control does not hold: {check.name} {with_margin(check.found)}, '
        f'expected {100 * check.expected:.1f}'
        for check in failed
    ]
    return '\n'.join(lines)


def summary(networks: Mapping[str, Mapping[str, Answer]]) -> str:
    """Return one row a network, of clips as played."""
    names = [
        name
        for name in QUESTIONS
        if all(name in answers for answers in networks.values())
    ]
    heads = ''.join(f'{_head(name):>9}' for name in names)
    room = WIDTH - 9 * len(names)
    lines = [f'{"as played, in %":<{room}}{heads}']
    for network, answers in networks.items():
        short = shortened(network, room - 1)
        cells = ''.join(
            f'{100 * answers[name].shown("played")[0].value:z9.1f}'
            for name in names
        )
        lines.append(f'{short:<{room}}{cells}')
    return '\n'.join(lines)


def shortened(name: str, most: int) -> str:
    """Return both ends of a long name: its method, and its epoch."""
    if len(name) <= most:
        return name
    end = (most - 1) // 2
    return f'{name[: most - 1 - end]}…{name[-end:]}'


def with_margin(figure: Figure) -> str:
    """Write a figure in per cent and half its interval."""
    return f'{100 * figure.value:z.1f} ± {100 * figure.margin:.1f}'


def _head(name: str) -> str:
    """Return a name for a column of 8 letters."""
    short = {
        'inside pair': 'in pair',
        'appearance': 'appear.',
        'scene kNN': 'kNN',
        'R2 t': 'R² time',
    }
    return short.get(name, name)

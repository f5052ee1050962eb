"""What figures mean in plain words, by rule; and whether controls hold."""

from __future__ import annotations

from typing import NamedTuple

from .probe_answers import Answer
from .probe_intervals import Figure

TOLERANCE = 0.03  # of a control, beyond its interval
# Of the way from chance to 1: below, a figure is called little, or nearly all
LITTLE, NEARLY_ALL = 0.1, 0.9


class Check(NamedTuple):
    """A control whose figure is known beforehand.

    Attributes:
        name: Question and control.
        expected: In shares.
        found: With its interval.
        holds: The interval holds what was expected, or nearly.
    """

    name: str
    expected: float
    found: Figure
    holds: bool


def check_controls(answers: dict[str, Answer]) -> list[Check]:
    """Compare controls with what they have to give, whatever the network.

    Args:
        answers: Of one network, by question.
    """
    wanted = []
    for name in ('inside pair', 'arrow'):
        played = answers[name].figures['played']['same'].value
        wanted += [
            (name, 'shuffled', 'same', 0.5),
            (name, 'frozen', 'same', 0.5),
            (name, 'reversed', 'played', 1 - played),
        ]
    wanted.append(('arrow, all', 'played', 'same', 0.5))
    # every scene is there both ways: without order, early looks like late
    wanted += [
        ('R2 t', order, 'same', 0.0) for order in ('shuffled', 'frozen')
    ]
    if 'pace' in answers:
        chance = answers['pace'].chance
        wanted.append(('pace', 'frozen', 'same', chance))
    checks = []
    for question, order, fitted, expected in wanted:
        found = answers[question].figures[order][fitted]
        holds = found.low - TOLERANCE <= expected <= found.high + TOLERANCE
        shown = 'as filmed' if order == 'played' else order
        name = f'{question}, {shown}'
        checks.append(Check(name, expected, found, holds))
    return checks


def findings(
    answers: dict[str, Answer], untrained: dict[str, Answer] | None = None
) -> list[str]:
    """Say what a network knows, a sentence or two a question.

    Args:
        answers: Of the network.
        untrained: Of random weights, if they have been asked.
    """
    lines = [
        _direction(answers),
        _label(answers['appearance'], 'what moves'),
        _label(answers['scene'], 'the scene'),
        _time(answers['R2 t']),
        _arrow(answers['arrow']),
    ]
    names = ['inside pair', 'appearance', 'scene', 'R2 t', 'arrow']
    if 'pace' in answers:
        lines.append(_pace(answers['pace']))
        names.append('pace')
    if untrained is None or untrained is answers:
        return lines
    return [
        line + _beyond(answers[name], untrained[name])
        for name, line in zip(names, lines)
    ]


def strength(figure: Figure, chance: float) -> str:
    """Say how much a figure tells: 'not', 'hardly', 'partly' or 'well'.

    'not' is an interval that holds chance, or lies below it.
    """
    if figure.low <= chance:
        return 'not'
    share = (figure.value - chance) / (1 - chance)
    if share < LITTLE:
        return 'hardly'
    return 'well' if share > NEARLY_ALL else 'partly'


def percent(share: float) -> str:
    """Write a share in per cent, to a tenth."""
    return f'{100 * share:z.1f} %'


def _told(answer: Answer) -> str:
    """Write figure and chance."""
    figure, _ = answer.shown('played')
    return f'{percent(figure.value)}, chance {percent(answer.chance)}'


def _strength(answer: Answer, order: str = 'played') -> str:
    figure, _ = answer.shown(order)
    return strength(figure, answer.chance)


def _direction(answers: dict[str, Answer]) -> str:
    """Tell of inside pairs, with shuffled frames to say why."""
    answer = answers['inside pair']
    figure, _ = answer.shown('played')
    shuffled, _ = answer.shown('shuffled')
    told = _told(answer)
    how = _strength(answer)
    if how == 'not':
        return _guess('a motion or its reversal', told)
    line = _claim('tells', 'a motion from its reversal', how, told)
    left = percent(shuffled.value)
    if strength(shuffled, 0.5) not in ('not', 'hardly'):
        return (
            f'{line}; with frames shuffled it is still {left}, so that not '
            'all of it is order.'
        )
    if shuffled.high < figure.low:
        return (
            f'{line}, and by the order of frames: with frames shuffled it is '
            f'{left}.'
        )
    return f'{line}; with frames shuffled it is {left}, no sure difference.'


def _label(answer: Answer, what: str) -> str:
    """Tell of a label that single frames show."""
    told, how = _told(answer), _strength(answer)
    if how == 'not':
        return _guess(what, told)
    frozen, _ = answer.shown('frozen')
    one_frame = f'one frame repeated gives {percent(frozen.value)}'
    return f'{_claim("knows", what, how, told)}; {one_frame}.'


def _time(answer: Answer) -> str:
    """Tell how well the time of a clip can be read."""
    figure, _ = answer.shown('played')
    shuffled, _ = answer.shown('shuffled')
    told = f'R² {figure.value:z.2f}, 0 is a guess'
    how = _strength(answer)
    if how == 'not':
        return _guess('when in its video a clip is', told)
    claim = _claim('knows', 'when in its video a clip is', how, told)
    return f'{claim}; with frames shuffled R² is {shuffled.value:z.2f}.'


def _arrow(answer: Answer) -> str:
    """Tell whether forwards is told from backwards."""
    told, how = _told(answer), _strength(answer)
    if how == 'not':
        return _guess('whether a film runs forwards', told)
    what = 'whether a film runs forwards or backwards'
    return f'{_claim("sees", what, how, told)}.'


def _pace(answer: Answer) -> str:
    """Tell of pace, and how much of it needs the order of frames."""
    told, how = _told(answer), _strength(answer)
    if how == 'not':
        return _guess('the pace at which a clip is shown', told)
    shuffled, _ = answer.shown('shuffled')
    claim = _claim('knows', 'at which pace a clip is shown', how, told)
    return (
        f'{claim}; how far frames lie apart, in any order, is enough for '
        f'{percent(shuffled.value)}.'
    )


def _guess(what: str, told: str) -> str:
    """Say that nothing was found; that nothing is there is not known."""
    return f'Not surely better than a guess at {what} ({told}).'


def _claim(verb: str, what: str, how: str, told: str) -> str:
    """Return 'Partly knows X (...)' or 'Knows X well (...)'."""
    if how == 'well':
        return f'{verb.capitalize()} {what} well ({told})'
    return f'{how.capitalize()} {verb} {what} ({told})'


def _beyond(answer: Answer, untrained: Answer) -> str:
    """Compare with random weights, if the intervals are apart."""
    own, other = answer.shown('played')[0], untrained.shown('played')[0]
    # only of R^2 a guess is worth nothing
    told = percent(other.value) if answer.chance else f'{other.value:z.2f}'
    if own.low > other.high:
        return f' Untrained weights: {told}, less.'
    if own.high < other.low:
        return f' Untrained weights: {told}, more.'
    return f' Untrained weights: {told}, no sure difference.'

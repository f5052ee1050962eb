"""Which of several networks knows most, in plain words, by rule."""

from __future__ import annotations

from collections.abc import Mapping

from .probe_answers import Answer
from .probe_intervals import Figure

TOPICS = {
    'inside pair': 'direction of motion',
    'arrow': 'arrow of time',
    'pace': 'pace',
    'appearance': 'what moves',
    'scene': 'scene',
    'R2 t': 'time in the video',
}


def comparison(
    networks: Mapping[str, Mapping[str, Answer]], untrained: str = 'untrained'
) -> list[tuple[str, str]]:
    """Say of each question who knows most.

    Two figures are different where their intervals are apart.

    Args:
        networks: Answers by network and question; two networks or more.
        untrained: Name of the one with random weights, if it is there.

    Returns:
        Pairs of a topic and a sentence without its end.
    """
    lines = []
    for question, topic in TOPICS.items():
        if any(question not in answers for answers in networks.values()):
            continue
        figures = {
            name: answers[question].shown('played')[0]
            for name, answers in networks.items()
        }
        chance = next(iter(networks.values()))[question].chance
        lines.append((topic, _ranking(figures, chance, untrained)))
    return lines


def _ranking(
    figures: Mapping[str, Figure], chance: float, untrained: str
) -> str:
    """Name the best, those that may be as good, and what was learnt."""
    if all(figure.low <= chance for figure in figures.values()):
        return 'none of them is surely better than a guess'
    best = max(figures, key=lambda name: figures[name].value)
    like_it = [
        name
        for name, figure in figures.items()
        if name != best and figure.high >= figures[best].low
    ]
    said = f'most in {best}, {100 * figures[best].value:.1f} %'
    if like_it:
        said += f'; not surely less in {", ".join(like_it)}'
    if untrained in figures:
        drawn = figures[untrained]
        trained = [f for name, f in figures.items() if name != untrained]
        more = sum(figure.low > drawn.high for figure in trained)
        less = sum(figure.high < drawn.low for figure in trained)
        said += (
            f'. Untrained weights: {100 * drawn.value:.1f} %, with {more} of '
            f'{len(trained)} above and {less} below'
        )
    return said

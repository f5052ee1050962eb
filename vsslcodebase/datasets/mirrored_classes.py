"""Which classes a mirror turns into each other."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SIDE = re.compile(r'\b(left|right)\b')
_OTHER = {'left': 'right', 'right': 'left'}


def mirrored_classes(names: Sequence[str]) -> dict[int, int]:
    """Find classes whose names differ by left and right traded.

    Like "pushing from left to right" and "pushing from right to left". A side
    in a name that has no such counterpart ("pulling it right out") is none.

    Args:
        names: Of all classes, in the order of their numbers.

    Returns:
        The number of each such class, and that of its counterpart: what
        ``ClipFlip`` takes as ``flip_label_map``.
    """
    numbers = {name.lower(): number for number, name in enumerate(names)}
    pairs = {}
    for name, number in numbers.items():
        mirrored = _SIDE.sub(lambda match: _OTHER[match[0]], name)
        if mirrored != name and mirrored in numbers:
            pairs[number] = numbers[mirrored]
    return pairs

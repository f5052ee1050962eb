"""The order of a clip's frames, changed to see what a network makes of it."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform

from vsslcodebase.registry import TRANSFORMS

ORDERS = ('played', 'shuffled', 'reversed', 'frozen')


@TRANSFORMS.register_module()
class ClipFrameOrder(BaseTransform):
    """Show the frames of ``imgs`` in another order; a control for tests.

    A network that still answers right on shuffled frames has not looked at
    motion, and on frozen ones not at time at all. For a video of several
    clips use it inside :class:`~.per_clip.PerClip`.

    Args:
        order: 'played' changes nothing; 'shuffled' is a random order;
            'reversed' runs backwards; 'frozen' repeats the middle frame.
    """

    def __init__(self, order: str = 'played') -> None:
        if order not in ORDERS:
            raise ValueError(f'order must be one of {ORDERS}, got {order!r}')
        self.order = order

    def transform(self, results: dict) -> dict:
        """Put the frames into the order."""
        imgs = results['imgs']
        places = np.arange(len(imgs))
        if self.order == 'shuffled':
            places = np.random.permutation(places)
        elif self.order == 'reversed':
            places = places[::-1]
        elif self.order == 'frozen':
            places = np.full_like(places, len(imgs) // 2)
        results['imgs'] = [imgs[place] for place in places]
        return results

    def __repr__(self) -> str:
        """Return the class with its argument."""
        return f'{type(self).__name__}(order={self.order!r})'

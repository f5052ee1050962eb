"""Which videos a split of motion-mini holds: labels, seeds and twins."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .levels import Knobs

SPLITS = ('train', 'val', 'test')
TWIN_SPLITS = ('val', 'test')  # each scene forwards and backwards


class VideoPlan(NamedTuple):
    """Everything about one video but the knobs.

    Args:
        video_id: Position in the data set, from 0.
        split: One of ``SPLITS``.
        motion: Motion class; even is a forward process, odd its reverse.
        appearance: Index into ``SPRITE_CATEGORIES``.
        scene: Index into ``SCENE_FAMILIES``.
        instance: Number of the sprite instance within category and split.
        scene_seed: (seed, split, number): seeds all that is random; twins
            share it.
        pair: Name of the time-reversal pair.
        twin: ``video_id`` of the same scene in the other direction, or -1.
    """

    video_id: int
    split: str
    motion: int
    appearance: int
    scene: int
    instance: int
    scene_seed: tuple[int, int, int]
    pair: str
    twin: int = -1

    @property
    def reversed(self) -> bool:
        """Whether the process is played backwards."""
        return bool(self.motion % 2)

    def instance_of(self, i: int, instances: int) -> tuple[int, int]:
        """Return (split, number) of the i-th sprite; no split shares one."""
        count = num_instances(self.split, instances)
        return SPLITS.index(self.split), (self.instance + i) % count


def num_instances(split: str, instances: int) -> int:
    """Return how many sprite instances of a category a split has."""
    return instances if split == 'train' else max(instances // 4, 1)


def plan_split(
    split: str, num_videos: int, knobs: Knobs, seed: int, first_id: int = 0
) -> list[VideoPlan]:
    """Plan a split with balanced and mutually independent labels.

    Args:
        split: One of ``SPLITS``. In val and test, video 2n + 1 is the twin
            of video 2n: the same frames in reverse order.
        num_videos: Length of the split; even where it has twins.
        knobs: For the motion pairs and the number of instances.
        seed: Of the data set.
        first_id: ``video_id`` of the first video.

    Raises:
        ValueError: For an odd number of twins.
    """
    twins = split in TWIN_SPLITS
    if num_videos < 0 or (twins and num_videos % 2):
        raise ValueError(
            f'{split} needs an even number of videos (twins), got {num_videos}'
        )
    step = 2 if twins else 1
    rng = np.random.default_rng((seed, SPLITS.index(split)))
    labels = _balanced(
        num_videos // step, len(knobs.pairs) * (1 if twins else 2), rng
    )
    count = num_instances(split, knobs.instances)
    plans = []
    for n, (motion, appearance, scene) in enumerate(labels.tolist()):
        instance = int(rng.integers(count))
        first = first_id + n * step
        for direction in range(step):
            label = 2 * motion + direction if twins else motion
            me = first + direction
            plans.append(
                VideoPlan(
                    me,
                    split,
                    label,
                    appearance,
                    scene,
                    instance,
                    (seed, SPLITS.index(split), n),
                    knobs.pairs[label // 2],
                    2 * first + 1 - me if twins else -1,
                )
            )
    return plans


# x times an element of the field of eight elements (x^3 = x + 1), whose
# addition is XOR: two orthogonal Latin squares of side 8 without a search.
_TIMES_X = np.array([0, 2, 4, 6, 3, 1, 7, 5])


def _balanced(
    count: int, num_motions: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw (count, 3) labels: motion, appearance, scene.

    A row holds each motion once. Over 8 rows every motion meets every
    appearance and every scene equally often and, with 8 motions or 16, every
    appearance every scene too; over 64 rows every combination of the three
    occurs once. The order is shuffled, the balance stays.
    """
    row, motion = np.divmod(np.arange(count), num_motions)
    first, second = row % 8, row // 8 % 8
    appearance = motion % 8 ^ first
    scene = motion % 8 ^ _TIMES_X[first] ^ second
    labels = np.stack([motion, appearance, scene], axis=1)
    return rng.permutation(labels)

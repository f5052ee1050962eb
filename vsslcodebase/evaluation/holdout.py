"""A part of the training split to choose by, without near-duplicates."""

from __future__ import annotations

import csv
import re
from collections.abc import Hashable, Sequence
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

# v_ApplyEyeMakeup_g08_c01.avi: the clips of a group come from one film
UCF101 = re.compile(r'(v_\w+_g\d\d)_c\d\d')
# <film>_<class>_f_cm_np1_ri_med_0.avi: clips of one film differ in the end
HMDB51 = re.compile(r'(.+)_[fhlu]_(?:cm|nm)_np\d_')


def video_groups(filenames: Sequence[str]) -> list[str]:
    """Return of each video a name that its near-duplicates share.

    Near-duplicates are cut from one film: 'v_ApplyEyeMakeup_g08' of UCF101,
    the film of HMDB51, the scene of motion-mini (``index.csv`` two folders
    above), which its twin shows backwards. Any other video is a group by
    itself.

    Args:
        filenames: Paths as data samples hold them.
    """
    return [_group(Path(name)) for name in filenames]


def _group(path: Path) -> str:
    for pattern in (UCF101, HMDB51):
        found = pattern.match(path.name)
        if found:
            return found[1]
    scene = _scenes(path.parent.parent).get(f'{path.parent.name}/{path.name}')
    return scene or str(path)


@lru_cache(maxsize=8)
def _scenes(folder: Path) -> dict[str, str]:
    """Return the scenes of a motion-mini by path; nothing of other data."""
    file = folder / 'index.csv'
    if not file.is_file():
        return {}
    with file.open(newline='', encoding='utf-8') as lines:
        table = csv.DictReader(lines)
        if not {'path', 'scene_seed'} <= {*(table.fieldnames or ())}:
            return {}
        return {row['path']: f'scene {row["scene_seed"]}' for row in table}


def hold_out(
    labels: Tensor,
    groups: Sequence[Hashable],
    share: float = 0.2,
    seed: int = 0,
) -> Tensor:
    """Choose videos of a training split to judge by, of each class alike.

    Groups stay whole, drawn in the order of the seed: one is taken where no
    class of its videos has its share yet, so that a class gets its share or
    up to a group more. Of each class at least one group stays to train on;
    a class of a single group is not held out.

    Args:
        labels: (N,) integers.
        groups: N names, see ``video_groups``.
        share: Of each class, in (0, 1).
        seed: Of the choice.

    Returns:
        (N,) bool, True for the videos that are held out.

    Raises:
        ValueError: Lengths differ, the share is out of range, or nothing can
            be held out.
    """
    if labels.shape != (len(groups),) or not 0 < share < 1:
        raise ValueError(
            'expected a label for each group name and a share in (0, 1), got '
            f'{tuple(labels.shape)}, {len(groups)} names and {share}'
        )
    members: dict[Hashable, list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(group, []).append(row)
    classes = labels.tolist()
    wanted = {c: share * classes.count(c) for c in set(classes)}
    left = {
        c: len({groups[row] for row, k in enumerate(classes) if k == c})
        for c in wanted
    }
    held = torch.zeros(len(classes), dtype=torch.bool)
    names = list(members)
    generator = torch.Generator().manual_seed(seed)
    for place in torch.randperm(len(names), generator=generator).tolist():
        rows = members[names[place]]
        inside = {classes[row] for row in rows}
        if all(wanted[c] > 0 and left[c] > 1 for c in inside):
            held[rows] = True
            for c in inside:
                left[c] -= 1
            for row in rows:
                wanted[classes[row]] -= 1
    if not held.any():
        raise ValueError(
            f'no group of {len(classes)} videos can be held out and leave '
            f'its class another one to train on; there are {len(members)} '
            f'groups of {len(wanted)} classes'
        )
    return held

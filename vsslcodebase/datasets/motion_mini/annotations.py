"""Lists and labels of motion-mini in the formats that readers expect."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

from .backgrounds import SCENE_FAMILIES
from .levels import Knobs
from .plan import SPLITS, VideoPlan
from .sprites import SPRITE_CATEGORIES

LABEL_KINDS = ('motion', 'appearance', 'scene')
INDEX_FIELDS = (
    'video_id',
    'path',
    'split',
    'motion',
    'pair',
    'reversed',
    'appearance',
    'scene',
    'instance',
    'seed',
    'twin',
)


def write_annotations(
    root: Path, plans: list[VideoPlan], knobs: Knobs, suffix: str
) -> None:
    """Write every list of the data set.

    - ``{split}_{kind}.txt``: lines ``path label``, paths relative to
      ``root``, for the kinds motion, appearance and scene.
    - ``classes_{kind}.txt``: class names in the order of the labels.
    - ``index.csv``: all labels, the seed, and the twin's path.
    - ``labels.json``, ``train.json``, ``validation.json``: the motion
      classes as Something-Something V2 writes them.
    """
    names = {
        'motion': knobs.motion_names,
        'appearance': list(SPRITE_CATEGORIES),
        'scene': list(SCENE_FAMILIES),
    }
    paths = [f'videos/{plan.video_id:06d}{suffix}' for plan in plans]
    for kind in LABEL_KINDS:
        _write(root / f'classes_{kind}.txt', '\n'.join(names[kind]) + '\n')
        for split in SPLITS:
            lines = [
                f'{path} {getattr(plan, kind)}\n'
                for path, plan in zip(paths, plans)
                if plan.split == split
            ]
            _write(root / f'{split}_{kind}.txt', ''.join(lines))
    _write(root / 'index.csv', _index(plans, paths))
    labels = {name: str(i) for i, name in enumerate(names['motion'])}
    _write(root / 'labels.json', json.dumps(labels, indent=1) + '\n')
    for split, stem in (('train', 'train'), ('val', 'validation')):
        entries = [
            _something(plan, names['motion'])
            for plan in plans
            if plan.split == split
        ]
        _write(root / f'{stem}.json', json.dumps(entries, indent=1) + '\n')


def _something(plan: VideoPlan, motions: list[str]) -> dict[str, object]:
    """Return an entry as Something-Something V2's json files hold it."""
    thing = list(SPRITE_CATEGORIES)[plan.appearance]
    motion = motions[plan.motion]
    return {
        'id': f'{plan.video_id:06d}',
        'label': f'{motion}: {thing}',
        'template': motion,
        'placeholders': [thing],
    }


def _index(plans: list[VideoPlan], paths: list[str]) -> str:
    """Return the table of all videos as CSV text with a header."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator='\n')
    table.writerow(INDEX_FIELDS)
    for plan, path in zip(plans, paths):
        table.writerow(
            (
                plan.video_id,
                path,
                plan.split,
                plan.motion,
                plan.motion // 2,
                int(plan.reversed),
                plan.appearance,
                plan.scene,
                plan.instance,
                '-'.join(map(str, plan.scene_seed)),
                paths[plan.twin] if plan.twin >= 0 else '',
            )
        )
    return text.getvalue()


def _write(path: Path, text: str) -> None:
    """Write a text file that appears whole or not at all."""
    part = path.with_name(path.name + '.part')
    part.write_text(text)
    os.replace(part, path)

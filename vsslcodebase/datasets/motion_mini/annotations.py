"""Lists and labels of motion-mini in the formats that readers expect."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from .plan import SPLITS, VideoPlan
from .storage import write_json, write_text

LABEL_KINDS = ('motion', 'appearance', 'scene')


def video_path(plan: VideoPlan, suffix: str) -> str:
    """Return a video's path relative to the data set's folder."""
    return f'videos/{plan.video_id:06d}{suffix}'


def write_annotations(
    root: Path,
    plans: list[VideoPlan],
    names: dict[str, list[str]],
    suffix: str,
) -> None:
    """Write every list of the data set.

    - ``{split}_{kind}.txt``: lines ``path label``, paths relative to
      ``root``, for the kinds motion, appearance and scene.
    - ``classes_{kind}.txt``: class names in the order of the labels.
    - ``index.csv``: all labels, the seed, and the twin's path.
    - ``labels.json``, ``train.json``, ``validation.json``: the motion
      classes as Something-Something V2 writes them.

    Args:
        root: Folder of the data set.
        plans: All videos; ``video_id`` is the position.
        names: Class names of each kind.
        suffix: Of the video files.
    """
    paths = [video_path(plan, suffix) for plan in plans]
    for kind in LABEL_KINDS:
        text = ''.join(f'{name}\n' for name in names[kind])
        write_text(root / f'classes_{kind}.txt', text)
        for split in SPLITS:
            lines = [
                f'{path} {getattr(plan, kind)}\n'
                for path, plan in zip(paths, plans)
                if plan.split == split
            ]
            write_text(root / f'{split}_{kind}.txt', ''.join(lines))
    write_text(root / 'index.csv', _index(plans, paths))
    _write_something(root, plans, names)


def _write_something(
    root: Path, plans: list[VideoPlan], names: dict[str, list[str]]
) -> None:
    """Write the three json files of Something-Something V2.

    ``labels.json`` maps a template without brackets to a label in a string;
    an entry's ``id`` is the stem of its file.
    """
    templates = [f'Letting [something] {name}' for name in names['motion']]
    bare = [template.translate({91: None, 93: None}) for template in templates]
    write_json(root / 'labels.json', {t: str(i) for i, t in enumerate(bare)})
    for split, stem in (('train', 'train'), ('val', 'validation')):
        entries = []
        for plan in (plan for plan in plans if plan.split == split):
            thing = names['appearance'][plan.appearance]
            template = templates[plan.motion]
            entries.append(
                {
                    'id': f'{plan.video_id:06d}',
                    'label': template.replace('[something]', thing).lower(),
                    'template': template,
                    'placeholders': [thing],
                }
            )
        write_json(root / f'{stem}.json', entries)


def _index(plans: list[VideoPlan], paths: list[str]) -> str:
    """Return the table of all videos as CSV text with a header."""
    rows = [
        {
            'video_id': plan.video_id,
            'path': path,
            'split': plan.split,
            'motion': plan.motion,
            'pair': plan.motion // 2,
            'reversed': int(plan.reversed),
            'appearance': plan.appearance,
            'scene': plan.scene,
            'instance': plan.instance,
            'scene_seed': '-'.join(map(str, plan.scene_seed)),
            'twin': paths[plan.twin] if plan.twin >= 0 else '',
        }
        for path, plan in zip(paths, plans)
    ]
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]), lineterminator='\n')
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()

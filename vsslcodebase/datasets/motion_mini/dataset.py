"""Write motion-mini to disk: in parallel, resumable, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from .annotations import video_path, write_annotations
from .casting import class_names
from .encode import SUFFIXES, write_video
from .images import fingerprint
from .levels import Knobs
from .plan import SPLITS, VideoPlan, plan_split
from .render import render_video
from .storage import claim_folder, clean_folder, mark_finished
from .workers import run_jobs

# Goes up whenever the same parameters give other pixels or other lists.
GENERATOR_VERSION = 1


@dataclass(frozen=True)
class DatasetSpec:
    """What decides the content of a data set on disk.

    Args:
        knobs: Look and difficulty.
        num_videos: Of train, val and test; the last two even (twins).
        seed: Another seed, another data set.
        suffix: File format, one of ``SUFFIXES``.
        fps: Frames per second written to the files.

    Raises:
        ValueError: For a value that makes no data set.
    """

    knobs: Knobs
    num_videos: tuple[int, int, int] = (8192, 1024, 1024)
    seed: int = 0
    suffix: str = '.mp4'
    fps: int = 24

    def __post_init__(self) -> None:
        """Check what the knobs do not."""
        if self.suffix not in SUFFIXES:
            raise ValueError(
                f'suffix must be one of {list(SUFFIXES)}, got {self.suffix!r}'
            )
        if self.fps < 1:
            raise ValueError(f'fps must be at least 1, got {self.fps}')
        if self.seed < 0:
            raise ValueError(f'seed must not be negative, got {self.seed}')
        if len(self.num_videos) != len(SPLITS) or sum(self.num_videos) < 1:
            raise ValueError(
                'num_videos must count train, val and test videos, got '
                f'{self.num_videos}'
            )

    def plans(self) -> list[VideoPlan]:
        """Return the plans of all splits; ``video_id`` is the position."""
        plans: list[VideoPlan] = []
        for split, count in zip(SPLITS, self.num_videos):
            plans += plan_split(
                split, count, self.knobs, self.seed, len(plans)
            )
        return plans

    def parameters(self) -> dict[str, Any]:
        """Return all that decides the content, as JSON would give it back."""
        images = {
            name: fingerprint(folder)
            for name in ('sprite_dir', 'photo_dir')
            if (folder := getattr(self.knobs, name))
        }
        tree = {'generator': GENERATOR_VERSION, 'images': images}
        plain: dict[str, Any] = json.loads(json.dumps(tree | asdict(self)))
        return plain


def make_dataset(
    root: Path,
    spec: DatasetSpec,
    workers: int = 1,
    report: Callable[[int, int], None] | None = None,
) -> int:
    """Generate what is missing of a data set.

    Args:
        root: Folder of the data set; made if need be. One that was begun
            with the same spec is continued, a finished one left alone.
        spec: What to write.
        workers: Processes; 0 renders in this one. Without influence on the
            result.
        report: Called with (videos begun, videos in all) now and then.

    Returns:
        How many videos had to be written.

    Raises:
        ValueError: If the folder holds another data set, or an image of a
            given folder cannot be used.
        RuntimeError: If a worker failed; what was written stays.
    """
    if workers < 0:
        raise ValueError(f'workers must not be negative, got {workers}')
    plans, parameters = spec.plans(), spec.parameters()
    finished = claim_folder(root, parameters)
    present = clean_folder(root / 'videos')
    paths = [root / video_path(plan, spec.suffix) for plan in plans]
    missing = [n for n, path in enumerate(paths) if path.name not in present]
    if finished and not missing:
        return 0
    done, total = len(plans) - len(missing), len(plans)
    run_jobs(
        partial(_write_one, plans, paths, missing, spec),
        len(missing),
        workers,
        lambda begun: report(done + begun, total) if report else None,
    )
    names = class_names(spec.knobs)
    write_annotations(root, plans, names, spec.suffix)
    mark_finished(root, parameters)
    return len(missing)


def _write_one(
    plans: list[VideoPlan],
    paths: list[Path],
    missing: list[int],
    spec: DatasetSpec,
    job: int,
) -> None:
    """Render and encode one missing video."""
    n = missing[job]
    write_video(paths[n], render_video(plans[n], spec.knobs), spec.fps)

"""Write motion-mini to disk: in parallel, resumable, whole or not at all."""

from __future__ import annotations

import json
import multiprocessing as mp
import os
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2

from .annotations import write_annotations
from .encode import SUFFIXES, write_video
from .levels import Knobs
from .plan import SPLITS, VideoPlan, plan_split
from .render import render_video

# Goes up whenever the same parameters give other pixels or other lists.
GENERATOR_VERSION = 1
MANIFEST = 'manifest.json'
Report = Callable[[int, int], None]


@dataclass(frozen=True)
class DatasetSpec:
    """What decides the content of a data set on disk.

    Args:
        knobs: Look and difficulty.
        num_videos: Of train, val and test; the last two even (twins).
        seed: Another seed, another data set.
        suffix: File format, one of ``SUFFIXES``.
        fps: Frames per second written to the files.
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

    def plans(self) -> list[VideoPlan]:
        """Return the plans of all splits; ``video_id`` is the position."""
        plans: list[VideoPlan] = []
        for split, count in zip(SPLITS, self.num_videos):
            plans += plan_split(
                split, count, self.knobs, self.seed, len(plans)
            )
        return plans


def video_name(plan: VideoPlan, suffix: str) -> str:
    """Return a video's path relative to the data set's root."""
    return f'videos/{plan.video_id:06d}{suffix}'


def make_dataset(
    root: Path,
    spec: DatasetSpec,
    workers: int = 1,
    report: Report | None = None,
) -> int:
    """Generate what is missing of a data set.

    Args:
        root: Folder of the data set; made if need be. One that was begun
            with the same spec is continued, a finished one left alone.
        spec: What to write.
        workers: Processes; 0 renders in this one. Without influence on the
            result.
        report: Called with (videos done, videos in all) now and then.

    Returns:
        How many videos had to be written.

    Raises:
        ValueError: If the folder holds another data set.
        RuntimeError: If a worker failed; what it had written stays.
    """
    plans = spec.plans()
    manifest = {'generator': GENERATOR_VERSION, **_plain(asdict(spec))}
    finished = _begin(root, manifest)
    (root / 'videos').mkdir(exist_ok=True)
    present = {name for name in os.listdir(root / 'videos')}
    missing = [
        plan
        for plan in plans
        if Path(video_name(plan, spec.suffix)).name not in present
    ]
    if finished and not missing:
        return 0
    report = report or (lambda done, total: None)
    _render_all(root, spec, missing, workers, len(plans), report)
    write_annotations(root, plans, spec.knobs, spec.suffix)
    _write_json(root / MANIFEST, {**manifest, 'finished': True})
    return len(missing)


def _plain(tree: dict[str, Any]) -> dict[str, Any]:
    """Return the tree as JSON gives it back (tuples become lists)."""
    plain: dict[str, Any] = json.loads(json.dumps(tree))
    return plain


def _write_json(path: Path, content: Any) -> None:
    """Write a JSON file that appears whole or not at all."""
    part = path.with_name(path.name + '.part')
    part.write_text(json.dumps(content, indent=1) + '\n')
    os.replace(part, path)


def _begin(root: Path, manifest: dict[str, Any]) -> bool:
    """Claim the folder for this spec; say whether it is finished already."""
    path = root / MANIFEST
    if not path.exists():
        if root.exists() and any(root.iterdir()):
            raise ValueError(
                f'{root} is not empty and holds no {MANIFEST}; choose '
                'another folder'
            )
        root.mkdir(parents=True, exist_ok=True)
        _write_json(path, {**manifest, 'finished': False})
        return False
    there = json.loads(path.read_text())
    finished = bool(there.pop('finished', False))
    if there != manifest:
        raise ValueError(
            f'{root} holds a data set with other parameters: '
            f'{"; ".join(_differences(there, manifest))}. Delete it or '
            'choose another folder'
        )
    return finished


def _differences(
    there: dict[str, Any], asked: dict[str, Any], prefix: str = ''
) -> list[str]:
    """List where two manifests differ, as ``key: there / asked``."""
    lines = []
    for key in sorted(set(there) | set(asked)):
        a, b = there.get(key), asked.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            lines += _differences(a, b, f'{prefix}{key}.')
        elif a != b:
            lines.append(f'{prefix}{key} is {a}, asked for {b}')
    return lines


def _render_all(
    root: Path,
    spec: DatasetSpec,
    plans: list[VideoPlan],
    workers: int,
    total: int,
    report: Report,
) -> None:
    """Render and write the plans, by ``workers`` processes."""
    before = total - len(plans)
    if workers == 0:
        for n, plan in enumerate(plans):
            _write_one(root, spec, plan)
            report(before + n + 1, total)
        return
    context = mp.get_context('fork' if os.name == 'posix' else 'spawn')
    taken = context.Value('q', 0)  # hands out the work and counts it
    errors = context.SimpleQueue()
    crew = [
        context.Process(
            target=_work, args=(root, spec, plans, taken, errors), daemon=True
        )
        for _ in range(min(workers, len(plans)))
    ]
    try:
        for process in crew:
            process.start()
        while any(process.is_alive() for process in crew):
            report(before + min(taken.value, len(plans)), total)
            time.sleep(0.1)
    finally:
        for process in crew:
            process.terminate()
    if not errors.empty():
        raise RuntimeError(f'a worker failed:\n{errors.get()}')
    bad = [p.exitcode for p in crew if p.exitcode]
    if bad:
        raise RuntimeError(f'a worker died with exit code {bad[0]}')
    report(total, total)


def _work(
    root: Path,
    spec: DatasetSpec,
    plans: list[VideoPlan],
    taken: Any,
    errors: Any,
) -> None:
    """Take plans until none is left or the parent is gone (worker)."""
    cv2.setNumThreads(0)
    parent = os.getppid()
    try:
        while os.getppid() == parent:
            with taken.get_lock():
                n = taken.value
                taken.value += 1
            if n >= len(plans):
                return
            _write_one(root, spec, plans[n])
    except Exception:
        errors.put(traceback.format_exc())


def _write_one(root: Path, spec: DatasetSpec, plan: VideoPlan) -> None:
    """Render and encode one video."""
    frames = render_video(plan, spec.knobs)
    write_video(root / video_name(plan, spec.suffix), frames, spec.fps)

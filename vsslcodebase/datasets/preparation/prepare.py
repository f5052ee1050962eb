"""Preparing a data set: re-encoded videos, and lists that name them."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

from vsslcodebase.datasets.isolation import Outcome, Progress, run_isolated
from vsslcodebase.datasets.readers import BadVideoError

from .prepared_folder import Entry, PreparedFolder, target_of
from .prepared_lists import Listed, check_apart, read_lists, write_lists
from .prepared_size import estimate_bytes
from .reencoding import EncodeSettings, reencode_video

_LIMIT_SEC = 3600  # for one video: whatever takes longer hangs
_ALL_DIE = 8  # crashes in a row that are no matter of single videos
_FORMAT = 1  # of the folder; other numbers are other formats


@dataclass(frozen=True)
class Preparation:
    """What is to be done.

    Args:
        lists: List files, ``path label`` a line, of differing names.
        videos: Folder that the lists' paths are relative to.
        out: Folder to fill: ``videos/``, the lists, the manifest.
        settings: How to encode.
        limit: Take only so many videos of each list; None for all.
    """

    lists: Sequence[Path]
    videos: Path
    out: Path
    settings: EncodeSettings
    limit: int | None = None

    def describe(self) -> dict[str, Any]:
        """Return what decides the content of the new videos, for JSON."""
        folder = os.path.realpath(self.videos)
        return {'format': _FORMAT, 'source': folder, **asdict(self.settings)}


def prepare(
    plan: Preparation,
    workers: int = 1,
    verify: bool = False,
    dry_run: bool = False,
) -> None:
    """Re-encode the videos of some lists, and write the lists anew.

    What an earlier run with the same settings has finished is kept. Videos
    that cannot be re-encoded are left out of the lists and named, with the
    reason, in ``bad_videos.txt``. What is done is printed.

    Args:
        plan: What is to be done.
        workers: Processes.
        verify: Compare the hashes of finished files with the manifest.
        dry_run: Say what would be done, and do nothing.

    Raises:
        ValueError: The lists or folders are wrong, or no video of a list is
            good.
        OSError: Files cannot be written.
    """
    if not plan.videos.is_dir():
        raise ValueError(f"no folder of videos at '{plan.videos}'")
    check_apart(plan.lists, plan.videos, plan.out)
    listed = read_lists(plan.lists, plan.limit)
    folder = PreparedFolder(plan.out)
    if dry_run:
        folder.read(plan.describe())
        _announce(plan, folder, _split(plan, folder, listed, verify))
        return
    with folder.opened(plan.describe()):
        pending = _split(plan, folder, listed, verify)
        _announce(plan, folder, pending)
        bad = _encode_all(plan, folder, pending, workers)
        write_lists(plan.out, listed, bad)


def _split(
    plan: Preparation,
    folder: PreparedFolder,
    listed: Listed,
    verify: bool,
) -> list[str]:
    """Return the videos that are still to be encoded, each once."""
    videos = dict.fromkeys(v for vs in listed.values() for v, _ in vs)
    progress = Progress('verifying' if verify else 'looking', len(videos))
    is_new = not folder.entries
    pending = []
    for video in videos:
        original = os.path.join(plan.videos, video)
        if not folder.is_done(video, original, verify):
            if verify and video in folder.entries:
                print(f'{target_of(video)!r} is not what the manifest says')
            pending.append(video)
        if not is_new:
            progress.step()
    print(f'videos: {len(videos)}, of which {len(pending)} are to be encoded')
    return pending


def _announce(
    plan: Preparation, folder: PreparedFolder, pending: Sequence[str]
) -> None:
    """Print what is left to do, and whether the disk has room for it."""
    if not pending:
        return
    paths = [os.path.join(plan.videos, video) for video in pending]
    expected = estimate_bytes(paths, plan.settings)
    free = shutil.disk_usage(_existing_parent(plan.out)).free
    print(
        f'bytes: about {_in_words(expected)} to be written, '
        f'{_in_words(free)} free'
    )
    if expected > free:
        print(
            f"WARNING: '{plan.out}' will probably run out of space; what is "
            'finished by then is kept'
        )


def _existing_parent(path: Path) -> Path:
    """Return the innermost folder of a path that exists."""
    return next(p for p in [path, *path.resolve().parents] if p.exists())


def _encode_all(
    plan: Preparation,
    folder: PreparedFolder,
    pending: Sequence[str],
    workers: int,
) -> dict[str, str]:
    """Encode videos, record those that are done, return the bad ones.

    Raises:
        RuntimeError: Worker after worker died.
    """
    encode = partial(_encode_one, plan=plan, videos=folder.videos)
    progress = Progress('', len(pending))
    bad: dict[str, str] = {}
    before = after = crashes = 0
    outcomes = cast(
        'Generator[tuple[int, Outcome]]',
        run_isolated(encode, pending, workers, _LIMIT_SEC),
    )
    # Closed, so that no worker goes on writing after an interruption.
    with closing(outcomes):
        for index, outcome in outcomes:
            result = outcome.reason if outcome.failure else outcome.value
            crashes = crashes + 1 if outcome.failure else 0
            if crashes == _ALL_DIE:
                raise RuntimeError(
                    f'{crashes} videos in a row failed, the last one with '
                    f'"{result}"; is there memory for {workers} workers? What '
                    'is done is kept: run again with a smaller --workers'
                )
            if isinstance(result, Entry):
                folder.record(result)
                before += result.source_bytes
                after += result.bytes
            else:
                bad[pending[index]] = result
            progress.title = (
                f'{_in_words(before)} -> {_in_words(after)}, {len(bad)} bad'
            )
            progress.step()
    return bad


def _encode_one(source: str, plan: Preparation, videos: Path) -> Entry | str:
    """Encode a video, in a worker.

    Returns:
        What the manifest says of it; the reason if it cannot be encoded.
    """
    original, target = os.path.join(plan.videos, source), target_of(source)
    try:
        # Before reading, so that a change while it is read is noticed.
        modified = os.stat(original).st_mtime_ns
        made = reencode_video(original, str(videos / target), plan.settings)
    except FileNotFoundError:
        if os.path.exists(original):
            raise
        return 'the file does not exist'
    except BadVideoError as error:
        return error.reason
    height, width = made.size
    return Entry(
        source=source,
        source_bytes=made.source_bytes,
        source_mtime_ns=modified,
        target=target,
        sha256=made.sha256,
        frames=made.frames,
        height=height,
        width=width,
        bytes=made.target_bytes,
    )


def _in_words(number: float) -> str:
    """Return a number of bytes, '1.5 GB'."""
    power = min(int(math.log10(max(number, 1)) // 3), 4)
    return f'{number / 1000**power:.3g} {("B", "kB", "MB", "GB", "TB")[power]}'

"""Where a checkpoint comes from: code, config, data, versions.

Two runs with equal entries differ by their seed only. What names a folder or
tunes the reading of data is left out of the digests: another disk, or more
workers, is no other experiment.
"""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath
from typing import Any

from vsslcodebase.datasets.annotation import read_list
from vsslcodebase.datasets.converter import VIDEO_SUFFIXES
from vsslcodebase.utils.nested import dicts_in
from vsslcodebase.version import __version__

from .named_checkpoints import named_checkpoints

PACKAGES = ('torch', 'numpy', 'mmengine', 'mmaction2', 'av', 'opencv-python')
# of a config: what training computes
TRAINING_KEYS = (
    'model',
    'train_dataloader',
    'train_cfg',
    'optim_wrapper',
    'param_scheduler',
    'stages',
)
# anywhere in it: places of files, and how fast data are read
LEFT_OUT = {
    'ann_file',
    'checkpoint',
    'data_prefix',
    'data_root',
    'num_workers',
    'persistent_workers',
    'pin_memory',
    'prefetch_factor',
    'timeout',
    'work_dir',
}
MANIFEST = 'manifest.json'
# made from results, or pages: no code
WRITTEN = ('results', 'checkpoints', '*.md', '*metafile.yml')


def source_commit(folder: Path | None = None) -> dict[str, Any]:
    """Return the commit of a checkout, and whether its files are that.

    Args:
        folder: Inside the checkout; default this package's.

    Returns:
        ``commit`` (40 hex digits) and ``clean``: no tracked file differs
        from it, but what ``WRITTEN`` names. Both None where there is no
        checkout, as in a wheel.
    """
    folder = folder or Path(__file__).resolve().parent
    unknown = dict(commit=None, clean=None)
    try:
        top = _git(folder, 'rev-parse', '--show-toplevel')
        tracked = _git(folder, 'ls-files', '--', '.')
        if not tracked:  # an environment inside another project's checkout
            return unknown
        commit = _git(folder, 'rev-parse', 'HEAD')
        status = _git(
            Path(top),
            *('status', '--porcelain', '--untracked-files=no', '--', '.'),
            *(f':!{name}' for name in WRITTEN),
        )
    except (OSError, subprocess.SubprocessError):
        return unknown
    return dict(commit=commit, clean=not status)


def config_digest(cfg: Mapping[str, Any]) -> str:
    """Return 64 hex digits for what a training of ``cfg`` computes.

    Of ``TRAINING_KEYS`` without what is in ``LEFT_OUT``. The seed is no part
    of it, neither are hooks, logging and evaluation.
    """
    chosen = {key: cfg[key] for key in TRAINING_KEYS if cfg.get(key)}
    return json_digest(_without_places(chosen))


def json_digest(content: Any) -> str:
    """Return the SHA-256 of plain data: of sorted, compact JSON."""
    text = json.dumps(
        content, sort_keys=True, separators=(',', ':'), default=str
    )
    return hashlib.sha256(text.encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, 64 hex digits."""
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def list_digest(videos: Iterable[tuple[str, int]]) -> str:
    """Return 64 hex digits for a set of labelled videos.

    The same for any order, folder and file format: of each path, the last
    part without the suffix of a video counts, and the label. For names
    alone, give all the same label.

    Args:
        videos: (path, label) as in a list file.
    """
    lines = sorted(f'{video_name(path)} {label}\n' for path, label in videos)
    text = ''.join(lines).encode('utf-8', 'surrogateescape')
    return hashlib.sha256(text).hexdigest()


def video_name(path: str) -> str:
    """Return a video's name: no folder, no suffix of a video file."""
    name = PurePosixPath(path.replace('\\', '/')).name
    stem, dot, suffix = name.rpartition('.')
    return stem if dot and f'.{suffix.lower()}' in VIDEO_SUFFIXES else name


def data_identity(cfg: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return which videos the data loaders of a config read.

    Args:
        cfg: The whole config; its lists are read.

    Returns:
        By split ('train', 'val', 'test'; those with a list that is there):
        ``list`` the file's name, ``videos`` how many are read, ``sha256``
        of them (:func:`list_digest`), and ``manifest``, the digest of the
        settings of a generated data set that lie beside the list, or None.
    """
    found = {}
    for split in ('train', 'val', 'test'):
        for dataset in _datasets(cfg.get(f'{split}_dataloader') or {}):
            path = Path(dataset.get('data_root') or '', dataset['ann_file'])
            if not path.is_file():
                continue
            videos = read_list(path, dataset.get('delimiter', ' '))
            videos = videos[: dataset.get('num_videos')]
            found[split] = dict(
                list=path.name,
                videos=len(videos),
                sha256=list_digest(videos),
                manifest=_manifest_digest(path.parent / MANIFEST),
            )
            break
    return found


def versions() -> dict[str, str | None]:
    """Return the versions of this package, Python and what it stands on."""
    found: dict[str, str | None] = dict(
        vsslcodebase=__version__, python=platform.python_version()
    )
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def provenance(cfg: Mapping[str, Any]) -> dict[str, Any]:
    """Return all of this for a run of ``cfg``: plain data.

    ``start`` is name to SHA-256 of the files that its weights come from.
    """
    return dict(
        **source_commit(),
        config_digest=config_digest(cfg),
        start=_start(cfg),
        data=data_identity(cfg),
        versions=versions(),
    )


def joined(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict:
    """Return the provenance of a run that was resumed.

    Args:
        before: Of the checkpoint; empty where it does not say.
        now: Of what goes on from it.

    Returns:
        ``now``, but only ``clean`` if both are, with a digest that is of no
        config if the two have different ones, and with the other commits
        that trained, oldest first, under ``earlier_commits``; and what the
        first of them started from.
    """
    digests = [before.get('config_digest'), now['config_digest']]
    earlier = [*before.get('earlier_commits', ()), before.get('commit')]
    return dict(
        now,
        start=before.get('start', {}),
        clean=now['clean'] and bool(before.get('clean')),
        config_digest=digests[1]
        if digests[0] == digests[1]
        else json_digest(digests),
        earlier_commits=[
            commit
            for commit in dict.fromkeys(earlier)
            if commit and commit != now['commit']
        ],
    )


def _start(cfg: Mapping[str, Any]) -> dict[str, str | None]:
    """Return what ``provenance`` has under ``start``; None for addresses."""
    found: dict[str, str | None] = {}
    for name in named_checkpoints(cfg):
        path = Path(name).expanduser()
        found[path.name] = file_sha256(path) if path.is_file() else None
    return found


def _git(folder: Path, *command: str) -> str:
    """Return what git says in a folder."""
    done = subprocess.run(
        ['git', '-C', str(folder), *command],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    return done.stdout.strip()


def _without_places(node: Any) -> Any:
    """Return plain data without the keys in ``LEFT_OUT``."""
    if isinstance(node, Mapping):
        return {
            str(key): _without_places(value)
            for key, value in node.items()
            if key not in LEFT_OUT
        }
    if isinstance(node, (list, tuple)):
        return [_without_places(value) for value in node]
    return node


def _datasets(loader: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the configs of data sets with a list, wrapped ones, too."""
    for _, node in dicts_in(loader):
        if isinstance(node.get('ann_file'), str):
            yield node


def _manifest_digest(path: Path) -> str | None:
    """Return the digest of a generated data set's settings, if any."""
    if not path.is_file():
        return None
    try:
        return json_digest(json.loads(path.read_text(encoding='utf-8')))
    except ValueError:
        return None  # of something else that has the same name

"""What is kept of a prepared data set beside its videos.

``settings.json`` says what the folder holds, ``manifest.jsonl`` has a line
for each finished video. A line is written when its file is whole and in its
place, so that a run that was killed goes on where the manifest ends.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vsslcodebase.datasets.annotation import write_whole
from vsslcodebase.utils.folder_lock import LOCK, locked

from .reencoding import PARTIAL

SETTINGS, MANIFEST = 'settings.json', 'manifest.jsonl'


@dataclass(frozen=True)
class Entry:
    """A line of the manifest.

    Attributes:
        source: Path of the original in the folder of videos.
        source_bytes: Its size.
        source_mtime_ns: When it was changed, in nanoseconds since 1970.
        target: Path of the new file in ``videos/``.
        sha256: Hash of the new file, in hexadecimal digits.
        frames: Number of frames of both.
        height: Height of the new one, in pixels.
        width: Width of the new one, in pixels.
        bytes: Size of the new file.
    """

    source: str
    source_bytes: int
    source_mtime_ns: int
    target: str
    sha256: str
    frames: int
    height: int
    width: int
    bytes: int


def target_of(source: str) -> str:
    """Return the path of the new file of a video, in ``videos/``."""
    return os.path.splitext(source)[0] + '.mp4'


class PreparedFolder:
    """A folder of re-encoded videos.

    Args:
        root: The folder; made by :meth:`opened`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.videos = root / 'videos'
        self.entries: dict[str, Entry] = {}  # by source

    @contextmanager
    def opened(self, settings: Mapping[str, Any]) -> Iterator[None]:
        """Hold the folder for this process, and read what is done.

        Files that a killed run left half-written are removed, before and
        after.

        Args:
            settings: What decides the content of the videos, for JSON.

        Raises:
            ValueError: Another process is at work in the folder; or it holds
                something else, or has other settings.
        """
        self._check(settings)  # before anything is made
        self.videos.mkdir(parents=True, exist_ok=True)
        refusal = (
            f"another process is at work in '{self.root}'; wait for it or "
            'choose another --out'
        )
        with locked(self.root, refusal):
            self._check(settings)
            write_whole(
                self.root / SETTINGS,
                json.dumps(dict(settings), indent=1) + '\n',
            )
            self._end_last_line()
            self.entries = self._read_manifest()
            self._remove_partial()
            try:
                yield
            finally:
                self._remove_partial()

    def read(self, settings: Mapping[str, Any]) -> None:
        """Read what is done, changing nothing.

        Raises:
            ValueError: The folder holds something else, or has other
                settings.
        """
        self._check(settings)
        self.entries = self._read_manifest()

    def record(self, entry: Entry) -> None:
        """Add a line to the manifest."""
        self.entries[entry.source] = entry
        with open(self.root / MANIFEST, 'a', encoding='ascii') as file:
            file.write(json.dumps(asdict(entry)) + '\n')

    def is_done(self, source: str, original: str, verify: bool) -> bool:
        """Tell whether a video has its entry, and the file that this names.

        Args:
            source: Path in the folder of videos.
            original: Its full path. An original that is there must be the one
                that was re-encoded; it may be gone.
            verify: Compare the hash of the new file, not only the size.
        """
        entry = self.entries.get(source)
        if entry is None or entry.target != target_of(source):
            return False
        try:
            found = os.stat(original)
        except OSError:
            pass
        else:
            expected = entry.source_bytes, entry.source_mtime_ns
            if (found.st_size, found.st_mtime_ns) != expected:
                return False
        path = self.videos / entry.target
        try:
            if path.stat().st_size != entry.bytes:
                return False
            return not verify or _sha256(path) == entry.sha256
        except OSError:
            return False

    def _check(self, settings: Mapping[str, Any]) -> None:
        """Refuse a folder of something else, or with other settings."""
        root = self.root
        if root.exists() and not root.is_dir():
            raise ValueError(f"--out '{root}' is a file, not a folder")
        if (root / SETTINGS).exists():
            self._compare(settings)
        elif root.exists():
            others = {path.name for path in root.iterdir()} - {'videos', LOCK}
            if others or any((root / 'videos').glob('*')):
                raise ValueError(
                    f"'{root}' is not empty and has no {SETTINGS}: it is no "
                    'prepared data set; choose another --out'
                )

    def _compare(self, settings: Mapping[str, Any]) -> None:
        """Compare the settings with those of earlier runs."""
        path = self.root / SETTINGS
        try:
            there = json.loads(path.read_text())
            names = {**there, **settings}
        except (ValueError, TypeError):
            raise ValueError(
                f"'{path}' is no JSON object; if the videos are yours to "
                f"lose, delete '{self.root}' and begin anew"
            ) from None
        differences = [
            f'{name} was {there.get(name)!r} and is {settings.get(name)!r}'
            for name in names
            if there.get(name) != settings.get(name)
        ]
        if differences:
            raise ValueError(
                f"'{self.root}' was prepared otherwise: "
                f'{"; ".join(differences)}; repeat the settings, or choose '
                'another --out'
            )

    def _read_manifest(self) -> dict[str, Entry]:
        """Read the whole lines of the manifest."""
        path = self.root / MANIFEST
        whole = path.read_bytes() if path.exists() else b''
        whole = whole[: whole.rfind(b'\n') + 1]  # the last may be cut off
        entries = {}
        for number, line in enumerate(whole.splitlines(), 1):
            entry = _parse(line, f'{path}, line {number}')
            entries[entry.source] = entry
        return entries

    def _end_last_line(self) -> None:
        """Take away a line of the manifest whose writer was killed."""
        path = self.root / MANIFEST
        if path.exists():
            os.truncate(path, path.read_bytes().rfind(b'\n') + 1)

    def _remove_partial(self) -> None:
        for path in self.videos.rglob(f'.*{PARTIAL}'):
            path.unlink(missing_ok=True)


def _parse(line: bytes, place: str) -> Entry:
    """Read a line of the manifest."""
    try:
        entry = Entry(**json.loads(line))
        is_valid = all(
            isinstance(getattr(entry, name), int if kind == 'int' else str)
            for name, kind in Entry.__annotations__.items()
        )
    except (ValueError, TypeError):
        is_valid = False
    if not is_valid:
        raise ValueError(
            f'{place}: not a line that this tool has written; remove it, and '
            'the video that it is about is prepared again'
        )
    return entry


def _sha256(path: Path) -> str:
    """Return the hash of a file in hexadecimal digits."""
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()

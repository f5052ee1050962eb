"""Stages that are done once: an interrupted sequence goes on where it was."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .clock import Clock
from .display import Display, duration

RESULT = 'stage.json'
TAKEN = 'seconds'
NOTE_EVERY_SEC = 2.0

# (done, total, note)
Report = Callable[[int, int, str], None]


class StageError(RuntimeError):
    """A stage failed, for a reason that the message gives."""


@dataclass(frozen=True)
class Stage:
    """A piece of work whose result is kept.

    Attributes:
        name: Of its folder.
        title: What it does, for people.
        inputs: Everything that decides the result; JSON. Other inputs make
            another folder.
        planned_sec: How long it takes on two idle cores, roughly.
        work: Gets its folder and a function to report progress to; returns
            a result of JSON. ``files`` in the result are paths without which
            the result is worth nothing.
    """

    name: str
    title: str
    inputs: dict[str, Any]
    planned_sec: float
    work: Callable[[Path, Report], dict[str, Any]]

    @property
    def folder(self) -> str:
        """Name and a digest of the inputs."""
        text = json.dumps(self.inputs, sort_keys=True)
        return f'{self.name}_{hashlib.sha256(text.encode()).hexdigest()[:8]}'


def run_stages(
    stages: Sequence[Stage], work_dir: Path, display: Display
) -> dict[str, dict[str, Any]]:
    """Do what has not been done yet.

    Args:
        stages: In order. Each keeps what it did in a folder of its own below
            ``work_dir``, which it finds again with the same inputs.
        work_dir: Made if need be.
        display: Told about all progress.

    Returns:
        For each stage by name: ``result``, ``seconds``, ``finished`` (ISO
        time) and ``folder``.

    Raises:
        Whatever a stage raises; what is done stays done.
    """
    records: dict[str, dict[str, Any]] = {}
    clock = Clock([stage.planned_sec for stage in stages])
    known = [_read_record(work_dir / stage.folder) for stage in stages]
    for index, record in enumerate(known):
        if record is not None:
            clock.skip(index)
    for index, stage in enumerate(stages):
        record = known[index]
        if record is None:
            record = _do(stage, index, work_dir, display, clock)
            note = duration(record['seconds'])
        else:
            note = f'{duration(record["seconds"])}  (done before)'
        display.stage_done(index + 1, stage.title, note)
        records[stage.name] = record
    return records


def _do(
    stage: Stage, index: int, work_dir: Path, display: Display, clock: Clock
) -> dict[str, Any]:
    """Do one stage and write its record."""
    folder = work_dir / stage.folder
    folder.mkdir(parents=True, exist_ok=True)
    stopwatch = _Stopwatch(folder / TAKEN)

    def report(done: int, total: int, note: str = '') -> None:
        share = min(1.0, done / total) if total else 0.0
        left = clock.left(index, share, stopwatch.this_run())
        display.progress(index + 1, stage.title, share, note, left)
        stopwatch.note()

    try:
        result = stage.work(folder, report)
    except BaseException:
        stopwatch.note(at_once=True)
        display.stage_failed(index + 1, stage.title, 'not finished')
        raise
    clock.finish(index, stopwatch.this_run())
    record = dict(
        inputs=stage.inputs,
        result=result,
        seconds=stopwatch.all_runs(),
        finished=datetime.datetime.now()
        .astimezone()
        .isoformat('T', 'seconds'),
        folder=str(folder),
    )
    write_whole(folder / RESULT, json.dumps(record, indent=1) + '\n')
    return record


def _now() -> str:
    """Return the local time with its zone, ISO 8601."""
    return datetime.datetime.now().astimezone().isoformat('T', 'seconds')


def _read_record(folder: Path) -> dict[str, Any] | None:
    """Return what a finished stage left; None if it has to be done."""
    try:
        record: dict[str, Any] = json.loads((folder / RESULT).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    files = record['result'].get('files', [])
    return record if all(Path(file).exists() for file in files) else None


def write_whole(path: Path, text: str) -> None:
    """Write a file that appears whole or not at all."""
    part = path.with_name(f'{path.name}.{os.getpid()}.part')
    part.write_text(text, encoding='utf-8')
    os.replace(part, path)


class _Stopwatch:
    """Time of a stage over all its runs, kept in a file against a kill."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.start = self.noted = time.monotonic()
        try:
            self.before = float(path.read_text())
        except (FileNotFoundError, ValueError):
            self.before = 0.0

    def this_run(self) -> float:
        """Return the seconds of this run."""
        return time.monotonic() - self.start

    def all_runs(self) -> float:
        """Return the seconds of this run and those before."""
        return round(self.before + self.this_run(), 1)

    def note(self, at_once: bool = False) -> None:
        """Write the time down, if it is time to."""
        if at_once or time.monotonic() - self.noted > NOTE_EVERY_SEC:
            self.noted = time.monotonic()
            write_whole(self.path, f'{self.all_runs()}\n')

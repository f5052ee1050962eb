"""Examining many videos: all of them, and some more closely."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from vsslcodebase.datasets.isolation import Outcome, Progress, run_isolated
from vsslcodebase.datasets.preparation.reencoding import EncodeSettings
from vsslcodebase.datasets.readers import BadVideoError
from vsslcodebase.datasets.transforms.clip_sampling import ClipSampler

from .decode_cost import (
    DecodeCost,
    Trial,
    measure_decoding,
    try_reencoding,
)
from .video_report import VideoReport, examine

# A trial decodes the whole video, scales and encodes it.
_TRIAL_LIMIT = 10


@dataclass(frozen=True)
class Examination:
    """How to examine a data set.

    Args:
        folder: Folder that the paths of the list start from.
        sampler: Of the training that is planned.
        full: Decode every frame of every video.
        duplicates: Look for files with the same content.
        sample: Number of videos whose decoding is measured.
        reencode: How many of those are re-encoded on trial.
        settings: How to encode.
        seed: Of the choice of videos.
        workers: Processes.
        limit_sec: Seconds after which a video is given up.
    """

    folder: str
    sampler: ClipSampler
    full: bool = False
    duplicates: bool = False
    sample: int = 64
    reencode: int = 5
    settings: EncodeSettings = field(default_factory=EncodeSettings)
    seed: int = 0
    workers: int = 1
    limit_sec: float = 120

    def examine_all(self, paths: Sequence[str]) -> list[VideoReport]:
        """Report on each video, also if it crashes or hangs its process."""
        calls = [partial(examine, self._at(p), p, self.full) for p in paths]
        outcomes = self._run(calls, 'Checking videos')
        return [
            outcome.value
            if isinstance(outcome.value, VideoReport)
            else VideoReport(path, *_trouble(outcome))
            for path, outcome in zip(paths, outcomes)
        ]

    def measure_some(self, reports: Sequence[VideoReport]) -> list[DecodeCost]:
        """Measure the decoding of some videos.

        Damage that was not met before is noted in their reports.
        """
        chosen = choose(reports, self.sample, self.seed)
        calls = [
            partial(
                measure_decoding,
                self._at(report.path),
                report.path,
                self.sampler,
                self.seed,
            )
            for report in chosen
        ]
        costs = []
        outcomes = self._run(calls, 'Measuring decoding')
        for report, outcome in zip(chosen, outcomes):
            if isinstance(outcome.value, DecodeCost):
                costs.append(outcome.value)
            else:
                report.bad, report.reason = _trouble(outcome)
        return costs

    def reencode_some(self, reports: Sequence[VideoReport]) -> list[Trial]:
        """Re-encode some videos on trial; those that fail are left out."""
        chosen = choose(reports, self.reencode, self.seed)
        with tempfile.TemporaryDirectory(prefix='doctor-') as scratch:
            calls = [
                partial(
                    try_reencoding,
                    self._at(report.path),
                    report.path,
                    os.path.join(scratch, f'{index}.mp4'),
                    self.sampler,
                    self.settings,
                    self.seed,
                )
                for index, report in enumerate(chosen)
            ]
            outcomes = self._run(calls, 'Re-encoding on trial', _TRIAL_LIMIT)
        values = [outcome.value for outcome in outcomes]
        return [value for value in values if isinstance(value, Trial)]

    def _at(self, path: str) -> str:
        return os.path.join(self.folder, path)

    def _run(
        self, calls: Sequence[Callable[[], Any]], title: str, times: int = 1
    ) -> list[Outcome]:
        """Run the calls, each in ``times`` the time of a video, in order."""
        progress = Progress(title, len(calls))
        outcomes = [Outcome()] * len(calls)
        for index, outcome in run_isolated(
            _call, calls, self.workers, self.limit_sec * times
        ):
            outcomes[index] = outcome
            progress.step()
        return outcomes


def choose(
    reports: Sequence[VideoReport], number: int, seed: int
) -> list[VideoReport]:
    """Choose readable videos at random; a smaller number of them is a part.

    Args:
        reports: Of all videos.
        number: How many, at most.
        seed: Of the choice.
    """
    good = [report for report in reports if not report.bad]
    order = np.random.default_rng(seed).permutation(len(good))
    return [good[place] for place in order[:number]]


def _call(function: Callable[[], Any]) -> Any:
    """Return the result, or the error."""
    try:
        return function()
    except Exception as error:  # one strange video must not end it all
        return error


def _trouble(outcome: Outcome) -> tuple[str, str]:
    """Return what is bad about a video, and the reason."""
    if outcome.failure:
        return outcome.failure, outcome.reason
    error = outcome.value
    if isinstance(error, BadVideoError):
        return 'corrupt', error.reason
    return 'unexpected error', f'{type(error).__name__}: {error}'

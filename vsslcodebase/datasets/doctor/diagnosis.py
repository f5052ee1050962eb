"""What is known of a whole data set after its examination."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vsslcodebase.datasets.transforms.clip_sampling import ClipSampler

from . import findings as find
from .decode_cost import DecodeCost, Gain, Trial, estimate_gain
from .examination import Examination
from .video_report import VideoReport

_INTERVAL_DRAWS = 100


@dataclass(frozen=True)
class Diagnosis:
    """What was found out about a data set.

    Attributes:
        videos: (path, label), as the list has them.
        reports: One of each video of the list.
        findings: What is wrong or odd, the bad things first.
        sampler: Chooses the frames of a training sample.
        costs: Of decoding some videos.
        trials: Of re-encoding some videos.
    """

    videos: find.Videos
    reports: list[VideoReport]
    findings: list[find.Finding]
    sampler: ClipSampler
    costs: list[DecodeCost]
    trials: list[Trial]

    @property
    def is_sound(self) -> bool:
        """Whether training will stumble over nothing."""
        return all(f.level is not find.Level.BAD for f in self.findings)

    @property
    def good(self) -> list[VideoReport]:
        """Reports of the videos that can be read."""
        return [report for report in self.reports if not report.bad]

    def gain(self) -> Gain | None:
        """Estimate what re-encoding would do; None without trials."""
        return estimate_gain(self.trials, self.good) if self.trials else None

    def clean_videos(self, drop_short: bool = False) -> list[tuple[str, int]]:
        """Return the lines to train on: each readable video once.

        Videos whose label is in doubt are left out.

        Args:
            drop_short: Leave out those shorter than a clip, too.
        """
        least = frames_of_clip(self.sampler) if drop_short else 1
        usable = {r.path for r in self.good if r.frames >= least}
        for finding in self.findings:
            if finding.kind in find.DOUBTFUL_LABELS:
                usable -= {path for path, _ in finding.cases}
        lines: dict[str, tuple[str, int]] = {}
        for path, label in self.videos:
            lines.setdefault(os.path.normpath(path), (path, label))
        return [line for path, line in lines.items() if path in usable]

    def as_dict(self) -> dict[str, Any]:
        """Return everything, for JSON."""
        gain = self.gain()
        return {
            'is_sound': self.is_sound,
            'num_lines': len(self.videos),
            'num_videos': len(self.reports),
            'num_readable': len(self.good),
            'findings': [
                {
                    'kind': finding.kind,
                    'level': finding.level,
                    'meaning': finding.meaning,
                    'count': len(finding.cases),
                    'cases': finding.cases,
                }
                for finding in self.findings
            ],
            'sampler': repr(self.sampler),
            'decode_costs': [cost._asdict() for cost in self.costs],
            'reencoding_trials': [
                {
                    'before': trial.before._asdict(),
                    'after': trial.after._asdict(),
                    'encode_sec': trial.encode_sec,
                }
                for trial in self.trials
            ],
            'reencoding_gain': gain._asdict() if gain else None,
            'videos': [report.as_dict() for report in self.reports],
        }


def diagnose(
    videos: find.Videos,
    how: Examination,
    classes: Sequence[str] = (),
    others: Mapping[str, find.Videos] | None = None,
) -> Diagnosis:
    """Examine every video of a list, and the list.

    Args:
        videos: (path, label), paths relative to the folder of ``how``.
        how: What to examine.
        classes: Names of the classes, where they are known.
        others: Further lists of videos in the same folder, by name.
    """
    labels: dict[str, int] = {}
    for path, label in videos:
        labels.setdefault(os.path.normpath(path), label)
    reports = how.examine_all(list(labels))
    costs = how.measure_some(reports) if how.sample else []
    trials = how.reencode_some(reports) if how.reencode else []
    span, num_clips = frames_of_clip(how.sampler), how.sampler.num_clips
    found = [
        *find.of_videos(reports),
        *find.of_lengths(reports, span, num_clips),
        *find.of_outliers(reports),
        *find.of_lines(videos),
        *find.of_labels(videos, classes),
        *find.of_folder(videos, how.folder, others or {}),
    ]
    if how.duplicates:
        found += find.of_copies(reports, labels, how.folder)
    found.sort(key=lambda finding: finding.level is not find.Level.BAD)
    return Diagnosis(videos, reports, found, how.sampler, costs, trials)


def frames_of_clip(sampler: ClipSampler) -> int:
    """Return the frames of a clip, with the gaps between them.

    Of the longest clip, where a sampler draws the interval.
    """
    intervals = [sampler.sample_intervals() for _ in range(_INTERVAL_DRAWS)]
    return sampler.clip_len * max(int(each.max()) for each in intervals)

"""What frozen features know of motion-mini, question by question.

Each question is asked of clips as they are played and of three controls
(``ORDERS``). For a control there are two figures, named by what the probe was
fitted to: 'played', ordinary clips, and 'same', clips of that control.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor

from vsslcodebase.datasets.motion_mini.annotations import LABEL_KINDS
from vsslcodebase.datasets.transforms.frame_order import ORDERS

from .knn import TEMPERATURE, knn_classify
from .linear_probe import (
    LinearProbe,
    fit_linear_probe,
    inside_pair_hits,
)
from .probe_answers import Answer, Figures
from .probe_controls import PACES, uniform_windows
from .probe_features import Features, ProbeSettings, pace_showing
from .probe_intervals import Hits, figure_of
from .probe_videos import MiniVideos
from .time_use import time_errors

Fitted = TypeVar('Fitted')
TIME = 'R2 t'
# What was shown backwards, of clips in each order
REVERSALS = {
    'played': 'clips reversed',
    'shuffled': 'reversal shuffled',
    'reversed': 'clips played',
    'frozen': 'clips frozen',
}


class Asker:
    """Asks the features of one network.

    Args:
        features: What ``read_features`` returned.
        videos: Of 'train' and 'test', that they are of.
        settings: As they were read with.
    """

    def __init__(
        self,
        features: Features,
        videos: dict[str, MiniVideos],
        settings: ProbeSettings,
    ) -> None:
        self.features, self.videos = features, videos
        self.settings = settings
        self.num_train = min(settings.num_train, len(videos['train'].frames))
        self.num_test = len(videos['test'].frames)
        # twins are neighbours in the lists of the test
        self.scenes = torch.arange(self.num_test) // 2
        self._probes: dict[tuple[str, str], LinearProbe] = {}

    def ask_all(self) -> dict[str, Answer]:
        """Return the answers to all questions that the videos allow."""
        answers = {'inside pair': self.ask_label('motion', inside_pairs=True)}
        for kind in LABEL_KINDS:
            answers[kind] = self.ask_label(kind)
        answers['scene kNN'] = self.ask_neighbours()
        answers[TIME] = self.ask_time()
        answers['arrow'] = self.ask_arrow()
        answers['arrow, all'] = self.ask_arrow_of_all()
        if len(self._paces()) > 1:
            answers['pace'] = self.ask_pace()
        return answers

    def ask_label(self, kind: str, inside_pairs: bool = False) -> Answer:
        """Ask for a label by a linear probe, of the mean of a video's clips.

        Args:
            kind: Of label.
            inside_pairs: Compare the right class with its mirror in time
                alone.
        """
        truth = self.videos['test'].labels[kind]

        def fit(order: str) -> LinearProbe:
            return self._label_probe(kind, order)

        def judge(probe: LinearProbe, order: str) -> Hits:
            scores = probe.scores(self._mean(f'clips {order}', 'test'))
            if inside_pairs:
                return _hits(inside_pair_hits(scores, truth), self.scenes)
            return _hits(scores.argmax(1) == truth, self.scenes)

        chance = (
            1 / 2
            if inside_pairs
            else 1 / self.videos['test'].class_counts[kind]
        )
        return self._answer(chance, self.num_train, fit, judge)

    def ask_neighbours(self) -> Answer:
        """Ask for the scene by neighbours among ordinary training clips."""
        gallery = self._mean('clips played', 'train')
        truth = self.videos['test'].labels['scene']
        figures = {}
        for order in ORDERS:
            votes = knn_classify(
                gallery,
                self.videos['train'].labels['scene'],
                self._mean(f'clips {order}', 'test'),
                self.settings.num_neighbours,
                TEMPERATURE,
            )
            hits = _hits(votes.argmax(1) == truth, self.scenes)
            figures[order] = dict(played=figure_of(hits))
        chance = 1 / self.videos['test'].class_counts['scene']
        return Answer(chance, len(gallery), self.num_test, figures)

    def ask_time(self) -> Answer:
        """Ask when a clip starts, by ridge regression, of single clips."""
        settings, test = self.settings, self.videos['test']
        windows = uniform_windows(
            test.frames.shape[1],
            settings.clip_len,
            settings.frame_interval,
            settings.num_clips,
        )
        times = (windows[:, 0] / (test.fps or 1)).float()
        times = times.expand(self.num_test, -1)

        def judge(fitted: str, order: str) -> Hits:
            error, spread = time_errors(
                self.features[f'clips {fitted}']['test'],
                times,
                asked=self.features[f'clips {order}']['test'],
            )
            return Hits(spread - error, spread, self.scenes)

        return self._answer(0.0, self.num_test, lambda order: order, judge)

    def ask_arrow(self) -> Answer:
        """Ask whether the film runs forwards.

        Of the two videos of a pair each is the other's reversal: shown all
        videos, nobody could tell. So only those of the first motion of each
        pair are shown (right, up, ...): as they are, and backwards.
        """
        kept = {
            split: video.labels['motion'] % 2 == 0
            for split, video in self.videos.items()
        }
        kept['train'] = kept['train'][: self.num_train]

        def clips(order: str, split: str) -> tuple[Tensor, Tensor]:
            backwards = self._mean(REVERSALS[order], split)
            if order != 'shuffled':  # of which no others have been read
                backwards = backwards[: len(kept[split])][kept[split]]
            forwards = self._mean(f'clips {order}', split)
            return forwards[: len(kept[split])][kept[split]], backwards

        return self._ask_direction(clips, ORDERS)

    def ask_arrow_of_all(self) -> Answer:
        """Ask for the arrow where it cannot be known: of all videos."""

        def clips(order: str, split: str) -> tuple[Tensor, Tensor]:
            backwards = self._mean(REVERSALS[order], split)
            return self._mean(f'clips {order}', split)[
                : len(backwards)
            ], backwards

        return self._ask_direction(clips, ('played',))

    def ask_pace(self) -> Answer:
        """Ask at which pace a clip is shown, of the mean of its clips."""
        paces = self._paces()

        def shown(order: str, split: str) -> tuple[Tensor, Tensor]:
            parts = [self._mean(pace_showing(p, order), split) for p in paces]
            labels = torch.arange(len(paces))
            return torch.cat(parts), labels.repeat_interleave(len(parts[0]))

        def fit(order: str) -> LinearProbe:
            return fit_linear_probe(*shown(order, 'train'), len(paces))

        def judge(probe: LinearProbe, order: str) -> Hits:
            features, labels = shown(order, 'test')
            right = probe.scores(features).argmax(1) == labels
            return _hits(right, self.scenes.repeat(len(paces)))

        count = len(paces)
        return self._answer(1 / count, self.num_train * count, fit, judge)

    def _label_probe(self, kind: str, order: str) -> LinearProbe:
        """Fit to a label, once: motions are asked about twice."""
        if (kind, order) not in self._probes:
            known = self._mean(f'clips {order}', 'train')[: self.num_train]
            self._probes[kind, order] = fit_linear_probe(
                known,
                self.videos['train'].labels[kind][: self.num_train],
                self.videos['test'].class_counts[kind],
            )
        return self._probes[kind, order]

    def _ask_direction(
        self,
        clips: Callable[[str, str], tuple[Tensor, Tensor]],
        orders: tuple[str, ...],
    ) -> Answer:
        """Tell clips that run forwards from those that run backwards."""

        def labels(ways: tuple[Tensor, Tensor]) -> Tensor:
            return torch.arange(2).repeat_interleave(len(ways[0]))

        def fit(order: str) -> LinearProbe:
            ways = clips(order, 'train')
            return fit_linear_probe(torch.cat(ways), labels(ways), 2)

        def judge(probe: LinearProbe, order: str) -> Hits:
            ways = clips(order, 'test')
            scores = probe.scores(torch.cat(ways))
            right = inside_pair_hits(scores, labels(ways))
            return _hits(right, groups.repeat(2))

        num_labels = 2 * len(clips('played', 'train')[0])
        num_videos = len(clips('played', 'test')[0])
        # all videos: a video and its twin in a group; else one of each
        step = 2 if num_videos == self.num_test else 1
        groups = torch.arange(num_videos) // step
        answer = self._answer(0.5, num_labels, fit, judge, orders)
        return answer._replace(num_videos=num_videos)

    def _answer(
        self,
        chance: float,
        num_labels: int,
        fit: Callable[[str], Fitted],
        judge: Callable[[Fitted, str], Hits],
        orders: tuple[str, ...] = ORDERS,
    ) -> Answer:
        """Fit to each order, and test as 'same' and as 'played' says."""
        ordinary = fit('played')
        figures: Figures = {}
        for order in orders:
            figures[order] = dict(played=figure_of(judge(ordinary, order)))
            if order == 'played':
                figures[order]['same'] = figures[order]['played']
            else:
                own = figure_of(judge(fit(order), order))
                figures[order]['same'] = own
        return Answer(chance, num_labels, self.num_test, figures)

    def _mean(self, showing: str, split: str) -> Tensor:
        """Return the (n, D) means of the clips of videos."""
        return self.features[showing][split].mean(1)

    def _paces(self) -> list[int]:
        """Return the paces that were shown."""
        return [p for p in PACES if pace_showing(p, 'played') in self.features]


def _hits(right: Tensor, groups: Tensor) -> Hits:
    """Return right answers as shares of the questions."""
    gained = right.double()
    return Hits(gained, torch.ones_like(gained), groups)

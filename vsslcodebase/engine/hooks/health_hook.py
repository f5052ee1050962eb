"""How a run does, told by its embeddings: the loss alone hides collapse."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from pathlib import Path
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.visualization import TensorboardVisBackend
from torch import Tensor
from torch.utils.hooks import RemovableHandle

from vsslcodebase.evaluation.embedding_health import (
    EmbeddingHealth,
    embedding_health,
)
from vsslcodebase.registry import HOOKS
from vsslcodebase.utils.dist import gather_rows, world_size
from vsslcodebase.visualization.similarity_chart import save_similarity_chart

FOLDER = 'health'


@HOOKS.register_module()
class HealthHook(Hook):
    """Every so many steps, measure the embeddings that the step has made.

    What ``model.neck`` returns in a training step is read as it passes;
    nothing is computed twice and nothing that is trained is touched. Clips
    of all processes are compared, and a line of the log and the visualizer's
    scalars say, under ``health/``:

    ``spread``
        Standard deviation of unit vectors, averaged over the dimensions.
        1/sqrt(d) is a filled sphere, 0 one point.
    ``effective_rank``
        Dimensions in use, from 1 to the number of dimensions or clips.
    ``alignment``, ``uniformity``
        Of Wang and Isola (2020); lower is better, in both.
    ``positive_similarity``, ``negative_similarity``
        Mean cosine of clips of one video and of clips of two.

    The similarities go to TensorBoard as histograms, where a
    ``TensorboardVisBackend`` is configured, and now and then to a picture
    ``health/similarities_<iteration>.png`` in the work directory. Of one
    clip a video there are no positives, and what needs them is left out. A
    model without neck, or whose neck returns no (N, d) embeddings, is left
    alone.

    A warning says when embeddings have *collapsed*, by the criterion of
    :func:`~vsslcodebase.evaluation.embedding_health.find_collapse`: once,
    and again only after they have recovered.

    Args:
        interval: Iterations between measurements.
        picture_every: Measurements from one picture to the next; 0 draws
            none.
        keep_pictures: How many pictures are kept, the last ones.
        max_clips: Compare at most about so many clips, the first videos of
            each process; pairs grow with its square.
    """

    def __init__(
        self,
        interval: int = 50,
        picture_every: int = 10,
        keep_pictures: int = 5,
        max_clips: int = 512,
    ) -> None:
        """Check the settings; nothing has been measured yet."""
        for name, value, least in (
            ('interval', interval, 1),
            ('picture_every', picture_every, 0),
            ('keep_pictures', keep_pictures, 1),
            ('max_clips', max_clips, 2),
        ):
            if value < least:
                raise ValueError(f'{name} is at least {least}, got {value}')
        self.interval = interval
        self.picture_every = picture_every
        self.keep_pictures = keep_pictures
        self.max_clips = max_clips
        self._handle: RemovableHandle | None = None
        self._seen: list[Tensor] = []
        self._collapsed = False

    def before_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Listen to the neck in this step, if it is time."""
        neck = getattr(_unwrapped(runner), 'neck', None)
        if neck is None or not self.every_n_train_iters(runner, self.interval):
            return
        self._seen = []
        self._handle = neck.register_forward_hook(self._listen)

    def after_train_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Stop listening, measure what was heard, and report it."""
        if self._handle is None:
            return
        self._handle.remove()
        seen, self._seen, self._handle = self._seen, [], None
        embeddings = _per_video(
            seen,
            _count_videos(data_batch),
            getattr(_unwrapped(runner), 'sequential', None),
        )
        if embeddings is None:
            return
        num_clips = embeddings.shape[1]
        share = max(1, self.max_clips // (world_size() * num_clips))
        embeddings = gather_rows(embeddings[:share])
        if runner.rank != 0:
            return
        # float16 overflows now and then, and the step is skipped
        if not embeddings.isfinite().all():
            runner.logger.info(
                f'health at iteration {runner.iter + 1}: not measured, some '
                'embeddings are infinite or NaN'
            )
            return
        health = embedding_health(embeddings)
        self._log(runner, health)
        self._warn(runner, health, embeddings.shape)
        self._draw(runner, health)

    def _listen(self, neck: Any, inputs: Any, output: Any) -> None:
        """Keep what the neck returns, ``(embeddings, losses)``."""
        del neck, inputs
        self._seen.append(
            (output[0] if isinstance(output, tuple) else output).detach()
        )

    @staticmethod
    def _log(runner: Any, health: EmbeddingHealth) -> None:
        """Write the scalars to the log and the visualizer."""
        step = runner.iter + 1
        values = ', '.join(
            f'{name} {value:.4g}' for name, value in health.scalars.items()
        )
        runner.logger.info(f'health at iteration {step}: {values}')
        runner.visualizer.add_scalars(
            {f'health/{name}': v for name, v in health.scalars.items()},
            step=step,
        )

    def _warn(
        self, runner: Any, health: EmbeddingHealth, shape: Sequence[int]
    ) -> None:
        """Say that the embeddings have collapsed, or have recovered."""
        was, self._collapsed = self._collapsed, health.collapse is not None
        if was and not self._collapsed:
            runner.logger.info('health: the embeddings have recovered')
        if was or not self._collapsed:
            return
        num_videos, num_clips, dims = shape
        scalars = health.scalars
        runner.logger.warning(
            f'The embeddings have collapsed to {health.collapse} at iteration '
            f'{runner.iter + 1}: spread {scalars["spread"]:.2g}, where a '
            f'filled sphere has {1 / sqrt(dims):.2g}, and effective rank '
            f'{scalars["effective_rank"]:.3g} of {dims} dimensions, in '
            f'{num_videos} videos x {num_clips} clips. Usual causes: too high '
            'a learning rate, or a method without what keeps its embeddings '
            'apart (negatives, predictor, stopped gradient, BatchNorm). The '
            'scalars health/ show when it began'
        )

    def _draw(self, runner: Any, health: EmbeddingHealth) -> None:
        """Write the histograms: to TensorBoard always, a picture at times."""
        step = runner.iter + 1
        positive = health.positive.cpu().numpy()
        negative = health.negative.cpu().numpy()
        if not len(positive) + len(negative):
            return  # a single clip
        for backend in runner.visualizer._vis_backends.values():
            if isinstance(backend, TensorboardVisBackend):
                for name, values in (
                    ('positive', positive),
                    ('negative', negative),
                ):
                    if len(values):
                        backend.experiment.add_histogram(
                            f'health/{name}_similarities', values, step
                        )
        if self.picture_every and not (
            step // self.interval % self.picture_every
        ):
            folder = Path(runner.work_dir, FOLDER)
            save_similarity_chart(
                positive,
                negative,
                folder / f'similarities_{step}.png',
                f'iteration {step}',
            )
            self._remove_old(folder)

    def _remove_old(self, folder: Path) -> None:
        """Keep the last pictures."""
        pictures = sorted(
            folder.glob('similarities_*.png'), key=lambda p: p.stat().st_mtime
        )
        for picture in pictures[: -self.keep_pictures]:
            picture.unlink(missing_ok=True)


def _unwrapped(runner: Any) -> Any:
    """Return the model, without DDP's wrapper."""
    model = runner.model
    return model.module if is_model_wrapper(model) else model


def _count_videos(data_batch: Any) -> int:
    """Return how many videos a batch has; 0 where it does not say."""
    if isinstance(data_batch, dict):
        return len(data_batch.get('data_samples') or ())
    return 0


def _per_video(
    outputs: list[Tensor], num_videos: int, sequential: bool | None
) -> Tensor | None:
    """Order what a neck has returned in one step as (B, V, d).

    Args:
        outputs: B*V rows in one call, or in several, such as one for each
            group of videos or one for each clip.
        num_videos: B.
        sequential: The trunk's setting: whether the rows come clip by clip,
            each of them of all videos, and not video by video. A trunk
            without it is to call its neck once.

    Returns:
        (B, V, d), or None where these are no embeddings of the videos.
    """
    if not outputs or any(output.ndim != 2 for output in outputs):
        return None
    rows = torch.cat(outputs)
    unknown = sequential is None and len(outputs) > 1
    if unknown or not num_videos or len(rows) % num_videos:
        return None
    if sequential:
        return rows.unflatten(0, (-1, num_videos)).transpose(0, 1)
    return rows.unflatten(0, (num_videos, -1))

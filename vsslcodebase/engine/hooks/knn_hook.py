"""Weighted kNN (Wu et al. 2018) while a network is being pre-trained."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from mmengine.dist import broadcast_object_list
from mmengine.hooks import Hook, IterTimerHook
from mmengine.model import is_model_wrapper
from torch import nn

from vsslcodebase.engine.lost_workers import limit_waiting
from vsslcodebase.evaluation.feature_gathering import gather_features
from vsslcodebase.evaluation.features import VideoFeatures
from vsslcodebase.evaluation.knn import TEMPERATURE, check_vote
from vsslcodebase.evaluation.knn_sets import knn_of_sets
from vsslcodebase.evaluation.labelled_loader import (
    LabelledLoader,
    open_labelled,
)
from vsslcodebase.evaluation.labelled_sets import check_apart, check_classes
from vsslcodebase.evaluation.layers import LayerReader
from vsslcodebase.registry import HOOKS
from vsslcodebase.utils.dist import all_reduce_mean

from .interrupt import start_worker
from .seeds import generators_kept


@HOOKS.register_module()
class KNNHook(Hook):
    """Classify labelled videos by their neighbours, every so often.

    A loss without labels does not say what a network has learnt. This hook
    reads features of two labelled sets from the backbone, lets the nearest
    ones vote, and writes ``knn/top1_k20``, ``knn/top5_k20`` and
    ``knn/mean1_k20`` (the mean over classes) into the log, the visualizer
    (TensorBoard) and the message hub; the step is the number of iterations
    trained, as for the loss.

    The run stays, bit for bit, what it would be without: the generators of
    random numbers, the modes of all modules and their buffers are left as
    they were, nothing of the training data is touched. All processes read
    their share of the videos, with the running statistics of BatchNorm
    averaged over them meanwhile. Unusable lists, layers and numbers are
    errors before the first step. A signal to stop is obeyed after the
    evaluation.

    ``save_best`` of mmengine's ``CheckpointHook`` reads metrics of the
    validation loop only: for it use ``KNNMetric`` as ``val_evaluator``.

    Memory: as ``VideoRetrievalMetric``.

    Args:
        gallery: Videos that vote, the training split: config of a data loader
            with ``dataset`` inside, or of a data set alone, which is read one
            video at a time, with ``test_mode=True``. A config need not write
            its pipeline: the tools take that of the queries.
        query: Videos to classify, none of the gallery; likewise, with the
            pipeline of a test.
        k: Numbers of neighbours, at most the size of the gallery.
        temperature: T of the weights ``exp(cos / T)``.
        interval: Epochs, or iterations, between two evaluations. One more
            follows the last.
        by_epoch: Count epochs.
        at_start: Evaluate before the first iteration, too: the figure of the
            untrained network, without which others say little.
        layer: None for the last map, 'p5', 'p4' or the name of a module, see
            ``LayerReader``.
        pool: 'gap', 'max', 'flat' or the usual one of the layer.
        num_videos: Take so many videos of the gallery, equally many of each
            class as far as there are; the same ones each time.
        num_queries: Likewise of the queries.
        progress: Print a progress bar for each set.
        prefix: Put before the names.

    Raises:
        ValueError: Options that make no sense.
    """

    # after SyncBuffersHook, before the checkpoint, which stores the figures
    priority = 'LOW'

    def __init__(
        self,
        gallery: dict[str, Any],
        query: dict[str, Any],
        k: Sequence[int] = (20,),
        temperature: float = TEMPERATURE,
        interval: int = 1,
        by_epoch: bool = True,
        at_start: bool = True,
        layer: str | None = None,
        pool: str | None = None,
        num_videos: int | None = None,
        num_queries: int | None = None,
        progress: bool = True,
        prefix: str = 'knn',
    ) -> None:
        check_vote(k, temperature)
        _check_number('interval', interval)
        for name, count in (
            ('num_videos', num_videos),
            ('num_queries', num_queries),
        ):
            if count is not None:
                _check_number(name, count)
        self.sets = dict(gallery=gallery, query=query)
        self.counts = dict(gallery=num_videos, query=num_queries)
        self.k, self.temperature = tuple(k), temperature
        self.interval, self.by_epoch = interval, by_epoch
        self.at_start, self.progress = at_start, progress
        self.layer, self.pool, self.prefix = layer, pool, prefix
        self._opened: dict[str, LabelledLoader] = {}

    def before_train(self, runner: Any) -> None:
        """Open both sets; classify with the network as it is at first.

        Raises:
            ValueError: The sets cannot be compared, or have no labels; the
                layer is not in the backbone.
            TypeError: The model has no backbone.
        """
        model = _unwrapped(runner.model)
        _check_model(model)
        LayerReader(model.backbone, self.layer, self.pool)
        with generators_kept():  # samplers draw when they are built
            self._opened = {
                name: _open(name, videos, self.counts[name])
                for name, videos in self.sets.items()
            }
        gallery, query = self._opened['gallery'], self._opened['query']
        check_apart(gallery.filenames, query.filenames)
        if gallery.labels and query.labels:
            check_classes(
                torch.tensor(gallery.labels), torch.tensor(query.labels)
            )
        check_vote(self.k, self.temperature, _size(gallery))
        if self.at_start and runner.iter == 0:
            self._evaluate(runner, 0)

    def after_train_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Evaluate every ``interval`` iterations."""
        del batch_idx, data_batch, outputs
        if not self.by_epoch and (
            self.every_n_train_iters(runner, self.interval)
            or self.is_last_train_iter(runner)
        ):
            self._evaluate(runner, runner.iter + 1)
            for hook in runner.hooks:
                if isinstance(hook, IterTimerHook):
                    hook.t = time.time()  # no waiting for training data

    def after_train_epoch(self, runner: Any) -> None:
        """Evaluate every ``interval`` epochs."""
        if self.by_epoch and (
            self.every_n_epochs(runner, self.interval)
            or self.is_last_train_epoch(runner)
        ):
            self._evaluate(runner, runner.iter)

    def _evaluate(self, runner: Any, step: int) -> None:
        """Classify the queries and write down how well that went.

        Args:
            runner: The Runner.
            step: Iterations trained.
        """
        began = time.monotonic()
        model = _unwrapped(runner.model)
        with generators_kept(), _averaged_buffers(model.backbone):
            gallery, query = (
                self._read(model, self._opened[name])
                for name in ('gallery', 'query')
            )
        found: list[dict[str, float]] = [{}]
        if gallery is not None and query is not None:  # the first process
            accuracy = knn_of_sets(gallery, query, self.k, self.temperature)
            found = [{f'{self.prefix}/{n}': a for n, a in accuracy.items()}]
        broadcast_object_list(found)
        for name, value in found[0].items():
            runner.message_hub.update_scalar(name, value)
        runner.visualizer.add_scalars(
            found[0], step=step, file_path=f'{runner.timestamp}.json'
        )
        figures = '  '.join(f'{n}: {a:.4f}' for n, a in found[0].items())
        runner.logger.info(
            f'{self.prefix} after {step} iterations  {figures}  '
            f'({_size(self._opened["query"])} videos among '
            f'{_size(self._opened["gallery"])}, '
            f'{time.monotonic() - began:.1f} s)'
        )

    def _read(
        self, model: Any, opened: LabelledLoader
    ) -> VideoFeatures | None:
        """Return a set's features; None on all processes but the first."""
        return gather_features(
            model,
            opened.loader,
            self.progress,
            layer=self.layer,
            pool=self.pool,
        )


def _check_number(name: str, value: Any) -> None:
    """Refuse what is no number from 1 up."""
    if not isinstance(value, int) or value < 1:
        raise ValueError(
            f'{name} of KNNHook is a number from 1 up, got {value!r}'
        )


def _check_model(model: nn.Module) -> None:
    """Refuse a model without the parts that make features."""
    for name in ('backbone', 'data_preprocessor'):
        if not hasattr(model, name):
            raise TypeError(
                f'KNNHook reads features of model.backbone, and a '
                f'{type(model).__name__} has no {name}'
            )


def _open(
    name: str, videos: dict[str, Any], count: int | None
) -> LabelledLoader:
    """Open a set whose workers live for one reading."""
    videos = dict(videos)
    if 'dataset' in videos:
        videos['persistent_workers'] = False
    limit_waiting(videos)
    opened = open_labelled(name, videos, count)
    loader = opened.loader
    loader.worker_init_fn = partial(start_worker, loader.worker_init_fn)
    return opened


def _size(opened: LabelledLoader) -> int:
    """Return how many videos there are."""
    dataset: Any = opened.loader.dataset  # torch's own type has no length
    return len(dataset)


def _unwrapped(model: nn.Module) -> Any:
    """Return the model inside of DistributedDataParallel and the like."""
    return model.module if is_model_wrapper(model) else model


@contextmanager
def _averaged_buffers(network: nn.Module) -> Iterator[None]:
    """Let all processes have the same statistics, and then their own again.

    Within an epoch those of BatchNorm differ, and features of one process
    would be compared with features of another network.
    """
    buffers = [b for b in network.buffers() if b.is_floating_point()]
    own = [buffer.clone() for buffer in buffers]
    for buffer in buffers:
        buffer.copy_(all_reduce_mean(buffer))
    try:
        yield
    finally:
        for buffer, kept in zip(buffers, own):
            buffer.copy_(kept)

"""Video retrieval as a metric of mmengine's loops (Pace, Tables 4 and 5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.dist import collect_results, get_rank, get_world_size
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from torch import nn
from torch.utils.data import DataLoader

from vsslcodebase.registry import METRICS

from .feature_files import SavedFeatures, open_features, weights_digest
from .feature_writer import build_in_order
from .features import VideoFeatures, batch_features, extract_features
from .layers import LayerReader
from .retrieval import TOPK
from .retrieval_sets import (
    LEVELS,
    check_apart,
    check_labels,
    check_settings,
    recall_of_sets,
)


@METRICS.register_module()
class VideoRetrievalMetric(BaseMetric):
    """R@k: share of test videos with one of their class among the k nearest.

    The queries are the videos of the loop, all of them; the gallery is the
    training split. Features are read from the model itself, whatever it
    predicts: any layer of its backbone, cosine similarity. Several of these
    metrics, each with a ``prefix``, compare layers in one test.

    The metric needs the model, which mmengine does not give to metrics:
    ``MetricModelHook`` of ``configs/_base_/default_runtime.py`` calls
    :meth:`set_model`.

    Memory: the features of both splits, on the first process. Layer 'p4' of
    UCF101 is 2 GB for the gallery and 0.8 GB for the queries, with
    ``level='clip'`` ten times that; a gallery of saved features is read from
    disk where it is used.

    Args:
        gallery: Config of a data loader with ``dataset`` inside, or of a data
            set alone, which is read one video at a time. Give it the test
            pipeline and ``test_mode=True``. All processes read it, anew for
            each evaluation, before the first query, so that what is wrong
            with it is known early. Or the path of features that
            ``tools/extract_features.py`` saved for this very network.
        layer: None for the last map, 'p5', 'p4' or the name of a module, see
            ``LayerReader``.
        pool: 'gap', 'max', 'flat' or the usual one of the layer.
        pool_size: Cells along height and width for 'gap'.
        level: 'video' averages the clips of a video, and is what published
            numbers are; with 'clip' every clip looks for clips.
        topk: values of k.
        progress: Print a progress bar for the gallery.
        collect_device: 'cpu' or 'gpu', for several processes.
        prefix: Put before the names; default 'retrieval'.

    Raises:
        ValueError: No gallery, or a level that there is not.
    """

    default_prefix = 'retrieval'

    def __init__(
        self,
        gallery: dict[str, Any] | str | None = None,
        layer: str | None = None,
        pool: str | None = None,
        pool_size: int = 1,
        level: str = 'video',
        topk: Sequence[int] = TOPK,
        progress: bool = True,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if not gallery:
            raise ValueError(
                'VideoRetrievalMetric has no gallery to look in: give it '
                'gallery=dict(type=..., ann_file=...), the training split '
                'with the test pipeline, or the path of saved features, as '
                "gallery='features/train.npy'"
            )
        if level not in LEVELS:
            raise ValueError(f"level must be 'video' or 'clip', got {level!r}")
        if not topk or min(topk) < 1:
            raise ValueError(f'topk are numbers from 1 up, got {topk}')
        self.level, self.topk, self.progress = level, tuple(topk), progress
        self.layer, self.pool, self.pool_size = layer, pool, pool_size
        self.model: Any = None
        self._gallery: VideoFeatures | None = None
        self._has_read = False
        self.saved: SavedFeatures | None = None
        self.loader: Any = None
        if isinstance(gallery, str):
            self.saved = open_features(gallery)
            self.gallery_names = list(self.saved.videos.filenames)
        else:
            self.loader = _gallery_loader(gallery)
            self.gallery_names = _check_list(self.loader)
        self.known_names = set(self.gallery_names)

    def set_model(self, model: nn.Module) -> None:
        """Take the model whose features are compared.

        Args:
            model: With ``backbone`` and ``data_preprocessor``, or a wrapper
                of such a model.

        Raises:
            ValueError: The layer is not in it, or the saved gallery was made
                by another network or from another layer.
        """
        self.model = model.module if is_model_wrapper(model) else model
        self._has_read = False  # the weights may be others
        self.reader = LayerReader(
            self.model.backbone, self.layer, self.pool, self.pool_size
        )
        if self.saved is not None:
            settings = feature_settings(self.model, self.reader, self.level)
            check_settings(self.saved.settings, settings)

    def process(
        self, data_batch: Any, data_samples: Sequence[dict[str, Any]]
    ) -> None:
        """Read the features of one batch of queries.

        Args:
            data_batch: As the data loader gave it.
            data_samples: Not used: predictions are of no interest here.

        Raises:
            ValueError: No model was set; or a query has no label, or is in
                the gallery.
        """
        if self.model is None:
            raise ValueError(
                'VideoRetrievalMetric has no model to read features from; '
                "add dict(type='MetricModelHook') to custom_hooks, or call "
                'set_model(model)'
            )
        if not self._has_read:
            self._gallery, self._has_read = self._read_gallery(), True
        average = self.level == 'video'
        videos = batch_features(self.model, data_batch, self.reader, average)
        check_labels('query', videos.labels.tolist(), videos.filenames)
        if not self.known_names.isdisjoint(videos.filenames):
            check_apart(self.gallery_names, videos.filenames)
        self.results += _split(videos)

    def evaluate(self, size: int) -> dict[str, float]:
        """Compare all queries with the gallery, on the first process."""
        try:
            return super().evaluate(size)
        finally:
            self._gallery, self._has_read = None, False

    def compute_metrics(self, results: list[tuple]) -> dict[str, float]:
        """Return ``R@k`` in [0, 1] for each k of ``topk``.

        Args:
            results: Of every video once, as ``process`` noted it.
        """
        if not results:
            raise ValueError('the query set of the retrieval is empty')
        query = _joined(results)
        gallery = self._gallery
        assert gallery is not None  # read before the first query
        print_log(
            f'retrieval: {len(query.labels)} queries, '
            f'{len(gallery.labels)} videos in the gallery, '
            f'{query.features.shape[-1]} numbers each (layer '
            f'{self.layer or "last"}, {self.reader.pool}, {self.level})',
            logger='current',
        )
        return recall_of_sets(gallery, query, self.topk)

    def _read_gallery(self) -> VideoFeatures | None:
        """Return the gallery; None on all processes but the first."""
        if self.saved is not None:
            return self.saved.videos
        print_log('retrieval: reading the gallery', logger='current')
        mine = extract_features(
            self.model,
            self.loader,
            self.pool_size,
            average_clips=self.level == 'video',
            progress=self.progress and get_rank() == 0,
            layer=self.layer,
            pool=self.pool,
        )
        if get_world_size() == 1:
            return mine
        size = len(self.loader.dataset)
        found = collect_results(_split(mine), size, self.collect_device)
        return None if found is None else _joined(found)


def feature_settings(
    model: Any, reader: LayerReader, level: str
) -> dict[str, Any]:
    """Say what features of two videos must share to be compared."""
    return dict(
        backbone=type(model.backbone).__name__,
        weights=weights_digest(model.backbone),
        layer=reader.module_name or 'last',
        pool=reader.pool,
        pool_size=reader.pool_size,
        level=level,
    )


def _gallery_loader(gallery: dict[str, Any]) -> DataLoader:
    """Build the loader; a data set alone is read one video at a time."""
    if 'dataset' not in gallery:
        gallery = dict(dataset=gallery, batch_size=1, num_workers=0)
    return build_in_order(gallery)


def _check_list(loader: DataLoader) -> list[str]:
    """Check labels before hours are spent, and return the paths.

    A data set that does not tell its list without reading is checked later.
    """
    dataset: Any = loader.dataset
    if not len(dataset):
        raise ValueError('the gallery set of the retrieval is empty')
    if not hasattr(dataset, 'get_data_info'):
        return []
    infos = [dataset.get_data_info(row) for row in range(len(dataset))]
    names = [info.get('filename', '') for info in infos]
    check_labels('gallery', [info.get('label', -1) for info in infos], names)
    return names


def _split(videos: VideoFeatures) -> list[tuple]:
    """Return a tuple for each video: what processes send to each other."""
    return list(
        zip(
            videos.features.numpy(),
            videos.labels.tolist(),
            videos.video_ids.tolist(),
            videos.filenames,
        )
    )


def _joined(rows: list[tuple]) -> VideoFeatures:
    """Undo ``_split``."""
    features, labels, video_ids, filenames = zip(*rows)
    joined = torch.empty(len(rows), *features[0].shape)
    for row, feature in enumerate(features):
        joined[row] = torch.from_numpy(feature)
    return VideoFeatures(
        joined, torch.tensor(labels), torch.tensor(video_ids), filenames
    )

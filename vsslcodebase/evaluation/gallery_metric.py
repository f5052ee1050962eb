"""Metrics that compare the videos of a loop with those of a gallery."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from torch import Tensor, nn

from .feature_files import SavedFeatures, open_features, weights_digest
from .feature_gathering import gather_features, join_rows, rows_of
from .features import VideoFeatures, batch_features
from .labelled_loader import open_labelled
from .labelled_sets import LEVELS, check_apart, check_labels, check_settings
from .layers import LayerReader


class GalleryMetric(BaseMetric):
    """The videos of the loop are queries; a gallery is read beside them.

    Features are read from the model itself, whatever it predicts: any layer
    of its backbone. Several of these metrics, each with a ``prefix``, compare
    layers in one test. A metric says in :meth:`compare` what it makes of the
    two sets.

    The metric needs the model, which mmengine does not give to metrics:
    ``MetricModelHook`` of ``configs/_base_/default_runtime.py`` calls
    :meth:`set_model`.

    Memory: the features of both splits, on the first process. Layer 'p4' of
    UCF101 is 2 GB for the gallery and 0.8 GB for the queries, with
    ``level='clip'`` ten times that; a gallery of saved features is read from
    disk where it is used.

    Args:
        gallery: Config of a data loader with ``dataset`` inside, or of a data
            set alone, which is read one video at a time, with
            ``test_mode=True``. Its pipeline is that of the queries, and in
            configs need not be written: the tools fill it in. All processes
            read it, anew for each evaluation, before the first query, so that
            what is wrong with it is known early. Or the path of features that
            ``tools/extract_features.py`` saved for this very network.
        layer: None for the last map, 'p5', 'p4' or the name of a module, see
            ``LayerReader``.
        pool: 'gap', 'max', 'flat' or the usual one of the layer.
        pool_size: Cells along height and width for 'gap'.
        level: 'video' averages the clips of a video, and is what published
            numbers are; with 'clip' every clip looks for clips.
        progress: Print a progress bar for the gallery.
        collect_device: 'cpu' or 'gpu', for several processes.
        prefix: Put before the names; default that of the class.

    Raises:
        ValueError: No gallery, or a level that there is not.
    """

    def __init__(
        self,
        gallery: dict[str, Any] | str | None = None,
        layer: str | None = None,
        pool: str | None = None,
        pool_size: int = 1,
        level: str = 'video',
        progress: bool = True,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if not gallery:
            raise ValueError(
                f'{type(self).__name__} has no gallery to look in: give it '
                'gallery=dict(type=..., ann_file=...), the training split, '
                "or the path of saved features, as gallery='features/"
                "train.npy'"
            )
        if level not in LEVELS:
            raise ValueError(f"level must be 'video' or 'clip', got {level!r}")
        self.level, self.progress = level, progress
        self.layer, self.pool, self.pool_size = layer, pool, pool_size
        self.model: Any = None
        self.query_pipeline: Sequence[Any] | None = None
        self._gallery: VideoFeatures | None = None
        self._has_read = False
        self.saved: SavedFeatures | None = None
        self.loader: Any = None
        if isinstance(gallery, str):
            self.saved = open_features(gallery)
            self.gallery_names = list(self.saved.videos.filenames)
        else:
            opened = open_labelled('gallery', gallery)
            self.loader, self.gallery_names = opened.loader, opened.filenames
        self.known_names = set(self.gallery_names)

    def set_pipeline(self, pipeline: Sequence[Any] | None) -> None:
        """Tell how the queries are read, before :meth:`set_model`.

        Args:
            pipeline: As in the config; None is not compared with that of
                saved features.
        """
        self.query_pipeline = pipeline

    def set_model(self, model: nn.Module) -> None:
        """Take the model whose features are compared.

        Args:
            model: With ``backbone`` and ``data_preprocessor``, or a wrapper
                of such a model.

        Raises:
            ValueError: The layer is not in it, or the saved gallery was made
                by another network, from another layer or of other clips.
        """
        self.model = model.module if is_model_wrapper(model) else model
        self._has_read = False  # the weights may be others
        self.reader = LayerReader(
            self.model.backbone, self.layer, self.pool, self.pool_size
        )
        if self.saved is not None:
            settings = feature_settings(self.model, self.reader, self.level)
            queries = dict(pipeline=self.query_pipeline)
            check_settings(
                self.saved.settings, dict(settings, dataset=queries)
            )

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
                f'{type(self).__name__} has no model to read features from; '
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
        self.results += rows_of(videos)

    def evaluate(self, size: int) -> dict[str, float]:
        """Compare all queries with the gallery, on the first process."""
        try:
            return super().evaluate(size)
        finally:
            self._gallery, self._has_read = None, False

    def compute_metrics(self, results: list[tuple]) -> dict[str, float]:
        """Return the figures of :meth:`compare`.

        Args:
            results: Of every video once, as ``process`` noted it.
        """
        if not results:
            raise ValueError('the query set is empty')
        query = join_rows(results)
        gallery = self._gallery
        assert gallery is not None  # read before the first query
        print_log(
            f'{self.prefix}: {len(query.labels)} queries, '
            f'{len(gallery.labels)} videos in the gallery, '
            f'{query.features.shape[-1]} numbers each (layer '
            f'{self.layer or "last"}, {self.reader.pool}, {self.level})',
            logger='current',
        )
        return self.compare(gallery, query)

    @abstractmethod
    def compare(
        self, gallery: VideoFeatures, query: VideoFeatures
    ) -> dict[str, float]:
        """Return figures by name.

        Args:
            gallery: Features of the gallery.
            query: Features of the videos of the loop.
        """

    def _read_gallery(self) -> VideoFeatures | None:
        """Return the gallery; None on all processes but the first."""
        if self.saved is not None:
            return self.saved.videos
        print_log(f'{self.prefix}: reading the gallery', logger='current')
        return gather_features(
            self.model,
            self.loader,
            self.progress,
            self.collect_device,
            pool_size=self.pool_size,
            average_clips=self.level == 'video',
            layer=self.layer,
            pool=self.pool,
        )


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


def colours_of(model: Any) -> dict[str, Any]:
    """Return what the data preprocessor does, as far as it tells."""
    preprocessor = model.data_preprocessor
    values = {
        name: getattr(preprocessor, name).flatten().tolist()
        for name in ('mean', 'std')
        if isinstance(getattr(preprocessor, name, None), Tensor)
    }
    order = {
        name: True
        for name in ('to_bgr', 'to_rgb')
        if getattr(preprocessor, name, False)
    }
    return dict(type=type(preprocessor).__name__, **values, **order)

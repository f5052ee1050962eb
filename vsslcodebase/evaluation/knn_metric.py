"""Weighted kNN as a metric of mmengine's loops (Wu et al. 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vsslcodebase.registry import METRICS

from .features import VideoFeatures
from .gallery_metric import GalleryMetric
from .knn import NUM_NEIGHBOURS, TEMPERATURE, check_vote
from .knn_sets import knn_of_sets


@METRICS.register_module()
class KNNMetric(GalleryMetric):
    """Accuracy of a vote of the k most similar training videos.

    The queries are the videos of the loop, the gallery is the training
    split. Similarity is the cosine of features, a neighbour's weight is
    ``exp(cos / T)``. Nothing is trained, and there is nothing to tune: the
    quickest figure of a representation, below that of a linear layer.

    Reported for each k: ``top1_k20``, ``top5_k20`` and ``mean1_k20``, the
    mean over classes of top-1, which tells where classes differ in size.

    As a metric of validation it finds the best checkpoint of a pre-training:
    ``val_evaluator=dict(type='KNNMetric', gallery=...)``, labels in the list
    of ``val_dataloader``, and
    ``default_hooks.checkpoint=dict(save_best='knn/top1_k20')``.

    Args:
        gallery: See ``GalleryMetric``.
        k: Numbers of neighbours, none above the size of the gallery. All are
            evaluated on one set of features.
        temperature: T of the weights.
        **kwargs: Further arguments of ``GalleryMetric``: ``layer``, ``pool``,
            ``level`` and so on.

    Raises:
        ValueError: No gallery, one that is smaller than k, or options that
            do not exist.
    """

    default_prefix = 'knn'

    def __init__(
        self,
        gallery: dict[str, Any] | str | None = None,
        k: Sequence[int] = NUM_NEIGHBOURS,
        temperature: float = TEMPERATURE,
        **kwargs: Any,
    ) -> None:
        check_vote(k, temperature)
        super().__init__(gallery, **kwargs)
        self.k, self.temperature = tuple(k), temperature
        if self.level == 'video' and self.gallery_names:
            check_vote(k, temperature, len(self.gallery_names))

    def compare(
        self, gallery: VideoFeatures, query: VideoFeatures
    ) -> dict[str, float]:
        """Return accuracies in [0, 1], see ``knn_accuracy``."""
        return knn_of_sets(gallery, query, self.k, self.temperature)

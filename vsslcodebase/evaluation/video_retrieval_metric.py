"""Video retrieval as a metric of mmengine's loops (Pace, Tables 4 and 5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vsslcodebase.registry import METRICS

from .features import VideoFeatures
from .gallery_metric import GalleryMetric
from .retrieval import TOPK
from .retrieval_sets import recall_of_sets


@METRICS.register_module()
class VideoRetrievalMetric(GalleryMetric):
    """R@k: share of test videos with one of their class among the k nearest.

    The queries are the videos of the loop, all of them; the gallery is the
    training split; cosine similarity.

    Args:
        gallery: See ``GalleryMetric``.
        topk: values of k.
        centre: Subtract from queries and gallery the mean of each, as CoCLR
            does (``evaluation/protocols.py``).
        **kwargs: Further arguments of ``GalleryMetric``: ``layer``, ``pool``,
            ``level`` and so on.

    Raises:
        ValueError: No gallery, or options that do not exist.
    """

    default_prefix = 'retrieval'

    def __init__(
        self,
        gallery: dict[str, Any] | str | None = None,
        topk: Sequence[int] = TOPK,
        centre: bool = False,
        **kwargs: Any,
    ) -> None:
        if not topk or min(topk) < 1:
            raise ValueError(f'topk are numbers from 1 up, got {topk}')
        super().__init__(gallery, **kwargs)
        self.topk, self.centre = tuple(topk), centre

    def compare(
        self, gallery: VideoFeatures, query: VideoFeatures
    ) -> dict[str, float]:
        """Return ``R@k`` in [0, 1] for each k of ``topk``."""
        return recall_of_sets(gallery, query, self.topk, self.centre)

"""From two sets of videos to kNN accuracies: for metric, hook and tool."""

from __future__ import annotations

from collections.abc import Sequence

from .features import VideoFeatures
from .knn import NUM_NEIGHBOURS, TEMPERATURE, knn_accuracy
from .labelled_sets import check_sets, items_of


def knn_of_sets(
    gallery: VideoFeatures,
    query: VideoFeatures,
    k: Sequence[int] = NUM_NEIGHBOURS,
    temperature: float = TEMPERATURE,
) -> dict[str, float]:
    """Classify each query by its neighbours, see ``knn_accuracy``.

    Args:
        gallery: Features of the training split.
        query: Features of the test split. With clips kept apart, (N, V, D),
            in both, clips are classified by clips.
        k: Values of k.
        temperature: Of the weights.

    Raises:
        ValueError: The sets cannot be compared, see ``check_sets``.
    """
    check_sets(gallery, query)
    return knn_accuracy(*items_of(gallery), *items_of(query), k, temperature)

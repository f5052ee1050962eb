"""From two sets of videos to recalls: what metric and tool share."""

from __future__ import annotations

from collections.abc import Sequence

from .features import VideoFeatures
from .labelled_sets import check_sets, items_of
from .retrieval import TOPK, retrieval_recall


def recall_of_sets(
    gallery: VideoFeatures,
    query: VideoFeatures,
    topk: Sequence[int] = TOPK,
    centre: bool = False,
) -> dict[str, float]:
    """Retrieve each query from the gallery, see ``retrieval_recall``.

    Args:
        gallery: Features of the training split.
        query: Features of the test split. With clips kept apart, (N, V, D),
            in both, every clip of a query looks for clips.
        topk: values of k.
        centre: Subtract from each of the two its own mean, as CoCLR does.
            That copies the features.

    Raises:
        ValueError: The sets cannot be compared, see ``check_sets``.
    """
    check_sets(gallery, query)
    if centre:
        gallery, query = centred(gallery), centred(query)
    return retrieval_recall(*items_of(gallery), *items_of(query), topk)


def centred(videos: VideoFeatures) -> VideoFeatures:
    """Subtract the mean of all vectors from each."""
    flat = videos.features.flatten(0, -2)
    return videos._replace(features=videos.features - flat.mean(0))

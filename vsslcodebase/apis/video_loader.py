"""Batches of clips, and what could not be read of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from mmengine.dataset import Compose
from torch.utils.data import DataLoader, Dataset

from vsslcodebase.datasets.collate import collate_clips
from vsslcodebase.datasets.readers import BadVideoError
from vsslcodebase.datasets.sample_state import seeded
from vsslcodebase.datasets.transforms.per_clip import build_transforms
from vsslcodebase.engine.lost_workers import limit_waiting

from .array_reader import OpenInput
from .video_inputs import VideoInput


class Batch(NamedTuple):
    """Some videos.

    Attributes:
        rows: Those that were read, by their places in the list.
        data: ``inputs`` and ``data_samples`` of these; None for none.
        failed: Place and reason of the others.
    """

    rows: list[int]
    data: dict[str, Any] | None
    failed: list[tuple[int, str]]

    @property
    def size(self) -> int:
        """Number of videos, read or not."""
        return len(self.rows) + len(self.failed)


class _Videos(Dataset):
    """Runs the pipeline; a video that cannot be read is its reason."""

    def __init__(
        self, videos: Sequence[VideoInput], pipeline: Sequence[dict[str, Any]]
    ) -> None:
        first, *others = build_transforms(pipeline)
        self.videos = videos
        self.pipeline = Compose([OpenInput(first), *others])

    def __len__(self) -> int:
        return len(self.videos)

    def __getitem__(self, row: int) -> tuple[int, dict[str, Any] | str]:
        video = self.videos[row]
        info: dict[str, Any] = dict(
            filename=video.name,
            label=video.label,
            video_id=row,
            modality='RGB',
            start_index=0,
        )
        if video.frames is not None:
            info['frames'] = video.frames
        try:
            # the draws of VideoListDataset in test mode, if there are any
            with seeded(0, 0, row):
                return row, self.pipeline(info) or 'the pipeline gave None'
        except BadVideoError as error:
            return row, error.reason or str(error)
        finally:
            if 'video_reader' in info:
                info.pop('video_reader').close()


def video_loader(
    videos: Sequence[VideoInput],
    pipeline: Sequence[dict[str, Any]],
    batch_size: int,
    num_workers: int,
) -> DataLoader:
    """Return a loader of ``Batch``, in the order of the videos.

    Args:
        videos: What to read.
        pipeline: Configs of transforms; the first one opens a file.
        batch_size: Videos at once.
        num_workers: Processes; no more than there are batches.
    """
    batches = -(-len(videos) // batch_size)
    options: dict[str, Any] = dict(
        num_workers=num_workers if batches > 1 else 0
    )
    limit_waiting(options)
    return DataLoader(
        _Videos(videos, pipeline),
        batch_size=batch_size,
        collate_fn=collate_videos,
        **options,
    )


def collate_videos(
    samples: Sequence[tuple[int, dict[str, Any] | str]],
) -> Batch:
    """Put those together that were read."""
    read = [(row, data) for row, data in samples if isinstance(data, dict)]
    failed = [(row, why) for row, why in samples if isinstance(why, str)]
    return Batch(
        [row for row, _ in read],
        collate_clips([data for _, data in read]) if read else None,
        failed,
    )

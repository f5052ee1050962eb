"""Features that several protocols share: each video is read once, for all.

A folder holds the features of one network, one list of videos and one
pipeline, and its name ends in a digest of the three. Code that has changed is
not seen: remove the folder then. In it lies an array for each
:class:`Reading`, in the format of ``feature_files``, averaged over the
clips of a video: ``p5_10.npy`` with its index and settings, which
``tools/analysis/retrieval.py`` and the like take as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.model import BaseModel
from torch import Tensor
from torch.utils.data import Dataset, Subset

from vsslcodebase.datasets.transforms.placed_sampling import (
    Placement,
    slices_of,
)
from vsslcodebase.registry import DATASETS
from vsslcodebase.utils.folder_lock import locked

from .feature_digest import features_digest
from .feature_files import index_path, open_features, read_index
from .feature_writer import FeatureWriter, build_in_order, count_videos
from .features import VideoFeatures, describe, evaluating
from .gallery_metric import colours_of, feature_settings
from .layer_set import LayerSet
from .layers import LayerReader
from .pipelines import pipeline_of

Report = Callable[[int, int], None]


class Reading(NamedTuple):
    """A vector for each video: the mean over clips of a pooled layer.

    Attributes:
        layer: As ``LayerReader`` takes it.
        pool: Likewise.
        placement: Of the clips, as ``SamplePlacedClips`` takes it.
    """

    layer: str | None = None
    pool: str | None = None
    placement: Placement = 10

    @property
    def stem(self) -> str:
        """Name of its files, without suffix."""
        pool = f'-{self.pool}' if self.pool else ''
        return f'{self.layer or "last"}{pool}_{self.placement}'


class CachedFeatures(NamedTuple):
    """What ``FeatureCache.read`` returns.

    Attributes:
        videos: Features by reading, (N, D), read from disk where used.
        num_read: Videos that were decoded now; 0 where all was there.
    """

    videos: dict[Reading, VideoFeatures]
    num_read: int


class FeatureCache:
    """Features of the videos of a list, read now or earlier.

    Args:
        model: With ``backbone`` and ``data_preprocessor``.
        loader: Config of a data loader, see ``split_loader``. The sampler of
            its pipeline says length and stride of a clip; how many clips and
            where, the readings say.
        root: Folder of all such folders.

    Raises:
        ValueError: The pipeline has no sampler of clips, or there are no
            videos.
    """

    def __init__(
        self, model: BaseModel, loader: dict[str, Any], root: Path
    ) -> None:
        self.model = model
        self.loader = deepcopy(loader)
        self.dataset_cfg = self.loader.pop('dataset')
        sampler = sampler_of(self.dataset_cfg)
        # as many as the config tests, and its author's memory holds
        num_clips = sampler.get('num_clips', 10)
        self.clips_at_once = self.loader['batch_size'] * num_clips
        place_clips(self.dataset_cfg, None)
        dataset: Any = DATASETS.build(deepcopy(self.dataset_cfg))
        self.total = count_videos(dataset)
        self.folder = Path(root) / self._folder_name(dataset)

    def read(
        self, readings: Sequence[Reading], report: Report | None = None
    ) -> CachedFeatures:
        """Return features, those that are missing read in one pass.

        All layers and clips that are missing are read at once. Interrupted,
        a pass goes on where it stopped.

        Memory: the clips of a batch of videos, and the network's of as many
        clips as the config tests at once. Features are on disk, 4 bytes * N
        * D a reading: 1.9 GB for 'p4' of the training split of UCF101. Single
        clips are not kept; of ten clips they would be ten times that.

        Args:
            readings: What is wanted.
            report: Called with (videos done, videos in all) during a pass.

        Raises:
            ValueError: A layer or a pooling is not possible, another process
                writes here, or a file is damaged.
        """
        readers = {
            reading: LayerReader(
                self.model.backbone, reading.layer, reading.pool
            )
            for reading in readings
        }
        num_read = 0
        if self.missing(readings):
            refusal = (
                f'another process is writing features to {self.folder}; '
                'start again when it has finished'
            )
            with locked(self.folder, refusal):
                missing = {r: readers[r] for r in self.missing(readings)}
                num_read = self._add(missing, report)
        return CachedFeatures(
            {r: self._open(r, reader) for r, reader in readers.items()},
            num_read,
        )

    def _add(
        self, readers: dict[Reading, LayerReader], report: Report | None
    ) -> int:
        """Read what is missing in one pass; return the number of videos."""
        writers = {r: self._writer(r, reader) for r, reader in readers.items()}
        done = [writer.finished(self.total, 1) for writer in writers.values()]
        first = count = min(done, default=self.total)
        tell = report or (lambda done, total: None)
        if writers:
            tell(first, self.total)
            layers = LayerSet(readers)
            with evaluating(self.model), ExitStack() as files:
                for writer in writers.values():
                    files.enter_context(writer.going_on(first, self.total))
                for batch in self._rows(layers, first):
                    for reading, part in batch.items():
                        writers[reading].write(part)
                    count += len(part.labels)
                    tell(count, self.total)
        return self.total - first

    def _open(self, reading: Reading, reader: LayerReader) -> VideoFeatures:
        """Open the finished features of a reading."""
        try:
            path = self._writer(reading, reader).path
            return open_features(path).videos
        except (OSError, ValueError) as error:
            raise ValueError(
                f'{error}. To read the videos again, remove '
                f'{self._path(reading).with_suffix(".*")}'
            ) from error

    def missing(self, readings: Sequence[Reading]) -> list[Reading]:
        """Return the readings that ``read`` would have to read videos for."""
        return [
            reading
            for reading in dict.fromkeys(readings)
            if len(read_index(index_path(self._path(reading)))) < self.total
        ]

    def _path(self, reading: Reading) -> Path:
        """Return where the array of a reading lies."""
        return self.folder / f'{reading.stem}.npy'

    def _writer(self, reading: Reading, reader: LayerReader) -> FeatureWriter:
        """Return the writer of a reading, its settings settled."""
        writer = FeatureWriter(self._path(reading))
        settings = dict(
            feature_settings(self.model, reader, 'video'),
            placement=reading.placement,
            videos=self.total,
            dataset=self.dataset_cfg,
            data_preprocessor=colours_of(self.model),
        )
        writer.settle(settings)
        return writer

    def _rows(
        self, layers: LayerSet[Reading], first: int
    ) -> Iterator[dict[Reading, VideoFeatures]]:
        """Yield the features of a batch of videos, by reading."""
        placements = list(dict.fromkeys(r.placement for r in layers.readers))
        dataset_cfg = deepcopy(self.dataset_cfg)
        place_clips(dataset_cfg, placements)
        dataset: Dataset = DATASETS.build(dataset_cfg)
        rest = Subset(dataset, range(first, self.total))
        # listed, not stacked: videos may differ in how many clips they give
        collate = dict(type='pseudo_collate')
        options = dict(self.loader, dataset=rest, collate_fn=collate)
        for batch in build_in_order(options):
            samples = batch['data_samples']
            vectors = [
                self._read_video(layers, placements, clips, sample)
                for clips, sample in zip(batch['inputs'], samples)
            ]
            yield {
                reading: describe(
                    torch.stack([v[reading] for v in vectors]), samples
                )
                for reading in layers.readers
            }

    def _read_video(
        self,
        layers: LayerSet[Reading],
        placements: Sequence[Placement],
        clips: Tensor,
        sample: Any,
    ) -> dict[Reading, Tensor]:
        """Return the (D,) features of one video, by reading."""
        parts = []
        batch = dict(inputs=[clips], data_samples=[sample])
        with torch.no_grad():
            data = self.model.data_preprocessor(batch, training=False)
        for part in data['inputs'][0].split(self.clips_at_once):
            features = layers(part)
            parts.append({r: f.cpu() for r, f in features.items()})
        of_place = slices_of(placements, len(clips))
        return {
            r: torch.cat([part[r] for part in parts])[
                of_place[r.placement]
            ].mean(0)
            for r in layers.readers
        }

    def _folder_name(self, dataset: Any) -> str:
        """Return the list's name and a digest of all that features are."""
        infos = (dataset.get_data_info(row) for row in range(self.total))
        digest = features_digest(self.model, self.dataset_cfg, infos)
        return f'{Path(self.dataset_cfg.get("ann_file", "")).stem}-{digest}'


def sampler_of(dataset: dict[str, Any]) -> dict[str, Any]:
    """Return the step of a data set's pipeline that samples clips.

    Raises:
        ValueError: There is none.
    """
    for step in pipeline_of(dataset) or []:
        if isinstance(step, dict) and 'clip_len' in step:
            return step
    raise ValueError(
        'the pipeline has no step with clip_len, whose clips could be placed '
        'by a protocol; a test has one, such as '
        "dict(type='SampleUniformClips', clip_len=16, num_clips=10)"
    )


def place_clips(
    dataset: dict[str, Any], placements: Sequence[Placement] | None
) -> None:
    """Put ``SamplePlacedClips`` where a pipeline samples, in place.

    Args:
        dataset: Its config.
        placements: None leaves them out.
    """
    step = sampler_of(dataset)
    placed = dict(
        type='SamplePlacedClips',
        clip_len=step['clip_len'],
        frame_interval=step.get('frame_interval', 1),
    )
    if placements is not None:
        placed['placements'] = list(placements)
    step.clear()
    step.update(placed)

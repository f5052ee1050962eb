"""Videos in, vectors out: ``VideoFeatureInferencer``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.config import ConfigDict
from mmengine.device import get_device
from mmengine.infer import BaseInferencer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from torch import Tensor, nn

from vsslcodebase.checkpoints.input_contract import InputContract
from vsslcodebase.datasets.readers import BadVideoError
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.evaluation.features import batch_features, evaluating
from vsslcodebase.evaluation.gallery_metric import feature_settings
from vsslcodebase.evaluation.layers import LayerReader

from .feature_output import check_output, write_output
from .feature_source import feature_source
from .video_inputs import VideoInput, list_videos
from .video_loader import Batch, collate_videos, video_loader

ON_ERROR = ('raise', 'skip')


class Features(NamedTuple):
    """Features of some videos.

    Attributes:
        rows: Places in the list of videos.
        features: (n, D) float32, or (n, V, D).
    """

    rows: list[int]
    features: Tensor


class VideoFeatureInferencer(BaseInferencer):
    """Features of videos by a pre-trained network.

        infer = VideoFeatureInferencer('slow50_20260101-0123abcd.pth')
        infer('folder of videos')['features']  # (N, D) float32

    Args:
        model: A published file or the checkpoint of a training, which says
            itself how clips are to be shown; or the path of a config, whose
            test pipeline reads the videos; or a network that is built.
        weights: Checkpoint for a config, of any method; left out where the
            config's ``init_cfg`` names one.
        device: As 'cuda:0'; default a GPU if there is one.
        layer: Of ``LayerReader``: None for the last map, 'p5', 'p4' or the
            name of a module.
        pool: Of ``LayerReader``: 'gap', 'max', 'flat' or the usual one.
        num_clips: Of a video, evenly spread; default the config's, else 10.
        contract: For a network that is built: how clips are to be shown.
        show_progress: What ``progress`` is in a call by default.

    Raises:
        TypeError: A model of another kind.
        ValueError: Arguments that do not go together, or an unknown layer.
        FileNotFoundError: There is no such file.
        CheckpointError: A file cannot be read, or does not fit.
    """

    def __init__(
        self,
        model: str | Path | nn.Module,
        weights: str | Path | None = None,
        device: str | None = None,
        layer: str | None = None,
        pool: str | None = None,
        num_clips: int | None = None,
        contract: InputContract | None = None,
        show_progress: bool = True,
    ) -> None:
        device = device or get_device()
        self.source = feature_source(
            model, weights, contract, num_clips, device
        )
        super().__init__(
            model=ConfigDict(),
            device=device,
            scope='vsslcodebase',
            show_progress=show_progress,
        )
        self.reader = LayerReader(self.model.backbone, layer, pool)

    def __call__(
        self,
        inputs: Any,
        batch_size: int = 8,
        num_workers: int = 2,
        progress: bool | None = None,
        on_error: str = 'raise',
        average_clips: bool = True,
        out: str | Path | None = None,
    ) -> dict[str, Any]:
        """Return the features of videos.

        Args:
            inputs: See ``list_videos``: a path of a video, a folder, a folder
                of images or a list; an array; or a list of these.
            batch_size: Videos that are run at once.
            num_workers: Processes that decode; 0 decodes in this one.
            progress: Show a bar with the time left; default as the
                inferencer was made.
            on_error: 'raise' ends at the first video that cannot be read;
                'skip' leaves it out of the features and names it.
            average_clips: Average the V clips of a video.
            out: Write features to this .npy or .safetensors, too, as
                ``evaluation.feature_files`` has them, and what failed to
                ``<name>.failed.txt``.

        Returns:
            ``features``, (N, D) float32, or (N, V, D) with clips kept apart;
            ``names``, N paths; ``labels``, (N,) int64, -1 where unknown;
            ``failed``, a (name, reason) for each video left out.

        Raises:
            BadVideoError: A video cannot be read, and is not to be skipped.
            ValueError: Wrong arguments, no videos, or all cannot be read.
            TypeError: An input of another kind.
        """
        if on_error not in ON_ERROR:
            raise ValueError(
                f"on_error is 'raise' or 'skip', got {on_error!r}"
            )
        if batch_size < 1 or num_workers < 0:
            raise ValueError(
                'batch_size must be 1 or more and num_workers 0 or more, got '
                f'{batch_size} and {num_workers}'
            )
        path = None if out is None else check_output(out)
        videos = list_videos(inputs)
        shown = self.show_progress if progress is None else progress
        parts: list[Features] = []
        failed: list[tuple[str, str]] = []
        with _bar(len(videos), shown) as bar, evaluating(self.model):
            for batch in self.preprocess(videos, batch_size, num_workers):
                part, bad = self.forward(batch, average_clips=average_clips)
                failed += [(videos[row].name, why) for row, why in bad]
                if bad and on_error == 'raise':
                    raise BadVideoError(*failed[0])
                parts.append(part)
                bar.advance(bar.task_ids[0], batch.size)
        result = self.postprocess(parts, videos, failed)
        if path is not None:
            write_output(path, result, self.settings(average_clips))
        return result

    def settings(self, average_clips: bool) -> dict[str, Any]:
        """Return all that the features depend on, as JSON values."""
        level = 'video' if average_clips else 'clip'
        return dict(
            feature_settings(self.model, self.reader, level),
            model=self.source.name,
            dataset=dict(pipeline=self.source.pipeline),
        )

    def preprocess(
        self,
        inputs: list[VideoInput],
        batch_size: int = 8,
        num_workers: int = 0,
    ) -> Iterator[Batch]:
        """Yield batches of clips."""
        yield from video_loader(inputs, self.pipeline, batch_size, num_workers)

    def forward(
        self, inputs: Batch, average_clips: bool = True
    ) -> tuple[Features, list[tuple[int, str]]]:
        """Return places and features of a batch, and places that failed."""
        if inputs.data is None:
            return Features([], torch.empty(0)), inputs.failed
        features = batch_features(
            self.model, inputs.data, self.reader, average_clips
        ).features
        finite = features.flatten(1).isfinite().all(1).tolist()
        rows = [row for row, good in zip(inputs.rows, finite) if good]
        others = [
            (row, 'its features are not finite')
            for row, good in zip(inputs.rows, finite)
            if not good
        ]
        return (
            Features(rows, features[torch.tensor(finite)]),
            inputs.failed + others,
        )

    def visualize(
        self, inputs: list, preds: Any, **kwargs: Any
    ) -> list[np.ndarray]:
        """Return nothing: features are no pictures."""
        return []

    def postprocess(
        self,
        preds: list[Features],
        videos: list[VideoInput],
        failed: list[tuple[str, str]],
    ) -> dict[str, Any]:
        """Join the batches.

        Raises:
            UsageError: Nothing could be read.
        """
        if len(failed) == len(videos):
            raise UsageError(
                f'none of the {len(videos)} videos can be read, the first is '
                f'{failed[0][0]}: {failed[0][1]}'
            )
        rows = [row for part in preds for row in part.rows]
        parts = [part.features for part in preds if part.rows]
        return dict(
            features=torch.cat(parts).numpy(),
            names=[videos[row].name for row in rows],
            labels=np.array([videos[row].label for row in rows], np.int64),
            failed=failed,
        )

    def _init_model(self, *args: Any) -> Any:
        """Return the model that is built already."""
        return self.source.model

    def _init_pipeline(self, cfg: Any) -> Any:
        """Return the configs of the transforms."""
        return self.source.pipeline

    def _init_collate(self, cfg: Any) -> Any:
        """Return what makes the batches."""
        return collate_videos

    def _init_visualizer(self, cfg: Any) -> None:
        """Have none."""
        return


def _bar(total: int, shown: bool) -> Progress:
    """Return a bar on stderr, where output that is piped does not go."""
    bar = Progress(
        TextColumn('videos'),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=Console(stderr=True),
        disable=not shown,
    )
    bar.add_task('videos', total=total)
    return bar

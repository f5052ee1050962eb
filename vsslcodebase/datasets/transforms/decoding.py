"""From a file name to frames: slots 0 (open) and 2 (decode)."""

from __future__ import annotations

from mmcv.transforms import BaseTransform

from vsslcodebase.datasets.readers import open_reader
from vsslcodebase.datasets.readers.frame_folder_reader import (
    DEFAULT_FOLDER_FPS,
)
from vsslcodebase.registry import TRANSFORMS


@TRANSFORMS.register_module()
class OpenVideo(BaseTransform):
    """Open the video, so that a sampler knows how long it is.

    Reads ``filename``, a video file or a folder of images, one a frame
    (:class:`~vsslcodebase.datasets.readers.FrameFolderReader`); writes
    ``video_reader`` (an open
    :class:`~vsslcodebase.datasets.readers.VideoReader`, which
    :class:`DecodeClips` closes), ``total_frames`` and ``avg_fps`` (frames a
    second, 0 where unknown).

    Args:
        backend: 'pyav' or 'decord'. In most files their frames are equal;
            :class:`~vsslcodebase.datasets.readers.decord_reader.DecordReader`
            tells in which they are not. Folders need neither.
        folder_fps: Frames a second of folders of images, which do not say
            it: 12 in Something-Something. 0 for unknown; samplers then write
            no ``clip_time``.

    Raises:
        BadVideoError: The video is missing, empty, damaged or no video.
    """

    def __init__(
        self, backend: str = 'pyav', folder_fps: float = DEFAULT_FOLDER_FPS
    ) -> None:
        if backend not in ('pyav', 'decord'):
            raise ValueError(
                f"backend must be 'pyav' or 'decord', got {backend!r}"
            )
        if folder_fps < 0:
            raise ValueError(f'folder_fps must be >= 0, got {folder_fps}')
        self.backend = backend
        self.folder_fps = folder_fps

    def transform(self, results: dict) -> dict:
        """Open ``results['filename']``."""
        reader = open_reader(
            results['filename'], self.backend, self.folder_fps
        )
        results['video_reader'] = reader
        results['total_frames'] = reader.total_frames
        results['avg_fps'] = reader.avg_fps
        return results


@TRANSFORMS.register_module()
class DecodeClips(BaseTransform):
    """Decode the frames that the sampler chose, each distinct one once.

    Reads ``video_reader`` and ``frame_inds`` (V*T,); writes ``imgs``, a list
    of V*T (H, W, 3) uint8 RGB arrays, clip after clip, ``original_shape`` and
    ``img_shape`` (H, W). The reader is closed and removed, come what may.

    Clips that share a frame share its array, which is read-only.

    Raises:
        BadVideoError: A frame of the video does not decode.
    """

    def transform(self, results: dict) -> dict:
        """Decode ``results['frame_inds']``."""
        with results.pop('video_reader') as reader:
            imgs = reader.get_frames(results['frame_inds'])
        results['imgs'] = imgs
        results['original_shape'] = imgs[0].shape[:2]
        results['img_shape'] = imgs[0].shape[:2]
        return results


@TRANSFORMS.register_module()
class DecodeOnDemand(BaseTransform):
    """Leave the decoding to ``FastClips``, which knows what to do with frames.

    It keeps the slot of :class:`DecodeClips`, so that pipelines of both kinds
    have their parts in the same places. The reader stays open.
    """

    def transform(self, results: dict) -> dict:
        """Check that there is something to be decoded."""
        for key in ('video_reader', 'frame_inds'):
            if key not in results:
                raise ValueError(
                    f'DecodeOnDemand needs {key!r}, got {sorted(results)}; '
                    'OpenVideo and a clip sampler come before it'
                )
        return results

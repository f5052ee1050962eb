"""From frames to what the model takes: slot 4 of a pipeline."""

from __future__ import annotations

import numpy as np
import torch
from mmaction.structures import ActionDataSample
from mmcv.transforms import BaseTransform

from vsslcodebase.registry import TRANSFORMS

# What samplers tell about each clip; written where present.
CLIP_FIELDS = (
    'clip_start',
    'clip_time',
    'clip_end',
    'frame_interval',
    'pace_label',
    'clip_wraps',
)


@TRANSFORMS.register_module()
class PackClips(BaseTransform):
    """Stack the clips of a video and wrap what is known about them.

    Reads ``imgs``, a list of V*T (H, W, C) uint8 arrays, clip after clip, and
    ``clip_len`` T; or ``clips``, what ``FastClips`` made. Returns a dict with

    - ``inputs``: (V, C, T, H, W) uint8 tensor, contiguous;
    - ``data_samples``: an ``ActionDataSample`` with ``gt_label`` (1,) where
      the list gave a label (>= 0), with ``clip_start``, ``clip_time``,
      ``clip_end``, ``frame_interval``, ``pace_label`` and ``clip_wraps``,
      each (V,), where the sampler gave them, with ``colour_matrix`` where
      colours are left to the data preprocessor, and with the metainfo
      ``filename``, ``video_id``, ``num_paces`` (of SamplePaceClips),
      ``img_shape`` (H, W), ``num_clips`` V and ``clip_len`` T.

    V is counted from the frames, since crops may have multiplied the clips.
    """

    meta_keys = ('filename', 'video_id', 'num_paces')

    def transform(self, results: dict) -> dict:
        """Pack one video."""
        if 'clips' in results:
            inputs = torch.from_numpy(results['clips'])
        else:
            inputs = self._stack(results['imgs'], results['clip_len'])
        num_clips, _, clip_len, height, width = inputs.shape
        sample = ActionDataSample()
        if results.get('label', -1) >= 0:
            sample.set_gt_label(results['label'])
        for name in CLIP_FIELDS:
            if name in results:
                values = self._per_clip(name, results[name], num_clips)
                sample.set_field(values, name)
        if 'colour_matrix' in results:
            matrix = torch.from_numpy(results['colour_matrix'])
            sample.set_field(matrix, 'colour_matrix')
        meta = {key: results[key] for key in self.meta_keys if key in results}
        sample.set_metainfo(
            dict(
                meta,
                img_shape=(height, width),
                num_clips=num_clips,
                clip_len=clip_len,
            )
        )
        return dict(inputs=inputs, data_samples=sample)

    @staticmethod
    def _stack(imgs: list[np.ndarray], clip_len: int) -> torch.Tensor:
        """Return (V, C, T, H, W) of V*T images (H, W, C)."""
        if len(imgs) % clip_len:
            raise ValueError(
                f'{len(imgs)} frames are not a number of clips of '
                f'clip_len={clip_len} frames'
            )
        stacked = np.stack(imgs)  # (V*T, H, W, C)
        if stacked.dtype != np.uint8:
            raise TypeError(
                f'PackClips packs uint8 frames, got {stacked.dtype}; the data '
                'preprocessor normalises, remove it from the pipeline'
            )
        clips = stacked.reshape(-1, clip_len, *stacked.shape[1:])
        clips = np.ascontiguousarray(clips.transpose(0, 4, 1, 2, 3))
        return torch.from_numpy(clips)

    @staticmethod
    def _per_clip(name: str, values: object, num_clips: int) -> torch.Tensor:
        """Return ``values`` as (V,); one number stands for all clips."""
        array = np.asarray(values)
        if array.ndim == 0:
            array = np.repeat(array, num_clips)
        if array.shape != (num_clips,):
            raise ValueError(
                f'{name} has shape {array.shape}, but there are {num_clips} '
                'clips; transforms that multiply clips, like ThreeCrop, '
                'belong inside PerClip'
            )
        return torch.from_numpy(np.ascontiguousarray(array))

    def __repr__(self) -> str:
        """Return the class name."""
        return f'{type(self).__name__}()'

"""One random draw per clip: the wrapper around augmentations (slot 3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from vsslcodebase.registry import TRANSFORMS

from .formatting import CLIP_FIELDS


def build_transforms(
    transforms: Sequence[dict | Callable],
) -> list[Callable]:
    """Build transforms from configs; callables pass through.

    Bare names are looked up here first, then in MMAction2 and MMCV, whatever
    the default scope is: so our pipelines run in MMAction2's programs, too.
    """
    return [
        TRANSFORMS.build({'_scope_': 'vsslcodebase', **transform})
        if isinstance(transform, dict)
        else transform
        for transform in transforms
    ]


@TRANSFORMS.register_module()
class PerClip(BaseTransform):
    """Run the transforms on each clip of the video by itself.

    MMAction2's transforms, and ours, draw their parameters once and apply
    them to all of ``imgs``. Inside ``PerClip``, ``imgs`` is one clip: the
    draw is the same for its frames and independent between clips.

    Reads ``imgs`` (V*T frames, clip after clip) and ``clip_len``. A transform
    that makes several clips of one (``ThreeCrop``) multiplies ``num_clips``
    and repeats what the sampler wrote per clip. What the transforms write
    besides ``imgs`` and ``label`` (crop boxes and such, different for each
    clip) is dropped.

    Args:
        transforms: Configs of transforms, or callables, run in order.
    """

    def __init__(self, transforms: Sequence[dict | Callable]) -> None:
        self.transforms = build_transforms(transforms)

    def transform(self, results: dict) -> dict | None:
        """Transform all clips of one video; None if a transform says so."""
        imgs, clip_len = results['imgs'], results['clip_len']
        num_clips = len(imgs) // clip_len
        if len(imgs) != num_clips * clip_len:
            raise ValueError(
                f'{len(imgs)} frames are not a number of clips of '
                f'clip_len={clip_len} frames'
            )
        out_imgs: list[np.ndarray] = []
        for first in range(0, len(imgs), clip_len):
            clip = dict(results, imgs=imgs[first : first + clip_len])
            for transform in self.transforms:
                clip = transform(clip)
                if clip is None:
                    return None
            out_imgs.extend(clip['imgs'])
        self._check_sizes(out_imgs)
        results['imgs'] = out_imgs
        results['img_shape'] = out_imgs[0].shape[:2]
        if num_clips == 1 and 'label' in clip:
            results['label'] = clip['label']
        self._repeat_fields(results, num_clips)
        return results

    @staticmethod
    def _repeat_fields(results: dict, old_num_clips: int) -> None:
        """Give the clips made of one clip what was known of that one."""
        num_clips = len(results['imgs']) // results['clip_len']
        results['num_clips'] = num_clips
        for name in CLIP_FIELDS:
            if name in results and np.ndim(results[name]):
                copies = num_clips // old_num_clips
                results[name] = np.repeat(results[name], copies)

    @staticmethod
    def _check_sizes(imgs: list[np.ndarray]) -> None:
        shapes = sorted({img.shape for img in imgs})
        if len(shapes) > 1:
            raise ValueError(
                f'clips came out in different sizes, {shapes}; end the list '
                'of PerClip with a crop or resize to one size'
            )

    def __repr__(self) -> str:
        """Return the class with its transforms."""
        return f'{type(self).__name__}(transforms={self.transforms})'

"""The same job in MMAction2: its own data set, decoder and transforms.

What MMAction2 lacks is added in the plainest way: a loop over the clips,
since its transforms draw once for all clips of a video, a probability, and
OpenCV's grey and Gaussian blur.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from mmaction.datasets import VideoDataset
from mmaction.datasets.transforms import (
    ColorJitter,
    Flip,
    RandomResizedCrop,
    Resize,
    SampleFrames,
)
from mmcv.transforms import BaseTransform

BLUR_TAPS = 23
SAMPLING = dict(clip_len=16, frame_interval=2, num_clips=4)


class MendedJitter(ColorJitter):
    """MMAction2's colour jitter on numpy 2.

    There, adding a negative turn of the hue to uint8 is an error; before, it
    gave int16, which is said in so many words here.
    """

    @staticmethod
    def adjust_hue(img: np.ndarray, factor: float) -> np.ndarray:
        img = np.clip(img, 0, 255).astype(np.uint8)
        hsv = cv2.cvtColor(img, cv2.COLOR_RGB2HSV)
        turned = hsv[..., 0].astype(np.int16) + int(factor * 255)
        hsv[..., 0] = turned % 180
        return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.float32)


class Grey(BaseTransform):
    """Make all frames grey."""

    def transform(self, results: dict) -> dict:
        results['imgs'] = [
            cv2.cvtColor(
                cv2.cvtColor(img, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB
            )
            for img in results['imgs']
        ]
        return results


class Blur(BaseTransform):
    """Blur all frames alike."""

    def transform(self, results: dict) -> dict:
        sigma = np.random.uniform(0.1, 2.0)
        results['imgs'] = [
            cv2.GaussianBlur(img, (BLUR_TAPS, BLUR_TAPS), sigma)
            for img in results['imgs']
        ]
        return results


class ClipByClip(BaseTransform):
    """Run transforms on each clip by itself.

    Args:
        steps: (transform, probability) pairs.
    """

    def __init__(self, steps: list[tuple[BaseTransform, float]]) -> None:
        self.steps = steps

    def transform(self, results: dict) -> dict:
        imgs, clip_len = results['imgs'], results['clip_len']
        done: list[np.ndarray] = []
        for first in range(0, len(imgs), clip_len):
            clip = dict(results, imgs=imgs[first : first + clip_len])
            for step, probability in self.steps:
                if np.random.rand() < probability:
                    clip = step(clip)
            done += clip['imgs']
        results['imgs'] = done
        return results


def build_augmentation(crop: int) -> ClipByClip:
    """Build the augmentation, ending at ``crop`` x ``crop`` pixels."""
    return ClipByClip(
        [
            (RandomResizedCrop((0.3, 1.0), (0.5, 2.0)), 1),
            (Resize((crop, crop), keep_ratio=False), 1),
            (Flip(flip_ratio=0.5), 1),
            (MendedJitter(0.8, 0.8, 0.8, 0.2), 0.8),
            (Grey(), 0.2),
            (Blur(), 0.5),
        ]
    )


def frame_indices(total_frames: int) -> np.ndarray:
    """Return frames that SampleFrames draws, as :func:`build_dataset` has it.

    Args:
        total_frames: Length of the video.
    """
    results = dict(total_frames=total_frames, start_index=0)
    return SampleFrames(**SAMPLING)(results)['frame_inds']


def build_dataset(list_file: Path, crop: int) -> VideoDataset:
    """Build the data set: 4 clips of 16 frames, every second one."""
    return VideoDataset(
        ann_file=str(list_file),
        pipeline=[
            dict(type='mmaction.DecordInit'),
            dict(type='mmaction.SampleFrames', **SAMPLING),
            dict(type='mmaction.DecordDecode'),
            build_augmentation(crop),
            dict(type='mmaction.FormatShape', input_format='NCTHW'),
            dict(type='mmaction.PackActionInputs'),
        ],
    )

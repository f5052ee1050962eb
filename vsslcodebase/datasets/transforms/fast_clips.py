"""Decoding and augmentation in one: the fast path (slots 2 and 3).

The plain transforms decode whole frames to RGB and send them through one
operation after another. Here every parameter of the augmentation is drawn
first. As frames arrive from the decoder, the crops of their Y, U and V planes
are resized straight into the batch; what follows is done on the small result:
flip, blur, and all changes of colours as a single matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from vsslcodebase.datasets.readers import Picture
from vsslcodebase.registry import TRANSFORMS

from .augment_blur import blur
from .augment_colour import change_colours
from .clip_plan import ClipPlan, ColourChange, FrameChanges, Plannable
from .colour_matrix import affine, colour_matrix
from .per_clip import build_transforms
from .plane_cutting import PictureCutter


@TRANSFORMS.register_module()
class FastClips(BaseTransform):
    """Decode and augment the clips of a video, in a fraction of the time.

    Does what ``DecodeClips`` and ``PerClip(transforms)`` do, with the same
    draws from the same seed, on a reader that ``DecodeOnDemand`` left open.
    The pictures differ by rounding, and in three ways that are choices:
    chroma is interpolated between its samples; with ``hue='yiq'`` colours are
    clipped once, at the end, and hue turns at constant luma.

    Reads ``video_reader``, ``frame_inds`` (V*T,), ``clip_len``, ``num_clips``
    and ``label``; writes ``clips`` (V, 3, T, H, W) uint8, ``img_shape``,
    ``original_shape`` and ``label``, for ``PackClips``. The reader is closed
    and removed.

    Args:
        transforms: At most one ``ClipRandomResizedCrop``,
            ``ClipResizedRandomCrop`` or ``ClipScaledRandomCrop``, then any of
            ``ClipFlip``, ``ClipColorJitter``, ``ClipGrayscale`` and
            ``ClipGaussianBlur``, in any order and number.
        hue: 'yiq', or 'hsv' to make the changes of colours exactly as the
            plain operations do, one after the other (some 0.7 ms more for a
            clip of 16 frames at 112 pixels).
        apply_colour: 'worker', or 'preprocessor': ``clips`` then holds the
            decoder's YUV, and ``colour_matrix`` (V, 3, 4) float32, or
            (V, T, 3, 4), what ``ClipDataPreprocessor`` makes RGB of it with,
            on the GPU. No other data preprocessor does that.

    Raises:
        BadVideoError: A frame of the video does not decode.
    """

    def __init__(
        self,
        transforms: Sequence[dict | Callable],
        hue: str = 'yiq',
        apply_colour: str = 'worker',
    ) -> None:
        if hue not in ('yiq', 'hsv'):
            raise ValueError(f"hue must be 'yiq' or 'hsv', got {hue!r}")
        if apply_colour not in ('worker', 'preprocessor'):
            raise ValueError(
                "apply_colour must be 'worker' or 'preprocessor', got "
                f'{apply_colour!r}'
            )
        if hue == 'hsv' and apply_colour == 'preprocessor':
            raise ValueError(
                "a turn of the hue in HSV is no matrix: with hue='hsv' set "
                "apply_colour='worker'"
            )
        self.transforms: list[Plannable] = []
        for transform in build_transforms(transforms):
            if not isinstance(transform, Plannable):
                raise ValueError(
                    f'FastClips cannot plan {type(transform).__name__}, only '
                    'the transforms of this package named Clip...; use '
                    'DecodeClips and PerClip in the place of DecodeOnDemand '
                    'and FastClips'
                )
            self.transforms.append(transform)
        self.hue = hue
        self.apply_colour = apply_colour

    def transform(self, results: dict) -> dict:
        """Decode and augment the clips of one video."""
        clip_len = results['clip_len']
        places = _places(results['frame_inds'], clip_len)
        plans: list[ClipPlan] = []
        with results.pop('video_reader') as reader:
            for index, picture in reader.visit(results['frame_inds']):
                if not plans:
                    plans = self._draw(picture.size, results)
                    clips = np.empty(
                        (len(plans), 3, clip_len, *plans[0].size), np.uint8
                    )
                    cutters = [
                        PictureCutter(picture, plan.box, plan.size)
                        for plan in plans
                    ]
                    to_rgb = picture.matrix
                _cut(picture, places[index], cutters, clips)
        matrices = [
            self._finish(clip, plan, to_rgb)
            for clip, plan in zip(clips, plans)
        ]
        results['clips'] = clips
        if self.apply_colour == 'preprocessor':
            results['colour_matrix'] = np.stack(
                matrices, dtype=np.float32, casting='same_kind'
            )
        if 'label' in results:
            results['label'] = plans[-1].label
        results['original_shape'] = plans[0].frame_size
        results['img_shape'] = plans[0].size
        return results

    def _draw(
        self, frame_size: tuple[int, int], results: dict
    ) -> list[ClipPlan]:
        """Draw the parameters, in the order in which PerClip would."""
        num_clips = results['num_clips']
        plans = []
        for _ in range(num_clips):
            plan = ClipPlan(
                frame_size,
                results['clip_len'],
                num_clips,
                results.get('label', -1),
            )
            for transform in self.transforms:
                transform.plan(plan)
            plans.append(plan)
        return plans

    def _finish(
        self, clip: np.ndarray, plan: ClipPlan, to_rgb: np.ndarray
    ) -> np.ndarray:
        """Flip, blur and colour a clip (3, T, H, W) in place.

        Returns:
            What makes RGB of ``clip`` as it is afterwards: (3, 4), or
            (T, 3, 4) if frames differ.
        """
        _, clip_len, height, width = clip.shape
        planes = list(clip.reshape(3, clip_len * height, width))
        # The frames below each other, channels last: as OpenCV has them
        tall = cv2.merge(planes)
        frames = tall.reshape(clip_len, height, width, 3)
        if plan.is_flipped:
            cv2.flip(tall, 1, dst=tall)
        if self.hue == 'hsv':
            cv2.transform(tall, to_rgb, dst=tall)
            frames = _run_plainly(frames, plan)
            matrix = affine(np.eye(3))
        else:
            matrix = _matrices(frames, plan, to_rgb)
            # Before the colours, with which it commutes
            for kernel in plan.kernels:
                for frame in frames:
                    blur(frame, kernel, out=frame)
            if self.apply_colour == 'worker':
                _colour(frames, matrix)
        cv2.split(frames.reshape(tall.shape), planes)
        return matrix

    def __repr__(self) -> str:
        """Return the class with its transforms."""
        lines = ''.join(f'    {step},\n' for step in self.transforms)
        return (
            f'{type(self).__name__}(transforms=[\n{lines}], '
            f'hue={self.hue!r}, apply_colour={self.apply_colour!r})'
        )


def _places(
    indices: np.ndarray, clip_len: int
) -> dict[int, list[tuple[int, int]]]:
    """Return the (clip, time) that want a frame, by the frame's number."""
    places: dict[int, list[tuple[int, int]]] = {}
    for place, index in enumerate(np.asarray(indices).tolist()):
        places.setdefault(index, []).append(divmod(place, clip_len))
    return places


def _cut(
    picture: Picture,
    places: Sequence[tuple[int, int]],
    cutters: Sequence[PictureCutter],
    clips: np.ndarray,
) -> None:
    """Cut the picture for the places of ``clips`` (V, 3, T, H, W)."""
    done: dict[int, int] = {}  # a clip that wants it again gets a copy
    for clip, time in places:
        if clip in done:
            clips[clip, :, time] = clips[clip, :, done[clip]]
        else:
            cutters[clip].cut(picture, clips[clip, :, time])
            done[clip] = time


def _matrices(
    frames: np.ndarray, plan: ClipPlan, to_rgb: np.ndarray
) -> np.ndarray:
    """Return the colours of a clip as (3, 4), or (T, 3, 4) if they differ."""
    if plan.differs_by_frame:
        means = [cv2.mean(frame)[:3] for frame in frames]
        return np.stack(
            [
                colour_matrix(plan.changes_of(time), to_rgb, mean)
                for time, mean in enumerate(means)
            ]
        )
    changes = plan.changes_of(0)
    needs_mean = any(name == 'contrast' for name, _ in changes)
    mean = cv2.mean(_as_image(frames))[:3] if needs_mean else (0, 0, 0)
    return colour_matrix(changes, to_rgb, mean)


def _colour(frames: np.ndarray, matrix: np.ndarray) -> None:
    """Apply (3, 4), or (T, 3, 4), to (T, H, W, 3) uint8 in place."""
    if matrix.ndim == 2:
        image = _as_image(frames)
        cv2.transform(image, matrix, dst=image)
    else:
        for frame, own in zip(frames, matrix):
            cv2.transform(frame, own, dst=frame)


def _run_plainly(frames: np.ndarray, plan: ClipPlan) -> np.ndarray:
    """Return (T, H, W, 3) RGB after the steps, one after the other."""
    for step in plan.steps:
        if isinstance(step, ColourChange):
            frames = change_colours(frames, [step])
        elif isinstance(step, FrameChanges):
            frames = np.concatenate(
                [
                    change_colours(frame[None], changes)
                    for frame, changes in zip(frames, step.frames)
                ]
            )
        else:
            frames = np.stack([blur(frame, step) for frame in frames])
    return frames


def _as_image(frames: np.ndarray) -> np.ndarray:
    """View (T, H, W, 3), contiguous, as one tall image."""
    return frames.reshape(-1, *frames.shape[2:])

"""How long a training takes, from its multiply-adds."""

from __future__ import annotations

from typing import Any, NamedTuple

from vsslcodebase.evaluation.multiply_adds import multiply_adds

from .training_memory import build_on_meta

# Peak of dense matrix products in TFLOP/s as the makers state it: with TF32
# (which torch uses in convolutions where the GPU has it), and 16 bits.
DEVICES = {
    'v100': (15.7, 125.0),
    'a100': (156.0, 312.0),
    'h100': (495.0, 989.0),
    'h200': (495.0, 989.0),
    'rtx3090': (35.6, 71.0),
    'rtx4090': (82.6, 165.0),
}
# the share of it that 3D convolutional networks are assumed to reach
UTILISATION = (0.15, 0.40)


class TrainingTime(NamedTuple):
    """An estimate, from the most to the least that a GPU may do a second.

    Attributes:
        steps: Batches of the whole training.
        multiply_adds: Of one clip, forward.
        seconds: (least, most) of the whole training.
        videos_per_second: (least, most) that data loading has to give for
            all GPUs.
    """

    steps: int
    multiply_adds: int
    seconds: tuple[float, float]
    videos_per_second: tuple[float, float]


def training_time(
    model_cfg: dict[str, Any],
    clip_shape: tuple[int, int, int, int],
    num_clips: int,
    batch: int,
    num_gpus: int,
    num_videos: int,
    epochs: int,
    device: str = 'a100',
    mixed: bool = False,
    clips_per_second: float | None = None,
) -> TrainingTime:
    """Estimate the hours of a training.

    Forward counts once, backward twice where the backbone is trained, and a
    momentum encoder once more.

    Args:
        model_cfg: The config's model.
        clip_shape: (C, T, H, W).
        num_clips: V, of a video.
        batch: Videos of a batch of all GPUs.
        num_gpus: N.
        num_videos: Of an epoch.
        epochs: Of the training.
        device: One of ``DEVICES``.
        mixed: In 16 bits.
        clips_per_second: Measured on one GPU; then nothing is assumed.

    Raises:
        ValueError: For a device that is not known.
    """
    if device not in DEVICES:
        raise ValueError(
            f'device must be one of {sorted(DEVICES)}, got {device!r}; for '
            'another, measure one GPU and give --clips-per-second'
        )
    model = build_on_meta(model_cfg)
    forward = multiply_adds(model.backbone, clip_shape)['']
    is_trained = any(p.requires_grad for p in model.backbone.parameters())
    passes = 3 if is_trained else 1
    passes += any(hasattr(model, n) for n in ('momentum_encoder', 'target'))
    peak = DEVICES[device][mixed] * 1e12
    rates = [share * peak / (2 * forward * passes) for share in UTILISATION]
    if clips_per_second is not None:
        rates = [clips_per_second, clips_per_second]
    videos = [num_gpus * rate / num_clips for rate in rates]
    steps = num_videos // batch * epochs
    total = steps * batch
    return TrainingTime(
        steps,
        forward,
        (total / videos[1], total / videos[0]),
        (videos[0], videos[1]),
    )

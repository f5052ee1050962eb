"""Small encoded videos, made by PyAV while the tests run."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np


def moving_pattern(index, height, width):
    """Return frame ``index``: a smooth moving pattern, no two alike."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    channels = [
        np.sin(x / 7 + index / 3),
        np.cos(y / 5 - index / 4),
        np.sin((x + y) / 9 + index / 2),
    ]
    image = 120 + 90 * np.stack(channels, axis=-1)
    image[: height // 4, : width // 4] = 20 + (index * 37) % 211
    return image.astype(np.uint8)


def encode(
    path,
    num_frames=40,
    codec='libx264',
    size=(48, 64),
    fps=30,
    gop=12,
    b_frames=0,
    times=None,
    pixels='yuv420p',
    options=None,
):
    """Write a video; ``times`` are the frames' times in ticks of 1/fps."""
    height, width = size
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(codec, rate=fps, options=options or {})
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        context = stream.codec_context
        context.gop_size, context.max_b_frames = gop, b_frames
        context.time_base = Fraction(1, fps)
        for index in range(num_frames):
            frame = av.VideoFrame.from_ndarray(
                moving_pattern(index, height, width), format='rgb24'
            )
            frame.pts = index if times is None else times[index]
            frame.time_base = Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return str(path)


def decode_all(path):
    """Decode a whole video from its start, without seeking: the reference."""
    with av.open(str(path)) as container:
        return [
            frame.to_ndarray(format='rgb24')
            for frame in container.decode(video=0)
        ]

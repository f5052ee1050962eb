"""Write frames as a small encoded video file through PyAV."""

from __future__ import annotations

import os
from pathlib import Path

import av
import cv2
import numpy as np

# suffix: (encoder, options)
_ENCODERS: dict[str, tuple[str, dict[str, str]]] = {
    '.mp4': ('libx264', {'preset': 'ultrafast', 'crf': '14'}),
    '.avi': ('mpeg4', {'qmin': '2', 'qmax': '3'}),
    '.webm': (
        'libvpx-vp9',
        {'crf': '18', 'b': '0', 'deadline': 'realtime', 'cpu-used': '8'},
    ),
}
SUFFIXES = tuple(_ENCODERS)
PART = '.part'  # marks the names of files that are not whole yet
_KEY_FRAME_EVERY = 12  # frames: a clip anywhere decodes at most 11 more


def write_video(path: Path, frames: np.ndarray, fps: int) -> None:
    """Encode a video; the file appears whole or not at all.

    Args:
        path: Its suffix, one of ``SUFFIXES``, decides container and codec.
        frames: (T, H, W, 3) uint8 RGB; H and W even (4:2:0 chroma).
        fps: Frames per second.

    Raises:
        ValueError: For another suffix.
    """
    if path.suffix not in _ENCODERS:
        raise ValueError(
            f'suffix must be one of {list(SUFFIXES)}, got {path.suffix!r}'
        )
    codec, options = _ENCODERS[path.suffix]
    # The process id keeps two writers of one file apart.
    part = path.with_name(f'.{path.stem}.{os.getpid()}{PART}{path.suffix}')
    with av.open(str(part), 'w') as container:
        stream = container.add_stream(codec, rate=fps, options=options)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = 'yuv420p'
        # One thread: the cores are taken by other videos, and the bits of
        # x264 do not depend on how many there are.
        stream.codec_context.thread_count = 1
        stream.codec_context.gop_size = _KEY_FRAME_EVERY
        for rgb in frames:
            planes = cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420)
            frame = av.VideoFrame.from_ndarray(planes, format='yuv420p')
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    os.replace(part, path)

"""Videos for the benchmarks: drawn from a seed and encoded as h264."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from _measure import say

_TEXTURE_SIZE = 512
_DRAWING = 1  # part of the cached files' names: count up when drawing changes


@dataclass(frozen=True)
class VideoSpec:
    """A kind of video, and how many of it a benchmark takes.

    Attributes:
        width, height: In pixels, even.
        frames_per_second: Rate, a whole number.
        seconds: Length.
        gop: Frames from one key frame to the next.
        count: Videos, each drawn from a seed of its own.
    """

    width: int
    height: int
    frames_per_second: int
    seconds: float
    gop: int
    count: int


def build_list(name: str, spec: VideoSpec, folder: Path) -> Path:
    """Encode the videos that ``folder`` lacks; return their list file."""
    known = repr((_DRAWING, *astuple(spec))).encode()
    key = hashlib.sha256(known).hexdigest()[:8]
    paths = [folder / f'{name}-{key}-{i}.mp4' for i in range(spec.count)]
    for seed, path in enumerate(paths):
        if not path.exists():
            say(f'encoding {path.name} ({seed + 1} of {spec.count})')
            # Complete, or not there: an interrupted one is encoded anew.
            partial = path.with_suffix('.partial.mp4')
            encode(partial, spec, seed)
            partial.rename(path)
    list_file = folder / f'{name}-{key}.txt'
    list_file.write_text(''.join(f'{path} 0\n' for path in paths))
    return list_file


def encode(path: Path, spec: VideoSpec, seed: int) -> None:
    """Write one video: libx264 with its defaults, but for the GOP."""
    # By itself x264 writes different files from run to run; its number of
    # threads counts, and so do shortcuts that depend on the processor.
    options = {
        'preset': 'medium',
        'threads': '2',
        'x264-params': 'cpu-independent=1',
    }
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(
            'libx264', rate=spec.frames_per_second, options=options
        )
        stream.width, stream.height = spec.width, spec.height
        stream.pix_fmt = 'yuv420p'
        stream.codec_context.gop_size = spec.gop
        time_base = Fraction(1, spec.frames_per_second)
        for number, image in enumerate(draw_frames(spec, seed)):
            frame = av.VideoFrame.from_ndarray(image, format='rgb24')
            frame.pts, frame.time_base = number, time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def draw_frames(spec: VideoSpec, seed: int) -> Iterator[np.ndarray]:
    """Yield (H, W, 3) uint8: textures that drift and turn, and grain.

    A textured ground under a moving camera, five textured things moving
    over it on closed curves, and a camera's noise, new in each frame. What
    this comes to in bits is that of videos from the web.
    """
    rng = np.random.default_rng(seed)
    size = (spec.width, spec.height)
    scale = spec.height / 256
    ground = _Layer(rng, size, reach=0.25 * spec.height)
    things = [
        (_Layer(rng, size, reach=0.4 * spec.height), _soft_disc(rng, size))
        for _ in range(5)
    ]
    grain = rng.normal(0, 1.5, (8, spec.height, spec.width, 1))
    grain = grain.astype(np.float32)
    for number in range(round(spec.seconds * spec.frames_per_second)):
        time = number / spec.frames_per_second
        image = ground.at(time, scale)
        for layer, mask in things:
            alpha = layer.move(mask, time)
            image += alpha * (layer.at(time, scale) - image)
        shift = tuple(rng.integers(spec.height, size=2))
        image += np.roll(grain[rng.integers(8)], shift, axis=(0, 1))
        yield np.clip(image, 0, 255).astype(np.uint8)


class _Layer:
    """A texture and how it moves."""

    def __init__(
        self, rng: np.random.Generator, size: tuple[int, int], reach: float
    ) -> None:
        self.size = size
        self.reach = reach
        self.texture = _draw_texture(rng)
        self.rates = rng.uniform(0.3, 1.2, 3)  # of x, y and turn, radians/s
        self.phases = rng.uniform(0, 2 * math.pi, 3)

    def _waves(self, time: float) -> np.ndarray:
        return np.sin(self.rates * time + self.phases)

    def at(self, time: float, scale: float) -> np.ndarray:
        """Return the texture (H, W, 3) float32 at a time in seconds."""
        x, y, turn = self._waves(time)
        matrix = cv2.getRotationMatrix2D((0, 0), 20 * turn, scale)
        matrix[:, 2] += self.reach * x, self.reach * y
        return cv2.warpAffine(
            self.texture, matrix, self.size, borderMode=cv2.BORDER_WRAP
        )

    def move(self, mask: np.ndarray, time: float) -> np.ndarray:
        """Return a mask (H, W, 1) where it is at a time in seconds."""
        x, y, _ = self._waves(time)
        matrix = np.float64([[1, 0, self.reach * x], [0, 1, self.reach * y]])
        return cv2.warpAffine(mask, matrix, self.size)[..., None]


def _draw_texture(rng: np.random.Generator) -> np.ndarray:
    """Draw a periodic (S, S, 3) float32 with the spectrum of photographs.

    Amplitudes fall with the frequency; colours vary less than brightness.
    """
    side = np.fft.fftfreq(_TEXTURE_SIZE) * _TEXTURE_SIZE
    frequency = np.hypot(side[:, None], side[None]).clip(min=2)
    noise = rng.normal(size=(3, _TEXTURE_SIZE, _TEXTURE_SIZE))
    waves = np.fft.ifft2(np.fft.fft2(noise) / frequency**1.5).real
    waves /= waves.std(axis=(1, 2), keepdims=True)
    light, tints = waves[0], waves[1:]
    image = np.stack(
        [light + 0.4 * tints[0], light, light + 0.4 * tints[1]], axis=-1
    )
    mean = rng.uniform(80, 176, 3)
    return (mean + 40 * image).astype(np.float32)


def _soft_disc(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Draw a mask (H, W) in [0, 1] of a disc with a soft edge."""
    width, height = size
    y, x = np.mgrid[:height, :width]
    centre = rng.uniform(0.25, 0.75, 2) * (width, height)
    radius = rng.uniform(0.1, 0.25) * height
    distance = np.hypot(x - centre[0], y - centre[1])
    return np.clip(radius - distance + 0.5, 0, 1).astype(np.float32)

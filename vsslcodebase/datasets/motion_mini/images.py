"""Sprites and photos from folders, in place of the procedural ones."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

NUM_GROUPS = 8  # as many categories and families as the procedural ones
_SUFFIXES = {'.png', '.jpg', '.jpeg', '.webp', '.bmp'}
# File n of a folder goes to split _DEAL[n % 4]: splits never share a file.
_DEAL = (0, 1, 2, 0)


@lru_cache(maxsize=8)
def list_images(folder: str) -> dict[str, tuple[tuple[Path, ...], ...]]:
    """List a folder of images by group and split.

    Args:
        folder: With eight sub-folders, the groups; in each at least three
            images, dealt to train, val and test by their sorted names.

    Returns:
        Group name: its files for train, val and test.

    Raises:
        ValueError: If the folder is not so.
    """
    root = Path(folder)
    if not root.is_dir():
        raise ValueError(f'{folder} is not a folder')
    groups = sorted(path for path in root.iterdir() if path.is_dir())
    if len(groups) != NUM_GROUPS:
        raise ValueError(
            f'{folder} must have {NUM_GROUPS} sub-folders, one per label, '
            f'got {len(groups)}'
        )
    return {group.name: _deal(group) for group in groups}


def _deal(group: Path) -> tuple[tuple[Path, ...], ...]:
    """Deal a group's files to the three splits."""
    files = sorted(
        path for path in group.iterdir() if path.suffix.lower() in _SUFFIXES
    )
    if len(files) < 3:
        raise ValueError(
            f'{group} needs at least 3 images, because no split may share '
            f'one with another; got {len(files)}'
        )
    return tuple(
        tuple(f for n, f in enumerate(files) if _DEAL[n % 4] == split)
        for split in range(3)
    )


def fingerprint(folder: str) -> str:
    """Return a digest of the names and sizes of a folder's images."""
    digest = hashlib.sha256()
    for name, splits in list_images(folder).items():
        for path in (path for files in splits for path in files):
            line = f'{name}/{path.name} {path.stat().st_size}\n'
            digest.update(line.encode())
    return digest.hexdigest()[:16]


@lru_cache(maxsize=1024)
def load_sprite(path: Path, canvas: int) -> np.ndarray:
    """Load an RGBA image as a sprite.

    Returns:
        (canvas, canvas, 4) float32: RGB in 0..255 times coverage, coverage in
        0..1; the longer side fills the circle that a turn sweeps. Read-only.

    Raises:
        ValueError: If the file is no image or has no alpha channel.
    """
    image = _read(path, cv2.IMREAD_UNCHANGED)
    if image.ndim != 3 or image.shape[2] != 4 or image.dtype != np.uint8:
        raise ValueError(
            f'{path} must be an 8-bit RGBA image, got shape {image.shape} '
            f'of {image.dtype}; give it an alpha channel'
        )
    sprite = image[..., [2, 1, 0, 3]].astype(np.float32)
    sprite[..., 3] /= 255
    sprite[..., :3] *= sprite[..., 3:]
    fit = canvas / np.hypot(*image.shape[:2])
    height, width = (max(round(fit * n), 1) for n in image.shape[:2])
    sprite = cv2.resize(sprite, (width, height), interpolation=cv2.INTER_AREA)
    top, left = (canvas - height) // 2, (canvas - width) // 2
    full = np.zeros((canvas, canvas, 4), np.float32)
    full[top : top + height, left : left + width] = sprite
    full.setflags(write=False)
    return full


@lru_cache(maxsize=64)
def load_photo(path: Path) -> np.ndarray:
    """Load a photo as (H, W, 3) uint8 RGB.

    Raises:
        ValueError: If the file is no image.
    """
    return _read(path, cv2.IMREAD_COLOR)[..., ::-1]


def crop_photo(
    photo: np.ndarray, rng: np.random.Generator, side: int
) -> np.ndarray:
    """Cut a random square of 60 to 100 % of a photo's shorter side.

    Returns:
        (side, side, 3) float32 RGB in 0..255.
    """
    height, width = photo.shape[:2]
    cut = max(int(rng.uniform(0.6, 1.0) * min(height, width)), 1)
    top, left = rng.integers(height - cut + 1), rng.integers(width - cut + 1)
    square = photo[top : top + cut, left : left + cut].astype(np.float32)
    return cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA)


def _read(path: Path, flags: int) -> np.ndarray:
    """Read an image as OpenCV does, or say which file is none."""
    image = cv2.imread(str(path), flags)
    if image is None:
        raise ValueError(f'{path} cannot be read as an image')
    return image

"""Gaussian blur against convolution written out."""

from __future__ import annotations

import numpy as np
import pytest

from vsslcodebase.datasets.transforms import ClipGaussianBlur
from vsslcodebase.datasets.transforms.augment_blur import gaussian_kernel


def blur_slowly(img, sigma, kernel_size):
    """Convolve with the full kernel, the border mirrored, in float64."""
    radius = kernel_size // 2
    taps = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    taps /= taps.sum()
    padding = ((radius, radius), (radius, radius), (0, 0))
    padded = np.pad(img.astype(float), padding, mode='reflect')
    height, width = img.shape[:2]
    rows = sum(taps[i] * padded[i : i + height] for i in range(kernel_size))
    return sum(taps[i] * rows[:, i : i + width] for i in range(kernel_size))


@pytest.mark.parametrize('kernel_size', [3, 23])
@pytest.mark.parametrize('sigma', [0.1, 0.7, 2.0])
def test_blur_is_convolution_with_a_gaussian(sigma, kernel_size):
    rng = np.random.default_rng(0)
    imgs = list(rng.integers(0, 256, (2, 30, 40, 3), dtype=np.uint8))
    blur = ClipGaussianBlur(1, (sigma, sigma), kernel_size)
    for img, blurred in zip(imgs, blur(dict(imgs=imgs))['imgs']):
        assert blurred.dtype == np.uint8
        expected = blur_slowly(img, sigma, kernel_size)
        # half a level of rounding, a quarter for the taps left out
        assert np.abs(blurred - expected).max() < 0.75


def test_kernel_by_hand():
    weights = np.exp([-2.0, -0.5, 0.0, -0.5, -2.0])
    np.testing.assert_allclose(
        gaussian_kernel(1.0, 5), weights / weights.sum(), rtol=1e-6
    )
    assert len(gaussian_kernel(0.1, 23)) == 3
    assert len(gaussian_kernel(2.0, 23)) == 13


def test_a_frame_smaller_than_the_kernel_is_blurred():
    img = np.full((4, 5, 3), 77, np.uint8)
    blurred = ClipGaussianBlur(1, (2.0, 2.0))(dict(imgs=[img]))['imgs'][0]
    np.testing.assert_array_equal(blurred, img)


def test_one_sigma_for_all_frames_and_another_for_the_next_clip():
    img = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    img.flags.writeable = False
    np.random.seed(0)
    results = []
    for _ in range(100):
        imgs = ClipGaussianBlur()(dict(imgs=[img, img]))['imgs']
        np.testing.assert_array_equal(imgs[0], imgs[1])
        results.append(imgs[0])
    unchanged = sum(np.array_equal(img, result) for result in results)
    assert 35 < unchanged < 70  # half, and the sigmas close to 0.1
    assert len({result.tobytes() for result in results}) > 30


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match='must be odd and >= 1, got 22'):
        ClipGaussianBlur(kernel_size=22)
    with pytest.raises(ValueError, match=r'ascending and > 0, got \(0, 2\)'):
        ClipGaussianBlur(sigma_range=(0, 2))
    with pytest.raises(ValueError, match=r'prob .* got 1\.5'):
        ClipGaussianBlur(prob=1.5)

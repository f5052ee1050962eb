"""HCML's flow losses and cost volume, pixel by pixel."""

import numpy as np


def penalty(z):
    """Generalised Charbonnier."""
    return (z * z + 1e-6) ** 0.45


def _bilinear(image, y, x):
    """Sample (C, H, W) at a point inside."""
    height, width = image.shape[1:]
    y0 = min(int(np.floor(y)), height - 2) if height > 1 else 0
    x0 = min(int(np.floor(x)), width - 2) if width > 1 else 0
    y1, x1 = min(y0 + 1, height - 1), min(x0 + 1, width - 1)
    wy, wx = y - y0, x - x0
    top = (1 - wx) * image[:, y0, x0] + wx * image[:, y0, x1]
    bottom = (1 - wx) * image[:, y1, x0] + wx * image[:, y1, x1]
    return (1 - wy) * top + wy * bottom


def photometric(frame, next_frame, flow):
    """Eq. 3 over the pixels whose target lies inside."""
    batch, channels, height, width = frame.shape
    total, count = 0.0, 0
    for b, y, x in np.ndindex(batch, height, width):
        tx, ty = x + flow[b, 0, y, x], y + flow[b, 1, y, x]
        if 0 <= tx <= width - 1 and 0 <= ty <= height - 1:
            warped = _bilinear(next_frame[b], ty, tx)
            total += penalty(frame[b, :, y, x] - warped).sum() / channels
            count += 1
    return total / count if count else 0.0


def smoothness(flow):
    """Eq. 4: the four means of du/dx, du/dy, dv/dx, dv/dy."""
    total = 0.0
    for component in (0, 1):
        f = flow[:, component]
        total += penalty(f[:, :, 1:] - f[:, :, :-1]).mean()
        total += penalty(f[:, 1:] - f[:, :-1]).mean()
    return total


def cost_volume(first, second, max_displacement, stride):
    """Cosine with each displaced position, zero outside."""

    def cosine(a, b):
        lengths = np.sqrt((a**2).sum()) * np.sqrt((b**2).sum())
        return a @ b / lengths if lengths else 0.0

    batch, _, height, width = first.shape
    reach = max_displacement // stride * stride
    steps = range(-reach, reach + 1, stride)
    volume = np.zeros((batch, len(steps) ** 2, height, width))
    for b, y, x in np.ndindex(batch, height, width):
        channel = 0
        for dy in steps:
            for dx in steps:
                if 0 <= y + dy < height and 0 <= x + dx < width:
                    volume[b, channel, y, x] = cosine(
                        first[b, :, y, x], second[b, :, y + dy, x + dx]
                    )
                channel += 1
    return volume


def gram_schmidt(weight):
    """Orthonormalise the columns one after the other."""
    basis = []
    for column in np.asarray(weight, float).T:
        for direction in basis:
            column = column - (column @ direction) * direction
        basis.append(column / np.sqrt((column**2).sum()))
    return np.stack(basis, 1)

"""How much of motion's direction do frames without their order give away?

    python tests/datasets/motion_mini/motion_mini_honesty.py --level rich

generates a small motion-mini, decodes it and prints the inside-pair accuracy
of logistic regression on order-free features (a bag of nine frames: gradient
and colour histograms) and on ordered ones (statistics of optical flow).
"""

from __future__ import annotations

import argparse
import csv
import itertools
import tempfile
from pathlib import Path

import av
import cv2
import numpy as np

from vsslcodebase.datasets.motion_mini import (
    DatasetSpec,
    level_knobs,
    make_dataset,
)


def read_frames(path: Path) -> np.ndarray:
    """Decode all frames: (T, H, W, 3) uint8 RGB."""
    with av.open(str(path)) as container:
        planes = [f.to_ndarray(format='yuv420p') for f in container.decode()]
    return np.stack([cv2.cvtColor(p, cv2.COLOR_YUV2RGB_I420) for p in planes])


def bag_features(frames: np.ndarray) -> np.ndarray:
    """Mean and spread over nine frames of what each one looks like."""
    chosen = np.linspace(0, len(frames) - 1, 9).round().astype(int)
    seen = np.stack([_look(frame) for frame in frames[chosen]])
    return np.concatenate([seen.mean(axis=0), seen.std(axis=0)])


def _look(frame: np.ndarray) -> np.ndarray:
    """Oriented gradients in 4 x 4 cells, and a colour histogram."""
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)
    dy, dx = np.gradient(grey)
    strength = np.hypot(dx, dy)
    bins = ((np.arctan2(dy, dx) / np.pi + 1) * 4).astype(int) % 8
    side = len(grey)
    cell = np.arange(side) * 4 // side
    place = (cell[:, None] * 4 + cell) * 8 + bins
    oriented = np.bincount(place.ravel(), strength.ravel(), 128)
    level = (frame // 64).astype(int)
    color = level[..., 0] * 16 + level[..., 1] * 4 + level[..., 2]
    colors = np.bincount(color.ravel(), minlength=64)
    return np.sqrt(np.concatenate([oriented, colors]) / side**2)


def flow_features(frames: np.ndarray, step: int = 3) -> np.ndarray:
    """What moves where, in the order of time, of four parts of a video.

    Per part: mean flow, spreading, turning, and energy; over the video: how
    the direction of the flow turns.
    """
    greys = [cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in frames[::step]]
    moments = np.stack(
        [_flow_moments(a, b) for a, b in itertools.pairwise(greys)]
    )
    parts = [part.mean(axis=0) for part in np.array_split(moments, 4)]
    vx, vy = np.stack(parts)[:, :2].T
    turn = vx[:-1] * vy[1:] - vy[:-1] * vx[1:]
    norm = np.hypot(vx[:-1], vy[:-1]) * np.hypot(vx[1:], vy[1:]) + 1e-3
    return np.concatenate([*parts, [(turn / norm).mean()]])


def _flow_moments(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Mean (x, y), divergence, curl and energy of the flow from a to b."""
    flow = cv2.calcOpticalFlowFarneback(
        a, b, None, 0.5, 2, max(len(a) // 6, 5), 3, 5, 1.1, 0
    )
    flow -= np.median(flow, axis=(0, 1))  # the camera's share
    speed = np.hypot(flow[..., 0], flow[..., 1])
    weight = speed / (speed.sum() + 1e-6)
    mean = (weight[..., None] * flow).sum(axis=(0, 1))
    y, x = np.mgrid[0 : len(a), 0 : len(a)]
    x, y = x - (weight * x).sum(), y - (weight * y).sum()
    spread = (weight * (x * flow[..., 0] + y * flow[..., 1])).sum()
    turning = (weight * (x * flow[..., 1] - y * flow[..., 0])).sum()
    return np.array([*mean, spread, turning, np.log(speed.mean() + 1e-2)])


def fit_logistic(x: np.ndarray, y: np.ndarray, ridge: float) -> np.ndarray:
    """Weights (d + 1,) of ridge logistic regression, by Newton's method."""
    x = np.pad(x, ((0, 0), (0, 1)), constant_values=1.0)
    # The solution lies in the span of the rows: fewer unknowns, same result.
    _, _, basis = np.linalg.svd(x, full_matrices=False)
    z, w = x @ basis.T, np.zeros(len(basis))
    for _ in range(10):
        p = 1 / (1 + np.exp(-np.clip(z @ w, -30, 30)))
        hessian = (z.T * (p * (1 - p))) @ z + ridge * np.eye(len(w))
        w -= np.linalg.solve(hessian, z.T @ (p - y) + ridge * w)
    return basis.T @ w


def inside_pair_accuracy(
    features: np.ndarray, rows: list[dict[str, str]], ridge: float
) -> list[float]:
    """Accuracy of 'which way', per pair: learnt on train, asked of val."""
    column = {
        name: np.array([int(row[name]) for row in rows])
        for name in ('pair', 'reversed')
    }
    train = np.array([row['split'] == 'train' for row in rows])
    features = features - features[train].mean(axis=0)
    features /= features[train].std(axis=0) + 1e-6
    result = []
    for pair in range(column['pair'].max() + 1):
        here = column['pair'] == pair
        w = fit_logistic(
            features[here & train], column['reversed'][here & train], ridge
        )
        score = features[here & ~train] @ w[:-1] + w[-1]
        right = (score > 0) == column['reversed'][here & ~train]
        result.append(float(right.mean()))
    return result


def measure(
    root: Path, spec: DatasetSpec, workers: int = 0
) -> dict[str, list[float]]:
    """Generate, decode and return both accuracies, one number a pair."""
    make_dataset(root, spec, workers)
    with open(root / 'index.csv', newline='') as file:
        rows = [row for row in csv.DictReader(file) if row['split'] != 'test']
    bags, flows = [], []
    for row in rows:
        frames = read_frames(root / row['path'])
        bags.append(bag_features(frames))
        flows.append(flow_features(frames))
    return {
        'order-free': inside_pair_accuracy(np.stack(bags), rows, ridge=10.0),
        'ordered': inside_pair_accuracy(np.stack(flows), rows, ridge=1.0),
    }


def main() -> None:
    """Measure one level and print a number for each pair."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--level', default='standard')
    parser.add_argument('--size', type=int, default=64)
    parser.add_argument('--num-videos', type=int, nargs=2, default=(2048, 512))
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    knobs = level_knobs(args.level, size=args.size)
    spec = DatasetSpec(knobs, (*args.num_videos, 0), seed=args.seed)
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), spec, workers=1)
    for kind, accuracy in result.items():
        print(
            f'{args.level} {args.size} px {kind}: {np.mean(accuracy):.3f}',
            {p: round(a, 3) for p, a in zip(knobs.pairs, accuracy)},
        )


if __name__ == '__main__':
    main()

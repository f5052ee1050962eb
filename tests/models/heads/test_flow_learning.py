"""Flow is found without labels: block, estimator and losses of level 0."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from vsslcodebase.models import MotionHierarchyHead, PrimeMotionBlock

FRAMES, SIZE = 3, 32  # of clips, in pixels
SHRINK = 2  # frames are twice as large as the map


def moving_textures(flow, seed):
    """Show blurred noise that moves at a constant velocity.

    Args:
        flow: (N, 2), (right, down) in pixels of the map from frame to frame.
        seed: Of the noise.

    Returns:
        (N, 3, FRAMES, SIZE, SIZE) in [0, 1].
    """
    generator = torch.Generator().manual_seed(seed)
    noise = torch.rand(len(flow), 3, 24, 24, generator=generator)
    texture = F.interpolate(noise, scale_factor=3, mode='bicubic')
    width = texture.shape[-1]  # margins on all sides
    at = torch.arange(SIZE) + (width - SIZE) / 2
    y, x = torch.meshgrid(at, at, indexing='ij')
    shift = SHRINK * flow[:, :, None, None]
    frames = []
    for t in range(FRAMES):
        # what is at x now was at x - t * shift at first
        places = torch.stack([x - t * shift[:, 0], y - t * shift[:, 1]], -1)
        grid = 2 * places / (width - 1) - 1
        frames.append(F.grid_sample(texture, grid, align_corners=True))
    return torch.stack(frames, 2).clamp(0, 1)


class FlowNet(nn.Module):
    """A convolution, a motion block and the head of level 0."""

    def __init__(self, channels=16):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv3d(3, channels, (1, 5, 5), (1, 2, 2), (0, 2, 2)),
            nn.BatchNorm3d(channels),
            nn.ReLU(),
        )
        self.block = PrimeMotionBlock(
            channels,
            reduction=1,
            motion_channels=channels,
            max_displacement=2,
            stride=1,
        )
        self.head = MotionHierarchyHead(
            (channels,), contrast_levels=(), flow_channels=(16,) * 5
        )

    def forward(self, frames):
        motion = {0: self.block.motion(self.stem(frames))}
        return self.head.loss(motion, None, frames, level=0)

    @torch.no_grad()
    def flow(self, frames):
        motion = {0: self.block.motion(self.stem(frames))}
        return self.head.estimate_flow(motion)


def random_flow(count, generator):
    """Velocities up to 1.5 pixels of the map in each direction."""
    return 3 * torch.rand(count, 2, generator=generator) - 1.5


@pytest.fixture(scope='module')
def trained():
    """A network after 150 steps, its first losses and its last ones."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = FlowNet()
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    generator = torch.Generator().manual_seed(1)
    losses = []
    for step in range(150):
        frames = moving_textures(random_flow(8, generator), seed=step)
        loss = network(frames)['loss_reconstruct']
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    torch.set_num_threads(threads)
    return network.eval(), sum(losses[:10]), sum(losses[-10:])


@pytest.mark.slow
def test_error_falls_well_below_that_of_no_flow(trained):
    network, first, last = trained
    assert last < 0.6 * first
    true = random_flow(32, torch.Generator().manual_seed(2))
    flow = network.flow(moving_textures(true, seed=1000))
    error = (flow - true[:, :, None, None, None]).norm(dim=1).mean()
    assert error < 0.4 * true.norm(dim=1).mean()


@pytest.mark.slow
@pytest.mark.parametrize('velocity', [(1, 0), (-1, 0), (0, 1), (0, -1)])
def test_signs_are_right_and_down(trained, velocity):
    true = torch.tensor(velocity, dtype=torch.float32)
    frames = moving_textures(true.expand(8, 2), seed=2000)
    mean = trained[0].flow(frames).mean((0, 2, 3, 4))
    torch.testing.assert_close(mean, true, atol=0.4, rtol=0)

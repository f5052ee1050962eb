"""The networks of laura-wang/video-pace, in its names, written anew.

For the parity tests of ``vsslcodebase.checkpoints.importers.pace``.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from peer_toys import shake
from torch import nn

# Channels of S3D's mixed layers: what comes in, then six within
MIXED = {
    '3b': (192, 64, 96, 128, 16, 32, 32),
    '3c': (256, 128, 128, 192, 32, 96, 64),
    '4b': (480, 192, 96, 208, 16, 48, 64),
    '4c': (512, 160, 112, 224, 24, 64, 64),
    '4d': (512, 128, 128, 256, 24, 64, 64),
    '4e': (512, 112, 144, 288, 32, 64, 64),
    '4f': (528, 256, 160, 320, 32, 128, 128),
    '5b': (832, 256, 160, 320, 32, 128, 128),
    '5c': (832, 384, 192, 384, 48, 128, 128),
}


class C3D(nn.Module):
    """C3D with norms, its layers in a row."""

    def __init__(self, width=8):
        super().__init__()
        inside = 3
        plan = zip(('1', '2', '3a', '3b', '4a', '4b', '5a', '5b'), '12448888')
        for name, times in plan:
            out = int(times) * width
            self.add_module(f'conv{name}', nn.Conv3d(inside, out, 3, 1, 1))
            self.add_module(f'bn{name}', nn.BatchNorm3d(out))
            inside = out
        self.linear = nn.Linear(inside, 4)

    def forward(self, x):
        for names in ('1', '2', ('3a', '3b'), ('4a', '4b'), ('5a', '5b')):
            for name in names:
                conv, norm = f'conv{name}', f'bn{name}'
                x = torch.relu(getattr(self, norm)(getattr(self, conv)(x)))
            if '5a' not in names:
                size = (1, 2, 2) if names == '1' else (2, 2, 2)
                x = nn.functional.max_pool3d(x, size)
        return x


def whole(inside, out, kernel, stride):
    """Return the SpatioTemporalConv of models/r3d.py."""
    pad = [length // 2 for length in kernel]
    conv = nn.Conv3d(inside, out, kernel, stride, pad, bias=False)
    return nn.Sequential(OrderedDict(temporal_spatial_conv=conv))


def split(inside, out, kernel, stride):
    """Return the SpatioTemporalConv of models/r21d.py."""
    t, h, w = kernel
    between = (t * h * w * inside * out) // (h * w * inside + t * out)
    return nn.Sequential(
        OrderedDict(
            spatial_conv=nn.Conv3d(
                inside,
                between,
                (1, h, w),
                (1, *stride[1:]),
                (0, h // 2, w // 2),
                bias=False,
            ),
            bn=nn.BatchNorm3d(between),
            relu=nn.ReLU(),
            temporal_conv=nn.Conv3d(
                between,
                out,
                (t, 1, 1),
                (stride[0], 1, 1),
                (t // 2, 0, 0),
                bias=False,
            ),
        )
    )


class Block(nn.Module):
    def __init__(self, conv, inside, out):
        super().__init__()
        stride = (2, 2, 2) if out > inside else (1, 1, 1)
        if out > inside:
            self.downsampleconv = conv(inside, out, (1, 1, 1), stride)
            self.downsamplebn = nn.BatchNorm3d(out)
        self.conv1 = conv(inside, out, (3, 3, 3), stride)
        self.bn1 = nn.BatchNorm3d(out)
        self.conv2 = conv(out, out, (3, 3, 3), (1, 1, 1))
        self.bn2 = nn.BatchNorm3d(out)

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        if hasattr(self, 'downsampleconv'):
            x = self.downsamplebn(self.downsampleconv(x))
        return torch.relu(x + y)


class ResNet(nn.Module):
    """R3DNet or R2Plus1DNet, one block a stage."""

    def __init__(self, conv, width=8):
        super().__init__()
        self.conv1 = conv(3, width, (3, 7, 7), (1, 2, 2))
        self.bn1 = nn.BatchNorm3d(width)
        inside = width
        for stage in range(2, 6):
            out = width * 2 ** (stage - 2)
            block = Block(conv, inside, out)
            self.add_module(
                f'conv{stage}', nn.Sequential(OrderedDict(block1=block))
            )
            inside = out
        self.linear = nn.Linear(inside, 4)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        for stage in (self.conv2, self.conv3, self.conv4, self.conv5):
            x = stage(x)
        return x


class Unit(nn.Module):
    """STConv3D of models/s3d_g.py: convolutions numbered from 1."""

    def __init__(self, inside, out, *kernels, stride=1):
        super().__init__()
        self.count = len(kernels)
        for i, kernel in enumerate(kernels, start=1):
            pad = [length // 2 for length in kernel]
            conv = nn.Conv3d(inside, out, kernel, stride, pad, bias=False)
            self.add_module(f'conv{i}', conv)
            self.add_module(f'bn{i}', nn.BatchNorm3d(out))
            inside = out

    def forward(self, x):
        for i in range(1, self.count + 1):
            conv, norm = getattr(self, f'conv{i}'), getattr(self, f'bn{i}')
            x = torch.relu(norm(conv(x)))
        return x


POINT = ((1, 1, 1),)
SPACE_TIME = ((1, 3, 3), (3, 1, 1))


class Gate(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.fc = nn.Linear(channels, channels)

    def forward(self, x):
        return x * self.fc(x.mean((2, 3, 4))).sigmoid()[..., None, None, None]


class Mixed(nn.Module):
    def __init__(self, inside, *widths):
        super().__init__()
        direct, narrow1, wide1, narrow2, wide2, pooled = widths
        self.conv_b0 = Unit(inside, direct, *POINT)
        self.conv_b1_a = Unit(inside, narrow1, *POINT)
        self.conv_b1_b = Unit(narrow1, wide1, *SPACE_TIME)
        self.conv_b2_a = Unit(inside, narrow2, *POINT)
        self.conv_b2_b = Unit(narrow2, wide2, *SPACE_TIME)
        self.conv_b3_b = Unit(inside, pooled, *POINT)
        for i, channels in enumerate((direct, wide1, wide2, pooled)):
            self.add_module(f'gating_b{i}', Gate(channels))

    def forward(self, x):
        pooled = nn.functional.max_pool3d(x, 3, 1, 1)
        return torch.cat(
            [
                self.gating_b0(self.conv_b0(x)),
                self.gating_b1(self.conv_b1_b(self.conv_b1_a(x))),
                self.gating_b2(self.conv_b2_b(self.conv_b2_a(x))),
                self.gating_b3(self.conv_b3_b(pooled)),
            ],
            1,
        )


class S3D(nn.Module):
    """S3D-G of models/s3d_g.py with ``space_to_depth=False``."""

    def __init__(self, width=8):
        super().__init__()
        self.conv1 = Unit(3, width, (3, 7, 7), stride=2)
        self.conv_2b = Unit(width, width, *POINT)
        self.conv_2c = Unit(width, 3 * width, *SPACE_TIME)
        self.gating = Gate(3 * width)
        for name, widths in MIXED.items():
            scaled = (width * channels // 64 for channels in widths)
            self.add_module(f'mixed_{name}', Mixed(*scaled))
        self.fc = nn.Linear(16 * width, 4)

    def forward(self, x):
        x = self.conv_2b(pool(self.conv1(x), (1, 3, 3), (1, 2, 2)))
        x = pool(self.gating(self.conv_2c(x)), (1, 3, 3), (1, 2, 2))
        for name in MIXED:
            if name == '4b':
                x = pool(x, (3, 3, 3), (2, 2, 2))
            if name == '5b':
                x = pool(x, (2, 2, 2), (2, 2, 2))
            x = getattr(self, f'mixed_{name}')(x)
        return x


def pool(x, kernel, stride):
    """Pad with zeros as models/s3d_g.py does, whatever the size of ``x``."""
    pad = [
        part
        for length, step in zip(reversed(kernel), reversed(stride))
        for part in ((length - step) // 2, -(-(length - step) // 2))
    ]
    x = nn.functional.pad(x, pad)
    return nn.functional.max_pool3d(x, kernel, stride, ceil_mode=True)


PEERS = {
    'c3d': C3D,
    'r3d': lambda width=8: ResNet(whole, width),
    'r21d': lambda width=8: ResNet(split, width),
    's3d': S3D,
}


def shaken(name):
    """Return a network of random weights, whose gates let clips through."""
    network = shake(PEERS[name]())
    for module in network.modules():
        if isinstance(module, Gate):
            nn.init.normal_(module.fc.weight, std=0.5)
            nn.init.normal_(module.fc.bias, mean=2)
    return network

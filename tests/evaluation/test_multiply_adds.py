"""Multiply-adds against those counted by hand, and against HCML's Table 6."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import nn

from vsslcodebase.evaluation.multiply_adds import multiply_adds
from vsslcodebase.models import MotionResNet3d, PrimeMotionBlock
from vsslcodebase.registry import MODELS

BACKBONES = Path(__file__).parents[2] / 'configs' / '_base_' / 'backbones'


def test_convolutions_are_counted_as_by_hand():
    network = nn.Sequential(
        nn.Conv3d(3, 4, 3, stride=(1, 2, 2), padding=1),
        nn.ReLU(),
        nn.Conv3d(4, 6, (1, 3, 3), groups=2),
        nn.AdaptiveAvgPool3d(1),
        nn.Flatten(),
        nn.Linear(6, 5),
    )
    first = 4 * 3 * 27 * (2 * 4 * 4)
    second = 6 * (4 // 2) * 9 * (2 * 2 * 2)
    counts = multiply_adds(network, (3, 2, 8, 8))
    assert counts == {
        '': first + second + 30,
        '0': first,
        '2': second,
        '5': 30,
    }


def test_cost_volume_counts_by_its_definition():
    block = PrimeMotionBlock(16, max_displacement=2)
    positions = 3 * 5 * 7
    reduce, costs = 16 * 2 * positions, 9 * 2 * positions
    combine, fuse = (9 + 2) * 4 * 9 * positions, 4 * 16 * positions
    counts = multiply_adds(block, (16, 3, 5, 7))
    assert counts[''] == reduce + costs + combine + fuse
    assert counts['combine'] == combine


def test_network_is_left_as_it_is():
    network = nn.Conv3d(3, 4, 1).train()
    multiply_adds(network, (3, 2, 4, 4))
    assert network.weight.device == torch.device('cpu')
    assert network.training


@pytest.mark.parametrize(
    ('name', 'frames', 'plain', 'ratio'),
    [('r2d50', 16, 40.65, 1.184), ('r2plus1d101', 32, 132.98, 1.113)],
)
def test_networks_of_hcml_cost_what_its_table_6_says(
    name, frames, plain, ratio
):
    init_default_scope('vsslcodebase')
    cfg = Config.fromfile(BACKBONES / f'{name}.py').backbone
    with torch.device('meta'):
        network = MotionResNet3d(cfg)
    shape = (3, frames, 256, 256)
    without = multiply_adds(network.backbone, shape)['']
    assert without / 1e9 == pytest.approx(plain, abs=0.005)
    whole = multiply_adds(network, shape)
    assert whole[''] / without == pytest.approx(ratio, abs=0.0005)
    assert min(whole.values()) > 0
    parts = [n for n in whole if n.startswith('motion_blocks.')]
    blocks = sum(whole[n] for n in parts if n.count('.') == 1)
    assert blocks == whole[''] - without


SIZES = dict(r2d50=23_508_032, r2plus1d101=49_396_288)


@pytest.mark.parametrize('name', SIZES)
def test_parameters_are_those_of_hcml(name):
    init_default_scope('vsslcodebase')
    with torch.device('meta'):
        network = MODELS.build(
            Config.fromfile(BACKBONES / f'{name}.py').backbone
        )
    assert sum(p.numel() for p in network.parameters()) == SIZES[name]

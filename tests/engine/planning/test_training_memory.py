"""Bytes counted on the device 'meta' are those of a real step."""

import pytest
import torch
from mmengine.registry import init_default_scope
from torch import nn

from vsslcodebase.engine.planning import activations, training_memory
from vsslcodebase.engine.planning.training_memory import CONTEXT
from vsslcodebase.registry import MODELS

BACKBONES = [
    dict(type='SmallR3D', widths=(4, 8), spatial_strides=(2, 2),
         temporal_strides=(1, 2), norm_cfg=dict(type='BN3d')),
    dict(type='VideoResNet3d', depth=18, base_channels=8,
         conv1_kernel=(1, 5, 5), conv1_stride_t=1, conv1_stride_s=2, inflate=0,
         norm_cfg=dict(type='BN3d')),
]  # fmt: skip
MODEL = dict(
    type='MoCo',
    backbone=BACKBONES[0],
    neck=dict(
        type='ProjectionNeck', in_channels=8, hidden_channels=8,
        out_channels=4, num_hidden=1, norm_cfg=None),
    in_channels=4,
    queue_size=64,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _our_scope():
    init_default_scope('vsslcodebase')


def test_a_linear_layer_by_hand():
    """Backward needs the input of each linear layer, and ReLU's output."""
    network = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 5))
    kept, largest = activations(network, torch.zeros(3, 10))
    assert kept == 4 * 3 * (10 + 20)  # ReLU's output is the next input
    assert largest == 4 * 3 * 20


def test_frozen_layers_keep_nothing():
    network = nn.Sequential(nn.Linear(10, 20), nn.ReLU()).requires_grad_(False)
    assert activations(network, torch.zeros(3, 10))[0] == 0


@pytest.mark.parametrize('cfg', BACKBONES, ids=lambda cfg: cfg['type'])
def test_meta_and_real_tensors_agree(cfg):
    network = MODELS.build(cfg).train()
    clips = torch.rand(2, 3, 4, 32, 32)
    real = activations(network, clips)
    shapes = activations(network.to('meta'), clips.to('meta'))
    assert shapes == real


def test_memory_of_a_model_by_parts():
    memory = training_memory(MODEL, (3, 4, 32, 32), num_clips=2)
    model = MODELS.build(MODEL)
    trained = [p for p in model.parameters() if p.requires_grad]
    num_trained = sum(p.numel() for p in trained)
    held = [*model.parameters(), *model.buffers()]
    assert memory.optimizer == 4 * num_trained
    assert memory.gradients == 8 * num_trained  # and DDP's buckets
    num_held = sum(t.numel() * t.element_size() for t in held)
    assert memory.weights == num_held
    clips = torch.rand(2, 3, 4, 32, 32)
    kept, largest = activations(model.backbone.train(), clips)
    assert memory.activations == kept + 5 * clips.numel()
    assert memory.working == 3 * largest


def test_mixed_precision_and_other_optimizers():
    whole = training_memory(MODEL, (3, 4, 32, 32), 2)
    mixed = training_memory(
        MODEL, (3, 4, 32, 32), 2, 'AdamW', mixed=True, distributed=False
    )
    pixels = 5 * 2 * 3 * 4 * 32 * 32
    assert mixed.activations - pixels == (whole.activations - pixels) // 2
    assert mixed.optimizer == 2 * whole.optimizer
    assert 2 * mixed.gradients == whole.gradients


def test_how_many_videos_fit():
    memory = training_memory(MODEL, (3, 4, 32, 32), 2)
    per_video = memory.activations + memory.working
    assert memory.most_videos(memory.fixed + 3.5 * per_video) == 3
    assert memory.most_videos(CONTEXT) == 0
    assert memory.of(3) == memory.fixed + 3 * per_video

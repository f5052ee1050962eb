"""Hours by hand."""

import pytest
import torch
from mmengine.registry import init_default_scope

from vsslcodebase.engine.planning import training_time
from vsslcodebase.evaluation.multiply_adds import multiply_adds
from vsslcodebase.registry import MODELS

BACKBONE = dict(
    type='SmallR3D',
    widths=(4, 8),
    spatial_strides=(2, 2),
    temporal_strides=(1, 2),
    norm_cfg=dict(type='BN3d'),
)
NECK = dict(
    type='ProjectionNeck',
    in_channels=8,
    hidden_channels=8,
    out_channels=4,
    num_hidden=1,
    norm_cfg=None,
)
SHAPE = (3, 4, 32, 32)


@pytest.fixture(autouse=True)
def _our_scope():
    init_default_scope('vsslcodebase')


def estimate(model, **options):
    settings = dict(
        clip_shape=SHAPE, num_clips=2, batch=10, num_gpus=5, num_videos=105
    )
    return training_time(model, epochs=3, **{**settings, **options})


def test_passes_and_rates():
    model = dict(
        type='MoCo', backbone=BACKBONE, neck=NECK, in_channels=4, queue_size=64
    )
    time = estimate(model, device='v100')
    forward = multiply_adds(MODELS.build(BACKBONE), SHAPE)['']
    assert time.multiply_adds == forward
    assert time.steps == 30  # 10 whole batches an epoch
    # forward, twice backward, and once the momentum encoder
    clips = 15.7e12 * 0.4 / (2 * forward * 4)
    videos = 5 * clips / 2
    assert time.videos_per_second[1] == pytest.approx(videos)
    assert time.seconds[0] == pytest.approx(300 / videos)
    assert time.seconds[1] == pytest.approx(300 / videos * 0.4 / 0.15)


def test_a_frozen_backbone_goes_forward_only():
    def model(**options):
        return dict(
            type='Recognizer3D',
            backbone=dict(BACKBONE, **options),
            cls_head=dict(type='LinearClsHead', in_channels=8, num_classes=2),
        )

    trained, frozen = (
        estimate(model(frozen=value)) for value in (False, True)
    )
    assert trained.seconds[0] == pytest.approx(3 * frozen.seconds[0])


def test_a_measured_rate_is_taken_as_it_is():
    model = dict(type='Recognizer3D', backbone=BACKBONE)
    time = estimate(model, clips_per_second=40)
    assert time.videos_per_second == (100, 100)
    assert time.seconds == (3, 3)


def test_an_unknown_device_is_refused():
    model = dict(type='Recognizer3D', backbone=BACKBONE)
    with pytest.raises(ValueError, match=r"got 'tpu'.*--clips-per-second"):
        estimate(model, device='tpu')


def test_nothing_is_allocated():
    model = dict(type='Recognizer3D', backbone=dict(BACKBONE, widths=(9, 9)))
    before = torch.get_rng_state()
    estimate(model)
    assert torch.equal(before, torch.get_rng_state())
